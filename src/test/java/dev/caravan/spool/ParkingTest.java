package dev.caravan.spool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caravan.spool.Failure.Kind;
import dev.caravan.spool.Window.Slot;
import dev.caravan.spool.Window.Slot.State;
import dev.caravan.spool.log.LogRecord;
import dev.caravan.spool.log.RecordHeaders;
import dev.caravan.spool.log.SegmentedLog;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is parked is handed out in the end, whatever is dropped or cannot be written meanwhile. */
class ParkingTest {

  private static final String KEY = "key";
  private static final Object OWNER = null;
  private static final Function<LogRecord, Runnable> NOBODY_ASKS =
      record -> Delivery.Receiver.NOBODY_ASKS;
  private static final int FRAME_BYTES = 256 * 1024;
  private static final Failure WHY = new Failure(Kind.LATER, "p", "p has no leader", null);

  @TempDir Path directory;

  private final SpoolConfiguration options = new SpoolConfiguration();
  private Parking parking;
  private boolean secondFrameFails;

  @BeforeEach
  void open() throws IOException {
    options.setDirectory(directory.toString());
    options.setKeyHeader(KEY);
    parking = new Parking("events", options, Clock.systemUTC(), log -> part -> write(log, part), 0);
  }

  private void write(SegmentedLog log, List<LogRecord> records) throws IOException {
    log.append(secondFrameFails ? new UntilAFrameIsWritten(records) : records);
  }

  /** Records that cannot be read any more once some of them are on disk. */
  private final class UntilAFrameIsWritten extends AbstractList<LogRecord> {
    private final List<LogRecord> records;

    private UntilAFrameIsWritten(List<LogRecord> records) {
      this.records = records;
    }

    @Override
    public LogRecord get(int index) {
      if (parkedBytes() > FRAME_BYTES) {
        throw new IllegalStateException("The second frame cannot be written.");
      }
      return records.get(index);
    }

    @Override
    public int size() {
      return records.size();
    }
  }

  private long parkedBytes() {
    return directory.resolve("events.parked/00000000000000000001.log").toFile().length();
  }

  @AfterEach
  void close() throws IOException {
    parking.close();
  }

  @Test
  void oneWhoIsLateParksNothingAndTakesNothingFromTheNext() throws Exception {
    parking.begin("first", options, NOBODY_ASKS, sequence -> false);
    parking.park("first", records("a", 1, 1));
    parking.begin("next", options, NOBODY_ASKS, sequence -> false);

    assertThat(parking.park("first", records("a", 2, 2))).isEmpty();
    assertThat(parking.due("first", 10, 0)).isEmpty();

    assertThat(parking.due("next", 10, 0)).singleElement().matches(slot -> sequence(slot) == 1);
    assertThat(parking.records()).isEqualTo(1);
  }

  @Test
  void aKeyOfWhichAllWasDroppedMeanwhileHoldsNothingUp() throws Exception {
    parking.park(OWNER, records("a", 1, 1));
    parking.stuck(key("a"), WHY, 0);
    Slot slot = parking.due(OWNER, 10, Long.MAX_VALUE / 2).get(0);

    assertThat(parking.dropOldest(Long.MAX_VALUE)).hasSize(1);

    assertThat(parking.holds(key("a"))).isFalse();
    assertThat(parking.isNearlyDone(key("a"))).isTrue();
    assertThat(parking.gaveUpBefore(key("a"), "p")).isFalse();
    parking.givenUp(slot, "p");
    parking.isInFlight(OWNER, slot);
    assertThat(parking.inFlight()).isZero();
    assertThat(parking.records()).isZero();
  }

  @Test
  void whatIsParkedOfAKeyThatWasForgottenMeanwhileIsHandedOut() throws Exception {
    parking.park(OWNER, records("a", 1, 1));
    parking.dropOldest(Long.MAX_VALUE);

    parking.park(OWNER, records("a", 2, 2));

    assertThat(parking.due(OWNER, 10, 0)).hasSize(1);
  }

  @Test
  void whatIsParkedBehindDroppedRecordsThatAreHandedOutIsHandedOut() throws Exception {
    parking.park(OWNER, records("a", 1, 2));
    List<Slot> handedOut = parking.due(OWNER, 10, 0);
    assertThat(handedOut).hasSize(2);
    parking.dropOldest(Long.MAX_VALUE);
    parking.park(OWNER, records("a", 3, 3));
    handedOut.forEach(slot -> slot.state = State.DELIVERED);
    handedOut.forEach(parking::settled);

    assertThat(parking.due(OWNER, 10, 0)).hasSize(1);
  }

