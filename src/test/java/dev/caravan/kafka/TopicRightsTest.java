package dev.caravan.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.junit.jupiter.api.Test;

class TopicRightsTest {

  private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5);
  private final TopicRights rights = new TopicRights(Duration.ofSeconds(10), now::get);

  @Test
  void refusesWhatWasDeniedWithTheAnswerThatKafkaGaveAndNoOther() {
    TopicAuthorizationException answer = new TopicAuthorizationException(Set.of("t"));

    assertThat(rights.refusal("t")).isEmpty();
    assertThat(rights.denied("t", answer)).as("news").isTrue();

    assertThat(rights.refusal("t")).containsSame(answer);
    assertThat(rights.refusal("another")).isEmpty();
    assertThat(rights.topics()).containsExactly("t");
  }

  @Test
  void letsOneRecordAskAgainAfterAWhile() {
    deny("t");
    passMillis(9_999);
    assertThat(rights.refusal("t")).isPresent();

    passMillis(1);
    assertThat(rights.refusal("t")).as("asks").isEmpty();
    assertThat(rights.refusal("t")).as("does not ask, too").isPresent();

    assertThat(deny("t")).as("news").isFalse();
    passMillis(9_999);
    assertThat(rights.refusal("t")).isPresent();
  }

  @Test
  void tellsWhetherAnyTopicIsTakenBesideThoseThatAreDenied() {
    rights.granted("t");
    assertThat(rights.takesAny()).isTrue();

    deny("t");
    assertThat(rights.takesAny()).isFalse();

    rights.granted("u");
    assertThat(rights.takesAny()).isTrue();
  }

  @Test
  void asksForOneTopicASecond() {
    deny("a");
    deny("b");
    passMillis(10_000);

    assertThat(rights.refusal("a")).isEmpty();
    assertThat(rights.refusal("b")).isPresent();
    passMillis(1_000);
    assertThat(rights.refusal("b")).isEmpty();
  }

  @Test
  void aRightThatWasGivenIsNewsOnceAndIsUsedAtOnce() {
    deny("t");
    deny("u");

    assertThat(rights.granted("t")).isTrue();
    assertThat(rights.granted("t")).isFalse();
    assertThat(rights.granted("never denied")).isFalse();
    assertThat(rights.refusal("t")).isEmpty();
    assertThat(rights.topics()).containsExactly("u");
    assertThat(deny("t")).as("news again").isTrue();
  }

  @Test
  void tellsWhichTopicsNoRecordHasAskedForInAWhile() {
    deny("busy");
    deny("quiet");
    passMillis(10_000);
    rights.refusal("busy");

    assertThat(rights.quiet()).containsExactly("quiet");
  }

  @Test
  void remembersABoundedNumberOfTopics() {
    for (int i = 0; i <= 1_000; i++) {
      deny("t" + i);
    }

    assertThat(rights.topics()).hasSize(1_000).doesNotContain("t0");
    assertThat(rights.refusal("t0")).isEmpty();
  }

  private boolean deny(String topic) {
    return rights.denied(topic, new TopicAuthorizationException(Set.of(topic)));
  }

  private void passMillis(long millis) {
    now.addAndGet(Duration.ofMillis(millis).toNanos());
  }
}
