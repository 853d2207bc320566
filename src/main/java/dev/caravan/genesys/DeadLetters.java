package dev.caravan.genesys;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.apache.camel.CamelContext;
import org.apache.camel.ExchangePattern;
import org.apache.camel.Message;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.support.service.ServiceHelper;
import org.apache.camel.support.service.ServiceSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends what could not be read or sent to the dead-letter endpoint: the bytes, and why. */
final class DeadLetters extends ServiceSupport {

  private static final Logger LOG = LoggerFactory.getLogger(DeadLetters.class);
  private static final long TELL_EVERY = 1_000;

  private final CamelContext context;
  private final String endpointUri;
  private final AtomicLong sent = new AtomicLong();
  private ProducerTemplate template;

  DeadLetters(CamelContext context, String endpointUri) {
    this.context = context;
    this.endpointUri = endpointUri;
  }

  /**
   * Sends one frame and waits until it is taken, so that nothing that follows overtakes a stop.
   *
   * @param headers puts on the letter what is known of the frame
   */
  void send(byte[] body, String reason, Consumer<Message> headers) {
    var exchange =
        template.send(
            endpointUri,
            letter -> {
              letter.setPattern(ExchangePattern.InOnly);
              letter.getIn().setBody(body);
              headers.accept(letter.getIn());
              letter.getIn().setHeader(GenesysConstants.REASON, reason);
            });
    if (exchange.getException() != null) {
      LOG.error(
          "A dead letter of {} bytes ({}) was not taken by {} and is lost: {}.",
          body.length,
          reason,
          endpointUri,
          exchange.getException().getClass().getSimpleName());
    } else if (first(sent)) {
      LOG.warn(
          "A frame of {} bytes went to the dead letters ({} so far): {}.",
          body.length,
          sent,
          reason);
    }
  }

  /** Repeats are counted, not repeated. */
  private static boolean first(AtomicLong counter) {
    return counter.getAndIncrement() % TELL_EVERY == 0;
  }

  @Override
  protected void doStart() throws Exception {
    super.doStart();
    template = context.createProducerTemplate();
    ServiceHelper.startService(template);
  }

  @Override
  protected void doStop() throws Exception {
    ServiceHelper.stopService(template);
    super.doStop();
  }
}
