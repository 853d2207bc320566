package dev.caravan.road;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.caravan.simulator.CentreSize;
import dev.caravan.simulator.OauthClient;
import dev.caravan.simulator.fault.Action;
import dev.caravan.testing.Bridge;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Three OAuth clients read an organisation that takes 38 channels. Every event has a number, and
 * each number is looked for in what arrived.
 */
class RoadClientsIT {

  private static final Logger LOG = LoggerFactory.getLogger(RoadClientsIT.class);
  private static final Duration PATIENCE = Duration.ofSeconds(180);
  private static final int QUEUES = 190;
  private static final Duration PAUSE = Duration.ofMillis(2);
  private static final List<String> CLIENTS = List.of("north", "south", "west");
  private static final String LACKED = "analytics:queueObservation:view";

  @TempDir private Path folder;
  private Road road;
  private Bridge bridge;
  private List<String> topics;
  private NumberedEvents flow;
  private final Map<String, Integer> mostChannels = new ConcurrentHashMap<>();

  private void begin(CentreSize centre, OauthClient south) {
    road =
        Road.in(
            folder,
            Road.quiet()
                .withCentre(centre)
                .withClient(Road.client("north"))
                .withClient(south)
                .withClient(Road.client("west")));
    flow =
        new NumberedEvents(road.genesys())
            .reading(road.kafka())
            .every(PAUSE)
            .observed(this::countChannels);
  }

  private void queues() throws IOException {
    begin(new CentreSize(5, QUEUES, 0), Road.client("south").lacking(LACKED));
    topics = road.topics("v2.routing.queues.*.conversations", "v2.analytics.queues.*.observations");
    bridge =
        road.start(
            settings()
                .with(
                    "GENESYS_TOPICS",
                    "v2.routing.queues.*.conversations,v2.analytics.queues.*.observations")
                .with("CARAVAN_ROUTES_DIR", routes().toString())
                .with("GENESYS_TOPICS_REFRESH", "5s")
                .with("GENESYS_BACKFILL", "false"));
  }

  @AfterEach
  void end() throws InterruptedException {
    flow.stop();
    road.close();
  }

  private Bridge.Settings settings() throws IOException {
    Path file = Files.writeString(folder.resolve("secret"), Road.client("west").secret() + "\n");
    return road.settings(CLIENTS)
        .without("GENESYS_CLIENTS_WEST_SECRET")
        .with("GENESYS_CLIENTS_WEST_SECRET_FILE", file.toString());
  }

  /** Few topics to a channel, and a refused login that is tried again soon. */
  private Path routes() throws IOException {
    Path routes = road.copyOfRoutes(10);
    Road.forgetRefusalsSoon(routes, "west");
    return routes;
  }

  // ---- what is sent and what arrives

  private void countChannels(int number) {
    for (String client : number % 10 == 0 ? CLIENTS : List.<String>of()) {
      mostChannels.merge(client, road.genesys().channels("id-of-" + client), Math::max);
    }
  }

  private JsonNode health() {
    return bridge.readiness().check("genesys-notifications").path("data");
  }

  private void awaitAllRead() {
    try {
      await()
          .alias("each topic is read by one")
          .atMost(PATIENCE)
          .pollInterval(Duration.ofMillis(500))
          .until(
              () -> {
                bridge.failIfEnded();
                return road.readers(topics);
              },
              Map.of(1, (long) topics.size())::equals);
    } catch (ConditionTimeoutException e) {
      throw new AssertionError(health() + bridge.log(), e);
    }
  }

  private void awaitSent(int count) {
    await().atMost(PATIENCE).until(() -> flow.sent() > count);
  }

  // ---- the test

