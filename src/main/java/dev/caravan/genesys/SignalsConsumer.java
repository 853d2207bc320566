package dev.caravan.genesys;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.caravan.background.BackgroundHealthCheck;
import dev.caravan.background.BackgroundThreads;
import dev.caravan.background.FailedStep;
import dev.caravan.frame.EventId;
import dev.caravan.frame.EventIds;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;
import org.apache.camel.support.DefaultConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code genesys:signals}: one exchange per {@link Signal}, its body the signal as JSON bytes. */
final class SignalsConsumer extends DefaultConsumer {

  private static final Logger LOG = LoggerFactory.getLogger(SignalsConsumer.class);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final EventIds ids = new EventIds(new SecureRandom());
  private final EventHeaders headers;
  private ExecutorService executor;

  SignalsConsumer(GenesysEndpoint endpoint, Processor processor) {
    super(endpoint, processor);
    headers = new EventHeaders(endpoint.source(), Clock.systemUTC());
  }

  private GenesysComponent component() {
    return ((GenesysEndpoint) getEndpoint()).component();
  }

  @Override
  protected void doStart() throws Exception {
    super.doStart();
    executor =
        getEndpoint()
            .getCamelContext()
            .getExecutorServiceManager()
            .newSingleThreadExecutor(this, "genesys-signals");
    BackgroundHealthCheck.of(getEndpoint().getCamelContext()).watch(component().signals().task());
    component().signals().read(this::pass, executor);
  }

  @Override
  protected void doStop() throws Exception {
    if (executor != null) {
      component().signals().readNoMore();
      // What was taken is noted in the ledger, which may be another's afterwards
      BackgroundThreads.end(getEndpoint().getCamelContext(), executor, "passing signals on");
    }
    super.doStop();
  }

  /**
   * A gap is reported when its signal was handed on; its backfill has ended when what came of it
   * was, or, if no route fills gaps, at once.
   */
  private void reported(Signal signal) {
    boolean isGap = signal.type().equals("GAP");
    if (isGap) {
      component().ledger().reported(signal.gap());
    }
    if (signal.type().equals("BACKFILLED") || isGap && !component().gaps().wereEverRead()) {
      component().ledger().backfilled(signal.gap());
    }
  }

  private void pass(Signal signal) {
    Exchange exchange = createExchange(true);
    try {
      byte[] body = JSON.writeValueAsBytes(signal);
      exchange.getIn().setBody(body);
      // What is told again of a gap, after a restart perhaps, is the same event; all else is new
      String id = signal.gap() == null ? ids.next() : EventId.of("signals", body).hex();
      headers.set(exchange.getIn(), signal, id);
    } catch (JsonProcessingException e) {
      exchange.setException(e);
    }
    getAsyncProcessor()
        .process(
            exchange,
            doneSync -> {
              Optional<Throwable> failure = FailedStep.failure(exchange);
              if (failure.isEmpty()) {
                reported(signal);
              } else if (isRunAllowed()) {
                LOG.warn(
                    "A signal ({}) was not sent: {}.",
                    signal.type(),
                    failure.get().getClass().getSimpleName());
                LOG.debug("A signal was not sent", failure.get());
              }
            });
  }
}
