package dev.caravan.genesys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.caravan.channel.ShardStatus;
import dev.caravan.simulator.OauthClient;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.component.mock.MockEndpoint;
import org.apache.camel.health.HealthCheck;
import org.apache.camel.health.HealthCheckRegistry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two routes of one bridge read notifications. */
@Tag("slow")
class TwoReadersTest {

  private static final String RELEASE = "DELETE /api/v2/notifications/channels/{id}/subscriptions";
  private static final String LIST = "GET /api/v2/notifications/channels";

  @TempDir private Path folder;
  private BackfillRoad road;

  private void start(int agents) {
    road = new BackfillRoad(folder, agents, new OauthClient("reader", "secret")).start();
  }

  @AfterEach
  void close() {
    road.close();
  }

  private void read(String one, String two) throws Exception {
    road.context()
        .addRoutes(
            new RouteBuilder() {
              @Override
              public void configure() {
                from("direct:dead-letters").to("mock:dead-letters");
                from("genesys:notifications?" + one).routeId("receive").to("mock:one");
                from("genesys:notifications?" + two).routeId("mine").to("mock:two");
              }
            });
    road.context().getRouteController().startAllRoutes();
  }

  private String presence(int user) {
    return "v2.users." + road.users().get(user) + ".presence";
  }

  private MockEndpoint mock(String name) {
    return road.context().getEndpoint("mock:" + name, MockEndpoint.class);
  }

  private Optional<HealthCheck.Result> health(String check) {
    return HealthCheckRegistry.get(road.context()).getCheck(check).map(HealthCheck::call);
  }

  private boolean isUp(String check) {
    return health(check).filter(it -> it.getState() == HealthCheck.State.UP).isPresent();
  }

  private String message(String check) {
    return health(check).flatMap(HealthCheck.Result::getMessage).orElse("");
  }

  @Test
  void neitherEmptiesTheChannelsOfTheOther() throws Exception {
    start(20);
    read("topics=" + presence(0), "topics=" + presence(1));
    // Each has looked for channels that an earlier run left
    await()
        .atMost(BackfillRoad.PATIENCE)
        .until(() -> road.genesys().callCounts().getOrDefault(LIST, 0) >= 2);

    road.genesys().emit(presence(0), new ObjectMapper().createObjectNode());
    road.genesys().emit(presence(1), new ObjectMapper().createObjectNode());

    await().until(() -> mock("one").getReceivedCounter() == 1);
    await().until(() -> mock("two").getReceivedCounter() == 1);
    assertThat(road.genesys().callCounts()).doesNotContainKey(RELEASE);
  }

  @Test
  void eachHasAHealthCheckThatOutlivesTheOther() throws Exception {
    start(20);
    read("topics=" + presence(0), "topics=v2.nonsense.*.that");

    await().until(() -> isUp("genesys-notifications"));
    await()
        .until(
            () ->
                health("genesys-notifications-mine")
                    .filter(it -> "broken".equals(it.getDetails().get("bridge.state")))
                    .isPresent());
    road.context().getRouteController().stopRoute("receive");

    assertThat(health("genesys-notifications")).isEmpty();
    assertThat(health("genesys-notifications-mine")).isPresent();
  }

  @Test
  void togetherTheyUseNoMoreChannelsThanTheClientHas() throws Exception {
    start(30);
    String each = "topicsPerChannel=1&topics=v2.users.*.";
    read(each + "presence", each + "routingStatus");

    await().atMost(BackfillRoad.PATIENCE).until(() -> road.genesys().openSockets() == 18);
    await()
        .untilAsserted(
            () ->
                assertThat(message("genesys-notifications") + message("genesys-notifications-mine"))
                    .contains("subscriptions are not being read: reading all needs 30 channels")
                    .contains("other routes of this bridge that read use theirs"));
    assertThat(road.genesys().openSockets()).isEqualTo(18);
  }

  @Test
  void shardsHaveNumbersOfTheirOwnAndTopicsOfBothAreTold() throws Exception {
    start(20);
    read("topics=" + presence(0), "topics=" + presence(1) + "," + presence(0));
    await().until(() -> isUp("genesys-notifications") && isUp("genesys-notifications-mine"));
    assertThat(road.context().getComponent("genesys", GenesysComponent.class).shards())
        .extracting(ShardStatus::number)
        .containsExactlyInAnyOrder(0, 1_000);
    assertThat(health("genesys-notifications").orElseThrow().getDetails().get("degraded"))
        .asString()
        .startsWith("1 topics are subscribed by another route, too");
  }

  @Test
  void ofSeveralInstancesOneRouteReadsAndTheOtherSaysWhyNot() throws Exception {
    road = new BackfillRoad(folder, 20, new OauthClient("reader", "secret"));
    road.with("caravan.cluster", "one").start();

    read("topics=" + presence(0), "topics=" + presence(1));

    await()
        .untilAsserted(
            () ->
                assertThat(message("genesys-notifications-mine"))
                    .startsWith("Several instances (CARAVAN_CLUSTER) share what one route reads"));
  }
}
