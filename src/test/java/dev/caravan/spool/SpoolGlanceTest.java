package dev.caravan.spool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.spool.log.LogRecord;
import dev.caravan.spool.log.RecordHeaders;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpoolGlanceTest {

  @TempDir private Path directory;

  @Test
  void withoutADirectoryThereAreNoSpools() throws Exception {
    Path nowhere = directory.resolve("nowhere");

    assertThat(SpoolGlance.at(nowhere)).isEmpty();
    assertThat(nowhere).doesNotExist();
  }

  @Test
  void whatWaitsIsToldWhileTheSpoolIsOpenAndAfterwards() throws Exception {
    try (SpoolFixture spool = new SpoolFixture(SpoolFixture.settings(directory))) {
      spool.appendCommitted(0, 500);
      spool.take(500);
      spool.spool.acknowledge(200, 200);
      await().until(() -> glance().waiting() == 300);

      assertThat(glance().name()).isEqualTo("events");
      assertThat(glance().inUse()).isTrue();
    }

    byte[] mark = Files.readAllBytes(directory.resolve("events.checkpoint"));
    assertThat(glance().inUse()).isFalse();
    assertThat(glance().waiting()).isEqualTo(300);
    assertThat(glance().fileBytes()).isGreaterThan(500L * SpoolFixture.LENGTH);
    assertThat(directory.resolve("events.checkpoint")).hasBinaryContent(mark);
  }

  @Test
  void whatIsParkedIsToldAndLeftAsItIs() throws Exception {
    SpoolConfiguration options = SpoolFixture.settings(directory);
    try (SpoolFixture spool = new SpoolFixture(options)) {
      spool.appendCommitted(0, 3);
      spool.spool.acknowledge(3, 3);
    }
    park(options, 3);
    new SpoolFixture(options).close();
    Map<Path, byte[]> before = files();
    assertThat(before).hasSizeGreaterThan(1);

    assertThat(glance())
        .returns(0L, SpoolGlance::waiting)
        .returns(2L, SpoolGlance::parked)
        .returns(true, SpoolGlance::waits);

    assertThat(files()).containsExactlyInAnyOrderEntriesOf(before);
    SpoolStatus status = glance().status(options, Duration.ofSeconds(25));
    assertThat(status.inDanger()).isTrue();
    assertThat(status.sentence())
        .isEqualTo(
            "nothing has taken from it for 25 s, no route that runs begins with spool:events;"
                + " 0 waiting; 2 records are parked");
  }

  /** All but the first are not done with. */
  private static void park(SpoolConfiguration options, int records) throws Exception {
    try (ParkedLog log =
        ParkedLog.open(options, "events", Clock.systemUTC(), it -> it::append, 0)) {
      for (long i = 1; i <= records; i++) {
        RecordHeaders headers = RecordHeaders.NONE.with(Parking.SEQUENCE, i);
        log.append(List.of(new LogRecord(i, 0, new byte[100], headers)));
      }
      log.done(1);
    }
  }

  private Map<Path, byte[]> files() throws Exception {
    Map<Path, byte[]> all = new TreeMap<>();
    try (Stream<Path> found = Files.walk(directory)) {
      for (Path file : found.filter(Files::isRegularFile).toList()) {
        all.put(file, Files.readAllBytes(file));
      }
    }
    return all;
  }

  private SpoolGlance glance() throws Exception {
    return SpoolGlance.at(directory).get(0);
  }
}
