package dev.caravan.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerInterceptor;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.config.SaslConfigs;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

class IsolatingClientFactoryTest {

  private final AtomicLong now = new AtomicLong();
  private final IsolatingClientFactory factory = new IsolatingClientFactory("1m", now::get, 300);

  private static Properties settings(String servers) {
    Properties settings = new Properties();
    settings.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, servers);
    settings.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    settings.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    return settings;
  }

  private static Properties login(String jaas) {
    Properties settings = settings("127.0.0.1:9");
    settings.put(CommonClientConfigs.SECURITY_PROTOCOL_CONFIG, "SASL_PLAINTEXT");
    settings.put(SaslConfigs.SASL_MECHANISM, "PLAIN");
    settings.put(SaslConfigs.SASL_JAAS_CONFIG, jaas);
    return settings;
  }

  @Test
  void aNameThatDoesNotResolveIsNoReasonToGiveARecordUp() {
    Throwable refusal =
        catchThrowable(() -> factory.getProducer(settings("kafka-nope.invalid:9092")));

    assertThat(refusal)
        .isInstanceOf(RetriableException.class)
        .hasMessageContainingAll("Kafka cannot be used", "No resolvable bootstrap urls");
    assertThat(factory.problem()).contains(refusal.getMessage());
  }

  @Test
  void aNameThatDoesNotResolveIsToldBeforeThereIsARecord() throws Exception {
    factory.seek(settings("kafka-nope.invalid:9092"));

    assertThat(factory.problem().orElseThrow())
        .contains("Kafka cannot be used", "KAFKA_BOOTSTRAP_SERVERS");
  }

  @Test
  void aKafkaThatDoesNotAnswerIsToldUntilItIsThere() throws Exception {
    factory.seek(settings("127.0.0.1:9"));

    assertThat(factory.silence().orElseThrow())
        .contains("Kafka does not answer at 127.0.0.1:9", "KAFKA_BOOTSTRAP_SERVERS");

    factory.answers();

    assertThat(factory.silence()).isEmpty();
    factory.seek(settings("127.0.0.1:9"));
    assertThat(factory.silence()).as("is not asked again").isEmpty();
  }

  @Test
  void anUnknownSecurityProtocolIsNamed() {
    Properties settings = settings("127.0.0.1:9");
    settings.put(CommonClientConfigs.SECURITY_PROTOCOL_CONFIG, "SASL");

    assertThat(catchThrowable(() -> factory.getProducer(settings)))
        .isInstanceOf(RetriableException.class)
        .hasMessageContainingAll("security.protocol", "KAFKA_…");
  }

  @Test
  void ofALoginThatCannotBeParsedNothingIsQuoted() {
    String module = "org.apache.kafka.common.security.plain.PlainLoginModule required ";

    assertThat(
            catchThrowable(
                () -> factory.getProducer(login(module + "username=u password=my hunter2;"))))
        .isInstanceOf(RetriableException.class)
        .hasMessageContaining("JAAS")
        .hasMessageNotContaining("hunter2");
  }

  @Test
  void betweenTwoAttemptsNobodyWaitsForANameToResolveAndOtherClustersAreNotHeldUp() {
    AtomicInteger attempts = new AtomicInteger();
    Properties settings = settings("127.0.0.1:9");
    settings.put(ProducerConfig.INTERCEPTOR_CLASSES_CONFIG, Away.class.getName());
    settings.put(Away.SINCE, attempts);

    for (int second = 0; second < 20; second++) {
      catchThrowable(() -> factory.getProducer(settings));
      now.addAndGet(Duration.ofSeconds(1).toNanos());
    }

    assertThat(attempts).hasValue(2);
    try (Producer<Object, Object> other = factory.getProducer(settings("127.0.0.1:9"))) {
      assertThat(other).isNotNull();
    }
  }

  @Test
  void aProducerThatCanBeMadeAfterAllEndsTheTrouble() {
    AtomicInteger attempts = new AtomicInteger(Away.TIMES - 1);
    Properties settings = settings("127.0.0.1:9");
    settings.put(ProducerConfig.INTERCEPTOR_CLASSES_CONFIG, Away.class.getName());
    settings.put(Away.SINCE, attempts);
    catchThrowable(() -> factory.getProducer(settings));
    assertThat(factory.problem().orElseThrow()).contains("It is away");
    now.addAndGet(IsolatingClientFactory.UNUSABLE_AGAIN.toNanos());

    try (Producer<Object, Object> producer = factory.getProducer(settings)) {
      assertThat(producer).isNotNull();
    }

    assertThat(factory.problem()).isEmpty();
  }

  /** Lets no producer be made until that was tried a number of times. */
  public static final class Away implements ProducerInterceptor<Object, Object> {

    static final String SINCE = "caravan.test.attempts";
    static final int TIMES = 1_000;

    @Override
    public void configure(Map<String, ?> settings) {
      if (((AtomicInteger) settings.get(SINCE)).incrementAndGet() <= TIMES) {
        throw new IllegalStateException("It is away.");
      }
    }

    @Override
    public ProducerRecord<Object, Object> onSend(ProducerRecord<Object, Object> message) {
      return message;
    }

    @Override
    public void onAcknowledgement(RecordMetadata metadata, Exception failure) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
      // Holds nothing
    }
  }
}
