package dev.caravan.kafka;

import dev.caravan.spool.SpoolConstants;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Collection;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import org.apache.camel.Message;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A span for some of the events, from the frame to Kafka's acknowledgement, sent to an
 * OpenTelemetry collector over <a
 * href="https://opentelemetry.io/docs/specs/otlp/#otlphttp">OTLP/HTTP</a>. It says what kind of
 * event it was and how long it took, and neither what was in it nor whom it was about. A collector
 * that is away costs the spans: they are dropped, and no event waits.
 */
final class DeliveryTracing implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(DeliveryTracing.class);

  private static final int MOST_WAITING = 512;
  private static final int AT_A_TIME = 128;
  private static final int CLOSE_WITHIN_SECONDS = 2;

  // Names of OpenTelemetry's semantic conventions for messaging, and CloudEvents
  private static final AttributeKey<String> SYSTEM = AttributeKey.stringKey("messaging.system");
  private static final AttributeKey<String> DESTINATION =
      AttributeKey.stringKey("messaging.destination.name");
  private static final AttributeKey<String> OPERATION =
      AttributeKey.stringKey("messaging.operation.type");
  private static final AttributeKey<String> EVENT_TYPE =
      AttributeKey.stringKey("cloudevents.event_type");

  private final SdkTracerProvider provider;
  private final Tracer tracer;
  private final double share;
  private final RandomGenerator random;

  /**
   * @param endpoint the collector's address, such as {@code http://localhost:4318}
   * @param share of the records that get a span, 0 to 1
   */
  DeliveryTracing(String endpoint, double share, RandomGenerator random) {
    this.share = share;
    this.random = random;
    SpanExporter exporter =
        OtlpHttpSpanExporter.builder()
            .setEndpoint(endpoint.replaceAll("/+$", "") + "/v1/traces")
            .setServiceClassLoader(DeliveryTracing.class.getClassLoader())
            .build();
    provider =
        SdkTracerProvider.builder()
            .setResource(
                Resource.create(Attributes.of(AttributeKey.stringKey("service.name"), "caravan")))
            .addSpanProcessor(
                BatchSpanProcessor.builder(new TellingExporter(exporter))
                    .setMaxQueueSize(MOST_WAITING)
                    .setMaxExportBatchSize(AT_A_TIME)
                    .build())
            .build();
    tracer = provider.get("dev.caravan");
  }

  /**
   * A record was acknowledged.
   *
   * @param topic one of few, as span names and attributes must not grow with what is in an event
   * @param message what was sent; only what came from a spool tells when it was read, and what is
   *     replayed was sent before
   */
  void acknowledged(String topic, Message message) {
    if (random.nextDouble() >= share
        || message.getHeader(SpoolConstants.REPLAYED) != null
        || !(message.getHeader(SpoolConstants.APPENDED_AT) instanceof Long appended)) {
      return;
    }
    Instant spooled = Instant.ofEpochMilli(appended);
    SpanBuilder building =
        tracer
            .spanBuilder("send " + topic)
            .setNoParent()
            .setSpanKind(SpanKind.PRODUCER)
            .setStartTimestamp(read(message).orElse(spooled))
            .setAttribute(SYSTEM, "kafka")
            .setAttribute(DESTINATION, topic)
            .setAttribute(OPERATION, "send");
    copy(message, "ce_type", EVENT_TYPE, building);
    copy(message, "genesys-media", AttributeKey.stringKey("genesys.media"), building);
    copy(message, "genesys-origin", AttributeKey.stringKey("genesys.origin"), building);
    Span span = building.startSpan();
    span.addEvent("put into the spool", spooled);
    span.end();
  }

  /** When the frame was read; a route may have taken that header away. */
  private static Optional<Instant> read(Message message) {
    try {
      return Optional.ofNullable(message.getHeader("ce_time", String.class)).map(Instant::parse);
    } catch (DateTimeParseException ofARoutesOwn) {
      return Optional.empty();
    }
  }

  private static void copy(
      Message message, String header, AttributeKey<String> attribute, SpanBuilder to) {
    String value = message.getHeader(header, String.class);
    if (value != null) {
      to.setAttribute(attribute, value);
    }
  }

  /** Sends what waits, if the collector takes it at once. */
  @Override
  public void close() {
    provider.shutdown().join(CLOSE_WITHIN_SECONDS, TimeUnit.SECONDS);
  }

  /** Tells once when spans cannot be sent, and once when they can again. */
  private static final class TellingExporter implements SpanExporter {

    private final SpanExporter exporter;
    private final AtomicBoolean failing = new AtomicBoolean();

    private TellingExporter(SpanExporter exporter) {
      this.exporter = exporter;
    }

    @Override
    public CompletableResultCode export(Collection<SpanData> spans) {
      CompletableResultCode result = exporter.export(spans);
      return result.whenComplete(() -> told(result));
    }

    private void told(CompletableResultCode result) {
      if (failing.getAndSet(!result.isSuccess()) == result.isSuccess()) {
        if (result.isSuccess()) {
          LOG.info("Spans reach the address in OTEL_EXPORTER_OTLP_ENDPOINT again.");
        } else {
          LOG.warn(
              "Spans do not reach the address in OTEL_EXPORTER_OTLP_ENDPOINT, or are refused there,"
                  + " and are dropped. Events flow all the same.");
        }
      }
    }

    @Override
    public CompletableResultCode flush() {
      return exporter.flush();
    }

    @Override
    public CompletableResultCode shutdown() {
      return exporter.shutdown();
    }
  }
}
