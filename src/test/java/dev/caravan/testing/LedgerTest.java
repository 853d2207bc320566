package dev.caravan.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the tests of the road rely on: a ledger finds what is wrong. */
class LedgerTest {

  private final Ledger ledger = new Ledger();
  private long offset;

  @BeforeEach
  void sendFour() {
    for (int i = 0; i < 4; i++) {
      ledger.sending();
    }
  }

  private ConsumerRecord<String, byte[]> event(int number, String id) {
    return record("conversations.voice", "{\"number\":%d}".formatted(number), id);
  }

  private ConsumerRecord<String, byte[]> record(String topic, String value, String id) {
    ConsumerRecord<String, byte[]> record =
        new ConsumerRecord<>("t." + topic, 0, offset++, "key", value.getBytes());
    record.headers().add("ce_id", id.getBytes(StandardCharsets.UTF_8));
    return record;
  }

  @Test
  void whatDidNotArriveIsMissingAndLostUnlessNobodyWasThere() {
    ledger.unheard(2);

    ledger.note(List.of(event(0, "a"), event(1, "b")));

    assertThat(ledger.missing(0, 4)).containsExactly(2, 3);
    assertThat(ledger.lost()).containsExactly(3);
    assertThat(ledger.allIn(List.of(event(3, "d")))).isTrue();
  }

  @Test
  void aRecordThatIsReadAgainIsNoRepeatButAnotherOneOfItsNumberIs() {
    ConsumerRecord<String, byte[]> first = event(0, "a");
    ledger.note(List.of(first)).note(List.of(first)).assertNothingRepeated();

    ledger.note(List.of(event(0, "a")));

    assertThat(ledger.repeatedAsItWas()).isOne();
    assertThatThrownBy(ledger::assertNothingRepeated).isInstanceOf(AssertionError.class);
    ledger.assertRepeatedWithTheSameId();
    ledger.note(List.of(event(0, "another")));
    assertThatThrownBy(ledger::assertRepeatedWithTheSameId).isInstanceOf(AssertionError.class);
    assertThatThrownBy(ledger::repeatedAsItWas).isInstanceOf(AssertionError.class);
  }

  @Test
  void aLaterNumberThatArrivedBeforeIsOutOfOrder() {
    ledger.note(List.of(event(0, "a"), event(3, "d"), event(1, "b")));

    assertThat(ledger.outOfOrder()).isOne();
    assertThatThrownBy(ledger::assertOrder).hasMessageContaining("number=1, after=3");
    assertThatThrownBy(ledger::assertOrderOutsideGaps).isInstanceOf(AssertionError.class);
  }

  @Test
  void whatIsMissingLiesInAGapOnlyIfItWasSentThen() {
    ledger.note(List.of(gap("1", ledger.time(0).minusSeconds(60), ledger.time(0).minusSeconds(5))));
    assertThat(ledger.outsideGaps(ledger.missing())).containsExactly(0, 1, 2, 3);

    ledger.note(List.of(gap("1", ledger.time(0).minusSeconds(60), ledger.time(2))));

    assertThat(ledger.gaps()).as("as it was told last").hasSize(1);
    assertThat(ledger.outsideGaps(ledger.missing())).doesNotContain(0, 1, 2);
    assertThatThrownBy(() -> ledger.assertGapsAtMost(Duration.ofSeconds(59)))
        .isInstanceOf(AssertionError.class);
  }

  private ConsumerRecord<String, byte[]> gap(String id, Instant from, Instant to) {
    return record(
        "signals",
        "{\"type\":\"GAP\",\"gap\":\"%s\",\"from\":\"%s\",\"to\":\"%s\"}".formatted(id, from, to),
        id);
  }
}
