package dev.caravan.channel;

import java.util.Comparator;
import java.util.List;

/**
 * How a shard is, in a form for people.
 *
 * @param topics how many subscriptions it has
 * @param sentence what an operator should know
 * @param silentMillis time since the last frame of any kind; -1 if there was none
 * @param blindMillis time since which its topics are not being read; 0 while they are
 * @param reading whether a channel of it brings events, however hard it may be to open the next one
 */
public record ShardStatus(
    int number,
    int topics,
    Health health,
    String sentence,
    List<Phase> phases,
    int failures,
    long silentMillis,
    long blindMillis,
    boolean reading) {

  /** Longer than a socket that is silent stays undecided: it is pinged after 35 s, for 7 s. */
  private static final long UNDECIDED_MILLIS = 60_000;

  public ShardStatus {
    phases = List.copyOf(phases);
  }

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

    public Health worse(Health other) {
      return compareTo(other) >= 0 ? this : other;
    }
  }

  /**
   * Several replicas of one shard: it is read while one of them reads, and the sentence tells if
   * that is not all of them.
   */
  static ShardStatus together(List<ShardStatus> replicas) {
    List<ShardStatus> read = replicas.stream().filter(ShardStatus::isRead).toList();
    Comparator<ShardStatus> byHealth = Comparator.comparing(ShardStatus::health);
    ShardStatus tells =
        read.isEmpty()
            ? replicas.stream().max(byHealth).orElseThrow()
            : read.stream().min(byHealth).orElseThrow();
    String sentence = tells.sentence;
    if (!read.isEmpty() && read.size() < replicas.size()) {
      ShardStatus other = replicas.stream().filter(s -> !s.isRead()).findFirst().orElseThrow();
      sentence +=
          " Only %d of %d channels is read. The other: %s"
              .formatted(read.size(), replicas.size(), other.sentence);
    }
    return new ShardStatus(
        tells.number,
        tells.topics,
        tells.health,
        sentence,
        replicas.stream().flatMap(s -> s.phases.stream()).toList(),
        replicas.stream().mapToInt(ShardStatus::failures).max().orElse(0),
        replicas.stream()
            .mapToLong(ShardStatus::silentMillis)
            .filter(millis -> millis >= 0)
            .min()
            .orElse(-1),
        replicas.stream().mapToLong(ShardStatus::blindMillis).min().orElse(0),
        replicas.stream().anyMatch(ShardStatus::reading));
  }

  /** Whether its topics are being read and nobody has to act for that to go on. */
  public boolean isRead() {
    return health.compareTo(Health.BLIND) < 0;
  }

  /**
   * The same, but whatever its channels are, what they bring is not read on.
   *
   * @param why takes the place of what was told of a channel that brings events
   */
  public ShardStatus notReadOn(String why) {
    return new ShardStatus(
        number,
        topics,
        health.worse(Health.BLIND),
        reading && health != Health.BROKEN ? why : sentence,
        phases,
        failures,
        silentMillis,
        Math.max(blindMillis, silentMillis),
        reading);
  }

  static ShardStatus of(
      int number,
      int topics,
      ShardState state,
      long lastEventAt,
      long lastFrameAt,
      long now,
      Timings timings) {
    boolean flowing = lastEventAt > 0 && now - lastEventAt <= timings.flowing().toMillis();
    Health health;
    String sentence;
    if (state.broken().isPresent()) {
      health = Health.BROKEN;
      sentence = state.broken().get();
    } else if (!state.reading()) {
      health = Health.BLIND;
      sentence = blindSentence(state, now);
    } else {
      health = flowing ? Health.FLOWING : Health.IDLE;
      sentence =
          lastEventAt == 0
              ? "Connected; no event so far."
              : "Connected; last event " + seconds(now - lastEventAt) + " ago.";
    }
    ShardStatus status =
        new ShardStatus(
            number,
            topics,
            health,
            sentence,
            state.channels().stream().map(ChannelState::phase).toList(),
            state.backoff().failures(),
            lastFrameAt == 0 ? -1 : now - lastFrameAt,
            state.blindSince() == 0 ? 0 : now - state.blindSince(),
            state.reading());
    return state.reading() && status.silentMillis() > UNDECIDED_MILLIS
        ? status.notReadOn(
            "No frame, not even a heartbeat, has come for "
                + seconds(status.silentMillis())
                + ", and nothing was decided about that.")
        : status;
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
    return what + "; " + next + " (failures that still count: " + state.backoff().failures() + ").";
  }

  private static String seconds(long millis) {
    return (millis + 500) / 1000 + " s";
  }
}
