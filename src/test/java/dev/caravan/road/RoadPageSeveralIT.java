package dev.caravan.road;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import dev.caravan.demo.LocalBroker;
import dev.caravan.testing.Bridge;
import dev.caravan.testing.TestBroker;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The status page of a bridge with several OAuth clients, and of one of several instances. */
class RoadPageSeveralIT {

  private static final String LACKED = "analytics:queueObservation:view";

  @TempDir private Path folder;
  private Chromium browser;
  private Road road;

  @BeforeEach
  void start() throws Exception {
    browser = Chromium.start();
    road =
        Road.in(
            folder,
            Road.quiet()
                .withClient(Road.client("north").lacking(LACKED))
                .withClient(Road.client("south")));
  }

  @AfterEach
  void stop() {
    road.close();
    browser.close();
  }

  @Tag("long")
  @Test
  void eachOauthClientHasItsSocketsAndItsBudget() {
    Bridge bridge =
        road.start(
            road.settings(List.of("north", "south"))
                .with(
                    "GENESYS_TOPICS",
                    "v2.routing.queues.*.conversations,v2.analytics.queues.*.observations"));
    bridge.awaitReady();

    Page page = open(bridge);

    Locator clients = page.locator("#road > li").nth(0);
    Locator shards = page.locator("#road > li").nth(1);
    for (String client : List.of("north", "south")) {
      assertThat(clients.locator("li", has("OAuth client"))).hasCount(2);
      assertThat(clients).containsText(client);
      assertThat(shards).containsText("of " + client + ": idle");
    }
    assertThat(clients.locator("li", has("channels")))
        .containsText(new String[] {"of 20", "of 20"});
    assertThat(clients.locator("li", has("sockets that are read")))
        .hasText(new String[] {"sockets that are read1", "sockets that are read1"});
    assertThat(clients.locator("li", has("calls left this minute"))).hasCount(2);
    assertIsUsableByAll(page);
  }

  @Test
  void oneOfSeveralInstancesTellsHowManyThereAreAndWhoReadsWhat() throws Exception {
    Path routes = road.copyOfRoutes(1);
    try (LocalBroker kafka = TestBroker.start();
        Bridge one = instance("one", kafka, routes);
        Bridge other = instance("other", kafka, routes)) {
      one.awaitReady();
      other.awaitReady();

      for (Bridge each : List.of(one, other)) {
        Page page = open(each);
        assertThat(page.locator("#road > li").nth(1))
            .containsText("2 of 2 instances, 1 shard here, 1 elsewhere");
        assertIsUsableByAll(page);
      }
    }
  }

  private Bridge instance(String name, LocalBroker kafka, Path routes) throws Exception {
    return road.settings()
        .kafka(kafka.bootstrapServers(), "shared.")
        .with("CARAVAN_CLUSTER", "several")
        .with("CARAVAN_ROUTES_DIR", routes.toString())
        .with(
            "GENESYS_TOPICS",
            String.join(
                ",",
                Stream.of("1", "2")
                    .map(
                        "v2.routing.queues.0e185c02-aca1-4a72-82ea-2e78684e2c8%s.conversations"
                            ::formatted)
                    .toList()))
        .start(Files.createDirectories(folder.resolve(name)));
  }

  private Page open(Bridge bridge) {
    return browser.open(
        bridge.pagePort(), new Browser.NewContextOptions().setViewportSize(1180, 900));
  }

  private static Locator.LocatorOptions has(String text) {
    return new Locator.LocatorOptions().setHasText(text);
  }

  private void assertIsUsableByAll(Page page) {
    org.assertj.core.api.Assertions.assertThat(browser.findings(page)).isEqualTo(List.of());
    org.assertj.core.api.Assertions.assertThat(browser.complaints()).isEmpty();
    org.assertj.core.api.Assertions.assertThat(browser.elsewhere()).isEmpty();
  }
}
