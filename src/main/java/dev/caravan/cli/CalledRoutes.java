package dev.caravan.cli;

import dev.caravan.kafka.StuckException;
import java.util.Optional;
import org.apache.camel.AsyncCallback;
import org.apache.camel.AsyncProcessor;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.NamedNode;
import org.apache.camel.Processor;
import org.apache.camel.Route;
import org.apache.camel.component.direct.DirectConsumerNotAvailableException;
import org.apache.camel.model.ToDefinition;
import org.apache.camel.spi.InterceptStrategy;
import org.apache.camel.support.AsyncProcessorConverterHelper;
import org.apache.camel.support.processor.DelegateAsyncProcessor;

/**
 * Ends an event's call of a route that does not run at once: Camel waits half a minute for each,
 * and all others with it. If the route's file is broken or was taken away, the event is stuck until
 * it runs; nobody knows better of any other.
 */
final class CalledRoutes implements InterceptStrategy {

  /** What is to be thought of a route that does not run. */
  interface Files {

    /** Whether routes are being replaced at this moment: then Camel waits for the new ones. */
    boolean isReplacing();

    /** Why no route begins there, if that will be mended, as a sentence. */
    Optional<String> away(String input);
  }

  private final Files files;

  CalledRoutes(Files files) {
    this.files = files;
  }

  @Override
  public Processor wrapProcessorInInterceptors(
      CamelContext context, NamedNode definition, Processor target, Processor nextTarget) {
    Optional<String> input =
        definition instanceof ToDefinition call
            ? Optional.ofNullable(call.getEndpointUri())
                .map(context::resolvePropertyPlaceholders)
                .map(EndedWork::plain)
                .filter(uri -> uri.startsWith("direct:"))
            : Optional.empty();
    return input.isEmpty()
        ? target
        : new Call(AsyncProcessorConverterHelper.convert(target), input.get());
  }

  private final class Call extends DelegateAsyncProcessor {
    private final String input;

    private Call(AsyncProcessor target, String input) {
      super(target);
      this.input = input;
    }

    @Override
    public boolean process(Exchange exchange, AsyncCallback callback) {
      if (!isEvent(exchange) || runs(exchange.getContext()) || files.isReplacing()) {
        return super.process(exchange, callback);
      }
      exchange.setException(
          files
              .away(input)
              .<Exception>map(why -> new StuckException(input, why))
              .orElseGet(
                  () ->
                      new DirectConsumerNotAvailableException(
                          "No route begins with " + input, exchange)));
      callback.done(true);
      return true;
    }

    private boolean runs(CamelContext context) {
      for (Route route : context.getRoutes()) {
        if (EndedWork.plain(route.getEndpoint().getEndpointUri()).equals(input)) {
          return LoadedRoutes.runs(context, route.getRouteId());
        }
      }
      return false;
    }
  }

  /** Calls of Genesys Cloud wait for their routes as Camel does. */
  private static boolean isEvent(Exchange exchange) {
    return exchange.getFromEndpoint() != null
        && exchange.getFromEndpoint().getEndpointUri().matches("(spool|genesys):(//)?.*");
  }
}
