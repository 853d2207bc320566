package dev.caravan.genesys.connect;

import dev.caravan.genesys.GenesysConstants;
import org.apache.camel.Endpoint;
import org.apache.camel.Exchange;
import org.apache.camel.support.DefaultProducer;

/** {@code genesys:connect}: opens the socket of the channel that an exchange is about. */
public final class ConnectProducer extends DefaultProducer {

  public ConnectProducer(Endpoint endpoint) {
    super(endpoint);
  }

  @Override
  public void process(Exchange exchange) throws Exception {
    OpenAttempt attempt = exchange.getProperty(GenesysConstants.ATTEMPT, OpenAttempt.class);
    if (attempt == null) {
      throw new IllegalStateException(
          "genesys:connect works only in a route that a genesys:notifications consumer calls to open"
              + " a channel (its options openRoute and reopenRoute).");
    }
    attempt.connect(exchange);
  }
}
