package dev.caravan.road;

import dev.caravan.kafka.KafkaFailures;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.function.UnaryOperator;
import org.apache.camel.BindToRegistry;
import org.apache.camel.builder.AdviceWith;
import org.apache.camel.component.mock.MockEndpoint;
import org.apache.camel.support.PluginHelper;
import org.apache.camel.support.ResourceHelper;
import org.apache.camel.test.junit6.CamelContextConfiguration;
import org.apache.camel.test.junit6.CamelTestSupport;
import org.apache.camel.test.junit6.TestExecutionConfiguration;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.junit.jupiter.api.Test;

/**
 * What the files in {@code routes/} do with an event, with Camel's own test kit: without Genesys
 * Cloud, disk and Kafka. An example to copy for routes that you edit.
 */
class ShippedRoutesTest extends CamelTestSupport {

  private static final String BODY = "{\"topicName\":\"v2.routing.queues.q-1.conversations\"}";

  /** A bean that forward.camel.yaml names. */
  @BindToRegistry("kafkaFailures")
  final KafkaFailures kafkaFailures = new KafkaFailures();

  @Override
  public void configureTest(TestExecutionConfiguration test) {
    super.configureTest(test);
    test.withUseAdviceWith(true);
  }

  @Override
  public void configureContext(CamelContextConfiguration camel) {
    super.configureContext(camel);
    Properties settings = new Properties();
    settings.setProperty("genesys.media", "voice,chat");
    settings.setProperty("genesys.topics", "v2.routing.queues.*.conversations");
    settings.setProperty("caravan.topic.prefix", "genesys.");
    settings.setProperty("caravan.forward.redeliveries", "4");
    camel
        .withStubEndpoints("genesys,spool,kafka")
        .withUseOverridePropertiesWithPropertiesComponent(settings);
  }

  /** Loads a file, edited if need be, and has its route begin at {@code direct:event}. */
  private void start(String route, UnaryOperator<String> edit) throws Exception {
    String yaml = edit.apply(Files.readString(Path.of("routes", route + ".camel.yaml")));
    PluginHelper.getRoutesLoader(context)
        .loadRoutes(ResourceHelper.fromString(route + ".camel.yaml", yaml));
    AdviceWith.adviceWith(
        context,
        route,
        advice -> {
          advice.replaceFromWith("direct:event");
          advice.mockEndpointsAndSkip("(spool|kafka):.*");
        });
    context.start();
  }

  @Test
  void aCallIsKept() throws Exception {
    start("receive", UnaryOperator.identity());
    getMockEndpoint("mock:spool:events").expectedBodiesReceived(BODY);

    template.sendBodyAndHeader("direct:event", BODY, "genesys-media", "voice");

    MockEndpoint.assertIsSatisfied(context);
  }

  @Test
  void anEventOfAMediumThatIsNotWantedIsNot() throws Exception {
    start("receive", UnaryOperator.identity());
    getMockEndpoint("mock:spool:events").expectedMessageCount(0);

    template.sendBodyAndHeader("direct:event", BODY, "genesys-media", "email");

    MockEndpoint.assertIsSatisfied(context);
  }

  @Test
  void aCallGoesToTheTopicOfItsKindUnderItsConversation() throws Exception {
    start("forward", UnaryOperator.identity());
    MockEndpoint kafka = getMockEndpoint("mock:kafka:genesys.other");
    kafka.expectedBodiesReceived(BODY);
    kafka.expectedHeaderReceived("genesys-kafka-topic", "genesys.conversations.voice");
    kafka.expectedHeaderReceived("genesys-kafka-key", "c-1");

    sendCall();

    MockEndpoint.assertIsSatisfied(context);
  }

  @Test
  void whatWasOnDiskComesLateIfThereAreSeveralInstances() throws Exception {
    start("forward", yaml -> yaml.replace("{{caravan.cluster:}}", "caravan"));
    MockEndpoint kafka = getMockEndpoint("mock:kafka:genesys.other");
    kafka.expectedMessageCount(3);
    kafka.message(0).header("genesys-origin").isEqualTo("late");
    kafka.message(1).header("genesys-origin").isEqualTo("backfill");
    kafka.message(2).header("genesys-origin").isNull();

    template.sendBodyAndHeader("direct:event", BODY, "CamelSpoolRestored", true);
    template.sendBodyAndHeaders(
        "direct:event", BODY, Map.of("CamelSpoolRestored", true, "genesys-origin", "backfill"));
    template.sendBody("direct:event", BODY);

    MockEndpoint.assertIsSatisfied(context);
  }

  @Test
  void whatWasOnDiskOfOneInstanceAloneIsInOrder() throws Exception {
    start("forward", UnaryOperator.identity());
    MockEndpoint kafka = getMockEndpoint("mock:kafka:genesys.other");
    kafka.expectedMessageCount(1);
    kafka.message(0).header("genesys-origin").isNull();

    template.sendBodyAndHeader("direct:event", BODY, "CamelSpoolRestored", true);

    MockEndpoint.assertIsSatisfied(context);
  }

  @Test
  void whatKafkaWillNeverTakeIsADeadLetter() throws Exception {
    start("forward", UnaryOperator.identity());
    getMockEndpoint("mock:kafka:genesys.other")
        .whenAnyExchangeReceived(
            event -> event.setException(new RecordTooLargeException("a megabyte")));
    MockEndpoint letters = getMockEndpoint("mock:spool:dead-letters");
    letters.expectedMessageCount(1);
    letters.message(0).header("caravan-reason").startsWith("Kafka will not take it: ");

    sendCall();

    MockEndpoint.assertIsSatisfied(context);
  }

  @Test
  void anEditOfForwardPutsAllMediaIntoOneTopic() throws Exception {
    start("forward", yaml -> yaml.replace("${header.CamelGenesysStream}", "all"));
    MockEndpoint kafka = getMockEndpoint("mock:kafka:genesys.other");
    kafka.expectedMessageCount(1);
    kafka.expectedHeaderReceived("genesys-kafka-topic", "genesys.all");

    sendCall();

    MockEndpoint.assertIsSatisfied(context);
  }

  /** With the headers that receive.camel.yaml gives an event. */
  private void sendCall() {
    template.sendBodyAndHeaders(
        "direct:event",
        BODY,
        Map.of("CamelGenesysStream", "conversations.voice", "CamelGenesysKey", "c-1"));
  }
}
