package dev.caravan.genesys.connect;

import org.apache.camel.Exchange;
import org.apache.camel.Processor;

/**
 * Reads the answer of an HTTP call and fails if it says "not now" (408, 429, 5xx), so that a
 * circuit breaker around it counts just these. Every other answer passes, its body read, for {@link
 * HttpAnswer} to judge after the breaker: a breaker swallows the failures that it is told to
 * ignore.
 */
public final class HttpAvailable implements Processor {

  private final HttpAnswer answer = new HttpAnswer();

  @Override
  public void process(Exchange exchange) {
    if (!HttpAnswer.isOn(exchange)) {
      return;
    }
    int status = exchange.getMessage().getHeader(Exchange.HTTP_RESPONSE_CODE, 0, Integer.class);
    RestMeters.of(exchange).answered(exchange, status);
    if (HttpAnswer.saysNotNow(status)) {
      answer.process(exchange);
    }
    exchange.getMessage().setBody(exchange.getMessage().getBody(String.class));
  }
}
