package dev.caravan.spool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.caravan.spool.Failure.Kind;
import dev.caravan.spool.SpoolConfiguration.WhenFull;
import dev.caravan.spool.log.LogRecord;
import dev.caravan.spool.log.RecordHeaders;
import dev.caravan.spool.log.SegmentedLog;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What cannot be delivered holds up its own key, and nothing else. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
@Tag("slow")
class StuckRecordsTest {

  private static final String KEY = "key";

  @TempDir Path directory;

  private final SpoolConfiguration options = new SpoolConfiguration();
  private final Sink sink = new Sink();
  private ScheduledExecutorService executor;
  private Spool spool;
  private Delivery delivery;
  private Thread thread;
  private volatile boolean diskIsFull;
  private volatile LongSupplier nanos = System::nanoTime;

  /** What receives: keys are stuck, as if a partition had no leader, or each record is poison. */
  private static final class Sink implements Delivery.Receiver {
    private final List<String> delivered = Collections.synchronizedList(new ArrayList<>());
    private final List<String> letters = Collections.synchronizedList(new ArrayList<>());
    private final Map<String, AtomicLong> attempts = new ConcurrentHashMap<>();
    private final Set<String> hanging = ConcurrentHashMap.newKeySet();
    private final Queue<Delivery.Settlement> unsettled = new ConcurrentLinkedQueue<>();
    private volatile Function<String, Failure> failure = text -> null;
    private volatile boolean lettersFail;
    private volatile Wait beforeLetter = () -> {};

    private volatile boolean isLikeAPartition = true;

    interface Wait {
      void await() throws InterruptedException;
    }

    /** Nothing of a key is delivered behind what failed of it, as in a partition. */
    private final Map<String, String> firstFailed = new ConcurrentHashMap<>();

    /** Delivers what hangs before anything that is handed out later, as a producer does. */
    synchronized void release() {
      hanging.clear();
      for (var next = unsettled.poll(); next != null; next = unsettled.poll()) {
        next.delivered();
      }
    }

    @Override
    public synchronized void receive(
        LogRecord record, boolean again, Delivery.Settlement settlement) {
      String text = text(record);
      attempts.computeIfAbsent(text, it -> new AtomicLong()).incrementAndGet();
      if (hanging.contains(record.headers().text(KEY))) {
        unsettled.add(
            why -> {
              if (why.isEmpty()) {
                delivered.add(text);
              }
              settlement.settled(why);
            });
        return;
      }
      Failure why = failure.apply(text);
      String key = record.headers().text(KEY);
      if (why != null) {
        firstFailed.putIfAbsent(key, text);
      } else if (isLikeAPartition && !firstFailed.getOrDefault(key, text).equals(text)) {
        why = later(key);
      } else {
        firstFailed.remove(key);
      }
      if (why == null) {
        delivered.add(text);
        settlement.delivered();
      } else {
        settlement.failed(why);
      }
    }

    @Override
    public void deadLetter(LogRecord record, String reason) throws Exception {
      beforeLetter.await();
      if (lettersFail) {
        throw new IOException("no");
      }
      letters.add(text(record) + ": " + reason);
    }

    long attemptsAt(String text) {
      return attempts.getOrDefault(text, new AtomicLong()).get();
    }

    List<String> deliveredOf(String key) {
      synchronized (delivered) {
        return delivered.stream().filter(it -> it.startsWith(key + " ")).toList();
      }
    }
  }

  @BeforeEach
  void open() throws IOException {
    options.setDirectory(directory.toString());
    options.setKeyHeader(KEY);
    options.setCommitInterval(Duration.ofMillis(10));
    options.setLinger(Duration.ZERO);
    options.setInFlight(100);
    options.setRedeliveryDelay(Duration.ofMillis(5));
    options.setMaximumRedeliveryDelay(Duration.ofMillis(20));
    options.setParkAfter(Duration.ofMillis(300));
    options.setWhenFull(WhenFull.BLOCK);
    start();
  }

  private void start() throws IOException {
    sink.firstFailed.clear();
    executor = Executors.newSingleThreadScheduledExecutor();
    spool =
        Spool.open(
            "events",
            options,
            new Spool.Time(Clock.systemUTC(), nanos),
            executor,
            event -> {},
            log -> records -> write(log, records));
    attach();
    thread.start();
  }

  private void attach() throws IOException {
    delivery = new Delivery(spool, options, sink);
    spool.attach(delivery, options);
    thread = new Thread(delivery, "delivery");
  }

  private void write(SegmentedLog log, List<LogRecord> records) throws IOException {
    if (diskIsFull) {
      throw new IOException("No space left on device.");
    }
    log.append(records);
  }

  @AfterEach
  void stop() throws Exception {
    delivery.stop(Duration.ofMillis(100));
    thread.join();
    spool.detach(delivery);
    spool.close();
    executor.shutdown();
  }

