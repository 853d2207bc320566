package dev.caravan.road;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
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
    try (Stream<Path> shipped = Files.walk(Path.of("routes"));
        Stream<Path> edits = Files.walk(Path.of("docs/edits"))) {
      return Stream.concat(shipped, edits)
          .filter(file -> file.getFileName().toString().endsWith(".camel.yaml"))
          .sorted()
          .toList();
    }
  }

  @ParameterizedTest
  @MethodSource("routes")
  void aRouteFileConformsToTheSchema(Path file) throws IOException {
    Set<ValidationMessage> mistakes = schema.validate(YAML.readTree(file.toFile()));

    assertThat(mistakes).isEmpty();
  }
}
