package dev.caravan.genesys;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.session.UnavailableException;
import java.time.Duration;
import org.apache.camel.Exchange;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RetryDelayTest {

  private final Exchange exchange = new DefaultExchange(new DefaultCamelContext());
  private final RetryDelay delay = new RetryDelay(() -> 0.999999999);

  private long afterRedeliveries(int redeliveries) {
    exchange.getIn().setHeader(Exchange.REDELIVERY_COUNTER, redeliveries);
    delay.process(exchange);
    return exchange.getIn().getHeader(Exchange.REDELIVERY_DELAY, Long.class);
  }

  @ParameterizedTest
  @CsvSource({"0, 249", "1, 2099", "2, 4199", "3, 8399", "4, 16799", "5, 30000", "50, 30000"})
  void itDoublesUpToTheMost(int redeliveries, long millis) {
    assertThat(afterRedeliveries(redeliveries)).isEqualTo(millis);
  }

  @Test
  void itsBoundsCanBeSet() {
    delay.setInitialDelay(Duration.ofMillis(10));
    delay.setMaximumDelay(Duration.ofMillis(25));

    assertThat(afterRedeliveries(1)).isEqualTo(10);
    assertThat(afterRedeliveries(9)).isEqualTo(25);
  }

  @Test
  void theFirstMayBeAtOnce() {
    new RetryDelay(() -> 0).process(exchange);

    assertThat(exchange.getIn().getHeader(Exchange.REDELIVERY_DELAY)).isEqualTo(0L);
  }

  @ParameterizedTest
  @CsvSource({"0, 120", "9, 3"})
  void whatRetryAfterSaysIsTheWaitWithATenthOfJitter(int redeliveries, long seconds) {
    exchange.setProperty(
        Exchange.EXCEPTION_CAUGHT,
        new IllegalStateException(
            new UnavailableException("Busy.", 429, Duration.ofSeconds(seconds))));

    assertThat(afterRedeliveries(redeliveries)).isBetween(seconds * 1_000, seconds * 1_100);
  }
}
