package dev.caravan.spool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.spool.Failure.Kind;
import dev.caravan.spool.log.LogRecord;
import dev.caravan.spool.log.RecordHeaders;
import dev.caravan.testing.MutableClock;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever happens in whatever order, each record is delivered or becomes a dead letter, and those
 * of a key do so in order, seen from the last time each of them did: one that was delivered may
 * become a dead letter when it is repeated.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
@Tag("slow")
class RandomSpoolTest {

  private static final int STEPS = 3000;
  private static final int KEYS = 8;

  @TempDir Path directory;

  private final SpoolConfiguration options = new SpoolConfiguration();
  private final MutableClock wall = new MutableClock(Instant.parse("2026-03-01T12:00:00Z"));
  private final Map<String, Mood> moods = new ConcurrentHashMap<>();
  private final Map<Integer, String> appended = new HashMap<>();
  private final Outcome outcome = new Outcome();
  private volatile boolean diskIsFull;
  private RunningSpool running;

  /** How a key fares just now. */
  private enum Mood {
    FINE,
    NOT_NOW,
    POISON,
    HANGS
  }

  private record Hanging(int number, Delivery.Settlement settlement) {}

  /** What became of the records. */
  private final class Outcome implements Delivery.Receiver {
    /** In the order in which they were delivered, or became dead letters, for the last time. */
    private final Set<Integer> inTheEnd = new LinkedHashSet<>();

    private final List<Hanging> hanging = new ArrayList<>();

    // Told and asked for while the delivery has its own lock
    private final Set<Integer> done = ConcurrentHashMap.newKeySet();
    private final Set<Integer> settled = ConcurrentHashMap.newKeySet();
    private final Set<Integer> settledNow = ConcurrentHashMap.newKeySet();
    private final Queue<String> wrong = new ConcurrentLinkedQueue<>();

    @Override
    public Runnable whenSettled(LogRecord record) {
      int number = number(record);
      return () -> {
        if (!done.contains(number)) {
          wrong.add(number + " is neither delivered nor a dead letter");
        }
        if (!settledNow.add(number)) {
          wrong.add(number + " is told twice");
        }
        settled.add(number);
      };
    }

    private void done(int number) {
      inTheEnd.remove(number);
      inTheEnd.add(number);
      done.add(number);
      if (settledNow.contains(number)) {
        wrong.add(number + " comes again, though it was settled for good");
      }
    }

    @Override
    public synchronized void receive(
        LogRecord record, boolean again, Delivery.Settlement settlement) {
      int number = number(record);
      String key = record.headers().text("key");
      boolean behindOneThatHangs =
          hanging.stream().anyMatch(it -> appended.get(it.number()).equals(key));
      switch (behindOneThatHangs ? Mood.HANGS : moods.getOrDefault(key, Mood.FINE)) {
        case FINE -> {
          done(number);
          settlement.delivered();
        }
        case NOT_NOW -> settlement.failed(failure(Kind.LATER));
        case POISON -> settlement.failed(failure(Kind.UNKNOWN));
        case HANGS -> hanging.add(new Hanging(number, settlement));
      }
    }

    @Override
    public synchronized void deadLetter(LogRecord record, String reason) {
      done(number(record));
    }

    synchronized void settle(BooleanSupplier well) {
      for (Hanging it : hanging) {
        if (well.getAsBoolean()) {
          done(it.number());
          it.settlement().delivered();
        } else {
          it.settlement().failed(failure(Kind.LATER));
        }
      }
      hanging.clear();
    }

    /** What was under way when the process ended. */
    synchronized void forgetHanging() {
      hanging.clear();
      settledNow.clear();
    }

    synchronized Map<String, List<Integer>> inTheEnd() {
      return inTheEnd.stream().collect(Collectors.groupingBy(appended::get));
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
  void nothingIsLostAndOrderHoldsWithinAKey(long seed) throws Exception {
    Random random = new Random(seed);
    options.setDirectory(directory.toString());
    options.setKeyHeader("key");
    options.setCommitInterval(Duration.ofMillis(4));
    options.setLinger(Duration.ZERO);
    options.setInFlight(10);
    options.setMaxBytes(4_000_000);
    options.setRedeliveryDelay(Duration.ofMillis(2));
    options.setMaximumRedeliveryDelay(Duration.ofMillis(10));
    options.setParkAfter(Duration.ofMillis(20));
    options.setMaximumRedeliveries(random.nextInt(3));
    options.setDeadLetters("spool:letters");
    start();
    try {
      for (int step = 0; step < STEPS; step++) {
        switch (random.nextInt(10)) {
          case 0 -> moods.put(key(random), Mood.NOT_NOW);
          case 1 -> moods.put(key(random), Mood.POISON);
          case 2 -> moods.put(key(random), Mood.HANGS);
          case 3, 4 -> moods.put(key(random), Mood.FINE);
          case 5 -> {
            boolean all = random.nextBoolean();
            outcome.settle(() -> all || random.nextBoolean());
          }
          case 6 -> diskIsFull = random.nextInt(3) == 0;
          case 7 -> wall.turnTo(wall.instant().plusSeconds(random.nextInt(7200) - 3600));
          case 8 -> {
            if (random.nextInt(4) == 0) {
              diskIsFull = false;
              stop();
              start();
            }
          }
          default -> append(random, random.nextInt(60));
        }
      }
      diskIsFull = false;
      moods.clear();
      int records = appended.size();
      await()
          .atMost(Duration.ofMinutes(1))
          .until(
              () -> {
                outcome.settle(() -> true);
                return outcome.done.size() == records;
              });
      await()
          .until(
              () -> {
                SpoolStatus status = running.spool.status();
                return status.records() == 0 && status.parkedRecords() == 0;
              });
      await().until(() -> outcome.settled.size() == records);
      await().until(() -> running.spool.unsettledFor().isZero());
    } finally {
      stop();
    }

    assertThat(outcome.wrong).isEmpty();
    outcome.inTheEnd().forEach((key, numbers) -> assertThat(numbers).as(key).isSorted());
  }

  private void append(Random random, int count) throws InterruptedException {
    for (int i = 0; i < count; i++) {
      String key = key(random);
      int number = appended.size();
      synchronized (outcome) {
        appended.put(number, key);
      }
      running.spool.append(
          Integer.toString(number).getBytes(StandardCharsets.UTF_8),
          RecordHeaders.of(Map.of("key", key), name -> {}));
    }
  }

  private static String key(Random random) {
    return "key" + random.nextInt(KEYS);
  }

  private static int number(LogRecord record) {
    return Integer.parseInt(new String(record.bodyOrNull(), StandardCharsets.UTF_8));
  }

  private static Failure failure(Kind kind) {
    return new Failure(kind, kind.name(), "it is so", new IOException("it is so"));
  }

  private void start() throws IOException {
    running =
        new RunningSpool(
            options,
            new Spool.Time(wall, System::nanoTime),
            event -> {},
            () -> diskIsFull,
            outcome);
  }

  private void stop() throws Exception {
    running.endDelivery(Duration.ofMillis(50));
    outcome.forgetHanging();
    running.close();
  }
}