  @Test
  void whatFailsForNowHoldsUpItsOwnKeyOnlyAndFollowsInOrder() throws Exception {
    sink.failure = text -> text.startsWith("stuck ") ? later("topic, partition 2") : null;
    for (int i = 0; i < 3000; i++) {
      append(i % 10 == 0 ? "stuck" : "key" + i % 7, i);
    }

    await().until(() -> sink.delivered.size() == 2700);
    await().untilAsserted(() -> assertThat(spool.status().records()).isZero());
    assertThat(spool.status().parked())
        .singleElement()
        .satisfies(
            parked -> {
              assertThat(parked.what()).isEqualTo("topic, partition 2");
              assertThat(parked.records()).isEqualTo(300);
              assertThat(parked.keys()).isEqualTo(1);
            });
    assertThat(spool.status().sentence())
        .contains("300 records of 1 keys are parked for topic, partition 2");

    sink.failure = text -> null;

    await().until(() -> sink.delivered.size() == 3000);
    assertThat(sink.delivered).doesNotHaveDuplicates();
    assertThat(sink.deliveredOf("stuck")).isEqualTo(numbered("stuck", 0, 3000, 10));
    await().untilAsserted(() -> assertThat(spool.status().parked()).isEmpty());
  }

  @Test
  void whatIsNotSettledMakesWayWhileOthersAreDelivered() throws Exception {
    sink.hanging.add("stuck");
    for (int i = 0; i < 400; i++) {
      append("stuck", i);
      append("key", i);
    }
    // More than may be in flight
    await()
        .until(
            () -> {
              append("more", 0);
              return sink.deliveredOf("key").size() == 400;
            });
    await().untilAsserted(() -> assertThat(spool.status().parked()).isNotEmpty());
    assertThat(sink.deliveredOf("key")).isEqualTo(numbered("key", 0, 400, 1));

    sink.release();

    await().until(() -> sink.deliveredOf("stuck").size() == 400);
    assertThat(sink.deliveredOf("stuck")).isEqualTo(numbered("stuck", 0, 400, 1));
  }

  @Test
  void whatWasInFlightWhenItWasParkedAndFailsIsTriedAgainInOrder() throws Exception {
    sink.hanging.add("stuck");
    for (int i = 0; i < 5; i++) {
      append("stuck", i);
    }
    await()
        .until(
            () -> {
              append("more", 0);
              return !spool.status().parked().isEmpty();
            });
    append("stuck", 5);
    sink.hanging.clear();
    List<Delivery.Settlement> five = List.copyOf(sink.unsettled);
    assertThat(five).hasSize(5);

    five.get(0).delivered();
    five.get(2).failed(later("p"));
    five.get(1).delivered();
    five.get(4).failed(later("p"));
    five.get(3).failed(later("p"));

    await().until(() -> sink.deliveredOf("stuck").size() == 6);
    assertThat(sink.deliveredOf("stuck")).isEqualTo(numbered("stuck", 0, 6, 1));
  }

  @Test
  void othersArriveThoughAllThatIsInFlightIsStuck() throws Exception {
    sink.hanging.add("stuck");
    for (int i = 0; i < 500; i++) {
      append("stuck", i);
    }
    append("key", 0);

    await().atMost(Duration.ofMinutes(1)).until(() -> sink.deliveredOf("key").size() == 1);
    sink.release();
    await().until(() -> sink.deliveredOf("stuck").size() == 500);
    assertThat(sink.deliveredOf("stuck")).isEqualTo(numbered("stuck", 0, 500, 1));
  }

  @Test
  void nothingIsParkedWhileNothingAtAllCanBeDelivered() throws Exception {
    sink.failure = text -> later("all of it");
    for (int i = 0; i < 1000; i++) {
      append("key" + i % 20, i);
    }
    await().until(() -> sink.attemptsAt("key0 0") > 3);
    assertThat(spool.status().parked()).isEmpty();
    assertThat(spool.status().taking().failure()).isPresent();

    sink.failure = text -> null;

    await().until(() -> sink.delivered.size() == 1000);
    assertThat(sink.delivered).doesNotHaveDuplicates();
    for (int key = 0; key < 20; key++) {
      assertThat(sink.deliveredOf("key" + key)).isEqualTo(numbered("key" + key, key, 1000, 20));
    }
    await().untilAsserted(() -> assertThat(spool.status().taking().failure()).isEmpty());
  }

  @Test
  void whatWaitsAsNothingIsDeliveredIsTriedAgainWithTheNextThatIsDelivered() throws Exception {
    stop();
    AtomicLong millis = new AtomicLong();
    nanos = () -> TimeUnit.MILLISECONDS.toNanos(millis.get());
    options.setRedeliveryDelay(Duration.ofMinutes(1));
    options.setMaximumRedeliveryDelay(Duration.ofMinutes(1));
    options.setParkAfter(Duration.ofMinutes(1));
    start();
    append("key", 0);
    await().until(() -> sink.deliveredOf("key").size() == 1);
    // It looks at 900 ms, and not again before 1,150 ms
    millis.set(900);
    sink.hanging.add("hangs");
    append("hangs", 0);
    await().until(() -> sink.unsettled.size() == 1);
    append("hangs", 1);
    await().until(() -> sink.unsettled.size() == 2);

    millis.set(1_050);
    sink.failure = text -> text.startsWith("stuck") ? later("p") : null;
    append("stuck", 0);
    await().until(() -> spool.status().taking().failure().isPresent());
    sink.failure = text -> null;
    millis.set(1_100);
    append("key", 1);
    await().until(() -> sink.deliveredOf("key").size() == 2);
    millis.set(1_200);

    await().until(() -> sink.deliveredOf("stuck").size() == 1);
    assertThat(sink.attempts.get("stuck 0")).hasValue(2);
    sink.release();
  }

