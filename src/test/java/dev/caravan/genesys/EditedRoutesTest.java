package dev.caravan.genesys;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.caravan.frame.EnvelopeReader;
import dev.caravan.frame.Frame;
import dev.caravan.kafka.DeadLetterFiles;
import dev.caravan.spool.SpoolConstants;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.camel.Endpoint;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.component.direct.DirectComponent;
import org.apache.camel.component.mock.MockComponent;
import org.apache.camel.component.mock.MockEndpoint;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.PluginHelper;
import org.apache.camel.support.ResourceHelper;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever the reader accepts gets through {@code receive} and {@code forward}, as they are shipped
 * and with each edit that the cookbook shows. Between the routes is no spool and behind them no
 * Kafka, so nothing but a step can fail.
 */
@Tag("slow")
class EditedRoutesTest {

  private static final Pattern EDIT =
      Pattern.compile(
          "(?i)In `routes/(\\S+)`, replace\n```yaml\n(.*?)```\nby\n```yaml\n(.*?)```",
          Pattern.DOTALL);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final DefaultCamelContext context = new DefaultCamelContext();
  private final EnvelopeReader reader = new EnvelopeReader();
  private final EventHeaders headers = new EventHeaders("https://a.example", Clock.systemUTC());
  private ProducerTemplate template;

  /** A file, what to replace in it, and by what. */
  private record Edit(String file, String before, String after) {

    static final Edit NONE = new Edit("", "", "");

    String applyTo(String name, String shipped) {
      if (!name.equals(file)) {
        return shipped;
      }
      assertThat(shipped).containsOnlyOnce(before);
      return shipped.replace(before, after);
    }

    /** Whether it is there to keep less. */
    boolean leavesOut() {
      return after.contains("id: keep-");
    }

    @Override
    public String toString() {
      return file.isEmpty() ? "as shipped" : file + ": " + after.strip().lines().findFirst().get();
    }
  }

  static List<Edit> edits() throws IOException {
    List<Edit> edits = new ArrayList<>(List.of(Edit.NONE));
    try (Stream<Path> pages = Files.list(Path.of("docs/cookbook"))) {
      for (Path page : pages.filter(it -> it.toString().endsWith(".md")).sorted().toList()) {
        Matcher found = EDIT.matcher(Files.readString(page));
        while (found.find()) {
          Edit edit = new Edit(found.group(1), found.group(2), found.group(3));
          // What an option of the real Kafka does, its own test shows
          if (!edit.after().contains("valueSerializer:")) {
            edits.add(edit);
          }
        }
      }
    }
    assertThat(edits).hasSizeGreaterThan(9);
    return edits;
  }

  @BeforeEach
  void open() {
    Properties settings = new Properties();
    settings.setProperty("genesys.topics", "v2.x");
    settings.setProperty("genesys.media", "voice,chat,message");
    settings.setProperty("caravan.topic.prefix", "genesys.");
    settings.setProperty("caravan.data.dir", "unused");
    context.getPropertiesComponent().setOverrideProperties(settings);
    context.setAutowiredEnabled(false);
    // Of the recipe's own file
    context.getRegistry().bind("queueNames", new ConcurrentHashMap<>());
    context.addComponent("genesys", new Shortcut());
    context.addComponent("spool", new Shortcut());
    context.addComponent("kafka", new MockComponent());
    context.start();
    template = context.createProducerTemplate();
  }

  @AfterEach
  void close() {
    context.stop();
  }

  private void load(Edit edit) throws Exception {
    for (String name : List.of("receive.camel.yaml", "forward.camel.yaml")) {
      String text = edit.applyTo(name, Files.readString(Path.of("routes", name)));
      PluginHelper.getRoutesLoader(context).loadRoutes(ResourceHelper.fromString(name, text));
    }
    context.addRoutes(
        new RouteBuilder() {
          @Override
          public void configure() {
            from("spool:dead-letters").to("mock:letters");
            from("spool:second").to("mock:second");
          }
        });
  }

  /** As the bridge hands on a frame. */
  private Exchange pass(String frame) {
    byte[] body = frame.getBytes(StandardCharsets.UTF_8);
    Frame read = reader.read(body);
    assertThat(read).as(frame).isInstanceOf(Frame.Notification.class);
    Frame.Notification event = (Frame.Notification) read;
    return template.send(
        "genesys:notifications",
        exchange -> {
          exchange.getIn().setBody(body);
          headers.set(exchange.getIn(), event, "id");
          exchange.getIn().setHeader(SpoolConstants.APPENDED_AT, 0L);
        });
  }

