package dev.caravan.road;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.caravan.demo.LocalBroker;
import dev.caravan.simulator.Simulator;
import dev.caravan.testing.Bridge;
import dev.caravan.testing.FaultyProxy;
import dev.caravan.testing.TopicReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Several instances read one organisation: each a process of its own, with a real broker between
 * them. Every event has a number, and each number is looked for in what arrived.
 */
class ClusterIT {

  private static final Logger LOG = LoggerFactory.getLogger(ClusterIT.class);
  private static final Duration PATIENCE = Duration.ofSeconds(120);
  private static final String PREFIX = "shared.";
  private static final long PAUSE_NANOS = 4_000_000;

  private static final List<String> NAMES = List.of("a", "b", "c");

  private static final String TOPIC =
      "v2.routing.queues.0e185c02-aca1-4a72-82ea-2e78684e2c%02d.conversations";

  private static final List<String> TOPICS =
      IntStream.range(0, 6).mapToObj(TOPIC::formatted).toList();

  /** So often for the figures in docs/reliability.md: -Dcaravan.moves=20. */
  private static final int MOVES = Integer.getInteger("caravan.moves", 2);

  /** The same for those that are killed: -Dcaravan.kills=20. */
  private static final int KILLS = Integer.getInteger("caravan.kills", 1);

  /** What is sent, of all shards, before what has reached Kafka is told: 0.2 s, and on its way. */
  private static final int ACKNOWLEDGED_WITHIN = 250;

  /** With the logs of the instances, which tell why. */
  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  private Path folder;

  private LocalBroker broker;
  private Simulator genesys;
  private TopicReader reader;
  private final Map<String, FaultyProxy> networks = new HashMap<>();
  private final Map<String, FaultyProxy> internet = new HashMap<>();
  private final Map<String, Integer> behind = new HashMap<>();
  private List<String> topics = TOPICS;
  private boolean standby;
  private final Map<String, Bridge> instances = new HashMap<>();
  private volatile boolean flowing = true;
  private Thread flow;
  private final BitSet sent = new BitSet();
  private final BitSet unheard = new BitSet();
  private final List<Instant> times = new ArrayList<>();
  private final BitSet arrived = new BitSet();
  private int looked;
  private int mostSockets;

  @BeforeEach
  void start() {
    broker = startBroker();
    genesys = Simulator.start(Road.quiet());
    NAMES.forEach(name -> internet.put(name, FaultyProxy.start().to(genesys.port())));
    reader = new TopicReader(broker.bootstrapServers(), PREFIX);
    flow = new Thread(this::flow, "flow");
  }

  /** It has a listener for each instance, which is reached through a network of its own. */
  private LocalBroker startBroker() {
    int port = Bridge.freePort();
    int controller = Bridge.freePort();
    StringBuilder listeners =
        new StringBuilder(
            "PLAINTEXT://127.0.0.1:%d,CONTROLLER://127.0.0.1:%d".formatted(port, controller));
    StringBuilder advertised = new StringBuilder("PLAINTEXT://127.0.0.1:" + port);
    StringBuilder protocols = new StringBuilder("PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT");
    for (String name : NAMES) {
      behind.put(name, Bridge.freePort());
      FaultyProxy network = FaultyProxy.start().to(behind.get(name));
      networks.put(name, network);
      listeners.append(",%s://127.0.0.1:%d".formatted(name, behind.get(name)));
      advertised.append(",%s://127.0.0.1:%d".formatted(name, network.port()));
      protocols.append(",%s:PLAINTEXT".formatted(name));
    }
    return LocalBroker.start(
        LocalBroker.Settings.defaults()
            .withPort(port)
            .with("controller.quorum.voters", "1@127.0.0.1:" + controller)
            .with("listeners", listeners.toString())
            .with("advertised.listeners", advertised.toString())
            .with("listener.security.protocol.map", protocols.toString()));
  }

  @AfterEach
  void end() throws Exception {
    flowing = false;
    flow.join();
    instances.values().forEach(Bridge::kill);
    networks.values().forEach(FaultyProxy::close);
    internet.values().forEach(FaultyProxy::close);
    reader.close();
    genesys.close();
    broker.close();
  }