  @Test
  void whatIsParkedOutlivesARestartAndIsNeitherLostNorRepeated() throws Exception {
    sink.failure = text -> text.startsWith("stuck") ? later("p") : null;
    for (int i = 0; i < 600; i++) {
      append((i % 3 == 0 ? "stuck" : "key") + i % 4, i);
    }
    await().until(() -> sink.delivered.size() == 400);
    await().untilAsserted(() -> assertThat(spool.status().records()).isZero());

    stop();
    start();
    for (int i = 600; i < 660; i++) {
      append((i % 3 == 0 ? "stuck" : "key") + i % 4, i);
    }
    await().until(() -> sink.delivered.size() == 440);
    sink.failure = text -> null;

    await().until(() -> sink.delivered.size() == 660);
    assertThat(sink.delivered).doesNotHaveDuplicates();
    for (int key = 0; key < 4; key++) {
      String stuck = "stuck" + key;
      assertThat(sink.deliveredOf(stuck))
          .isSortedAccordingTo(
              (one, other) ->
                  Integer.compare(
                      Integer.parseInt(one.substring(stuck.length() + 1)),
                      Integer.parseInt(other.substring(stuck.length() + 1))));
    }
  }

  @Test
  void whatFollowsOneThatFailsAtOnceIsNotHandedOutBehindIt() throws Exception {
    sink.isLikeAPartition = false;
    sink.failure =
        text -> text.equals("key 0") && sink.attempts.get(text).get() < 4 ? later("p") : null;
    for (int i = 0; i < 50; i++) {
      append("key", i);
    }

    await().until(() -> sink.deliveredOf("key").contains("key 49"));
    assertThat(sink.deliveredOf("key")).isEqualTo(numbered("key", 0, 50, 1));
  }

  @Test
  void whatFollowsAParkedOneThatFailsAtOnceIsNotHandedOutBehindIt() throws Exception {
    sink.failure = text -> text.startsWith("key ") ? unknown() : null;
    for (int i = 0; i < 50; i++) {
      append("key", i);
    }
    await().until(() -> spool.status().parkedRecords() == 50 && spool.status().records() == 0);

    stop();
    sink.isLikeAPartition = false;
    sink.attempts.clear();
    sink.failure =
        text -> text.equals("key 0") && sink.attempts.get(text).get() < 2 ? later("p") : null;
    start();

    await().until(() -> sink.deliveredOf("key").contains("key 49"));
    assertThat(sink.deliveredOf("key")).isEqualTo(numbered("key", 0, 50, 1));
  }

  @Test
  void whatIsRepeatedAfterARestartComesBeforeWhatWasParkedOfItsKey() throws Exception {
    stop();
    options.setParkAfter(Duration.ofMinutes(10));
    start();
    parkBehindOneThatHangs();

    stop();
    sink.delivered.clear();
    sink.hanging.clear();
    sink.failure = text -> null;
    start();

    await().until(() -> sink.deliveredOf("key").contains("key 2"));
    await().untilAsserted(() -> assertThat(spool.status().records()).isZero());
    assertThat(sink.deliveredOf("key")).isEqualTo(numbered("key", 0, 3, 1));
  }

  @Test
  void whatWasParkedBeforeItWasCommittedIsLostNoMoreThanWhatFollowsAfterTheProcessWasKilled(
      @TempDir Path killed) throws Exception {
    stop();
    options.setParkAfter(Duration.ofMinutes(10));
    options.setCommitInterval(Duration.ofMinutes(1));
    start();
    parkBehindOneThatHangs();
    copy(directory, killed);
    stop();

    options.setDirectory(killed.toString());
    sink.delivered.clear();
    sink.hanging.clear();
    sink.failure = text -> null;
    start();
    for (int i = 3; i < 10; i++) {
      append("key", i);
    }

    await().until(() -> sink.deliveredOf("key").contains("key 9"));
    assertThat(sink.deliveredOf("key")).isEqualTo(numbered("key", 1, 10, 1));
  }

  @Test
  void whatWasDeliveredBehindAFailureIsRepeatedThoughTheFullSpoolHasDroppedIt() throws Exception {
    stop();
    options.setWhenFull(WhenFull.DROP_OLDEST);
    options.setMaxBytes(1_000_000);
    options.setMemoryBytes(100_000);
    options.setParkAfter(Duration.ofMinutes(10));
    start();
    List<Delivery.Settlement> three = threeOfAKeyInFlight();
    three.get(1).delivered();
    three.get(0).failed(later("p"));
    String filler = "x".repeat(1000);
    for (int i = 0; i < 3000; i++) {
      append("other" + filler, i);
    }
    await().until(() -> spool.find(2).isEmpty());
    sink.hanging.clear();
    three.get(2).delivered();
    append("key", 3);

    await().until(() -> sink.deliveredOf("key").contains("key 3"));
    assertThat(sink.deliveredOf("key"))
        .containsExactly("key 1", "key 2", "key 0", "key 1", "key 2", "key 3");
  }

