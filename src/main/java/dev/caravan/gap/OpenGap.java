package dev.caravan.gap;

import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** A gap that lasts: these topics are still not being read. */
record OpenGap(String id, int shard, Instant from, String cause, int parts, Set<String> topics) {

  OpenGap {
    topics = new LinkedHashSet<>(topics);
  }

  /** Those of the topics that are among others. */
  List<String> among(Set<String> others) {
    return topics.stream().filter(others::contains).toList();
  }

  /** What is left of it without some topics. */
  OpenGap without(List<String> some, int partsFromNow) {
    Set<String> rest = new LinkedHashSet<>(topics);
    some.forEach(rest::remove);
    return new OpenGap(id, shard, from, cause, partsFromNow, rest);
  }

  /**
   * The gap of these topics, over since then. A clock that was set back must not make it negative.
   */
  Gap closed(String closedId, int by, Instant at, List<String> some) {
    boolean forward = from.isBefore(at);
    return new Gap(closedId, by, forward ? from : at, forward ? at : from, cause, some);
  }
}
