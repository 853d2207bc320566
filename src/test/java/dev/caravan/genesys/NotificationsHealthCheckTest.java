package dev.caravan.genesys;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.channel.Phase;
import dev.caravan.channel.ShardStatus;
import dev.caravan.channel.ShardStatus.Health;
import dev.caravan.cluster.ClusterStatus;
import dev.caravan.genesys.connect.Rejections;
import dev.caravan.testing.LogLines;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.camel.health.HealthCheck;
import org.junit.jupiter.api.Test;

class NotificationsHealthCheckTest {

  private Optional<String> problem = Optional.empty();
  private List<ShardStatus> shards = List.of();
  private List<ClientStatus> clients = List.of();
  private String notAllowed = "";
  private String trouble = "";
  private String listing = "";
  private Optional<ClusterStatus> instances = Optional.empty();
  private Map<Integer, Rejections> rejected = Map.of();
  private Optional<String> ledger = Optional.empty();
  private long now = 1_000;
  private final InFlight inFlight = new InFlight(1, () -> now);
  private final NotificationsHealthCheck watch =
      new NotificationsHealthCheck(
          "genesys-notifications",
          () -> problem.map(it -> new NotificationsHealthCheck.Problem(Health.BROKEN, it)),
          new GenesysMetrics.Reader(
              inFlight, this::clients, this::clients, () -> rejected, () -> listing, () -> 0),
          () -> now,
          () -> trouble,
          () -> ledger,
          () -> notAllowed,
          () -> "",
          () -> instances);

  private List<ClientStatus> clients() {
    return clients.isEmpty()
        ? List.of(new ClientStatus("default", shards, Optional.empty()))
        : clients;
  }

  private static ShardStatus shard(int number, Health health, long blindMillis) {
    return new ShardStatus(
        number,
        7,
        health,
        "How it is.",
        List.of(Phase.LIVE, Phase.NEW),
        0,
        1_500,
        blindMillis,
        blindMillis == 0);
  }

  @Test
  void oneShardThatFlowsAmongIdleOnesMeansThatEventsAreReceived() {
    shards = List.of(shard(0, Health.IDLE, 0), shard(1, Health.FLOWING, 0));

    assertThat(watch.overview().health()).isEqualTo(Health.FLOWING);
    assertThat(watch.overview().sentence()).isEmpty();
  }

  @Test
  void ofSeveralClientsEachIsToldAndWhatOneReadsForAnother() {
    clients =
        List.of(
            new ClientStatus("default", List.of(shard(0, Health.FLOWING, 0)), Optional.empty()),
            new ClientStatus("east", List.of(shard(1, Health.BLIND, 100)), Optional.empty()),
            new ClientStatus("west", List.of(), Optional.of("Its secret is wrong.")));
    notAllowed = "One is not allowed.";

    HealthCheck.Result result = check();

    assertThat(result.getMessage()).contains("Shard 1 (OAuth client east): How it is.");
    assertThat(result.getDetails())
        .containsEntry("client-default.state", "flowing")
        .containsEntry("client-east.state", "blind")
        .containsEntry("client-east.topics", 7)
        .containsEntry("client-east.channels", 1)
        .containsEntry("client-west.state", "broken")
        .containsEntry("client-west.sentence", "Its secret is wrong.")
        .containsEntry("shard-1.client", "east");
    assertThat(String.valueOf(result.getDetails().get("degraded")))
        .contains("One is not allowed. The OAuth client west cannot log in;");
  }

  @Test
  void whatAClientCannotReadHereAnotherInstanceMayReadWithIt() {
    clients =
        List.of(
            new ClientStatus("default", List.of(shard(0, Health.FLOWING, 0)), Optional.empty()),
            new ClientStatus("west", List.of(), Optional.of("Its secret is wrong.")));
    instances = Optional.of(new ClusterStatus("a", 3, 3, 0, 2, 0, false, Optional.empty(), ""));

    assertThat(watch.overview().degraded())
        .startsWith("The OAuth client west cannot log in here; its topics are read by an instance")
        .endsWith("as they have room. Its secret is wrong.");
  }

  @Test
  void ofOneClientNothingIsToldByName() {
    shards = List.of(shard(0, Health.IDLE, 0));

    assertThat(check().getDetails().keySet())
        .noneMatch(detail -> detail.startsWith("client") || detail.endsWith(".client"));
  }

  @Test
  void anInstanceOfWhichTheOthersReadAllIsReadyAndSaysHowManyThereAre() {
    instances = Optional.of(new ClusterStatus("a", 3, 3, 0, 2, 0, false, Optional.empty(), ""));

    assertThat(check().getState()).isEqualTo(HealthCheck.State.UP);
    assertThat(check().getDetails())
        .containsEntry("bridge.instances", "3 of 3 instances, 0 shards here, 2 elsewhere");
  }

  @Test
  void aNightWithoutEventsIsHealthy() {
    shards = List.of(shard(0, Health.IDLE, 0));

    assertThat(check().getState()).isEqualTo(HealthCheck.State.UP);
  }

