package dev.caravan.spool;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Processor;
import org.apache.camel.RollbackExchangeException;
import org.apache.camel.Suspendable;
import org.apache.camel.health.HealthCheckHelper;
import org.apache.camel.support.DefaultConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes part in the life of a route; the handing out is the {@link Delivery}'s. */
class SpoolConsumer extends DefaultConsumer implements Suspendable {

  private static final Logger LOG = LoggerFactory.getLogger(SpoolConsumer.class);
  private static final Duration SETTLE_WITHIN = Duration.ofSeconds(2);

  private final SpoolEndpoint endpoint;
  private Spool spool;
  private Delivery delivery;
  private ExecutorService executor;

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
      SpoolHealthCheck check = new SpoolHealthCheck(spool, getRouteId());
      check.setEnabled(endpoint.getComponent().isHealthCheckConsumerEnabled());
      setHealthCheck(check);
    }
    delivery = new Delivery(spool, endpoint.getConfiguration().deliveryOptions(), this::receive);
    spool.attach(delivery);
    executor =
        endpoint
            .getCamelContext()
            .getExecutorServiceManager()
            .newSingleThreadExecutor(this, "SpoolDelivery-" + endpoint.getName());
    executor.execute(delivery);
  }

  private void receive(SpoolRecord record, boolean again, Delivery.Settlement settlement) {
    Exchange exchange = createExchange(false);
    Message message = exchange.getIn();
    message.setBody(record.bodyOrNull());
    Map<String, Object> headers = message.getHeaders();
    record.headers().forEach(headers::put);
    headers.put(SpoolConstants.SEQUENCE, record.sequence());
    headers.put(SpoolConstants.APPENDED_AT, record.appendedAtMillis());
    if (again) {
      headers.put(SpoolConstants.REDELIVERED, true);
    }
    getAsyncProcessor()
        .process(
            exchange,
            doneSync -> {
              Optional<Throwable> failure = failureOf(exchange);
              releaseExchange(exchange, false);
              failure.ifPresentOrElse(settlement::failed, settlement::delivered);
            });
  }

  private static Optional<Throwable> failureOf(Exchange exchange) {
    if (exchange.getException() != null) {
      return Optional.of(exchange.getException());
    }
    return exchange.isRollbackOnly()
        ? Optional.of(new RollbackExchangeException(exchange))
        : Optional.empty();
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
    if (delivery != null) {
      spool.detach(delivery);
      delivery = null;
    }
    if (executor != null) {
      // Not interrupted: an interrupt in the middle of reading would close the spool's file.
      executor.shutdown();
      executor = null;
    }
    super.doStop();
  }

  private void notSettled() {
    LOG.warn(
        "Spool '{}': records in flight did not settle in time; those not delivered will be handed"
            + " out again.",
        endpoint.getName());
  }
}