  /** Each event goes to one topic, and its number is noted; of those that nobody reads, too. */
  private void flow() {
    for (int number = 0; flowing; number++) {
      String body =
          "{\"id\":\"conversation-%d\",\"number\":%d,\"participants\":[{\"purpose\":\"agent\",\"calls\":[{\"state\":\"connected\"}]}]}"
              .formatted(number % 60, number);
      int heard = genesys.emit(topics.get(number % topics.size()), Road.json(body.getBytes()));
      synchronized (sent) {
        times.add(Instant.now());
        sent.set(number);
        if (heard == 0) {
          unheard.set(number);
        }
        mostSockets = Math.max(mostSockets, genesys.openSockets());
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  // ---- instances

  private Bridge instance(String name) {
    Path its = folder.resolve(name);
    try {
      Files.createDirectories(its);
      if (!Files.exists(its.resolve("routes"))) {
        Path routes = Road.copyOfRoutes(its);
        Path receive = routes.resolve("receive.camel.yaml");
        String text = Files.readString(receive);
        Files.writeString(
            receive,
            text.replace(
                "        deadLetters:", "        topicsPerChannel: 1\n        deadLetters:"));
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    Bridge bridge =
        Bridge.settings()
            .genesys("http://127.0.0.1:" + internet.get(name).port())
            .with("GENESYS_CLIENT_ID", Road.CLIENT)
            .with("GENESYS_CLIENT_SECRET", Road.SECRET)
            .kafka("127.0.0.1:" + networks.get(name).port(), PREFIX)
            .with("GENESYS_TOPICS", String.join(",", topics))
            .with("CARAVAN_CLUSTER", "test")
            .with("CARAVAN_STANDBY", standby ? "1" : "0")
            .with("CARAVAN_ROUTES_RELOAD", "true")
            .with("CARAVAN_ROUTES_DIR", its.resolve("routes").toString())
            .with("GENESYS_RETRY_INITIAL_DELAY", "100ms")
            .with("GENESYS_RETRY_MAXIMUM_DELAY", "1s")
            .verbose()
            .start(its);
    instances.put(name, bridge);
    return bridge;
  }

  /** What a bridge says of the other instances. */
  private static String ours(Bridge bridge) {
    return bridge.logLines().stream()
        .filter(line -> line.contains(" INFO ") || line.contains(" WARN "))
        .filter(line -> line.matches(".*(Shard|instance).*"))
        .collect(Collectors.joining("\n"));
  }

  private static String state(Bridge bridge) {
    return bridge.readiness().check("genesys-notifications").at("/data/road.instances").asText();
  }

  private void awaitState(String state, String... names) {
    for (String name : names) {
      try {
        await()
            .alias(name + ": " + state)
            .atMost(PATIENCE)
            .pollInterval(Duration.ofMillis(100))
            .until(
                () -> {
                  instances.get(name).failIfEnded();
                  return state(instances.get(name));
                },
                state::equals);
      } catch (org.awaitility.core.ConditionTimeoutException e) {
        instances.forEach((any, bridge) -> LOG.error("{}: {}", any, bridge.log()));
        throw e;
      }
    }
  }

  private void threeInstances() {
    for (String name : NAMES) {
      instance(name);
    }
    awaitState("3 of 3 instances, 2 shards here, 4 elsewhere", "a", "b", "c");
    flow.start();
  }

  // ---- what arrived

  private void stopFlow() throws InterruptedException {
    flowing = false;
    flow.join();
  }

  private static int number(ConsumerRecord<String, byte[]> record) {
    return Road.json(record.value()).at("/eventBody/number").asInt(-1);
  }

  private List<ConsumerRecord<String, byte[]>> events() {
    return reader.records(PREFIX + "conversations.voice");
  }

  /** Each record is looked at once: there may be a hundred thousand, and this is asked often. */
  private BitSet arrived() {
    List<ConsumerRecord<String, byte[]>> all = events();
    while (looked < all.size()) {
      arrived.set(number(all.get(looked++)));
    }
    return arrived;
  }

  private int repeated() {
    return events().size() - arrived().cardinality();
  }

  private BitSet lost() {
    BitSet lost;
    synchronized (sent) {
      lost = (BitSet) sent.clone();
    }
    lost.andNot(arrived());
    return lost;
  }

  private List<JsonNode> gaps() {
    return reader.records(PREFIX + "signals").stream()
        .map(record -> Road.json(record.value()))
        .filter(signal -> signal.path("type").asText().equals("GAP"))
        .collect(Collectors.toMap(gap -> gap.path("gap").asText(), gap -> gap, (a, b) -> a))
        .values()
        .stream()
        .toList();
  }

  private record Span(Instant from, Instant to) {

    static Span of(JsonNode gap) {
      return new Span(
          Instant.parse(gap.path("from").asText()), Instant.parse(gap.path("to").asText()));
    }

    boolean holds(Instant time) {
      return !time.isBefore(from) && !time.isAfter(to);
    }
  }

  private void assertNothingLostNorRepeated() {
    try {
      reader.awaitUntil(all -> lost().isEmpty());
    } catch (org.awaitility.core.ConditionTimeoutException e) {
      instances.forEach((any, bridge) -> LOG.error("{}: {}", any, bridge.log()));
      throw new AssertionError("Lost: " + lost() + ", unheard: " + unheard, e);
    }
    reader.readFor(Duration.ofSeconds(1));
    report("Events");
    assertNothingRepeated();
    assertThat(gaps()).isEmpty();
    assertOrder();
    assertSockets();
  }

  private void assertNothingRepeated() {
    Map<Integer, Long> counts =
        events().stream().collect(Collectors.groupingBy(ClusterIT::number, Collectors.counting()));
    assertThat(events())
        .filteredOn(record -> counts.get(number(record)) > 1)
        .as("records of repeated events, in " + folder)
        .extracting(
            record ->
                "%d of topic %d sent at %s: %s, in Kafka at %s"
                    .formatted(
                        number(record),
                        number(record) % topics.size(),
                        times.get(number(record)),
                        TopicReader.header(record, "ce_id").orElseThrow(),
                        Instant.ofEpochMilli(record.timestamp())))
        .isEmpty();
  }

  /** While events flow: those that have been sent by now. */
  private void assertNothingLostNorRepeatedYet() {
    BitSet until;
    synchronized (sent) {
      until = (BitSet) sent.clone();
    }
    reader.awaitUntil(
        all -> {
          BitSet rest = (BitSet) until.clone();
          rest.andNot(arrived());
          return rest.isEmpty();
        });
    report("So far");
    assertNothingRepeated();
    assertThat(gaps()).isEmpty();
    assertOrder();
  }

  /** What is lost may be so only in a recorded gap. */
  private void assertLostInGapsOnly(String what) {
    try {
      reader.awaitUntil(all -> untold().length == 0);
    } catch (org.awaitility.core.ConditionTimeoutException e) {
      instances.forEach((any, bridge) -> LOG.error("{}: {}", any, bridge.log()));
      throw new AssertionError(
          "Lost outside of the gaps %s: %s, unheard: %s"
              .formatted(gaps(), Arrays.toString(untold()), unheard),
          e);
    }
    reader.readFor(Duration.ofSeconds(2));
    report(what);
    LOG.info("{}: gaps of {}", what, gaps().stream().map(ClusterIT::lasted).sorted().toList());
    assertThat(mostSockets).isLessThanOrEqualTo(20);
  }

  /** What a killed one had sent without an answer it sends again, and each copy has the same id. */
  private void assertRepeatedByItsSpoolOnly() {
    Map<Integer, List<String>> ids =
        events().stream()
            .collect(
                Collectors.groupingBy(
                    ClusterIT::number,
                    Collectors.mapping(
                        record -> TopicReader.header(record, "ce_id").orElseThrow(),
                        Collectors.toList())));
    assertThat(ids.values()).allSatisfy(its -> assertThat(its.stream().distinct()).hasSize(1));
  }

  private int[] untold() {
    List<Span> gaps = gaps().stream().map(Span::of).toList();
    return lost().stream()
        .filter(n -> gaps.stream().noneMatch(gap -> gap.holds(times.get(n))))
        .toArray();
  }

  private static Duration lasted(JsonNode gap) {
    return Duration.between(Span.of(gap).from(), Span.of(gap).to());
  }

  private void report(String what) {
    LOG.info(
        "{}: {} events sent, {} lost, {} repeated, {} gaps, at most {} sockets at once",
        what,
        sent.cardinality(),
        lost().cardinality(),
        repeated(),
        gaps().size(),
        mostSockets);
  }

  private void assertOrder() {
    Map<String, Integer> last = new HashMap<>();
    List<String> wrong = new ArrayList<>();
    for (ConsumerRecord<String, byte[]> record : events()) {
      Integer before = last.put(record.key(), number(record));
      if (before != null && before > number(record)) {
        wrong.add(number(record) + " after " + before);
      }
    }
    assertThat(wrong).as("events out of order within their key").isEmpty();
  }

  /** A second one on a channel would have ended the first, and one channel too many another. */
  private void assertSockets() {
    assertThat(mostSockets).isLessThanOrEqualTo(20);
    assertThat(
            reader.records(PREFIX + "signals").stream()
                .map(record -> Road.json(record.value()).path("cause").asText()))
        .doesNotContain("taken-over");
  }

  // ---- tests

  /** The one that every build runs: a hand-over without a loss, and a death with its gap. */
  @Test
  void whoStopsPolitelyHandsOverAndWhoIsKilledLeavesAGapThatIsTold() throws Exception {
    topics = TOPICS.subList(0, NAMES.size());
    NAMES.forEach(this::instance);
    awaitState("3 of 3 instances, 1 shard here, 2 elsewhere", "a", "b", "c");
    flow.start();
    reader.awaitUntil(all -> arrived().cardinality() > 100);

    instances.get("a").terminate();
    assertThat(instances.get("a").awaitEnd()).as("ended by SIGTERM").isEqualTo(143);
    assertNothingLostNorRepeatedYet();
    String killed = state(instances.get("b")).contains("2 shards here") ? "c" : "b";
    instances.get(killed).kill();
    awaitState("1 of 2 instances, 3 shards here, 0 elsewhere", killed.equals("b") ? "c" : "b");
    stopFlow();

    assertLostInGapsOnly("Stopped and killed");
    assertSockets();
    assertThat(lost().cardinality()).as("without a loss this has shown nothing").isPositive();
    assertThat(gaps()).as("one gap for the shard that it read").hasSize(1);
    assertThat(repeated()).isZero();
    assertOrder();
  }

  /** With a standby, the death of one costs nothing. */
  @Test
  void whoIsKilledWhileAnotherStandsByLosesNothing() throws Exception {
    standby = true;
    topics = TOPICS.subList(0, NAMES.size());
    NAMES.forEach(this::instance);
    awaitStandby("a", "b", "c");
    flow.start();
    reader.awaitUntil(all -> arrived().cardinality() > 100);

    awaitAgreedIds();
    Instant killed = Instant.now();
    instances.get("b").kill();
    awaitStandby("a", "c");
    LOG.info("All is read twice again {} after", Duration.between(killed, Instant.now()));
    stopFlow();

    assertNothingLost("Killed while another stood by", 1);
  }

  @Tag("long")
  @Test
  void howeverOftenOneIsKilledWhileAnotherStandsByNothingIsLost() throws Exception {
    threeThatStandBy();

    for (int kill = 0; kill < KILLS; kill++) {
      String killed = NAMES.get(kill % NAMES.size());
      awaitAgreedIds();
      instances.get(killed).kill();
      awaitStandby(NAMES.stream().filter(name -> !name.equals(killed)).toArray(String[]::new));
      instance(killed);
      awaitState3Of(4 + kill);
      awaitStandby("a", "b", "c");
    }
    stopFlow();

    assertNothingLost("Killed while another stood by", KILLS);
  }

  private void awaitState3Of(int known) {
    for (String name : NAMES) {
      await()
          .atMost(PATIENCE)
          .until(
              () ->
                  state(instances.get(name))
                      .startsWith("3 of %d instances, 2 shards here".formatted(known)));
    }
  }

  /** In the middle of a span of ten seconds in which all have read since it began. */
  private static void awaitAgreedIds() {
    long from = System.currentTimeMillis() / 10_000 * 10_000 + 13_000;
    await().atMost(PATIENCE).until(() -> System.currentTimeMillis() >= from);
  }

  private void threeThatStandBy() {
    standby = true;
    NAMES.forEach(this::instance);
    awaitState3Of(3);
    awaitStandby("a", "b", "c");
    flow.start();
    reader.awaitUntil(all -> arrived().cardinality() > 100);
  }

  /** Its readers notice nothing; who stops for good hands over as without a standby. */
  @Tag("long")
  @Test
  void whoStopsPolitelyWhileAnotherStandsByLosesAndRepeatsNothing() throws Exception {
    threeThatStandBy();

    for (int move = 0; move < MOVES; move++) {
      String name = NAMES.get(move % NAMES.size());
      instances.get(name).terminate();
      assertThat(instances.get(name).awaitEnd()).as("ended by SIGTERM").isEqualTo(143);
      awaitStandby(NAMES.stream().filter(n -> !n.equals(name)).toArray(String[]::new));
      instance(name);
      awaitState3Of(3);
      awaitStandby("a", "b", "c");
    }
    stopFlow();

    assertNothingLostNorRepeated();
  }

  @Tag("long")
  @Test
  void whoStoodStillAndWasReplacedByOneThatStoodByLosesNothing() throws Exception {
    threeThatStandBy();

    awaitAgreedIds();
    signal(instances.get("b"), "STOP");
    awaitStandby("a", "c");
    int before;
    synchronized (sent) {
      before = sent.cardinality();
    }
    await().atMost(PATIENCE).until(() -> sentSince(before) > 500);
    signal(instances.get("b"), "CONT");
    instances.get("b").awaitLog("stood still");
    awaitState3Of(3);
    awaitStandby("a", "b", "c");
    stopFlow();

    assertNothingLost("Frozen while another stood by", 1);
  }

  @Tag("long")
  @Test
  void whileKafkaIsAwayNobodyTakesOverAndNothingIsLost() throws Exception {
    threeThatStandBy();

    broker.kill();
    Instant until = Instant.now().plus(AWAY);
    await()
        .atMost(AWAY.plusSeconds(10))
        .pollInterval(Duration.ofSeconds(1))
        .until(
            () -> {
              assertThat(genesys.openSockets()).isEqualTo(2 * TOPICS.size());
              return Instant.now().isAfter(until);
            });
    broker.restart();
    awaitState3Of(3);
    awaitStandby("a", "b", "c");
    stopFlow();

    assertNothingLostNorRepeated();
  }

  /** Each shard is read, and another stands by. */
  private void awaitStandby(String... names) {
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(200))
        .until(
            () -> {
              List<int[]> all =
                  Arrays.stream(names).map(name -> counts(instances.get(name))).toList();
              return all.stream().mapToInt(it -> it[0]).sum() == topics.size()
                  && all.stream().mapToInt(it -> it[1]).sum() == topics.size();
            });
  }

  /** Of how many shards it is the reader, and for how many it stands by. */
  private static int[] counts(Bridge bridge) {
    Matcher found =
        Pattern.compile("(\\d+) shards? here(?:.*stands by for (\\d+))?").matcher(state(bridge));
    return found.find()
        ? new int[] {
          Integer.parseInt(found.group(1)),
          found.group(2) == null ? 0 : Integer.parseInt(found.group(2))
        }
        : new int[] {0, 0};
  }

  /** And no more is repeated than what is sent in an interval, each with its first id. */
  private void assertNothingLost(String what, int deaths) {
    try {
      reader.awaitUntil(all -> lost().isEmpty());
    } catch (org.awaitility.core.ConditionTimeoutException e) {
      instances.forEach((any, bridge) -> LOG.error("{}: {}", any, bridge.log()));
      throw new AssertionError("Lost: " + lost() + ", unheard: " + unheard, e);
    }
    reader.readFor(Duration.ofSeconds(1));
    report(what);
    assertThat(gaps()).isEmpty();
    assertThat(repeated()).isLessThanOrEqualTo(deaths * ACKNOWLEDGED_WITHIN);
    assertRepeatedByItsSpoolOnly();
    assertSockets();
  }

  @Tag("long")
  @Test
  void allAreRestartedOneAfterTheOtherAndNothingIsLostNorRepeated() throws Exception {
    threeInstances();

    for (String name : NAMES) {
      instances.get(name).terminate();
      assertThat(instances.get(name).awaitEnd()).as("ended by SIGTERM").isEqualTo(143);
      // As Kubernetes does: the next one as soon as this one is ready, wherever the shards are
      instance(name).awaitReady();
    }
    awaitState("3 of 3 instances, 2 shards here, 4 elsewhere", "a", "b", "c");
    stopFlow();

    assertNothingLostNorRepeated();
  }

  /** It takes part in the group, and reads nothing: others read what it was to read. */
  @Tag("long")
  @Test
  void whoDoesNotReachGenesysCloudHandsItsShardsToOthersAndItsGapIsTold() throws Exception {
    threeInstances();
    reader.awaitUntil(all -> arrived().cardinality() > 100);

    internet.get("b").to(Bridge.freePort());
    internet.get("b").cut();
    awaitState("3 of 3 instances, 3 shards here, 3 elsewhere", "a", "c");
    awaitState("3 of 3 instances, 0 shards here, 6 elsewhere", "b");
    assertThat(instances.get("b").readiness().text()).contains("does not reach Genesys Cloud");
    instances.get("b").terminate();
    assertThat(instances.get("b").awaitEnd()).isEqualTo(143);
    stopFlow();

    assertLostInGapsOnly("Without Genesys Cloud");
    assertSockets();
    assertThat(lost().cardinality()).as("without a loss this has shown nothing").isPositive();
    assertThat(gaps()).as("one gap for each shard that it read").hasSize(2);
    assertThat(repeated()).isZero();
  }

  /** Before anybody has taken over: the gap is told by whoever reads next. */
  @Tag("long")
  @Test
  void whoStopsWhileItReadsNothingLeavesAGapThatIsTold() throws Exception {
    threeInstances();
    reader.awaitUntil(all -> arrived().cardinality() > 100);

    internet.get("b").to(Bridge.freePort());
    internet.get("b").cut();
    int before;
    synchronized (sent) {
      before = sent.cardinality();
    }
    await().atMost(PATIENCE).until(() -> sentSince(before) > 500);
    instances.get("b").terminate();
    assertThat(instances.get("b").awaitEnd()).isEqualTo(143);
    awaitState("2 of 2 instances, 3 shards here, 3 elsewhere", "a", "c");
    stopFlow();

    assertLostInGapsOnly("Stopped while blind");
    assertSockets();
    assertThat(lost().cardinality()).as("without a loss this has shown nothing").isPositive();
    assertThat(repeated()).isZero();
  }

  @Tag("long")
  @Test
  void theOneThatPlansIsKilledWhileAShardMoves() throws Exception {
    for (int kill = 0; kill < KILLS; kill++) {
      instance("a");
      instance("b");
      awaitState("2 of 2 instances, 3 shards here, 3 elsewhere", "a", "b");
      if (kill == 0) {
        flow.start();
      }
      Bridge c = instance("c");
      c.awaitLog("while another instance still reads it");
      String planner = latestPlanner();
      instances.get(planner).kill();
      String[] left = NAMES.stream().filter(n -> !n.equals(planner)).toArray(String[]::new);
      awaitState("2 of 3 instances, 3 shards here, 3 elsewhere", left);
      NAMES.forEach(name -> instances.get(name).terminate());
      NAMES.forEach(name -> instances.get(name).awaitEnd());
    }
    stopFlow();

    NAMES.forEach(this::instance);
    assertLostInGapsOnly("Killed while it planned");
    assertSockets();
  }

  /** One of them, and not all at once: then nobody could take over. */
  @Tag("long")
  @Test
  void whoseRouteIsEditedHandsItsShardsOverBefore() throws Exception {
    threeInstances();
    reader.awaitUntil(all -> arrived().cardinality() > 100);

    Path receive = folder.resolve("b/routes/receive.camel.yaml");
    Files.writeString(receive, Files.readString(receive) + "\n# Edited\n");
    instances.get("b").awaitLog("The other instances read all that this one has read");
    awaitState("3 of 3 instances, 2 shards here, 4 elsewhere", "a", "b", "c");
    stopFlow();

    assertNothingLostNorRepeated();
  }

  /** Those that take over need more channels than the OAuth client has. */
  @Tag("long")
  @Test
  void whoIsCutOffFromKafkaGivesUpItsChannelsIfTheOthersNeedThem() throws Exception {
    topics = IntStream.range(0, 16).mapToObj(TOPIC::formatted).toList();
    NAMES.forEach(this::instance);
    for (String name : NAMES) {
      await().atMost(PATIENCE).until(() -> state(instances.get(name)).startsWith("3 of 3"));
      await().atMost(PATIENCE).until(() -> genesys.openSockets() == topics.size());
    }
    awaitBalance();
    flow.start();
    reader.awaitUntil(all -> arrived().cardinality() > 100);

    networks.get("b").to(Bridge.freePort());
    networks.get("b").swallow(FaultyProxy.Direction.TO_CLIENT);
    networks.get("b").swallow(FaultyProxy.Direction.TO_SERVER);
    awaitState("2 of 3 instances, 8 shards here, 8 elsewhere", "a", "c");
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                instances.get("a").readiness().isReady()
                    && instances.get("c").readiness().isReady());
    networks.get("b").to(behind.get("b"));
    await().atMost(PATIENCE).until(() -> state(instances.get("b")).startsWith("3 of 3"));
    stopFlow();

    assertLostInGapsOnly("Too many channels");
  }

  /** Instances differ by one shard at most. */
  private void awaitBalance() {
    for (String name : NAMES) {
      await()
          .atMost(PATIENCE)
          .until(() -> state(instances.get(name)).matches("3 of 3 instances, [56] shards here.*"));
    }
  }

  /** Whoever said last that it does. */
  private String latestPlanner() {
    return NAMES.stream()
        .filter(
            name ->
                instances.get(name).logLines().stream()
                    .filter(line -> line.contains("finds out what is to be read"))
                    .reduce((one, next) -> next)
                    .filter(line -> line.contains("This instance"))
                    .isPresent())
        .findFirst()
        .orElseThrow();
  }

  @Tag("long")
  @Test
  void aPoliteStopAndANewInstanceLoseAndRepeatNothing() throws Exception {
    threeInstances();

    for (int move = 0; move < MOVES; move++) {
      String name = NAMES.get(move % NAMES.size());
      instances.get(name).terminate();
      assertThat(instances.get(name).awaitEnd()).as("ended by SIGTERM").isEqualTo(143);
      LOG.info("{}: {}", name, ours(instances.get(name)));
      String[] left = NAMES.stream().filter(n -> !n.equals(name)).toArray(String[]::new);
      awaitState("2 of 2 instances, 3 shards here, 3 elsewhere", left);
      instance(name);
      awaitState("3 of 3 instances, 2 shards here, 4 elsewhere", "a", "b", "c");
    }
    stopFlow();

    assertNothingLostNorRepeated();
  }

  @Tag("long")
  @Test
  void whatADeadInstanceReadIsReadByTheOthersAndTheGapIsToldOnce() throws Exception {
    threeInstances();
    reader.awaitUntil(all -> arrived().cardinality() > 100);

    for (int kill = 0; kill < KILLS; kill++) {
      Instant killed = Instant.now();
      instances.get("b").kill();
      awaitState("2 of %d instances, 3 shards here, 3 elsewhere".formatted(3 + kill), "a", "c");
      LOG.info("All is read again {} after", Duration.between(killed, Instant.now()));
      instance("b");
      awaitState(
          "3 of %d instances, 2 shards here, 4 elsewhere".formatted(4 + kill), "a", "b", "c");
    }
    stopFlow();

    assertLostInGapsOnly("Killed");
    assertThat(lost().cardinality()).as("without a loss this has shown nothing").isPositive();
    assertThat(gaps()).as("one gap for each shard that it read").hasSize(2 * KILLS);
    assertRepeatedByItsSpoolOnly();
  }

  @Tag("long")
  @Test
  void whoStoodStillAndWasReplacedForwardsNothingOfWhatOthersHaveRead() throws Exception {
    threeInstances();
    reader.awaitUntil(all -> arrived().cardinality() > 100);

    signal(instances.get("b"), "STOP");
    awaitState("2 of 3 instances, 3 shards here, 3 elsewhere", "a", "c");
    int before;
    synchronized (sent) {
      before = sent.cardinality();
    }
    await().atMost(PATIENCE).until(() -> sentSince(before) > 500);
    signal(instances.get("b"), "CONT");
    instances.get("b").awaitLog("stood still");
    awaitState("3 of 3 instances, 2 shards here, 4 elsewhere", "a", "b", "c");
    stopFlow();
    assertLostInGapsOnly("Frozen");
    assertThat(repeated()).isZero();
    assertThat(gaps()).as("one gap for each shard that it read").hasSize(2);
    assertSockets();
  }

  /** Nobody tells it anything of Kafka; it reads on, and so do those that take over. */
  @Tag("long")
  @Test
  void whatIsReadByOneThatIsCutOffFromKafkaIsNotLost() throws Exception {
    threeInstances();
    reader.awaitUntil(all -> arrived().cardinality() > 100);

    Instant cut = Instant.now();
    networks.get("b").to(Bridge.freePort());
    networks.get("b").swallow(FaultyProxy.Direction.TO_CLIENT);
    networks.get("b").swallow(FaultyProxy.Direction.TO_SERVER);
    awaitState("2 of 3 instances, 3 shards here, 3 elsewhere", "a", "c");
    assertThat(genesys.openSockets()).isGreaterThan(TOPICS.size());
    Instant both = Instant.now();
    await().atMost(CUT.plusSeconds(10)).until(() -> Instant.now().isAfter(cut.plus(CUT)));
    Instant back = Instant.now();
    networks.get("b").to(behind.get("b"));
    awaitState("3 of 3 instances, 2 shards here, 4 elsewhere", "a", "b", "c");
    stopFlow();

    reader.awaitUntil(all -> lost().isEmpty());
    reader.readFor(Duration.ofSeconds(1));
    report("Cut off");
    assertRepeatedHaveOneId(both, back);
    assertThat(gaps())
        .as("one gap at most for each shard that it read")
        .hasSizeLessThanOrEqualTo(2);
    assertSockets();
  }

  /** Of what two have read: in spans of ten seconds that both have read whole, but their edges. */
  private void assertRepeatedHaveOneId(Instant from, Instant to) {
    Map<Integer, List<String>> ids =
        events().stream()
            .filter(
                record -> {
                  long sent = times.get(number(record)).toEpochMilli();
                  long span = sent / 10_000 * 10_000;
                  return span > from.toEpochMilli()
                      && span + 10_000 < to.toEpochMilli()
                      && sent % 10_000 < 9_000;
                })
            .collect(
                Collectors.groupingBy(
                    ClusterIT::number,
                    Collectors.mapping(
                        record -> TopicReader.header(record, "ce_id").orElseThrow(),
                        Collectors.toList())));
    ids.values().removeIf(its -> its.size() == 1);
    assertThat(ids).as("repeated").isNotEmpty();
    assertThat(ids.values()).allSatisfy(its -> assertThat(its.stream().distinct()).hasSize(1));
  }

  private int sentSince(int before) {
    synchronized (sent) {
      return sent.cardinality() - before;
    }
  }

  private static void signal(Bridge bridge, String name) throws Exception {
    Process kill = new ProcessBuilder("kill", "-" + name, String.valueOf(bridge.pid())).start();
    assertThat(kill.waitFor()).isZero();
  }

  @Tag("long")
  @Test
  void noSocketClosesWhileKafkaIsAway() throws Exception {
    threeInstances();
    reader.awaitUntil(all -> arrived().cardinality() > 100);
    long connected = connections();

    broker.kill();
    Instant until = Instant.now().plus(AWAY);
    await()
        .atMost(AWAY.plusSeconds(10))
        .pollInterval(Duration.ofSeconds(1))
        .until(
            () -> {
              assertThat(genesys.openSockets()).isEqualTo(TOPICS.size());
              return Instant.now().isAfter(until);
            });
    broker.restart();
    awaitState("3 of 3 instances, 2 shards here, 4 elsewhere", "a", "b", "c");
    stopFlow();

    assertNothingLostNorRepeated();
    LOG.info("{} sockets were opened before, {} after", connected, connections());
  }

  private static final Duration CUT = Duration.ofSeconds(Integer.getInteger("caravan.cut", 30));
  private static final Duration AWAY = Duration.ofSeconds(Integer.getInteger("caravan.away", 40));

  private long connections() {
    return genesys.calls().stream().filter(call -> call.toString().contains("channels")).count();
  }
}
