package dev.caravan.road;

import static org.awaitility.Awaitility.await;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.assertions.LocatorAssertions;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import com.microsoft.playwright.options.ColorScheme;
import dev.caravan.demo.LocalBroker;
import dev.caravan.simulator.CentreSize;
import dev.caravan.simulator.Guest;
import dev.caravan.simulator.OauthClient;
import dev.caravan.simulator.Simulator;
import dev.caravan.simulator.SimulatorOptions;
import dev.caravan.simulator.Traffic;
import dev.caravan.simulator.fault.Action;
import dev.caravan.testing.Bridge;
import dev.caravan.testing.TestBroker;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The status page of the real bridge in a real browser, between the stand-in and a real broker. Its
 * pictures are those of the README and the docs: with {@code -Dcaravan.pictures=docs/pictures} they
 * are written there, else to {@code target}.
 */
class RoadPageIT {

  private static final Path PICTURES =
      Path.of(System.getProperty("caravan.pictures", "target/pictures"));
  private static final String LACKING = "analytics:queueObservation:view";
  private Chromium browser;

  @TempDir Path folder;
  private final int port = Bridge.freePort();
  private Simulator genesys;
  private LocalBroker kafka;
  private Bridge bridge;

  @BeforeEach
  void start() throws IOException {
    browser = Chromium.start();
    genesys =
        Simulator.start(
            SimulatorOptions.defaults()
                .withCentre(CentreSize.of(120))
                .withTraffic(Traffic.times(6))
                .withClient(new OauthClient(Road.CLIENT, Road.SECRET).lacking(LACKING)));
    kafka = TestBroker.start();
    bridge = startBridge();
  }

  private Bridge startBridge() {
    return Bridge.settings()
        .genesys(genesys.url())
        .with("GENESYS_CLIENT_ID", Road.CLIENT)
        .with("GENESYS_CLIENT_SECRET", Road.SECRET)
        .with(
            "GENESYS_TOPICS",
            "v2.routing.queues.*.conversations,v2.users.*?presence&routingStatus,"
                + "v2.analytics.queues.*.observations")
        .with("GENESYS_RETRY_INITIAL_DELAY", "100ms")
        .with("CARAVAN_HTTP_PORT", String.valueOf(port))
        .kafka(kafka.bootstrapServers(), "genesys.")
        .start(folder);
  }

  @AfterEach
  void stop() {
    bridge.close();
    kafka.close();
    genesys.close();
    browser.close();
  }

  private Page open(Browser.NewContextOptions options) {
    return browser.open(port, options);
  }

  private static Browser.NewContextOptions desk(ColorScheme scheme) {
    return new Browser.NewContextOptions().setViewportSize(1180, 900).setColorScheme(scheme);
  }

  private static LocatorAssertions assertThat(Locator locator) {
    return PlaywrightAssertions.assertThat(locator);
  }

  private Guest.Answer get(String path) {
    return new Guest("http://localhost:" + port).get(path);
  }

  private void awaitEventsInKafka() {
    bridge.awaitReady();
    await()
        .atMost(Duration.ofMinutes(3))
        .ignoreExceptions()
        .until(() -> get("/status").body().at("/kafka/topics").size() > 3);
  }

  private void assertNoFindings(Page page) {
    org.assertj.core.api.Assertions.assertThat(browser.findings(page)).isEqualTo(List.of());
  }

  private static void picture(Page page, String name, boolean whole) {
    page.screenshot(
        new Page.ScreenshotOptions().setPath(PICTURES.resolve(name + ".png")).setFullPage(whole));
  }

