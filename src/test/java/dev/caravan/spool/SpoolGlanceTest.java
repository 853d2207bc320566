package dev.caravan.spool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
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

  private SpoolGlance glance() throws Exception {
    return SpoolGlance.at(directory).get(0);
  }
}
