package dev.caravan.genesys.connect;

import dev.caravan.channel.ChannelGroup;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * An OAuth access token. Its text never shows the value.
 *
 * @param value the bearer token itself: a secret
 * @param life how long it is good for
 */
public record Token(String value, Instant issuedAt, Duration life) {

  static final double USED_UP = 0.9;

  /** For all channels of a client to hand over, one after the other. */
  private static final Duration HAND_OVERS =
      ChannelGroup.HAND_OVER.multipliedBy(ChannelGroup.mostShards(1));

  private static final long LONGEST_LIFE_SECONDS = 172_800;

  /**
   * Of a token whose answer does not tell it, as it need not (RFC 6749, 5.1). Too short costs a
   * hand-over an hour; too long would cost a gap.
   */
  private static final Duration UNTOLD_LIFE = Duration.ofHours(1);

  /**
   * What the answer to a login tells of it: seconds, as a number, or its text, as some servers
   * write it.
   */
  static Duration lifeOf(Object told) {
    try {
      double seconds = Double.parseDouble(String.valueOf(told));
      return seconds >= 1
          ? Duration.ofSeconds((long) Math.min(seconds, LONGEST_LIFE_SECONDS))
          : UNTOLD_LIFE;
    } catch (NumberFormatException e) {
      return UNTOLD_LIFE;
    }
  }

  public Instant renewAt() {
    return issuedAt.plus(usable(life));
  }

  /**
   * How much of a life is used before what follows on it is due: 90 %, or less if the rest is too
   * short for all channels to hand over, but half at least.
   */
  static Duration usable(Duration life) {
    Duration most = Duration.ofMillis((long) (life.toMillis() * USED_UP));
    Duration early = life.minus(HAND_OVERS);
    Duration half = life.dividedBy(2);
    early = early.compareTo(half) < 0 ? half : early;
    return early.compareTo(most) < 0 ? early : most;
  }

  /** That tokens live too short for so many channels to hand over at leisure, as a sentence. */
  public static Optional<String> tooShort(Duration life, int channels) {
    Duration needed = ChannelGroup.HAND_OVER.multipliedBy(channels);
    if (needed.compareTo(life.minus(usable(life))) <= 0) {
      return Optional.empty();
    }
    return Optional.of(
        ("A token is good for %d s only, and all %d channels end with it; to hand them over one after"
                + " the other takes about %d s. Give the OAuth client a token duration of at least %d"
                + " min, better the usual 24 h.")
            .formatted(
                life.toSeconds(),
                channels,
                needed.toSeconds(),
                needed.multipliedBy(2).plusSeconds(59).toMinutes()));
  }

  public Instant expiresAt() {
    return issuedAt.plus(life);
  }

  @Override
  public String toString() {
    return "Token[issuedAt=" + issuedAt + ", life=" + life + "]";
  }
}
