package dev.caravan.spool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import dev.caravan.kafka.KafkaFailures;
import dev.caravan.kafka.StuckException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.camel.AsyncCallback;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.AsyncProcessorSupport;
import org.apache.camel.support.PluginHelper;
import org.apache.camel.support.ResourceHelper;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a user sees who writes `to: spool:` and `from: spool:` in a route. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
@Tag("slow")
class SpoolRouteTest {

  @TempDir Path directory;

  private DefaultCamelContext context;
  private final List<String> delivered = Collections.synchronizedList(new ArrayList<>());
  private final List<String> tried = Collections.synchronizedList(new ArrayList<>());
  private final BlockingQueue<Pending> pending = new LinkedBlockingQueue<>();

  private record Pending(Exchange exchange, AsyncCallback callback) {
    String body() {
      return exchange.getIn().getBody(String.class);
    }

    void succeed() {
      callback.done(false);
    }

    void fail() {
      exchange.setException(new IllegalStateException("not now"));
      callback.done(false);
    }
  }

  @BeforeEach
  void newContext() {
    context = new DefaultCamelContext();
    SpoolComponent component = new SpoolComponent();
    component.getConfiguration().setDirectory(directory.toString());
    context.addComponent("spool", component);
  }

  @AfterEach
  void stop() {
    context.stop();
  }

  @Test
  void handsOutInTheOrderOfAppending() throws Exception {
    start(deliverAtOnce("spool:events"));

    send("spool:events", 0, 2000);

    await().untilAsserted(() -> assertThat(delivered).hasSize(2000));
    assertThat(delivered).isEqualTo(bodies(0, 2000));
  }

  @Test
  void keepsBodyAndPlainHeadersAlsoThroughTheDisk() throws Exception {
    context.start();
    Map<String, Object> headers =
        Map.of(
            "text",
            "grün",
            "CamelGenesysKey",
            "k1",
            "int",
            -7,
            "long",
            Long.MAX_VALUE,
            "double",
            -0.5d,
            "flag",
            true,
            "raw",
            new byte[] {1, -1});
    try (ProducerTemplate template = context.createProducerTemplate()) {
      template.sendBodyAndHeaders("spool:events", "größe", headers);
      template.sendBodyAndHeader("spool:events", null, "object", new Object());
    }
    restart();

    List<Exchange> received = Collections.synchronizedList(new ArrayList<>());
    context.addRoutes(route("spool:events", exchange -> received.add(exchange.copy())));
    context.start();

    await().untilAsserted(() -> assertThat(received).hasSize(2));
    assertThat(received.get(0).getIn().getBody())
        .isEqualTo("größe".getBytes(StandardCharsets.UTF_8));
    assertThat(received.get(0).getIn().getHeaders()).containsAllEntriesOf(headers);
    assertThat(received.get(1).getIn().getBody()).isNull();
    assertThat(received.get(1).getIn().getHeaders()).doesNotContainKey("object");
  }

  @Test
  void goesOnAfterARestartWithTheFirstRecordNotDelivered() throws Exception {
    start(deliverLater("spool:events?inFlight=10"));
    send("spool:events", 0, 30);
    for (int i = 0; i < 7; i++) {
      pending.take().succeed();
    }
    await().untilAsserted(() -> assertThat(status().records()).isEqualTo(23));
    Thread stopping = new Thread(context::stop);
    stopping.start();
    await().until(() -> pending.size() == 10 || !stopping.isAlive());
    drainPending(Pending::fail);
    stopping.join();

    restart();
    start(deliverAtOnce("spool:events"));

    await().untilAsserted(() -> assertThat(delivered).hasSize(23));
    assertThat(delivered).isEqualTo(bodies(7, 30));
  }

  /** As when it was renamed in all route files, and the process started anew. */
  @Test
  void whatWaitsInASpoolThatNoRouteNamesAnyMoreIsTold() throws Exception {
    context.start();
    send("spool:events", 0, 10);
    restart();

    start(deliverAtOnce("spool:calls"));

    assertThat(statuses()).extracting(SpoolStatus::name).containsExactly("calls", "events");
    SpoolStatus left = statuses().get(1);
    assertThat(left.records()).isEqualTo(10);
    assertThat(left.taking().untaken()).isPresent();
    assertThat(left.space().fileBytes()).isPositive();

    context.addRoutes(deliverAtOnce("spool:events"));
    await().untilAsserted(() -> assertThat(delivered).hasSize(10));
    assertThat(statuses()).extracting(SpoolStatus::name).containsExactly("calls", "events");
    await().untilAsserted(() -> assertThat(statuses().get(1).records()).isZero());
  }

