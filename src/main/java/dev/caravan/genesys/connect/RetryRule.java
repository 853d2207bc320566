package dev.caravan.genesys.connect;

import dev.caravan.genesys.GenesysConstants;
import org.apache.camel.Exchange;
import org.apache.camel.Predicate;

/**
 * Whether a call that failed is made again: what says "not now" so often, what says "no" never. A
 * token that is not accepted is renewed once, however many retries other failures took before. For
 * {@code retryWhileRef} of an error handler.
 */
public record RetryRule(int attempts) implements Predicate {

  @Override
  public boolean matches(Exchange exchange) {
    CallException failure =
        Failures.causeOf(
            CallException.class, exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Exception.class));
    CallException.Kind kind = failure == null ? CallException.Kind.UNAVAILABLE : failure.kind();
    return switch (kind) {
      case UNAUTHORISED ->
          exchange.getProperty(GenesysConstants.UNAUTHORISED, 0, Integer.class) < 2;
      case REFUSED, NOT_FOUND -> false;
      // Camel has counted the redelivery that is to come
      case UNAVAILABLE ->
          exchange.getIn().getHeader(Exchange.REDELIVERY_COUNTER, 0, Integer.class) <= attempts;
    };
  }
}
