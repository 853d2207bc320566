package dev.caravan.background;

import java.util.Optional;
import org.apache.camel.CamelContext;
import org.apache.camel.ErrorHandlerFactory;
import org.apache.camel.Exchange;
import org.apache.camel.NamedNode;
import org.apache.camel.model.OnExceptionDefinition;
import org.apache.camel.model.ProcessorDefinition;
import org.apache.camel.model.ProcessorDefinitionHelper;
import org.apache.camel.model.RouteDefinition;
import org.apache.camel.model.errorhandler.DeadLetterChannelDefinition;
import org.apache.camel.model.errorhandler.RefErrorHandlerDefinition;
import org.apache.camel.util.ObjectHelper;

/**
 * The error handler of a route that sends away whatever fails. What will work later is no dead
 * letter where the route's input tries it until it does: handled, it would be let go of.
 */
public final class DeadLetterChannel {

  private final RouteDefinition route;

  private DeadLetterChannel(RouteDefinition route) {
    this.route = route;
  }

  /** That of the route which the step is of. */
  static Optional<DeadLetterChannel> of(CamelContext context, NamedNode step) {
    return step instanceof ProcessorDefinition<?> definition
        ? Optional.ofNullable(ProcessorDefinitionHelper.getRoute(definition))
            .filter(route -> of(context, route).isPresent())
            .map(DeadLetterChannel::new)
        : Optional.empty();
  }

  /** As it was written for the route, its file, what it shares or all routes. */
  public static Optional<DeadLetterChannelDefinition> of(
      CamelContext context, RouteDefinition route) {
    ErrorHandlerFactory handler = route.getErrorHandlerFactory();
    if (handler instanceof RefErrorHandlerDefinition elsewhere) {
      handler =
          Optional.ofNullable(elsewhere.getRef())
              .map(ref -> context.getRegistry().lookupByName(ref))
              .filter(ErrorHandlerFactory.class::isInstance)
              .map(ErrorHandlerFactory.class::cast)
              .orElseGet(context.getCamelContextExtension()::getErrorHandlerFactory);
    }
    return Optional.ofNullable(handler)
        .filter(DeadLetterChannelDefinition.class::isInstance)
        .map(DeadLetterChannelDefinition.class::cast);
  }

  /** Camel takes an exchange past the handler if its redelivery is over. */
  void failed(Exchange exchange, Throwable cause) {
    if (exchange.getFromEndpoint() instanceof TriesAgain input
        && input.untilItWorks(cause)
        && !hasHandlerOfItsOwn(exchange.getContext(), cause)) {
      exchange.getExchangeExtension().setRedeliveryExhausted(true);
    }
  }

  /** What the user does with it on purpose. */
  private boolean hasHandlerOfItsOwn(CamelContext context, Throwable cause) {
    return route.getOutputs().stream()
        .filter(OnExceptionDefinition.class::isInstance)
        .map(OnExceptionDefinition.class::cast)
        .filter(handler -> handler.getOnWhen() == null)
        .flatMap(handler -> handler.getExceptions().stream())
        .map(name -> context.getClassResolver().resolveClass(name))
        .anyMatch(type -> type != null && ObjectHelper.getException(type, cause) != null);
  }
}