  @Test
  void oneThatHangsIsParkedAndTakesNoPlaceOfWhatIsParkedOfOthers() throws Exception {
    sink.isLikeAPartition = false;
    sink.hanging.add("slow");
    append("slow", 0);
    await().until(() -> sink.unsettled.size() == 1);
    sink.hanging.clear();
    // More than may be in flight are delivered behind it
    for (int i = 1; i < 300; i++) {
      append("slow", i);
    }
    sink.failure = text -> text.startsWith("other") ? later("p") : null;
    for (int i = 0; i < 30; i++) {
      append("other", i);
    }
    await()
        .until(
            () -> {
              append("more", 0);
              return spool.status().parked().size() == 2;
            });

    sink.failure = text -> null;

    await().until(() -> sink.deliveredOf("other").size() == 30);
    assertThat(sink.deliveredOf("other")).isEqualTo(numbered("other", 0, 30, 1));
    assertThat(sink.unsettled).hasSize(1);
    sink.release();
    await().untilAsserted(() -> assertThat(spool.status().parked()).isEmpty());
  }

  @Test
  void aKeyOfWhichOneHangsAndAnotherFailsIsParkedToo() throws Exception {
    sink.isLikeAPartition = false;
    sink.hanging.add("key");
    append("key", 0);
    await().until(() -> sink.unsettled.size() == 1);
    sink.hanging.clear();
    sink.failure = text -> text.equals("key 1") ? later("p") : null;
    append("key", 1);
    await().until(() -> sink.attempts.containsKey("key 1"));
    for (int i = 2; i < 200; i++) {
      append("key", i);
    }

    // What waits behind the two is more than may be in flight
    await()
        .until(
            () -> {
              append("other", 0);
              return !sink.deliveredOf("other").isEmpty() && !spool.status().parked().isEmpty();
            });
    sink.failure = text -> null;
    sink.release();

    await().until(() -> sink.deliveredOf("key").size() == 200);
    assertThat(sink.deliveredOf("key")).isEqualTo(numbered("key", 0, 200, 1));
  }

  @Test
  void whatIsDeliveredBehindOneThatHangsFillsNoMemory() throws Exception {
    stop();
    options.setMemoryBytes(100_000);
    options.setParkAfter(Duration.ofMinutes(10));
    start();
    deliverMuchBehindOneThatHangs();
    append("other", 0);

    await().until(() -> sink.deliveredOf("other").size() == 1);
    sink.unsettled.remove().failed(later("p"));
    await().until(() -> inOrderSince("key 0").endsWith("key 299"));
    assertThat(inOrderSince("key 0")).isEqualTo(String.join(", ", numbered("key", 0, 300, 1)));
  }

  private String inOrderSince(String first) {
    List<String> delivered = sink.deliveredOf("key");
    int from = delivered.indexOf(first);
    return from < 0 ? "" : String.join(", ", delivered.subList(from, delivered.size()));
  }

  @Test
  void withoutKeysNoMoreIsDeliveredBehindOneThatHangsThanMemoryHoldsAndAllIsRepeated()
      throws Exception {
    stop();
    options.setKeyHeader("");
    options.setMemoryBytes(100_000);
    start();
    deliverMuchBehindOneThatHangs();
    await().until(() -> sink.deliveredOf("key").size() > 80);
    assertThat(sink.deliveredOf("key")).hasSizeLessThan(120);
    append("other", 0);

    sink.unsettled.remove().failed(later("p"));

    await().until(() -> sink.deliveredOf("other").size() == 1);
    assertThat(inOrderSince("key 0")).isEqualTo(String.join(", ", numbered("key", 0, 300, 1)));
    await().untilAsserted(() -> assertThat(spool.status().records()).isZero());
  }

  @Test
  void withoutKeysNoMoreThanAllowedIsDeliveredBehindOneThatHangs() throws Exception {
    stop();
    options.setKeyHeader("");
    options.setInFlight(10);
    start();
    sink.hanging.add("key");
    append("key", 0);
    await().until(() -> sink.unsettled.size() == 1);
    sink.hanging.clear();
    for (int i = 1; i < 30; i++) {
      append("key", i);
    }
    await().until(() -> sink.deliveredOf("key").size() == 9);

    sink.unsettled.remove().delivered();

    await().until(() -> sink.deliveredOf("key").size() == 30);
    assertThat(sink.deliveredOf("key").subList(0, 10)).endsWith("key 9", "key 0");
  }

