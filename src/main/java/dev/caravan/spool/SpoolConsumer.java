package dev.caravan.spool;

import dev.caravan.background.FailedStep;
import dev.caravan.spool.log.LogRecord;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import org.apache.camel.AsyncProducer;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Processor;
import org.apache.camel.Suspendable;
import org.apache.camel.health.HealthCheckHelper;
import org.apache.camel.health.HealthCheckResultBuilder;
import org.apache.camel.impl.health.AbstractHealthCheck;
import org.apache.camel.support.DefaultConsumer;
import org.apache.camel.support.service.ServiceHelper;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes part in the life of a route; the handing out is the {@link Delivery}'s. */
class SpoolConsumer extends DefaultConsumer implements Suspendable, Delivery.Receiver {

  private static final Logger LOG = LoggerFactory.getLogger(SpoolConsumer.class);
  private static final Duration SETTLE_WITHIN = Duration.ofSeconds(2);

  private final SpoolEndpoint endpoint;
  private Spool spool;
  private Delivery delivery;
  private ExecutorService executor;
  private AsyncProducer letters;

  SpoolConsumer(SpoolEndpoint endpoint, Processor processor) {
    super(endpoint, processor);
    this.endpoint = endpoint;
  }

  @Override
  protected void doStart() throws Exception {
    super.doStart();
    spool = endpoint.spool();
    if (HealthCheckHelper.getHealthCheckRepository(endpoint.getCamelContext(), "consumers")
        != null) {
      Health check = new Health(spool, getRouteId());
      check.setEnabled(endpoint.getComponent().isHealthCheckConsumerEnabled());
      setHealthCheck(check);
    }
    String deadLetters = endpoint.getConfiguration().getDeadLetters();
    if (!deadLetters.isEmpty()) {
      letters = endpoint.getCamelContext().getEndpoint(deadLetters).createAsyncProducer();
      ServiceHelper.startService(letters);
    }
    executor =
        endpoint
            .getCamelContext()
            .getExecutorServiceManager()
            .newSingleThreadExecutor(this, "SpoolDelivery-" + endpoint.getName());
    delivery = new Delivery(spool, endpoint.getConfiguration(), this);
    try {
      spool.attach(delivery, endpoint.getConfiguration());
      executor.execute(delivery);
    } catch (IOException | RuntimeException | Error e) {
      // Camel does not stop what could not be started, and the next must find the place free
      release();
      throw e;
    }
  }

  @Override
  public Runnable whenSettled(LogRecord record) {
    SpoolComponent component = endpoint.getComponent();
    byte[] receipt = component.receiptOf(record);
    return receipt == null ? NOBODY_ASKS : () -> component.settled(receipt);
  }

  @Override
  public void receive(LogRecord record, boolean again, Delivery.Settlement settlement) {
    Exchange exchange = exchange(record);
    if (again) {
      exchange.getIn().setHeader(SpoolConstants.REDELIVERED, true);
    }
    getAsyncProcessor()
        .process(
            exchange,
            doneSync -> {
              Optional<Failure> failure;
              try {
                failure = failureOf(exchange);
              } catch (RuntimeException | Error e) {
                // The judge is the user's; a record that is never settled would hold up its key
                failure = Optional.of(Failure.Judge.NONE.judge(e, ""));
              }
              releaseExchange(exchange, false);
              settlement.settled(failure);
            });
  }

  private Exchange exchange(LogRecord record) {
    Exchange exchange = createExchange(false);
    Message message = exchange.getIn();
    message.setBody(record.bodyOrNull());
    Map<String, Object> headers = message.getHeaders();
    record.headers().forEach(headers::put);
    long sequence = Parking.sequence(record);
    headers.put(SpoolConstants.SEQUENCE, sequence);
    if (sequence <= spool.restoredUpTo()) {
      headers.put(SpoolConstants.RESTORED, true);
    }
    headers.remove(Parking.SEQUENCE);
    headers.remove(SpoolConstants.RECEIPT);
    byte[] receipt = endpoint.getComponent().receiptOf(record);
    if (receipt != null) {
      // Whichever spool the route sends it on to
      exchange.setProperty(SpoolConstants.RECEIPT, receipt);
    }
    headers.put(SpoolConstants.APPENDED_AT, record.appendedAtMillis());
    return exchange;
  }

  private Optional<Failure> failureOf(Exchange exchange) {
    return FailedStep.failure(exchange)
        .map(
            cause ->
                endpoint
                    .getConfiguration()
                    .getFailureJudge()
                    .judge(cause, FailedStep.where(exchange, getRouteId())));
  }

  @Override
  public void deadLetter(LogRecord record, String reason) throws Exception {
    Exchange exchange = exchange(record);
    exchange.getIn().setHeader(SpoolConstants.REASON, reason);
    try {
      letters.process(exchange);
      if (exchange.getException() != null) {
        throw exchange.getException();
      }
    } finally {
      releaseExchange(exchange, false);
    }
  }

  @Override
  protected void doSuspend() throws Exception {
    if (delivery != null) {
      delivery.pause();
    }
    super.doSuspend();
  }

  @Override
  protected void doResume() throws Exception {
    if (delivery != null) {
      delivery.resume();
    }
    super.doResume();
  }

  @Override
  protected void doStop() throws Exception {
    try {
      if (delivery != null && !delivery.stop(SETTLE_WITHIN)) {
        notSettled();
      }
    } catch (InterruptedException e) {
      // Camel has waited long enough
      Thread.currentThread().interrupt();
      notSettled();
    }
    release();
    super.doStop();
  }

  private void release() {
    if (delivery != null) {
      spool.detach(delivery);
      delivery = null;
    }
    if (executor != null) {
      // Not interrupted: an interrupt in the middle of reading would close the spool's file.
      executor.shutdown();
      executor = null;
    }
    ServiceHelper.stopService(letters);
  }

  /** Down when records are held up or in danger, up as long as there is room for them. */
  private static final class Health extends AbstractHealthCheck {

    private final Spool spool;

    private Health(Spool spool, String routeId) {
      super("camel", "consumer:spool-" + routeId);
      this.spool = spool;
    }

    @Override
    protected void doCall(HealthCheckResultBuilder builder, Map<String, Object> options) {
      SpoolStatus status = spool.status();
      builder
          .message(status.sentence())
          .detail("spool", status.name())
          .detail("state", status.sentence())
          .detail("records", status.records())
          .detail("bytes", status.space().bytes())
          .detail("oldest.seconds", status.oldest().toSeconds())
          .detail("in.flight", status.taking().inFlight())
          .detail("dropped", status.counts().dropped())
          .detail("lost", status.counts().lost())
          .state(status.inDanger() ? State.DOWN : State.UP);
    }
  }

  private void notSettled() {
    LOG.warn(
        "Spool '{}': records in flight did not settle in time; those not delivered will be handed"
            + " out again.",
        endpoint.getName());
  }
}
