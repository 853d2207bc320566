package dev.caravan.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.junit.jupiter.api.Test;

class RefusedTopicsTest {

  private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5);
  private final RefusedTopics topics = new RefusedTopics(Duration.ofSeconds(60), now::get);

  private void pass(double seconds) {
    now.addAndGet(Math.round(seconds * 1e9));
  }

  private boolean deny(String topic) {
    return topics.denied(topic, new TopicAuthorizationException(Set.of(topic)));
  }

  // ---- topics that Kafka does not know

  @Test
  void bearsWithATopicThatIsBeingCreated() {
    assertThat(topics.isTooLongUnknown("t")).isFalse();
    pass(59);
    assertThat(topics.isTooLongUnknown("t")).isFalse();
    assertThat(topics.refusal("t")).isEmpty();
  }

  @Test
  void refusesATopicThatStaysUnknownAndNoOther() {
    topics.isTooLongUnknown("t");
    pass(60);

    assertThat(topics.isTooLongUnknown("t")).isTrue();
    topics.missing("t");
    assertThat(topics.refusal("t")).containsInstanceOf(UnknownTopicOrPartitionException.class);
    assertThat(topics.refusal("another")).isEmpty();
  }

  @Test
  void looksForARefusedTopicAgainNowAndThen() {
    topics.isTooLongUnknown("t");
    pass(60);
    topics.missing("t");
    pass(299);
    assertThat(topics.refusal("t")).containsInstanceOf(UnknownTopicOrPartitionException.class);

    pass(1);
    assertThat(topics.refusal("t")).isEmpty();

    // Still unknown: refused again at once
    assertThat(topics.isTooLongUnknown("t")).isTrue();
    topics.missing("t");
    assertThat(topics.refusal("t")).containsInstanceOf(UnknownTopicOrPartitionException.class);
  }

  @Test
  void aTopicThatWasCreatedGetsAllPatienceAgain() {
    topics.isTooLongUnknown("t");
    pass(60);
    topics.missing("t");
    topics.took("t");

    assertThat(topics.refusal("t")).isEmpty();
    assertThat(topics.isTooLongUnknown("t")).isFalse();
  }

  /** No record may have been acknowledged meanwhile, for want of replicas. */
  @Test
  void aTopicThatKafkaHasKnownGetsAllPatienceAgainWhenItIsDeleted() {
    topics.isTooLongUnknown("t");
    pass(1);
    topics.known("t");
    pass(3_600);

    assertThat(topics.isTooLongUnknown("t")).isFalse();
  }

  @Test
  void remembersABoundedNumberOfUnknownTopics() {
    for (int i = 0; i <= 1_000; i++) {
      topics.isTooLongUnknown("t" + i);
    }
    pass(60);

    assertThat(topics.isTooLongUnknown("t0")).as("forgotten, begins anew").isFalse();
    assertThat(topics.isTooLongUnknown("t1000")).isTrue();
  }

  // ---- topics that Kafka denies

  @Test
  void refusesWhatWasDeniedWithTheAnswerThatKafkaGaveAndNoOther() {
    TopicAuthorizationException answer = new TopicAuthorizationException(Set.of("t"));

    assertThat(topics.refusal("t")).isEmpty();
    assertThat(topics.denied("t", answer)).as("news").isTrue();

    assertThat(topics.refusal("t")).containsSame(answer);
    assertThat(topics.refusal("another")).isEmpty();
    assertThat(topics.denied()).containsExactly("t");
  }

  @Test
  void letsOneRecordAskAgainAfterAWhile() {
    deny("t");
    pass(9.999);
    assertThat(topics.refusal("t")).isPresent();

    pass(0.001);
    assertThat(topics.refusal("t")).as("asks").isEmpty();
    assertThat(topics.refusal("t")).as("does not ask, too").isPresent();

    assertThat(deny("t")).as("news").isFalse();
    pass(9.999);
    assertThat(topics.refusal("t")).isPresent();
  }

  @Test
  void tellsWhetherAnyTopicIsTakenBesideThoseThatAreDenied() {
    topics.granted("t");
    assertThat(topics.takesAny()).isTrue();

    deny("t");
    assertThat(topics.takesAny()).isFalse();

    topics.granted("u");
    assertThat(topics.takesAny()).isTrue();
  }

  @Test
  void asksForOneTopicASecond() {
    deny("a");
    deny("b");
    pass(10);

    assertThat(topics.refusal("a")).isEmpty();
    assertThat(topics.refusal("b")).isPresent();
    pass(1);
    assertThat(topics.refusal("b")).isEmpty();
  }

  @Test
  void aRightThatWasGivenIsNewsOnceAndIsUsedAtOnce() {
    deny("t");
    deny("u");

    assertThat(topics.granted("t")).isTrue();
    assertThat(topics.granted("t")).isFalse();
    assertThat(topics.granted("never denied")).isFalse();
    assertThat(topics.refusal("t")).isEmpty();
    assertThat(topics.denied()).containsExactly("u");
    assertThat(deny("t")).as("news again").isTrue();
  }

  @Test
  void tellsWhichTopicsNoRecordHasAskedForInAWhile() {
    deny("busy");
    deny("quiet");
    pass(10);
    topics.refusal("busy");

    assertThat(topics.quiet()).containsExactly("quiet");
  }

  @Test
  void remembersABoundedNumberOfDeniedTopics() {
    for (int i = 0; i <= 1_000; i++) {
      deny("t" + i);
    }

    assertThat(topics.denied()).hasSize(1_000).doesNotContain("t0");
    assertThat(topics.refusal("t0")).isEmpty();
  }

  // ---- topics that Kafka has told nothing of

  @Test
  void refusesATopicUntilKafkaHasToldOfItAndNoOther() {
    topics.unanswered("t", new StuckException("t", "Kafka does not know the topic t yet."));

    assertThat(topics.refusal("t").orElseThrow()).hasMessageContaining("the topic t yet");
    assertThat(topics.refusal("another")).isEmpty();

    topics.answered("t");
    assertThat(topics.refusal("t")).isEmpty();
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
    pass(40);
    assertThat(topics.refusal("t")).containsInstanceOf(StuckException.class);

    pass(40);
    assertThat(topics.next()).contains("t");
    pass(20);
    assertThat(topics.next()).isEmpty();
  }
}
