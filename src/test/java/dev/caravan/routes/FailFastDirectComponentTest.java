package dev.caravan.routes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.kafka.KafkaFailures;
import dev.caravan.spool.SpoolComponent;
import dev.caravan.spool.SpoolStatus;
import dev.caravan.testing.MutableClock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import org.apache.camel.component.mock.MockEndpoint;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of events on their way to Kafka whose route calls one that does not run. */
@Timeout(300)
@Tag("slow")
class FailFastDirectComponentTest {

  private static final String BROKEN =
      "- route:\n    from:\n      uri: direct:enrich\n      steps: [";

  /** A call that waits for the route to come does so for 20 s at least. */
  private static final Duration BEFORE_A_CALL_GIVES_UP = Duration.ofSeconds(18);

  @TempDir private Path folder;
  @TempDir private Path spools;
  private final DefaultCamelContext context = new DefaultCamelContext();
  private final SpoolComponent spool = new SpoolComponent();
  private final MutableClock clock = new MutableClock(Instant.parse("2026-11-22T12:00:00Z"));
  private RouteReload reload;

  @BeforeEach
  void begin() throws IOException {
    calls("to: direct:enrich");
    spool.getConfiguration().setDirectory(spools.toString());
    spool.getConfiguration().setCommitInterval(Duration.ofMillis(5));
    context.addComponent("spool", spool);
    context.getRegistry().bind("kafkaFailures", new KafkaFailures());
    context.addComponent(
        "direct", new FailFastDirectComponent(() -> reload.isReplacing(), its -> reload.away(its)));
  }

  /** Has forward send what needs it through a route of another file. */
  private void calls(String step) throws IOException {
    write(
        "forward",
        "spool:events?keyHeader=key&redeliveryDelay=50&maximumRedeliveryDelay=50"
            + "&maximumRedeliveries=1&failureJudge=#bean:kafkaFailures&deadLetters=mock:letters",
        "choice",
        """
                    when:
                      - simple: ${header.key} == 'plain'
                        steps:
                          - to: mock:kafka
                    otherwise:
                      steps:
                        - %s
                        - to: mock:kafka
        """
            .formatted(step));
  }

  @AfterEach
  void stop() {
    if (reload != null) {
      reload.stop();
    }
    context.stop();
  }

  private void start() {
    context.start();
    reload =
        new RouteReload(
            context,
            new RouteFolder(folder, ShippedRoutes.NONE),
            RouteFolder::resources,
            true,
            clock);
    reload.begin();
  }

  private void write(String name, String uri, String step, String rest) throws IOException {
    Files.writeString(
        file(name),
        "- route:\n    id: %s\n    from:\n      uri: %s\n      steps:\n        - %s:\n%s"
            .formatted(name, uri, step, rest));
  }

  private Path file(String name) {
    return folder.resolve(name + ".camel.yaml");
  }

  private void send(String key) {
    try (var template = context.createFluentProducerTemplate()) {
      template
          .to("spool:events")
          .withHeader("key", key)
          .withHeader("where", "enrich")
          .withBody(new byte[] {1})
          .send();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private int at(String endpoint) {
    return context.getEndpoint(endpoint, MockEndpoint.class).getReceivedCounter();
  }

  private String state() {
    return spool.statuses().stream()
        .filter(status -> status.name().equals("events"))
        .map(SpoolStatus::sentence)
        .findFirst()
        .orElse("");
  }

  @Test
  void eventsWaitForARouteWhoseFileIsBrokenWhileOthersFlow() throws Exception {
    Files.writeString(file("enrich"), BROKEN);
    start();

    send("needy");
    send("plain");

    await().until(() -> at("mock:kafka") == 1);
    await().until(() -> state().contains("enrich.camel.yaml is broken"));
    assertThat(state())
        .contains("The route direct:enrich does not run: its file " + file("enrich"));
    assertThat(at("mock:letters")).isZero();

    write("enrich", "direct:enrich", "log", "            message: hello\n");
    reload.look();
    reload.look();

    await().until(() -> at("mock:kafka") == 2);
    assertThat(at("mock:letters")).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "to: { uri: direct, parameters: { name: enrich } }",
        "to: direct:enrich?timeout=20000",
        "toD: direct:enrich",
        "toD: \"direct:${header.where}\"",
        "enrich: { constant: direct:enrich }",
        "recipientList: { constant: direct:enrich }",
        "routingSlip: { simple: \"direct:${header.where}\" }",
        "multicast: { steps: [ { to: direct:enrich } ] }",
      })
  void eventsWaitWhateverStepCalls(String step) throws Exception {
    calls(step);
    Files.writeString(file("enrich"), BROKEN);
    start();

    send("needy");

    await()
        .atMost(BEFORE_A_CALL_GIVES_UP)
        .until(() -> state().contains("enrich.camel.yaml is broken"));
    assertThat(at("mock:letters")).isZero();
  }

  @Test
  void eventsWaitForARouteWhoseFileWasTakenAway() throws Exception {
    write("enrich", "direct:enrich", "log", "            message: hello\n");
    start();
    Files.delete(file("enrich"));
    reload.look();
    reload.look();

    send("needy");

    await().until(() -> state().contains("enrich.camel.yaml was taken away"));
    assertThat(at("mock:letters")).isZero();
  }

  @Test
  void eventsForARouteThatNoFileHasAreDeadLettersInBoundedTime() {
    start();

    send("needy");

    await().atMost(BEFORE_A_CALL_GIVES_UP).until(() -> at("mock:letters") == 1);
    assertThat(state()).startsWith("flowing");
  }

  @Test
  void eventsWaitForARouteWhoseFileIsStillToBeLoaded() throws Exception {
    for (String shipped : ShippedRoutes.ofThisVersion().texts().keySet()) {
      Files.writeString(folder.resolve(shipped), "[]");
    }
    calls("to: direct:mask");
    write("in-between", "slow:x", "log", "            message: hello\n");
    write("mask", "direct:mask", "log", "            message: hello\n");
    CountDownLatch held = new CountDownLatch(1);
    context.addComponent("slow", new Needy(held::await));
    RouteFiles files = new RouteFiles(folder.toString(), spools.toString(), false);
    context.removeComponent("direct");
    context.addComponent("direct", new FailFastDirectComponent(() -> false, files::away));
    context.start();
    send("needy");
    Thread loading = new Thread(() -> files.load(context));
    loading.start();
    try {
      await().until(() -> state().contains("mask.camel.yaml is still being loaded"));
      assertThat(files.away("direct:nobody")).isEmpty();
    } finally {
      held.countDown();
      loading.join();
    }

    await().until(() -> at("mock:kafka") == 1);
    assertThat(at("mock:letters")).isZero();
  }
}
