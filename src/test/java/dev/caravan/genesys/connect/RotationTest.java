package dev.caravan.genesys.connect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.channel.Cause;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RotationTest {

  private static final Instant WALL = Instant.parse("2026-03-01T08:00:00Z");
  private static final long NOW = 5_000;

  /** The wall clock has been set forward an hour since the start. */
  private static final Instant STEADY = WALL.minus(Duration.ofHours(1));

  private static Token token(Duration age, Duration life) {
    return new Token("secret", STEADY.minus(age), life);
  }

  private static Duration due(Rotation rotation) {
    return Duration.ofMillis(rotation.at() - NOW);
  }

  @Test
  void aChannelIsDueAtNinetyPercentOfItsLife() {
    Map<?, ?> channel = Map.of("expires", WALL.plus(Duration.ofHours(10)).toString());

    Rotation rotation =
        Rotation.of(channel, token(Duration.ZERO, Duration.ofHours(48)), WALL, STEADY, NOW);

    assertThat(due(rotation)).isEqualTo(Duration.ofHours(9));
    assertThat(rotation.cause()).isEqualTo(Cause.CHANNEL_AGE);
  }

  @Test
  void itIsDueWithItsTokenIfThatComesFirst() {
    Map<?, ?> channel = Map.of("expires", WALL.plus(Duration.ofHours(24)).toString());

    Rotation rotation =
        Rotation.of(channel, token(Duration.ofHours(4), Duration.ofHours(10)), WALL, STEADY, NOW);

    assertThat(due(rotation)).isEqualTo(Duration.ofHours(5));
    assertThat(rotation.cause()).isEqualTo(Cause.TOKEN_AGE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"tomorrow", "", "2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z"})
  void anEndThatCannotBeIsTakenForADay(String expires) {
    Rotation rotation =
        Rotation.of(
            Map.of("expires", expires),
            token(Duration.ZERO, Duration.ofHours(48)),
            WALL,
            STEADY,
            NOW);

    assertThat(due(rotation)).isEqualTo(Duration.ofHours(24).multipliedBy(9).dividedBy(10));
  }

  @Test
  void aChannelWithoutAnEndLivesADay() {
    Rotation rotation =
        Rotation.of(Map.of(), token(Duration.ZERO, Duration.ofHours(48)), WALL, STEADY, NOW);

    assertThat(due(rotation)).isEqualTo(Duration.ofMinutes(21 * 60 + 36));
  }

  @Test
  void aTokenThatCouldNotBeRenewedDoesNotMakeOneChannelAfterTheOther() {
    Rotation rotation =
        Rotation.of(Map.of(), token(Duration.ofHours(22), Duration.ofHours(24)), WALL, STEADY, NOW);

    assertThat(due(rotation)).isEqualTo(Duration.ofHours(1));
  }

  @ParameterizedTest
  @CsvSource({"PT24H, PT21H36M", "PT40M, PT36M", "PT10M, PT6M6S", "PT5M, PT2M30S"})
  void aShortTokenLeavesTheTimeThatAllChannelsTakeToHandOver(Duration life, Duration due) {
    Rotation rotation = Rotation.of(Map.of(), token(Duration.ZERO, life), WALL, STEADY, NOW);

    assertThat(due(rotation)).isEqualTo(due);
    assertThat(Duration.ofMillis(rotation.end() - NOW))
        .isEqualTo(life.compareTo(Duration.ofHours(24)) < 0 ? life : Duration.ofHours(24));
  }

  @Test
  void aLifeThatIsTooShortForTheChannelsIsTold() {
    assertThat(Token.tooShort(Duration.ofMinutes(5), 11)).isEmpty();
    assertThat(Token.tooShort(Duration.ofMinutes(5), 18).orElseThrow())
        .contains("300 s", "all 18 channels", "234 s", "at least 8 min");
    assertThat(Token.tooShort(Duration.ofMinutes(8), 18)).isEmpty();
    assertThat(Token.tooShort(Duration.ofHours(24), 18)).isEmpty();
  }

  @Test
  void evenATokenAtItsVeryEndGivesASecond() {
    Rotation rotation =
        Rotation.of(Map.of(), token(Duration.ofHours(24), Duration.ofHours(24)), WALL, STEADY, NOW);

    assertThat(due(rotation)).isEqualTo(Duration.ofSeconds(1));
  }
}
