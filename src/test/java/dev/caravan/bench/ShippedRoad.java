package dev.caravan.bench;

import dev.caravan.frame.Frame;
import dev.caravan.genesys.NotificationsConsumer;
import dev.caravan.kafka.CaravanKafkaComponent;
import dev.caravan.settings.SettingsTable;
import dev.caravan.spool.SpoolComponent;
import dev.caravan.spool.SpoolStatus;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.camel.CamelContext;
import org.apache.camel.Component;
import org.apache.camel.component.kafka.DefaultKafkaClientFactory;
import org.apache.camel.component.kafka.KafkaComponent;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.PluginHelper;
import org.apache.camel.support.PropertyBindingSupport;
import org.apache.camel.support.ResourceHelper;
import org.apache.camel.util.StringHelper;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.Serializer;

/**
 * The routes receive and forward as they are shipped, in this process: with the real components and
 * their shipped options, but no socket, and a mock in place of Kafka's client.
 */
final class ShippedRoad implements AutoCloseable {

  private static final Pattern REFERENCE = Pattern.compile("\\$\\{([a-z.-]+)}");
  private static final long PATIENCE_NANOS = Duration.ofSeconds(60).toNanos();
  private static final long LOOK_EVERY_NANOS = 100_000;

  private final DefaultCamelContext context = new DefaultCamelContext();
  private final Properties settings = new Properties();
  private final AcknowledgingKafka kafka;
  private final SpoolComponent spool;
  private final NotificationsConsumer receive;
  private long sent;

  /**
   * @param folder for what the bridge keeps
   * @param commitInterval after which what is not acknowledged is written to the disk
   * @param acknowledgedAfter for how long records gather before they are acknowledged
   * @param edit what becomes of a route file's text
   */
  ShippedRoad(
      Path folder, Duration commitInterval, Duration acknowledgedAfter, UnaryOperator<String> edit)
      throws Exception {
    kafka = new AcknowledgingKafka(acknowledgedAfter);
    SettingsTable.all().forEach(it -> settings.setProperty(it.name(), it.shipped()));
    settings.setProperty("genesys.topics", "none");
    settings.setProperty("genesys.api.url", "http://localhost:1");
    settings.setProperty("caravan.data.dir", folder.toString());
    context.getPropertiesComponent().setOverrideProperties(settings);
    context.start();
    KafkaComponent toKafka = new CaravanKafkaComponent();
    context.addComponent("kafka", toKafka);
    setUp("kafka");
    setUp("spool");
    setUp("genesys");
    toKafka.setKafkaClientFactory(kafka.factory());
    spool = context.getComponent("spool", SpoolComponent.class);
    spool.getConfiguration().setCommitInterval(commitInterval);
    for (String name : List.of("receive.camel.yaml", "forward.camel.yaml")) {
      String text = edit.apply(Files.readString(Path.of("routes", name)));
      PluginHelper.getRoutesLoader(context).loadRoutes(ResourceHelper.fromString(name, text));
    }
    receive = (NotificationsConsumer) context.getRoute("receive").getConsumer();
  }

  /** Gives a component the options of the shipped application.properties. */
  private void setUp(String name) throws IOException {
    Component component = context.getComponent(name);
    Properties shipped = new Properties();
    try (InputStream file = ShippedRoad.class.getResourceAsStream("/application.properties")) {
      shipped.load(file);
    }
    String prefix = "camel.component." + name + ".";
    Map<String, Object> options = new HashMap<>();
    for (String key : shipped.stringPropertyNames()) {
      // The mock takes the place of what makes Kafka's clients
      if (key.startsWith(prefix) && !key.endsWith("kafka-client-factory")) {
        String value =
            REFERENCE
                .matcher(shipped.getProperty(key))
                .replaceAll(it -> Matcher.quoteReplacement(settings.getProperty(it.group(1))));
        options.put(StringHelper.dashToCamelCase(key.substring(prefix.length())), value);
      }
    }
    PropertyBindingSupport.build()
        .withCamelContext(context)
        .withTarget(component)
        .withConfigurer(component.getComponentPropertyConfigurer())
        .withProperties(options)
        .withMandatory(true)
        .bind();
  }

  CamelContext context() {
    return context;
  }

  /** Has an event begin its way where a shard would hand it over, on the calling thread. */
  void carry(Frame.Notification event, byte[] frame) {
    sent++;
    receive.notification(0, event, frame);
  }

  /** Waits until the spool has let go of all events, as they are acknowledged. */
  void awaitAll() {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (status().counts().acknowledged() < sent) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException(
            "Of %d events not all were carried: %s".formatted(sent, status()));
      }
      LockSupport.parkNanos(LOOK_EVERY_NANOS);
    }
  }

  private SpoolStatus status() {
    return spool.statuses().stream()
        .filter(it -> it.name().equals("events"))
        .findFirst()
        .orElseThrow();
  }

  @Override
  public void close() {
    context.stop();
    kafka.close();
  }

  /**
   * Takes records, and acknowledges them together on a thread of its own, as Kafka's client does.
   */
  private static final class AcknowledgingKafka extends MockProducer<Object, Object> {

    private static final Serializer<Object> NONE = (topic, data) -> new byte[0];

    private final ScheduledExecutorService network =
        Executors.newSingleThreadScheduledExecutor(task -> new Thread(task, "kafka-network"));
    private final long afterNanos;
    private int pending;

    private AcknowledgingKafka(Duration after) {
      super(false, null, NONE, NONE);
      this.afterNanos = after.toNanos();
    }

    private DefaultKafkaClientFactory factory() {
      return new DefaultKafkaClientFactory() {
        @Override
        public Producer<Object, Object> getProducer(Properties properties) {
          return AcknowledgingKafka.this;
        }
      };
    }

    @Override
    public synchronized Future<RecordMetadata> send(
        ProducerRecord<Object, Object> record, Callback callback) {
      Future<RecordMetadata> future = super.send(record, callback);
      pending++;
      if (pending == 1) {
        network.schedule(this::acknowledge, afterNanos, TimeUnit.NANOSECONDS);
      }
      return future;
    }

    private synchronized void acknowledge() {
      for (; pending > 0; pending--) {
        completeNext();
      }
      // It would keep all it was ever given
      clear();
    }

    @Override
    public void close() {
      network.shutdown();
    }

    @Override
    public void close(Duration timeout) {
      close();
    }
  }
}
