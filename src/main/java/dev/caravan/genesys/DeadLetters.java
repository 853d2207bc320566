package dev.caravan.genesys;

import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.camel.CamelContext;
import org.apache.camel.ExchangePattern;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.support.service.ServiceHelper;
import org.apache.camel.support.service.ServiceSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends what could not be read or sent to the dead-letter route: the bytes, and why. What that
 * route does not take either (a Kafka that refuses a frame refuses its dead letter, too) is kept in
 * a folder.
 */
final class DeadLetters extends ServiceSupport {

  private static final Logger LOG = LoggerFactory.getLogger(DeadLetters.class);
  private static final long TELL_EVERY = 1_000;

  private final CamelContext context;
  private final String endpointUri;
  private final DeadLetterFolder folder;
  private final AtomicLong sent = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();
  private ProducerTemplate template;

  DeadLetters(CamelContext context, String endpointUri, Path folder) {
    this.context = context;
    this.endpointUri = endpointUri;
    this.folder = new DeadLetterFolder(folder);
  }

  /**
   * Sends one frame and waits until it is taken, so that nothing that follows overtakes a stop.
   *
   * @param topic the Genesys topic, or empty if it could not be read
   */
  void send(byte[] body, String reason, String topic) {
    var exchange =
        template.send(
            endpointUri,
            letter -> {
              letter.setPattern(ExchangePattern.InOnly);
              letter.getIn().setBody(body);
              letter.getIn().setHeader(GenesysConstants.REASON, reason);
              if (!topic.isEmpty()) {
                letter.getIn().setHeader(GenesysConstants.TOPIC, topic);
              }
            });
    if (exchange.getException() != null) {
      refused(body, reason, exchange.getException().getClass().getSimpleName());
    } else if (first(sent)) {
      LOG.warn(
          "A frame of {} bytes went to the dead letters ({} so far): {}.",
          body.length,
          sent,
          reason);
    }
  }

  /** Keeps one frame without asking the route: there is no time for it. */
  void keep(byte[] body, String reason) {
    refused(body, reason, "the bridge is stopping");
  }

  private void refused(byte[] body, String reason, String why) {
    boolean kept = folder.keep(body, reason);
    if (!kept) {
      LOG.error(
          "A dead letter of {} bytes ({}) is lost: {} did not take it ({}), and {} cannot keep it:"
              + " {}.",
          body.length,
          reason,
          endpointUri,
          why,
          folder.path(),
          folder.trouble());
    } else if (first(refused)) {
      LOG.error(
          "A dead letter of {} bytes ({}) was not taken by {} ({}). It is kept in {} ({} so far).",
          body.length,
          reason,
          endpointUri,
          why,
          folder.path(),
          refused);
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
