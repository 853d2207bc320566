package dev.caravan.genesys;

import dev.caravan.frame.Frame;
import dev.caravan.frame.Media;
import dev.caravan.topic.TopicCatalogue;
import java.time.Clock;
import java.time.Instant;
import java.util.stream.Collectors;
import org.apache.camel.Message;

/**
 * Makes a message a CloudEvent, with the attributes in the Kafka binding's names. On a notification
 * it puts Genesys's own words, too, and what the routes need to choose topic and key.
 */
public final class EventHeaders {

  private static final String NOTIFICATION = "com.genesys.cloud.";
  private static final String SIGNAL = "dev.caravan.signal.";
  private static final String UNREADABLE = "dev.caravan.unreadable";

  private final String source;
  private final Clock clock;
  private final TopicCatalogue catalogue = TopicCatalogue.shipped();
  // A race loses nothing: a moment is immutable and right by itself
  private volatile Moment moment = new Moment(0, "");

  public EventHeaders(String source, Clock clock) {
    this.source = source;
    this.clock = clock;
  }

  /**
   * @param id the same when the event is sent again
   */
  public void set(Message message, Frame.Notification event, String id) {
    cloudEvent(
        message, id, NOTIFICATION + catalogue.generalise(event.topicName()), "application/json");
    message.setHeader("ce_subject", event.key());
    message.setHeader(GenesysConstants.TOPIC, event.topicName());
    if (!event.correlationId().isEmpty()) {
      message.setHeader(GenesysConstants.CORRELATION_ID, event.correlationId());
    }
    if (!event.media().isEmpty()) {
      message.setHeader(GenesysConstants.MEDIA, event.primary().wire());
    }
    if (event.media().size() > 1) {
      message.setHeader(
          GenesysConstants.MEDIA_ALL,
          event.media().stream().map(Media::wire).collect(Collectors.joining(",")));
    }
    if (!event.messageType().isEmpty()) {
      message.setHeader(GenesysConstants.MESSAGE_TYPE, event.messageType());
    }
    message.setHeader(GenesysConstants.KEY, event.key());
    message.setHeader(GenesysConstants.STREAM, event.stream());
  }

  void set(Message message, Signal signal, String id) {
    cloudEvent(message, id, SIGNAL + signal.type(), "application/json");
    message.setHeader("ce_subject", String.valueOf(signal.shard()));
    message.setHeader(GenesysConstants.KEY, String.valueOf(signal.shard()));
  }

  /** A frame of which nothing is known, not even whether it is JSON. */
  void setUnreadable(Message message, String id) {
    cloudEvent(message, id, UNREADABLE, "application/octet-stream");
  }

  private void cloudEvent(Message message, String id, String type, String contentType) {
    message.setHeader("ce_specversion", "1.0");
    message.setHeader("ce_id", id);
    message.setHeader("ce_source", source);
    message.setHeader("ce_type", type);
    // Genesys Cloud sends no time in the envelope: this is when the frame was read
    message.setHeader("ce_time", now());
    message.setHeader("content-type", contentType);
  }

  /** To the millisecond; written out once for all events of a millisecond. */
  private String now() {
    long millis = clock.millis();
    Moment last = moment;
    if (last.millis != millis) {
      last = new Moment(millis, Instant.ofEpochMilli(millis).toString());
      moment = last;
    }
    return last.text;
  }

  private record Moment(long millis, String text) {}
}