  @Test
  void whatAUserHasRemovedIsNotToldAnyMore() throws Exception {
    context.start();
    send("spool:events", 0, 10);
    restart();
    start(deliverAtOnce("spool:calls"));
    assertThat(statuses()).hasSize(2);

    Files.delete(directory.resolve("events.checkpoint"));

    assertThat(statuses()).extracting(SpoolStatus::name).containsExactly("calls");
  }

  @Test
  void tellsWhatWasOnDiskWhenItWasOpened() throws Exception {
    // What fails is not handed out again before the stop
    start(deliverLater("spool:events?inFlight=10&redeliveryDelay=1h&maximumRedeliveryDelay=1h"));
    send("spool:events", 0, 2);
    await().until(() -> pending.size() == 2);
    assertThat(pending).allMatch(record -> !isRestored(record));
    Thread stopping = new Thread(context::stop);
    stopping.start();
    drainPending(Pending::fail);
    stopping.join();

    restart();
    start(deliverLater("spool:events?inFlight=10"));
    send("spool:events", 2, 3);

    await().until(() -> pending.size() == 3);
    assertThat(pending)
        .extracting(record -> record.body() + " " + isRestored(record))
        .containsExactly("b0 true", "b1 true", "b2 false");
    drainPending(Pending::succeed);
  }

  private static boolean isRestored(Pending record) {
    return record.exchange().getIn().getHeader(SpoolConstants.RESTORED) != null;
  }

  @Test
  void neverHasMoreInFlightThanAllowed() throws Exception {
    start(deliverLater("spool:events?inFlight=5"));
    send("spool:events", 0, 50);

    for (int i = 0; i < 50; i++) {
      int settled = i;
      await().until(() -> pending.size() == Math.min(5, 50 - settled));
      assertThat(status().taking().inFlight()).isEqualTo(Math.min(5, 50 - settled));
      Pending next = pending.take();
      assertThat(next.body()).isEqualTo("b" + i);
      next.succeed();
    }
    await().untilAsserted(() -> assertThat(status().records()).isZero());
  }

  @Test
  void letsGoOnlyOfWhatWasDeliveredWithoutAHole() throws Exception {
    start(deliverLater("spool:events"));
    send("spool:events", 0, 3);
    await().until(() -> pending.size() == 3);
    Pending first = pending.take();

    pending.take().succeed();
    pending.take().succeed();
    await().untilAsserted(() -> assertThat(status().taking().inFlight()).isEqualTo(1));
    assertThat(status().records()).isEqualTo(3);

    first.succeed();
    await().untilAsserted(() -> assertThat(status().records()).isZero());
  }

  @Test
  void repeatsAfterAFailureFromThereOnSoThatOrderHolds() throws Exception {
    start(deliverLater("spool:events?inFlight=4&redeliveryDelay=10ms"));
    send("spool:events", 0, 6);
    await().until(() -> pending.size() == 4);
    Pending b0 = pending.take();
    Pending b1 = pending.take();
    Pending b2 = pending.take();
    Pending b3 = pending.take();

    b1.fail();
    b3.succeed();
    b2.succeed();
    assertThat(pending).as("nothing is handed out before all have settled").isEmpty();
    b0.succeed();

    await().until(() -> pending.size() == 4);
    List<String> again = pending.stream().map(Pending::body).toList();
    assertThat(again).containsExactly("b1", "b2", "b3", "b4");
    assertThat(pending.peek().exchange().getIn().getHeader(SpoolConstants.REDELIVERED))
        .isEqualTo(true);
    assertThat(status().taking().failure()).isPresent();
    drainPending(Pending::succeed);
    await().until(() -> !pending.isEmpty());
    drainPending(Pending::succeed);
    await().untilAsserted(() -> assertThat(status().records()).isZero());
    await().untilAsserted(() -> assertThat(status().taking().failure()).isEmpty());
  }

