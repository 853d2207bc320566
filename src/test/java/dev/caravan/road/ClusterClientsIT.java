package dev.caravan.road;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.caravan.bench.ProcessCost;
import dev.caravan.command.Home;
import dev.caravan.simulator.CentreSize;
import dev.caravan.simulator.OauthClient;
import dev.caravan.simulator.fault.Action;
import dev.caravan.testing.Bridge;
import dev.caravan.topic.TopicSharder;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Three instances, each a process of its own, read one organisation with three OAuth clients. Every
 * event has a number, and each number is looked for in what arrived.
 */
class ClusterClientsIT {

  private static final Logger LOG = LoggerFactory.getLogger(ClusterClientsIT.class);
  private static final Duration PATIENCE = Duration.ofSeconds(180);
  private static final Duration PAUSE = Duration.ofMillis(4);
  private static final List<String> NAMES = List.of("a", "b", "c");
  private static final List<String> CLIENTS = List.of("north", "south", "west");
  private static final String LACKED = "analytics:queueObservation:view";
  private static final int QUEUES = 12;

  private static final String QUEUE_TOPICS =
      "v2.routing.queues.*.conversations,v2.analytics.queues.*.observations";

  @TempDir private Path folder;
  private Road road;
  private List<String> topics;
  private int topicsPerChannel = 3;

  /** An instance that does not have this OAuth client. */
  private String withoutWest = "none";

  /** Whether the JVM has the flags of the launcher and the container. */
  private boolean shipped;

  private Instances instances;
  private NumberedEvents flow;
  private final Map<String, Integer> mostChannels = new ConcurrentHashMap<>();

  @AfterEach
  void end() throws InterruptedException {
    flow.stop();
    instances.close();
    road.close();
  }

  private void begin(CentreSize centre, OauthClient south, OauthClient west) {
    road =
        Road.in(
            folder,
            Road.quiet()
                .withCentre(centre)
                .withClient(Road.client("north"))
                .withClient(south)
                .withClient(west));
    instances = new Instances(folder);
    flow =
        new NumberedEvents(road.genesys())
            .reading(road.kafka())
            .every(PAUSE)
            .observed(this::countChannels);
  }

  /** South may not see observations. */
  private void queues(OauthClient west, String... names) {
    begin(new CentreSize(5, QUEUES, 0), Road.client("south").lacking(LACKED), west);
    topics = road.topics("v2.routing.queues.*.conversations", "v2.analytics.queues.*.observations");
    for (String name : names) {
      instance(name, QUEUE_TOPICS);
    }
  }

  // ---- instances

  private Bridge instance(String name, String selectors) {
    List<String> clients =
        CLIENTS.stream()
            .filter(client -> !(client.equals("west") && name.equals(withoutWest)))
            .toList();
    Bridge.Settings settings =
        road.settings(clients)
            .with("GENESYS_TOPICS", selectors)
            .with("GENESYS_TOPICS_REFRESH", "5s")
            .with("GENESYS_BACKFILL", "false")
            .with("CARAVAN_CLUSTER", road.prefix() + "clients")
            .with("CARAVAN_ROUTES_DIR", routes(name, clients).toString())
            .verbose();
    if (shipped) {
      settings.java(Home.java(), List.of(Bridge.SHIPPED_FLAGS.split(" ")));
    }
    return instances.start(name, settings);
  }

  /** Few topics to a channel, and a refused login of west that is tried again soon. */
  private Path routes(String name, List<String> clients) {
    Path routes = instances.routes(name, topicsPerChannel);
    if (clients.contains("west")) {
      Road.forgetRefusalsSoon(routes, "west");
    }
    return routes;
  }

  private void awaitThat(String what, Callable<Boolean> so) {
    instances.awaitThat(what, so);
  }

  private void awaitAllRead() {
    awaitThat(
        "each topic is read by one",
        () -> road.readers(topics).equals(Map.of(1, (long) topics.size())));
  }

  /** The same as the instances see it: the channels of one that was killed are still subscribed. */
  private void awaitAllReadAgain() {
    awaitThat("each topic is read by one again", () -> topicsRead() == topics.size());
  }

  private void awaitHealth(String of, String text) {
    awaitThat(of + ": " + text, () -> instances.get(of).readiness().text().contains(text));
  }

  // ---- what is sent and what arrives

  private void countChannels(int number) {
    for (String client : number % 5 == 0 ? CLIENTS : List.<String>of()) {
      mostChannels.merge(client, road.genesys().openSockets("id-of-" + client), Math::max);
    }
  }

