package dev.caravan.background;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.camel.AsyncCallback;
import org.apache.camel.AsyncProcessor;
import org.apache.camel.CamelContext;
import org.apache.camel.CamelExecutionException;
import org.apache.camel.Exchange;
import org.apache.camel.ExtendedCamelContext;
import org.apache.camel.NamedNode;
import org.apache.camel.Processor;
import org.apache.camel.RollbackExchangeException;
import org.apache.camel.spi.InterceptStrategy;
import org.apache.camel.support.AsyncProcessorConverterHelper;
import org.apache.camel.support.processor.DelegateAsyncProcessor;

/**
 * Notes at which step of a route an exchange failed, which Camel forgets when the step ends; and
 * sees to it that a step that throws has failed, and ends once.
 *
 * <p>Most steps of Camel 4.17 do not catch what is no {@link Exception}. Some go on with the route
 * all the same and throw it afterwards ({@code DelegateSyncProcessor}, {@code UnmarshalProcessor}):
 * the next step would get what this one was to mask, and who sent the exchange would be told that
 * it has failed. Behind a step that ended on another thread nobody would hear of it at all.
 */
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

  /**
   * Why an exchange that has come back from its route did not get through it: what was thrown, or
   * that a step marked it to be rolled back, which ends the route without an exception.
   */
  public static Optional<Throwable> failure(Exchange exchange) {
    Throwable cause = exchange.getException();
    if (cause == null && (exchange.isRollbackOnly() || exchange.isRollbackOnlyLast())) {
      cause = new RollbackExchangeException(exchange);
    }
    return Optional.ofNullable(cause).map(FailedStep::thrown);
  }

  /** What was thrown: Camel keeps an {@link Error} as the cause of an exception of its own. */
  public static Throwable thrown(Throwable failure) {
    return failure instanceof CamelExecutionException && failure.getCause() instanceof Error error
        ? error
        : failure;
  }

  @Override
  public Processor wrapProcessorInInterceptors(
      CamelContext context, NamedNode definition, Processor target, Processor nextTarget) {
    AsyncProcessor step = AsyncProcessorConverterHelper.convert(target);
    return new Noting(
        UnsentStep.failedBy(BranchFailures.keptBy(step, target), target),
        definition.getId(),
        DeadLetterChannel.of(context, definition));
  }

  private static final class Noting extends DelegateAsyncProcessor {
    private final String step;
    private final Optional<DeadLetterChannel> deadLetters;

    private Noting(AsyncProcessor target, String step, Optional<DeadLetterChannel> deadLetters) {
      super(target);
      this.step = step;
      this.deadLetters = deadLetters;
    }

    @Override
    public boolean process(Exchange exchange, AsyncCallback callback) {
      StepEnd end =
          new StepEnd(
              doneSync -> {
                Throwable cause = exchange.getException();
                if (cause != null) {
                  note(exchange, cause);
                  deadLetters.ifPresent(handler -> handler.failed(exchange, cause));
                }
                callback.done(doneSync);
              });
      try {
        super.process(exchange, end);
      } catch (RuntimeException | Error e) {
        exchange.setException(e);
        return end.thrown();
      }
      return end.returned();
    }

    /** The innermost step comes first, and is the one. */
    private void note(Exchange exchange, Throwable cause) {
      Failed before = exchange.getProperty(PROPERTY, Failed.class);
      if (before == null || before.cause() != cause) {
        exchange.setProperty(PROPERTY, new Failed(cause, step));
      }
    }
  }

  /** What comes of a step goes on once it has returned, as until then it may still throw. */
  private static final class StepEnd implements AsyncCallback {

    private enum Phase {
      RUNNING,
      DONE_MEANWHILE,
      RETURNED,
      OVER
    }

    private final AtomicReference<Phase> phase = new AtomicReference<>(Phase.RUNNING);
    private final AsyncCallback next;
    private boolean doneSync;

    private StepEnd(AsyncCallback next) {
      this.next = next;
    }

    /** Only the first time counts. */
    @Override
    public void done(boolean sync) {
      if (phase.get() == Phase.RUNNING) {
        doneSync = sync;
        if (phase.compareAndSet(Phase.RUNNING, Phase.DONE_MEANWHILE)) {
          return;
        }
      }
      if (phase.compareAndSet(Phase.RETURNED, Phase.OVER)) {
        next.done(false);
      }
    }

    boolean returned() {
      if (phase.compareAndSet(Phase.RUNNING, Phase.RETURNED)) {
        return false;
      }
      phase.set(Phase.OVER);
      next.done(doneSync);
      return doneSync;
    }

    boolean thrown() {
      phase.set(Phase.OVER);
      next.done(true);
      return true;
    }
  }
}
