package dev.caravan.genesys;

import dev.caravan.event.Frame;
import dev.caravan.event.Media;
import dev.caravan.topic.TopicCatalogue;
import java.time.Clock;
import java.time.Instant;
import java.util.stream.Collectors;
import org.apache.camel.Message;

/**
 * Puts on a message what was read from a notification: the CloudEvents attributes in the Kafka
 * binding's names, Genesys's own words, and what the routes need to choose topic and key.
 */
final class EventHeaders {

  private static final String TYPE_PREFIX = "com.genesys.cloud.";

  private final String source;
  private final Clock clock;
  private final TopicCatalogue catalogue = TopicCatalogue.load();
  // A race loses nothing: a moment is immutable and right by itself
  private volatile Moment moment = new Moment(0, "");

  /**
   * @param source the value of {@code ce_source}
   * @param clock tells when a frame is read
   */
  EventHeaders(String source, Clock clock) {
    this.source = source;
    this.clock = clock;
  }

  void set(Message message, Frame.Notification event) {
    message.setHeader("ce_specversion", "1.0");
    message.setHeader("ce_id", event.id().hex());
    message.setHeader("ce_source", source);
    message.setHeader("ce_type", TYPE_PREFIX + pattern(event.topicName()));
    message.setHeader("ce_subject", event.key());
    // Genesys Cloud sends no time in the envelope: this is when the frame was read
    message.setHeader("ce_time", now());
    message.setHeader("content-type", "application/json");
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

  private String pattern(String topicName) {
    return catalogue.patternOf(topicName).orElseGet(() -> catalogue.generalise(topicName));
  }

  private record Moment(long millis, String text) {}
}