  private void eventsFlow() {
    int from = flow.sent();
    awaitThat("events flow", () -> flow.sent() > from + 200);
  }

  /** Those of the start included whose signals are on their way. */
  private int gapsByNow() {
    road.kafka().readFor(Duration.ofSeconds(2));
    return flow.gaps().size();
  }

  /** All that was sent by now arrived, once and in order. */
  private void assertNothingLostNorRepeated() {
    int until = flow.sent();
    try {
      road.kafka().awaitUntil(all -> flow.missing().get(0, until).isEmpty());
    } catch (ConditionTimeoutException e) {
      throw instances.failed(
          "Lost: " + flow.missing().get(0, until) + ", read by nobody: " + flow.unheard(), e);
    }
    report("So far");
    flow.assertNothingRepeated();
    flow.assertOrder();
  }

  private void assertLostInGapsOnly() {
    try {
      road.kafka().awaitUntil(all -> flow.outsideGaps(flow.missing()).isEmpty());
    } catch (ConditionTimeoutException e) {
      throw instances.failed(
          "Lost outside of the gaps " + flow.gaps() + ": " + flow.outsideGaps(flow.missing()), e);
    }
  }

  private void assertChannels() {
    assertThat(mostChannels.values()).allMatch(most -> most <= 20);
    flow.assertNoChannelTaken();
    instances.all().forEach(each -> assertThat(each.log()).doesNotContain("s3cret-of"));
  }

  private void report(String what) {
    flow.report(what, "channels " + mostChannels);
    LOG.info(
        "{}: {} times a shard was given back",
        what,
        instances.all().stream()
            .flatMap(each -> each.logLines().stream())
            .filter(line -> line.contains("is not read here any more"))
            .count());
  }

  // ---- tests

  /** The one that every build runs. */
  @Test
  void whatOneClientMayNotSeeOrCannotReadIsReadWithAnotherWhicheverInstanceComesAndGoes()
      throws Exception {
    queues(new OauthClient("id-of-west", "another"), "a", "b", "c");
    awaitAllRead();
    instances.awaitBalance(3);
    assertThat(road.genesys().openSockets("id-of-west")).isZero();
    String planner = instances.planner();
    awaitHealth(planner, "The OAuth client west cannot log in");
    awaitThat(
        "somebody says what is not allowed to south",
        () ->
            instances.all().stream()
                .anyMatch(
                    each ->
                        each.readiness()
                            .text()
                            .contains("observations are not allowed to the OAuth client south")));
    flow.start(topics);
    eventsFlow();

    Instant stopped = Instant.now();
    instances.stop(planner);
    instances.awaitBalance(2);
    assertNothingLostNorRepeated();
    assertThat(flow.gapsAfter(stopped)).isZero();

    road.genesys().perform(new Action.SetClient(Road.client("west")));
    String next = instances.planner();
    awaitThat(
        "the next one that deals knows that west can log in",
        () -> !instances.get(next).readiness().text().contains("cannot log in"));
    instances.awaitBalance(2);
    String killed =
        NAMES.stream().filter(n -> !n.equals(planner) && !n.equals(next)).findFirst().orElseThrow();
    int shards = Instances.shards(instances.get(killed)).here();
    Instant killedAt = Instant.now();
    instances.kill(killed);
    instances.awaitBalance(1);
    awaitAllReadAgain();
    flow.stop();

    road.kafka().awaitUntil(all -> flow.gapsAfter(killedAt) >= shards);
    assertLostInGapsOnly();
    road.kafka().readFor(Duration.ofSeconds(2));
    report("Stopped and killed");
    assertThat(flow.missing().cardinality())
        .as("without a loss this has shown nothing")
        .isPositive();
    assertThat(flow.gapsAfter(killedAt))
        .as("one gap for each shard that it read")
        .isEqualTo(shards);
    flow.assertNothingRepeated();
    flow.assertOrderOutsideGaps();
    assertChannels();
  }

