package dev.caravan.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caravan.command.CommandFailure;
import dev.caravan.replay.ReplayFiles;
import dev.caravan.replay.Since;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReplayCommandTest {

  private static final Instant NOW = Instant.parse("2026-11-22T10:00:00Z");

  @TempDir private Path data;

  @Test
  void sinceIsHowLongAgoOrATime() {
    assertThat(Since.instant("90m", NOW)).isEqualTo("2026-11-22T08:30:00Z");
    assertThat(Since.instant("1h30m", NOW)).isEqualTo("2026-11-22T08:30:00Z");
    assertThat(Since.instant("2d", NOW)).isEqualTo("2026-11-20T10:00:00Z");
    assertThat(Since.instant("2026-11-22T08:00:00Z", NOW)).isEqualTo("2026-11-22T08:00:00Z");
    assertThat(Since.instant("2026-11-22T09:00:00+01:00", NOW)).isEqualTo("2026-11-22T08:00:00Z");
  }

  @Test
  void sinceIsInMilliseconds() {
    Instant now = NOW.plusNanos(123_456_789);

    assertThat(Since.instant("1s", now)).isEqualTo("2026-11-22T09:59:59.123Z");
    assertThat(Since.instant("2026-11-22T08:00:00.123456Z", now))
        .isEqualTo("2026-11-22T08:00:00.123Z");
    assertThat(Since.instant("-999999999-01-01T00:00:00Z", now)).isEqualTo(Instant.EPOCH);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "yesterday",
        "2026-11-22",
        "08:00",
        "5",
        "1.5h",
        "-1h",
        "1h ",
        "3m2h",
        "1h1h",
        "99999999999999999999d",
        "2026-11-22T25:00:00Z",
        "2026-11-22T08:00:00"
      })
  void sinceInAnotherFormIsRefused(String text) {
    assertThatThrownBy(() -> Since.instant(text, NOW))
        .isInstanceOf(CommandFailure.class)
        .hasMessageContaining("--since is \"" + text + "\", but it must be how long ago (30m, ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"2026-11-22T10:00:01Z", "2999-01-01T00:00:00Z", "2026-11-22T10:00:00-01:00"})
  void sinceInTheFutureIsRefused(String text) {
    assertThatThrownBy(() -> Since.instant(text, NOW))
        .isInstanceOf(CommandFailure.class)
        .hasMessageContaining("--since is \"" + text + "\", but it must be how long ago")
        .hasMessageEndingWith("that is past; it is 2026-11-22T10:00:00Z now.");
  }

  @Test
  void theRateIsANumberWithOrWithoutItsUnit() {
    assertThat(ReplayCommand.perSecond("500/s")).isEqualTo(500);
    assertThat(ReplayCommand.perSecond("20")).isEqualTo(20);
    assertThatThrownBy(() -> ReplayCommand.perSecond("fast"))
        .hasMessageContaining("--rate is \"fast\", but it must be");
    assertThatThrownBy(() -> ReplayCommand.perSecond("0")).hasMessageContaining("from 1 to");
  }

  @Test
  void aRequestStandsUntilItIsForgottenAndNothingIsLeft() throws Exception {
    ReplayFiles files = new ReplayFiles(data);
    assertThat(files.requests()).isEmpty();

    files.ask("one", new ReplayFiles.Request("forward", NOW.toString(), 500));
    files.answer("one", new ReplayFiles.Answer(ReplayFiles.Answer.SENDING, 7, "", ""));

    assertThat(files.requests()).containsExactly("one");
    assertThat(files.request("one").orElseThrow().perSecond()).isEqualTo(500);
    assertThat(files.answer("one").orElseThrow().sent()).isEqualTo(7);
    files.forget("one");
    assertThat(files.isAsked("one")).isFalse();
    assertThat(Files.list(data.resolve("replay"))).isEmpty();
  }

  @Test
  void aFileThatIsTooLargeIsNotRead() throws Exception {
    ReplayFiles files = new ReplayFiles(data);
    files.ask("one", new ReplayFiles.Request("f".repeat(20_000), NOW.toString(), 500));

    assertThatThrownBy(() -> files.request("one")).hasMessageContaining("too large");
  }
}
