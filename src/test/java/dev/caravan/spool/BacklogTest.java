package dev.caravan.spool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caravan.spool.log.LogRecord;
import dev.caravan.spool.log.RecordHeaders;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One takes at a time; whoever took before must not take anything away from it. */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BacklogTest {

  private final Backlog onDisk =
      new Backlog("b", new SpoolConfiguration(), () -> 0, 10, 50, 0, () -> {});

  @Test
  void whatAConsumerOfBeforeHasReadLateIsTakenByTheNextOneAllTheSame() throws Exception {
    onDisk.takenBy("first");
    Backlog.Taken late = onDisk.take("first", 128, 0, 0);
    assertThat(late.readFrom()).isEqualTo(11);
    onDisk.takenBy("second");

    onDisk.takeFrom("first", late.readTo() + 1);

    assertThat(onDisk.take("second", 128, 0, 0)).isEqualTo(late);
  }

  @Test
  void whatIsDroppedWhileItIsReadIsNotHandedOutAsWell() throws Exception {
    onDisk.takenBy("first");
    Backlog.Taken read = onDisk.take("first", 128, 0, 0);
    assertThat(read.readFrom()).isEqualTo(11);
    assertThat(onDisk.drop(20)).as("from here on they count as dropped").isEqualTo(11);

    assertThat(onDisk.takeFrom("first", read.readTo() + 1)).isEqualTo(21);
  }

  @Test
  void aConsumerOfBeforeDoesNotWaitAnyMore() throws Exception {
    onDisk.takenBy("second");
    onDisk.acknowledge(50);
    long forEver = TimeUnit.DAYS.toMillis(1);

    assertThat(onDisk.take("first", 128, forEver, forEver).records()).isEmpty();
  }

  @Test
  void oneWhoseCallForRoomFailsKeepsNobodyFromIt() throws Exception {
    SpoolConfiguration options = new SpoolConfiguration();
    options.setMemoryBytes(100);
    Backlog small =
        new Backlog(
            "b",
            options,
            () -> 0,
            0,
            0,
            0,
            () -> {
              throw new IllegalStateException("no thread");
            });
    small.append(new byte[100], RecordHeaders.NONE, 1, null);
    assertThatThrownBy(() -> small.append(new byte[100], RecordHeaders.NONE, 1, null))
        .hasMessage("no thread");
    small.committed(1);

    small.append(new byte[100], RecordHeaders.NONE, 1, null);

    assertThat(small.lastAppended()).isEqualTo(2);
  }

  @Test
  void aConsumerOfBeforeTakesNothingAwayFromTheNextOne() throws Exception {
    Backlog inMemory = new Backlog("b", new SpoolConfiguration(), () -> 0, 0, 0, 0, () -> {});
    inMemory.append(new byte[1], RecordHeaders.NONE, 1, null);
    inMemory.takenBy("second");

    assertThat(inMemory.take("first", 128, 0, 0).records()).isEmpty();

    assertThat(inMemory.take("second", 128, 0, 0).records())
        .singleElement()
        .extracting(LogRecord::sequence)
        .isEqualTo(1L);
  }
}
