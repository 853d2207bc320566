package dev.caravan.genesys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.caravan.background.BackgroundHealthCheck;
import dev.caravan.background.BackgroundTask;
import dev.caravan.channel.Replica;
import dev.caravan.channel.gap.GapLedger;
import dev.caravan.frame.EnvelopeReader;
import dev.caravan.frame.Frame;
import dev.caravan.simulator.OauthClient;
import dev.caravan.testing.LogLines;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.camel.Endpoint;
import org.apache.camel.Exchange;
import org.apache.camel.builder.AdviceWith;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.component.mock.MockEndpoint;
import org.apache.camel.health.HealthCheck;
import org.apache.camel.health.HealthCheckRegistry;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.spi.annotations.Component;
import org.apache.camel.support.DefaultComponent;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of an event whose way through the route ends in a throw. */
@Timeout(300)
@Tag("slow")
class NotificationsConsumerTest {

  private static final byte[] BODY =
      ("{\"topicName\":\"v2.users.11111111-1111-1111-1111-111111111111.presence\","
              + "\"version\":\"2\",\"eventBody\":{},\"metadata\":{\"CorrelationId\":\"c\"}}")
          .getBytes(StandardCharsets.UTF_8);

  private static final Frame.Notification EVENT =
      (Frame.Notification) new EnvelopeReader().read(BODY);

  private final DefaultCamelContext context = new DefaultCamelContext();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

  @AfterEach
  void stop() {
    context.stop();
  }

  private NotificationsConsumer start(Path folder) throws Exception {
    return start(folder, "topics=none&maxInFlight=2");
  }

  private NotificationsConsumer start(Path folder, String options) throws Exception {
    Properties settings = new Properties();
    settings.setProperty("caravan.data.dir", folder.toString());
    context.getPropertiesComponent().setOverrideProperties(settings);
    context.getRegistry().bind("meters", meters);
    context.addRoutes(
        new RouteBuilder() {
          @Override
          public void configure() {
            from("direct:dead-letters").to("mock:dead-letters");
            from("genesys:notifications?" + options)
                .routeId("receive")
                .to("mock:events")
                .id("to-events");
          }
        });
    context.start();
    return (NotificationsConsumer) context.getRoute("receive").getConsumer();
  }

