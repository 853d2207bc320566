package dev.caravan.genesys;

import org.apache.camel.AsyncCallback;
import org.apache.camel.Endpoint;
import org.apache.camel.Exchange;
import org.apache.camel.support.DefaultAsyncProducer;

/** {@code genesys:connect}: opens the socket of the channel that an exchange is about. */
final class ConnectProducer extends DefaultAsyncProducer {

  ConnectProducer(Endpoint endpoint) {
    super(endpoint);
  }

  @Override
  public boolean process(Exchange exchange, AsyncCallback callback) {
    OpenAttempt attempt = exchange.getProperty(GenesysConstants.ATTEMPT, OpenAttempt.class);
    if (attempt == null) {
      exchange.setException(
          new IllegalStateException(
              "genesys:connect works only in a route that a genesys:notifications consumer calls to"
                  + " open a channel (its options openRoute and reopenRoute)."));
      callback.done(true);
      return true;
    }
    return attempt.connect(exchange, callback);
  }
}
