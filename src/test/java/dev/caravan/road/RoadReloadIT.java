package dev.caravan.road;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.demo.LocalBroker;
import dev.caravan.testing.Bridge;
import dev.caravan.testing.Ledger.Gap;
import dev.caravan.testing.TestBroker;
import dev.caravan.testing.TopicReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Route files are edited while events flow. */
class RoadReloadIT {

  private static final Logger LOG = LoggerFactory.getLogger(RoadReloadIT.class);

  /** An event is stamped a little before it is on the wire. */
  private static final Duration CLOCKS = Duration.ofMillis(250);

  private static final Duration PATIENCE = Duration.ofMinutes(3);

  /** The figure in docs/reliability.md is from more edits: -Dcaravan.edits=20. */
  private static final int EDITS = Integer.getInteger("caravan.edits", 3);

  @TempDir private Path folder;
  private Road road;
  private Path routes;
  private Bridge bridge;
  private NumberedEvents ledger;

  @BeforeEach
  void open() {
    road = Road.in(folder);
    routes = road.copyOfRoutes();
    ledger = new NumberedEvents(road.genesys()).withFormerChannels();
  }

  private void start(Bridge.Settings settings) {
    bridge = road.start(settings);
    bridge.awaitReady();
  }

  private Bridge.Settings settings() {
    return road.settings()
        .with("GENESYS_TOPICS", Road.TOPIC)
        .with("CARAVAN_ROUTES_DIR", routes.toString())
        .with("CARAVAN_ROUTES_RELOAD", "true");
  }

  @AfterEach
  void close() {
    road.close();
  }

  @Test
  void editsOfForwardLoseNothingReorderNothingAndKeepTheSocket() throws IOException {
    start(settings());
    Path forward = routes.resolve("forward.camel.yaml");
    String shipped = Files.readString(forward);
    for (int edit = 1; edit <= EDITS; edit++) {
      Files.writeString(forward, marked(shipped, edit));
      sendUntilTakenOver(forward, edit);
      // All before this may have gone through the route as it was
      ledger.send(10);
    }
    List<ConsumerRecord<String, byte[]>> records = road.kafka().awaitUntil(ledger::allIn);

    ledger.assertOrder();
    assertThat(records)
        .extracting(record -> TopicReader.header(record, "edit"))
        .contains(Optional.of("1"), Optional.of(String.valueOf(EDITS)));
    assertThat(bridge.log()).doesNotContain("Disconnected");
    assertThat(bridge.logLines()).filteredOn(line -> !Road.isOneOfOurs(line)).isEmpty();
    LOG.info(
        "forward edited {} times: {} events sent, 0 lost, {} repeated",
        EDITS,
        heard(),
        ledger.repeatedAsItWas());
  }

  @Test
  void editsOfReceiveLoseAndReorderNothingThatWasRead() throws IOException {
    start(settings());
    Path receive = routes.resolve("receive.camel.yaml");
    String shipped = Files.readString(receive);
    List<int[]> windows = new ArrayList<>();
    for (int edit = 1; edit <= EDITS; edit++) {
      int from = ledger.sent();
      Files.writeString(
          receive,
          shipped.replace(
              "      steps:\n        - filter:",
              "      steps:\n        - setHeader: { name: edit, constant: { expression: \"%d\" } }\n        - filter:"
                  .formatted(edit)));
      sendUntilTakenOver(receive, edit);
      // The socket of before may seem to be open for a while
      int connected = edit + 1;
      road.kafka().awaitUntil(all -> road.signals("CONNECTED").size() >= connected);
      await().atMost(PATIENCE).until(() -> road.genesys().openSockets() == 1);
      windows.add(new int[] {from, ledger.sent()});
      ledger.send(200);
    }
    road.kafka()
        .awaitUntil(
            all ->
                ledger.note(all).lost().stream()
                        .allMatch(n -> windows.stream().anyMatch(w -> w[0] <= n && n < w[1]))
                    && road.gaps().size() >= EDITS);

    ledger.assertOrder();
    List<Gap> gaps = road.gaps();
    assertThat(gaps)
        .hasSizeGreaterThanOrEqualTo(EDITS)
        .allMatch(gap -> gap.cause().equals("route-edited"));
    assertThat(bridge.logLines()).filteredOn(line -> !Road.isOneOfOurs(line)).isEmpty();
    String metrics = bridge.metrics();
    assertThat(metrics).containsPattern("(?m)^caravan_shards\\{.*flowing.*} 1\\.0$");
    assertThat(metrics).containsPattern("(?m)^caravan_topics(\\{.*})? 1\\.0$");
    assertThat(ledger.lost())
        .as("what is missing lies in a gap that is on record: %s", gaps)
        .allMatch(n -> gaps.stream().anyMatch(gap -> spans(gap, ledger.time(n))));
    LOG.info(
        "receive edited {} times: {} events sent, {} not read while sockets were replaced, {} repeated",
        EDITS,
        heard(),
        ledger.lost().size(),
        ledger.repeatedAsItWas());
  }

