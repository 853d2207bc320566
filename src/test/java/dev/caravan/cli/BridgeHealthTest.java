package dev.caravan.cli;

import static org.assertj.core.api.Assertions.assertThat;

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
                   "data":{"road.state":"flowing","road.sentence":"All is well."}}]}"""))
        .isEqualTo("flowing");
  }

  @Test
  void aBrokenRouteFileIsShownBeforeAnythingElse() {
    assertThat(
            BridgeHealth.state(
                """
                {"status":"DOWN","checks":[
                  {"name":"genesys-notifications","data":{"road.state":"idle"}},
                  {"name":"route-files","data":{"road.state":"broken","sentence":"Broken YAML."}}]}"""))
        .isEqualTo("broken: Broken YAML.");
  }

  @Test
  void aBridgeThatHasNotSaidAnythingYetIsStarting() {
    assertThat(BridgeHealth.state("{\"status\":\"UP\",\"checks\":[]}")).isEqualTo("starting");
  }
}
