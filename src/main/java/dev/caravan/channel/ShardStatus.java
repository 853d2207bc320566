package dev.caravan.channel;

import java.util.Comparator;
import java.util.List;

/**
 * How a shard is, in a form for people.
 *
 * @param number the shard
 * @param topics how many subscriptions it has
 * @param health which of the four states
 * @param sentence what an operator should know
 * @param sockets how many sockets are open
 * @param failures failures that still count
 */
public record ShardStatus(
    int number, int topics, Health health, String sentence, int sockets, int failures) {

  /** The four states that health tells apart, best first. */
  public enum Health {
    /** Events arrive. */
    FLOWING,
    /** Connected and alive, but nothing to report. */
    IDLE,
    /** Some topic is not being read right now. */
    BLIND,
    /** An operator must act. */
    BROKEN;

    /** The name in health details and metrics. */
    public String label() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }

    /** The worse of two. */
    public Health worse(Health other) {
      return compareTo(other) >= 0 ? this : other;
    }
  }

  /**
   * Several strands of one shard: it is read while one of them reads, and the sentence tells if
   * that is not all of them.
   */
  static ShardStatus together(List<ShardStatus> strands) {
    ShardStatus best =
        strands.stream().min(Comparator.comparing(ShardStatus::health)).orElseThrow();
    List<ShardStatus> others = strands.stream().filter(s -> !s.isRead()).toList();
    int sockets = strands.stream().mapToInt(ShardStatus::sockets).sum();
    int failures = strands.stream().mapToInt(ShardStatus::failures).max().orElse(0);
    ShardStatus tells =
        best.isRead()
            ? best
            : strands.stream().max(Comparator.comparing(ShardStatus::health)).orElseThrow();
    String sentence = tells.sentence;
    if (best.isRead() && !others.isEmpty()) {
      sentence +=
          " Only "
              + (strands.size() - others.size())
              + " of "
              + strands.size()
              + " channels is read: "
              + others.get(0).sentence;
    }
    return new ShardStatus(best.number, best.topics, tells.health, sentence, sockets, failures);
  }

  /** Whether its topics are being read. */
  public boolean isRead() {
    return health.compareTo(Health.BLIND) < 0;
  }

  static ShardStatus of(
      int number, int topics, ShardState state, long lastEventAt, long now, Timings timings) {
    int sockets =
        (int) state.channels().stream().filter(channel -> channel.socketOpenAt() > 0).count();
    int failures = state.backoff().failures();
    if (state.broken().isPresent()) {
      return new ShardStatus(
          number, topics, Health.BROKEN, state.broken().get(), sockets, failures);
    }
    if (!state.reading()) {
      return new ShardStatus(
          number, topics, Health.BLIND, blindSentence(state, now), sockets, failures);
    }
    boolean flowing = lastEventAt > 0 && now - lastEventAt <= timings.flowing().toMillis();
    String sentence =
        lastEventAt == 0
            ? "Connected; no event so far."
            : "Connected; last event " + seconds(now - lastEventAt) + " ago.";
    return new ShardStatus(
        number, topics, flowing ? Health.FLOWING : Health.IDLE, sentence, sockets, failures);
  }

  private static String blindSentence(ShardState state, long now) {
    String what =
        state.blindSince() == 0
            ? "Not connected yet"
            : "Not reading for "
                + seconds(now - state.blindSince())
                + " because "
                + state.blindCause().sentence();
    String next =
        state
            .successor()
            .map(
                c ->
                    c.phase() == Phase.NEW
                        ? "next attempt in " + seconds(Math.max(0, c.openAt() - now))
                        : "an attempt is under way")
            .orElse("no attempt is planned");
    return what
        + "; "
        + next
        + " (failures since the last stable minute: "
        + state.backoff().failures()
        + ").";
  }

  private static String seconds(long millis) {
    return (millis + 500) / 1000 + " s";
  }
}
