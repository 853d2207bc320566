package dev.caravan.genesys;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.cluster.Cluster.Forwarded;
import dev.caravan.frame.EventId;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ForwardedEventsTest {

  private static final EventId LOOKS = new EventId(-1, 2);

  private final ForwardedEvents events = new ForwardedEvents(7);

  @Test
  void aReceiptThatComesBackTellsWhatWasForwardedAndWhenItWasRead() {
    byte[] first = events.receipt(3, LOOKS, 1_000);
    byte[] second = events.receipt(4, LOOKS, 1_500);
    assertThat(events.take(2_000)).isEmpty();

    events.settled(second);
    events.settled(first);

    assertThat(events.take(2_000))
        .isEqualTo(
            Map.of(3, List.of(new Forwarded(LOOKS, 1_000)), 4, List.of(new Forwarded(LOOKS, 500))));
    assertThat(events.take(2_000)).isEmpty();
  }

  @Test
  void whatLooksTheSameIsToldAsOftenAsItWasForwardedAndAReceiptOnce() {
    byte[] one = events.receipt(3, LOOKS, 1_000);
    byte[] another = events.receipt(3, LOOKS, 1_000);

    events.settled(one);
    events.settled(one);
    events.take(2_000);
    events.settled(one);
    events.settled(another);

    assertThat(events.take(2_000).get(3)).hasSize(1);
  }

  @Test
  void whatIsNoReceiptOfThisRunIsNotKnown() {
    events.settled(new ForwardedEvents(8).receipt(3, LOOKS, 1_000));
    events.settled(new byte[] {1});
    events.settled(new byte[44]);

    assertThat(events.take(2_000)).isEmpty();
  }
}
