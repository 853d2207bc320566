package dev.caravan.spool;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;

/**
 * The segments of a store, dealt out in order to maps of a few dozen each.
 *
 * <p>To take one entry out of an MVMap its page is read once more, which is the whole segment; a
 * map that is removed as a whole is not read. So the space of a segment is given back together with
 * that of its group.
 *
 * <p>In a map keys run downwards from minus one, and a tiny entry stands below them all: so a new
 * segment splits off that entry's small page and no large page is ever written twice.
 */
final class SegmentGroups {

  private static final int SEGMENTS_PER_GROUP = 32;
  private static final String NAME = "segments-";
  private static final long BELOW_ALL = Long.MIN_VALUE;

  private final MVStore store;
  private final Map<Long, Group> groupOf = new HashMap<>();
  private final Map<Integer, Group> groups = new HashMap<>();
  private int newest;

  private static final class Group {
    private final int number;
    private final MVMap<Long, byte[]> map;
    private int dealt;
    private int alive;

    private Group(int number, MVMap<Long, byte[]> map) {
      this.number = number;
      this.map = map;
    }
  }

  SegmentGroups(MVStore store) {
    this.store = store;
  }

  /** Takes note of a segment that is there, and in which group. */
  void found(long first, int number) {
    Group group = groups.computeIfAbsent(number, this::open);
    group.dealt = SEGMENTS_PER_GROUP;
    group.alive++;
    groupOf.put(first, group);
    newest = Math.max(newest, number);
  }

  /** Lets go of the groups of which no segment was found. */
  void forgetOthers() {
    for (String name : Set.copyOf(store.getMapNames())) {
      if (name.startsWith(NAME)
          && !groups.containsKey(Integer.parseInt(name.substring(NAME.length())))) {
        store.removeMap(store.openMap(name, mapOfBytes()));
      }
    }
  }

  /** Puts a segment in, or a longer one in its place; returned is the number of its group. */
  int put(long first, byte[] segment) {
    Group group = groupOf.get(first);
    if (group == null) {
      group = groupWithRoom();
      group.dealt++;
      group.alive++;
      groupOf.put(first, group);
    }
    group.map.put(-first, segment);
    return group.number;
  }

  private Group groupWithRoom() {
    Group last = groups.get(newest);
    if (last == null || last.dealt >= SEGMENTS_PER_GROUP) {
      newest++;
      last = open(newest);
      groups.put(newest, last);
    }
    return last;
  }

  private Group open(int number) {
    MVMap<Long, byte[]> map = store.openMap(NAME + number, mapOfBytes());
    map.putIfAbsent(BELOW_ALL, new byte[0]);
    return new Group(number, map);
  }

  /** How maps from sequences to bytes are made. */
  static MVMap.Builder<Long, byte[]> mapOfBytes() {
    return new MVMap.Builder<Long, byte[]>()
        .keyType(SequenceType.INSTANCE)
        .valueType(SegmentType.INSTANCE);
  }

  /** The segment; nothing in it if there is none. */
  byte[] get(long first) {
    Group group = groupOf.get(first);
    byte[] segment = group == null ? null : group.map.get(-first);
    return segment == null ? new byte[0] : segment;
  }

  /** Lets go of a segment, and of its group with the last one of it. */
  void remove(long first) {
    Group group = groupOf.remove(first);
    if (group != null && --group.alive == 0 && group.dealt >= SEGMENTS_PER_GROUP) {
      groups.remove(group.number);
      store.removeMap(group.map);
    }
  }
}
