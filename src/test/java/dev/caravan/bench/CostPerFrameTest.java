package dev.caravan.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.caravan.frame.CopyPairing;
import dev.caravan.frame.EnvelopeReader;
import dev.caravan.frame.EventIds;
import dev.caravan.frame.Frame;
import dev.caravan.spool.log.LogRecord;
import dev.caravan.spool.log.RecordHeaders;
import dev.caravan.spool.log.SegmentedLog;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.apache.camel.spi.CamelEvent;
import org.apache.camel.support.EventNotifierSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a frame of 3.6 KB costs, as far as no stopwatch is needed to tell: bytes allocated,
 * exchanges made, threads woken. Who makes the road cheaper lowers the bounds.
 */
@Timeout(300)
@Tag("slow")
class CostPerFrameTest {

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int FRAMES = 400;
  private static final int ROUNDS = 10;

  /** So long that nothing is written to the disk while it is counted what a frame costs. */
  private static final Duration NEVER = Duration.ofMinutes(10);

  private static final int AT_A_TIME = 5;
  private static final long SECOND_NANOS = 1_000_000_000;

  /** Longer than any thread lingers for more to come. */
  private static final long QUIET_NANOS = 12_000_000;

  /**
   * The spool's consumer lingers, and waits for the event; Kafka's client waits for it, and
   * lingers; and what goes on with the route when it is acknowledged waits for that.
   */
  private static final double MOST_WAITS = 5.3;

  private static final List<byte[]> BODIES =
      LongStream.range(0, FRAMES).mapToObj(new LoadFrames(3_600)::frame).toList();

  private static final Logger LOG = Logger.getLogger("");

  @TempDir private Path folder;
  private final EnvelopeReader reader = new EnvelopeReader();
  private final Level before = LOG.getLevel();

  /** As the bridge is shipped: before anything has set it, each step would write lines for it. */
  @BeforeEach
  void logAsShipped() {
    LOG.setLevel(Level.INFO);
  }

  @AfterEach
  void logAsBefore() {
    LOG.setLevel(before);
  }

  // ---- memory

  @Test
  void readingAFrameAndPairingItOffAllocatesLittle() throws IOException {
    EventIds ids = new EventIds(new Random(1));
    CopyPairing pairing = new CopyPairing();
    pairing.join(1);
    pairing.join(2);
    Work round =
        () -> {
          for (byte[] body : BODIES) {
            Frame.Notification event = (Frame.Notification) reader.read(body);
            assertThatNoCopy(pairing.firstSight(1, event.id(), 0));
            assertThatNoCopy(!pairing.firstSight(2, event.id(), 0));
            ids.next();
          }
        };

    assertThat(allocatedHere(round)).isBetween(1.0, 3_000.0);
  }

  private static void assertThatNoCopy(boolean right) {
    if (!right) {
      throw new AssertionError("It was paired off wrongly");
    }
  }

  @Test
  void aRecordIsAppendedToTheLogWithoutACopy() throws IOException {
    RecordHeaders headers =
        RecordHeaders.of(
            Map.of("CamelGenesysKey", "dc119522-79c5-4729-a131-000000000001", "ce_id", "1"),
            name -> {});
    try (SegmentedLog log =
        SegmentedLog.open(
            new SegmentedLog.Options(folder, "events", 64 << 20, false, Clock.systemUTC()), 0, 0)) {
      double append =
          allocatedHere(
              () -> {
                List<LogRecord> records = new ArrayList<>();
                for (byte[] body : BODIES) {
                  records.add(new LogRecord(log.last() + 1 + records.size(), 1, body, headers));
                }
                log.append(records);
              });
      double read =
          allocatedHere(
              () -> {
                long next = 1;
                for (int left = FRAMES; left > 0; ) {
                  List<LogRecord> records = log.read(next, 512 * 1024);
                  next += records.size();
                  left -= records.size();
                }
              });

      assertThat(append).isBetween(1.0, 70.0);
      // The body is 3.6 KB of it
      assertThat(read).isBetween(3_600.0, 7_800.0);
    }
  }

  @Test
  void carryingAnEventThroughTheShippedRoutesAllocatesLittle() throws Exception {
    try (ShippedRoad road = road(UnaryOperator.identity())) {
      for (int i = 0; i < ROUNDS; i++) {
        carryAll(road);
      }
      long[] others = otherThreads();
      long[] before = THREADS.getThreadAllocatedBytes(others);
      long all = 0;
      for (int i = 0; i < ROUNDS; i++) {
        all += carryAll(road);
      }
      long[] after = THREADS.getThreadAllocatedBytes(others);
      for (int i = 0; i < others.length; i++) {
        // One that has ended meanwhile has -1, and was of no use to the road
        all += before[i] < 0 || after[i] < 0 ? 0 : after[i] - before[i];
      }

      assertThat((double) all / ROUNDS / FRAMES).isBetween(1.0, 9_300.0);
    }
  }

  /** What this thread allocated for it, without its waiting. */
  private long carryAll(ShippedRoad road) {
    List<Frame.Notification> events =
        BODIES.stream().map(body -> (Frame.Notification) reader.read(body)).toList();
    long before = THREADS.getThreadAllocatedBytes(Thread.currentThread().getId());
    for (int i = 0; i < FRAMES; i++) {
      road.carry(events.get(i), BODIES.get(i));
    }
    long allocated = THREADS.getThreadAllocatedBytes(Thread.currentThread().getId()) - before;
    road.awaitAll();
    return allocated;
  }

