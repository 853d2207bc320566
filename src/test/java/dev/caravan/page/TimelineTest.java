package dev.caravan.page;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.channel.ShardStatus;
import dev.caravan.genesys.Signal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TimelineTest {

  private static final long START = Instant.parse("2026-11-28T10:00:00Z").toEpochMilli();

  @TempDir Path folder;
  private Path file;
  private Timeline timeline;

  @BeforeEach
  void open() {
    file = folder.resolve("data/timeline.json");
    timeline = Timeline.open(file);
  }

  private static ShardStatus shard(ShardStatus.Health health) {
    return new ShardStatus(0, 3, health, "A sentence.", List.of(), 0, 0, 0, false);
  }

  private void look(long at, ShardStatus.Health health) {
    timeline.look(START + at, List.of(shard(health)), List.of());
  }

  private List<Timeline.Span> shardZero() {
    return timeline.content().spans().stream().filter(s -> s.row().equals("shard 0")).toList();
  }

  private static Signal gap(String id, long from, long to) {
    return Signal.of("GAP")
        .shard(0)
        .cause("dropped")
        .from(Instant.ofEpochMilli(START + from))
        .to(Instant.ofEpochMilli(START + to))
        .gap(id)
        .topics(Map.of("v2.users.{id}.presence", 2))
        .sentence("Two topics were not read.");
  }

  @Test
  void flowingAndIdleAreOneSpanAndAChangeBeginsTheNextWithoutAHole() {
    look(0, ShardStatus.Health.IDLE);
    look(2_000, ShardStatus.Health.FLOWING);
    look(4_000, ShardStatus.Health.BLIND);
    look(6_000, ShardStatus.Health.BLIND);

    assertThat(shardZero())
        .containsExactly(
            new Timeline.Span("shard 0", "connected", START, START + 4_000),
            new Timeline.Span("shard 0", "blind", START + 4_000, START + 6_000));
  }

  @Test
  void itGoesOnAfterARestartWithAHoleWhereNothingRan() {
    look(0, ShardStatus.Health.FLOWING);
    timeline.signal(gap("g1", 100, 200), START + 300);
    timeline.save(START + 1_000);

    timeline = Timeline.open(file);
    look(60_000, ShardStatus.Health.FLOWING);

    assertThat(shardZero())
        .containsExactly(
            new Timeline.Span("shard 0", "connected", START, START),
            new Timeline.Span("shard 0", "connected", START + 60_000, START + 60_000));
    assertThat(timeline.content().gaps())
        .singleElement()
        .satisfies(
            gap -> {
              assertThat(gap.from()).isEqualTo(START + 100);
              assertThat(gap.topics()).containsExactly(Map.entry("v2.users.{id}.presence", 2));
            });
  }

  @Test
  void whatEarlierBuildsWroteIsRead() throws Exception {
    look(0, ShardStatus.Health.FLOWING);
    timeline.save(START + 1_000);
    Files.writeString(file, Files.readString(file).replace("\"row\"", "\"lane\""));

    timeline = Timeline.open(file);

    assertThat(shardZero())
        .containsExactly(new Timeline.Span("shard 0", "connected", START, START));
  }

  @Test
  void aGapThatIsToldAgainIsOneGapAndSaysWhatWasReadAgain() {
    timeline.signal(gap("g1", 100, 200), START);
    timeline.signal(gap("g1", 100, 200), START + 30_000);
    timeline.signal(
        Signal.of("BACKFILLED").shard(0).gap("g1").backfilled("yes").sentence("All was read."),
        START + 40_000);

    assertThat(timeline.content().gaps())
        .singleElement()
        .extracting(Timeline.Missed::backfilled)
        .isEqualTo("All was read.");
    assertThat(timeline.content().marks()).isEmpty();
  }

  @Test
  void whatIsOlderThanADayIsForgotten() {
    look(0, ShardStatus.Health.BLIND);
    timeline.signal(gap("g1", 100, 200), START);
    timeline.mark("EDITED", START, "The route forward was edited.");

    look(Duration.ofHours(25).toMillis(), ShardStatus.Health.FLOWING);

    assertThat(shardZero()).extracting(Timeline.Span::state).containsExactly("connected");
    assertThat(timeline.content().gaps()).isEmpty();
    assertThat(timeline.content().marks()).isEmpty();
  }

  @Test
  void aStormFillsItNoFurtherThanItsBounds() {
    for (int i = 0; i < Timeline.MOST_SPANS + 10; i++) {
      look(i, i % 2 == 0 ? ShardStatus.Health.FLOWING : ShardStatus.Health.BLIND);
      timeline.signal(gap("g" + i, i, i + 1L), START + i);
      timeline.signal(Signal.of("CONNECTED").shard(0).sentence("Connected."), START + i);
    }

    Timeline.Content content = timeline.content();
    assertThat(content.spans()).hasSizeLessThanOrEqualTo(Timeline.MOST_SPANS);
    assertThat(content.gaps()).hasSize(Timeline.MOST_GAPS);
    assertThat(content.marks()).hasSize(Timeline.MOST_MARKS);
    assertThat(content.gaps().get(Timeline.MOST_GAPS - 1).id())
        .isEqualTo("g" + (Timeline.MOST_SPANS + 9));
  }

  @Test
  void aFileThatIsDamagedBeginsAnew() throws Exception {
    Files.createDirectories(file.getParent());
    Files.writeString(file, "{\"spans\":[{\"row\":");

    timeline = Timeline.open(file);
    look(0, ShardStatus.Health.FLOWING);
    timeline.save(START);

    assertThat(Timeline.open(file).content()).isEqualTo(timeline.content());
  }
}
