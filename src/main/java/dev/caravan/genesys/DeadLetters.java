package dev.caravan.genesys;

import org.apache.camel.CamelContext;
import org.apache.camel.ExchangePattern;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.support.service.ServiceHelper;
import org.apache.camel.support.service.ServiceSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends what could not be read or sent to the dead-letter route: the bytes, and why. */
final class DeadLetters extends ServiceSupport {

  private static final Logger LOG = LoggerFactory.getLogger(DeadLetters.class);

  private final CamelContext context;
  private final String endpointUri;
  private ProducerTemplate template;

  DeadLetters(CamelContext context, String endpointUri) {
    this.context = context;
    this.endpointUri = endpointUri;
  }

  /**
   * Sends one frame and waits until it is taken, so that nothing that follows overtakes a stop.
   *
   * @param topic the Genesys topic, or empty if it could not be read
   */
  void send(byte[] body, String reason, String topic) {
    var sent =
        template.send(
            endpointUri,
            exchange -> {
              exchange.setPattern(ExchangePattern.InOnly);
              exchange.getIn().setBody(body);
              exchange.getIn().setHeader(GenesysConstants.REASON, reason);
              if (topic != null && !topic.isEmpty()) {
                exchange.getIn().setHeader(GenesysConstants.TOPIC, topic);
              }
            });
    if (sent.getException() != null) {
      LOG.error(
          "A dead letter of {} bytes ({}) was not taken by {} and is lost: {}",
          body.length,
          reason,
          endpointUri,
          sent.getException().getClass().getSimpleName());
    }
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
