package dev.caravan.road;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.demo.LocalBroker;
import dev.caravan.simulator.Simulator;
import dev.caravan.testing.Bridge;
import dev.caravan.testing.FaultyProxy;
import dev.caravan.testing.TestBroker;
import dev.caravan.testing.TopicReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.awaitility.core.ConditionTimeoutException;
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
  private static final Duration PATIENCE = Duration.ofSeconds(180);
  private static final String PREFIX = "shared.";
  private static final Duration PAUSE = Duration.ofMillis(4);

  private static final List<String> NAMES = List.of("a", "b", "c");

  private static final String TOPIC =
      "v2.routing.queues.0e185c02-aca1-4a72-82ea-2e78684e2c%02d.conversations";

  private static final List<String> TOPICS =
      IntStream.range(0, 6).mapToObj(TOPIC::formatted).toList();

  /** So often for the figures in docs/reliability.md: -Dcaravan.moves=20. */
  private static final int MOVES = Integer.getInteger("caravan.moves", 2);

  /** The same for those that are killed: -Dcaravan.kills=20. */
  private static final int KILLS = Integer.getInteger("caravan.kills", 1);

  /**
   * So long nobody reads what a dead one read, at most: the session timeout of 10 s, in which the
   * group notices a death, and 2 s as the dead one may have said so long ago that it has read.
   * Those that take over by themselves are faster.
   */
  private static final Duration GAP = Duration.ofSeconds(12);

  /**
   * If one that is started again at once is to read ahead what it had read: it misses itself 5 s
   * after its start, so adr/0023 promises no more than this.
   */
  private static final Duration GAP_OF_ONE_STARTED_AGAIN = Duration.ofSeconds(12);

  /**
   * If the one that plans is dead, what nobody reads ahead is dealt by the next planner: that is
   * one once the group has noticed, a heartbeat of 1 s after the session timeout, and has yet to
   * plan and to have channels opened.
   */
  private static final Duration GAP_OF_THE_PLANNER = GAP.plusSeconds(4);

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
  private Instances instances;
  private NumberedEvents flow;
  private volatile int mostSockets;

  @BeforeEach
  void start() {
    broker = startBroker();
    genesys = Simulator.start(Road.quiet());
    NAMES.forEach(name -> internet.put(name, FaultyProxy.start().to(genesys.port())));
    reader = new TopicReader(broker.bootstrapServers(), PREFIX);
    instances = new Instances(folder);
    flow = new NumberedEvents(genesys).reading(reader).every(PAUSE).observed(this::countSockets);
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
        TestBroker.settings()
            .withPort(port)
            .with("controller.quorum.voters", "1@127.0.0.1:" + controller)
            .with("listeners", listeners.toString())
            .with("advertised.listeners", advertised.toString())
            .with("listener.security.protocol.map", protocols.toString()));
  }

  @AfterEach
  void end() throws Exception {
    flow.stop();
    instances.close();
    networks.values().forEach(FaultyProxy::close);
    internet.values().forEach(FaultyProxy::close);
    reader.close();
    genesys.close();
    broker.close();
  }

  private void countSockets(int number) {
    mostSockets = Math.max(mostSockets, genesys.openSockets());
  }

  // ---- instances

  private Bridge instance(String name) {
    return instances.start(
        name,
        Bridge.settings()
            .genesys("http://127.0.0.1:" + internet.get(name).port())
            .with("GENESYS_CLIENT_ID", Road.CLIENT)
            .with("GENESYS_CLIENT_SECRET", Road.SECRET)
            .kafka("127.0.0.1:" + networks.get(name).port(), PREFIX)
            .with("GENESYS_TOPICS", String.join(",", topics))
            .with("CARAVAN_CLUSTER", "test")
            .with("CARAVAN_STANDBY", standby ? "1" : "0")
            .with("CARAVAN_ROUTES_RELOAD", "true")
            .with("CARAVAN_ROUTES_DIR", instances.routes(name, 1).toString())
            .with("GENESYS_RETRY_INITIAL_DELAY", "100ms")
            .with("GENESYS_RETRY_MAXIMUM_DELAY", "1s")
            .verbose());
  }

  private void awaitState(String state, String... names) {
    instances.awaitState(state, names);
  }

  private void awaitStandby(String... names) {
    instances.awaitStandby(topics.size(), names);
  }

  private void awaitReady(String... names) {
    for (String name : names) {
      await().atMost(PATIENCE).until(() -> instances.get(name).readiness().isReady());
    }
  }

  private static void awaitTime(Instant time) {
    await()
        .atMost(Duration.between(Instant.now(), time).plus(PATIENCE))
        .until(() -> !Instant.now().isBefore(time));
  }

  private static String[] allBut(String name) {
    return NAMES.stream().filter(each -> !each.equals(name)).toArray(String[]::new);
  }

  private void threeInstances() {
    for (String name : NAMES) {
      instance(name);
    }
    awaitState("3 of 3 instances, 2 shards here, 4 elsewhere", "a", "b", "c");
    flow.start(topics);
  }

  /** Each has read, too. */
  private void eventsFlow() {
    flow.start(topics);
    reader.awaitUntil(all -> flow.arrived() > 100);
  }

  // ---- what arrived

  private void awaitAll() {
    try {
      reader.awaitUntil(all -> flow.missing().isEmpty());
    } catch (ConditionTimeoutException e) {
      throw instances.failed("Lost: " + flow.missing() + ", read by nobody: " + flow.unheard(), e);
    }
    reader.readFor(Duration.ofSeconds(1));
  }

  private void report(String what) {
    flow.report(what, "at most " + mostSockets + " sockets at once");
  }

  private void assertNothingLostNorRepeated() {
    awaitAll();
    report("Events");
    assertNothingRepeatedNorMissed();
    assertSockets();
  }

  /** While events flow: those that have been sent by now. */
  private void assertNothingLostNorRepeatedYet() {
    int until = flow.sent();
    reader.awaitUntil(all -> flow.missing().get(0, until).isEmpty());
    report("So far");
    assertNothingRepeatedNorMissed();
  }

  private void assertNothingRepeatedNorMissed() {
    flow.assertNothingRepeated();
    assertThat(flow.gaps()).isEmpty();
    flow.assertOrder();
  }

  /** And no gap may be longer than this. */
  private void assertLostInGapsOnly(String what, Duration longest) {
    assertLostInGapsOnly(what);
    flow.assertGapsAtMost(longest);
  }

  /** What is lost may be so only in a recorded gap. */
  private void assertLostInGapsOnly(String what) {
    try {
      reader.awaitUntil(all -> flow.outsideGaps(flow.missing()).isEmpty());
    } catch (ConditionTimeoutException e) {
      throw instances.failed(
          "Lost outside of the gaps %s: %s, read by nobody: %s"
              .formatted(flow.gaps(), flow.outsideGaps(flow.missing()), flow.unheard()),
          e);
    }
    reader.readFor(Duration.ofSeconds(2));
    report(what);
    assertThat(mostSockets).isLessThanOrEqualTo(20);
  }

  private void assertSomethingLost() {
    assertThat(flow.missing().cardinality())
        .as("without a loss this has shown nothing")
        .isPositive();
  }

  /** One channel too many would have ended another, and a second socket on one the first. */
  private void assertSockets() {
    assertThat(mostSockets).isLessThanOrEqualTo(20);
    flow.assertNoChannelTaken();
  }

  // ---- tests

  /** The one that every build runs: a hand-over without a loss, and a death with its gap. */
  @Test
  void whoStopsPolitelyHandsOverAndWhoIsKilledLeavesAGapThatIsTold() throws Exception {
    topics = TOPICS.subList(0, NAMES.size());
    NAMES.forEach(this::instance);
    awaitState("3 of 3 instances, 1 shard here, 2 elsewhere", "a", "b", "c");
    eventsFlow();

    instances.stop("a");
    assertNothingLostNorRepeatedYet();
    instances.awaitBalance(2);
    String killed = shardsOf("b") == 1 ? "b" : "c";
    instances.kill(killed);
    awaitState("1 of 2 instances, 3 shards here, 0 elsewhere", killed.equals("b") ? "c" : "b");
    flow.stop();

    // It may be the one that plans
    assertLostInGapsOnly("Stopped and killed", GAP_OF_THE_PLANNER);
    assertSockets();
    assertSomethingLost();
    assertThat(flow.gaps()).as("one gap for the shard that it read").hasSize(1);
    flow.assertNothingRepeated();
    flow.assertOrder();
  }

  private int shardsOf(String name) {
    return Instances.shards(instances.get(name)).here();
  }

  /** With a standby, the death of one costs nothing. */
  @Test
  void whoIsKilledWhileAnotherStandsByLosesNothing() throws Exception {
    standby = true;
    topics = TOPICS.subList(0, NAMES.size());
    NAMES.forEach(this::instance);
    awaitStandby("a", "b", "c");
    eventsFlow();

    awaitAgreedIds();
    Instant killed = Instant.now();
    instances.kill("b");
    awaitStandby("a", "c");
    LOG.info("All is read twice again {} after", Duration.between(killed, Instant.now()));
    flow.stop();

    assertNothingLost("Killed while another stood by", 1);
  }

  @Tag("long")
  @Test
  void howeverOftenOneIsKilledWhileAnotherStandsByNothingIsLost() throws Exception {
    threeThatStandBy();

    for (int kill = 0; kill < KILLS; kill++) {
      String killed = NAMES.get(kill % NAMES.size());
      awaitAgreedIds();
      instances.kill(killed);
      awaitStandby(allBut(killed));
      instance(killed);
      awaitThreeStandBy();
      awaitStandby("a", "b", "c");
    }
    flow.stop();

    assertNothingLost("Killed while another stood by", KILLS);
  }

  /** Of however many that are remembered; who has ended is forgotten after ten minutes. */
  private void awaitThreeStandBy() {
    for (String name : NAMES) {
      await()
          .atMost(PATIENCE)
          .until(() -> instances.state(name).matches("3 of \\d+ instances, 2 shards here.*"));
    }
  }

  /** In the middle of a span of ten seconds in which all have read since 5 s before it began. */
  private static void awaitAgreedIds() {
    awaitTime(
        Instant.ofEpochMilli((System.currentTimeMillis() + 5_000) / 10_000 * 10_000 + 13_000));
  }

  private void threeThatStandBy() {
    standby = true;
    NAMES.forEach(this::instance);
    awaitThreeStandBy();
    awaitStandby("a", "b", "c");
    eventsFlow();
  }

  /** Its readers notice nothing; who stops for good hands over as without a standby. */
  @Tag("long")
  @Test
  void whoStopsPolitelyWhileAnotherStandsByLosesAndRepeatsNothing() throws Exception {
    threeThatStandBy();

    for (int move = 0; move < MOVES; move++) {
      String name = NAMES.get(move % NAMES.size());
      instances.stop(name);
      awaitStandby(allBut(name));
      instance(name);
      awaitThreeStandBy();
      awaitStandby("a", "b", "c");
    }
    flow.stop();

    // An offer that is withdrawn and taken nevertheless, on a machine that hardly moves
    assertNothingLost("Stopped while another stood by", 1, 0);
  }

  @Tag("long")
  @Test
  void whoStoodStillAndWasReplacedByOneThatStoodByLosesNothing() throws Exception {
    threeThatStandBy();

    awaitAgreedIds();
    Instant stopped = Instant.now();
    instances.signal("b", "STOP");
    awaitStandby("a", "c");
    awaitTime(stopped.plus(FROZEN));
    instances.signal("b", "CONT");
    instances.get("b").awaitLog("stood still");
    awaitThreeStandBy();
    awaitStandby("a", "b", "c");
    flow.stop();

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
    awaitThreeStandBy();
    awaitStandby("a", "b", "c");
    flow.stop();

    assertNothingLostNorRepeated();
  }

  /**
   * And no more is repeated than what is sent in an interval, each with its first id. Of many
   * deaths one in ten may be told as a gap in which nothing is missing.
   */
  private void assertNothingLost(String what, int deaths) {
    assertNothingLost(what, deaths * ACKNOWLEDGED_WITHIN, deaths / 10);
  }

  private void assertNothingLost(String what, int mostRepeated, int mostGaps) {
    awaitAll();
    report(what);
    assertThat(flow.gaps()).hasSizeLessThanOrEqualTo(mostGaps);
    assertThat(flow.repeated()).isLessThanOrEqualTo(mostRepeated);
    flow.assertRepeatedWithTheSameId();
    flow.assertOrder();
    assertSockets();
  }

  @Tag("long")
  @Test
  void allAreRestartedOneAfterTheOtherAndNothingIsLostNorRepeated() throws Exception {
    threeInstances();

    for (String name : NAMES) {
      instances.stop(name);
      // As Kubernetes does: the next one as soon as this one is ready, wherever the shards are
      instance(name).awaitReady();
    }
    awaitState("3 of 3 instances, 2 shards here, 4 elsewhere", "a", "b", "c");
    flow.stop();

    assertNothingLostNorRepeated();
  }

  /** It takes part in the group, and reads nothing: others read what it was to read. */
  @Tag("long")
  @Test
  void whoDoesNotReachGenesysCloudHandsItsShardsToOthersAndItsGapIsTold() throws Exception {
    threeInstances();
    reader.awaitUntil(all -> flow.arrived() > 100);

    internet.get("b").to(Bridge.freePort());
    internet.get("b").cut();
    awaitState("3 of 3 instances, 3 shards here, 3 elsewhere", "a", "c");
    awaitState("3 of 3 instances, 0 shards here, 6 elsewhere", "b");
    assertThat(instances.get("b").readiness().text()).contains("does not reach Genesys Cloud");
    instances.stop("b");
    flow.stop();

    assertLostInGapsOnly("Without Genesys Cloud");
    assertSockets();
    assertSomethingLost();
    assertThat(flow.gaps()).as("one gap for each shard that it read").hasSize(2);
    flow.assertNothingRepeated();
    flow.assertOrder();
  }

  /** Before anybody has taken over: the gap is told by whoever reads next. */
  @Tag("long")
  @Test
  void whoStopsWhileItReadsNothingLeavesAGapThatIsTold() throws Exception {
    threeInstances();
    reader.awaitUntil(all -> flow.arrived() > 100);

    internet.get("b").to(Bridge.freePort());
    internet.get("b").cut();
    int before = flow.sent();
    await().atMost(PATIENCE).until(() -> flow.sent() > before + 500);
    instances.stop("b");
    awaitState("2 of 2 instances, 3 shards here, 3 elsewhere", "a", "c");
    flow.stop();

    assertLostInGapsOnly("Stopped while blind");
    assertSockets();
    assertSomethingLost();
    flow.assertNothingRepeated();
    flow.assertOrder();
  }

  @Tag("long")
  @Test
  void theOneThatPlansIsKilledWhileAShardMoves() throws Exception {
    List<Instant> kills = new ArrayList<>();
    for (int kill = 0; kill < KILLS; kill++) {
      instance("a");
      instance("b");
      awaitState("2 of \\d+ instances, 3 shards here, 3 elsewhere", "a", "b");
      awaitReady("a", "b");
      if (kill == 0) {
        flow.start(topics);
      }
      Bridge c = instance("c");
      c.awaitLog("while another instance still reads it");
      String planner = instances.planner();
      kills.add(Instant.now());
      instances.kill(planner);
      String[] left = allBut(planner);
      awaitState("2 of \\d+ instances, 3 shards here, 3 elsewhere", left);
      awaitReady(left);
      NAMES.forEach(name -> instances.get(name).terminate());
      NAMES.forEach(name -> instances.get(name).awaitEnd());
    }
    flow.stop();

    NAMES.forEach(this::instance);
    assertLostInGapsOnly("Killed while it planned");
    kills.forEach(killed -> flow.assertGapsAtMost(GAP_OF_THE_PLANNER, killed));
    flow.assertOrderOutsideGaps();
    assertSockets();
  }

  /** One of them, and not all at once: then nobody could take over. */
  @Tag("long")
  @Test
  void whoseRouteIsEditedHandsItsShardsOverBefore() throws Exception {
    threeInstances();
    reader.awaitUntil(all -> flow.arrived() > 100);

    Path receive = folder.resolve("b/routes/receive.camel.yaml");
    Files.writeString(receive, Files.readString(receive) + "\n# Edited\n");
    instances.get("b").awaitLog("The other instances read all that this one has read");
    awaitState("3 of 3 instances, 2 shards here, 4 elsewhere", "a", "b", "c");
    flow.stop();

    assertNothingLostNorRepeated();
  }

  /** Those that take over need more channels than the OAuth client has. */
  @Tag("long")
  @Test
  void whoIsCutOffFromKafkaGivesUpItsChannelsIfTheOthersNeedThem() throws Exception {
    topics = IntStream.range(0, 16).mapToObj(TOPIC::formatted).toList();
    NAMES.forEach(this::instance);
    for (String name : NAMES) {
      await().atMost(PATIENCE).until(() -> instances.state(name).startsWith("3 of 3"));
      await().atMost(PATIENCE).until(() -> genesys.openSockets() == topics.size());
    }
    instances.awaitBalance(3);
    eventsFlow();

    networks.get("b").to(Bridge.freePort());
    networks.get("b").swallow(FaultyProxy.Direction.TO_CLIENT);
    networks.get("b").swallow(FaultyProxy.Direction.TO_SERVER);
    awaitState("2 of 3 instances, 8 shards here, 8 elsewhere", "a", "c");
    awaitReady("a", "c");
    networks.get("b").to(behind.get("b"));
    await().atMost(PATIENCE).until(() -> instances.state("b").startsWith("3 of 3"));
    flow.stop();

    assertLostInGapsOnly("Too many channels");
  }

  @Tag("long")
  @Test
  void aPoliteStopAndANewInstanceLoseAndRepeatNothing() throws Exception {
    threeInstances();

    for (int move = 0; move < MOVES; move++) {
      String name = NAMES.get(move % NAMES.size());
      instances.stop(name);
      String[] left = allBut(name);
      awaitState("2 of 2 instances, 3 shards here, 3 elsewhere", left);
      instance(name);
      awaitState("3 of 3 instances, 2 shards here, 4 elsewhere", "a", "b", "c");
    }
    flow.stop();

    assertNothingLostNorRepeated();
  }

  @Tag("long")
  @Test
  void whatADeadInstanceReadIsReadByTheOthersAndTheGapIsToldOnce() throws Exception {
    threeInstances();
    reader.awaitUntil(all -> flow.arrived() > 100);

    for (int kill = 0; kill < KILLS; kill++) {
      Instant killed = Instant.now();
      instances.kill("b");
      awaitState("2 of \\d+ instances, 3 shards here, 3 elsewhere", "a", "c");
      LOG.info("All is read again {} after", Duration.between(killed, Instant.now()));
      instance("b");
      awaitState("3 of \\d+ instances, 2 shards here, 4 elsewhere", "a", "b", "c");
    }
    flow.stop();

    assertLostInGapsOnly("Killed", GAP);
    assertSomethingLost();
    assertThat(flow.gaps()).as("one gap for each shard that it read").hasSize(2 * KILLS);
    flow.assertRepeatedWithTheSameIdButWhenTakenOver();
    flow.assertOrderOutsideGaps();
  }

  /** As a container does that has crashed: mostly before others have taken over. */
  @Tag("long")
  @Test
  void whoIsKilledAndStartsAgainAtOnceLeavesAGapThatIsToldOnce() throws Exception {
    threeInstances();
    reader.awaitUntil(all -> flow.arrived() > 100);

    for (int kill = 0; kill < KILLS; kill++) {
      instances.kill("b");
      instance("b");
      awaitState("3 of \\d+ instances, 2 shards here, 4 elsewhere", "a", "b", "c");
    }
    flow.stop();

    assertLostInGapsOnly("Killed and started again", GAP_OF_ONE_STARTED_AGAIN);
    assertSomethingLost();
    assertThat(flow.gaps()).as("one gap for each shard that it read").hasSize(2 * KILLS);
    flow.assertOrderOutsideGaps();
  }

  @Tag("long")
  @Test
  void whoStoodStillAndWasReplacedForwardsNothingOfWhatOthersHaveRead() throws Exception {
    threeInstances();
    reader.awaitUntil(all -> flow.arrived() > 100);

    Instant stopped = Instant.now();
    instances.signal("b", "STOP");
    awaitState("2 of 3 instances, 3 shards here, 3 elsewhere", "a", "c");
    awaitTime(stopped.plus(FROZEN));
    instances.signal("b", "CONT");
    instances.get("b").awaitLog("stood still");
    awaitState("3 of 3 instances, 2 shards here, 4 elsewhere", "a", "b", "c");
    flow.stop();
    assertLostInGapsOnly("Frozen", GAP);
    flow.assertNothingRepeated();
    flow.assertOrderOutsideGaps();
    assertThat(flow.gaps()).as("one gap for each shard that it read").hasSize(2);
    assertSockets();
  }

  /** Nobody tells it anything of Kafka; it reads on, and so do those that take over. */
  @Tag("long")
  @Test
  void whatIsReadByOneThatIsCutOffFromKafkaIsNotLost() throws Exception {
    threeInstances();
    reader.awaitUntil(all -> flow.arrived() > 100);

    Instant cut = Instant.now();
    networks.get("b").to(Bridge.freePort());
    networks.get("b").swallow(FaultyProxy.Direction.TO_CLIENT);
    networks.get("b").swallow(FaultyProxy.Direction.TO_SERVER);
    awaitState("2 of 3 instances, 3 shards here, 3 elsewhere", "a", "c");
    assertThat(genesys.openSockets()).isGreaterThan(TOPICS.size());
    Instant both = Instant.now();
    awaitTime(cut.plus(CUT));
    // However long that took: a span of ten seconds that both have read whole
    awaitTime(both.plusSeconds(21));
    Instant back = Instant.now();
    networks.get("b").to(behind.get("b"));
    awaitState("3 of 3 instances, 2 shards here, 4 elsewhere", "a", "b", "c");
    flow.stop();

    awaitAll();
    report("Cut off");
    flow.assertRepeatedWithTheSameId(sentAt -> isInTheMiddleOfASpan(sentAt, both, back));
    assertThat(flow.gaps())
        .as("one gap at most for each shard that it read")
        .hasSizeLessThanOrEqualTo(2);
    flow.assertOrderOutsideGaps();
    assertSockets();
  }

  /** Others have forwarded younger events of its keys by then. */
  @Tag("long")
  @Test
  void whatADeadInstanceHadSpooledComesLateAndSaysSo() throws Exception {
    threeInstances();
    reader.awaitUntil(all -> flow.arrived() > 100);

    networks.get("b").to(Bridge.freePort());
    networks.get("b").swallow(FaultyProxy.Direction.TO_CLIENT);
    networks.get("b").swallow(FaultyProxy.Direction.TO_SERVER);
    int before = flow.sent();
    await().atMost(PATIENCE).until(() -> flow.sent() > before + 500);
    instances.kill("b");
    awaitState("2 of 3 instances, 3 shards here, 3 elsewhere", "a", "c");
    networks.get("b").to(behind.get("b"));
    instance("b");
    awaitState("3 of 4 instances, 2 shards here, 4 elsewhere", "a", "b", "c");
    flow.stop();

    assertLostInGapsOnly("Spooled by one that died", GAP);
    flow.assertOrderOutsideGaps();
    assertThat(reader.records(PREFIX + "conversations.voice"))
        .as("those of its disk")
        .filteredOn(record -> TopicReader.header(record, "genesys-origin").isPresent())
        .isNotEmpty()
        .allMatch(record -> TopicReader.header(record, "genesys-origin").get().equals("late"));
  }

  /** Of ten seconds that two have read whole: but their edges. */
  private static boolean isInTheMiddleOfASpan(Instant time, Instant from, Instant to) {
    long at = time.toEpochMilli();
    long span = at / 10_000 * 10_000;
    return span > from.toEpochMilli() && span + 10_000 < to.toEpochMilli() && at % 10_000 < 9_000;
  }

  @Tag("long")
  @Test
  void noSocketClosesWhileKafkaIsAway() throws Exception {
    threeInstances();
    reader.awaitUntil(all -> flow.arrived() > 100);
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
    flow.stop();

    assertNothingLostNorRepeated();
    LOG.info("{} sockets were opened before, {} after", connected, connections());
  }

  private static final Duration CUT = Duration.ofSeconds(Integer.getInteger("caravan.cut", 30));
  private static final Duration FROZEN =
      Duration.ofSeconds(Integer.getInteger("caravan.frozen", 60));
  private static final Duration AWAY = Duration.ofSeconds(Integer.getInteger("caravan.away", 40));

  private long connections() {
    return genesys.calls().stream().filter(call -> call.toString().contains("channels")).count();
  }
}
