package dev.caravan.road;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.testing.TopicReader;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.utils.Utils;

/** For tests that hold records against CloudEvents, as the CNCF's own SDK reads them. */
final class CloudEvents {

  /** As consumers configure it: by its name. */
  private static final String SDK = "io.cloudevents.kafka.CloudEventDeserializer";

  private CloudEvents() {}

  /** Each record is a CloudEvent; those that share an id say the same. */
  static void assertAll(List<ConsumerRecord<String, byte[]>> records)
      throws ClassNotFoundException {
    Map<String, byte[]> byId = new HashMap<>();
    try (Deserializer<?> sdk = Utils.newInstance(SDK, Deserializer.class)) {
      for (ConsumerRecord<String, byte[]> record : records) {
        String where = record.topic() + " " + record.offset();
        assertThat(sdk.deserialize(record.topic(), record.headers(), record.value()))
            .as(where)
            .isNotNull();
        String id = TopicReader.header(record, "ce_id").orElseThrow();
        assertThat(byId.getOrDefault(id, record.value())).as(where).isEqualTo(record.value());
        byId.put(id, record.value());
        assertThat(TopicReader.header(record, "ce_type").orElseThrow())
            .as(where)
            .startsWith(record.topic().endsWith(".signals") ? "dev.caravan.signal." : type(record));
      }
    }
  }

  private static String type(ConsumerRecord<String, byte[]> record) {
    return TopicReader.header(record, "genesys-topic").isEmpty()
            && record.topic().endsWith(".dead-letters")
        ? "dev.caravan.unreadable"
        : "com.genesys.cloud.v2.";
  }
}
