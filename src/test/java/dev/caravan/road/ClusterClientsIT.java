package dev.caravan.road;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.caravan.demo.ChildProcess;
import dev.caravan.simulator.CentreSize;
import dev.caravan.simulator.OauthClient;
import dev.caravan.simulator.fault.Action;
import dev.caravan.testing.Bridge;
import dev.caravan.topic.TopicSharder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
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
  private static final long PAUSE_NANOS = 4_000_000;
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

  private final Map<String, Bridge> instances = new LinkedHashMap<>();
  private volatile boolean flowing = true;
  private final Thread flow = new Thread(this::flow, "flow");
  private final BitSet sent = new BitSet();
  private final BitSet unheard = new BitSet();
  private final List<Instant> times = new ArrayList<>();
  private final Map<String, Integer> mostChannels = new HashMap<>();

  @AfterEach
  void end() throws InterruptedException {
    stopFlow();
    instances.values().forEach(Bridge::kill);
    road.close();
  }

  private static OauthClient client(String name) {
    return new OauthClient("id-of-" + name, "s3cret-of-" + name);
  }

  private void begin(CentreSize centre, OauthClient south, OauthClient west) {
    road =
        Road.in(
            folder,
            Road.quiet()
                .withCentre(centre)
                .withClient(client("north"))
                .withClient(south)
                .withClient(west));
  }

  /** South may not see observations. */
  private void queues(OauthClient west, String... names) {
    begin(new CentreSize(5, QUEUES, 0), client("south").lacking(LACKED), west);
    topics =
        road.genesys().organization().queues().stream()
            .flatMap(
                queue ->
                    Stream.of(
                        "v2.routing.queues." + queue.id() + ".conversations",
                        "v2.analytics.queues." + queue.id() + ".observations"))
            .toList();
    for (String name : names) {
      instance(name, QUEUE_TOPICS);
    }
  }

  // ---- instances

  private Bridge instance(String name, String selectors) {
    Bridge.Settings settings =
        road.settings()
            .without("GENESYS_CLIENT_ID")
            .without("GENESYS_CLIENT_SECRET")
            .with("GENESYS_TOPICS", selectors)
            .with("GENESYS_TOPICS_REFRESH", "5s")
            .with("GENESYS_BACKFILL", "false")
            .with("CARAVAN_CLUSTER", road.prefix() + "clients")
            .verbose();
    for (String client : clientsOf(name)) {
      String variable = "GENESYS_CLIENTS_" + client.toUpperCase(Locale.ROOT);
      settings.with(variable + "_ID", "id-of-" + client);
      settings.with(variable + "_SECRET", "s3cret-of-" + client);
    }
    if (shipped) {
      settings.java(ChildProcess.java(), List.of(Bridge.SHIPPED_FLAGS.split(" ")));
    }
    Path its = folder.resolve(name);
    try {
      Files.createDirectories(its);
      settings.with("CARAVAN_ROUTES_DIR", routes(its).toString());
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    Bridge bridge = settings.start(its);
    instances.put(name, bridge);
    return bridge;
  }

  private List<String> clientsOf(String name) {
    return CLIENTS.stream()
        .filter(client -> !(client.equals("west") && name.equals(withoutWest)))
        .toList();
  }

  /** Few topics to a channel, and refused logins that are tried again soon. */
  private Path routes(Path its) throws IOException {
    if (Files.exists(its.resolve("routes"))) {
      return its.resolve("routes");
    }
    Path routes = Road.copyOfRoutes(its);
    Path receive = routes.resolve("receive.camel.yaml");
    Files.writeString(
        receive,
        Files.readString(receive)
            .replace(
                "        deadLetters:",
                "        topicsPerChannel: " + topicsPerChannel + "\n        deadLetters:"));
    if (its.endsWith(withoutWest)) {
      return routes;
    }
    Files.writeString(
        routes.resolve("session.camel.yaml"),
        """
        - beans:
            - name: genesysSession-west
              type: dev.caravan.genesys.connect.SessionBean
              properties:
                clientName: west
                variables: GENESYS_CLIENTS_WEST
                clientId: "{{genesys.clients.west.id}}"
                clientSecret: "{{genesys.clients.west.secret}}"
                refusalRemembered: 5s
        """);
    return routes;
  }

  private static JsonNode health(Bridge bridge) {
    return bridge.readiness().check("genesys-notifications").path("data");
  }

  private static String state(Bridge bridge) {
    return health(bridge).path("road.instances").asText();
  }

  /** The one that deals topics, as far as the log of each says. */
  private String planner() {
    return instances.keySet().stream()
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

  private AssertionError failed(String what, Throwable cause) {
    StringBuilder all = new StringBuilder(what);
    instances.forEach(
        (name, bridge) ->
            all.append("\n---- ")
                .append(name)
                .append(": ")
                .append(bridge.isRunning() ? health(bridge) : "ended")
                .append('\n')
                .append(bridge.log()));
    return new AssertionError(all.toString(), cause);
  }

  private void awaitThat(String what, java.util.concurrent.Callable<Boolean> so) {
    try {
      await().alias(what).atMost(PATIENCE).pollInterval(Duration.ofMillis(250)).until(so);
    } catch (ConditionTimeoutException e) {
      throw failed(what + "; read: " + readers(), e);
    }
  }

  /** How many topics are read, as the stand-in sees it: each by somebody, and by how many. */
  private Map<Integer, Long> readers() {
    JsonNode probe = Road.json("{\"number\":-1}".getBytes());
    return topics.stream()
        .collect(
            Collectors.groupingBy(
                topic -> road.genesys().emit(topic, probe), Collectors.counting()));
  }

  private void awaitAllRead() {
    awaitThat("each topic is read by one", () -> readers().equals(Map.of(1, (long) topics.size())));
  }

  /** The same as the instances see it: the channels of one that was killed are still subscribed. */
  private void awaitAllReadAgain() {
    awaitThat("each topic is read by one again", () -> topicsRead() == topics.size());
  }

  /** So many instances say that they share what is to be read, in equal parts. */
  private void awaitBalance(int there) {
    awaitThat(
        "they are balanced",
        () -> {
          List<Integer> here =
              instances.values().stream()
                  .filter(Bridge::isRunning)
                  .map(ClusterClientsIT::state)
                  .filter(state -> state.startsWith(there + " of "))
                  .map(state -> Integer.parseInt(state.replaceAll(".*instances, (\\d+) .*", "$1")))
                  .sorted()
                  .toList();
          return here.size() == there && here.get(0) > 0 && here.get(there - 1) - here.get(0) <= 1;
        });
  }

  private void awaitHealth(String of, String text) {
    awaitThat(of + ": " + text, () -> instances.get(of).readiness().text().contains(text));
  }

  // ---- what is sent and what arrives

  /** Each event goes to one topic, and its number is noted; of those that nobody reads, too. */
  private void flow() {
    for (int number = 0; flowing; number++) {
      int at = number % topics.size();
      String body =
          "{\"id\":\"conversation-%d\",\"number\":%d,\"participants\":[{\"purpose\":\"agent\",\"calls\":[{\"state\":\"connected\"}]}]}"
              .formatted(at, number);
      int heard = road.genesys().emit(topics.get(at), Road.json(body.getBytes()));
      synchronized (sent) {
        times.add(Instant.now());
        sent.set(number);
        unheard.set(number, heard == 0);
        for (String client : number % 5 == 0 ? CLIENTS : List.<String>of()) {
          mostChannels.merge(client, road.genesys().openSockets("id-of-" + client), Math::max);
        }
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  private void stopFlow() throws InterruptedException {
    flowing = false;
    flow.join();
  }

  private int sentByNow() {
    synchronized (sent) {
      return sent.length();
    }
  }

  private List<ConsumerRecord<String, byte[]>> events() {
    return Stream.of("conversations.voice", "observations", "presence")
        .flatMap(road::recordsOf)
        .filter(record -> Ledger.number(record) >= 0)
        .toList();
  }

  private BitSet arrived() {
    BitSet arrived = new BitSet();
    events().forEach(record -> arrived.set(Ledger.number(record)));
    return arrived;
  }

  /** The numbers of those that were sent and are not in Kafka. */
  private BitSet lost(int from) {
    BitSet lost;
    synchronized (sent) {
      lost = (BitSet) sent.clone();
    }
    lost.andNot(arrived());
    lost.clear(0, from);
    return lost;
  }

  private int repeated() {
    return events().size() - arrived().cardinality();
  }

  private List<JsonNode> gaps() {
    return List.copyOf(
        road.signals().stream()
            .filter(signal -> signal.path("type").asText().equals("GAP"))
            .collect(
                Collectors.toMap(
                    gap -> gap.path("gap").asText(), gap -> gap, (one, again) -> again))
            .values());
  }

  /** Those of the start included whose signals are on their way. */
  private int gapsByNow() {
    road.kafka().readFor(Duration.ofSeconds(2));
    return gaps().size();
  }

  private boolean isInAGap(int number) {
    Instant time;
    synchronized (sent) {
      time = times.get(number);
    }
    return gaps().stream()
        .anyMatch(
            gap ->
                !time.isBefore(Instant.parse(gap.path("from").asText()))
                    && !time.isAfter(Instant.parse(gap.path("to").asText())));
  }

  /** All that was sent by now, from a number on, arrived, once and in order. */
  private void assertNothingLostNorRepeated(int from) {
    int until = sentByNow();
    try {
      road.kafka().awaitUntil(all -> lost(from).get(0, until).isEmpty());
    } catch (ConditionTimeoutException e) {
      throw failed("Lost: " + lost(from).get(0, until) + ", unheard: " + unheard, e);
    }
    report("So far");
    assertThat(repeated()).as("repeated").isZero();
    assertOrder();
  }

  private void assertLostInGapsOnly() {
    try {
      road.kafka().awaitUntil(all -> lost(0).stream().allMatch(this::isInAGap));
    } catch (ConditionTimeoutException e) {
      throw failed("Lost outside of the gaps " + gaps() + ": " + lost(0), e);
    }
  }

  private void assertOrder() {
    Map<String, Integer> last = new HashMap<>();
    List<String> wrong = new ArrayList<>();
    for (ConsumerRecord<String, byte[]> record : events()) {
      Integer before = last.put(record.topic() + record.key(), Ledger.number(record));
      if (before != null && before > Ledger.number(record)) {
        wrong.add(Ledger.number(record) + " after " + before);
      }
    }
    assertThat(wrong).as("events out of order within their key").isEmpty();
  }

  private void assertChannels() {
    assertThat(mostChannels.values()).allMatch(most -> most <= 20);
    assertThat(road.signals().stream().map(it -> it.path("cause").asText()))
        .doesNotContain("taken-over");
    instances.values().forEach(each -> assertThat(each.log()).doesNotContain("s3cret-of"));
  }

  private void report(String what) {
    LOG.info(
        "{}: {} events sent, {} lost, {} repeated, {} gaps, channels {}",
        what,
        sentByNow(),
        lost(0).cardinality(),
        repeated(),
        gaps().size(),
        mostChannels);
    LOG.info(
        "{}: {} times a shard was given back",
        what,
        instances.values().stream()
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
    awaitBalance(3);
    assertThat(road.genesys().openSockets("id-of-west")).isZero();
    String planner = planner();
    awaitHealth(planner, "The OAuth client west cannot log in");
    awaitThat(
        "somebody says what is not allowed to south",
        () ->
            instances.values().stream()
                .anyMatch(
                    each ->
                        each.readiness()
                            .text()
                            .contains("observations are not allowed to the OAuth client south")));
    int gapsBefore = gapsByNow();
    flow.start();
    awaitThat("events flow", () -> sentByNow() > 200);

    instances.get(planner).terminate();
    assertThat(instances.get(planner).awaitEnd()).as("ended by SIGTERM").isEqualTo(143);
    awaitBalance(2);
    assertNothingLostNorRepeated(0);
    assertThat(gaps()).hasSize(gapsBefore);

    road.genesys().perform(new Action.SetClient(client("west")));
    String next = planner();
    awaitThat(
        "the next one that deals knows that west can log in",
        () -> !instances.get(next).readiness().text().contains("cannot log in"));
    String killed =
        NAMES.stream().filter(n -> !n.equals(planner) && !n.equals(next)).findFirst().orElseThrow();
    int shards =
        Integer.parseInt(state(instances.get(killed)).replaceAll(".*instances, (\\d+) .*", "$1"));
    instances.get(killed).kill();
    awaitBalance(1);
    awaitAllReadAgain();
    stopFlow();

    road.kafka().awaitUntil(all -> gaps().size() >= gapsBefore + shards);
    assertLostInGapsOnly();
    road.kafka().readFor(Duration.ofSeconds(2));
    report("Stopped and killed");
    assertThat(lost(0).cardinality()).as("without a loss this has shown nothing").isPositive();
    assertThat(gaps()).as("one gap for each shard that it read").hasSize(gapsBefore + shards);
    assertThat(repeated()).isZero();
    assertChannels();
  }

  /** Its tokens are revoked, and it cannot log in any more: what has room is read with others. */
  @Test
  @Tag("long")
  void aClientThatCannotLogInAnyMoreIsReplacedAndComesBackAtEachInstance() throws Exception {
    queues(client("west"), "a", "b", "c");
    awaitAllRead();
    awaitBalance(3);
    assertThat(road.genesys().openSockets("id-of-west")).isPositive();
    int gapsBefore = gapsByNow();
    flow.start();
    awaitThat("events flow", () -> sentByNow() > 200);
    assertNothingLostNorRepeated(0);

    road.genesys().perform(new Action.SetClient(new OauthClient("id-of-west", "another")));
    road.genesys().perform(new Action.RevokeToken(new Action.Target(0, "id-of-west")));
    awaitThat("west has lost its channels", () -> road.genesys().openSockets("id-of-west") == 0);
    awaitBalance(3);
    awaitAllRead();
    road.kafka().awaitUntil(all -> gaps().size() > gapsBefore);
    String planner = planner();
    instances.get(planner).kill();
    awaitBalance(2);
    awaitAllReadAgain();
    instance(planner, QUEUE_TOPICS);
    awaitBalance(3);
    awaitAllReadAgain();
    int again = sentByNow();
    road.genesys().perform(new Action.SetClient(client("west")));
    for (Bridge each : instances.values()) {
      awaitThat("west can log in", () -> !each.readiness().text().contains("cannot log in"));
    }
    awaitThat("events flow", () -> sentByNow() > again + 200);
    stopFlow();

    assertLostInGapsOnly();
    report("Revoked");
    assertThat(lost(again).cardinality()).as("lost in the end").isZero();
    assertThat(repeated()).isZero();
    assertChannels();
  }

  /** It says so, and what is to be read with that client the others read. */
  @Test
  @Tag("long")
  void anInstanceThatLacksAClientIsGivenNothingOfIt() throws Exception {
    withoutWest = "b";
    queues(client("west"), "a");
    awaitAllRead();
    instance("b", QUEUE_TOPICS);
    instance("c", QUEUE_TOPICS);
    awaitBalance(3);
    awaitHealth("b", "has other settings than this one: GENESYS_CLIENTS_<NAME>_ID");
    awaitHealth("a", "has other settings than this one: GENESYS_CLIENTS_<NAME>_ID");
    assertThat(road.genesys().openSockets("id-of-west")).isPositive();
    flow.start();
    awaitThat("events flow", () -> sentByNow() > 200);
    for (String name : List.of("a", "c")) {
      instances.get(name).terminate();
      assertThat(instances.get(name).awaitEnd()).isEqualTo(143);
      instance(name, QUEUE_TOPICS);
      awaitBalance(3);
    }
    stopFlow();

    assertNothingLostNorRepeated(0);
    assertThat(unheard.cardinality()).isZero();
    assertChannels();
  }

  /** How long it takes from nothing, and what memory; the figures stand in docs/scaling.md. */
  @Test
  @Tag("long")
  void anOrganisationOf21000TopicsIsSharedByThreeInstances() throws Exception {
    begin(new CentreSize(20_000, 1_000, 0), client("south"), client("west"));
    topicsPerChannel = TopicSharder.CHANNEL_LIMIT;
    shipped = true;
    topics =
        Stream.concat(
                road.genesys().organization().agents().stream()
                    .map(agent -> "v2.users." + agent.id() + ".presence"),
                road.genesys().organization().queues().stream()
                    .map(queue -> "v2.routing.queues." + queue.id() + ".conversations"))
            .toList();
    Instant started = Instant.now();
    NAMES.forEach(name -> instance(name, "v2.routing.queues.*.conversations,v2.users.*.presence"));

    for (Bridge each : instances.values()) {
      each.awaitLog("This is instance");
    }
    LOG.info("All three have begun after {} s", secondsSince(started));
    awaitThat("all is planned and read", () -> topicsRead() == topics.size());
    LOG.info("{} topics are read after {} s", topics.size(), secondsSince(started));
    awaitAllRead();
    awaitBalance(3);
    LOG.info("They are balanced after {} s", secondsSince(started));
    flow.start();
    awaitThat("each topic has had an event", () -> sentByNow() > topics.size());
    stopFlow();
    assertNothingLostNorRepeated(0);

    for (Map.Entry<String, Bridge> each : instances.entrySet()) {
      LOG.info(
          "{}: RSS {} MB, {}",
          each.getKey(),
          residentMegabytes(each.getValue()),
          state(each.getValue()));
    }
    report("21,000 topics");
    assertThat(lost(0).cardinality()).isZero();
    assertThat(unheard.cardinality()).isZero();
    assertChannels();
  }

  private static long secondsSince(Instant time) {
    return Duration.between(time, Instant.now()).toSeconds();
  }

  private int topicsRead() {
    int read = 0;
    for (Bridge each : instances.values().stream().filter(Bridge::isRunning).toList()) {
      JsonNode health = health(each);
      for (String client : CLIENTS) {
        boolean well = health.path("client-" + client + ".state").asText().matches("idle|flowing");
        read += well ? health.path("client-" + client + ".topics").asInt() : 0;
      }
    }
    return read;
  }

  private static long residentMegabytes(Bridge bridge) throws IOException {
    return Files.readAllLines(Path.of("/proc/" + bridge.pid() + "/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1_024)
        .findFirst()
        .orElseThrow();
  }
}
