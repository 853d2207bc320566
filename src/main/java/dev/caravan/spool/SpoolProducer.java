package dev.caravan.spool;

import dev.caravan.background.FailedStep;
import dev.caravan.spool.log.RecordHeaders;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import org.apache.camel.AsyncCallback;
import org.apache.camel.Exchange;
import org.apache.camel.ExchangePropertyKey;
import org.apache.camel.InvalidPayloadException;
import org.apache.camel.Message;
import org.apache.camel.support.DefaultAsyncProducer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Appends exchanges to a spool. */
class SpoolProducer extends DefaultAsyncProducer {

  private static final Logger LOG = LoggerFactory.getLogger(SpoolProducer.class);
  private static final int NAMES_WARNED_ABOUT_AT_MOST = 1000;

  private final SpoolEndpoint endpoint;
  private final Set<String> warnedAbout = ConcurrentHashMap.newKeySet();
  private volatile Spool spool;
  private volatile ExecutorService completions;

  SpoolProducer(SpoolEndpoint endpoint) {
    super(endpoint);
    this.endpoint = endpoint;
  }

  @Override
  protected void doStart() throws Exception {
    super.doStart();
    spool = endpoint.spool();
    completions = endpoint.getComponent().completions(endpoint.getName());
  }

  /** The calling thread waits for room, so that whoever reads on ahead of it is held back. */
  @Override
  public boolean process(Exchange exchange, AsyncCallback callback) {
    try {
      Message message = exchange.getMessage();
      tellLetter(exchange);
      byte[] body = body(message);
      RecordHeaders headers =
          withReceipt(exchange, RecordHeaders.of(message.getHeaders(), this::warnOnce));
      if (endpoint.getConfiguration().isWaitForCommit()) {
        spool
            .appendAndCommit(body, headers)
            .whenCompleteAsync(
                (done, failure) -> {
                  if (failure != null) {
                    exchange.setException(failure);
                  }
                  callback.done(false);
                },
                completions);
        return false;
      }
      spool.append(body, headers);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      exchange.setException(e);
    } catch (InvalidPayloadException | RuntimeException e) {
      exchange.setException(e);
    }
    callback.done(true);
    return true;
  }

  /** What came from a spool is settled there only once it is settled here, too. */
  private RecordHeaders withReceipt(Exchange exchange, RecordHeaders headers) {
    byte[] receipt = exchange.getProperty(SpoolConstants.RECEIPT, byte[].class);
    if (receipt == null) {
      return headers;
    }
    endpoint.getComponent().passesOn(receipt);
    return headers.with(SpoolConstants.RECEIPT, receipt);
  }

  /** What is sent on because it failed says so itself; any other letter brings its reason. */
  private void tellLetter(Exchange exchange) {
    String reason = exchange.getMessage().getHeader(SpoolConstants.REASON, String.class);
    if (reason == null) {
      return;
    }
    Throwable caught = exchange.getProperty(ExchangePropertyKey.EXCEPTION_CAUGHT, Throwable.class);
    String why =
        caught == null
            ? reason
            : "It failed with "
                + FailedStep.thrown(caught).getClass().getSimpleName()
                + FailedStep.where(exchange, exchange.getFromRouteId());
    endpoint.getComponent().tellListeners(new SpoolEvent.Letter(endpoint.getName(), why));
  }

  private static byte[] body(Message message) throws InvalidPayloadException {
    Object body = message.getBody();
    if (body == null || body instanceof byte[]) {
      return (byte[]) body;
    }
    return message.getMandatoryBody(byte[].class);
  }

  private void warnOnce(String name) {
    if (warnedAbout.size() < NAMES_WARNED_ABOUT_AT_MOST && warnedAbout.add(name)) {
      LOG.warn(
          "Spool '{}': the header {} is not kept, as only text, numbers, booleans and bytes are."
              + " Convert or remove it before the spool.",
          endpoint.getName(),
          name);
    }
  }
}