  private static Stream<String> frames() {
    Stream<String> bodies =
        Stream.of(
            "null",
            "[]",
            "{}",
            "7",
            "true",
            "\"text\"",
            "[{\"participants\":[{\"attributes\":{}}]}]",
            participants("null"),
            participants("\"Pat Example, tel:+15550100\""),
            participants("7"),
            participants("{}"),
            participants("{\"attributes\":{\"a\":\"b\"}}"),
            participants("[]"),
            participants("[null]"),
            participants("[\"Pat Example\", 7, true, [], [[]], {}]"),
            participants("[{\"attributes\":\"text\"},{\"attributes\":null},{\"attributes\":[1]}]"),
            participants("[null,{\"attributes\":{\"a\":1}},\"x\"]"),
            participants(
                "[{\"calls\":\"many\"},{\"calls\":[7]},{\"calls\":{\"state\":\"connected\"}}]"),
            participants("[{\"calls\":[{\"state\":7,\"connectedTime\":\"yesterday\"}]}]"),
            "{\"id\":7,\"participants\":[]}",
            "{\"id\":\"\\u0000 ${body} {{nothing}} #{x}\",\"participants\":[]}",
            "{\"participants\":[{\"name\":\"half a smile \\ud83d\"}]}",
            "{\"n\":1e400,\"i\":" + "9".repeat(900) + ",\"d\":1." + "3".repeat(900) + "}",
            "{\"id\":\"1\",\"id\":\"2\",\"participants\":[],\"participants\":\"x\"}",
            "{\"a\":".repeat(900) + "1" + "}".repeat(900));
    Stream<String> conversations =
        bodies.flatMap(
            body ->
                Stream.of(
                    frame("v2.routing.queues.q-1.conversations", body),
                    frame("v2.users.u-1.presence", body)));
    Stream<String> topics =
        Stream.of(
                "v2.routing.queues.",
                "v2.routing.queues..",
                "v2.routing.queues..conversations",
                "v2.routing.queues.q-1",
                "v2.routing.queues.q 1/2.conversations",
                "V2.ROUTING.QUEUES.Q-1.CONVERSATIONS",
                "v2.routing.queues",
                "v2",
                ".",
                "${body}",
                "7")
            .map(topic -> frame(topic, participants("[{\"attributes\":{}}]")));
    Stream<String> envelopes =
        Stream.of(
            "\ufeff \n" + frame("v2.users.u-1.presence", participants("[]")) + " \r\n",
            "{\"eventBody\":{},\"topicName\":\"v2.users.u.presence\",\"eventbody\":1,\"x\":null}");
    return Stream.of(conversations, topics, envelopes).flatMap(all -> all);
  }

  private static String participants(String value) {
    return "{\"id\":\"c-1\",\"participants\":" + value + "}";
  }

  private static String frame(String topic, String eventBody) {
    return "{\"topicName\":\"%s\",\"version\":\"2\",\"eventBody\":%s,\"metadata\":{}}"
        .formatted(topic, eventBody);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("edits")
  void whateverTheReaderAcceptsGetsThrough(Edit edit) throws Exception {
    load(edit);
    MockEndpoint letters = context.getEndpoint("mock:letters", MockEndpoint.class);
    MockEndpoint kafka = context.getEndpoint("kafka:genesys.other", MockEndpoint.class);
    for (String frame : frames().toList()) {
      String what = frame.length() < 300 ? frame : frame.substring(0, 300) + "…";
      kafka.reset();

      Exchange exchange = pass(frame);

      assertThat(exchange.getException()).as(what).isNull();
      assertThat(letters.getReceivedExchanges()).as(what).isEmpty();
      if (kafka.getReceivedExchanges().isEmpty()) {
        assertThat(edit.leavesOut()).as(what).isTrue();
        continue;
      }
      assertThat(kafka.getReceivedExchanges()).as(what).hasSize(1);
      Map<String, Object> sent = kafka.getReceivedExchanges().get(0).getMessage().getHeaders();
      assertThat(sent.get("genesys-kafka-key").toString()).as(what).isNotEmpty();
      assertThat(sent.get("genesys-kafka-topic").toString())
          .as(what)
          .matches("genesys\\.[a-zA-Z0-9._-]{1,200}");
      assertThat(sent).doesNotContainKeys("kafka.OVERRIDE_TIMESTAMP", "kafka.PARTITION_KEY");
      assertThat(json(kafka.getReceivedExchanges().get(0)).path("topicName")).as(what).isNotNull();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"genesys-kafka-topic", "kafka.OVERRIDE_TOPIC"})
  void aDeadLetterGoesToItsTopicWhicheverTheRouteHadChosenThatFailed(String chosen)
      throws Exception {
    context
        .getRegistry()
        .bind("deadLetterFiles", new DeadLetterFiles(Path.of("data"), System::nanoTime));
    PluginHelper.getRoutesLoader(context)
        .loadRoutes(
            ResourceHelper.fromString(
                "dead-letters.camel.yaml",
                Files.readString(Path.of("routes/dead-letters.camel.yaml"))));

    template.sendBodyAndHeader("spool:dead-letters", "letter", chosen, "genesys.presence");

    MockEndpoint letters = context.getEndpoint("kafka:genesys.dead-letters", MockEndpoint.class);
    assertThat(letters.getReceivedExchanges())
        .singleElement()
        .satisfies(it -> assertThat(it.getMessage().getHeaders()).doesNotContainKey(chosen));
  }

  private static JsonNode json(Exchange exchange) throws IOException {
    return JSON.readTree(exchange.getMessage().getBody(byte[].class));
  }

  /** Takes the place of a component: what is sent to it is at once what comes from it. */
  private static final class Shortcut extends DirectComponent {
    @Override
    protected Endpoint createEndpoint(String uri, String remaining, Map<String, Object> parameters)
        throws Exception {
      parameters.clear();
      return super.createEndpoint(uri, remaining, parameters);
    }
  }
}
