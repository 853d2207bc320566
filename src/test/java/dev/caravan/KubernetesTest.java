package dev.caravan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.caravan.cluster.Cluster;
import dev.caravan.settings.SettingsTable;
import dev.caravan.settings.SettingsTable.Setting;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The manifests of deploy/kubernetes: what Kubernetes takes, and what fits the bridge. */
class KubernetesTest {

  private static final Path FOLDER = Path.of("deploy/kubernetes");
  private static final Map<String, Class<? extends HasMetadata>> KINDS =
      Map.of(
          "StatefulSet", StatefulSet.class,
          "Service", Service.class,
          "ServiceAccount", ServiceAccount.class,
          "NetworkPolicy", NetworkPolicy.class,
          "PodDisruptionBudget", PodDisruptionBudget.class);

  /** A field that the model does not know is a mistake, though the model would keep it. */
  private static final ObjectMapper STRICT =
      new YAMLMapper()
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .setAnnotationIntrospector(
              new JacksonAnnotationIntrospector() {
                @Override
                public Boolean hasAnySetter(Annotated member) {
                  return false;
                }
              });

  private final StatefulSet bridge = read("stateful-set.yaml", StatefulSet.class);
  private final StatefulSet cluster = read("cluster/three-instances.yaml", StatefulSet.class);
  private final StatefulSet standby = read("standby/standby.yaml", StatefulSet.class);

  @ParameterizedTest
  @ValueSource(strings = {".", "cluster", "standby"})
  void whatAKustomizationNamesIsWhatLiesBesideItAndKubernetesTakesIt(String folder)
      throws IOException {
    Path here = FOLDER.resolve(folder);
    JsonNode kustomization = tree(here.resolve("kustomization.yaml"));
    List<String> named = new ArrayList<>(kustomization.findValuesAsText("path"));
    kustomization.path("resources").forEach(resource -> named.add(resource.asText()));
    named.removeIf(name -> name.startsWith(".."));

    assertThat(manifests(here)).containsExactlyInAnyOrderElementsOf(named);
    for (String name : named) {
      String kind = tree(here.resolve(name)).path("kind").asText();
      assertThat(read(folder + "/" + name, KINDS.get(kind)).getMetadata().getName())
          .as(name)
          .isEqualTo("caravan");
    }
  }

  @Test
  void aMisspeltFieldIsNoticed() {
    assertThatThrownBy(() -> STRICT.readValue("spec: {replica: 1}", StatefulSet.class))
        .isInstanceOf(JsonProcessingException.class)
        .hasMessageContaining("replica");
  }

  @Test
  void whatIsSetAreSettingsOfTheBridgeAndNoSecrets() throws IOException {
    Properties file = new Properties();
    try (var reader = Files.newBufferedReader(FOLDER.resolve("settings.env"))) {
      file.load(reader);
    }
    TreeSet<String> names = new TreeSet<>(file.stringPropertyNames());
    container(bridge).getEnv().stream().map(EnvVar::getName).forEach(names::add);
    container(cluster).getEnv().stream().map(EnvVar::getName).forEach(names::add);
    container(standby).getEnv().stream().map(EnvVar::getName).forEach(names::add);
    // That is the launcher's
    names.remove("CARAVAN_HEAP");

    assertThat(names).isNotEmpty().allSatisfy(name -> assertThat(setting(name).secret()).isFalse());
  }

  private static Setting setting(String variable) {
    return SettingsTable.all().stream()
        .filter(setting -> setting.variable().equals(variable))
        .findFirst()
        .orElseThrow(() -> new AssertionError(variable + " is no setting of the bridge"));
  }

