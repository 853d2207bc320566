package dev.caravan.channel.gap;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A gap that lasts: these topics are still not being read.
 *
 * @param topics empty as long as nobody can tell: the file that held them was damaged
 */
record OpenGap(String id, int shard, Instant from, String cause, int parts, Set<String> topics) {

  private static final int UNKNOWN_SHARD = -1;

  OpenGap {
    topics = new LinkedHashSet<>(topics);
  }

  private static final Pattern BEGIN =
      Pattern.compile("(\\d{4})(\\d\\d)(\\d\\d)T(\\d\\d)(\\d\\d)(\\d\\d)(\\d{0,9})Z-.*");

  /** This id, or the first that follows it and is not taken. */
  static String unique(String id, Predicate<String> taken) {
    String unique = id;
    for (int n = 2; taken.test(unique); n++) {
      unique = id + "-" + n;
    }
    return unique;
  }

  static String id(Instant from, int shard) {
    return from.toString().replaceAll("[-:.]", "") + "-" + Math.max(0, shard);
  }

  static Optional<Instant> began(String id) {
    try {
      return Optional.of(id)
          .map(BEGIN::matcher)
          .filter(Matcher::matches)
          .map(
              part -> Instant.parse(part.replaceFirst("$1-$2-$3T$4:$5:$6.$7Z").replace(".Z", "Z")));
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  /** A gap of topics that nobody can tell. */
  static OpenGap ofUnknownTopics(String id, Instant from) {
    return new OpenGap(id, UNKNOWN_SHARD, from, GapLedger.DAMAGED, 0, Set.of());
  }

  OpenGap as(String name, Set<String> others) {
    return new OpenGap(name, shard, from, cause, parts, others);
  }

  OpenGap since(Instant moment) {
    return new OpenGap(id, shard, moment, cause, parts, topics);
  }

  List<String> among(Set<String> others) {
    return topics.stream().filter(others::contains).toList();
  }

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
