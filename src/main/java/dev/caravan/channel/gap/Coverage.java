package dev.caravan.channel.gap;

import dev.caravan.channel.Replica;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Which topics were read when, by replicas that read them no more and by those that do. A replica
 * may be found dead long after it died: by then others that seemed needless may have ended, too.
 */
final class Coverage {

  /** With those before them forgotten, a hole may be taken for longer than it was. */
  private static final int MOST_ENDED = 100;

  private final Deque<Interval> ended = new ArrayDeque<>();

  /** A replica read these topics from then until then; without an end it does so now. */
  private record Interval(
      Replica replica, Instant since, Optional<Instant> until, Set<String> topics) {

    boolean isAt(Instant moment) {
      return !since.isAfter(moment) && until.filter(end -> !end.isAfter(moment)).isEmpty();
    }
  }

  /**
   * What was not read.
   *
   * @param from the last moment before it at which something was read
   * @param to empty while it lasts
   */
  record Hole(Instant from, Optional<Instant> to) {}

  /** A replica read these topics, and does not any more. */
  void ended(Replica replica, Instant since, Instant until, Collection<String> topics) {
    if (since.isBefore(until) && !topics.isEmpty()) {
      ended.addLast(new Interval(replica, since, Optional.of(until), Set.copyOf(topics)));
    }
    if (ended.size() > MOST_ENDED) {
      ended.removeFirst();
    }
  }

  /** Nobody wants other topics than these: that they were read once is of no interest. */
  void wanted(Set<String> topics) {
    for (Interval one : takeAll()) {
      Set<String> rest = new LinkedHashSet<>(one.topics());
      rest.retainAll(topics);
      ended(one.replica(), one.since(), one.until().orElseThrow(), rest);
    }
  }

  private List<Interval> takeAll() {
    List<Interval> all = List.copyOf(ended);
    ended.clear();
    return all;
  }

  /**
   * A replica has not read anything of these since then, whatever was believed.
   *
   * @return the topics that it was believed to have read then, and reads no more
   */
  Set<String> notAfter(Replica replica, Instant end, Predicate<String> which) {
    Set<String> topics = new LinkedHashSet<>();
    for (Interval one : takeAll()) {
      Instant until = one.until().orElseThrow();
      boolean tooLate = one.replica().equals(replica) && until.isAfter(end);
      Map<Boolean, List<String>> not =
          one.topics().stream()
              .collect(Collectors.partitioningBy(topic -> tooLate && which.test(topic)));
      topics.addAll(not.get(true));
      ended(one.replica(), one.since(), until, not.get(false));
      ended(one.replica(), one.since(), end, not.get(true));
    }
    return topics;
  }

  /**
   * When these topics were not read since then, by any replica; those read all along are left out.
   */
  Map<List<Hole>, List<String>> holes(
      Collection<String> topics, Instant since, Map<Replica, GapLedger.Reading> reading) {
    List<Interval> intervals = new ArrayList<>();
    ended.stream().filter(one -> one.until().orElseThrow().isAfter(since)).forEach(intervals::add);
    reading.forEach(
        (replica, now) ->
            intervals.add(new Interval(replica, now.since(), Optional.empty(), now.topics())));
    intervals.sort(Comparator.comparing(Interval::since));
    Map<List<Hole>, List<String>> holes = new LinkedHashMap<>();
    for (String topic : topics) {
      List<Interval> its = intervals.stream().filter(one -> one.topics().contains(topic)).toList();
      List<Hole> found = holes(its, since);
      if (!found.isEmpty()) {
        holes.computeIfAbsent(found, same -> new ArrayList<>()).add(topic);
      }
    }
    return holes;
  }

  private static List<Hole> holes(List<Interval> sorted, Instant since) {
    List<Hole> holes = new ArrayList<>();
    Instant at = since;
    for (Interval one : sorted) {
      if (one.since().isAfter(at)) {
        holes.add(new Hole(at, Optional.of(one.since())));
        at = one.since();
      }
      if (one.isAt(at)) {
        if (one.until().isEmpty()) {
          return holes;
        }
        at = one.until().get();
      }
    }
    holes.add(new Hole(at, Optional.empty()));
    return holes;
  }
}
