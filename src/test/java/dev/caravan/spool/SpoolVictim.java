package dev.caravan.spool;

import dev.caravan.spool.log.LogRecord;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;

/** A process that appends and delivers as fast as it is told to, until it is killed. */
final class SpoolVictim {

  private SpoolVictim() {}

  public static void main(String[] args) throws Exception {
    Path directory = Path.of(args[0]);
    boolean delivers = Boolean.parseBoolean(args[1]);
    KillLedger ledger = KillLedger.open(directory.resolve("ledger"));
    SpoolConfiguration settings = SpoolFixture.settings(directory);
    settings.setKeepAcknowledged(Duration.parse(args[2]));
    try (SpoolFixture spool = new SpoolFixture(settings)) {
      if (delivers) {
        Thread consumer = new Thread(() -> deliver(spool.spool, ledger));
        consumer.setDaemon(true);
        consumer.start();
      }
      for (long id = ledger.lastAppended() + 1; id < KillLedger.MAX_ID; id++) {
        long appended = id;
        ledger.appended(id, System.currentTimeMillis());
        CompletableFuture<Void> append = spool.append(id, id % 400 == 0);
        if (id % 400 == 0) {
          append.thenRun(() -> ledger.committed(appended));
        }
        if (id % 5 == 0) {
          LockSupport.parkNanos(1_000_000);
        }
      }
    }
  }

  private static void deliver(Spool spool, KillLedger ledger) {
    try {
      while (true) {
        List<LogRecord> records = spool.take(null, 10, 2, 100);
        for (LogRecord record : records) {
          ledger.delivered(SpoolFixture.id(record));
          spool.acknowledge(record.sequence(), 1);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