  @Test
  void aShardThatIsBlindForFiveSecondsShows() {
    shards = List.of(shard(0, Health.FLOWING, 0), shard(1, Health.BLIND, 5_000));
    trouble = "Genesys Cloud answered 503.";

    HealthCheck.Result result = check();

    assertThat(result.getState()).isEqualTo(HealthCheck.State.DOWN);
    assertThat(result.getDetails())
        .containsAllEntriesOf(
            Map.of(
                "bridge.state", "blind",
                "bridge.sentence", "Shard 1: How it is. Genesys Cloud answered 503.",
                "shard-1.state", "blind",
                "shard-1.blind-seconds", 5L,
                "shard-1.seconds-since-frame", 1L,
                "shard-1.channels", "live, new",
                "shard-1.topics", 7));
    assertThat(result.getDetails()).doesNotContainKey("shard-0.blind-seconds");
  }

  @Test
  void whatKeepsShardsFromBeingOpenedComesFirst() {
    problem = Optional.of("Wrong secret.");

    assertThat(watch.overview().health()).isEqualTo(Health.BROKEN);
    assertThat(watch.overview().sentence()).isEqualTo("Wrong secret.");
  }

  @Test
  void aStandstillBehindTheRouteIsBlindness() throws InterruptedException {
    shards = List.of(shard(0, Health.FLOWING, 0));
    inFlight.enter();
    now += 12_000;

    assertThat(watch.overview().health()).isEqualTo(Health.BLIND);
    assertThat(watch.overview().sentence()).contains("has taken nothing for 12 s; 1 events wait");
  }

  @Test
  void aLedgerThatCannotBeWrittenIsSaid() {
    shards = List.of(shard(0, Health.FLOWING, 0));
    ledger = Optional.of("The gaps cannot be written.");

    assertThat(watch.overview().health()).isEqualTo(Health.FLOWING);
    assertThat(check().getDetails()).containsEntry("degraded", "The gaps cannot be written.");
  }

  @Test
  void aTopicThatIsRefusedWhileOthersAreReadIsNamedAndNoReasonToBeTakenOutOfService() {
    String presence = "v2.users.3d1e6d5b-5e9f-4d3c-8a36-6c1b2b5b5c11.presence";
    List<String> asked = List.of(presence, presence.replace(".presence", ".routingStatus"));
    List<?> answer =
        List.of(
            Map.of("id", asked.get(0), "state", "Rejected", "missingPermissions", List.of("p:v:r")),
            Map.of("id", asked.get(1)));
    shards = List.of(shard(0, Health.FLOWING, 0), shard(1, Health.BROKEN, 9_000));
    rejected =
        Map.of(
            0, Rejections.of(asked, answer, Map.of()),
            1, Rejections.of(asked.subList(0, 1), answer, Map.of()));

    HealthCheck.Result result = check();

    assertThat(result.getState()).isEqualTo(HealthCheck.State.UP);
    assertThat(result.getDetails())
        .containsAllEntriesOf(
            Map.of(
                "bridge.state",
                "flowing",
                "degraded",
                "Genesys Cloud refused 2 topics v2.users.{id}.presence; the OAuth client's role"
                    + " lacks p:v:r."));
  }

  @Test
  void whatIsRefusedEveryTopicIsBroken() {
    shards = List.of(shard(0, Health.BROKEN, 9_000));
    rejected = Map.of(0, Rejections.of(List.of("v2.users.u.presence"), List.of(), Map.of()));

    assertThat(check().getState()).isEqualTo(HealthCheck.State.DOWN);
  }

  @Test
  void theLogSaysOnceWhatHasBecomeOfReceiving() throws InterruptedException {
    try (LogLines log = new LogLines(NotificationsHealthCheck.class.getName())) {
      shards = List.of(shard(0, Health.FLOWING, 0));
      tellTwice();
      shards = List.of(shard(0, Health.BLIND, 100));
      tellTwice();
      now += 12_300;
      shards = List.of(shard(0, Health.FLOWING, 0));
      tellTwice();
      shards = List.of(shard(0, Health.FLOWING, 0), shard(1, Health.BLIND, 100));
      tellTwice();
      now += 3_000;
      shards = List.of(shard(0, Health.IDLE, 0), shard(1, Health.IDLE, 0));
      tellTwice();
      problem = Optional.of("Wrong secret.");
      shards = List.of();
      tellTwice();
      now += 60_000;
      problem = Optional.empty();
      shards = List.of(shard(0, Health.FLOWING, 0));
      tellTwice();
      inFlight.enter();
      now += 12_000;
      tellTwice();
      now += 5_000;
      inFlight.leave(0);
      tellTwice();

      assertThat(log.lines())
          .containsExactly(
              "Receiving events.",
              "Not receiving any events. Shard 0: How it is.",
              "Receiving events again after 12 s without a connection.",
              "Not receiving all events. Shard 1: How it is.",
              "Connected again after 3 s without some of the connections; no events at present.",
              "Not receiving any events until somebody acts. Wrong secret.",
              "Receiving events again after 60 s without a connection.",
              "Not receiving all events. What is behind the route has taken nothing for 12 s; 1 events"
                  + " wait for it, and Genesys Cloud is no longer read when 1 do. See the spool's"
                  + " health.",
              "Receiving events again after 5 s in which nothing behind the route took any.");
    }
  }

  private void tellTwice() {
    watch.tellChanges();
    watch.tellChanges();
  }

  private HealthCheck.Result check() {
    return watch.call(Map.of());
  }
}
