package dev.caravan.spool;

import dev.caravan.spool.SpoolConfiguration.WhenFull;
import dev.caravan.spool.log.LogRecord;
import dev.caravan.spool.log.RecordHeaders;
import dev.caravan.spool.log.SegmentedLog;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** A spool without Camel around it, whose records are numbers padded to some length. */
final class SpoolFixture implements AutoCloseable {

  static final int LENGTH = 3600;

  final List<SpoolEvent> events = new CopyOnWriteArrayList<>();
  final Spool spool;
  private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();

  /** Appends one after the other, as the one thread of a route does. */
  private final ExecutorService appender = Executors.newSingleThreadExecutor();

  SpoolFixture(SpoolConfiguration options) throws IOException {
    this(options, Spool.Time.SYSTEM);
  }

  SpoolFixture(SpoolConfiguration options, Spool.Time time) throws IOException {
    spool = Spool.open("events", options, time, executor, events::add);
  }

  SpoolFixture(
      SpoolConfiguration options,
      Spool.Time time,
      Function<SegmentedLog, DiskCommitter.Appender> appender)
      throws IOException {
    spool = Spool.open("events", options, time, executor, events::add, appender);
  }

  static SpoolConfiguration settings(Path directory) {
    return settings(directory, Long.MAX_VALUE / 4, 32 * 1024 * 1024, WhenFull.BLOCK);
  }

  static SpoolConfiguration settings(
      Path directory, long maxBytes, long memoryBytes, WhenFull whenFull) {
    SpoolConfiguration options = new SpoolConfiguration();
    options.setDirectory(directory.toString());
    options.setMaxBytes(maxBytes);
    options.setMemoryBytes(memoryBytes);
    options.setCommitInterval(Duration.ofMillis(20));
    options.setWhenFull(whenFull);
    return options;
  }

  static byte[] body(long id) {
    return String.format("%-" + LENGTH + "d", id).getBytes(StandardCharsets.ISO_8859_1);
  }

  static long id(LogRecord record) {
    return Long.parseLong(new String(record.bodyOrNull(), StandardCharsets.ISO_8859_1).strip());
  }

  /** Appends; the future is done when the append is. */
  CompletableFuture<Void> append(long id, boolean waitForCommit) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    appender.execute(
        () -> {
          try {
            if (waitForCommit) {
              spool
                  .appendAndCommit(body(id), RecordHeaders.NONE)
                  .whenComplete((committed, failure) -> complete(done, failure));
            } else {
              spool.append(body(id), RecordHeaders.NONE);
              done.complete(null);
            }
          } catch (InterruptedException | RuntimeException e) {
            done.completeExceptionally(e);
          }
        });
    return done;
  }

  private static void complete(CompletableFuture<Void> done, Throwable failure) {
    if (failure == null) {
      done.complete(null);
    } else {
      done.completeExceptionally(failure);
    }
  }

  /** Appends all of them and waits until they are committed. */
  void appendCommitted(long from, long to) throws Exception {
    for (long id = from; id < to - 1; id++) {
      append(id, false).get(1, TimeUnit.MINUTES);
    }
    append(to - 1, true).get(1, TimeUnit.MINUTES);
  }

  /** Takes what there is until a certain number is there or nothing comes any more. */
  List<Long> take(int atMost) throws IOException, InterruptedException {
    List<Long> ids = new ArrayList<>();
    int empty = 0;
    while (ids.size() < atMost && empty < 3) {
      List<LogRecord> records = spool.take(null, 128, 0, 200);
      records.forEach(record -> ids.add(id(record)));
      empty = records.isEmpty() ? empty + 1 : 0;
    }
    return ids;
  }

  @Override
  public void close() {
    try {
      spool.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      executor.shutdown();
      appender.shutdown();
    }
  }
}