  @Test
  void aBrokenFileKeepsTheOldRouteAndSaysWhereAndMendingItClearsThat() throws IOException {
    start(settings());
    Path forward = routes.resolve("forward.camel.yaml");
    String shipped = Files.readString(forward);

    Files.writeString(forward, shipped.replace("        - setHeaders:", "        - setHaeders:"));
    bridge.awaitLog("forward.camel.yaml, line ");
    bridge.awaitLog("The routes run on as they were before this edit");
    Bridge.Health health =
        bridge.awaitReadiness("it says so", now -> now.text().contains("setHaeders"));
    assertThat(health.isReady()).isTrue();
    assertThat(health.check("route-files").at("/data/degraded").asText())
        .containsPattern("forward\\.camel\\.yaml, line \\d+, column \\d+");
    ledger.send(100);
    road.kafka().awaitUntil(ledger::allIn);

    // Such as can only be found out by building it
    Files.writeString(forward, shipped.replace("inFlight: 1000", "inFlihgt: 1000"));
    bridge.awaitLog("inFlihgt");
    ledger.send(100);
    road.kafka().awaitUntil(ledger::allIn);

    Files.writeString(forward, marked(shipped, 7));
    sendUntilTakenOver(forward, 1);
    bridge.awaitReadiness(
        "it is mended",
        now -> now.isReady() && now.check("route-files").at("/data/degraded").isMissingNode());
    road.kafka().awaitUntil(ledger::allIn);
    ledger.assertOrder();
    assertThat(bridge.logLines()).filteredOn(line -> !Road.isOneOfOurs(line)).isEmpty();
  }

  @Test
  void aNewFileRunsAndADeletedOneEnds() throws IOException {
    start(settings());
    Path more = routes.resolve("more.camel.yaml");
    Files.writeString(
        more,
        """
        - route:
            id: more
            from:
              uri: timer:more?repeatCount=1
              steps:
                - log: "The new file runs."
        """);
    bridge.awaitLog("The new file runs.");

    Files.delete(more);
    bridge.awaitLog("more.camel.yaml was taken away: its routes have ended");
    assertThat(bridge.log()).doesNotContain("Disconnected");
  }

  @Tag("long")
  @Test
  void withoutReceiveTheRoadIsBrokenUntilItComesBack() throws IOException {
    start(settings());
    Path receive = routes.resolve("receive.camel.yaml");
    String shipped = Files.readString(receive);

    // What is edited is not replaced by the shipped one, which reads what it must not
    Files.writeString(receive, shipped + "# mine\n");
    bridge.awaitLog("receive.camel.yaml was edited: 1 of its routes");
    Files.delete(receive);
    Bridge.Health health =
        bridge.awaitReadiness("it says that nothing is read", now -> isTold(now, "was taken away"));
    assertThat(health.isReady()).isFalse();
    assertThat(health.check("route-files").at("/data/bridge.state").asText()).isEqualTo("broken");
    assertThat(health.check("route-files").at("/data/sentence").asText())
        .contains("Nothing is read from Genesys Cloud", "receive.camel.yaml", "Put the file back");

    Files.writeString(receive, shipped);
    bridge.awaitReadiness(
        "all is read by the file that came back",
        now ->
            now.isReady()
                && !now.text().contains("Nothing is read")
                && !now.text().contains("does the work of"));

    // The shipped one says the same, so nothing has to be replaced
    Files.delete(receive);
    ledger.send(100);
    road.kafka().awaitUntil(ledger::allIn);
  }

