package dev.caravan.channel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.channel.AttemptBudget.Room;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class AttemptBudgetTest {

  private static final Room ALL = new Room(0, 0);

  private final AtomicLong clock = new AtomicLong(1_000);
  private final AttemptBudget budget = new AttemptBudget(clock::get);

  private void charge(int times, boolean anew) {
    for (int i = 0; i < times; i++) {
      clock.addAndGet(100);
      budget.charge(anew);
    }
  }

  @Test
  void twentyAttemptsAreMadeInAMinute() {
    charge(19, false);
    assertThat(budget.room()).isEqualTo(ALL);

    charge(1, false);

    assertThat(budget.room()).isEqualTo(new Room(58_100, 58_100));
    clock.addAndGet(58_100);
    assertThat(budget.room()).isEqualTo(ALL);
  }

  @Test
  void sixOfThemMakeNewChannels() {
    charge(6, true);

    assertThat(budget.room()).isEqualTo(new Room(0, 59_500));
  }

  @Test
  void whatDidNotComeToAnAttemptIsGivenBack() {
    charge(6, true);

    budget.giveBack(true);

    assertThat(budget.room()).isEqualTo(ALL);
  }

  @Test
  void whatMadeNoChannelCountsAsAnAttemptOnly() {
    for (int i = 0; i < 19; i++) {
      charge(1, true);
      budget.giveBackCreation();
    }
    assertThat(budget.room()).isEqualTo(ALL);

    charge(1, true);

    assertThat(budget.room().again()).isPositive();
  }
}
