package dev.caravan.road;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The routes conform to the schema of Camel's YAML, by which Kaoto and other editors open them. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RouteSchemaTest {

  private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());

  private static final List<String> NUMBERS =
      List.of("maximumRedeliveries", "failureRateThreshold", "waitDurationInOpenState");

  private JsonSchema schema;

  @BeforeAll
  void readSchema() throws IOException {
    try (InputStream json =
        Thread.currentThread()
            .getContextClassLoader()
            .getResourceAsStream("schema/camelYamlDsl.json")) {
      schema = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V4).getSchema(json);
    }
  }

  static List<Path> routes() throws IOException {
    try (Stream<Path> shipped = Files.list(Path.of("routes"))) {
      return shipped
          .filter(file -> file.getFileName().toString().endsWith(".camel.yaml"))
          .sorted()
          .toList();
    }
  }

  @ParameterizedTest
  @MethodSource("routes")
  void aRouteFileConformsToTheSchema(Path file) throws IOException {
    JsonNode routes = YAML.readTree(file.toFile());
    fillIn(routes);

    Set<ValidationMessage> mistakes = schema.validate(routes);

    assertThat(mistakes).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("routes")
  void aRouteFileNamesNoClassOfTheBridge(Path file) throws IOException {
    assertThat(Files.readString(file)).doesNotContain("dev.caravan", "#class:");
  }

  @ParameterizedTest
  @MethodSource("routes")
  void theReadmeHasALineForTheFileAndItsRoutesInTheDrawing(Path file) throws IOException {
    String readme = Files.readString(Path.of("routes/README.md"));
    String name = file.getFileName().toString();
    String drawing = readme.substring(readme.indexOf("```mermaid"));

    assertThat(readme).containsOnlyOnce("| [%s](%s) | ".formatted(name, name));
    for (JsonNode part : YAML.readTree(file.toFile())) {
      String route = part.at("/route/id").asText(part.at("/templatedRoute/routeId").asText());
      assertThat(drawing)
          .contains(route.replaceFirst("genesys-(token|connect)-call", "genesys-$1"));
    }
  }

  @ParameterizedTest
  @MethodSource("routes")
  void aRouteFileLiesInTheJarAndSaysOfWhichVersionItIs(Path file) throws IOException {
    String pom = Files.readString(Path.of("pom.xml"));
    String version = pom.replaceFirst("(?s).*?<version>([^<]*?)(-SNAPSHOT)?</version>.*", "$1");

    assertThat(Files.readString(file)).endsWith("\n# Shipped with Caravan " + version + "\n");
    try (InputStream shipped =
        getClass().getResourceAsStream("/dev/caravan/routes/" + file.getFileName())) {
      assertThat(shipped).hasContent(Files.readString(file));
    }
  }

  /** Camel takes a placeholder where it takes a number, which the schema cannot say. */
  private static void fillIn(JsonNode node) {
    for (String number : NUMBERS) {
      if (node.path(number).asText().startsWith("{{")) {
        ((ObjectNode) node).put(number, 1);
      }
    }
    node.forEach(RouteSchemaTest::fillIn);
  }
}
