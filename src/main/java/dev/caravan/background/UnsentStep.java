package dev.caravan.background;

import java.util.Optional;
import org.apache.camel.AsyncCallback;
import org.apache.camel.AsyncProcessor;
import org.apache.camel.Exchange;
import org.apache.camel.ExchangePropertyKey;
import org.apache.camel.NoSuchEndpointException;
import org.apache.camel.Processor;
import org.apache.camel.processor.Pipeline;
import org.apache.camel.processor.RecipientList;
import org.apache.camel.processor.RoutingSlip;
import org.apache.camel.processor.SendDynamicProcessor;
import org.apache.camel.support.processor.DelegateAsyncProcessor;

/**
 * Fails a step that was to find out where to send an exchange to and has found nothing: Camel goes
 * on as if it had been sent.
 */
final class UnsentStep extends DelegateAsyncProcessor {

  /** As long as it was sent nowhere; gone, too, if what it was sent to has taken all away. */
  private static final String UNSENT = "CamelCaravanUnsent";

  private final Optional<ExchangePropertyKey> sentTo;

  private UnsentStep(AsyncProcessor step, Optional<ExchangePropertyKey> sentTo) {
    super(step);
    this.sentTo = sentTo;
  }

  /** The same step, be it one that finds out by itself where to send to. */
  static AsyncProcessor failedBy(AsyncProcessor step, Processor target) {
    if (target instanceof SendDynamicProcessor) {
      return new UnsentStep(step, Optional.of(ExchangePropertyKey.TO_ENDPOINT));
    }
    if (target instanceof RoutingSlip) {
      return new UnsentStep(step, Optional.of(ExchangePropertyKey.SLIP_ENDPOINT));
    }
    Optional<RecipientList> list =
        target instanceof Pipeline pipeline
            ? pipeline.next().stream()
                .filter(RecipientList.class::isInstance)
                .map(RecipientList.class::cast)
                .findFirst()
            : Optional.empty();
    if (list.isEmpty()) {
      return step;
    }
    list.get().setAggregationStrategy(new BranchFailures(list.get().getAggregationStrategy()));
    return new UnsentStep(step, Optional.empty());
  }

  /** What came of one of its targets has come back. */
  static void sent(Exchange exchange) {
    exchange.removeProperty(UNSENT);
  }

  @Override
  public boolean process(Exchange exchange, AsyncCallback callback) {
    exchange.setProperty(UNSENT, true);
    Optional<Object> before = sentTo.map(exchange::removeProperty);
    return super.process(
        exchange,
        doneSync -> {
          boolean unsent = exchange.removeProperty(UNSENT) != null;
          if (unsent && sentTo.map(exchange::getProperty).isEmpty()) {
            before.ifPresent(endpoint -> exchange.setProperty(sentTo.orElseThrow(), endpoint));
            if (exchange.getException() == null) {
              exchange.setException(new NoSuchEndpointException("(none was found)"));
            }
          }
          callback.done(doneSync);
        });
  }
}