  private static boolean isTold(Bridge.Health health, String what) {
    return health.check("route-files").at("/data/sentence").asText().contains(what);
  }

  @Tag("long")
  @Test
  void withoutForwardEventsWaitAndHealthSaysSoUntilItComesBack() throws IOException {
    start(settings());
    Path forward = routes.resolve("forward.camel.yaml");
    String shipped = Files.readString(forward);

    Files.writeString(forward, "- beans: []\n");
    bridge.awaitLog("forward.camel.yaml was edited at");
    ledger.send(100);

    Bridge.Health health =
        bridge.awaitReadiness(
            "it says that nothing takes from the spool what waits there",
            now ->
                Stream.of("nothing has", "spooling, oldest")
                    .allMatch(now.check("spools").at("/data/spool.events").asText()::contains));
    assertThat(health.isReady()).isFalse();
    assertThat(health.check("spools").at("/data/spool.events").asText())
        .contains("no route that runs begins with spool:events", "spooling, oldest", "room for");
    assertThat(health.check("route-files").at("/data/degraded").asText())
        .contains("forward.camel.yaml was edited at");
    assertThat(health.check("genesys-notifications").at("/data/bridge.state").asText())
        .isIn("flowing", "idle");

    Files.writeString(forward, shipped);
    bridge.awaitReady();
    road.kafka().awaitUntil(ledger::allIn);
    ledger.assertOrder();
    assertThat(ledger.repeatedAsItWas()).isZero();
    assertThat(bridge.log()).doesNotContain("Disconnected", "Check KAFKA_BOOTSTRAP_SERVERS");
  }

  @Test
  void anEditWhileKafkaIsAwayTakesEffectAndLosesAndReordersNothing() throws Exception {
    Path forward = routes.resolve("forward.camel.yaml");
    try (LocalBroker broker = TestBroker.start()) {
      start(settings().kafka(broker.bootstrapServers(), road.prefix()));
      ledger.send(200);
      broker.stop();
      ledger.send(200);
      Files.writeString(forward, marked(Files.readString(forward), 1));
      bridge.awaitLog("forward.camel.yaml was edited");
      ledger.send(200);
      broker.restart();

      try (TopicReader reader = new TopicReader(broker.bootstrapServers(), road.prefix())) {
        List<ConsumerRecord<String, byte[]>> records = reader.awaitUntil(ledger::allIn);
        ledger.assertOrder();
        assertThat(records)
            .extracting(record -> TopicReader.header(record, "edit"))
            .contains(Optional.of("1"));
      }
      assertThat(bridge.log()).doesNotContain("Disconnected");
    }
  }

  private static boolean spans(Gap gap, Instant time) {
    return !time.isBefore(gap.from().minus(CLOCKS)) && !time.isAfter(gap.to().plus(CLOCKS));
  }

  /** How many events somebody was there to read. */
  private int heard() {
    return ledger.sent() - ledger.unheard().cardinality();
  }

  private static String marked(String shipped, int edit) {
    return shipped.replace(
        "      steps:\n        - filter:",
        "      steps:\n        - setHeader: { name: edit, constant: { expression: \"%d\" } }\n        - filter:"
            .formatted(edit));
  }

  /** Sends what can be sent until the log says so many times that the file is at work. */
  private void sendUntilTakenOver(Path file, int times) {
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(5))
        .until(
            () -> {
              bridge.failIfEnded();
              for (int i = 0; i < 5; i++) {
                ledger.offer();
              }
              return bridge.log().split(file.getFileName() + " was edited: [1-9]", -1).length
                  > times;
            });
  }
}