  @Test
  void thePageTellsWhatFlowsWhatWasMissedAndWhatWaits() {
    awaitEventsInKafka();
    Page page = open(desk(ColorScheme.LIGHT));
    assertThat(page.locator("#live")).hasText("live");
    // Refused, and told with what the role lacks
    assertThat(page.locator("#headline")).hasText("Events are read, but not all is well.");
    assertThat(page.locator("#topics")).containsText(LACKING);
    assertThat(page.locator("#topics")).containsText("v2.routing.queues.{id}.conversations");
    assertThat(page.locator("#road")).containsText("genesys.conversations.voice");

    genesys.perform(new Action.Reset(Action.Target.ALL));
    assertThat(page.locator("#gaps")).containsText("dropped");
    assertThat(page.locator("#timeline-rows")).containsText("not read");

    kafka.stop();
    assertThat(page.locator("#road > li").nth(2)).hasAttribute("data-state", "warn");
    assertThat(page.locator("#sentences")).containsText("spooling");
    picture(page, "page-kafka-away", false);
    kafka.restart();
    assertThat(page.locator("#road > li").nth(2)).hasAttribute("data-state", "good");

    org.assertj.core.api.Assertions.assertThat(browser.complaints()).isEmpty();
    org.assertj.core.api.Assertions.assertThat(browser.elsewhere()).isEmpty();
    assertNothingThatItMustNotTell(page);

    assertNoFindings(page);
    picture(page, "page-light", true);
    Page dark = open(desk(ColorScheme.DARK));
    assertThat(dark.locator("#gaps")).containsText("dropped");
    assertNoFindings(dark);
    picture(dark, "page-dark", false);
    Page phone =
        open(
            new Browser.NewContextOptions()
                .setViewportSize(390, 844)
                .setColorScheme(ColorScheme.LIGHT));
    assertThat(phone.locator("#gaps")).containsText("dropped");
    assertNoFindings(phone);
    org.assertj.core.api.Assertions.assertThat(
            phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))
        .as("a phone need not be scrolled sideways")
        .isEqualTo(true);
    picture(phone, "page-phone", false);
  }

  /** Credentials, and what stands in payloads. */
  private void assertNothingThatItMustNotTell(Page page) {
    String all =
        String.join(
            "\n",
            page.content(),
            get("/status").text(),
            get("/timeline").text(),
            get("/charts").text(),
            get("/").text());
    List<String> never = new ArrayList<>(genesys.credentials());
    never.addAll(List.of(Road.SECRET, Road.CLIENT, "eventBody", "participants", "topicName"));
    genesys.ledger().stream()
        .limit(500)
        .map(entry -> entry.topicName())
        .flatMap(topic -> Stream.of(topic.split("\\.")))
        .filter(part -> part.matches("[0-9a-f-]{36}"))
        .forEach(never::add);
    org.assertj.core.api.Assertions.assertThat(never).hasSizeGreaterThan(10);
    org.assertj.core.api.Assertions.assertThat(all).doesNotContain(never.toArray(String[]::new));
  }

  @Tag("long")
  @Test
  void itIsUsedByTheKeyboardAlone() {
    awaitEventsInKafka();
    Page page = open(desk(ColorScheme.LIGHT));
    assertThat(page.locator("#timeline-rows")).containsText("shard 0");

    page.keyboard().press("Tab");
    assertThat(page.locator(".skip")).isFocused();
    page.keyboard().press("Enter");
    assertThat(page.locator("#main")).isFocused();
    page.keyboard().press("Tab");
    assertThat(page.locator("#ranges input:checked")).isFocused();
    page.keyboard().press("ArrowRight");
    assertThat(page.locator("#ranges input:checked")).hasValue("1 h");
    page.keyboard().press("Tab");
    page.keyboard().press("Tab");
    Object focused = page.evaluate("document.activeElement.tagName");
    org.assertj.core.api.Assertions.assertThat(focused).isIn("SUMMARY", "DIV");
  }

  @Test
  void theTimelineOutlivesTheBridgeAndThePageSaysWhenItIsGone() {
    awaitEventsInKafka();
    Page page = open(desk(ColorScheme.LIGHT));
    genesys.perform(new Action.Reset(Action.Target.ALL));
    assertThat(page.locator("#gaps")).containsText("dropped");

    bridge.terminate();
    bridge.awaitEnd();
    assertThat(page.locator("#live")).containsText("No answer since");
    bridge = startBridge();

    assertThat(page.locator("#live")).containsText("live");
    assertThat(page.locator("#gaps")).containsText("restart");
    assertThat(page.locator("#gaps")).containsText("dropped");
  }
}
