package dev.caravan.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReplayCommandTest {

  private static final Instant NOW = Instant.parse("2026-11-22T10:00:00Z");

  @TempDir private Path data;

  @Test
  void sinceIsHowLongAgoOrATime() {
    assertThat(ReplayCommand.instant("90m", NOW)).isEqualTo("2026-11-22T08:30:00Z");
    assertThat(ReplayCommand.instant("1h30m", NOW)).isEqualTo("2026-11-22T08:30:00Z");
    assertThat(ReplayCommand.instant("2d", NOW)).isEqualTo("2026-11-20T10:00:00Z");
    assertThat(ReplayCommand.instant("2026-11-22T08:00:00Z", NOW))
        .isEqualTo("2026-11-22T08:00:00Z");
    assertThatThrownBy(() -> ReplayCommand.instant("yesterday", NOW))
        .hasMessageContaining("--since is \"yesterday\", but it must be");
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