  /** Three times what memory takes, and each record of it is delivered at once. */
  private void deliverMuchBehindOneThatHangs() throws InterruptedException {
    sink.hanging.add("key");
    append("key", 0);
    await().until(() -> sink.unsettled.size() == 1);
    sink.hanging.clear();
    RecordHeaders large = RecordHeaders.of(Map.of(KEY, "key", "pad", "x".repeat(1000)), name -> {});
    for (int i = 1; i < 300; i++) {
      spool.append(("key " + i).getBytes(StandardCharsets.UTF_8), large);
    }
  }

  @Test
  void whatWasDeliveredBehindAFailureIsRepeatedThoughTheDiskCannotBeRead() throws Exception {
    List<Delivery.Settlement> three = threeOfAKeyWhoseSecondCannotBeRead();
    sink.hanging.clear();
    three.get(2).failed(later("p"));
    three.get(0).failed(later("p"));
    for (int i = 0; i < 100; i++) {
      append("meanwhile", i);
    }
    await().until(() -> sink.deliveredOf("meanwhile").size() == 100);

    await().until(() -> sink.deliveredOf("key").contains("key 2"));
    assertThat(spool.status().trouble()).isEmpty();
    makeReadable();
    assertThat(sink.deliveredOf("key")).containsExactly("key 1", "key 0", "key 1", "key 2");
  }

  @Test
  void whatLiesBehindOneThatHangsAndCannotBeReadHoldsUpNothingElse() throws Exception {
    threeOfAKeyWhoseSecondCannotBeRead();
    options.setParkAfter(Duration.ofMillis(300));
    appendUntil(() -> sink.deliveredOf("flowing").size() > 10);

    appendUntil(() -> spool.status().parkedRecords() == 3);
    assertThat(spool.status().trouble()).isEmpty();
    makeReadable();
  }

  /** So many records of one key are parked, as others of another key are delivered. */
  private void parkOfKey(int records) throws Exception {
    sink.failure = text -> text.startsWith("key ") ? later("p") : null;
    append("more", 0);
    for (int i = 0; i < records; i++) {
      append("key", i);
    }
    await().until(() -> spool.status().parkedRecords() == records);
  }

  private void appendUntil(Callable<Boolean> reached) {
    AtomicLong more = new AtomicLong();
    await()
        .until(
            () -> {
              append("flowing", (int) more.getAndIncrement());
              return reached.call();
            });
  }

  @Test
  void parkedRecordsThatHangWhenTheyAreTriedAgainHoldUpNothingElse() throws Exception {
    parkOfKey(300);
    sink.failure =
        text -> {
          sink.hanging.add("key");
          return null;
        };
    await().until(() -> sink.unsettled.size() == 100);
    append("key", 300);
    for (int i = 1; i < 300; i++) {
      append("more", i);
    }

    await().until(() -> sink.deliveredOf("more").size() == 300);
    await()
        .until(
            () ->
                spool.status().parked().stream()
                    .anyMatch(it -> it.what().equals("what is not settled")));
    sink.failure = text -> null;
    sink.release();
    sink.firstFailed.clear();

    await().until(() -> sink.deliveredOf("key").contains("key 300"));
    assertThat(sink.deliveredOf("key")).isEqualTo(numbered("key", 0, 301, 1));
  }

  @Test
  void theSpoolLetsGoOfNothingBeforeWhatIsParkedOutlivesAPowerCut() throws Exception {
    parkOfKey(1);
    await().until(() -> SpoolGlance.at(directory).get(0).waiting() == 0);
    Path checkpoint = directory.resolve("events.checkpoint");
    Path parked = directory.resolve("events.parked/00000000000000000001.log");
    Files.move(parked, directory.resolve("aside"));
    Files.createDirectory(parked);
    append("key", 1);
    append("more", 1);

    await().until(() -> sink.deliveredOf("more").size() == 2);
    await().until(() -> spool.status().trouble().orElse("").contains("done with"));
    byte[] before = Files.readAllBytes(checkpoint);
    append("more", 2);
    await().until(() -> sink.deliveredOf("more").size() == 3);
    await()
        .during(Duration.ofMillis(200))
        .until(() -> Arrays.equals(Files.readAllBytes(checkpoint), before));
    Files.delete(parked);
    Files.move(directory.resolve("aside"), parked);

    await().until(() -> !Arrays.equals(Files.readAllBytes(checkpoint), before));
    await().until(() -> spool.status().trouble().isEmpty());
  }

  @Test
  void whatIsInFlightIsParkedThoughWhatWasDeliveredBehindItIsGone() throws Exception {
    stop();
    options.setWhenFull(WhenFull.DROP_OLDEST);
    options.setMaxBytes(1_000_000);
    options.setMemoryBytes(100_000);
    options.setParkAfter(Duration.ofMinutes(10));
    start();
    sink.hanging.add("key");
    append("key", 0);
    append("key", 1);
    await().until(() -> sink.unsettled.size() == 2);
    List<Delivery.Settlement> two = List.copyOf(sink.unsettled);
    two.get(1).delivered();
    String filler = "x".repeat(1000);
    for (int i = 0; i < 3000; i++) {
      append("other" + filler, i);
    }
    await().until(() -> spool.find(2).isEmpty());
    sink.hanging.add("another");
    append("another", 0);
    await().until(() -> sink.unsettled.size() == 3);
    options.setParkAfter(Duration.ofMillis(1));
    // By then it was seen what of all that hangs is to be parked
    appendUntil(() -> !spool.status().parked().isEmpty());

    sink.hanging.clear();
    two.get(0).failed(later("p"));
    append("key", 2);

    await().until(() -> sink.deliveredOf("key").contains("key 2"));
    assertThat(sink.deliveredOf("key")).containsExactly("key 1", "key 0", "key 1", "key 2");
  }

