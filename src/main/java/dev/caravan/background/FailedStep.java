package dev.caravan.background;

import java.util.Optional;
import org.apache.camel.AsyncCallback;
import org.apache.camel.AsyncProcessor;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.ExtendedCamelContext;
import org.apache.camel.NamedNode;
import org.apache.camel.Processor;
import org.apache.camel.spi.InterceptStrategy;
import org.apache.camel.support.AsyncProcessorConverterHelper;
import org.apache.camel.support.processor.DelegateAsyncProcessor;

/** Notes at which step of a route an exchange failed, which Camel forgets when the step ends. */
public final class FailedStep implements InterceptStrategy {

  private static final String PROPERTY = "CamelCaravanFailedStep";

  private record Failed(Throwable cause, String step) {}

  private FailedStep() {}

  /** Notes the failures of all routes that are built from now on. */
  public static void noteIn(CamelContext context) {
    ExtendedCamelContext extended = context.getCamelContextExtension();
    synchronized (extended) {
      if (extended.getInterceptStrategies().stream().noneMatch(FailedStep.class::isInstance)) {
        extended.addInterceptStrategy(new FailedStep());
      }
    }
  }

  /** The step and the route, to be put behind a word; at least the route. */
  public static String where(Exchange exchange, String routeId) {
    Failed failed = exchange.getProperty(PROPERTY, Failed.class);
    return failed == null
        ? " in route " + routeId
        : " at step " + failed.step() + " of route " + routeId;
  }

  /** The id of the step at which the exchange failed. */
  public static Optional<String> id(Exchange exchange) {
    return Optional.ofNullable(exchange.getProperty(PROPERTY, Failed.class)).map(Failed::step);
  }

  @Override
  public Processor wrapProcessorInInterceptors(
      CamelContext context, NamedNode definition, Processor target, Processor nextTarget) {
    return new Noting(AsyncProcessorConverterHelper.convert(target), definition.getId());
  }

  private static final class Noting extends DelegateAsyncProcessor {
    private final String step;

    private Noting(AsyncProcessor target, String step) {
      super(target);
      this.step = step;
    }

    @Override
    public boolean process(Exchange exchange, AsyncCallback callback) {
      return super.process(
          exchange,
          doneSync -> {
            Throwable cause = exchange.getException();
            if (cause != null) {
              note(exchange, cause);
            }
            callback.done(doneSync);
          });
    }

    /** The innermost step comes first, and is the one. */
    private void note(Exchange exchange, Throwable cause) {
      Failed before = exchange.getProperty(PROPERTY, Failed.class);
      if (before == null || before.cause() != cause) {
        exchange.setProperty(PROPERTY, new Failed(cause, step));
      }
    }
  }
}
