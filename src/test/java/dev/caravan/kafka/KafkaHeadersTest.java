package dev.caravan.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import org.apache.camel.component.kafka.DefaultKafkaClientFactory;
import org.apache.camel.component.kafka.KafkaEndpoint;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.Serializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KafkaHeadersTest {

  private final DefaultCamelContext context = new DefaultCamelContext();

  private final MockProducer<Object, Object> kafka =
      new MockProducer<>(true, null, new Text(), new Text());

  /** MockProducer wants to know how long a record is. */
  private static final class Text implements Serializer<Object> {
    @Override
    public byte[] serialize(String topic, Object data) {
      return String.valueOf(data).getBytes(StandardCharsets.UTF_8);
    }
  }

  @BeforeEach
  void open() {
    CaravanKafkaComponent component = new CaravanKafkaComponent();
    component.getConfiguration().setBrokers("127.0.0.1:9");
    component.setKafkaClientFactory(
        new DefaultKafkaClientFactory() {
          @Override
          public Producer<Object, Object> getProducer(Properties properties) {
            return kafka;
          }
        });
    context.addComponent("kafka", component);
    context.start();
  }

  @AfterEach
  void close() {
    context.stop();
  }

  private List<ProducerRecord<Object, Object>> send(String uri, Map<String, Object> headers) {
    context.createProducerTemplate().sendBodyAndHeaders(uri, "body", headers);
    return kafka.history();
  }

  @ParameterizedTest
  @CsvSource({
    "kafka:other, genesys-kafka-topic, genesys-kafka-key",
    "kafka:other?synchronous=true, genesys-kafka-topic, genesys-kafka-key",
    "kafka:other, kafka.OVERRIDE_TOPIC, kafka.KEY"
  })
  void aRouteChoosesTopicAndKeyByOurNamesOrByCamels(String uri, String topic, String key) {
    List<ProducerRecord<Object, Object>> sent =
        send(uri, Map.of(topic, "chosen", key, "k", "ce_id", "1"));

    assertThat(sent).hasSize(1);
    assertThat(sent.get(0).topic()).isEqualTo("chosen");
    assertThat(sent.get(0).key()).isEqualTo("k");
    assertThat(sent.get(0).headers()).extracting(Header::key).containsExactly("ce_id");
  }

  @Test
  void aKeyThatIsNoTextIsWrittenAsOne() {
    UUID id = UUID.fromString("00000000-0000-4000-8000-000000000000");
    send("kafka:other", Map.of("genesys-kafka-key", 7));
    send("kafka:other", Map.of("genesys-kafka-key", id));

    assertThat(kafka.history()).extracting(ProducerRecord::key).containsExactly("7", id.toString());
  }

  @Test
  void withoutThemTheEndpointsTopicHolds() {
    assertThat(send("kafka:other", Map.of()).get(0).topic()).isEqualTo("other");
  }

  @Test
  void optionsOfTheEndpointHold() {
    assertThat(send("kafka:other?key=fixed&lazyStartProducer=true", Map.of()).get(0).key())
        .isEqualTo("fixed");
    KafkaEndpoint lazy =
        context.getEndpoint("kafka:other?lazyStartProducer=true", KafkaEndpoint.class);
    assertThat(lazy.isLazyStartProducer()).isTrue();
    assertThat(context.getEndpoint("kafka:other", KafkaEndpoint.class).isLazyStartProducer())
        .isFalse();
  }
}
