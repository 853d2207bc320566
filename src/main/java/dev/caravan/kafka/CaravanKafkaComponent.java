package dev.caravan.kafka;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import org.apache.camel.AsyncCallback;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.component.kafka.KafkaComponent;
import org.apache.camel.component.kafka.KafkaComponentConfigurer;
import org.apache.camel.component.kafka.KafkaConstants;
import org.apache.camel.component.kafka.KafkaEndpoint;
import org.apache.camel.component.kafka.KafkaEndpointConfigurer;
import org.apache.camel.component.kafka.KafkaProducer;
import org.apache.camel.spi.PropertyConfigurer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The component {@code kafka:} with the headers and beans that the shipped routes name. */
public final class CaravanKafkaComponent extends KafkaComponent {

  private static final Logger LOG = LoggerFactory.getLogger(CaravanKafkaComponent.class);

  private KafkaMeters meters;
  private Optional<DeliveryTracing> tracing = Optional.empty();

  /** Camel would look for one of this class. */
  @Override
  public PropertyConfigurer getComponentPropertyConfigurer() {
    return new KafkaComponentConfigurer();
  }

  @Override
  public PropertyConfigurer getEndpointPropertyConfigurer() {
    return new KafkaEndpointConfigurer();
  }

  @Override
  protected KafkaEndpoint createEndpoint(
      String uri, String remaining, Map<String, Object> parameters) throws Exception {
    KafkaEndpoint plain = super.createEndpoint(uri, remaining, parameters);
    KafkaEndpoint endpoint = new Translating(uri);
    setProperties(endpoint, new HashMap<>());
    endpoint.setConfiguration(plain.getConfiguration());
    endpoint.setKafkaClientFactory(plain.getKafkaClientFactory());
    endpoint.setKafkaManualCommitFactory(plain.getKafkaManualCommitFactory());
    endpoint.setLazyStartProducer(plain.isLazyStartProducer());
    endpoint.setBridgeErrorHandler(plain.isBridgeErrorHandler());
    endpoint.setExceptionHandler(plain.getExceptionHandler());
    endpoint.setExchangePattern(plain.getExchangePattern());
    return endpoint;
  }

  @Override
  protected void doInit() throws Exception {
    super.doInit();
    meters = KafkaMeters.of(getCamelContext());
  }

  @Override
  protected void doStart() throws Exception {
    super.doStart();
    getCamelContext().getRegistry().bind("kafkaFailures", new KafkaFailures());
    Path letters = Path.of(setting("caravan.data.dir", "./data"), "dead-letters");
    getCamelContext()
        .getRegistry()
        .bind("deadLetterFiles", new DeadLetterFiles(letters, System::nanoTime));
  }

  /** Made for the first producer: what sends nothing needs no collector. */
  private synchronized Optional<DeliveryTracing> tracing() {
    String endpoint = setting("otel.exporter.otlp.endpoint", "");
    if (tracing.isEmpty() && !endpoint.isEmpty()) {
      try {
        double share = Double.parseDouble(setting("otel.traces.sampler.arg", "0"));
        tracing = Optional.of(new DeliveryTracing(endpoint, share, RandomGenerator.getDefault()));
      } catch (RuntimeException | LinkageError e) {
        LOG.warn("There are no spans; events flow all the same", e);
      }
    }
    return tracing;
  }

  private String setting(String name, String otherwise) {
    return getCamelContext().resolvePropertyPlaceholders("{{" + name + ":" + otherwise + "}}");
  }

  @Override
  protected void doStop() throws Exception {
    super.doStop();
    synchronized (this) {
      tracing.ifPresent(DeliveryTracing::close);
      tracing = Optional.empty();
    }
  }

  private final class Translating extends KafkaEndpoint {

    private Translating(String uri) {
      super(uri, CaravanKafkaComponent.this);
    }

    @Override
    protected KafkaProducer createProducer(KafkaEndpoint endpoint) {
      return new KafkaProducer(endpoint) {

        private final AtomicBoolean failedToCount = new AtomicBoolean();
        private Optional<DeliveryTracing> spans = Optional.empty();

        @Override
        protected void doStart() throws Exception {
          super.doStart();
          spans = tracing();
        }

        @Override
        public void process(Exchange exchange) throws Exception {
          KafkaHeaders.translate(exchange.getMessage().getHeaders());
          takeAnotherIfEnded();
          super.process(exchange);
        }

        @Override
        public boolean process(Exchange exchange, AsyncCallback callback) {
          KafkaHeaders.translate(exchange.getMessage().getHeaders());
          try {
            takeAnotherIfEnded();
          } catch (StuckException e) {
            exchange.setException(e);
            callback.done(true);
            return true;
          }
          String topic = topic(exchange);
          return super.process(
              exchange,
              sync -> {
                if (exchange.getException() == null) {
                  count(topic, exchange.getMessage());
                }
                callback.done(sync);
              });
        }

        /** Whatever becomes of it, the record is in Kafka. */
        private void count(String topic, Message message) {
          try {
            String label = meters.acknowledged(topic, message);
            spans.ifPresent(it -> it.acknowledged(label, message));
          } catch (RuntimeException | Error e) {
            if (!failedToCount.getAndSet(true)) {
              LOG.warn(
                  "A record that Kafka took cannot be counted or traced ({}). It is said once.",
                  e.getClass().getSimpleName());
            }
          }
        }

        private String topic(Exchange exchange) {
          String chosen =
              exchange.getMessage().getHeader(KafkaConstants.OVERRIDE_TOPIC, String.class);
          return chosen == null ? getEndpoint().getConfiguration().getTopic() : chosen;
        }

        private void takeAnotherIfEnded() {
          if (getKafkaProducer() instanceof IsolatingProducer ended && ended.hasEnded()) {
            synchronized (this) {
              if (isRunAllowed() && getKafkaProducer() instanceof IsolatingProducer client) {
                setKafkaProducer(client.orAnother());
              }
            }
          }
        }
      };
    }
  }
}
