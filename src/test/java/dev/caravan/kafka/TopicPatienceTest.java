package dev.caravan.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class TopicPatienceTest {

  private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5);
  private final TopicPatience patience =
      new TopicPatience(Duration.ofSeconds(60), Duration.ofMinutes(5), now::get);

  @Test
  void bearsWithATopicThatIsBeingCreated() {
    assertThat(patience.isTooLongUnknown("t")).isFalse();
    pass(59);
    assertThat(patience.isTooLongUnknown("t")).isFalse();
    assertThat(patience.refuses("t")).isFalse();
  }

  @Test
  void refusesATopicThatStaysUnknownAndNoOther() {
    patience.isTooLongUnknown("t");
    pass(60);

    assertThat(patience.isTooLongUnknown("t")).isTrue();
    assertThat(patience.refuses("t")).isTrue();
    assertThat(patience.refuses("another")).isFalse();
  }

  @Test
  void looksForARefusedTopicAgainNowAndThen() {
    patience.isTooLongUnknown("t");
    pass(60);
    patience.isTooLongUnknown("t");
    pass(299);
    assertThat(patience.refuses("t")).isTrue();

    pass(1);
    assertThat(patience.refuses("t")).isFalse();

    // Still unknown: refused again at once
    assertThat(patience.isTooLongUnknown("t")).isTrue();
    assertThat(patience.refuses("t")).isTrue();
  }

  @Test
  void aTopicThatWasCreatedGetsAllPatienceAgain() {
    patience.isTooLongUnknown("t");
    pass(60);
    patience.isTooLongUnknown("t");
    patience.known("t");

    assertThat(patience.refuses("t")).isFalse();
    assertThat(patience.isTooLongUnknown("t")).isFalse();
  }

  @Test
  void remembersABoundedNumberOfTopics() {
    for (int i = 0; i <= 1_000; i++) {
      patience.isTooLongUnknown("t" + i);
    }
    pass(60);

    assertThat(patience.isTooLongUnknown("t0")).as("forgotten, begins anew").isFalse();
    assertThat(patience.isTooLongUnknown("t1000")).isTrue();
  }

  private void pass(long seconds) {
    now.addAndGet(Duration.ofSeconds(seconds).toNanos());
  }
}