  @Test
  void whatCouldNotBeParkedOnceIsNotOvertakenByWhatFollowsOfItsKey() throws Exception {
    sink.failure = text -> text.startsWith("key ") ? unknown() : null;
    append("key", 0);
    await().until(() -> spool.status().parkedRecords() == 1);
    diskIsFull = true;
    append("key", 1);
    await().until(() -> spool.status().taking().failure().orElse("").contains("cannot be parked"));

    diskIsFull = false;
    append("key", 2);
    append("more", 0);
    await().until(() -> sink.deliveredOf("more").size() == 1);
    sink.failure = text -> null;

    await().until(() -> sink.deliveredOf("key").size() == 3);
    assertThat(sink.deliveredOf("key")).isEqualTo(numbered("key", 0, 3, 1));
  }

  @Test
  void whatSettlesAfterAnotherConsumerBeganLetsGoOfNothing() throws Exception {
    stop();
    options.setParkAfter(Duration.ofMinutes(10));
    start();
    parkBehindOneThatHangs();
    delivery.stop(Duration.ofMillis(100));
    thread.join();
    spool.detach(delivery);
    sink.failure = text -> null;
    sink.firstFailed.clear();

    attach();
    sink.release();
    thread.start();

    await().until(() -> sink.deliveredOf("key").contains("key 2"));
    assertThat(sink.deliveredOf("key")).endsWith("key 1", "key 2");
  }

  @Test
  void aStopWaitsForWhatIsParkedAndInFlightSoThatItIsNotRepeated() throws Exception {
    parkOfKey(1);
    sink.hanging.add("key");
    await().until(() -> !sink.unsettled.isEmpty());

    CompletableFuture<Boolean> stopped =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return delivery.stop(Duration.ofMinutes(1));
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    thread.join();
    sink.failure = text -> null;
    sink.release();
    assertThat(stopped.get(1, TimeUnit.MINUTES)).isTrue();
    spool.detach(delivery);
    sink.firstFailed.clear();
    attach();
    thread.start();
    append("key", 1);

    await().until(() -> sink.deliveredOf("key").contains("key 1"));
    assertThat(sink.deliveredOf("key")).containsExactly("key 0", "key 1");
  }

  @Test
  void aStopDoesNotWaitForWhatIsParkedAndWasNotHandedOutYet() throws Exception {
    parkOfKey(50);
    CountDownLatch second = new CountDownLatch(1);
    CountDownLatch goesOn = new CountDownLatch(1);
    sink.failure =
        text -> {
          if (text.equals("key 1")) {
            second.countDown();
            awaitQuietly(goesOn);
          }
          return null;
        };
    second.await();
    CompletableFuture<Boolean> stopped =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return delivery.stop(Duration.ofMinutes(1));
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    await().until(() -> isStopping());
    goesOn.countDown();

    assertThat(stopped.get(30, TimeUnit.SECONDS)).isTrue();
  }

