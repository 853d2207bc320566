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
import org.apache.camel.Processor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sets how long Camel waits before it redelivers: what {@code Retry-After} says, or else
 * exponential with some jitter; and counts how often the token was not accepted. For {@code
 * onExceptionOccurredRef} of an error handler.
 */
public final class RetryDelay implements Processor {

  private static final Logger LOG = LoggerFactory.getLogger(RetryDelay.class);

  private static final int TENTH = 10;

  private final DoubleSupplier random;
  private Duration initialDelay = Timings.defaults().retryInitial();
  private Duration maximumDelay = Timings.defaults().retryMost();

  public RetryDelay() {
    this(() -> ThreadLocalRandom.current().nextDouble());
  }

  RetryDelay(DoubleSupplier random) {
    this.random = random;
  }

  /** Upper bound of the wait before the second retry; doubled for each further one. Default 2 s. */
  public void setInitialDelay(Duration initialDelay) {
    this.initialDelay = initialDelay;
  }

  /** Upper bound of any wait, but for Retry-After. Default 30 s. */
  public void setMaximumDelay(Duration maximumDelay) {
    this.maximumDelay = maximumDelay;
  }

  @Override
  public void process(Exchange exchange) {
    // Camel has counted the redelivery that is to come
    int before =
        Math.max(0, exchange.getIn().getHeader(Exchange.REDELIVERY_COUNTER, 0, Integer.class) - 1);
    CallException failure =
        Failures.causeOf(
            CallException.class, exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Exception.class));
    if (failure == null) {
      unanswered(exchange);
    }
    if (isUnauthorised(failure)) {
      int times = exchange.getProperty(GenesysConstants.UNAUTHORISED, 0, Integer.class);
      exchange.setProperty(GenesysConstants.UNAUTHORISED, times + 1);
    }
    long wait = wait(failure, before);
    exchange.getIn().setHeader(Exchange.REDELIVERY_DELAY, wait);
    tell(exchange, wait);
  }

  private static boolean isUnauthorised(CallException failure) {
    return failure != null && failure.kind() == CallException.Kind.UNAUTHORISED;
  }

  /** A new token needs no wait. */
  private long wait(CallException failure, int before) {
    if (isUnauthorised(failure)) {
      return 0;
    }
    long asked = failure == null ? 0 : failure.retryAfter().toMillis();
    return asked > 0
        ? asked + (long) (random.getAsDouble() * asked / TENTH)
        : Backoff.after(before).delayMillis(Timings.retrying(initialDelay, maximumDelay), random);
  }

  /** What has an answer is counted where that is read. */
  private static void unanswered(Exchange exchange) {
    Throwable why = exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Throwable.class);
    boolean made = Failures.causeOf(CallNotPermittedException.class, why) == null;
    GenesysMetrics.of(exchange).unanswered(exchange, made);
  }

  /** At once, since it may take minutes until the attempts are exhausted; repeats are silent. */
  private static void tell(Exchange exchange, long wait) {
    Throwable failure = exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Throwable.class);
    if (failure != null
        && exchange.getContext().getComponent("genesys") instanceof GenesysComponent component) {
      CallException call = Failures.asCallException(failure, "Genesys Cloud");
      String sentence = call.getMessage();
      // A refusal is told by whoever asked, and not tried again here
      if (call.kind() == CallException.Kind.UNAVAILABLE && component.troubled(sentence)) {
        LOG.warn("{} It is tried again, first in {} ms.", sentence, wait);
      }
    }
  }
}