  @Test
  void repeatsNothingOfOtherKeysWhenTheKeyIsKnown() throws Exception {
    start(deliverLater("spool:events?redeliveryDelay=10ms&keyHeader=key"));
    try (ProducerTemplate template = context.createProducerTemplate()) {
      for (int i = 0; i < 6; i++) {
        template.sendBodyAndHeader("spool:events", "b" + i, "key", "k" + i % 2);
      }
    }
    await().until(() -> pending.size() == 6);
    List<Pending> all = new ArrayList<>();
    pending.drainTo(all);

    all.get(2).fail();
    for (int i : new int[] {0, 1, 3, 4, 5}) {
      all.get(i).succeed();
    }

    List<String> again = new ArrayList<>();
    await()
        .until(
            () -> {
              drainPending(
                  record -> {
                    again.add(record.body());
                    record.succeed();
                  });
              return again.size() == 2;
            });
    assertThat(again).containsExactly("b2", "b4");
    await().untilAsserted(() -> assertThat(status().records() + status().parkedRecords()).isZero());
  }

  @Test
  void repeatsNothingOfOtherKeysHoweverOftenARecordFails() throws Exception {
    AtomicInteger tries = new AtomicInteger();
    start(
        new Steps(
            "spool:events?redeliveryDelay=1ms&maximumRedeliveryDelay=1ms&keyHeader=key",
            new AsyncProcessorSupport() {
              @Override
              public boolean process(Exchange exchange, AsyncCallback callback) {
                Pending record = new Pending(exchange, callback);
                delivered.add(record.body());
                if (!record.body().equals("b0")) {
                  callback.done(true);
                  return true;
                }
                int attempt = tries.incrementAndGet();
                if (attempt == 1) {
                  // Fails only when what is behind it has been delivered, and at once from then on
                  pending.add(record);
                  return false;
                }
                if (attempt < 4) {
                  exchange.setException(new IllegalStateException("not now"));
                }
                callback.done(true);
                return true;
              }
            },
            ""));
    try (ProducerTemplate template = context.createProducerTemplate()) {
      for (int i = 0; i < 3; i++) {
        template.sendBodyAndHeader("spool:events", "b" + i, "key", "k" + i);
      }
    }
    await().until(() -> delivered.size() == 3);
    pending.take().fail();

    await().untilAsserted(() -> assertThat(status().records() + status().parkedRecords()).isZero());
    assertThat(delivered).containsExactly("b0", "b1", "b2", "b0", "b0", "b0");
  }

  @Test
  void countsARecordTheRouteHasHandledAsDelivered() throws Exception {
    start(
        new RouteBuilder() {
          @Override
          public void configure() {
            onException(IllegalArgumentException.class)
                .handled(true)
                .process(e -> delivered.add("dead " + e.getIn().getBody(String.class)));
            from("spool:events")
                .process(
                    e -> {
                      if ("b1".equals(e.getIn().getBody(String.class))) {
                        throw new IllegalArgumentException("poison");
                      }
                      delivered.add(e.getIn().getBody(String.class));
                    });
          }
        });

    send("spool:events", 0, 3);

    await().untilAsserted(() -> assertThat(status().records()).isZero());
    assertThat(delivered).containsExactly("b0", "dead b1", "b2");
  }

  @Test
  void anExchangeThatWaitsForItsCommitWhereAFailureIsHandledHoldsUpNoOther() throws Exception {
    start(
        new RouteBuilder() {
          @Override
          public void configure() {
            onException(IllegalStateException.class)
                .handled(true)
                .to("spool:letters?waitForCommit=true");
            from("spool:events")
                .process(
                    new AsyncProcessorSupport() {
                      @Override
                      public boolean process(Exchange exchange, AsyncCallback callback) {
                        pending.add(new Pending(exchange, callback));
                        return false;
                      }
                    });
          }
        });
    send("spool:events", 0, 3);
    await().until(() -> pending.size() == 3);

    // As by the one thread that takes Kafka's answers
    CompletableFuture<Void> failed = CompletableFuture.runAsync(() -> drainPending(Pending::fail));

    failed.get(1, TimeUnit.MINUTES);
    SpoolComponent spools = context.getComponent("spool", SpoolComponent.class);
    await()
        .untilAsserted(
            () ->
                assertThat(spools.statuses())
                    .extracting(SpoolStatus::name, SpoolStatus::records)
                    .containsExactly(tuple("events", 0L), tuple("letters", 3L)));
  }