  /** Its tokens are revoked, and it cannot log in any more: what has room is read with others. */
  @Test
  @Tag("long")
  void aClientThatCannotLogInAnyMoreIsReplacedAndComesBackAtEachInstance() throws Exception {
    queues(Road.client("west"), "a", "b", "c");
    awaitAllRead();
    instances.awaitBalance(3);
    assertThat(road.genesys().openSockets("id-of-west")).isPositive();
    int gapsBefore = gapsByNow();
    flow.start(topics);
    eventsFlow();
    assertNothingLostNorRepeated();

    road.genesys().perform(new Action.SetClient(new OauthClient("id-of-west", "another")));
    road.genesys().perform(new Action.RevokeToken(new Action.Target(0, "id-of-west")));
    awaitThat("west has lost its channels", () -> road.genesys().openSockets("id-of-west") == 0);
    instances.awaitBalance(3);
    awaitAllRead();
    road.kafka().awaitUntil(all -> flow.gaps().size() > gapsBefore);
    String planner = instances.planner();
    instances.kill(planner);
    instances.awaitBalance(2);
    awaitAllReadAgain();
    instance(planner, QUEUE_TOPICS);
    instances.awaitBalance(3);
    awaitAllReadAgain();
    int again = flow.sent();
    road.genesys().perform(new Action.SetClient(Road.client("west")));
    for (Bridge each : instances.all()) {
      awaitThat("west can log in", () -> !each.readiness().text().contains("cannot log in"));
    }
    awaitThat("events flow", () -> flow.sent() > again + 200);
    flow.stop();

    assertLostInGapsOnly();
    report("Revoked");
    assertThat(flow.missing().get(again, flow.sent()).cardinality()).as("lost in the end").isZero();
    flow.assertNothingRepeated();
    flow.assertOrderOutsideGaps();
    assertChannels();
  }

  /** It says so, and what is to be read with that client the others read. */
  @Test
  @Tag("long")
  void anInstanceThatLacksAClientIsGivenNothingOfIt() throws Exception {
    withoutWest = "b";
    queues(Road.client("west"), "a");
    awaitAllRead();
    instance("b", QUEUE_TOPICS);
    instance("c", QUEUE_TOPICS);
    instances.awaitBalance(3);
    awaitHealth("b", "has other settings than this one: GENESYS_CLIENTS_<NAME>_ID");
    awaitHealth("a", "has other settings than this one: GENESYS_CLIENTS_<NAME>_ID");
    assertThat(road.genesys().openSockets("id-of-west")).isPositive();
    flow.start(topics);
    eventsFlow();
    for (String name : List.of("a", "c")) {
      instances.stop(name);
      instance(name, QUEUE_TOPICS);
      instances.awaitBalance(3);
    }
    flow.stop();

    assertNothingLostNorRepeated();
    assertThat(flow.unheard().cardinality()).isZero();
    assertChannels();
  }

  /** How long it takes from nothing, and what memory; the figures stand in docs/scaling.md. */
  @Test
  @Tag("long")
  void anOrganisationOf21000TopicsIsSharedByThreeInstances() throws Exception {
    begin(new CentreSize(20_000, 1_000, 0), Road.client("south"), Road.client("west"));
    topicsPerChannel = TopicSharder.CHANNEL_LIMIT;
    shipped = true;
    topics = road.topics("v2.users.*.presence", "v2.routing.queues.*.conversations");
    Instant started = Instant.now();
    NAMES.forEach(name -> instance(name, "v2.routing.queues.*.conversations,v2.users.*.presence"));

    for (Bridge each : instances.all()) {
      each.awaitLog("This is instance");
    }
    LOG.info("All three have begun after {} s", secondsSince(started));
    awaitThat("all is planned and read", () -> topicsRead() == topics.size());
    LOG.info("{} topics are read after {} s", topics.size(), secondsSince(started));
    awaitAllRead();
    instances.awaitBalance(3);
    LOG.info("They are balanced after {} s", secondsSince(started));
    flow.start(topics);
    awaitThat("each topic has had an event", () -> flow.sent() > topics.size());
    flow.stop();
    assertNothingLostNorRepeated();

    for (Bridge each : instances.running()) {
      LOG.info(
          "RSS {} MB, {}",
          Math.round(ProcessCost.megabytes(each.pid(), "VmRSS")),
          Instances.state(each));
    }
    report("21,000 topics");
    assertThat(flow.missing().cardinality()).isZero();
    assertThat(flow.unheard().cardinality()).isZero();
    assertChannels();
  }

  private static long secondsSince(Instant time) {
    return Duration.between(time, Instant.now()).toSeconds();
  }

  private int topicsRead() {
    int read = 0;
    for (Bridge each : instances.running()) {
      JsonNode health = Instances.health(each);
      for (String client : CLIENTS) {
        boolean well = health.path("client-" + client + ".state").asText().matches("idle|flowing");
        read += well ? health.path("client-" + client + ".topics").asInt() : 0;
      }
    }
    return read;
  }
}
