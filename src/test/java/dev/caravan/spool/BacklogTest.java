package dev.caravan.spool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.spool.log.LogRecord;
import dev.caravan.spool.log.RecordHeaders;
import org.junit.jupiter.api.Test;

/** One takes at a time; whoever took before must not take anything away from it. */
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
