package dev.caravan.spool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.spool.Failure.Kind;
import dev.caravan.spool.SpoolConfiguration.WhenFull;
import dev.caravan.spool.SpoolEvent.Damaged;
import dev.caravan.spool.SpoolEvent.Dropped;
import dev.caravan.spool.log.LogRecord;
import dev.caravan.spool.log.RecordHeaders;
import dev.caravan.spool.log.SegmentedLog.Hole;
import dev.caravan.testing.MutableClock;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A small spool that drops the oldest, drops what is too old, keeps what is acknowledged, replays
 * it, and finds its files damaged: what is handed out was appended, comes in order within its key
 * and once it is let go of only by a replay; and what never is, is told.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
@Tag("slow")
class RandomLossTest {

  private static final int STEPS = 400;
  private static final int KEYS = 8;

  @TempDir Path directory;

  private final SpoolConfiguration options = new SpoolConfiguration();
  private final MutableClock wall = new MutableClock(Instant.parse("2026-03-01T12:00:00Z"));
  private final AtomicLong nanosAhead = new AtomicLong();
  private final Queue<SpoolEvent> events = new ConcurrentLinkedQueue<>();
  private final Set<String> failing = ConcurrentHashMap.newKeySet();

  /** The number and the key of what was appended, by its sequence; of a replay that it was one. */
  private final Map<Long, Content> model = new TreeMap<>();

  private final Outcome outcome = new Outcome();
  private int number;
  private int replays;
  private Replay replay;
  private volatile boolean diskIsFull;
  private RunningSpool running;

  private record Content(int number, String key, int replay) {}

  private record Hanging(long sequence, String key, Delivery.Settlement settlement) {}

  /** What became of the records, by their sequences in the spool. */
  private final class Outcome implements Delivery.Receiver {
    private final Map<Long, Content> received = new HashMap<>();

    private final Set<Long> delivered = new HashSet<>();

    /** Since the start, in the order in which they were delivered for the last time. */
    private final Set<Long> inOrder = new LinkedHashSet<>();

    /** Of a key and from a start to a stop each. */
    private final List<List<Long>> orders = new ArrayList<>();

    private final List<Hanging> hanging = new ArrayList<>();
    private final Queue<String> wrong = new ConcurrentLinkedQueue<>();
    private final Set<Long> settled = ConcurrentHashMap.newKeySet();
    private final Set<Long> settledForGood = ConcurrentHashMap.newKeySet();
    private volatile boolean hangs;

    @Override
    public Runnable whenSettled(LogRecord record) {
      long sequence = Parking.sequence(record);
      return () -> settled.add(sequence);
    }

    @Override
    public synchronized void receive(
        LogRecord record, boolean again, Delivery.Settlement settlement) {
      long sequence = Parking.sequence(record);
      String key = record.headers().text("key");
      boolean isReplayed = !record.headers().text(SpoolConstants.REPLAYED).isEmpty();
      String body = new String(record.bodyOrNull(), StandardCharsets.UTF_8).strip();
      Content content = new Content(Integer.parseInt(body), key, isReplayed ? 1 : 0);
      if (!content.equals(received.computeIfAbsent(sequence, first -> content))) {
        wrong.add(sequence + " is another one now: " + content);
      }
      if (settled.contains(sequence) || settledForGood.contains(sequence)) {
        wrong.add(sequence + " comes again, though it was settled for good");
      }
      if (failing.contains(key)) {
        settlement.failed(failure());
      } else if (hangs || hanging.stream().anyMatch(it -> it.key().equals(key))) {
        hanging.add(new Hanging(sequence, key, settlement));
      } else {
        delivered(sequence, settlement);
      }
    }

    private void delivered(long sequence, Delivery.Settlement settlement) {
      delivered.add(sequence);
      inOrder.remove(sequence);
      inOrder.add(sequence);
      settlement.delivered();
    }

    @Override
    public void deadLetter(LogRecord record, String reason) {
      wrong.add(Parking.sequence(record) + " is given up");
    }

    synchronized void settleWhatHangs() {
      hanging.forEach(it -> delivered(it.sequence(), it.settlement()));
      hanging.clear();
    }