  @Test
  void givesARecordUpAfterAsManyTriesAsAsked() throws Exception {
    List<SpoolEvent> events = Collections.synchronizedList(new ArrayList<>());
    context.getComponent("spool", SpoolComponent.class).addListener(events::add);
    AtomicInteger tries = new AtomicInteger();
    start(
        route(
            "spool:events?redeliveryDelay=1ms&maximumRedeliveries=3",
            e -> {
              if ("b1".equals(e.getIn().getBody(String.class))) {
                tries.incrementAndGet();
                throw new IllegalStateException("never");
              }
            }));

    send("spool:events", 0, 3);

    await().untilAsserted(() -> assertThat(status().records()).isZero());
    assertThat(tries).hasValue(4);
    assertThat(status().counts().dropped()).isEqualTo(1);
    await().until(() -> !events.isEmpty());
    assertThat(events)
        .singleElement()
        .isInstanceOfSatisfying(
            SpoolEvent.Dropped.class,
            dropped -> assertThat(dropped.reason()).isEqualTo(SpoolEvent.Reason.GAVE_UP));
  }

  @Test
  void losesAndReordersNothingWhenARouteIsReplacedWhileRecordsArrive() throws Exception {
    context.addRoutes(route("direct:in", e -> {}).andThen("spool:events"));
    context.addRoutes(deliverAtOnce("spool:events"));
    context.start();
    Thread sender = new Thread(() -> sendUnchecked("direct:in", 0, 3000));
    sender.start();

    for (int i = 0; i < 5; i++) {
      int seen = delivered.size();
      context.getRouteController().stopRoute("out");
      context.removeRoute("out");
      context.addRoutes(deliverAtOnce("spool:events"));
      await().until(() -> delivered.size() > seen || !sender.isAlive());
    }
    sender.join();

    await().untilAsserted(() -> assertThat(delivered).hasSize(3000));
    assertThat(delivered).isEqualTo(bodies(0, 3000));
  }

  @Test
  void completesOnlyAfterTheCommitWhenAskedTo() throws Exception {
    context.start();

    send("spool:events?waitForCommit=true", 0, 3);

    assertThat(status().counts().commits()).isPositive();
  }

  @Test
  void anExchangeThatGoesOnForLongAfterItsCommitHoldsUpNoOther() throws Exception {
    CountDownLatch ends = new CountDownLatch(1);
    start(
        new RouteBuilder() {
          @Override
          public void configure() {
            from("direct:long").to("spool:events?waitForCommit=true").process(e -> ends.await());
          }
        });
    try (ProducerTemplate template = context.createProducerTemplate()) {
      CompletableFuture<Object> first = template.asyncSendBody("direct:long", "b0");
      await().until(() -> status().records() == 1);

      send("spool:events?waitForCommit=true", 1, 3);

      assertThat(first).isNotDone();
      ends.countDown();
      first.get(1, TimeUnit.MINUTES);
    }
  }

  @Test
  void refusesASecondConsumer() throws Exception {
    start(deliverAtOnce("spool:events"));

    assertThatThrownBy(
            () ->
                context.addRoutes(
                    new RouteBuilder() {
                      @Override
                      public void configure() {
                        from("spool:events?inFlight=7").routeId("second").to("log:second");
                      }
                    }))
        .hasStackTraceContaining("The spool 'events' already has a consumer");
  }

  @Test
  void refusesASecondSetOfOptionsForOneSpool() throws Exception {
    context.start();
    send("spool:events?maxBytes=5000000", 0, 1);

    assertThatThrownBy(() -> send("spool:events?maxBytes=6000000", 0, 1))
        .hasStackTraceContaining(
            "The spool 'events' is already open with other options: maxBytes is 5000000, not 6000000.");
  }

  @Test
  void refusesADirectoryInUseAndNamesIt() throws Exception {
    context.start();
    send("spool:events", 0, 1);
    try (DefaultCamelContext other = new DefaultCamelContext()) {
      other.start();

      assertThatThrownBy(
              () ->
                  other.getEndpoint("spool:events?directory=" + directory).createProducer().start())
          .hasStackTraceContaining("is in use by another process")
          .hasStackTraceContaining(directory.toString());
    }
  }

