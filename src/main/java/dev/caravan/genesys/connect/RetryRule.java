package dev.caravan.genesys.connect;

import dev.caravan.genesys.GenesysConstants;
import org.apache.camel.Exchange;
import org.apache.camel.Predicate;

/**
 * Whether a call that failed is made again: what says "not now" so often, what says "no" never. A
 * token that is not accepted is renewed once, however many retries other failures took before. For
 * {@code retryWhileRef} of an error handler.
 *
 * @param attempts how often
 */
public record RetryRule(int attempts) implements Predicate {

  @Override
  public boolean matches(Exchange exchange) {
    CallException failure =
        Failures.causeOf(
            CallException.class, exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Exception.class));
    if (failure instanceof UnauthorisedException) {
      return exchange.getProperty(GenesysConstants.UNAUTHORISED, 0, Integer.class) < 2;
    }
    if (failure instanceof RefusedException || failure instanceof NotFoundException) {
      return false;
    }
    // Camel has counted the redelivery that is to come
    return exchange.getIn().getHeader(Exchange.REDELIVERY_COUNTER, 0, Integer.class) <= attempts;
  }
}
