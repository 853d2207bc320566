package dev.caravan.genesys;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.concurrent.ExecutorService;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;
import org.apache.camel.support.DefaultConsumer;

/**
 * {@code genesys:signals}: one exchange per {@link Signal}, one after the other, its body the
 * signal as JSON bytes.
 */
final class SignalsConsumer extends DefaultConsumer {

  private static final ObjectMapper JSON = new ObjectMapper();

  private ExecutorService executor;

  SignalsConsumer(GenesysEndpoint endpoint, Processor processor) {
    super(endpoint, processor);
  }

  @Override
  protected void doStart() throws Exception {
    super.doStart();
    executor =
        getEndpoint()
            .getCamelContext()
            .getExecutorServiceManager()
            .newSingleThreadExecutor(this, "genesys-signals");
    executor.execute(this::passAll);
  }

  @Override
  protected void doStop() throws Exception {
    getEndpoint().getCamelContext().getExecutorServiceManager().shutdownNow(executor);
    super.doStop();
  }

  private void passAll() {
    Signals signals = ((GenesysEndpoint) getEndpoint()).component().signals();
    try {
      while (isRunAllowed() && !executor.isShutdown()) {
        pass(signals.take());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void pass(Signal signal) {
    Exchange exchange = createExchange(true);
    try {
      exchange.getIn().setBody(JSON.writeValueAsBytes(signal));
      exchange.getIn().setHeader("caravan-signal", signal.type());
      exchange.getIn().setHeader("content-type", "application/json");
      exchange.getIn().setHeader(GenesysConstants.KEY, String.valueOf(signal.shard()));
      getProcessor().process(exchange);
    } catch (Exception e) {
      exchange.setException(e);
    }
    if (exchange.getException() != null && isRunAllowed()) {
      getExceptionHandler()
          .handleException("A signal was not sent", exchange, exchange.getException());
    }
  }
}