  /** It tells whoever appended it, and nobody else hears of it. */
  @Test
  void aReceiptComesBackOnceTheRecordIsSettledAndIsNotHandedOut() throws Exception {
    List<String> back = Collections.synchronizedList(new ArrayList<>());
    SpoolComponent spools = context.getComponent("spool", SpoolComponent.class);
    spools.addReceiptListener(receipt -> back.add(new String(receipt, StandardCharsets.UTF_8)));
    List<Object> handedOut = Collections.synchronizedList(new ArrayList<>());
    context.addRoutes(
        route(
            "spool:events?deadLetters=spool:letters&redeliveryDelay=1ms&maximumRedeliveries=0",
            exchange -> {
              handedOut.add(exchange.getIn().getHeaders().get(SpoolConstants.RECEIPT));
              if (exchange.getIn().getBody(String.class).equals("poison")) {
                throw new IllegalStateException("never");
              }
            }));
    context.addRoutes(
        new RouteBuilder() {
          @Override
          public void configure() {
            from("spool:letters").routeId("letters").process(later());
          }
        });
    context.start();

    try (ProducerTemplate template = context.createProducerTemplate()) {
      for (String body : List.of("good", "poison")) {
        template.sendBodyAndHeader(
            "spool:events", body, SpoolConstants.RECEIPT, body.getBytes(StandardCharsets.UTF_8));
      }
    }

    await().until(() -> pending.size() == 1 && !back.isEmpty());
    assertThat(handedOut).containsOnlyNulls();
    assertThat(back).as("its dead letter still waits in a spool").containsExactly("good");
    drainPending(Pending::succeed);
    await().until(() -> back.equals(List.of("good", "poison")));
  }

  /** Such as one that Kafka refuses for good. */
  @Test
  void aReceiptOfWhatTheRouteSendsOnToAnotherSpoolComesBackOnceThatIsSettledToo() throws Exception {
    List<String> back = Collections.synchronizedList(new ArrayList<>());
    SpoolComponent spools = context.getComponent("spool", SpoolComponent.class);
    spools.addReceiptListener(receipt -> back.add(new String(receipt, StandardCharsets.UTF_8)));
    List<String> gone = Collections.synchronizedList(new ArrayList<>());
    context.addRoutes(
        new RouteBuilder() {
          @Override
          public void configure() {
            from("spool:events")
                .routeId("events")
                .choice()
                .when(body().convertToString().isEqualTo("refused"))
                .to("spool:letters")
                .end()
                .process(exchange -> gone.add(exchange.getIn().getBody(String.class)));
            from("spool:letters").routeId("letters").process(later());
          }
        });
    context.start();
    spools.unsettledFor();
    long before = System.nanoTime();

    try (ProducerTemplate template = context.createProducerTemplate()) {
      for (String body : List.of("refused", "good")) {
        template.sendBodyAndHeader(
            "spool:events", body, SpoolConstants.RECEIPT, body.getBytes(StandardCharsets.UTF_8));
      }
    }

    await().until(() -> pending.size() == 1 && back.contains("good"));
    assertThat(gone).contains("refused");
    assertThat(back).as("the other still waits in a spool").containsExactly("good");
    Duration since = Duration.ofNanos(System.nanoTime() - before);
    assertThat(spools.unsettledFor())
        .as("it is as old as it was in the first")
        .isGreaterThanOrEqualTo(since);
    drainPending(Pending::succeed);
    await().until(() -> back.equals(List.of("good", "refused")));
  }

  /** Kafka is away: {@code direct:kafka} fails, {@code direct:other} does not. */
  private void load(String head, String steps) throws Exception {
    load("&failureJudge=#bean:kafkaFailures&maximumRedeliveries=0", head, steps);
  }

  private void load(String options, String head, String steps) throws Exception {
    context.getRegistry().bind("kafkaFailures", new KafkaFailures());
    context.addRoutes(
        new RouteBuilder() {
          @Override
          public void configure() {
            from("direct:kafka")
                .errorHandler(noErrorHandler())
                .process(
                    exchange -> {
                      tried.add(exchange.getIn().getBody(String.class));
                      throw new StuckException("Kafka", "Kafka is away.");
                    });
            from("direct:other")
                .errorHandler(noErrorHandler())
                .process(exchange -> delivered.add(exchange.getIn().getBody(String.class)));
          }
        });
    PluginHelper.getRoutesLoader(context)
        .loadRoutes(
            ResourceHelper.fromString(
                "file:routes/f.camel.yaml",
                """
                - route:
                    id: forward
                %s    from:
                      uri: spool:events?redeliveryDelay=10&deadLetters=direct:other%s
                      steps:
                %s"""
                    .formatted(head.indent(4), options, steps.indent(8))));
    context.start();
  }

