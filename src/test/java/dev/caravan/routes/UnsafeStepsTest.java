package dev.caravan.routes;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.PluginHelper;
import org.apache.camel.support.ResourceHelper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UnsafeStepsTest {

  private static List<String> warnings(String... files) throws Exception {
    try (DefaultCamelContext context = new DefaultCamelContext()) {
      context.setSourceLocationEnabled(true);
      for (int i = 0; i < files.length; i++) {
        PluginHelper.getRoutesLoader(context)
            .loadRoutes(ResourceHelper.fromString("file:routes/f" + i + ".camel.yaml", files[i]));
      }
      return UnsafeSteps.warnings(context);
    }
  }

  private static String route(String id, String from, String steps) {
    return """
    - route:
        id: %s
        from:
          uri: %s
          steps:
    %s\
    """
        .formatted(id, from, steps.indent(8));
  }

  @Test
  void aStepThatHandsOnIsNamedWithFileAndLine() throws Exception {
    for (String step :
        List.of(
            "- to: seda:later",
            "- to:\n    uri: seda:later",
            "- toD: seda:later",
            "- to: disruptor:later",
            "- wireTap:\n    uri: direct:x",
            "- aggregate:\n"
                + "    correlationExpression:\n"
                + "      constant: a\n"
                + "    completionSize: 3\n"
                + "    steps:\n"
                + "      - log: x",
            "- threads: {}",
            "- sample: { samplePeriod: 1000 }",
            "- idempotentConsumer: { header: ce_id, idempotentRepository: seen, steps: [ { to: kafka:a } ] }",
            "- idempotentConsumer: { header: ce_id, idempotentRepository: seen, eager: false,"
                + " removeOnFailure: false, steps: [ { to: kafka:a } ] }",
            "- onCompletion: { steps: [ { to: kafka:a } ] }",
            "- to: spool:other",
            "- to: { uri: seda, parameters: { name: later } }",
            "- to: { uri: spool, parameters: { name: other } }",
            "- to: { uri: seda, pattern: InOut, parameters: { name: later, waitForTaskToComplete: Never } }",
            "- to: { uri: kafka, parameters: { topic: a, requestRequiredAcks: 0 } }",
            "- toD: { uri: seda, parameters: { name: later } }",
            "- toD: \"seda:${header.where}\"",
            "- wireTap: { uri: seda, parameters: { name: later }, id: tap }",
            "- enrich: { constant: spool:other }",
            "- recipientList: { constant: \"kafka:a, seda:later\" }",
            "- recipientList: { simple: \"seda:${header.where}\" }",
            "- routingSlip: { constant: seda:later }",
            "- multicast: { parallelProcessing: true, timeout: 10, steps: [ { to: kafka:a } ] }",
            "- split: { simple: \"${body}\", parallelProcessing: true, timeout: 10, steps: [ { to: kafka:a } ] }",
            "- recipientList: { constant: kafka:a, parallelProcessing: true, timeout: 10 }",
            "- multicast: { parallelProcessing: true, steps: [ { to: kafka:a } ] }",
            "- split: { simple: \"${body}\", parallelProcessing: true, steps: [ { to: kafka:a } ] }",
            "- recipientList: { constant: kafka:a, parallelProcessing: true }",
            "- delay: { constant: 100 }",
            "- throttle: { constant: 100, asyncDelayed: true }",
            "- doTry: { steps: [ { to: kafka:a } ], doCatch: [ { exception: [ java.lang.Exception ],"
                + " steps: [ { log: gone } ] } ] }",
            "- doTry: { steps: [ { to: kafka:a } ], doCatch: [ { exception:"
                + " [ org.apache.kafka.common.errors.TimeoutException ] } ] }",
            "- circuitBreaker: { steps: [ { to: kafka:a } ], onFallback: { steps: [ { to: log:gone } ] } }",
            "- multicast: { steps: [ { to: seda:later } ] }",
            "- split: { simple: \"${body}\", steps: [ { to: seda:later } ] }",
            "- loop: { constant: 3, steps: [ { to: seda:later } ] }",
            "- loadBalance: { roundRobinLoadBalancer: {}, steps: [ { to: seda:later } ] }",
            "- circuitBreaker: { steps: [ { to: kafka:a } ], onFallback: { steps: [ { to: seda:later } ] } }",
            "- doTry: { steps: [ { to: kafka:a } ], doCatch: [ { exception: [ java.lang.Exception ],"
                + " steps: [ { to: seda:later } ] } ] }",
            "- choice:\n"
                + "    when:\n"
                + "      - simple: \"${body}\"\n"
                + "        steps:\n"
                + "          - to: seda:later")) {
      assertThat(warnings(route("forward", "spool:events?inFlight=10", step)))
          .as(step)
          .hasSize(1)
          .allMatch(
              line -> line.matches("(?s).*routes/f0\\.camel\\.yaml, line \\d+: .*route forward.*"));
    }
  }

  @Test
  void itIsFoundInTheRoutesThatAreCalled() throws Exception {
    assertThat(
            warnings(
                route("forward", "spool:events", "- to: direct:a"),
                route("a", "direct:a", "- to: direct:b\n- to: direct:a"),
                route("b", "direct:b", "- to: seda:later")))
        .hasSize(1)
        .allMatch(line -> line.contains("routes/f2.camel.yaml, line") && line.contains("route b"));
  }

  @Test
  void itIsFoundWhateverCallsTheRoute() throws Exception {
    for (String call :
        List.of(
            "- to: { uri: direct, parameters: { name: a } }",
            "- toD: direct:a",
            "- enrich: { constant: direct:a }",
            "- recipientList: { constant: \"kafka:a,direct:a\" }",
            "- routingSlip: { constant: direct:a }")) {
      assertThat(
              warnings(
                  route("forward", "spool:events", call), route("a", "direct:a", "- to: seda:x")))
          .as(call)
          .hasSize(1)
          .allMatch(line -> line.contains("route a"));
    }
  }

  @Test
  void aRouteThatReadsMayNotHandOnEither() throws Exception {
    assertThat(
            warnings(
                route("receive", "genesys:notifications", "- to: seda:later\n- to: spool:events")))
        .singleElement()
        .asString()
        .contains("an event counts as spooled that is handed on to seda:later in route receive");
  }

  @Test
  void whatTheSpoolWaitsForIsNoReasonToWarn() throws Exception {
    assertThat(
            warnings(
                route(
                    "forward",
                    "spool:events",
                    """
                    - multicast:
                        steps:
                          - to: kafka:a
                          - to: kafka:b
                    - to: seda:later?waitForTaskToComplete=Always
                    - to: spool:other?waitForCommit=true
                    - to: { uri: seda, parameters: { name: a, waitForTaskToComplete: Always } }
                    - to: { uri: spool, parameters: { name: a, waitForCommit: true } }
                    - to: { uri: seda, pattern: InOut, parameters: { name: a } }
                    - enrich: { constant: seda:a }
                    - split: { simple: "${body}", steps: [ { to: kafka:a } ] }
                    - delay: { constant: 100, asyncDelayed: false }
                    - throttle: { constant: 100 }
                    - doTry:
                        steps: [ { to: kafka:a } ]
                        doCatch:
                          - exception: [ java.lang.IllegalArgumentException ]
                            steps: [ { log: gone } ]
                          - exception: [ java.lang.Exception ]
                            steps: [ { to: kafka:refused } ]
                    - doTry:
                        steps: [ { to: http:names } ]
                        doCatch: [ { exception: [ java.lang.Exception ], steps: [ { log: unnamed } ] } ]
                    - loop: { constant: 3, steps: [ { to: kafka:a } ] }
                    - idempotentConsumer: { header: ce_id, idempotentRepository: seen, eager: false, steps: [ { to: kafka:a } ] }
                    - onCompletion: { steps: [ { log: sent } ] }
                    """),
                route("other", "timer:t", "- to: seda:x")))
        .isEmpty();
  }

  private static final String FORWARD =
      """
      - route:
          id: forward
          %sfrom:
            uri: spool:events
            steps:
              - to: kafka:a
      """;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "routeConfigurationId: shared",
        "routeConfigurationId: sha*",
        "routeConfigurationId: 'other,shared'",
        ""
      })
  void aHandlerThatLetsGoOfWhatKafkaHasNotTakenIsNamedHoweverTheRouteComesByIt(String chosen)
      throws Exception {
    for (String handler :
        List.of(
            "handled: { constant: \"true\" }, steps: [ { log: gone } ]",
            "continued: { constant: \"true\" }")) {
      String shared =
          """
          - routeConfiguration:
              %sonException:
                - onException: { exception: [ java.lang.Exception ], %s }
          """
              .formatted(chosen.isEmpty() ? "" : "id: shared\n    ", handler);
      assertThat(warnings(FORWARD.formatted(chosen.isEmpty() ? "" : chosen + "\n    "), shared))
          .as(handler)
          .singleElement()
          .asString()
          .contains("the spool lets go of an event that Kafka has not taken, as onException")
          .contains(" says all is well in route forward");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"log:lost", "kafka:dlq", "seda:later", "file:lost"})
  void aDeadLetterChannelThatMayLoseWhatFailsIsNamed(String uri) throws Exception {
    String handler = "errorHandler: { deadLetterChannel: { deadLetterUri: " + uri + " } }";

    assertThat(warnings(FORWARD.formatted(handler + "\n    "))).as("of the route").isNotEmpty();
    assertThat(warnings("- " + handler + "\n" + FORWARD.formatted(""))).as("of all").isNotEmpty();
    assertThat(
            warnings(
                "- routeConfiguration:\n    id: shared\n    " + handler + "\n",
                FORWARD.formatted("routeConfigurationId: shared\n    ")))
        .as("shared")
        .isNotEmpty();
  }

  @Test
  void aDeadLetterChannelThatLosesNothingIsNoReasonToWarn() throws Exception {
    assertThat(
            warnings(
                FORWARD.formatted(
                    "errorHandler: { deadLetterChannel: { deadLetterUri: \"spool:dead-letters?waitForCommit=true\","
                        + " deadLetterHandleNewException: false } }\n    ")))
        .isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "errorHandler: { defaultErrorHandler: { redeliveryPolicy: { maximumRedeliveries: 3 } } }",
        "errorHandler: { defaultErrorHandler: { redeliveryPolicy: { maximumRedeliveries: -1 } } }"
      })
  void redeliveryByCamelIsNamed(String handler) throws Exception {
    assertThat(warnings(FORWARD.formatted(handler + "\n    ")))
        .singleElement()
        .asString()
        .contains("errorHandler takes events out of their order", "maximumRedeliveries");
  }

  @Test
  void redeliveryByAHandlerOfCamelIsNamed() throws Exception {
    assertThat(
            warnings(
                "- onException: { exception: [ java.io.IOException ], redeliveryPolicy: {"
                    + " maximumRedeliveries: 3 } }\n"
                    + FORWARD.formatted("")))
        .singleElement()
        .asString()
        .contains("onException takes events out of their order");
  }

  /** The ledger forgets a gap once its signal was handed on: kill -9 may take that. */
  @Test
  void aSignalThatDoesNotWaitForItsCommitIsNamed() throws Exception {
    assertThat(warnings(route("signals", "genesys:signals", "- to: spool:signals")))
        .singleElement()
        .asString()
        .contains("a signal counts as told before spool:signals has it on disk");
  }

  @Test
  void aTopicThatTwoRoutesReadIsNamed() throws Exception {
    String read =
        "\n      parameters:\n        topics: v2.users.*.presence,v2.routing.queues.*.conversations";
    String other = "\n      parameters:\n        topics: RAW(v2.users.*.presence)";

    assertThat(
            warnings(
                route("receive", "genesys:notifications" + read, "- to: spool:events"),
                route("mine", "genesys:notifications" + other, "- to: spool:events"),
                route(
                    "activity",
                    "genesys:notifications" + other.replace("presence", "activity"),
                    "- to: spool:events")))
        .singleElement()
        .asString()
        .contains("route mine reads v2.users.*.presence, and so does route receive");
  }

  @Test
  void aSharedConfigurationThatNoFileHasIsNamed() throws Exception {
    assertThat(
            warnings(
                route("forward", "spool:events", "- to: kafka:a")
                    .replace("    from:", "    routeConfigurationId: nowhere\n    from:")))
        .hasSize(1)
        .allMatch(line -> line.contains("routeConfiguration nowhere of route forward"));
  }

  @Test
  void theShippedRoutesAreSound() throws Exception {
    List<String> files;
    try (var shipped = Files.list(Path.of("routes"))) {
      files =
          shipped
              .filter(file -> file.toString().endsWith(".camel.yaml"))
              .map(UnsafeStepsTest::text)
              .toList();
    }
    assertThat(warnings(files.toArray(String[]::new))).isEmpty();
  }

  private static String text(Path file) {
    try {
      return Files.readString(file).replaceAll("\\{\\{[a-z]+\\.[^}]*}}", "x");
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
