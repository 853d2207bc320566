package dev.caravan.channel;

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