  private void waitsAndIsTriedAgain() throws Exception {
    send("spool:events", 0, 10);

    await().until(() -> Collections.frequency(tried, "b0") > 2 || status().records() == 0);
    assertThat(status().records()).isEqualTo(10);
  }

  private static String deadLetterChannel(String uri) {
    return "errorHandler:\n  deadLetterChannel:\n    deadLetterUri: " + uri;
  }

  @ParameterizedTest
  @ValueSource(strings = {"direct:other", "direct:kafka", "log:lost"})
  void whatKafkaTakesLaterIsNoDeadLetterOfADeadLetterChannel(String uri) throws Exception {
    load(deadLetterChannel(uri), "- to: { uri: direct:kafka, id: first }");

    waitsAndIsTriedAgain();
    assertThat(delivered).isEmpty();
  }

  @Test
  void norIsItWhereTheSpoolHasNoJudge() throws Exception {
    load("", deadLetterChannel("log:lost"), "- to: direct:kafka");

    waitsAndIsTriedAgain();
  }

  @Test
  void norIsItInABranch() throws Exception {
    load(
        deadLetterChannel("log:lost"),
        "- multicast: { steps: [ { to: direct:other }, { to: direct:kafka } ] }");

    waitsAndIsTriedAgain();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "throwException: { message: bad, exceptionType: java.lang.IllegalStateException }",
        "doTry: { steps: [ { to: direct:kafka } ], doCatch: [ { exception: [ java.lang.Exception ],"
            + " steps: [ { to: direct:other } ] } ] }"
      })
  void whatTheUserHandlesIsDelivered(String step) throws Exception {
    load(deadLetterChannel("direct:other"), "- " + step);

    send("spool:events", 0, 10);

    await().until(() -> status().records() == 0);
    assertThat(delivered).isEqualTo(bodies(0, 10));
  }

  @Test
  void whatAnOnExceptionBesideADeadLetterChannelHandlesIsDelivered() throws Exception {
    share(
        """
        - routeConfiguration:
            id: elsewhere
            onException:
              - onException:
                  exception: [ org.apache.kafka.common.KafkaException ]
                  handled: { constant: "true" }
                  steps: [ { to: direct:other } ]
        """);
    load(deadLetterChannel("log:lost") + "\nrouteConfigurationId: elsewhere", "- to: direct:kafka");

    send("spool:events", 0, 10);

    await().until(() -> status().records() == 0);
    assertThat(delivered).isEqualTo(bodies(0, 10));
  }

  @Test
  void whatFailsBeforeTheRouteBeginsIsTriedAgain() throws Exception {
    share(
        """
        - routeConfiguration:
            id: elsewhere
            interceptFrom:
              - interceptFrom:
                  steps: [ { to: direct:kafka } ]
        """);
    load("routeConfigurationId: elsewhere", "- to: direct:other");

    waitsAndIsTriedAgain();
  }

  /** What routes of other files may use. */
  private void share(String yaml) throws Exception {
    PluginHelper.getRoutesLoader(context)
        .loadRoutes(ResourceHelper.fromString("file:routes/shared.camel.yaml", yaml));
  }

  private static final String GROUPED =
      "aggregationStrategy: \"#class:org.apache.camel.processor.aggregate.GroupedBodyAggregationStrategy\"";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "multicast: { steps: [ { to: direct:other }, { to: direct:kafka } ], ",
        "multicast: { steps: [ { to: direct:kafka }, { to: direct:other } ], ",
        "split: { constant: \"a,b0\", steps: [ { filter: { simple: \"${body} == 'b0'\","
            + " steps: [ { to: direct:kafka } ] } } ], ",
        "recipientList: { constant: \"direct:other,direct:kafka\", ",
        "recipientList: { constant: \"direct:kafka,direct:other\", "
      })
  void theFailureOfABranchIsKeptWhateverStrategyAggregates(String step) throws Exception {
    load("", "- " + step + GROUPED + " }");

    waitsAndIsTriedAgain();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "recipientList: { header: where }",
        "recipientList: { simple: \"${header.where}\" }",
        "recipientList: { constant: \"nowhere:a\", ignoreInvalidEndpoints: true }",
        "toD: { uri: \"${header.where}\" }",
        "toD: { uri: \"nowhere:${header.where}\", ignoreInvalidEndpoint: true }",
        "routingSlip: { header: where }",
        "routingSlip: { constant: \"nowhere:a\", ignoreInvalidEndpoints: true }",
        "dynamicRouter: { header: where }"
      })
  void whatAStepSendsNowhereIsADeadLetter(String step) throws Exception {
    load("", "- " + step);

    send("spool:events", 0, 1);

    await().until(() -> status().records() == 0);
    assertThat(delivered).as("dead letters").isEqualTo(bodies(0, 1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "recipientList: { simple: \"${header.where}\" }",
        "recipientList: { simple: \"nowhere:a,${header.where}\", ignoreInvalidEndpoints: true }",
        "toD: { uri: \"${header.where}\" }",
        "routingSlip: { header: where }",
        "filter: { simple: \"${header.no}\", steps: [ { to: direct:other } ] }"
      })
  void whatAStepSendsSomewhereIsDelivered(String step) throws Exception {
    load(
        "",
        "- setHeader: { name: where, constant: direct:taking }\n"
            + "- setProperty: { name: a, constant: b }\n- "
            + step);
    context.addRoutes(
        new RouteBuilder() {
          @Override
          public void configure() {
            from("direct:taking")
                .removeProperties("*")
                .process(exchange -> tried.add(exchange.getIn().getBody(String.class)));
          }
        });

    send("spool:events", 0, 1);

    await().until(() -> status().records() == 0);
    assertThat(delivered).as("dead letters").isEmpty();
    assertThat(tried).isEqualTo(step.startsWith("filter") ? List.of() : bodies(0, 1));
  }

  private void start(RouteBuilder route) throws Exception {
    context.addRoutes(route);
    context.start();
  }

  private void restart() {
    context.stop();
    newContext();
  }

  private SpoolStatus status() {
    return statuses().get(0);
  }

  private List<SpoolStatus> statuses() {
    return context.getComponent("spool", SpoolComponent.class).statuses();
  }

  private void send(String uri, int from, int to) throws Exception {
    try (ProducerTemplate template = context.createProducerTemplate()) {
      for (int i = from; i < to; i++) {
        template.sendBody(uri, "b" + i);
      }
    }
  }

  private void sendUnchecked(String uri, int from, int to) {
    try {
      send(uri, from, to);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static List<String> bodies(int from, int to) {
    return IntStream.range(from, to).mapToObj(i -> "b" + i).toList();
  }

  private Steps deliverAtOnce(String uri) {
    return route(uri, exchange -> delivered.add(exchange.getIn().getBody(String.class)));
  }

  private static Steps route(String uri, org.apache.camel.Processor processor) {
    return new Steps(uri, processor, "");
  }

  private RouteBuilder deliverLater(String uri) {
    return new Steps(uri, later(), "");
  }

  private AsyncProcessorSupport later() {
    return new AsyncProcessorSupport() {
      @Override
      public boolean process(Exchange exchange, AsyncCallback callback) {
        pending.add(new Pending(exchange, callback));
        return false;
      }
    };
  }

  private void drainPending(java.util.function.Consumer<Pending> settle) {
    List<Pending> all = new ArrayList<>();
    pending.drainTo(all);
    all.forEach(settle);
  }

  /** A route of one processor and perhaps one endpoint behind it. */
  private static final class Steps extends RouteBuilder {
    private final String uri;
    private final org.apache.camel.Processor processor;
    private final String to;

    private Steps(String uri, org.apache.camel.Processor processor, String to) {
      this.uri = uri;
      this.processor = processor;
      this.to = to;
    }

    private Steps andThen(String endpoint) {
      return new Steps(uri, processor, endpoint);
    }

    @Override
    public void configure() {
      errorHandler(noErrorHandler());
      var route = from(uri).routeId(uri.startsWith("spool:") ? "out" : "in").process(processor);
      if (!to.isEmpty()) {
        route.to(to);
      }
    }
  }
}
