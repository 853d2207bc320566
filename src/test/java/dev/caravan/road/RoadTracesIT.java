package dev.caravan.road;

import static dev.caravan.road.Road.QUEUE;
import static dev.caravan.road.Road.event;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.caravan.testing.Bridge;
import dev.caravan.testing.TopicReader;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Spans of events, as an OpenTelemetry collector gets them. */
class RoadTracesIT {

  private final List<ResourceSpans> received = new CopyOnWriteArrayList<>();
  private volatile int answer = 200;
  private HttpServer collector;
  private Road road;

  @BeforeEach
  void open(@TempDir Path folder) throws IOException {
    collector = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    collector.createContext("/v1/traces", this::take);
    collector.start();
    road = Road.in(folder);
  }

  private void take(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] body = exchange.getRequestBody().readAllBytes();
      if (answer == 200) {
        received.addAll(ExportTraceServiceRequest.parseFrom(body).getResourceSpansList());
      }
      exchange.sendResponseHeaders(answer, -1);
    }
  }

  @AfterEach
  void close() {
    road.close();
    collector.stop(0);
  }

  private Bridge.Settings settings() {
    return road.settings()
        .with(
            "OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:" + collector.getAddress().getPort());
  }

  @Test
  void aSpanGoesFromTheFrameToTheAcknowledgementAndNamesNobody() {
    road.start(settings().with("OTEL_TRACES_SAMPLER_ARG", "1")).awaitReady();
    String call = event(Road.TOPIC, Road.call("c-4711"), "correlation-1");
    Instant before = Instant.now();

    road.send(call);
    ConsumerRecord<String, byte[]> record = road.awaitValue(call.getBytes(StandardCharsets.UTF_8));
    Span span = awaitSpan("send " + road.prefix() + "conversations.voice");

    assertThat(time(span.getStartTimeUnixNano()))
        .isEqualTo(Instant.parse(TopicReader.header(record, "ce_time").orElseThrow()));
    assertThat(time(span.getEventsList().get(0).getTimeUnixNano()))
        .isBetween(time(span.getStartTimeUnixNano()), time(span.getEndTimeUnixNano()));
    assertThat(time(span.getEndTimeUnixNano())).isBetween(before, Instant.now());
    assertThat(span.getKind()).isEqualTo(Span.SpanKind.SPAN_KIND_PRODUCER);
    assertThat(attributes(span.getAttributesList()))
        .isEqualTo(
            Map.of(
                "messaging.system",
                "kafka",
                "messaging.destination.name",
                road.prefix() + "conversations.voice",
                "messaging.operation.type",
                "send",
                "cloudevents.event_type",
                "com.genesys.cloud.v2.routing.queues.{id}.conversations",
                "genesys.media",
                "voice"));
    assertThat(attributes(received.get(0).getResource().getAttributesList()))
        .containsEntry("service.name", "caravan");
    assertThat(received.toString())
        .doesNotContain("c-4711", QUEUE, "33123456789", "correlation-1", Road.SECRET, Road.CLIENT);
    assertThat(received.toString())
        .doesNotContain(road.genesys().credentials().toArray(String[]::new));
  }

  @Tag("long")
  @Test
  void aCollectorThatRefusesCostsNoEventAndIsToldOnce() {
    answer = 400;
    Bridge bridge = road.start(settings().with("OTEL_TRACES_SAMPLER_ARG", "1.0"));
    bridge.awaitReady();

    sendOne("1");
    bridge.awaitLog("Spans do not reach the address in OTEL_EXPORTER_OTLP_ENDPOINT");
    answer = 200;
    sendOne("2");
    bridge.awaitLog("Spans reach the address in OTEL_EXPORTER_OTLP_ENDPOINT again.");

    assertThat(bridge.logLines())
        .filteredOn(line -> line.contains("OTEL"))
        .hasSize(2)
        .allMatch(Road::isOneOfOurs);
  }

  @Tag("long")
  @Test
  void withAShareOfNoneNothingIsSent() {
    Bridge bridge = road.start(settings().with("OTEL_TRACES_SAMPLER_ARG", "0"));
    bridge.awaitReady();

    sendOne("1");
    bridge.terminate();
    bridge.awaitEnd();

    assertThat(received).isEmpty();
  }

  private void sendOne(String correlationId) {
    String call = event(Road.TOPIC, Road.call("c-1"), correlationId);
    road.send(call);
    road.awaitValue(call.getBytes(StandardCharsets.UTF_8));
  }

  private Span awaitSpan(String name) {
    return await()
        .atMost(Duration.ofMinutes(3))
        .until(
            () ->
                received.stream()
                    .flatMap(it -> it.getScopeSpansList().stream())
                    .flatMap(it -> it.getSpansList().stream())
                    .filter(span -> span.getName().equals(name))
                    .toList(),
            found -> !found.isEmpty())
        .get(0);
  }

  private static Map<String, String> attributes(List<KeyValue> attributes) {
    return attributes.stream()
        .collect(Collectors.toMap(KeyValue::getKey, it -> it.getValue().getStringValue()));
  }

  private static Instant time(long nanos) {
    return Instant.EPOCH.plusNanos(nanos);
  }
}
