package dev.caravan.routes;

import dev.caravan.kafka.StuckException;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.apache.camel.AsyncCallback;
import org.apache.camel.Endpoint;
import org.apache.camel.Exchange;
import org.apache.camel.Producer;
import org.apache.camel.component.direct.DirectComponent;
import org.apache.camel.component.direct.DirectConsumerNotAvailableException;
import org.apache.camel.component.direct.DirectEndpoint;
import org.apache.camel.component.direct.DirectProducer;

/**
 * {@code direct:} of the bridge: ends an event's call of a route that does not run at once,
 * whatever step calls it. Camel waits half a minute for each, and all others with it. If the
 * route's file is broken or was taken away, the event is stuck until it runs; nobody knows better
 * of any other.
 */
final class FailFastDirectComponent extends DirectComponent {

  private final BooleanSupplier replacing;
  private final Function<String, Optional<String>> away;

  /**
   * @param replacing whether routes are being replaced at this moment: then Camel waits for the new
   *     ones
   * @param away why no route begins there, if that will be mended, as a sentence
   */
  FailFastDirectComponent(BooleanSupplier replacing, Function<String, Optional<String>> away) {
    this.replacing = replacing;
    this.away = away;
  }

  @Override
  protected Endpoint createEndpoint(String uri, String name, Map<String, Object> options)
      throws Exception {
    DirectEndpoint endpoint = new Called(uri, "direct:" + name);
    endpoint.setBlock(isBlock());
    endpoint.setTimeout(getTimeout());
    setProperties(endpoint, options);
    return endpoint;
  }

  private final class Called extends DirectEndpoint {
    private final String input;
    private final String key;

    private Called(String uri, String input) {
      super(uri, FailFastDirectComponent.this);
      this.input = input;
      this.key = uri.replaceFirst("\\?.*", "");
    }

    @Override
    public Producer createProducer() {
      return new DirectProducer(this, key) {
        @Override
        public boolean process(Exchange exchange, AsyncCallback callback) {
          if (!isFailIfNoConsumers() || !isEvent(exchange) || runs() || replacing.getAsBoolean()) {
            return super.process(exchange, callback);
          }
          exchange.setException(
              away.apply(input)
                  .<Exception>map(why -> new StuckException(input, why))
                  .orElseGet(
                      () ->
                          new DirectConsumerNotAvailableException(
                              "No route begins with " + input, exchange)));
          callback.done(true);
          return true;
        }
      };
    }

    private boolean runs() {
      try {
        return FailFastDirectComponent.this.getConsumer(key, false, 0) != null;
      } catch (InterruptedException e) {
        // It is told to stop: Camel ends the call
        Thread.currentThread().interrupt();
        return true;
      }
    }
  }

  /** Calls of Genesys Cloud wait for their routes as Camel does. */
  private static boolean isEvent(Exchange exchange) {
    return exchange.getFromEndpoint() != null
        && exchange.getFromEndpoint().getEndpointUri().matches("(spool|genesys):(//)?.*");
  }
}
