package dev.caravan.spool;

import static org.awaitility.Awaitility.await;

import com.sun.management.OperatingSystemMXBean;
import dev.caravan.spool.Failure.Kind;
import dev.caravan.spool.log.LogRecord;
import dev.caravan.spool.log.RecordHeaders;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.camel.util.FileUtil;

/** What keys that are parked cost the others, without routes and Kafka: {@code bench/parked}. */
final class ParkedKeysBench {

  private static final int ROUNDS = Integer.getInteger("rounds", 3);
  private static final int RECORDS = Integer.getInteger("records", 5_000_000);
  private static final int PARKED = Integer.getInteger("parked", 10_000);
  private static final int HEALTHY_KEYS = 1_000;
  private static final byte[] BODY = new byte[3_600];
  private static final String STUCK = "stuck-";
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private final AtomicLong delivered = new AtomicLong();
  private Spool spool;

  private final class Receiver implements Delivery.Receiver {
    @Override
    public void receive(LogRecord record, boolean again, Delivery.Settlement settlement) {
      if (record.headers().text("key").startsWith(STUCK)) {
        settlement.failed(
            new Failure(Kind.LATER, "partition 2", "it is away", new IOException("it is away")));
      } else {
        delivered.incrementAndGet();
        settlement.delivered();
      }
    }

    @Override
    public void deadLetter(LogRecord record, String reason) {
      throw new IllegalStateException(reason);
    }
  }

  public static void main(String[] none) throws Exception {
    new ParkedKeysBench().measure(PARKED, false);
    for (int round = 0; round < ROUNDS; round++) {
      new ParkedKeysBench().measure(0, true);
      new ParkedKeysBench().measure(PARKED, true);
    }
  }

  private void measure(int parked, boolean told) throws Exception {
    Path directory = Files.createTempDirectory("parked-keys");
    SpoolConfiguration options = new SpoolConfiguration();
    options.setDirectory(directory.toString());
    options.setKeyHeader("key");
    RunningSpool running =
        new RunningSpool(options, Spool.Time.SYSTEM, event -> {}, () -> false, new Receiver());
    spool = running.spool;
    try {
      for (int i = 0; i < parked; i++) {
        append(STUCK + i);
        append("key-" + i % HEALTHY_KEYS);
      }
      awaitThat(() -> spool.status().parkedRecords() == parked && delivered.get() == parked);
      long cpu = cpuNanos();
      long begun = System.nanoTime();
      for (int i = 0; i < RECORDS; i++) {
        append("key-" + i % HEALTHY_KEYS);
      }
      awaitThat(() -> delivered.get() == parked + RECORDS);
      double seconds = (System.nanoTime() - begun) / 1e9;
      if (told) {
        System.out.printf(
            "%,6d parked: %.2f µs CPU a record (all threads), %,.0f records/s%n",
            spool.status().parkedRecords(), (cpuNanos() - cpu) / 1e3 / RECORDS, RECORDS / seconds);
      }
    } finally {
      running.endDelivery(Duration.ofSeconds(10));
      running.close();
      FileUtil.removeDir(directory.toFile());
    }
  }

  private void append(String key) throws InterruptedException {
    spool.append(BODY, RecordHeaders.of(Map.of("key", key), name -> {}));
  }

  private static void awaitThat(Callable<Boolean> done) {
    await().atMost(PATIENCE).pollInterval(Duration.ofMillis(1)).until(done);
  }

  private static long cpuNanos() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }
}
