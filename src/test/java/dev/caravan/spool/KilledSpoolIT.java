package dev.caravan.spool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is left of a spool whose process was killed with {@code kill -9}, again and again. */
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class KilledSpoolIT {

  private static final Logger LOG = LoggerFactory.getLogger(KilledSpoolIT.class);

  /** Of each kind of spool; more of them: -Dspool.kills=300. */
  private static final int KILLS = Integer.getInteger("spool.kills", 6);

  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"PT0S", "PT1H"})
  void everyRecordIsDeliveredOrThereButForThoseAppendedAfterTheLastCommit(Duration kept)
      throws Exception {
    SpoolConfiguration settings = SpoolFixture.settings(directory);
    settings.setKeepAcknowledged(kept);
    Random random = new Random(42);
    KillLedger ledger = KillLedger.open(directory.resolve("ledger"));
    Set<Long> missing = new HashSet<>();
    long widest = 0;
    for (int kill = 0; kill < KILLS; kill++) {
      boolean delivers = kill % 3 != 0;
      long before = ledger.lastAppended();
      Process victim = start(delivers, kept);
      int appends = 500 + random.nextInt(3000);
      await()
          .atMost(Duration.ofMinutes(2))
          .pollInterval(Duration.ofMillis(5))
          .until(() -> !victim.isAlive() || ledger.lastAppended() > before + appends);
      long killedAtMillis = System.currentTimeMillis();
      victim.destroyForcibly().waitFor();
      long committed = ledger.lastCommitted();
      long appended = ledger.lastAppended();
      assertThat(appended).as("the victim worked until it was killed").isGreaterThan(before);

      Set<Long> delivered = new HashSet<>();
      for (int i = 0; i < ledger.deliveries(); i++) {
        delivered.add(ledger.delivery(i));
      }
      List<Long> left;
      try (SpoolFixture spool = new SpoolFixture(settings)) {
        assertThat(spool.events).as("a kill damages nothing").isEmpty();
        boolean keeps = spool.spool.kept().isPresent();
        left = spool.take(Integer.MAX_VALUE);
        // What was delivered just before the kill may be acknowledged in memory only
        Set<Long> again = new HashSet<>(left);
        if (kept.isZero() || delivered.isEmpty()) {
          assertThat(keeps).as("nothing is kept").isFalse();
        } else if (delivered.stream().anyMatch(id -> id <= committed && !again.contains(id))) {
          assertThat(keeps).as("what was acknowledged is kept").isTrue();
        }
      }
      assertThat(left).as("in order").isSorted().doesNotHaveDuplicates();
      Set<Long> known = new HashSet<>(left);
      known.addAll(delivered);
      known.addAll(missing);
      List<Long> lost =
          LongStream.rangeClosed(1, appended).filter(id -> !known.contains(id)).boxed().toList();
      assertThat(lost).as("lost though committed").allMatch(id -> id > committed);
      if (!lost.isEmpty()) {
        widest = Math.max(widest, killedAtMillis - ledger.appendedAtMillis(lost.get(0)));
      }
      missing.addAll(lost);
    }
    LOG.info(
        "{} kills: {} of {} records lost, all appended after the last commit; the oldest of them at"
            + " most {} ms before a kill",
        KILLS,
        missing.size(),
        ledger.lastAppended(),
        widest);
  }

  @Test
  void aSecondProcessIsRefusedAndToldWhichDirectory() throws Exception {
    KillLedger ledger = KillLedger.open(directory.resolve("ledger"));
    Process first = start(true, Duration.ZERO);
    try {
      await()
          .atMost(Duration.ofMinutes(2))
          .until(() -> !first.isAlive() || ledger.lastAppended() > 0);

      assertThatThrownBy(() -> new SpoolFixture(SpoolFixture.settings(directory)))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("in use by another process")
          .hasMessageContaining(directory.toString());
    } finally {
      first.destroyForcibly().waitFor();
    }
    try (SpoolFixture second = new SpoolFixture(SpoolFixture.settings(directory))) {
      assertThat(second.events).as("the lock went with the process").isEmpty();
    }
  }

  private Process start(boolean delivers, Duration kept) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx256m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            SpoolVictim.class.getName(),
            directory.toString(),
            Boolean.toString(delivers),
            kept.toString())
        .redirectErrorStream(true)
        .redirectOutput(directory.resolve("victim.log").toFile())
        .start();
  }
}
