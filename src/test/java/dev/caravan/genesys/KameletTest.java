package dev.caravan.genesys;

import static dev.caravan.genesys.BackfillRoad.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import dev.caravan.simulator.CentreSize;
import dev.caravan.simulator.Simulator;
import dev.caravan.simulator.SimulatorOptions;
import dev.caravan.simulator.Traffic;
import dev.caravan.simulator.fault.Action;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.apache.camel.component.mock.MockEndpoint;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.main.SimpleMain;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The Kamelet keeps the rules of Camel's catalogue, and reads from the stand-in. */
@Timeout(300)
@Tag("slow")
class KameletTest {

  private static final Path FILE = Path.of("kamelets/genesys-notifications-source.kamelet.yaml");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern USED =
      Pattern.compile("\\{\\{\\??([A-Za-z0-9-._]+)(?::[^}]*)?}}|#property:([A-Za-z0-9-._]+)");
  private static final String ANNOTATION = "camel.apache.org/kamelet.";

  private final JsonNode kamelet;

  KameletTest() throws Exception {
    kamelet = new ObjectMapper(new YAMLFactory()).readTree(FILE.toFile());
  }

  // ---- the rules; a catalogue of its own has another provider

  @Test
  void itSaysWhatItIsAsTheCatalogueWantsIt() {
    String name = kamelet.at("/metadata/name").asText();
    JsonNode notes = kamelet.at("/metadata/annotations");
    JsonNode definition = kamelet.at("/spec/definition");

    assertThat(FILE.getFileName()).hasToString(name + ".kamelet.yaml");
    assertThat(kamelet.at("/metadata/labels").path(ANNOTATION + "type").asText())
        .isEqualTo("source");
    assertThat(name).endsWith("-source");
    assertThat(kamelet.path("apiVersion").asText()).isEqualTo("camel.apache.org/v1");
    assertThat(kamelet.path("kind").asText()).isEqualTo("Kamelet");
    assertThat(notes.path(ANNOTATION + "support.level").asText()).isIn("Preview", "Stable");
    assertThat(notes.path("camel.apache.org/provider").asText()).isEqualTo("Caravan");
    assertThat(notes.path(ANNOTATION + "group").asText()).isNotEmpty();
    assertThat(notes.path(ANNOTATION + "namespace").asText()).isEqualTo("Cloud");
    assertThat(definition.path("title").asText()).endsWith(" Source");
    assertThat(definition.path("description").asText()).isNotEmpty();
    assertThat(definition.path("type").asText()).isEqualTo("object");
    String icon = notes.path(ANNOTATION + "icon").asText();
    assertThat(icon).startsWith("data:image/svg+xml;base64,");
    assertThat(Base64.getDecoder().decode(icon.replaceFirst(".*,", "")))
        .asString(StandardCharsets.UTF_8)
        .startsWith("<svg ")
        .endsWith("</svg>");
  }

  @Test
  void eachPropertyIsDescribedAndUsed() throws Exception {
    JsonNode properties = kamelet.at("/spec/definition/properties");
    JsonNode template = kamelet.at("/spec/template");

    assertThat(properties.properties())
        .isNotEmpty()
        .allSatisfy(
            property -> {
              JsonNode told = property.getValue();
              assertThat(told.path("type").asText()).isIn("string", "integer", "boolean");
              assertThat(told.path("title").asText().split(" "))
                  .allMatch(word -> Character.isUpperCase(word.charAt(0)))
                  .doesNotContain("The", "A", "An");
              assertThat(told.path("description").asText()).endsWith(".");
              // A secret would have to be marked as one
              assertThat(told.path("format").asText()).isNotEqualTo("password");
            });
    Set<String> used = new TreeSet<>();
    USED.matcher(JSON.writeValueAsString(template))
        .results()
        .forEach(found -> used.add(found.group(1) != null ? found.group(1) : found.group(2)));
    assertThat(used).containsExactlyInAnyOrderElementsOf(names(properties));
    assertThat(kamelet.at("/spec/definition/required"))
        .isNotEmpty()
        .allMatch(name -> properties.has(name.asText()));
    JsonNode options =
        JSON.readTree(getClass().getResourceAsStream("/META-INF/dev/caravan/genesys/genesys.json"))
            .path("properties");
    assertThat(names(options)).containsAll(names(template.at("/from/parameters")));
    assertThat(JSON.writeValueAsString(template)).contains("kamelet:sink");
    assertThat(kamelet.at("/spec/dependencies"))
        .allMatch(one -> one.asText().matches("camel:[a-z0-9-]+|mvn:[^:]+:[^:]+:[^:]+"));
  }