  private double inFlight() {
    return meters.get("caravan.in.flight").gauge().value();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatAStepMarksToBeRolledBackIsADeadLetter(boolean lastOnly, @TempDir Path folder)
      throws Exception {
    NotificationsConsumer consumer = start(folder);
    context
        .getEndpoint("mock:events", MockEndpoint.class)
        .whenAnyExchangeReceived(
            exchange -> {
              exchange.setRollbackOnly(!lastOnly);
              exchange.setRollbackOnlyLast(lastOnly);
            });

    consumer.notification(0, EVENT, BODY);

    MockEndpoint letters = context.getEndpoint("mock:dead-letters", MockEndpoint.class);
    Exchange letter = letters.getExchanges().get(0);
    assertThat(letter.getMessage().getBody(byte[].class)).isEqualTo(BODY);
    assertThat(letter.getMessage().getHeader(GenesysConstants.REASON, String.class))
        .startsWith("The event could not be sent: RollbackExchangeException in route receive");
    assertThat(inFlight()).isZero();
  }

  @Test
  void whatCannotBeHandedToTheRouteIsADeadLetterAndGivesItsPlaceBack(@TempDir Path folder)
      throws Exception {
    NotificationsConsumer consumer = start(folder);
    Frame.Notification broken =
        new Frame.Notification(
            EVENT.topicName(),
            EVENT.correlationId(),
            EVENT.id(),
            EVENT.media(),
            EVENT.primary(),
            EVENT.messageType(),
            EVENT.key(),
            null);

    for (int i = 0; i < 3; i++) {
      consumer.notification(0, broken, BODY);
    }
    consumer.notification(0, EVENT, BODY);

    MockEndpoint letters = context.getEndpoint("mock:dead-letters", MockEndpoint.class);
    await().until(() -> letters.getReceivedCounter() == 3);
    Exchange letter = letters.getExchanges().get(0);
    assertThat(letter.getMessage().getBody(byte[].class)).isEqualTo(BODY);
    assertThat(letter.getMessage().getHeader(GenesysConstants.REASON, String.class))
        .isEqualTo("The event could not be sent: NullPointerException");
    MockEndpoint events = context.getEndpoint("mock:events", MockEndpoint.class);
    await().until(() -> events.getReceivedCounter() == 1);
    await().untilAsserted(() -> assertThat(inFlight()).isZero());
  }

  @Test
  void aStepThatLeavesItsThreadInterruptedCostsNoFurtherEvent(@TempDir Path folder)
      throws Exception {
    NotificationsConsumer consumer = start(folder);
    MockEndpoint events = context.getEndpoint("mock:events", MockEndpoint.class);
    events.whenAnyExchangeReceived(event -> Thread.currentThread().interrupt());

    consumer.notification(0, EVENT, BODY);
    consumer.notification(0, EVENT, BODY);

    assertThat(Thread.interrupted()).isTrue();
    assertThat(events.getReceivedCounter()).isEqualTo(2);
  }

  @Test
  void aFrameOfWhichTheDeadLettersHaveNoClassesIsToldAsAGap(@TempDir Path folder) throws Exception {
    context.addComponent(
        "broken",
        new DefaultComponent() {
          @Override
          protected Endpoint createEndpoint(String uri, String rest, Map<String, Object> options) {
            throw new NoClassDefFoundError("org/example/Missing");
          }
        });
    NotificationsConsumer consumer = start(folder, "topics=none&deadLetters=broken:letters");

    consumer.unreadable(0, BODY, "is empty");

    assertThat(meters.get("caravan.dead.letters.lost").counter().count()).isEqualTo(1);
  }

  @Test
  void whatFailsInAStepIsADeadLetterWithTheClassAndTheStepAndNothingThatTheExceptionSays(
      @TempDir Path folder) throws Exception {
    NotificationsConsumer consumer = start(folder);
    MockEndpoint events = context.getEndpoint("mock:events", MockEndpoint.class);
    events.whenAnyExchangeReceived(
        event -> {
          throw new IllegalStateException("Pat Example, tel:+15550100");
        });

    consumer.notification(0, EVENT, BODY);

    MockEndpoint letters = context.getEndpoint("mock:dead-letters", MockEndpoint.class);
    await().until(() -> letters.getReceivedCounter() == 1);
    assertThat(
            letters
                .getExchanges()
                .get(0)
                .getMessage()
                .getHeader(GenesysConstants.REASON, String.class))
        .isEqualTo(
            "The event could not be sent: IllegalStateException at step to-events of route receive");
  }

  @Test
  void aFrameThatTheDeadLettersDoNotTakeEitherIsCountedAndToldAsAGap(@TempDir Path folder)
      throws Exception {
    context.addRoutes(
        new RouteBuilder() {
          @Override
          public void configure() {
            from("genesys:signals").to("mock:signals");
          }
        });
    NotificationsConsumer consumer = start(folder);
    for (String end : List.of("mock:events", "mock:dead-letters")) {
      context
          .getEndpoint(end, MockEndpoint.class)
          .whenAnyExchangeReceived(
              event -> {
                throw new IllegalStateException("Pat Example, tel:+15550100");
              });
    }

    consumer.notification(0, EVENT, BODY);
    consumer.unreadable(0, BODY, "is empty");

    assertThat(meters.get("caravan.dead.letters.lost").counter().count()).isEqualTo(2);
    MockEndpoint signals = context.getEndpoint("mock:signals", MockEndpoint.class);
    List<JsonNode> gaps = new ArrayList<>();
    await()
        .untilAsserted(
            () -> {
              gaps.clear();
              for (Exchange signal : List.copyOf(signals.getReceivedExchanges())) {
                JsonNode told =
                    new ObjectMapper().readTree(signal.getMessage().getBody(byte[].class));
                if (told.path("type").asText().equals("GAP")) {
                  gaps.add(told);
                }
              }
              assertThat(gaps.stream().mapToInt(gap -> gap.path("count").asInt()).sum())
                  .isEqualTo(2);
            });
    assertThat(gaps.get(0).path("cause").asText()).isEqualTo("dead-letter-lost");
    assertThat(Instant.parse(gaps.get(0).path("from").asText())).isBeforeOrEqualTo(Instant.now());
    HealthCheck.Result health =
        HealthCheckRegistry.get(context).getCheck("genesys-notifications").orElseThrow().call();
    assertThat(health.getDetails().get("degraded").toString())
        .startsWith(
            "2 frames were lost: neither the route nor the dead letters took them, the last")
        .doesNotContain("Pat");
  }

  @Test
  void aFailureAfterTheConnectLeavesNoSocketOpen(@TempDir Path folder) throws Exception {
    try (BackfillRoad road = new BackfillRoad(folder, 1, new OauthClient("opener", "secret"))) {
      road.start();
      // As a user's edit may do; when the channel ends cannot be told without it
      AdviceWith.adviceWith(
          road.context(),
          "genesys-open",
          edit -> edit.weaveAddLast().removeProperty(GenesysConstants.TOKEN));
      road.context()
          .addRoutes(
              new RouteBuilder() {
                @Override
                public void configure() {
                  from("direct:dead-letters").to("mock:dead-letters");
                  from("genesys:notifications?topics=v2.routing.queues."
                          + "11111111-1111-1111-1111-111111111111.conversations")
                      .to("mock:events");
                }
              });
      road.context().getRouteController().startAllRoutes();

      await()
          .until(
              () ->
                  road.genesys().callCounts().getOrDefault("POST /api/v2/notifications/channels", 0)
                      >= 3);

      await().until(() -> road.genesys().openSockets() == 0);
    }
  }

  @Test
  void aNumberIsNotTakenForATime() {
    assertThatThrownBy(
            () -> context.getEndpoint("genesys:notifications?topics=none&maxInFlight=5m"))
        .hasStackTraceContaining(
            "The option maxInFlight is \"5m\", but it must be a whole number.");
  }

  @Test
  void notingWhatWasReadGoesOnAfterAnError(@TempDir Path folder) throws Exception {
    // A gap that nobody was told of yet, so that noting what was read tells of it
    GapLedger ledger = GapLedger.open(folder.resolve("gaps"), Clock.systemUTC());
    Replica replica = new Replica("receive", 0, 0);
    ledger.started("receive");
    ledger.wanted("receive", List.of("a"));
    ledger.reading(replica, Instant.now().minusSeconds(20), List.of("a"), "dropped");
    ledger.blind(replica, Instant.now().minusSeconds(10), "dropped");
    ledger.reading(replica, Instant.now(), List.of("a"), "dropped");
    ledger.save();
    assertThat(ledger.unreported()).hasSize(1);
    AtomicBoolean failed = new AtomicBoolean();
    @Component("genesys")
    class Spoilt extends GenesysComponent {
      @Override
      public Signals signals() {
        if (Thread.currentThread().getName().contains("genesys-control")
            && !failed.getAndSet(true)) {
          throw new NoClassDefFoundError("once");
        }
        return super.signals();
      }
    }
    context.addComponent("genesys", new Spoilt());
    try (LogLines log = new LogLines(BackgroundTask.class.getName())) {
      start(folder);

      await()
          .untilAsserted(
              () ->
                  assertThat(log.lines())
                      .contains(
                          "The background task noting what was read works again after 1 failures."));
    }
    assertThat(BackgroundHealthCheck.of(context).call().getDetails()).containsEntry("failures", 1L);
  }

  @Test
  void aRouteThatCouldNotStartLeavesItsPlaceToOthers(@TempDir Path folder) {
    @Component("genesys")
    class Spoilt extends GenesysComponent {
      @Override
      public OfClient of(String client) {
        throw new IllegalStateException("not now");
      }
    }
    Spoilt component = new Spoilt();
    context.addComponent("genesys", component);
    assertThatThrownBy(() -> start(folder)).hasStackTraceContaining("not now");

    context.stop();

    assertThat(component.routes().enter("another").isFirst()).isTrue();
  }

  /** Another process may have the data folder by then. */
  @Test
  void whatDoesNotEndInTimeWritesNothingAfterTheStop(@TempDir Path folder) throws Exception {
    CountDownLatch stopped = new CountDownLatch(1);
    AtomicReference<Thread> lists = new AtomicReference<>();
    context.addRoutes(
        new RouteBuilder() {
          @Override
          public void configure() {
            from("direct:genesys-list")
                .process(
                    any -> {
                      lists.set(Thread.currentThread());
                      while (stopped.getCount() > 0) {
                        // As a call does that cannot be interrupted
                        LockSupport.parkNanos(1_000_000);
                        Thread.interrupted();
                      }
                      throw new IllegalStateException("nothing can be listed");
                    });
          }
        });
    context.getShutdownStrategy().setTimeout(1);
    start(folder, "topics=v2.users.*.presence");
    await().until(() -> lists.get() != null);
    context.stop();
    Map<Path, String> left = files(folder);

    stopped.countDown();
    lists.get().join(30_000);

    assertThat(lists.get().isAlive()).isFalse();
    assertThat(files(folder)).isEqualTo(left);
  }

  private static Map<Path, String> files(Path folder) throws IOException {
    Map<Path, String> files = new HashMap<>();
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.toList()) {
        files.put(path, Files.getLastModifiedTime(path).toString());
      }
    }
    return files;
  }

  @Test
  void channelsAreOpenedAndReadWhileTheListingGoesOn(@TempDir Path folder) throws Exception {
    try (BackfillRoad road = new BackfillRoad(folder, 1_100, new OauthClient("reader", "secret"))) {
      // After four of eleven pages the listing waits for the next minute
      road.with("genesys.listing.requests-per-minute", "4")
          .with("genesys.rest.requests-per-minute", "14")
          .start();
      road.context()
          .addRoutes(
              new RouteBuilder() {
                @Override
                public void configure() {
                  from("direct:dead-letters").to("mock:dead-letters");
                  from("genesys:notifications?topicsPerChannel=100&topics=v2.users.*.presence")
                      .to("mock:events");
                }
              });
      road.context().getRouteController().startAllRoutes();

      await().until(() -> road.genesys().openSockets() == 4);
      road.genesys()
          .emit(
              "v2.users." + road.users().get(399) + ".presence",
              new ObjectMapper().createObjectNode());

      MockEndpoint events = road.context().getEndpoint("mock:events", MockEndpoint.class);
      await().until(() -> events.getReceivedCounter() == 1);
      HealthCheck.Result health =
          HealthCheckRegistry.get(road.context())
              .getCheck("genesys-notifications")
              .orElseThrow()
              .call();
      assertThat(health.getState()).isEqualTo(HealthCheck.State.DOWN);
      assertThat(health.getDetails())
          .containsEntry("bridge.listing", "users, page 4 of 11")
          .containsEntry("shard-3.topics", 100)
          .containsEntry(
              "bridge.sentence", "Not all is read yet: finding out what else to subscribe.");
    }
  }

  @Test
  @Tag("slow")
  void aShardWhoseEventAStepDoesNotLetGoOfIsBlindWhileOthersFlow(@TempDir Path folder)
      throws Exception {
    CountDownLatch goesOn = new CountDownLatch(1);
    try (BackfillRoad road = new BackfillRoad(folder, 20, new OauthClient("reader", "secret"))) {
      road.start();
      String stuck = "v2.users." + road.users().get(0) + ".presence";
      String other = "v2.users." + road.users().get(1) + ".presence";
      road.context()
          .addRoutes(
              new RouteBuilder() {
                @Override
                public void configure() {
                  from("direct:dead-letters").to("mock:dead-letters");
                  from("genesys:notifications?topicsPerChannel=1&topics=" + stuck + "," + other)
                      .filter(header(GenesysConstants.TOPIC).isEqualTo(stuck))
                      .process(any -> goesOn.await());
                }
              });
      road.context().getRouteController().startAllRoutes();
      HealthCheckRegistry checks = HealthCheckRegistry.get(road.context());
      Supplier<Map<String, Object>> told =
          () -> checks.getCheck("genesys-notifications").orElseThrow().call().getDetails();
      await().until(() -> Set.of("idle", "flowing").contains(told.get().get("bridge.state")));

      road.genesys().emit(stuck, new ObjectMapper().createObjectNode());

      await()
          .atMost(BackfillRoad.PATIENCE)
          .until(
              () -> {
                road.genesys().emit(other, new ObjectMapper().createObjectNode());
                return "blind".equals(told.get().get("bridge.state"));
              });
      assertThat(told.get())
          .containsEntry("shard-0.state", "blind")
          .containsEntry("shard-1.state", "flowing");
      goesOn.countDown();
      await().until(() -> "flowing".equals(told.get().get("bridge.state")));
    } finally {
      goesOn.countDown();
    }
  }

  /** It waits for itself, and is interrupted in the end. */
  @Test
  @Tag("slow")
  void aRouteThatAStepOfItsOwnStopsIsAtAnEndInWhole(@TempDir Path folder) throws Exception {
    try (BackfillRoad road = new BackfillRoad(folder, 20, new OauthClient("reader", "secret"))) {
      road.start();
      String topic = "v2.users." + road.users().get(0) + ".presence";
      road.context()
          .addRoutes(
              new RouteBuilder() {
                @Override
                public void configure() {
                  from("direct:dead-letters").to("mock:dead-letters");
                  from("genesys:notifications?topics=" + topic)
                      .routeId("receive")
                      .process(any -> getContext().getRouteController().stopRoute("receive"));
                }
              });
      road.context().getRouteController().startAllRoutes();
      HealthCheckRegistry checks = HealthCheckRegistry.get(road.context());
      await()
          .until(
              () ->
                  checks
                      .getCheck("genesys-notifications")
                      .filter(check -> check.call().getState() == HealthCheck.State.UP)
                      .isPresent());

      road.genesys().emit(topic, new ObjectMapper().createObjectNode());

      await()
          .atMost(BackfillRoad.PATIENCE)
          .until(() -> checks.getCheck("genesys-notifications").isEmpty());
      await().untilAsserted(() -> assertThat(road.genesys().openSockets()).isZero());
    }
  }
}
