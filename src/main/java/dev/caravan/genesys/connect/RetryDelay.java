package dev.caravan.genesys.connect;

import dev.caravan.channel.Backoff;
import dev.caravan.channel.Timings;
import dev.caravan.genesys.GenesysComponent;
import dev.caravan.genesys.GenesysConstants;
import dev.caravan.genesys.GenesysMetrics;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.DoubleSupplier;
import org.apache.camel.Exchange;
import org.apache.camel.Predicate;
import org.apache.camel.Processor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How soon Camel redelivers a call, and counts how often its token was not accepted. For {@code
 * onExceptionOccurredRef} of an error handler.
 */
public final class RetryDelay implements Processor {

  private static final Logger LOG = LoggerFactory.getLogger(RetryDelay.class);

  private static final int TENTH = 10;

  private final Timings timings;
  private final DoubleSupplier random;

  public RetryDelay(Timings timings) {
    this(timings, () -> ThreadLocalRandom.current().nextDouble());
  }

  RetryDelay(Timings timings, DoubleSupplier random) {
    this.timings = timings;
    this.random = random;
  }

  /** What {@code Retry-After} says, and a tenth of jitter; without it, the backoff's. */
  public static long millis(
      Duration retryAfter, Backoff otherwise, Timings timings, DoubleSupplier random) {
    long asked = retryAfter.toMillis();
    return asked > 0
        ? asked + (long) (random.getAsDouble() * asked / TENTH)
        : otherwise.delayMillis(timings, random);
  }

  /**
   * Whether a call that failed is made again, for {@code retryWhileRef}: what says "not now" so
   * often, what says "no" never. A token that is not accepted is renewed once, however many retries
   * other failures took before.
   */
  public static Predicate retries(int attempts) {
    return exchange ->
        switch (kind(Failures.causeOf(CallException.class, caught(exchange)))) {
          case UNAUTHORISED ->
              exchange.getProperty(GenesysConstants.UNAUTHORISED, 0, Integer.class) < 2;
          case REFUSED, NOT_FOUND -> false;
          // Camel has counted the redelivery that is to come
          case UNAVAILABLE -> redeliveries(exchange) <= attempts;
        };
  }

  private static Exception caught(Exchange exchange) {
    return exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Exception.class);
  }

  private static CallException.Kind kind(CallException failure) {
    return failure == null ? CallException.Kind.UNAVAILABLE : failure.kind();
  }

  private static int redeliveries(Exchange exchange) {
    return exchange.getIn().getHeader(Exchange.REDELIVERY_COUNTER, 0, Integer.class);
  }

  @Override
  public void process(Exchange exchange) {
    Exception caught = caught(exchange);
    CallException failure = Failures.causeOf(CallException.class, caught);
    if (failure == null) {
      // What has an answer is counted where that is read
      boolean made = Failures.causeOf(CallNotPermittedException.class, caught) == null;
      GenesysMetrics.of(exchange).unanswered(exchange, made);
    }
    long wait = 0;
    if (kind(failure) == CallException.Kind.UNAUTHORISED) {
      // A new token needs no wait
      int times = exchange.getProperty(GenesysConstants.UNAUTHORISED, 0, Integer.class);
      exchange.setProperty(GenesysConstants.UNAUTHORISED, times + 1);
    } else {
      // Camel has counted the redelivery that is to come
      Backoff backoff = Backoff.after(Math.max(0, redeliveries(exchange) - 1));
      Duration asked = failure == null ? Duration.ZERO : failure.retryAfter();
      wait = millis(asked, backoff, timings, random);
    }
    exchange.getIn().setHeader(Exchange.REDELIVERY_DELAY, wait);
    if (caught != null) {
      tell(exchange, caught, wait);
    }
  }

  /** At once, since it may take minutes until the attempts are exhausted; repeats are silent. */
  private static void tell(Exchange exchange, Exception failure, long wait) {
    GenesysComponent component =
        exchange.getContext().getComponent("genesys", GenesysComponent.class);
    CallException call = Failures.asCallException(failure, "Genesys Cloud");
    // A refusal is told by whoever asked, and not tried again here
    if (call.kind() == CallException.Kind.UNAVAILABLE && component.troubled(call.getMessage())) {
      LOG.warn("{} It is tried again, first in {} ms.", call.getMessage(), wait);
    }
  }
}