  /** A stop has let go of the delivery and waits for it to end. */
  private boolean isStopping() {
    return Thread.getAllStackTraces().entrySet().stream()
        .filter(thread -> thread.getKey().getState() == Thread.State.TIMED_WAITING)
        .flatMap(thread -> Arrays.stream(thread.getValue()))
        .anyMatch(
            frame ->
                frame.getClassName().equals(Delivery.class.getName())
                    && frame.getMethodName().equals("stop"));
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void whatFailedIsNotHandedOutAgainWhileThereIsAPause() throws Exception {
    sink.failure = text -> later("p");
    append("key", 0);
    AtomicLong attempts = sink.attempts.computeIfAbsent("key 0", it -> new AtomicLong());
    await().until(() -> attempts.get() > 2);

    delivery.pause();

    AtomicLong before = new AtomicLong();
    await()
        .during(Duration.ofMillis(300))
        .until(() -> before.getAndSet(attempts.get()) == attempts.get());
    sink.failure = text -> null;
    delivery.resume();
    await().until(() -> sink.deliveredOf("key").size() == 1);
  }

  @Test
  void aConsumerThatCouldNotBeginAsTheDiskCouldNotBeReadBeginsLater() throws Exception {
    parkOfKey(1);
    delivery.stop(Duration.ofMillis(100));
    thread.join();
    spool.detach(delivery);
    Path parked = directory.resolve("events.parked/00000000000000000001.log");
    Path aside = directory.resolve("aside");
    Files.move(parked, aside);
    Files.createDirectory(parked);
    assertThatThrownBy(this::attach).isInstanceOf(IOException.class);

    Files.delete(parked);
    Files.move(aside, parked);
    sink.failure = text -> null;
    attach();
    thread.start();

    await().until(() -> sink.deliveredOf("key").size() == 1);
  }

  @Test
  void aStepThatLeavesItsThreadInterruptedEndsNothing() throws Exception {
    sink.failure =
        text -> {
          Thread.currentThread().interrupt();
          return null;
        };
    append("key", 0);
    await().until(() -> sink.delivered.size() == 1);

    append("key", 1);

    await().until(() -> sink.delivered.size() == 2);
  }

  /** Delivers one record of a key and parks two; the spool can let go of none of them. */
  private void parkBehindOneThatHangs() throws InterruptedException {
    sink.hanging.add("hangs");
    append("hangs", 0);
    append("key", 0);
    await().until(() -> sink.deliveredOf("key").size() == 1);
    sink.failure = text -> text.startsWith("key ") ? unknown() : null;
    append("key", 1);
    append("key", 2);
    await().until(() -> spool.status().parkedRecords() == 2);
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path file : all.toList()) {
        Path its = to.resolve(from.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(its);
        } else {
          Files.copy(file, its);
        }
      }
    }
  }

  @Test
  void tenThousandStuckKeysAreTriedByOneOfThem() throws Exception {
    sink.failure = text -> text.startsWith("stuck") ? later("p") : null;
    for (int i = 0; i < 10_000; i++) {
      append("stuck" + i, i);
      append("key", i);
    }
    await().atMost(Duration.ofMinutes(1)).until(() -> sink.deliveredOf("key").size() == 10_000);
    await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(() -> assertThat(spool.status().records()).isZero());
    long before = total();

    await().atMost(Duration.ofMinutes(1)).until(() -> total() > before + 5);
    assertThat(spool.status().parked()).singleElement().extracting("keys").isEqualTo(10_000L);
    long tried = sink.attempts.values().stream().filter(it -> it.get() > 1).count();
    assertThat(tried).isLessThan(10);

    sink.failure = text -> null;
    await().atMost(Duration.ofMinutes(1)).until(() -> sink.delivered.size() == 20_000);
    assertThat(sink.delivered).doesNotHaveDuplicates();
    // What its files give back is room for others, though nothing else comes
    await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> spool.status().space().bytes() == spool.status().space().fileBytes());
  }

  private long total() {
    return sink.attempts.values().stream().mapToLong(AtomicLong::get).sum();
  }

  @Test
  void whatFailsForUnknownReasonsIsADeadLetterAfterAFewTriesAndTheRestFlows() throws Exception {
    stop();
    options.setMaximumRedeliveries(4);
    options.setDeadLetters("spool:letters");
    start();
    sink.failure = text -> text.startsWith("poison") ? unknown() : null;
    for (int i = 0; i < 1000; i++) {
      append((i % 100 == 0 ? "poison" : "key") + i % 300, i);
    }

    await().until(() -> sink.letters.size() == 10);
    await().untilAsserted(() -> assertThat(sink.delivered).hasSize(990));
    assertThat(sink.letters)
        .allMatch(it -> it.endsWith(": NullPointerException at step drop-field of route forward"));
    assertThat(sink.attempts.get("poison0 0").get()).isEqualTo(5);
    await().untilAsserted(() -> assertThat(spool.status().parked()).isEmpty());
    assertThat(spool.status().counts().dropped()).isZero();
  }

  @Test
  void aDeadLetterThatCannotBeKeptIsTriedAgain() throws Exception {
    stop();
    options.setMaximumRedeliveries(1);
    options.setDeadLetters("spool:letters");
    start();
    sink.lettersFail = true;
    sink.failure = text -> text.startsWith("poison ") ? unknown() : null;
    append("poison", 0);
    append("key", 1);
    await().until(() -> sink.attemptsAt("poison 0") > 5);
    assertThat(sink.letters).isEmpty();

    sink.lettersFail = false;

    await().until(() -> sink.letters.size() == 1);
    append("poison", 2);
    await().until(() -> sink.letters.size() == 2);
  }

  @Test
  void whatCanNeverPassIsNotTriedAgain() throws Exception {
    stop();
    options.setDeadLetters("spool:letters");
    start();
    sink.failure =
        text ->
            text.startsWith("final ")
                ? new Failure(Kind.FINAL, "too large", "it is too large", new IOException())
                : null;
    append("final", 0);
    append("key", 1);

    await().until(() -> sink.letters.size() == 1 && sink.delivered.size() == 1);
    assertThat(sink.attempts.get("final 0").get()).isEqualTo(1);
  }

  @Test
  void whatWasDeliveredBehindAFailureMayBeADeadLetterWhenItIsRepeated() throws Exception {
    stop();
    options.setDeadLetters("spool:letters");
    start();
    sink.isLikeAPartition = false;
    sink.hanging.add("key");
    append("key", 0);
    append("key", 1);
    await().until(() -> sink.unsettled.size() == 2);
    sink.failure =
        text ->
            text.equals("key 1")
                ? new Failure(Kind.FINAL, "too large", "it is too large", new IOException())
                : null;
    sink.hanging.clear();

    Delivery.Settlement first = sink.unsettled.remove();
    sink.unsettled.remove().delivered();
    first.failed(later("key"));

    await().until(() -> sink.letters.size() == 1);
    assertThat(sink.letters.get(0)).startsWith("key 1: ");
    assertThat(sink.deliveredOf("key")).containsExactly("key 1", "key 0");
  }

  @Test
  void anErrorInTheRouteEndsNothing() throws Exception {
    sink.failure =
        text -> {
          if (sink.attempts.get("key 0").get() < 3) {
            throw new StackOverflowError();
          }
          return null;
        };
    append("key", 0);

    await().until(() -> sink.delivered.size() == 1);
  }

  @Test
  void aParkedFileThatCannotBeReadHoldsUpNothingElse() throws Exception {
    parkOfKey(1);
    Path parked = directory.resolve("events.parked/00000000000000000001.log");
    Files.delete(parked);
    Files.createDirectory(parked);
    append("key", 1);
    for (int i = 1; i < 50; i++) {
      append("more", i);
      int arrived = i + 1;
      await().until(() -> sink.deliveredOf("more").size() == arrived);
    }
    assertThat(spool.status().counts().lost()).isZero();
  }

  @Test
  void whatIsDoneWithAndCannotBeNotedHoldsUpNothing() throws Exception {
    parkOfKey(1);
    Files.createDirectory(directory.resolve("events.parked-marks/00000000000000000001.log"));
    sink.failure = text -> null;
    await().until(() -> sink.deliveredOf("key").size() == 1);

    for (int i = 1; i < 5000; i++) {
      append("more", i);
    }
    await().until(() -> sink.deliveredOf("more").size() == 5000);
    assertThat(spool.status().trouble()).isEmpty();
    Files.delete(directory.resolve("events.parked-marks/00000000000000000001.log"));
  }

  @Test
  void aConsumerThatEndsLateTakesNothingParkedFromTheNext() throws Exception {
    stop();
    options.setMaximumRedeliveries(0);
    options.setDeadLetters("spool:letters");
    start();
    parkOfKey(1);
    CountDownLatch end = new CountDownLatch(1);
    CountDownLatch waits = new CountDownLatch(1);
    sink.beforeLetter =
        () -> {
          waits.countDown();
          end.await();
        };
    sink.failure =
        text -> text.startsWith("more ") ? unknown() : text.startsWith("key ") ? later("p") : null;
    append("more", 1);
    waits.await();
    Thread late = thread;
    delivery.stop(Duration.ZERO);
    spool.detach(delivery);
    attach();
    sink.failure = text -> null;

    end.countDown();
    late.join();
    thread.start();

    await().until(() -> sink.deliveredOf("key").contains("key 0"));
    append("key", 1);
    await().until(() -> sink.deliveredOf("key").contains("key 1"));
  }

  /** The second of them is delivered, and lies in a file that cannot be read. */
  private List<Delivery.Settlement> threeOfAKeyWhoseSecondCannotBeRead() throws Exception {
    stop();
    options.setMemoryBytes(100_000);
    options.setParkAfter(Duration.ofMinutes(10));
    start();
    List<Delivery.Settlement> three = threeOfAKeyInFlight();
    three.get(1).delivered();
    String filler = "x".repeat(1000);
    for (int i = 0; i < 500; i++) {
      append("other" + filler, i);
    }
    await().until(() -> sink.delivered.size() == 501);
    Files.move(firstFile(), directory.resolve("aside"));
    Files.createDirectory(firstFile());
    return three;
  }

  private void makeReadable() throws IOException {
    Files.delete(firstFile());
    Files.move(directory.resolve("aside"), firstFile());
  }

  private Path firstFile() {
    return directory.resolve("events/00000000000000000001.log");
  }

  private List<Delivery.Settlement> threeOfAKeyInFlight() throws InterruptedException {
    sink.hanging.add("key");
    for (int i = 0; i < 3; i++) {
      append("key", i);
    }
    await().until(() -> sink.unsettled.size() == 3);
    return List.copyOf(sink.unsettled);
  }

  private void append(String key, int number) throws InterruptedException {
    spool.append(
        (key + " " + number).getBytes(StandardCharsets.UTF_8),
        RecordHeaders.of(Map.of(KEY, key), name -> {}));
  }

  private static Failure later(String what) {
    return new Failure(Kind.LATER, what, what + " has no leader", new IOException("no leader"));
  }

  private static Failure unknown() {
    String what = "NullPointerException at step drop-field of route forward";
    return new Failure(Kind.UNKNOWN, what, what, new NullPointerException());
  }

  private static String text(LogRecord record) {
    return new String(record.bodyOrNull(), StandardCharsets.UTF_8);
  }

  private static List<String> numbered(String key, int from, int to, int step) {
    List<String> all = new ArrayList<>();
    for (int i = from; i < to; i += step) {
      all.add(key + " " + i);
    }
    return all;
  }
}