  @Test
  void portsAndProbesAreThoseOfTheBridge() {
    List<ContainerPort> ports = container(bridge).getPorts();
    assertThat(ports)
        .extracting(ContainerPort::getName, ContainerPort::getContainerPort)
        .containsExactlyInAnyOrder(tuple("management", 9876), tuple("page", 8080));
    for (Probe probe :
        List.of(container(bridge).getStartupProbe(), container(bridge).getLivenessProbe())) {
      assertThat(probe.getHttpGet().getPath())
          .as("neither Genesys Cloud nor Kafka is cured by a restart")
          .isEqualTo("/observe/health/live");
    }
    assertThat(container(bridge).getReadinessProbe().getHttpGet().getPath())
        .isEqualTo("/observe/health/ready");
  }

  @Test
  void itRunsAsTheImageMeansItToAndMayWriteItsDataOnly() throws IOException {
    String dockerfile = Files.readString(Path.of("Dockerfile"));
    var pod = bridge.getSpec().getTemplate().getSpec().getSecurityContext();
    assertThat(dockerfile)
        .contains("USER %d:%d".formatted(pod.getRunAsUser(), pod.getRunAsGroup()));
    assertThat(pod.getFsGroup()).isEqualTo(pod.getRunAsGroup());
    assertThat(container(bridge).getSecurityContext().getReadOnlyRootFilesystem()).isTrue();
    assertThat(container(bridge).getVolumeMounts())
        .extracting(VolumeMount::getMountPath)
        .containsExactlyInAnyOrder("/data", "/run/secrets", "/tmp");
    assertThat(dockerfile).contains("CARAVAN_DATA_DIR=/data", "CARAVAN_SECRETS_DIR=/run/secrets");
  }

  @Test
  void oneOfSeveralIsGivenTheTimeToHandItsShardsOverAndToDrain() {
    long grace = cluster.getSpec().getTemplate().getSpec().getTerminationGracePeriodSeconds();

    assertThat(grace).isGreaterThan(Cluster.LEAVES_WITHIN.plus(ComposeTest.DRAINS).toSeconds());
  }

  /** What the JVM needs beside the heap is what docs/containers.md says. */
  @Test
  void whoStandsByHasTheHeapForItAndRoomForTheRest() throws IOException {
    Map<String, String> set = new HashMap<>();
    container(standby).getEnv().forEach(one -> set.put(one.getName(), one.getValue()));
    Quantity limit = container(standby).getResources().getLimits().get("memory");

    assertThat(set).containsEntry("CARAVAN_STANDBY", "1");
    assertThat(Files.readString(Path.of("caravan"))).contains("setting CARAVAN_HEAP");
    long heap = Long.parseLong(set.get("CARAVAN_HEAP").replace("m", ""));
    assertThat(limit.getFormat()).isEqualTo("Mi");
    assertThat(Long.parseLong(limit.getAmount())).isGreaterThanOrEqualTo(heap + 250);
  }

  @Test
  void thereIsRoomForAllThatMayWaitForKafka() {
    String storage =
        bridge
            .getSpec()
            .getVolumeClaimTemplates()
            .get(0)
            .getSpec()
            .getResources()
            .getRequests()
            .get("storage")
            .toString();
    long most = Long.parseLong(setting("CARAVAN_SPOOL_MAX_BYTES").shipped());
    assertThat(Long.parseLong(storage.replace("Gi", "")) << 30).isGreaterThan(2 * most);
  }

  @Test
  void theImageIsOfThisVersion() throws IOException {
    String version = tree(FOLDER.resolve("kustomization.yaml")).at("/images/0/newTag").asText();
    assertThat(Files.readString(Path.of("docker-compose.yml"))).contains(":-" + version + "}");
    assertThat(container(bridge).getImage()).isEqualTo("caravan");
  }

  private static Container container(StatefulSet set) {
    return set.getSpec().getTemplate().getSpec().getContainers().get(0);
  }

  private static List<String> manifests(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".yaml") && !name.equals("kustomization.yaml"))
          .toList();
    }
  }

  private static JsonNode tree(Path file) throws IOException {
    return new YAMLMapper().readTree(file.toFile());
  }

  private static <T> T read(String name, Class<T> kind) {
    try {
      return STRICT.readValue(FOLDER.resolve(name).toFile(), kind);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
