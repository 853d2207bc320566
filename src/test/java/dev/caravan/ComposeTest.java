package dev.caravan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.cluster.Cluster;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.Yaml;

/** The bridges of docker-compose.yml: one alone, and three that share what is to be read. */
class ComposeTest {

  /** As both pages say. */
  static final Duration DRAINS = Duration.ofSeconds(20);

  private static final List<String> BRIDGES = List.of("caravan", "caravan-2", "caravan-3");

  private final Map<String, Map<String, Object>> services = services();

  private static Map<String, Map<String, Object>> services() {
    try {
      Map<String, Map<String, Map<String, Object>>> file =
          new Yaml().load(Files.readString(Path.of("docker-compose.yml")));
      return file.get("services");
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void threeBridgesOfOneImageAndOfTheSameSettingsHaveAVolumeAndPortsEach() {
    assertThat(services.get("caravan")).doesNotContainKey("profiles");
    for (String name : BRIDGES.subList(1, 3)) {
      assertThat(services.get(name))
          .containsEntry("profiles", List.of("cluster"))
          .containsEntry("image", services.get("caravan").get("image"))
          .containsEntry("environment", services.get("caravan").get("environment"))
          .containsEntry("mem_limit", services.get("caravan").get("mem_limit"));
    }
    assertThat(BRIDGES).extracting(this::data).doesNotHaveDuplicates();
    assertThat(BRIDGES).flatExtracting(name -> list(name, "ports")).doesNotHaveDuplicates();
  }

  private String data(String name) {
    return list(name, "volumes").stream()
        .filter(volume -> volume.endsWith(":/data"))
        .findFirst()
        .orElseThrow();
  }

  @SuppressWarnings("unchecked")
  private List<String> list(String name, String what) {
    return (List<String>) services.get(name).get(what);
  }

  @Test
  void eachIsGivenTheTimeToHandItsShardsOverAndToDrain() {
    for (String name : BRIDGES) {
      Duration grace = Duration.parse("PT" + services.get(name).get("stop_grace_period"));
      assertThat(grace).as(name).isGreaterThan(Cluster.LEAVES_WITHIN.plus(DRAINS));
    }
  }

  @Test
  void aFurtherOneWithoutANameOfTheClusterDoesNotStart() throws Exception {
    List<String> command =
        list("caravan-2", "entrypoint").stream()
            .map(part -> part.replace("$$", "$").replace("/caravan/bin/caravan", "echo started"))
            .toList();

    assertThat(run(command, ""))
        .isEqualTo("78 Set CARAVAN_CLUSTER in .env, to a name that all instances share.");
    assertThat(run(command, "org")).isEqualTo("0 started");
  }

  private static String run(List<String> command, String cluster) throws Exception {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("CARAVAN_CLUSTER", cluster);
    Process process = builder.start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return process.waitFor() + " " + said.strip();
  }
}