  @Test
  void nothingIsHandedOutBehindOneThatHasFailedWhileOthersBeforeItAreInFlight() throws Exception {
    parking.park(OWNER, records("a", 1, 4));
    parking.park(OWNER, records("b", 5, 5));
    List<Slot> handedOut = parking.due(OWNER, 2, 0);
    Slot first = handedOut.get(0);
    Slot second = handedOut.get(1);
    second.state = State.FAILED;
    assertThat(parking.settled(second)).isEmpty();

    assertThat(parking.due(OWNER, 10, 0)).extracting(ParkingTest::sequence).containsExactly(5L);

    first.state = State.DELIVERED;
    assertThat(parking.settled(first)).contains(second);
    parking.givenUp(second, "p");
    assertThat(parking.due(OWNER, 10, 0)).extracting(ParkingTest::sequence).containsExactly(3L, 4L);
  }

  @Test
  void ofWhatCannotBeParkedAsAWholeNothingIs() throws Exception {
    List<LogRecord> severalFrames =
        LongStream.rangeClosed(1, 10)
            .mapToObj(
                sequence -> new LogRecord(sequence, 1, new byte[FRAME_BYTES / 3], headers("a")))
            .toList();
    secondFrameFails = true;

    assertThatThrownBy(() -> parking.park(OWNER, severalFrames))
        .hasMessage("The second frame cannot be written.");

    assertThat(parking.holds(key("a"))).isFalse();
    assertThat(parking.records()).isZero();
    close();
    open();
    parking.appendBehind(0, behind -> assertThat(behind).isEmpty());
    secondFrameFails = false;
    parking.park(OWNER, severalFrames);
    assertThat(parking.due(OWNER, 20, 0)).hasSize(10);
  }

  @Test
  void whatDamageTookFromTheSpoolStaysParked() throws Exception {
    parking.park(OWNER, records("a", 5, 6));

    parking.begin(OWNER, options, NOBODY_ASKS, sequence -> sequence == 6);

    assertThat(parking.due(OWNER, 10, 0)).singleElement().matches(slot -> sequence(slot) == 5);
    assertThat(parking.records()).isEqualTo(1);
  }

  /** Else all would seem to be settled for a moment. */
  @Test
  void howManyAreInFlightIsKnownWhileAConsumerBegins() throws Exception {
    parking.park(OWNER, records("a", 1, 2));
    List<Integer> seen = new ArrayList<>();

    parking.begin(
        OWNER,
        options,
        NOBODY_ASKS,
        sequence -> {
          seen.add(
              CompletableFuture.supplyAsync(parking::inFlight)
                  .completeOnTimeout(-1, 30, TimeUnit.SECONDS)
                  .join());
          return false;
        });

    assertThat(seen).containsExactly(0, 0);
  }

  @Test
  void whileAConsumerBeginsNoFewerCountAsParked() throws Exception {
    parking.park(OWNER, records("a", 1, 2));
    List<Long> seen = new ArrayList<>();

    parking.begin(
        OWNER,
        options,
        NOBODY_ASKS,
        sequence -> {
          seen.add(parking.records());
          return false;
        });

    assertThat(seen).containsExactly(2L, 2L);
    assertThat(parking.records()).isEqualTo(2);
  }

  @Test
  void whatIsParkedLiesWithItsSpoolThoughTheConsumerWasToldOfNoFolder() throws Exception {
    SpoolConfiguration ofConsumer = options.copy();
    ofConsumer.setDirectory(directory.resolve("elsewhere").toString());
    parking.begin(OWNER, ofConsumer, NOBODY_ASKS, sequence -> false);

    parking.park(OWNER, records("a", 1, 1));

    assertThat(directory.resolve("events.parked")).isDirectory();
    assertThat(directory.resolve("elsewhere")).doesNotExist();
  }

  @Test
  void whoWritesToTheSpoolNeedNotWaitUntilAllThatIsParkedIsLookedThrough() throws Exception {
    byte[] body = new byte[256 * 1024];
    for (int sequence = 1; sequence <= 30; sequence++) {
      parking.park(OWNER, List.of(new LogRecord(sequence, 1, body, headers("stuck"))));
    }
    parking.stuck(key("stuck"), WHY, 0);
    parking.park(OWNER, records("a", 31, 31));
    parking.begin(OWNER, options, NOBODY_ASKS, sequence -> false);
    parking.stuck(key("stuck"), WHY, 0);

    assertThat(parking.due(OWNER, 10, 0)).isEmpty();
    assertThat(parking.nanosUntilDue(0)).isZero();
    List<Slot> due = new ArrayList<>();
    for (int looks = 0; looks < 30 && due.isEmpty(); looks++) {
      due.addAll(parking.due(OWNER, 10, 0));
    }
    assertThat(due).singleElement().matches(slot -> sequence(slot) == 31);
  }

  private static long sequence(Slot slot) {
    return Parking.sequence(slot.record);
  }

  private static RecordHeaders headers(String key) {
    return RecordHeaders.of(Map.of(KEY, key), name -> {});
  }

  private static long key(String key) {
    return Delivery.key(KEY, headers(key));
  }

  private static List<LogRecord> records(String key, long from, long to) {
    return LongStream.rangeClosed(from, to)
        .mapToObj(sequence -> new LogRecord(sequence, 1, new byte[1], headers(key)))
        .toList();
  }
}
