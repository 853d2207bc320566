package dev.caravan.spool;

import static org.awaitility.Awaitility.await;

import dev.caravan.spool.log.RecordHeaders;
import java.nio.file.Path;
import java.util.concurrent.Delayed;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whoever writes to a spool sleeps while there is nothing to write. */
class IdleSpoolTest {

  @TempDir Path directory;

  private final ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1);

  @AfterEach
  void stop() {
    executor.shutdown();
  }

  @Test
  void aSpoolSleepsOnceAllIsWrittenOrAcknowledged() throws Exception {
    SpoolConfiguration options = SpoolFixture.settings(directory);
    try (Spool spool = Spool.open("events", options, Spool.Time.SYSTEM, executor, event -> {})) {
      untilItSleeps(options);

      spool.append(new byte[1], RecordHeaders.NONE);
      await().until(() -> spool.status().commits() == 1);
      untilItSleeps(options);

      spool.acknowledge(1, 1);
      await().until(() -> SpoolGlance.at(directory).get(0).waiting() == 0);
      untilItSleeps(options);
    }
  }

  /** What runs next runs much later than the next commit would. */
  private void untilItSleeps(SpoolConfiguration options) {
    long soon = options.getCommitInterval().toMillis() * 4;
    await()
        .until(
            () ->
                !executor.getQueue().isEmpty()
                    && executor.getQueue().stream()
                        .map(Delayed.class::cast)
                        .allMatch(next -> next.getDelay(TimeUnit.MILLISECONDS) > soon));
  }
}
