package dev.caravan.genesys.connect;

import dev.caravan.channel.Cause;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;

/**
 * When a channel's successor is due: at 90 % of the channel's life, or when its token is due to be
 * renewed, whichever comes first. A channel ends with the token that made it (Genesys Cloud
 * documentation).
 *
 * @param at on the shard's clock, in milliseconds
 * @param end when the channel or its token ends, the same
 */
record Rotation(long at, Cause cause, long end) {

  /** How long a channel lives unless its {@code expires} says something else. */
  private static final Duration CHANNEL_LIFE = Duration.ofHours(24);

  /** A channel is not given up sooner than this, however short its token's life still is. */
  private static final Duration LEAST = Duration.ofSeconds(1);

  static Rotation of(Map<?, ?> channel, Token token, Instant wall, Instant steady, long now) {
    Duration life = life(channel, wall);
    long byChannel = now + (long) (life.toMillis() * Token.USED_UP);
    long byToken = now + left(token, steady).toMillis();
    long tokenEnd = now + Duration.between(steady, token.expiresAt()).toMillis();
    long end = Math.min(now + life.toMillis(), tokenEnd);
    return byToken < byChannel
        ? new Rotation(byToken, Cause.TOKEN_AGE, end)
        : new Rotation(byChannel, Cause.CHANNEL_AGE, end);
  }

  /**
   * Until the token is due to be renewed. One that is overdue could not be: it has half of its
   * rest.
   */
  private static Duration left(Token token, Instant steady) {
    Duration toRenewal = Duration.between(steady, token.renewAt());
    Duration half = Duration.between(steady, token.expiresAt()).dividedBy(2);
    Duration left = toRenewal.compareTo(half) > 0 ? toRenewal : half;
    return left.compareTo(LEAST) > 0 ? left : LEAST;
  }

  private static Duration life(Map<?, ?> channel, Instant wall) {
    try {
      Instant end = Instant.parse(String.valueOf(channel.get("expires")));
      Duration left = Duration.between(wall, end);
      return end.isAfter(wall) && left.compareTo(CHANNEL_LIFE) < 0 ? left : CHANNEL_LIFE;
    } catch (DateTimeException e) {
      return CHANNEL_LIFE;
    }
  }
}
