package dev.caravan.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import org.junit.jupiter.api.Test;

class BridgeHealthTest {

  @Test
  void aBridgeThatFlowsNeedsNoFurtherWord() {
    assertThat(
            BridgeHealth.state(
                """
                {"status":"UP","checks":[
                  {"name":"context","status":"UP","data":{"context.name":"caravan"}},
                  {"name":"genesys-notifications","status":"UP",
                   "data":{"bridge.state":"flowing","bridge.sentence":"All is well."}}]}"""))
        .isEqualTo("flowing");
  }

  @Test
  void whatDoesNotWorkIsNamedThoughTheRestFlows() {
    assertThat(
            BridgeHealth.state(
                """
                {"status":"UP","checks":[
                  {"name":"kafka-refusals","data":{"degraded":"Kafka denies a topic."}},
                  {"name":"genesys-notifications","data":{"bridge.state":"flowing"}}]}"""))
        .isEqualTo("flowing, degraded: Kafka denies a topic.");
  }

  @Test
  void aBrokenRouteFileIsShownBeforeAnythingElse() {
    assertThat(
            BridgeHealth.state(
                """
                {"status":"DOWN","checks":[
                  {"name":"genesys-notifications","data":{"bridge.state":"idle"}},
                  {"name":"route-files","data":{"bridge.state":"broken","sentence":"Broken YAML."}}]}"""))
        .isEqualTo("broken: Broken YAML.");
  }

  @Test
  void aBridgeThatAnsweredOnceIsNotStartingWhenItFallsSilent() throws IOException {
    HttpServer bridge =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    bridge.createContext(
        "/health",
        exchange -> {
          byte[] flowing = "{\"checks\":[{\"data\":{\"bridge.state\":\"flowing\"}}]}".getBytes();
          exchange.sendResponseHeaders(200, flowing.length);
          exchange.getResponseBody().write(flowing);
          exchange.close();
        });
    BridgeHealth health =
        new BridgeHealth(
            URI.create("http://127.0.0.1:%d/health".formatted(bridge.getAddress().getPort())));
    assertThat(health.latest()).isEqualTo("starting");
    bridge.start();
    await().until(health::latest, "flowing"::equals);

    bridge.stop(0);

    await().until(health::latest, "not answering"::equals);
  }

  @Test
  void aBridgeThatHasNotSaidAnythingYetIsStarting() {
    assertThat(BridgeHealth.state("{\"status\":\"UP\",\"checks\":[]}")).isEqualTo("starting");
  }
}
