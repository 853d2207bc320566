package dev.caravan.genesys;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.genesys.connect.CallException;
import dev.caravan.simulator.OauthClient;
import dev.caravan.simulator.SimulatorOptions;
import dev.caravan.simulator.fault.Fault;
import dev.caravan.simulator.fault.Scenario;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.camel.Exchange;
import org.apache.camel.model.ModelCamelContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two OAuth clients make calls by the shipped routes, against the stand-in. */
@Tag("slow")
class ClientCallsTest {

  private static final String QUEUES = "GET /api/v2/routing/queues";
  private static final int OF_ALL = 9;

  private BackfillRoad road;

  @BeforeEach
  void start(@TempDir Path folder) {
    SimulatorOptions options =
        Scenario.parse("options: {limits: {requestsPerMinuteOfAll: " + OF_ALL + "}}")
            .options()
            .withClient(new OauthClient("first", "secret"))
            .withClient(new OauthClient("id of west", "secret of west"));
    road =
        new BackfillRoad(folder, options, new OauthClient("first", "secret"))
            .with("genesys.clients", "default,west")
            .with("genesys.clients.west.id", "id of west")
            .with("genesys.clients.west.secret", "secret of west")
            .with("genesys.retry.attempts", "0")
            .with("genesys.breaker.failure-rate", "100")
            .with("genesys.breaker.wait", "60")
            .start();
  }

  @AfterEach
  void close() {
    road.close();
  }

  private Exchange call(String client) {
    return road.context()
        .createProducerTemplate()
        .request(
            "direct:genesys-api",
            call -> {
              call.setProperty(GenesysConstants.CLIENT, client);
              call.getMessage().setHeader(Exchange.HTTP_METHOD, "GET");
              call.getMessage().setHeader(Exchange.HTTP_PATH, "/api/v2/routing/queues");
            });
  }

  private int calls() {
    return road.genesys().callCounts().getOrDefault(QUEUES, 0);
  }

  private double left(String client) {
    return road.meters().get("caravan.rest.budget.left").tag("client", client).gauge().value();
  }

  @Test
  void eachHasItsOwnTokenAndBudgetAndACallThatNamesNoneIsTheFirstOnes() {
    assertThat(call(null).getException()).isNull();
    assertThat(call(null).getException()).isNull();
    assertThat(call("west").getException()).isNull();

    assertThat(left("default")).isEqualTo(298);
    assertThat(left("west")).isEqualTo(299);
    assertThat(
            road.meters()
                .get("caravan.rest.calls")
                .tag("client", "west")
                .tag("purpose", "login")
                .counter()
                .count())
        .isEqualTo(1);
    assertThat(road.context().getRoute("genesys-api-call-west")).isNotNull();
    assertThat(road.context().getRoute("genesys-api-call-default")).isNull();
  }

  @Test
  void theBreakerOfOneIsNotThatOfTheOther() {
    assertThat(call("west").getException()).isNull();
    road.genesys().arm(Fault.status(QUEUES, 503).times(4));
    for (int i = 0; i < 4; i++) {
      call(null);
    }

    assertThat(call(null).getException()).isInstanceOf(CallNotPermittedException.class);
    assertThat(call("west").getException()).isNull();
  }

  @Test
  void addingRoutesAgainAddsNone() throws Exception {
    int routes = road.context().getRoutesSize();

    ClientRoutes.add((ModelCamelContext) road.context());

    assertThat(road.context().getRoutesSize()).isEqualTo(routes);
  }

  @Test
  void whatTheOrganisationIsToLeaveOffAllLeaveOff() {
    for (int i = 0; i < OF_ALL; i++) {
      assertThat(call(null).getException()).isNull();
    }
    assertThat(call(null).getException()).hasMessageContaining("429");
    int before = calls();

    Exchange others = call("west");

    assertThat(calls()).isEqualTo(before);
    assertThat(others.getException())
        .hasFieldOrPropertyWithValue("kind", CallException.Kind.UNAVAILABLE)
        .hasMessageContaining("asks the organisation");
    assertThat(((CallException) others.getException()).retryAfter())
        .isBetween(Duration.ofSeconds(1), Duration.ofSeconds(60));
  }

  @Test
  void whatOneClientHasUsedUpIsNoMatterOfTheOther() {
    road.genesys().arm(Fault.status(QUEUES, 429).times(1).withRetryAfter(Duration.ofSeconds(60)));

    assertThat(call(null).getException()).hasMessageContaining("429");
    assertThat(call("west").getException()).isNull();
  }
}
