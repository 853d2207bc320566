package dev.caravan.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class AwaitedTopicsTest {

  private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5);
  private final AwaitedTopics topics = new AwaitedTopics(now::get);

  @Test
  void refusesATopicUntilKafkaHasToldOfItAndNoOther() {
    topics.unanswered("t", new StuckException("t", "Kafka does not know the topic t yet."));

    assertThatThrownBy(() -> topics.refuse("t")).hasMessageContaining("the topic t yet");
    assertThatNoException().isThrownBy(() -> topics.refuse("another"));

    topics.answered("t");
    assertThatNoException().isThrownBy(() -> topics.refuse("t"));
    assertThat(topics.next()).isEmpty();
  }

  @Test
  void allHaveTheirTurn() {
    StuckException why = new StuckException("", "");
    topics.unanswered("a", why);
    topics.unanswered("b", why);

    assertThat(topics.next()).contains("a");
    topics.unanswered("a", why);
    assertThat(topics.next()).contains("b");
  }

  @Test
  void asksForATopicOnlyWhileSomethingIsSentToIt() {
    topics.unanswered("t", new StuckException("t", "t"));
    now.addAndGet(Duration.ofSeconds(40).toNanos());
    assertThatThrownBy(() -> topics.refuse("t")).isInstanceOf(StuckException.class);

    now.addAndGet(Duration.ofSeconds(40).toNanos());
    assertThat(topics.next()).contains("t");
    now.addAndGet(Duration.ofSeconds(20).toNanos());
    assertThat(topics.next()).isEmpty();
  }
}
