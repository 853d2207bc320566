package dev.caravan.spool;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** A spool without Camel around it, whose records are numbers padded to some length. */
final class SpoolFixture implements AutoCloseable {

  static final int LENGTH = 3600;

  final List<SpoolEvent> events = Collections.synchronizedList(new ArrayList<>());
  final Spool spool;
  private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();

  SpoolFixture(SpoolSettings settings) throws IOException {
    this(settings, Clock.systemUTC());
  }

  SpoolFixture(SpoolSettings settings, Clock clock) throws IOException {
    spool = Spool.open("events", settings, clock, executor, events::add);
  }

  SpoolFixture(SpoolSettings settings, StoreKeeper.Opener opener) throws IOException {
    spool = Spool.open("events", settings, Clock.systemUTC(), executor, events::add, opener);
  }

  static SpoolSettings settings(Path directory) {
    return new SpoolSettings(
        directory,
        Long.MAX_VALUE / 4,
        32 * 1024 * 1024,
        Duration.ZERO,
        Duration.ofMillis(20),
        Fsync.NEVER,
        WhenFull.BLOCK,
        Duration.ZERO,
        Duration.ZERO);
  }

  static SpoolSettings settings(
      Path directory, long maxBytes, long memoryBytes, WhenFull whenFull) {
    return new SpoolSettings(
        directory,
        maxBytes,
        memoryBytes,
        Duration.ZERO,
        Duration.ofMillis(20),
        Fsync.NEVER,
        whenFull,
        Duration.ZERO,
        Duration.ZERO);
  }

  static byte[] body(long id) {
    return String.format("%-" + LENGTH + "d", id).getBytes(StandardCharsets.ISO_8859_1);
  }

  static long id(SpoolRecord record) {
    return Long.parseLong(
        new String(record.body().orElseThrow(), StandardCharsets.ISO_8859_1).strip());
  }

  /** Appends; the future is done when the append is. */
  CompletableFuture<Void> append(long id, boolean waitForCommit) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    boolean now =
        spool.append(
            body(id),
            SpoolHeaders.NONE,
            waitForCommit,
            new Backlog.Completion() {
              @Override
              public void completed() {
                done.complete(null);
              }

              @Override
              public void failed(Exception cause) {
                done.completeExceptionally(cause);
              }
            });
    if (now) {
      done.complete(null);
    }
    return done;
  }

  /** Appends all of them and waits until they are committed. */
  void appendCommitted(long from, long to) throws Exception {
    for (long id = from; id < to - 1; id++) {
      append(id, false).get(1, TimeUnit.MINUTES);
    }
    append(to - 1, true).get(1, TimeUnit.MINUTES);
  }

  /** Takes what there is until a certain number is there or nothing comes any more. */
  List<Long> take(int atMost) throws InterruptedException {
    List<Long> ids = new ArrayList<>();
    int empty = 0;
    while (ids.size() < atMost && empty < 3) {
      List<SpoolRecord> records = spool.take(128, 0, 200);
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
    }
  }
}
