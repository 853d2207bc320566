package dev.caravan.genesys;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.genesys.backfill.BackfillProgress;
import dev.caravan.genesys.connect.CallException;
import dev.caravan.simulator.OauthClient;
import dev.caravan.simulator.fault.Fault;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import java.nio.file.Path;
import org.apache.camel.Exchange;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How often the shipped routes make a call, against the stand-in. */
@Tag("slow")
class CallsTest {

  private static final String QUEUES = "GET /api/v2/routing/queues";

  private BackfillRoad road;

  @BeforeEach
  void start(@TempDir Path folder) {
    road =
        new BackfillRoad(folder, 1, new OauthClient("calls", "secret"))
            .with("genesys.retry.attempts", "2")
            .with("genesys.breaker.failure-rate", "100")
            .with("genesys.breaker.wait", "60")
            .start();
  }

  @AfterEach
  void close() {
    road.close();
  }

  private Exchange call(String route) {
    return road.context()
        .createProducerTemplate()
        .request(
            route,
            call -> {
              call.getMessage().setHeader(Exchange.HTTP_METHOD, "GET");
              call.getMessage().setHeader(Exchange.HTTP_PATH, "/api/v2/routing/queues");
            });
  }

  private int calls() {
    return road.genesys().callCounts().getOrDefault(QUEUES, 0);
  }

  @Test
  void whatSaysNotNowIsTriedAgainSoOften() {
    road.genesys().arm(Fault.status(QUEUES, 503).times(2));
    assertThat(call("direct:genesys-api").getException()).isNull();
    assertThat(calls()).isEqualTo(3);

    road.genesys().arm(Fault.status(QUEUES, 503));
    assertThat(call("direct:genesys-api").getException())
        .hasFieldOrPropertyWithValue("kind", CallException.Kind.UNAVAILABLE);
    assertThat(calls()).isEqualTo(6);
  }

  @Test
  void whatSaysNoIsNotTriedAgain() {
    road.genesys().arm(Fault.status(QUEUES, 403));

    assertThat(call("direct:genesys-api").getException())
        .hasFieldOrPropertyWithValue("kind", CallException.Kind.REFUSED);
    assertThat(calls()).isEqualTo(1);
  }

  @Test
  void aTokenThatIsNotAcceptedIsRenewedOnceWhetherTheCallIsRepeatedOrNot() {
    road.genesys().arm(Fault.status(QUEUES, 401).times(1));
    assertThat(call("direct:genesys-api-once").getException()).isNull();
    assertThat(calls()).isEqualTo(2);

    road.genesys().arm(Fault.status(QUEUES, 401));
    assertThat(call("direct:genesys-api").getException())
        .hasFieldOrPropertyWithValue("kind", CallException.Kind.UNAUTHORISED);
    assertThat(calls()).isEqualTo(4);
  }

  @Test
  void anAddressThatAcceptsNoTokenKeepsNobodyElseFromCalling() {
    assertThat(
            road.context().createProducerTemplate().request("direct:genesys-channels", any -> {}))
        .returns(null, Exchange::getException);
    road.genesys().arm(Fault.status(QUEUES, 401));

    for (int i = 0; i < 3; i++) {
      assertThat(call("direct:genesys-api").getException())
          .hasFieldOrPropertyWithValue("kind", CallException.Kind.UNAUTHORISED);
      assertThat(
              road.context().createProducerTemplate().request("direct:genesys-channels", any -> {}))
          .returns(null, Exchange::getException);
    }
    assertThat(road.genesys().callCounts().get("POST /oauth/token")).isEqualTo(2);
  }

  @Test
  void aCallThatMustNotBeRepeatedIsMadeOnce() {
    road.genesys().arm(Fault.status(QUEUES, 503).times(1));

    assertThat(call("direct:genesys-api-once").getException())
        .hasFieldOrPropertyWithValue("kind", CallException.Kind.UNAVAILABLE);
    assertThat(calls()).isEqualTo(1);
  }

  @Test
  void theBreakerOfBackfillsIsNotThatOfTheConnection() {
    road.genesys().arm(Fault.status(QUEUES, 503).times(4));
    call("direct:genesys-api");
    call("direct:genesys-api");
    assertThat(call("direct:genesys-api-once").getException())
        .isInstanceOf(CallNotPermittedException.class);
    road.genesys().disarm();

    Exchange filling =
        road.context()
            .createProducerTemplate()
            .request(
                "direct:genesys-backfill-api",
                call -> {
                  call.setProperty(GenesysConstants.BACKFILL, new BackfillProgress());
                  call.getMessage().setHeader(Exchange.HTTP_METHOD, "GET");
                  call.getMessage().setHeader(Exchange.HTTP_PATH, "/api/v2/routing/queues");
                });

    assertThat(filling.getException()).isNull();
  }
}