  @Tag("long")
  @Test
  void whatOneMayNotSeeOrCannotReadAnotherReadsAndNothingThatIsHeardIsLost() throws Exception {
    queues();
    awaitAllRead();
    bridge.awaitReadiness(
        "told who reads what south may not see",
        health -> health.text().contains("observations are not allowed to the OAuth client south"));
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              JsonNode all = health();
              assertThat(all.path("client-south.topics").asInt()).isPositive();
              assertThat(
                      CLIENTS.stream()
                          .mapToInt(name -> all.path("client-" + name + ".topics").asInt())
                          .sum())
                  .as(all.toString())
                  .isEqualTo(topics.size());
            });
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(bridge.metrics())
                    .containsPattern(
                        "(?m)^caravan_channels\\{.*client=\"south\".*phase=\"live\".*} [1-9]"));

    flow.start(topics);
    awaitSent(2 * topics.size());
    int quiet = flow.sent();
    road.kafka().awaitUntil(all -> flow.lost().stream().noneMatch(number -> number < quiet));
    assertThat(flow.unheard().cardinality()).isZero();
    int others =
        road.genesys().openSockets("id-of-north") + road.genesys().openSockets("id-of-south");

    int revoked = flow.sent();
    road.genesys().perform(new Action.SetClient(new OauthClient("id-of-west", "another")));
    road.genesys().perform(new Action.RevokeToken(new Action.Target(0, "id-of-west")));
    bridge.awaitReadiness(
        "told that west cannot log in and that not all is read",
        health ->
            health.text().contains("1 of 3 OAuth clients cannot log in. Add an OAuth client"));
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(road.genesys().openSockets("id-of-west")).isZero());
    assertThat(
            road.genesys().openSockets("id-of-north") + road.genesys().openSockets("id-of-south"))
        .isGreaterThanOrEqualTo(others);

    road.genesys().perform(new Action.SetClient(Road.client("west")));
    awaitAllRead();
    int whole = flow.sent();
    bridge.awaitReady();
    awaitSent(whole + topics.size());
    flow.stop();

    // What was on its way to a socket whose token was revoked is in a gap like what nobody read
    road.until(() -> flow.outsideGaps(flow.lost(), flow.gaps()).isEmpty());
    flow.report("Lost and found", "channels " + mostChannels);
    assertThat(flow.lost()).allMatch(number -> revoked <= number && number <= whole);
    assertThat(flow.unheard().stream().filter(number -> number >= whole)).isEmpty();
    road.kafka().awaitUntil(all -> flow.outsideGaps(flow.unheard()).isEmpty());
    assertThat(mostChannels.values()).allMatch(most -> most <= 20);
    flow.assertNoChannelTaken();
    assertThat(flow.signals("DISCONNECTED").size()).isLessThanOrEqualTo(18);
    assertThat(bridge.log()).doesNotContain("s3cret-of");
  }

  /** Those that come are read on what is open or on new channels, and nobody else's topic moves. */
  @Test
  @Tag("long")
  void agentsWhoComeAndGoUnderLoadCostNobodyElseAnEvent() throws Exception {
    begin(new CentreSize(1_200, 1, 0), Road.client("south"));
    List<String> all = road.topics("v2.users.*.presence");
    List<String> gone = all.subList(1_100, 1_200);
    road.genesys().perform(new Action.Staff(1_000, 1));
    topics = all.subList(0, 1_000);
    bridge =
        road.start(
            settings()
                .with("GENESYS_TOPICS", "v2.users.*.presence")
                .with("CARAVAN_ROUTES_DIR", road.copyOfRoutes(100).toString())
                .with("GENESYS_TOPICS_REFRESH", "5s")
                .with("GENESYS_BACKFILL", "false"));
    bridge.awaitReady();
    awaitAllRead();
    int channels = channelsMade();
    flow.start(topics);
    awaitSent(topics.size());

    road.genesys().perform(new Action.Staff(1_200, 1));
    Instant come = Instant.now();
    topics = all;
    awaitAllRead();
    LOG.info("200 agents more are read {} after", Duration.between(come, Instant.now()));
    int more = channelsMade() - channels;
    road.genesys().perform(new Action.Staff(1_100, 1));
    topics = gone;
    await()
        .atMost(PATIENCE)
        .until(() -> road.readers(topics).equals(Map.of(0, (long) gone.size())));
    awaitSent(flow.sent() + all.size());
    flow.stop();

    road.kafka().awaitUntil(records -> flow.missing().isEmpty());
    road.kafka().readFor(Duration.ofSeconds(1));
    flow.report("200 agents came and 100 went", more + " channels more");
    flow.assertNothingRepeated();
    assertThat(flow.unheard().cardinality()).isZero();
    assertThat(flow.gaps()).isEmpty();
    assertThat(flow.signals("DISCONNECTED")).isEmpty();
    assertThat(more).isLessThanOrEqualTo(2);
  }

  private int channelsMade() {
    return road.genesys().callCounts().get("POST /api/v2/notifications/channels");
  }

  @Test
  @Tag("long")
  void anOrganisationOf21000TopicsIsReadWholeAndEachEventArrives() throws Exception {
    begin(new CentreSize(20_000, 1_000, 0), Road.client("south"));
    topics = road.topics("v2.users.*.presence", "v2.routing.queues.*.conversations");
    Instant started = Instant.now();
    bridge =
        road.start(
            settings()
                .with("GENESYS_TOPICS", "v2.routing.queues.*.conversations,v2.users.*.presence"));

    bridge.awaitReady();
    awaitAllRead();
    LOG.info(
        "{} topics are read after {} s",
        topics.size(),
        Duration.between(started, Instant.now()).toSeconds());

    flow.start(topics);
    awaitSent(topics.size());
    flow.stop();
    road.kafka().awaitUntil(all -> flow.lost().isEmpty());
    flow.report("21,000 topics", "channels " + mostChannels);
    assertThat(flow.unheard().cardinality()).isZero();
    assertThat(mostChannels.values()).allMatch(most -> most <= 20);
    assertThat(mostChannels.values().stream().mapToInt(it -> it).sum()).isGreaterThan(20);
  }
}
