package dev.caravan.spool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.caravan.spool.log.Checkpoint;
import dev.caravan.spool.log.RecordHeaders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a spool is after a restart when its process ended at a moment of the test's choice. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class KilledSpoolTest {

  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"PT0S", "PT1H"})
  void handsOutWhatArrivesAfterARestartThoughMoreWasAcknowledgedThanWritten(String kept)
      throws Exception {
    Path running = directory.resolve("running");
    Path killed = directory.resolve("killed");
    CompletableFuture<Spool> opened = new CompletableFuture<>();
    AtomicInteger appends = new AtomicInteger();
    CompletableFuture<Void> copied = new CompletableFuture<>();
    try (SpoolFixture spool =
        new SpoolFixture(
            settings(running, kept),
            Spool.Time.SYSTEM,
            log ->
                records -> {
                  if (appends.getAndIncrement() == 0) {
                    log.append(records);
                    acknowledgeMore(opened.join());
                  } else {
                    copy(running, killed);
                    copied.complete(null);
                    log.append(records);
                  }
                })) {
      opened.complete(spool.spool);
      spool.append(0, false);
      copied.get(30, TimeUnit.SECONDS);
    }

    assertAllIsHandedOut(killed, kept);
  }

  /** While the first record is written: twenty more, all but the last of which are delivered. */
  private static void acknowledgeMore(Spool spool) throws IOException {
    try {
      for (long id = 1; id < 20; id++) {
        spool.append(SpoolFixture.body(id), RecordHeaders.NONE);
      }
      // This one is written at once, so nothing comes between the two writes
      spool.appendAndCommit(SpoolFixture.body(20), RecordHeaders.NONE);
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
    spool.acknowledge(20, 20);
  }

  @ParameterizedTest
  @ValueSource(strings = {"PT0S", "PT1H"})
  void handsOutWhatArrivesThoughItIsKnownThatMoreWasAcknowledgedThanWritten(String kept)
      throws Exception {
    try (SpoolFixture spool = new SpoolFixture(settings(directory, kept))) {
      spool.appendCommitted(0, 20);
    }
    try (Checkpoint checkpoint =
        Checkpoint.open(directory.resolve("events" + Spool.CHECKPOINT), "events")) {
      checkpoint.write(50, 20, 0, 0);
    }

    assertAllIsHandedOut(directory, kept);
  }

  @Test
  void whatWasKeptAndMadeRoomBeforeTheProcessWasKilledIsNoDamage() throws Exception {
    Path running = directory.resolve("running");
    Path killed = directory.resolve("killed");
    SpoolConfiguration settings = settings(running, "PT0.001S");
    settings.setMaxBytes(6_400_000);
    // What is acknowledged is remembered by the way while nothing is committed
    settings.setCommitInterval(Duration.ofMinutes(10));
    try (SpoolFixture spool = new SpoolFixture(settings)) {
      spool.appendCommitted(0, 500);
      assertThat(filesThatBeginUpTo(451, running)).isGreaterThan(2);

      spool.spool.acknowledge(450, 450);

      // Until all of it is deleted: a file that is deleted during the copy cannot be copied
      await().until(() -> filesThatBeginUpTo(451, running) == 1);
      copy(running, killed);
    }
    try (SpoolFixture spool = new SpoolFixture(settings(killed, "PT0.001S"))) {
      assertThat(spool.take(50)).isEqualTo(LongStream.range(450, 500).boxed().toList());
      assertThat(spool.events).isEmpty();
      assertThat(spool.spool.status().counts().lost()).isZero();
    }
  }

  @Test
  void aSpoolThatCouldNotBeOpenedForAnErrorCanBeOpenedLater() throws Exception {
    SpoolConfiguration settings = SpoolFixture.settings(directory);
    assertThatThrownBy(
            () ->
                new SpoolFixture(
                    settings,
                    Spool.Time.SYSTEM,
                    log -> {
                      throw new OutOfMemoryError("Java heap space");
                    }))
        .isInstanceOf(OutOfMemoryError.class);

    try (SpoolFixture spool = new SpoolFixture(settings)) {
      spool.appendCommitted(0, 1);
      assertThat(spool.take(1)).containsExactly(0L);
    }
  }

  private static void assertAllIsHandedOut(Path directory, String kept) throws Exception {
    try (SpoolFixture spool = new SpoolFixture(settings(directory, kept))) {
      spool.appendCommitted(1000, 1010);
      assertThat(spool.take(10)).isEqualTo(LongStream.range(1000, 1010).boxed().toList());
      spool.appendCommitted(1010, 1020);
    }
    try (SpoolFixture spool = new SpoolFixture(settings(directory, kept))) {
      assertThat(spool.take(20)).isEqualTo(LongStream.range(1000, 1020).boxed().toList());
      assertThat(spool.events).isEmpty();
    }
  }

  private static SpoolConfiguration settings(Path directory, String kept) {
    SpoolConfiguration settings = SpoolFixture.settings(directory);
    settings.setKeepAcknowledged(Duration.parse(kept));
    return settings;
  }

  /** How many files of the log have the name of this sequence, or of one before it. */
  private static long filesThatBeginUpTo(long sequence, Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory.resolve("events"))) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".log"))
          .filter(name -> Long.parseLong(name.substring(0, name.indexOf('.'))) <= sequence)
          .count();
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    List<Path> all;
    try (Stream<Path> walked = Files.walk(from)) {
      all = walked.toList();
    }
    for (Path path : all) {
      Files.copy(path, to.resolve(from.relativize(path).toString()));
    }
  }
}
