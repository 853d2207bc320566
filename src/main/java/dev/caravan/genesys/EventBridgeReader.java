package dev.caravan.genesys;

import dev.caravan.frame.EnvelopeReader;
import dev.caravan.frame.EventBridgeEvent;
import dev.caravan.frame.Frame;
import java.io.IOException;
import java.time.Clock;
import org.apache.camel.CamelExchangeException;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Processor;

/**
 * The bean {@code genesys-eventbridge}: makes of an event that Amazon EventBridge delivered, as
 * JSON in the body, what {@code genesys:notifications} makes of a frame: the body is the event's
 * {@code detail} byte for byte, with the same headers. {@code ce_id} is the id that EventBridge
 * gave, so an event that is delivered twice has it twice.
 *
 * <p>What is no event of Genesys Cloud keeps its body and gets the header {@code caravan-reason}, a
 * sentence, for the route to send it to the dead letters.
 */
final class EventBridgeReader implements Processor {

  private final EnvelopeReader reader = new EnvelopeReader();
  private final EventHeaders headers;

  EventBridgeReader(String source) {
    headers = new EventHeaders(source, Clock.systemUTC());
  }

  @Override
  public void process(Exchange exchange) throws CamelExchangeException {
    Message message = exchange.getMessage();
    byte[] body = message.getBody(byte[].class);
    if (body == null) {
      throw new CamelExchangeException("The body is neither text nor bytes", exchange);
    }
    // What the component that read the event needs to delete it stays
    message.removeHeaders("*", "Camel*");
    message.setBody(body);
    try {
      EventBridgeEvent event = EventBridgeEvent.of(body);
      Frame frame = reader.read(event.detail());
      if (frame instanceof Frame.Notification notification) {
        message.setBody(event.detail());
        headers.set(message, notification, event.id());
      } else {
        unreadable(
            message,
            event.id(),
            frame instanceof Frame.Unreadable bad
                ? "The detail of the event " + bad.reason()
                : "The event is about a channel, and none of a contact centre");
      }
    } catch (IOException e) {
      unreadable(message, exchange.getExchangeId(), "The event " + e.getMessage());
    }
  }

  private void unreadable(Message message, String id, String reason) {
    headers.setUnreadable(message, id);
    message.setHeader(GenesysConstants.REASON, reason);
  }
}
