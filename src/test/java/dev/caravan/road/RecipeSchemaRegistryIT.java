package dev.caravan.road;

import static dev.caravan.road.Road.QUEUE;
import static dev.caravan.road.Road.event;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.testing.Bridge;
import dev.caravan.testing.TopicReader;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Records with a schema of a real Apicurio Registry, for which Maven fetches 140 MB. */
@Tag("long")
class RecipeSchemaRegistryIT {

  private static final String SERVER = "io.apicurio:apicurio-registry-app:2.6.13.Final:tar.gz:all";

  private final HttpClient http = HttpClient.newHttpClient();
  private final int port = Bridge.freePort();
  private final String url = "http://127.0.0.1:" + port + "/apis/registry/v2";
  private Road road;
  private Process registry;

  @BeforeEach
  void open(@TempDir Path folder) throws Exception {
    road = Road.in(folder);
    registry = registry(folder);
    Path routes = road.copyOfRoutes();
    Recipe.edit("schema-registry", routes);
    road.start(
            road.settings()
                .with("CARAVAN_ROUTES_DIR", routes.toString())
                .with("CARAVAN_JARS_DIR", Recipe.jars("schema-registry", folder).toString())
                .with("CARAVAN_FORWARD_REDELIVERIES", "1")
                .with("REGISTRY_URL", url))
        .awaitReady();
  }

  private Process registry(Path folder) throws Exception {
    Path unpacked = Path.of("target/apicurio").toAbsolutePath();
    if (!Files.isDirectory(unpacked)) {
      Recipe.maven(
          "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack",
          "-Dartifact=" + SERVER,
          "-DoutputDirectory=" + unpacked);
    }
    Path runner;
    try (Stream<Path> files = Files.list(unpacked)) {
      runner = files.filter(it -> it.toString().endsWith("-runner.jar")).findFirst().orElseThrow();
    }
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx512m",
            "-jar",
            runner.toString());
    builder.environment().put("QUARKUS_HTTP_HOST", "127.0.0.1");
    builder.environment().put("QUARKUS_HTTP_PORT", String.valueOf(port));
    return builder
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve("registry.log").toFile())
        .start();
  }

  /** Gives the registry a schema, once it is there. */
  private void give(String topic, String schema) {
    await()
        .atMost(Duration.ofMinutes(3))
        .ignoreException(ConnectException.class)
        .until(() -> post(topic, schema) == 200);
  }

  private int post(String topic, String schema) throws IOException, InterruptedException {
    return http.send(
            HttpRequest.newBuilder(URI.create(url + "/groups/default/artifacts"))
                .header("Content-Type", "application/json")
                .header("X-Registry-ArtifactType", "JSON")
                .header("X-Registry-ArtifactId", road.prefix() + topic + "-value")
                .POST(HttpRequest.BodyPublishers.ofFile(Path.of("docs/schemas", schema)))
                .build(),
            HttpResponse.BodyHandlers.ofString())
        .statusCode();
  }

  @AfterEach
  void close() throws InterruptedException {
    road.close();
    registry.destroy();
    registry.waitFor();
  }

  @Test
  void aRecordNamesItsSchemaAndWhatDoesNotFitIsADeadLetter() {
    give("conversations.voice", "conversations.schema.json");
    String call = event(Road.TOPIC, Road.call("c-1"), "1");
    String misfit =
        event("v2.routing.queues." + QUEUE + ".conversations.calls", "{\"participants\":7}", "2");

    road.send(call);
    road.send(misfit);

    assertThat(road.awaitRecord(it -> it.topic().equals(road.prefix() + "conversations.voice")))
        .satisfies(
            it -> {
              assertThat(Road.json(it.value()))
                  .isEqualTo(Road.json(call.getBytes(StandardCharsets.UTF_8)));
              assertThat(it.headers().lastHeader("apicurio.value.globalId")).isNotNull();
              assertThat(it.key()).isEqualTo("c-1");
            });
    assertThat(road.awaitRecord(it -> it.topic().equals(road.prefix() + "dead-letters")))
        .satisfies(
            it -> {
              assertThat(it.value()).isEqualTo(misfit.getBytes(StandardCharsets.UTF_8));
              assertThat(TopicReader.header(it, "caravan-reason")).isPresent();
            });
  }
}
