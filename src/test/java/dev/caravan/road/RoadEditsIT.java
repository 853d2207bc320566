package dev.caravan.road;

import static dev.caravan.road.Road.QUEUE;
import static dev.caravan.road.Road.USER;
import static dev.caravan.road.Road.event;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The worked edits of the documentation do what it says they do. */
class RoadEditsIT {

  private static final String CONVERSATION = "dc119522-79c5-4729-a131-05a4ca44a12f";
  private Road road;

  @BeforeEach
  void open(@TempDir Path folder) {
    road = Road.in(folder);
  }

  @AfterEach
  void close() {
    road.close();
  }

  @Tag("long")
  @Test
  void emailIsKeptToo() throws IOException {
    start("keep-email");
    String email = "\"emails\":[{\"id\":\"c1\",\"state\":\"connected\"}]";
    String callback = "\"callbacks\":[{\"id\":\"c1\",\"state\":\"connected\"}]";

    byte[] dropped = road.send(event(Road.TOPIC, Road.conversation(CONVERSATION, callback), "1"));
    byte[] kept = road.send(event(Road.TOPIC, Road.conversation(CONVERSATION, email), "2"));

    assertThat(road.awaitValue(kept).topic()).isEqualTo(road.prefix() + "conversations.email");
    assertThat(road.kafka().records()).extracting(ConsumerRecord::value).doesNotContain(dropped);
  }

  @Test
  void eachQueueHasAKafkaTopic() throws IOException {
    start("topic-per-queue");

    byte[] call = road.send(event(Road.TOPIC, Road.call(CONVERSATION), "1"));
    byte[] presence = road.send(event("v2.users." + USER + ".presence", "{\"source\":\"X\"}", "2"));

    ConsumerRecord<String, byte[]> record = road.awaitValue(call);
    assertThat(record.topic()).isEqualTo(road.prefix() + "queue." + QUEUE);
    assertThat(record.key()).isEqualTo(CONVERSATION);
    assertThat(road.awaitValue(presence).topic()).isEqualTo(road.prefix() + "presence");
  }

  @Tag("long")
  @Test
  void aFieldIsDroppedBeforeKafka() throws IOException {
    start("drop-fields");
    byte[] sent = road.send(event(Road.TOPIC, Road.call(CONVERSATION), "1"));
    byte[] presence = "{\"source\":\"X\"}".getBytes(StandardCharsets.UTF_8);
    road.send(event("v2.users." + USER + ".presence", "{\"source\":\"X\"}", "2"));

    ConsumerRecord<String, byte[]> record =
        road.awaitRecord(r -> r.topic().equals(road.prefix() + "conversations.voice"));
    JsonNode before = Road.json(sent);
    JsonNode after = Road.json(record.value());
    assertThat(before.at("/eventBody/participants/0/attributes/note").asText()).isNotEmpty();
    assertThat(after.at("/eventBody/participants/0/attributes").isMissingNode()).isTrue();
    assertThat(after.at("/eventBody/participants/1/calls/0/ani").asText())
        .isEqualTo("tel:+33123456789");
    assertThat(record.key()).isEqualTo(CONVERSATION);
    ConsumerRecord<String, byte[]> other =
        road.awaitRecord(r -> r.topic().equals(road.prefix() + "presence"));
    assertThat(Road.json(other.value()).path("eventBody")).isEqualTo(Road.json(presence));
  }

  @Test
  void eachEventGoesToASecondTopic() throws IOException {
    start("second-place");
    byte[] call = road.send(event(Road.TOPIC, Road.call(CONVERSATION), "1"));

    for (String topic : List.of("conversations.voice", "all")) {
      ConsumerRecord<String, byte[]> record =
          road.awaitRecord(r -> r.topic().equals(road.prefix() + topic));
      assertThat(record.value()).isEqualTo(call);
      assertThat(record.key()).isEqualTo(CONVERSATION);
    }
  }

  /** With the shipped routes, one of them edited as a page of the cookbook says. */
  private void start(String page) throws IOException {
    Path routes = road.copyOfRoutes();
    Recipe.edit(page, routes);
    road.start(road.settings().with("CARAVAN_ROUTES_DIR", routes.toString())).awaitReady();
  }
}
