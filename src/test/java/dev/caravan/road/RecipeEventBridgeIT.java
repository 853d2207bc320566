package dev.caravan.road;

import static dev.caravan.road.Road.event;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.testing.TopicReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Events come from EventBridge by SQS, and arrive in Kafka as notifications do. */
@Tag("long")
class RecipeEventBridgeIT {

  private static final String CONVERSATION = "dc119522-79c5-4729-a131-05a4ca44a12f";
  private Road road;
  private SqsServer sqs;

  @BeforeEach
  void open(@TempDir Path folder) throws Exception {
    road = Road.in(folder);
    sqs = new SqsServer("genesys-events");
    Path routes = road.copyOfRoutes();
    Recipe.add("eventbridge.camel.yaml", routes);
    road.start(
            road.settings()
                .with("CARAVAN_ROUTES_DIR", routes.toString())
                .with("CARAVAN_JARS_DIR", Recipe.jars("eventbridge", folder).toString())
                .with("AWS_REGION", "eu-west-1")
                .with("AWS_ACCESS_KEY_ID", "x")
                .with("AWS_SECRET_ACCESS_KEY", "x")
                .with("AWS_ENDPOINT_URL_SQS", sqs.url()))
        .awaitReady();
  }

  @AfterEach
  void close() {
    sqs.close();
    road.close();
  }

  @Test
  void anEventIsTheSameRecordWhicheverWayItComes() throws Exception {
    String detail = event(Road.TOPIC, Road.call(CONVERSATION), "1");
    String email =
        Road.conversation(CONVERSATION, "\"emails\":[{\"id\":\"c1\",\"state\":\"connected\"}]");

    road.awaitValue(road.send(detail));
    sqs.send(delivered("e-1", detail));
    sqs.send(delivered("e-1", detail));
    sqs.send(delivered("e-2", event(Road.TOPIC, email, "2")));
    sqs.send(delivered("e-3", event("v2.users." + Road.USER + ".presence", "{}", "3")));
    sqs.send("{\"id\":\"e-4\",\"detail\":{}}");

    road.kafka().awaitUntil(records -> records.stream().filter(this::isEvent).count() == 5);
    await().atMost(Duration.ofMinutes(2)).until(() -> sqs.messages() == 0);
    var calls = road.recordsOf("conversations.voice").toList();
    assertThat(calls).hasSize(3).extracting(ConsumerRecord::key).containsOnly(CONVERSATION);
    assertThat(calls)
        .allSatisfy(it -> assertThat(it.value()).isEqualTo(detail.getBytes(StandardCharsets.UTF_8)))
        .extracting(RecipeEventBridgeIT::ownHeaders)
        .containsOnly(ownHeaders(calls.get(0)));
    assertThat(calls.subList(1, 3))
        .extracting(it -> TopicReader.header(it, "ce_id").orElseThrow())
        .containsExactly("e-1", "e-1");
    assertThat(road.recordsOf("presence"))
        .singleElement()
        .satisfies(it -> assertThat(it.key()).isEqualTo(Road.USER));
    assertThat(road.recordsOf("dead-letters"))
        .singleElement()
        .satisfies(
            it ->
                assertThat(TopicReader.header(it, "caravan-reason"))
                    .hasValue("The detail of the event has no topicName"));
    assertThat(road.recordsOf("conversations.email")).isEmpty();
    assertThat(road.bridge().logLines().stream().filter(line -> !Road.isOneOfOurs(line))).isEmpty();
  }

  private boolean isEvent(ConsumerRecord<?, ?> record) {
    return !record.topic().endsWith("signals");
  }

  /** All but what is each event's own. */
  private static Map<String, String> ownHeaders(ConsumerRecord<?, ?> record) {
    Map<String, String> headers = new TreeMap<>();
    record
        .headers()
        .forEach(it -> headers.put(it.key(), new String(it.value(), StandardCharsets.UTF_8)));
    assertThat(headers.remove("ce_id")).isNotEmpty();
    assertThat(headers.remove("ce_time")).isNotEmpty();
    return headers;
  }

  /** As EventBridge puts it into a queue. */
  private static String delivered(String id, String detail) {
    return """
    {"version":"0","id":"%s","detail-type":"v2.routing.queues.{id}.conversations",\
    "source":"aws.partner/genesys.com/cloud/9d6f1a50-6a55-4b1c-9a06-51d3f5bd0f1c/caravan",\
    "account":"123456789012","time":"2026-11-21T17:00:00Z","region":"eu-west-1","resources":[],\
    "detail":%s}"""
        .formatted(id, detail);
  }
}
