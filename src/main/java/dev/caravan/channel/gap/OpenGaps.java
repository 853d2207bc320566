package dev.caravan.channel.gap;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Gaps that last, until their topics are read again or nobody wants them any more. What a damaged
 * file held is one of them as soon as it is known which topics that may have been.
 */
final class OpenGaps {

  private final GapFiles files;
  private final WaitingGaps waiting;
  private final Map<String, OpenGap> open = new LinkedHashMap<>();
  private Optional<OpenGap> damaged = Optional.empty();

  OpenGaps(GapFiles files, WaitingGaps waiting) {
    this.files = files;
    this.waiting = waiting;
  }

  void takeUp(List<OpenGap> found) {
    found.forEach(gap -> open.put(gap.id(), gap));
  }

  /**
   * What damaged files held; the one that began first stands for all. It is written at once, for
   * this run may end before it knows any topics.
   */
  void takeUpDamaged(List<OpenGap> found) {
    List<OpenGap> all = found.stream().map(gap -> gap.as(unique(gap.id()), Set.of())).toList();
    damaged = all.stream().min(Comparator.comparing(OpenGap::from));
    damaged.ifPresent(files::open);
    all.stream().map(OpenGap::id).filter(id -> !isDamaged(id)).forEach(files::forget);
  }

  private boolean isDamaged(String id) {
    return damaged.filter(gap -> gap.id().equals(id)).isPresent();
  }

  List<OpenGap> all() {
    return List.copyOf(open.values());
  }

  /** These topics are not read since then; those of which a gap began before keep that. */
  void begin(int shard, Instant from, String cause, Collection<String> topics) {
    since(shard, from, cause, topics)
        .ifPresent(
            gap -> {
              all().forEach(later -> put(later.without(List.copyOf(gap.topics()), later.parts())));
              put(gap);
            });
  }

  /** These topics were not read for a while that is over; those whose gap lasts longer keep it. */
  Optional<Gap> over(int shard, Instant from, Instant to, String cause, Collection<String> topics) {
    return since(shard, from, cause, topics)
        .map(gap -> close(gap, shard, to, List.copyOf(gap.topics())));
  }

  private Optional<OpenGap> since(
      int shard, Instant from, String cause, Collection<String> topics) {
    Set<String> lost = withoutGap(topics, gap -> !gap.from().isAfter(from));
    String id = unique(OpenGap.id(from, shard));
    return Optional.of(new OpenGap(id, shard, from, cause, 0, lost))
        .filter(gap -> !gap.topics().isEmpty());
  }

  /** These topics may be among those that a damaged file held. */
  void mayBeDamaged(Collection<String> topics) {
    damaged.ifPresent(
        gap -> {
          // One that began later does not tell all
          Set<String> lost = withoutGap(topics, other -> !other.from().isAfter(gap.from()));
          put(gap.as(unique(gap.id()), lost));
        });
  }

  /** No other topics can be among those that a damaged file held. */
  void damagedIsKnown() {
    damaged = Optional.empty();
  }

  private Set<String> withoutGap(Collection<String> topics, Predicate<OpenGap> which) {
    Set<String> rest = new LinkedHashSet<>(topics);
    open.values().stream().filter(which).forEach(gap -> rest.removeAll(gap.topics()));
    return rest;
  }

  String unique(String id) {
    return OpenGap.unique(id, other -> open.containsKey(other) || waiting.knows(other));
  }

  /** What lasts of gaps of these topics is over. */
  List<Gap> close(int shard, Instant at, Collection<String> topics) {
    Set<String> all = Set.copyOf(topics);
    List<Gap> over = new ArrayList<>();
    for (OpenGap gap : all()) {
      List<String> covered = gap.among(all);
      if (!covered.isEmpty()) {
        over.add(close(gap, shard, at, covered));
      }
    }
    return over;
  }

  /** These of its topics are read again. */
  Gap close(OpenGap gap, int shard, Instant at, List<String> covered) {
    boolean whole = covered.size() == gap.topics().size();
    String id = whole ? gap.id() : gap.id() + "." + (gap.parts() + 1);
    Gap over = gap.closed(id, shard, at, covered);
    waiting.add(over);
    if (whole) {
      open.remove(gap.id());
    } else {
      put(gap.without(covered, gap.parts() + 1));
    }
    return over;
  }

  /** Replaces one of the same id; one without topics goes. */
  void put(OpenGap gap) {
    if (gap.topics().isEmpty()) {
      open.remove(gap.id());
      files.forget(gap.id());
    } else if (!gap.equals(open.put(gap.id(), gap))) {
      files.open(gap);
    }
  }
}
