package dev.caravan.kafka;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;

/**
 * Tells whether a record is one that was sent before. The id of the event alone does not: a route
 * may make several records of one event, for the same topic.
 *
 * @param key bytes wrapped, so that they are compared by content
 * @param value a sum over its content
 */
record RecordIdentity(String topic, String id, Object key, long value) {

  /** The id of a CloudEvent. */
  private static final String ID_HEADER = "ce_id";

  /** Empty if the record is of no event. */
  static Optional<RecordIdentity> of(ProducerRecord<Object, Object> message) {
    Header header = message.headers().lastHeader(ID_HEADER);
    if (header == null || header.value() == null) {
      return Optional.empty();
    }
    String id = new String(header.value(), StandardCharsets.UTF_8);
    Object key = message.key() instanceof byte[] bytes ? ByteBuffer.wrap(bytes) : message.key();
    return Optional.of(new RecordIdentity(message.topic(), id, key, sum(message.value())));
  }

  private static long sum(Object value) {
    if (value instanceof byte[] bytes) {
      CRC32C sum = new CRC32C();
      sum.update(bytes);
      return sum.getValue();
    }
    return Objects.hashCode(value);
  }
}
