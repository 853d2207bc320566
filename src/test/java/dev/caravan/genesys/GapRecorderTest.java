package dev.caravan.genesys;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.background.SteadyClock;
import dev.caravan.channel.Attempts;
import dev.caravan.channel.Cause;
import dev.caravan.channel.Replica;
import dev.caravan.channel.gap.Gap;
import dev.caravan.channel.gap.GapLedger;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GapRecorderTest {

  private static final Replica REPLICA = new Replica("receive", 0, 0);
  private static final List<String> TOPICS =
      List.of(
          "v2.users.9ed7d9f6-0c59-4360-ac54-40dd35eb9c2f?presence&routingStatus",
          "v2.users.0e185c02-aca1-4a72-82ea-2e78684e2c89?presence&routingStatus",
          "v2.routing.queues.0e185c02-aca1-4a72-82ea-2e78684e2c89.conversations");

  @TempDir Path folder;
  private final List<Signal> signals = new ArrayList<>();
  private final List<Gap> over = new ArrayList<>();
  private GapLedger ledger;
  private GapRecorder recorder;

  @BeforeEach
  void start() {
    start(1_000_000);
  }

  private void start(long millis) {
    Clock clock = Clock.fixed(Instant.ofEpochMilli(millis), ZoneOffset.UTC);
    ledger = GapLedger.open(folder, clock);
    startRoute();
  }

  private void startRoute() {
    recorder =
        new GapRecorder(
            "receive",
            ledger,
            new SteadyClock(() -> 0, () -> 0),
            signals::add,
            over::add,
            new HashMap<>());
    recorder.started();
    recorder.wanted(TOPICS);
  }

  private void lostAndFound() {
    recorder.reading(REPLICA, TOPICS, 1_000_000);
    recorder.blind(REPLICA, 1_010_000, Cause.DROPPED);
    recorder.reading(REPLICA, TOPICS, 1_012_000);
  }

  @Test
  void oneOfTwoReadersTellsAGap() {
    Map<String, Long> sentAt = new HashMap<>();
    List<GapRecorder> both =
        Stream.of("receive", "mine")
            .map(
                reader ->
                    new GapRecorder(
                        reader,
                        ledger,
                        new SteadyClock(() -> 0, () -> 0),
                        signals::add,
                        over::add,
                        sentAt))
            .toList();
    recorder = both.get(0);
    lostAndFound();
    assertThat(signals).hasSize(1);

    both.forEach(each -> each.tick(List.of(), 1_013_000, 1_013_000));

    assertThat(signals).hasSize(1);
  }

  @Test
  void aGapIsASignalWithItsIdItsIntervalAndItsTopicsByPattern() {
    lostAndFound();

    assertThat(signals)
        .singleElement()
        .satisfies(
            signal -> {
              assertThat(signal.type()).isEqualTo("GAP");
              assertThat(signal.cause()).isEqualTo("dropped");
              assertThat(signal.gap()).isEqualTo(over.get(0).id());
              assertThat(Instant.parse(signal.from()).toEpochMilli()).isEqualTo(1_009_000);
              assertThat(Instant.parse(signal.to()).toEpochMilli()).isEqualTo(1_012_000);
              assertThat(signal.count()).isEqualTo(5);
              assertThat(signal.topics())
                  .isEqualTo(
                      Map.of(
                          "v2.users.{id}.presence", 2,
                          "v2.users.{id}.routingStatus", 2,
                          "v2.routing.queues.{id}.conversations", 1));
              assertThat(signal.sentence()).contains("5 topics", "the connection was dropped");
            });
  }

  @Test
  void aSignalThatNobodyTookIsSentAgainLaterAndAfterARestart() {
    lostAndFound();
    recorder.tick(List.of(), 1_012_000, 1_020_000);
    assertThat(signals).hasSize(1);

    recorder.tick(List.of(), 1_012_000, 1_043_000);
    assertThat(signals).hasSize(2);

    start(1_050_000);
    recorder.tick(List.of(), 1_050_000, 1_051_000);
    assertThat(signals).hasSize(3).extracting(Signal::gap).containsOnly(over.get(0).id());

    ledger.reported(over.get(0).id());
    recorder.tick(List.of(), 1_050_000, 2_000_000);
    assertThat(signals).hasSize(3);
  }

  @Test
  void whatIsLostOnTheWayIsToldUntilSomebodyTookItsSignal() {
    ledger.lost(
        DeadLetters.LOST, Instant.ofEpochMilli(1_000_000), Instant.ofEpochMilli(1_001_000), 2);

    recorder.tick(List.of(), 1_012_000, 1_020_000);
    recorder.tick(List.of(), 1_012_000, 1_021_000);
    assertThat(signals).hasSize(1);
    recorder.tick(List.of(), 1_012_000, 1_051_000);

    assertThat(signals)
        .hasSize(2)
        .allSatisfy(
            signal -> {
              assertThat(signal).isEqualTo(signals.get(0));
              assertThat(signal.type()).isEqualTo("GAP");
              assertThat(signal.cause()).isEqualTo("dead-letter-lost");
              assertThat(signal.count()).isEqualTo(2);
              assertThat(signal.topics()).isNull();
              assertThat(signal.sentence())
                  .isEqualTo(
                      "2 events were read from 1970-01-01T00:16:40Z to 1970-01-01T00:16:41Z and are"
                          + " lost: neither the route nor the dead letters took them.");
            });
    ledger.reported(signals.get(0).gap());
    recorder.tick(List.of(), 1_012_000, 2_000_000);
    assertThat(signals).hasSize(2);
  }

  @Test
  void theDowntimeIsTold() {
    recorder.reading(REPLICA, TOPICS, 1_000_000);
    recorder.tick(List.of(), 1_000_000, 1_000_000);

    start(1_060_000);
    recorder.reading(REPLICA, TOPICS, 1_063_000);

    assertThat(signals).singleElement().extracting(Signal::cause).isEqualTo("restart");
    assertThat(signals.get(0).sentence()).contains("the bridge was not running");
  }

  /** Its number may be used again for topics of another client before we hear that it ended. */
  @Test
  void whatReplacesAReplicaThatStandsByIsNotOnOurRecordEither() {
    recorder.standsBy(0);
    recorder.reading(REPLICA, TOPICS, 1_000_000);

    recorder.replaced(REPLICA);
    recorder.reading(REPLICA, TOPICS, 1_001_000);

    start(1_060_000);
    recorder.reading(REPLICA, TOPICS, 1_063_000);
    assertThat(signals).isEmpty();
  }

  @Test
  void theGapThatEndsWithATakeOverIsTold() {
    Replica other = new Replica("receive", 1, 0);
    recorder.reading(REPLICA, TOPICS, 1_000_000);
    recorder.reading(REPLICA, TOPICS.subList(1, 3), 1_010_000);
    recorder.standsBy(1);
    recorder.reading(other, TOPICS.subList(0, 1), 1_012_000);
    assertThat(signals).isEmpty();

    recorder.takesOver(other, at(1_013_000));

    assertThat(signals).singleElement().extracting(Signal::cause).isEqualTo("topics-changed");
    assertThat(over).singleElement().extracting(Gap::to).isEqualTo(at(1_012_000));
  }

  private static Instant at(long millis) {
    return Instant.ofEpochMilli(millis);
  }

  @Test
  void aRouteThatIsEditedIsNoRestart() {
    recorder.reading(REPLICA, TOPICS, 1_000_000);
    recorder.stopped(true);
    startRoute();
    recorder.reading(REPLICA, TOPICS, 1_002_000);

    recorder.stopped(false);
    start(1_060_000);
    recorder.reading(REPLICA, TOPICS, 1_063_000);

    assertThat(signals).extracting(Signal::cause).containsExactly("route-edited", "restart");
    assertThat(signals.get(0).sentence())
        .contains("the route that reads them was edited or taken away while the bridge ran");
  }

  @Test
  void attemptsAreRememberedOnTheClockOfTheNextRun() {
    recorder.attempts(REPLICA, new Attempts(3, 1_090_000));
    recorder.attempts(recorder.preparation(), new Attempts(1, 1_002_000));

    start(1_030_000);

    assertThat(recorder.earlier(REPLICA, 500)).isEqualTo(new Attempts(3, 1_090_000 - 500 + 500));
    assertThat(recorder.earlier(recorder.preparation(), 1_030_000))
        .isEqualTo(new Attempts(1, 1_030_000));
    assertThat(recorder.earlier(new Replica("receive", 1, 0), 1_030_000)).isEqualTo(Attempts.NONE);
  }

  /** By a thread that did not end in time: the ledger may be somebody else's by then. */
  @Test
  void whatIsToldAfterTheStopChangesNothing() throws Exception {
    lostAndFound();
    recorder.stopped(false);
    Map<Path, String> left = files();
    Replica other = new Replica("receive", 1, 0);

    recorder.wanted(TOPICS);
    recorder.attempts(recorder.preparation(), new Attempts(1, 1_014_000));
    recorder.attempts(other, new Attempts(1, 1_014_000));
    recorder.opened(other, TOPICS);
    recorder.reading(other, TOPICS, 1_013_000);
    recorder.tick(List.of(), 1_014_000, 1_015_000);
    recorder.blind(other, 1_016_000, Cause.DROPPED);
    recorder.finished(other);

    assertThat(files()).isEqualTo(left);
    assertThat(signals).hasSize(1);
    assertThat(over).hasSize(1);
  }

  private Map<Path, String> files() throws IOException {
    Map<Path, String> files = new HashMap<>();
    try (Stream<Path> all = Files.list(folder)) {
      for (Path file : all.toList()) {
        files.put(file, Files.readString(file) + Files.getLastModifiedTime(file));
      }
    }
    return files;
  }
}