    /**
     * What the process did not let go of may come again; without what followed it, as that may be
     * dropped or lost by then.
     */
    synchronized void stopped(long acknowledged) {
      orders.addAll(
          inOrder.stream().collect(Collectors.groupingBy(it -> received.get(it).key())).values());
      inOrder.clear();
      hanging.clear();
      settled.stream().filter(it -> it <= acknowledged).forEach(settledForGood::add);
      settled.clear();
    }
  }

  static LongStream seeds() {
    int seeds = Integer.getInteger("spool.seeds", 9);
    long only = Long.getLong("spool.seed", 0);
    // Several times, as what the threads do does not depend on it
    return only > 0
        ? LongStream.generate(() -> only).limit(seeds)
        : LongStream.rangeClosed(1, seeds);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void whatIsNotHandedOutIsTold(long seed) throws Exception {
    Random random = new Random(seed);
    boolean drops = seed % 3 != 1;
    boolean damages = seed % 3 != 2;
    boolean fails = drops && damages;
    options.setDirectory(directory.toString());
    options.setKeyHeader("key");
    options.setCommitInterval(Duration.ofMillis(4));
    options.setLinger(Duration.ZERO);
    options.setInFlight(10);
    options.setMaxBytes(drops ? 200_000 : 4_000_000);
    options.setMemoryBytes(40_000);
    options.setWhenFull(WhenFull.DROP_OLDEST);
    options.setMaxAge(Duration.ofMinutes(drops ? random.nextInt(3) * 30L : 0));
    options.setKeepAcknowledged(Duration.ofMinutes(random.nextInt(3) * 30L));
    options.setRedeliveryDelay(Duration.ofMillis(2));
    options.setMaximumRedeliveryDelay(Duration.ofMillis(10));
    options.setParkAfter(Duration.ofMillis(20));
    start();
    try {
      for (int step = 0; step < STEPS; step++) {
        switch (random.nextInt(12)) {
          case 0 -> wall.pass(Duration.ofSeconds(random.nextInt(1200) - 300));
          case 1 -> nanosAhead.addAndGet(random.nextLong(Duration.ofSeconds(3).toNanos()));
          case 2 -> running.delivery.pause();
          case 3, 4 -> running.delivery.resume();
          case 5 -> replaySome(random);
          case 6 -> {
            if (fails) {
              failing.add(key(random));
            }
          }
          case 7 -> failing.remove(key(random));
          case 8 -> {
            outcome.hangs = fails && random.nextInt(3) == 0;
            outcome.settleWhatHangs();
          }
          case 9 -> diskIsFull = fails && random.nextInt(3) == 0;
          case 10 -> {
            if (random.nextInt(4) == 0) {
              stop();
              if (damages && random.nextBoolean()) {
                damage(random);
              }
              start();
            }
          }
          default -> append(random, random.nextInt(60));
        }
      }
      diskIsFull = false;
      outcome.hangs = false;
      failing.clear();
      running.delivery.resume();
      await()
          .atMost(Duration.ofMinutes(1))
          .until(
              () -> {
                outcome.settleWhatHangs();
                SpoolStatus status = running.spool.status();
                return status.records() == 0 && status.parkedRecords() == 0;
              });
    } finally {
      stop();
    }
    // Damage that was found within the last second is told only after a start
    start();
    stop();

    assertThat(outcome.wrong).isEmpty();
    // One that is lost in the spool and was parked comes before what the spool hands out again
    Set<Long> damaged =
        holes().flatMapToLong(RandomLossTest::sequences).boxed().collect(Collectors.toSet());
    outcome.orders.forEach(
        it -> assertRising(it.stream().filter(one -> !damaged.contains(one)).toList()));
    onlyWhatWasAppendedIsHandedOut();
    Set<Long> missing = new HashSet<>(model.keySet());
    missing.removeAll(outcome.delivered);
    if (!damages) {
      assertThat(dropped()).isEqualTo(missing.size());
    } else if (!drops) {
      assertThat(damaged).containsAll(missing);
    } else {
      // More where one was delivered and came again, or was parked and in hand when it was lost
      long lost = holes().flatMapToLong(RandomLossTest::sequences).count();
      assertThat(dropped() + lost).isGreaterThanOrEqualTo(missing.size());
    }
  }

  private void onlyWhatWasAppendedIsHandedOut() {
    assertThat(model.keySet()).containsAll(outcome.received.keySet());
    Map<Integer, Integer> lastOfReplay = new HashMap<>();
    model.forEach(
        (sequence, appended) -> {
          Content content = outcome.received.get(sequence);
          if (content != null && appended.replay() == 0) {
            assertThat(content).isEqualTo(appended);
          } else if (content != null) {
            assertThat(content.replay()).isEqualTo(1);
            Integer before = lastOfReplay.put(appended.replay(), content.number());
            assertThat(content.number())
                .as("in replay %d", appended.replay())
                .isBetween(before == null ? 0 : before + 1, number - 1);
          }
        });
  }

  private static void assertRising(List<Long> sequences) {
    for (int i = 1; i < sequences.size(); i++) {
      assertThat(sequences.get(i)).isGreaterThan(sequences.get(i - 1));
    }
  }

  private long dropped() {
    return events.stream()
        .filter(Dropped.class::isInstance)
        .mapToLong(it -> ((Dropped) it).records())
        .sum();
  }

  /** Each once: it is told again after a restart. */
  private Stream<Hole> holes() {
    return events.stream()
        .filter(Damaged.class::isInstance)
        .flatMap(it -> ((Damaged) it).holes().stream())
        .distinct();
  }

  private static LongStream sequences(Hole hole) {
    return LongStream.rangeClosed(hole.from(), hole.to());
  }

  private void append(Random random, int count) throws InterruptedException {
    for (int i = 0; i < count; i++) {
      String key = key(random);
      int length = 100 + random.nextInt(900);
      running.spool.append(
          ("%" + length + "d").formatted(number).getBytes(StandardCharsets.UTF_8),
          RecordHeaders.of(Map.of("key", key), name -> {}));
      model.put(running.spool.lastAppended(), new Content(number, key, 0));
      number++;
    }
  }

  private void replaySome(Random random) throws IOException {
    if (replay == null || replay.progress().state().isOver()) {
      replays++;
      replay = new Replay(running.spool, wall.instant().minusSeconds(random.nextInt(3600)), 1000);
    }
    long before = running.spool.lastAppended();
    replay.step();
    for (long it = before + 1; it <= running.spool.lastAppended(); it++) {
      model.put(it, new Content(0, "", replays));
    }
  }

  private void damage(Random random) throws IOException {
    List<Path> files = new ArrayList<>();
    for (String folder : List.of("events", "events.parked")) {
      if (Files.isDirectory(directory.resolve(folder))) {
        try (Stream<Path> all = Files.list(directory.resolve(folder))) {
          all.filter(it -> it.toString().endsWith(".log")).sorted().forEach(files::add);
        }
      }
    }
    if (files.isEmpty()) {
      return;
    }
    Path path = files.get(random.nextInt(files.size()));
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      long at = random.nextLong(file.length() + 1);
      switch (random.nextInt(3)) {
        case 0 -> file.setLength(at);
        case 1 -> {
          byte[] rubbish = new byte[random.nextInt(2000)];
          random.nextBytes(rubbish);
          file.seek(at);
          file.write(rubbish);
        }
        default -> {
          file.seek(Math.max(0, at - 1));
          int value = Math.max(0, file.read());
          file.seek(Math.max(0, at - 1));
          file.write(value ^ 1 << random.nextInt(8));
        }
      }
    }
  }

  private static String key(Random random) {
    return "key" + random.nextInt(KEYS);
  }

  private static Failure failure() {
    return new Failure(Kind.LATER, "LATER", "it is so", new IOException("it is so"));
  }

  private void start() throws IOException {
    running =
        new RunningSpool(
            options,
            new Spool.Time(wall, () -> System.nanoTime() + nanosAhead.get()),
            events::add,
            () -> diskIsFull,
            outcome);
  }

  private void stop() throws Exception {
    diskIsFull = false;
    replay = null;
    running.endDelivery(Duration.ofMillis(50));
    running.close();
    outcome.stopped(running.spool.acknowledged());
  }
}
