package dev.caravan.kafka;

import dev.caravan.spool.SpoolConstants;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.camel.CamelContext;
import org.apache.camel.Message;
import org.apache.camel.support.CamelContextHelper;

/** Counts what Kafka acknowledged, by topic, and how long after it was read. */
final class KafkaMeters {

  /** A route may name topics by what is in an event; a label must not grow with that. */
  private static final int MOST_TOPICS = 100;

  private static final String OTHERS = "others";

  private final MeterRegistry registry;
  private final Timer latency;
  private final Map<String, Counter> records = new ConcurrentHashMap<>();

  private KafkaMeters(MeterRegistry registry) {
    this.registry = registry;
    latency =
        Timer.builder("caravan.delivery")
            .description("From the frame on the spool to Kafka's acknowledgement")
            .publishPercentiles(0.5, 0.99)
            .distributionStatisticExpiry(Duration.ofMinutes(1))
            .register(registry);
  }

  static KafkaMeters of(CamelContext context) {
    MeterRegistry found = CamelContextHelper.findSingleByType(context, MeterRegistry.class);
    return new KafkaMeters(found == null ? new SimpleMeterRegistry() : found);
  }

  /**
   * A record was acknowledged.
   *
   * @param message what was sent; only what came from a spool tells when it was read
   * @return the Kafka topic as a label: one of few, however many topics a route names
   */
  String acknowledged(String topic, Message message) {
    Counter counter = counter(topic);
    counter.increment();
    if (message.getHeader(SpoolConstants.APPENDED_AT) instanceof Long read) {
      latency.record(Math.max(0, System.currentTimeMillis() - read), TimeUnit.MILLISECONDS);
    }
    return counter.getId().getTag("topic");
  }

  private Counter counter(String topic) {
    boolean hasRoom = records.containsKey(topic) || records.size() < MOST_TOPICS;
    return records.computeIfAbsent(
        hasRoom ? topic : OTHERS,
        name ->
            Counter.builder("caravan.kafka.records")
                .description("Records that Kafka acknowledged")
                .tag("topic", name)
                .register(registry));
  }
}
