package dev.caravan.channel.gap;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Topics that were read once and that nobody wants any more, and since when: a listing may have
 * left them out by mistake, and then they come back and have a gap.
 */
final class GivenUp {

  /** Beyond that the two earliest are kept as one, since the earlier moment. */
  private static final int MOST = 100;

  private final GapFiles files;
  private final Map<String, OpenGap> byId = new LinkedHashMap<>();

  GivenUp(GapFiles files) {
    this.files = files;
  }

  void takeUp(List<OpenGap> found) {
    found.forEach(some -> byId.put(some.id(), some));
  }

  void add(Instant since, Set<String> topics) {
    String id = OpenGap.unique(OpenGap.id(since, 0), byId::containsKey);
    put(new OpenGap(id, 0, since, GapLedger.GIVEN_UP, 0, topics));
    if (byId.size() > MOST) {
      mergeEarliest();
    }
  }

  private void mergeEarliest() {
    Iterator<OpenGap> all = byId.values().iterator();
    OpenGap earliest = all.next();
    OpenGap next = all.next();
    Set<String> both = new LinkedHashSet<>(earliest.topics());
    both.addAll(next.topics());
    put(earliest.as(earliest.id(), both));
    put(next.as(next.id(), Set.of()));
  }

  /** What of these has been given up. */
  List<OpenGap> among(Set<String> wanted) {
    List<OpenGap> back = new ArrayList<>();
    for (OpenGap some : byId.values()) {
      List<String> its = some.among(wanted);
      if (!its.isEmpty()) {
        back.add(some.as(some.id(), new LinkedHashSet<>(its)));
      }
    }
    return back;
  }

  void remove(List<OpenGap> back) {
    for (OpenGap some : back) {
      put(byId.get(some.id()).without(List.copyOf(some.topics()), 0));
    }
  }

  /** What was given up before is as if it had never been wanted. */
  void forgetBefore(Instant moment) {
    for (OpenGap some : List.copyOf(byId.values())) {
      if (some.from().isBefore(moment)) {
        put(some.as(some.id(), Set.of()));
      }
    }
  }

  private void put(OpenGap some) {
    if (some.topics().isEmpty()) {
      byId.remove(some.id());
      files.forgetGivenUp(some.id());
    } else {
      byId.put(some.id(), some);
      files.givenUp(some);
    }
  }
}
