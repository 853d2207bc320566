package dev.caravan.genesys.connect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.channel.Timings;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RetryDelayTest {

  private final Exchange exchange = new DefaultExchange(new DefaultCamelContext());
  private final RetryDelay delay = new RetryDelay(Timings.defaults(), () -> 0.999999999);

  private long afterRedeliveries(int redeliveries) {
    return after(delay, redeliveries);
  }

  private long after(RetryDelay delay, int redeliveries) {
    exchange.getIn().setHeader(Exchange.REDELIVERY_COUNTER, redeliveries + 1);
    delay.process(exchange);
    return exchange.getIn().getHeader(Exchange.REDELIVERY_DELAY, Long.class);
  }

  @ParameterizedTest
  @CsvSource({"0, 249", "1, 2099", "2, 4199", "3, 8399", "4, 16799", "5, 30000", "50, 30000"})
  void itDoublesUpToTheMost(int redeliveries, long millis) {
    assertThat(afterRedeliveries(redeliveries)).isEqualTo(millis);
  }

  @Test
  void theFirstRedeliveryIsAlmostAtOnce() throws Exception {
    List<Long> waits = new ArrayList<>();
    CamelContext context = new DefaultCamelContext();
    try {
      context.addRoutes(
          new RouteBuilder() {
            @Override
            public void configure() {
              errorHandler(
                  defaultErrorHandler()
                      .maximumRedeliveries(1)
                      .onExceptionOccurred(
                          failed -> {
                            delay.process(failed);
                            waits.add(
                                failed.getIn().getHeader(Exchange.REDELIVERY_DELAY, Long.class));
                          }));
              from("direct:call").throwException(new IOException("reset"));
            }
          });
      context.start();
      context.createProducerTemplate().send("direct:call", any -> {});
    } finally {
      context.stop();
    }

    assertThat(waits).startsWith(249L);
  }

  @Test
  void aTokenThatIsNotAcceptedIsRenewedAtOnce() {
    exchange.setProperty(
        Exchange.EXCEPTION_CAUGHT, CallException.unauthorised("Not accepted (401)."));

    assertThat(afterRedeliveries(0)).isZero();
  }

  @Test
  void itsBoundsCanBeSet() {
    Timings timings = Timings.retrying(Duration.ofMillis(10), Duration.ofMillis(25));
    RetryDelay bounded = new RetryDelay(timings, () -> 0.999999999);

    assertThat(after(bounded, 1)).isEqualTo(10);
    assertThat(after(bounded, 9)).isEqualTo(25);
  }

  @Test
  void theFirstMayBeAtOnce() {
    new RetryDelay(Timings.defaults(), () -> 0).process(exchange);

    assertThat(exchange.getIn().getHeader(Exchange.REDELIVERY_DELAY)).isEqualTo(0L);
  }

  @ParameterizedTest
  @CsvSource({"0, 120", "9, 3"})
  void whatRetryAfterSaysIsTheWaitWithATenthOfJitter(int redeliveries, long seconds) {
    exchange.setProperty(
        Exchange.EXCEPTION_CAUGHT,
        new IllegalStateException(
            CallException.unavailable("Busy.", 429, Duration.ofSeconds(seconds))));

    assertThat(afterRedeliveries(redeliveries)).isBetween(seconds * 1_000, seconds * 1_100);
  }
}