  private interface Work {
    void run() throws IOException;
  }

  /** Bytes for each of the frames that the work goes through, once it has gone through some. */
  private static double allocatedHere(Work round) throws IOException {
    for (int i = 0; i < ROUNDS; i++) {
      round.run();
    }
    long before = THREADS.getThreadAllocatedBytes(Thread.currentThread().getId());
    for (int i = 0; i < ROUNDS; i++) {
      round.run();
    }
    long bytes = THREADS.getThreadAllocatedBytes(Thread.currentThread().getId()) - before;
    return (double) bytes / ROUNDS / FRAMES;
  }

  // ---- exchanges

  @Test
  void anEventIsCarriedByTwoExchanges() throws Exception {
    assertThat(exchangesPerEvent(UnaryOperator.identity())).isBetween(1.0, 2.0);
  }

  @Test
  void oneMoreExchangeIsNoticed() throws Exception {
    assertThat(
            exchangesPerEvent(
                before("- to:\n            id: to-kafka", "wireTap: {uri: mock:copies}")))
        .isGreaterThan(2);
  }

  private double exchangesPerEvent(UnaryOperator<String> edit) throws Exception {
    AtomicInteger exchanges = new AtomicInteger();
    try (ShippedRoad road = road(edit)) {
      road.context()
          .getManagementStrategy()
          .addEventNotifier(
              new EventNotifierSupport() {
                @Override
                public void notify(CamelEvent event) {
                  if (event instanceof CamelEvent.ExchangeCreatedEvent) {
                    exchanges.incrementAndGet();
                  }
                }
              });
      carryAll(road);
    }
    return (double) exchanges.get() / FRAMES;
  }

  // ---- hand-overs

  @Test
  void anEventHasThreadsWaitFiveTimes() throws Exception {
    assertThat(waitsPerEvent(UnaryOperator.identity())).isBetween(1.0, MOST_WAITS);
  }

  @Test
  void oneMoreHandOverIsNoticed() throws Exception {
    assertThat(
            waitsPerEvent(
                before(
                    "- to:\n            id: to-kafka", "threads: {poolSize: 1, maxPoolSize: 1}")))
        .isGreaterThan(MOST_WAITS);
  }

  /**
   * How often threads wait for something for each event, if one comes when all before it are done
   * with: once for each thread that it wakes. What waits for time to pass does so without events,
   * too, and does not count.
   */
  private double waitsPerEvent(UnaryOperator<String> edit) throws Exception {
    try (ShippedRoad road = road(edit)) {
      carryAll(road);
      double idle = waits(() -> LockSupport.parkNanos(SECOND_NANOS), 0);
      double[] waits = new double[5];
      for (int i = 0; i < waits.length; i++) {
        waits[i] = waits(() -> carryOneByOne(road), idle) / AT_A_TIME;
      }
      Arrays.sort(waits);
      return waits[waits.length / 2];
    }
  }

  private void carryOneByOne(ShippedRoad road) {
    for (int i = 0; i < AT_A_TIME; i++) {
      road.carry((Frame.Notification) reader.read(BODIES.get(i)), BODIES.get(i));
      road.awaitAll();
      waitsWhenQuiet();
    }
  }

  /** So often threads wait meanwhile, less what they do by themselves in this time. */
  private double waits(Runnable work, double idlePerSecond) {
    Map<Long, Long> before = waitsWhenQuiet();
    long start = System.nanoTime();
    work.run();
    Map<Long, Long> after = waitsWhenQuiet();
    double waits = 0;
    for (Map.Entry<Long, Long> thread : after.entrySet()) {
      waits += thread.getValue() - before.getOrDefault(thread.getKey(), 0L);
    }
    return waits - idlePerSecond * (System.nanoTime() - start) / SECOND_NANOS;
  }

  /** So often threads have waited by the time at which none of them moves. */
  private Map<Long, Long> waitsWhenQuiet() {
    Map<Long, Long> before = Map.of();
    Map<Long, Long> now = waits();
    while (!now.equals(before)) {
      LockSupport.parkNanos(QUIET_NANOS);
      before = now;
      now = waits();
    }
    return now;
  }

  private Map<Long, Long> waits() {
    return Arrays.stream(THREADS.getThreadInfo(otherThreads()))
        .filter(Objects::nonNull)
        .collect(Collectors.toMap(ThreadInfo::getThreadId, ThreadInfo::getWaitedCount));
  }

  /** All but this one: a pool that others left behind may carry events, too. */
  private static long[] otherThreads() {
    long own = Thread.currentThread().getId();
    return LongStream.of(THREADS.getAllThreadIds()).filter(id -> id != own).toArray();
  }

  // ---- the road

  private ShippedRoad road(UnaryOperator<String> edit) throws Exception {
    return new ShippedRoad(folder, NEVER, Duration.ofMillis(2), edit);
  }

  /** One more step in front of this one, in the files that have it. */
  private static UnaryOperator<String> before(String step, String another) {
    return text -> {
      int at = text.indexOf(step);
      if (at < 0) {
        return text;
      }
      String indent = text.substring(text.lastIndexOf('\n', at) + 1, at);
      return text.substring(0, at) + "- " + another + "\n" + indent + text.substring(at);
    };
  }
}