  private static List<String> names(JsonNode object) {
    List<String> names = new ArrayList<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  @Test
  void itIsFoundInTheJar() throws Exception {
    assertThat(getClass().getResourceAsStream("/kamelets/" + FILE.getFileName()))
        .hasContent(Files.readString(FILE));
  }

  // ---- at work, as the cookbook shows it

  private static String cookbook(String language, String with) throws Exception {
    return Pattern.compile("(?s)```" + language + "\n(.*?)```")
        .matcher(Files.readString(Path.of("docs/cookbook/README.md")))
        .results()
        .map(block -> block.group(1))
        .filter(block -> block.contains(with))
        .findFirst()
        .orElseThrow();
  }

  private static Properties settings(Simulator genesys, Path folder) throws Exception {
    Properties settings = new Properties();
    settings.load(new StringReader(cookbook("properties", "genesys.client.id")));
    settings.setProperty("genesys.client.id", "demo");
    settings.setProperty("genesys.client.secret", "demo");
    settings.setProperty("genesys.login.url", genesys.url());
    settings.setProperty("genesys.api.url", genesys.url());
    settings.setProperty("caravan.data.dir", folder.toString());
    settings.setProperty("camel.component.spool.directory", folder.resolve("spool").toString());
    settings.compute(
        "camel.main.routes-include-pattern",
        (name, files) ->
            String.valueOf(files).replace("classpath:camel/", "file:" + folder + "/camel/"));
    return settings;
  }

  private static JsonNode conversation(String medium) throws Exception {
    return JSON.readTree(
        "{\"id\":\"c-1\",\"participants\":[{\"%s\":[{\"state\":\"connected\"}]}]}"
            .formatted(medium));
  }

  @Test
  void aRouteThatBeginsWithItGetsWhatIsOfItsMedia(@TempDir Path folder) throws Exception {
    SimulatorOptions options =
        SimulatorOptions.defaults().withCentre(CentreSize.of(1)).withTraffic(Traffic.NONE);
    try (Simulator genesys = Simulator.start(options);
        DefaultCamelContext context = new DefaultCamelContext()) {
      String user = "v2.users." + genesys.organization().agents().get(0).id();
      String queue = "v2.routing.queues." + genesys.organization().queues().get(0).id();
      String topics = "%s.conversations,%s?presence&routingStatus".formatted(queue, user);
      Files.createDirectory(folder.resolve("camel"));
      Files.writeString(
          folder.resolve("camel/sales.camel.yaml"),
          cookbook("yaml", "kamelet:genesys")
              .replaceFirst("topics: .*", "topics: RAW(" + topics + ")")
              .replace("log:sales", "mock:sales"));
      Files.writeString(
          folder.resolve("camel/letters.camel.yaml"),
          "- from: {uri: spool:dead-letters, steps: [to: mock:letters]}\n");
      SimpleMain application = new SimpleMain(context);
      application.setDefaultPropertyPlaceholderLocation("false");
      application.setOverrideProperties(settings(genesys, folder));
      context.getShutdownStrategy().setTimeout(6);
      application.build();
      application.start();
      MockEndpoint sales = context.getEndpoint("mock:sales", MockEndpoint.class);
      MockEndpoint letters = context.getEndpoint("mock:letters", MockEndpoint.class);
      await().atMost(PATIENCE).until(() -> genesys.openSockets() == 1);

      genesys.emit(queue + ".conversations", conversation("chats"));
      genesys.emit(queue + ".conversations", conversation("calls"));
      genesys.emit(user + ".presence", JSON.createObjectNode());
      genesys.emit(user + ".routingStatus", JSON.createObjectNode());
      genesys.perform(new Action.Frame(Action.Target.ALL, Action.Frame.Kind.RAW, 0, "no JSON"));

      await()
          .atMost(PATIENCE)
          .until(() -> sales.getReceivedCounter() == 3 && letters.getReceivedCounter() == 1);
      assertThat(sales.getReceivedExchanges())
          .extracting(event -> event.getMessage().getHeader(GenesysConstants.STREAM))
          .containsExactly("conversations.voice", "presence", "routing-status");
      assertThat(sales.getReceivedExchanges().get(0).getMessage().getBody(byte[].class))
          .asString(StandardCharsets.UTF_8)
          .contains("\"topicName\":\"" + queue + ".conversations\"");
      // The name that was given is the reader's, from start to start
      assertThat(context.getRoute("sales-source")).isNotNull();
    }
  }
}
