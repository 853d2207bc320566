package dev.caravan.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.caravan.kafka.PartitionBreakers.Sent;
import dev.caravan.testing.MutableClock;
import java.lang.ref.WeakReference;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PartitionBreakersTest {

  private static final TopicPartition STUCK = new TopicPartition("genesys.presence", 2);
  private static final TopicPartition OTHER = new TopicPartition("genesys.presence", 1);

  private static final int BATCHES = 256;

  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5);
  private final MutableClock clock = new MutableClock();
  private final PartitionBreakers breakers = new PartitionBreakers(BATCHES, nanos::get, clock);

  /** What senders were told, such as "a: done" or "a: genesys.presence, partition 2". */
  private final List<String> told = new ArrayList<>();

  @Test
  void opensAfterThreeSecondsWithoutAnAcknowledgementAndNamesThePartition() {
    send(STUCK, "a");
    pass(Duration.ofMillis(2_900));
    send(STUCK, "b");
    pass(Duration.ofMillis(100));

    StuckException refusal = refusalOf(STUCK, "c");

    assertThat(refusal.what()).isEqualTo("genesys.presence, partition 2");
    assertThat(refusal)
        .hasMessage(
            "Kafka topic genesys.presence, partition 2, has acknowledged nothing since"
                + " 2026-03-01T08:00:00Z.");
    send(OTHER, "d");
  }

  @Test
  void tellsOfWhatTheProducerHoldsAlsoWhenNothingMoreIsSent() {
    send(STUCK, "a");
    send(STUCK, "b");
    pass(Duration.ofSeconds(3));

    PartitionBreakers.Changes changes = breakers.look();

    assertThat(told)
        .containsExactly("a: genesys.presence, partition 2", "b: genesys.presence, partition 2");
    assertThat(changes.opened()).hasSize(1);
    assertThat(breakers.look().opened()).as("once").isEmpty();
  }

  @Test
  void whileAcknowledgementsComeNothingOpens() {
    for (int i = 0; i < 20; i++) {
      Sent sent = send(STUCK, "a" + i);
      send(STUCK, "b" + i);
      pass(Duration.ofSeconds(2));
      arrive(sent);
    }

    assertThat(breakers.look().opened()).isEmpty();
    assertThat(breakers.isOpen(STUCK)).isFalse();
  }

  /** A timestamp may pass later, as clocks are set; the broker is there all the same. */
  @ParameterizedTest
  @ValueSource(classes = {RecordTooLargeException.class, InvalidTimestampException.class})
  void anAnswerThatRefusesTheRecordIsASignOfLife(Class<? extends Exception> refusal)
      throws Exception {
    for (int i = 0; i < 5; i++) {
      Sent sent = send(STUCK, "a" + i);
      send(STUCK, "b" + i);
      pass(Duration.ofSeconds(2));
      sent.onCompletion(
          metadata(STUCK), refusal.getConstructor(String.class).newInstance("refused"));
    }

    assertThat(breakers.isOpen(STUCK)).isFalse();
  }

  @Test
  void whatTheClientItselfRefusesIsNone() {
    send(STUCK, "a");
    beSilent();
    failAll();
    pass(Duration.ofSeconds(1));

    Sent tooLarge = send(STUCK, "b");
    tooLarge.give(
        () -> {
          tooLarge.onCompletion(metadata(STUCK), new RecordTooLargeException("max.request.size"));
          return tooLarge;
        });

    assertThat(told).endsWith("b: max.request.size");
    assertThat(breakers.isOpen(STUCK)).isTrue();
  }

  @Test
  void whatWasTakenForStuckIsNotSentTwice() {
    Sent sent = send(STUCK, "a");
    beSilent();

    assertThatThrownBy(() -> arrived("a")).isInstanceOf(StuckException.class);
    arrive(sent);

    assertThat(told).as("told once").containsExactly("a: genesys.presence, partition 2");
    assertThat(arrived("a")).isPresent();
    assertThat(arrived("a")).as("the next with this id is another one").isEmpty();
    assertThat(breakers.look().closed()).containsExactly("genesys.presence, partition 2");
  }

  /** It holds a whole exchange, and of a route that writes a time each record comes but once. */
  @Test
  void whoeverWasToldIsLetGoOf() {
    Callback waiting = callback("a");
    WeakReference<Callback> kept = new WeakReference<>(waiting);
    breakers.send(STUCK, true, identity("a", "a", "a"), waiting);
    beSilent();
    waiting = null;

    assertThat(told).containsExactly("a: genesys.presence, partition 2");
    await()
        .until(
            () -> {
              System.gc();
              return kept.get() == null;
            });
    assertThatThrownBy(() -> arrived("a")).as("is known").isInstanceOf(StuckException.class);
  }

  /** A user's route may make several records of one event. */
  @Test
  void ofTwoRecordsOfOneEventNeitherIsTakenForTheOther() {
    Optional<RecordIdentity> held = identity("event", "a", "1");
    Sent sent = breakers.send(STUCK, true, held, callback("a"));
    beSilent();
    assertThat(told).hasSize(1);

    assertThat(arrivedAs(identity("event", "b", "1"))).as("another key").isEmpty();
    arrive(sent);

    assertThat(arrivedAs(identity("event", "b", "1"))).as("another key").isEmpty();
    assertThat(arrivedAs(identity("event", "a", "2"))).as("another value").isEmpty();
    assertThat(arrivedAs(held)).isPresent();
  }

  @Test
  void whatTheProducerHasGivenUpIsSentAgain() {
    Sent sent = send(STUCK, "a");
    beSilent();
    sent.onCompletion(metadata(STUCK), new TimeoutException("given up"));

    assertThat(arrived("a")).isEmpty();
    assertThat(breakers.isOpen(STUCK)).isTrue();
  }

  /** Else the key would end on the one that failed, which is older. */
  @Test
  void whatWasSentAfterARecordThatFailedIsSentAgainAfterIt() {
    Sent before = send(STUCK, "before");
    Sent older = send(STUCK, "older");
    Sent newer = send(STUCK, "newer");
    Sent newest = send(STUCK, "newest");
    beSilent();

    // As for another record in its batch, or after the last of its attempts
    arrive(before);
    arrive(newer);
    older.onCompletion(metadata(STUCK), new KafkaException("one of the batch is invalid"));

    assertThat(arrived("before")).as("came before it").isPresent();
    assertThat(arrived("older")).isEmpty();
    assertThat(arrived("newer")).as("has arrived").isEmpty();
    assertThat(arrived("newest")).as("is on its way").isEmpty();
    arrive(newest);
    assertThat(arrived("newest")).as("has arrived, before the older one").isEmpty();
  }

  @Test
  void whatHasNoIdIsToldByTheProducerAlone() {
    Sent sent = breakers.send(STUCK, true, Optional.empty(), callback("a"));
    beSilent();
    assertThat(told).isEmpty();

    arrive(sent);
    assertThat(told).containsExactly("a: done");
  }

  @Test
  void oneRecordAtATimeTriesAgainAfterPausesThatGrow() {
    send(STUCK, "a");
    pass(Duration.ofSeconds(3));
    refusalOf(STUCK, "b");
    List<Long> pauses = new ArrayList<>();

    for (int round = 0; round < 6; round++) {
      // The producer gives up what it holds, so that a record is needed to try
      failAll();
      long before = nanos.get();
      while (refusalOf(STUCK, "probe" + round) != null) {
        pass(Duration.ofMillis(500));
      }
      pauses.add(Duration.ofNanos(nanos.get() - before).toSeconds());
      refusalOf(STUCK, "behind" + round);
    }

    assertThat(pauses).containsExactly(1L, 2L, 4L, 8L, 10L, 10L);
    arrive(sent.get(sent.size() - 1));
    send(STUCK, "flows");
  }

  @Test
  void aPartitionWithoutALeaderIsStuckAfterAMoment() {
    breakers.send(STUCK, false, identity("a", "a", "a"), callback("a"));
    pass(Duration.ofSeconds(1));

    StuckException refusal =
        catchThrowableOfType(
            StuckException.class,
            () -> breakers.send(STUCK, false, identity("b", "b", "b"), callback("b")));

    assertThat(refusal).hasMessageContaining("has had no leader since 2026-03-01T08:00:00Z");
    assertThat(told).containsExactly("a: genesys.presence, partition 2");
  }

  @Test
  void whatWasSentToAPartitionThatIsGoneFailsBeforeItsKeyGoesOn() {
    arrivedOf(3, "a");
    send(STUCK, "a");
    beSilent();

    assertThatThrownBy(() -> arrivedOf(1, "b"))
        .isInstanceOf(StuckException.class)
        .hasMessageContaining("fewer partitions");
    pass(Duration.ofSeconds(1));

    assertThat(arrivedOf(1, "a")).as("to be sent to one that is there").isEmpty();
  }

  @Test
  void keepsABoundedNumberOfThoseThatNobodyAsksForAgain() {
    for (int i = 0; i < 25_000; i++) {
      send(STUCK, "a" + i);
    }
    beSilent();
    assertThat(told).as("the rest waits for the producer").hasSize(20_000);

    List.copyOf(sent).forEach(this::arrive);
    send(STUCK, "later");
    beSilent();

    assertThat(told).endsWith("later: genesys.presence, partition 2");
    assertThat(arrived("a0")).as("made room for it").isEmpty();
    assertThat(arrived("a1")).isPresent();
  }

  @Test
  void partitionsThatAnswerAreSentToHoweverManyAcknowledgeNothing() {
    arrive(send(OTHER, "before"));

    int held = 0;
    for (int round = 0; round < 20; round++) {
      for (int i = 0; i < 2 * BATCHES; i++) {
        String id = "stuck-" + i + "-" + round;
        held += refusalOf(new TopicPartition("stuck", i), id) == null ? 1 : 0;
      }
      pass(Duration.ofSeconds(3));
      breakers.look();
    }

    assertThat(held).as("batches that nobody can take back").isLessThan(BATCHES);
    for (int i = 0; i < 100; i++) {
      arrive(send(OTHER, "healthy-" + i));
      pass(Duration.ofSeconds(20));
      breakers.look();
    }
    assertThat(refusalOf(new TopicPartition("stuck", 2 * BATCHES), "new"))
        .hasMessage(
            "Kafka topic stuck, partition 512, waits: partitions that acknowledge nothing hold the"
                + " memory for it.");
  }

  @Test
  void newPartitionsThatAnswerFindRoomBesideManyThatAcknowledgeNothing() {
    for (int i = 0; i < 150; i++) {
      send(new TopicPartition("stuck", i), "stuck-" + i);
    }
    beSilent();

    for (int i = 0; i < 2 * BATCHES; i++) {
      arrive(send(new TopicPartition("healthy", i), "healthy-" + i));
    }
  }

  @Test
  void oneThatThrowsWhenToldKeepsNoOtherFromBeingTold() {
    breakers.send(
        STUCK,
        true,
        identity("throws", "k", "v"),
        (metadata, failure) -> {
          throw new IllegalStateException("by the receiver");
        });
    send(STUCK, "a");
    breakers.send(
        OTHER,
        true,
        identity("fails", "k", "v"),
        (metadata, failure) -> {
          throw new StackOverflowError();
        });
    send(OTHER, "b");
    pass(Duration.ofSeconds(3));

    assertThat(refusalOf(STUCK, "c")).isNotNull();
    assertThat(breakers.look().opened()).hasSize(2);

    assertThat(told)
        .containsExactly("a: genesys.presence, partition 2", "b: genesys.presence, partition 1");
  }

  @Test
  void ofWhatTheProducerDidNotTakeItTellsNobody() {
    Sent sent = send(STUCK, "a");
    assertThatThrownBy(
            () ->
                sent.give(
                    () -> {
                      throw new IllegalStateException("of the client");
                    }))
        .hasMessage("of the client");

    // Kafka's client has it in a batch already when it refuses it because of an error of before
    sent.onCompletion(metadata(STUCK), new TimeoutException("given up"));

    assertThat(told).isEmpty();
  }

  private final List<Sent> sent = new ArrayList<>();

  private Sent send(TopicPartition partition, String id) {
    Sent one = breakers.send(partition, true, identity(id, id, id), callback(id));
    sent.add(one);
    return one;
  }

  private void failAll() {
    sent.forEach(one -> one.onCompletion(metadata(STUCK), new TimeoutException("given up")));
  }

  private void arrive(Sent one) {
    one.onCompletion(metadata(STUCK), null);
  }

  /** Null if it is sent. */
  private StuckException refusalOf(TopicPartition partition, String id) {
    return catchThrowableOfType(StuckException.class, () -> send(partition, id));
  }

  private Optional<RecordMetadata> arrived(String id) {
    return arrivedOf(3, id);
  }

  private Optional<RecordMetadata> arrivedAs(Optional<RecordIdentity> identity) {
    return breakers.arrived(STUCK.topic(), 3, identity);
  }

  private Optional<RecordMetadata> arrivedOf(int partitions, String id) {
    return breakers.arrived(STUCK.topic(), partitions, identity(id, id, id));
  }

  private static Optional<RecordIdentity> identity(String id, String key, String value) {
    ProducerRecord<Object, Object> message =
        new ProducerRecord<>(
            STUCK.topic(),
            key.getBytes(StandardCharsets.UTF_8),
            value.getBytes(StandardCharsets.UTF_8));
    message.headers().add("ce_id", id.getBytes(StandardCharsets.UTF_8));
    return RecordIdentity.of(message);
  }

  private Callback callback(String id) {
    return (metadata, failure) ->
        told.add(
            id
                + ": "
                + (failure == null
                    ? "done"
                    : failure instanceof StuckException stuck
                        ? stuck.what()
                        : failure.getMessage()));
  }

  private static RecordMetadata metadata(TopicPartition partition) {
    return new RecordMetadata(partition, 7, 0, -1, -1, -1);
  }

  /** Nothing is acknowledged for as long as is borne with. */
  private void beSilent() {
    pass(Duration.ofSeconds(3));
    breakers.look();
  }

  private void pass(Duration time) {
    nanos.addAndGet(time.toNanos());
    clock.pass(time);
  }
}
