package dev.caravan.road;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.testing.Bridge;
import dev.caravan.testing.StartedProgram;
import dev.caravan.testing.TopicReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Kafka took is sent again by {@code ./caravan replay}, through the bridge that runs. */
class RoadReplayIT {

  private static final Predicate<ConsumerRecord<String, byte[]>> REPLAYED =
      record ->
          TopicReader.header(record, "genesys-origin").equals(java.util.Optional.of("replay"));

  @TempDir private Path folder;
  private Road road;

  @BeforeEach
  void open() {
    road = Road.in(folder);
  }

  @AfterEach
  void close() {
    road.close();
  }

  @Test
  void eventsAreSentAgainMarkedAndNewOnesGoOnInOrder() throws Exception {
    Bridge bridge =
        road.start(
            road.settings().with("GENESYS_TOPICS", Road.TOPIC).with("CARAVAN_REPLAY_KEEP", "2h"));
    bridge.awaitReady();
    NumberedEvents ledger = new NumberedEvents(road.genesys());
    ledger.send(1_000);
    road.kafka().awaitUntil(ledger::allIn);

    StartedProgram replay =
        StartedProgram.startJar(
            folder, environment(), "replay", "--since", "1h", "--rate", "500/s");
    // New ones while it works
    road.kafka().awaitUntil(records -> records.stream().anyMatch(REPLAYED));
    ledger.send(500);

    assertThat(replay.awaitEnd()).as(replay.output()).isZero();
    assertThat(replay.output()).contains("Kafka took 1000 events again through route forward.");
    List<ConsumerRecord<String, byte[]>> records = road.kafka().awaitUntil(ledger::allIn);
    road.kafka().awaitUntil(all -> all.stream().filter(REPLAYED).count() >= 1_000);
    assertThat(records.stream().filter(REPLAYED).map(NumberedEvents::number))
        .doesNotHaveDuplicates();
    assertThat(ledger.note(road.kafka().records()).repeatedAsItWas()).isEqualTo(1_000);
    ledger.assertOrder();
    road.kafka().awaitUntil(all -> !road.signals("REPLAYED").isEmpty());
    assertThat(road.signals())
        .filteredOn(signal -> signal.path("type").asText().equals("REPLAYED"))
        .singleElement()
        .satisfies(signal -> assertThat(signal.path("count").asInt()).isEqualTo(1_000));
    assertThat(bridge.logLines()).filteredOn(line -> !Road.isOneOfOurs(line)).isEmpty();

    assertFails(replay("--since", "1h", "--route", "receive"), "dead-letters, forward");
    StartedProgram nothing = replay("--since", "0s");
    assertFails(nothing, "Nothing was replayed: of what was read since ");
    assertThat(nothing.output())
        .containsPattern("What is kept was read from \\S+Z to \\S+Z\\.")
        .doesNotContainPattern("\\.\\d{4}");
    assertThat(road.signals())
        .filteredOn(signal -> signal.path("type").asText().equals("REPLAYED"))
        .singleElement()
        .satisfies(
            signal ->
                assertThat(signal.path("from").asText() + signal.path("to").asText())
                    .doesNotContainPattern("\\.\\d{4}"));
  }

  @Test
  @Tag("long")
  void withoutTheOptionItSaysWhatToSet() throws Exception {
    road.start(road.settings()).awaitReady();

    assertFails(replay("--since", "1h"), "Set CARAVAN_REPLAY_KEEP to, say, 2h and restart");
  }

  @Test
  void withoutABridgeItSaysWhatToDo() throws Exception {
    assertFails(replay("--since", "1h"), "No running bridge answers in ");
    assertFails(replay("--since", "lunch"), "--since is \"lunch\", but it must be");
    assertFails(replay("--since", "2999-01-01T00:00:00Z"), "that is past; it is 20");
  }

  private static void assertFails(StartedProgram command, String sentence) throws Exception {
    assertThat(command.awaitEnd()).isEqualTo(1);
    assertThat(command.output()).contains(sentence).doesNotContain("\tat ");
  }

  private StartedProgram replay(String... arguments) throws IOException {
    List<String> words = new ArrayList<>(List.of("replay"));
    words.addAll(List.of(arguments));
    return StartedProgram.start(folder, environment(), words.toArray(String[]::new));
  }

  private Map<String, String> environment() {
    return Map.of("CARAVAN_DATA_DIR", road.data().toString());
  }
}
