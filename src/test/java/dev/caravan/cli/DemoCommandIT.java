package dev.caravan.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.testing.Listening;
import dev.caravan.testing.ProcessSignal;
import dev.caravan.testing.StartedProgram;
import dev.caravan.testing.TopicReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DemoCommandIT {

  private static final Map<String, String> NOTHING_SET = Map.of();
  private static final int ENDED_BY_SIGTERM = 143;

  @TempDir private Path folder;

  @Test
  void carriesEveryKeptMediumToKafkaAndLeavesNothingBehind() throws Exception {
    try (StartedProgram demo = demo("--agents", "30")) {
      String kafka = demo.awaitOutput("Apache Kafka +(127\\.0\\.0\\.1:\\d+)");
      try (TopicReader reader = new TopicReader(kafka, "genesys.conversations.")) {
        reader.awaitUntil(
            seen ->
                seen.stream()
                    .map(record -> TopicReader.header(record, "genesys-media").orElse("-"))
                    .collect(Collectors.toSet())
                    .containsAll(Set.of("voice", "chat", "message")));
      }
      demo.awaitOutput("genesys\\.conversations\\.voice\\[voice]=");
      List<ProcessHandle> children = demo.children();
      assertThat(children).hasSizeGreaterThanOrEqualTo(2);
      nobodyElseGetsIn(demo);

      demo.terminate();

      assertThat(demo.awaitEnd()).isEqualTo(ENDED_BY_SIGTERM);
      assertThat(demo.output()).contains("Everything has ended; nothing is left behind.");
      assertThat(children).noneMatch(ProcessHandle::isAlive);
      assertThat(leftovers()).isEmpty();
    }
  }

  @Tag("long")
  @Test
  void endsWithTheSecondsGiven() throws Exception {
    try (StartedProgram demo = demo("--agents", "5", "--seconds", "1")) {
      assertThat(demo.awaitEnd()).isZero();
      assertThat(leftovers()).isEmpty();
    }
  }

  @Test
  void itsPartsEndWhenItIsKilled() throws Exception {
    try (StartedProgram demo = demo("--agents", "5")) {
      demo.awaitOutput("Ctrl-C ends all of it");
      List<ProcessHandle> children = demo.children();

      demo.kill();

      await()
          .atMost(Duration.ofMinutes(3))
          .until(() -> children.stream().noneMatch(ProcessHandle::isAlive));
    }
  }

  @Test
  void endsWithTheBridgesLastWordsWhenTheBridgeDies() throws Exception {
    try (StartedProgram demo = demo("--agents", "5")) {
      demo.awaitOutput("Ctrl-C ends all of it");
      demo.children().stream()
          .filter(child -> child.info().commandLine().orElse("").contains("--until-input-ends"))
          .forEach(ProcessHandle::destroyForcibly);

      assertThat(demo.awaitEnd()).isEqualTo(1);
      assertThat(demo.output()).contains("The bridge ended by itself, so the demo ends too.");
      assertThat(leftovers()).isEmpty();
    }
  }

  @Test
  @Tag("long")
  void waitsForABrokerThatStandsStill() throws Exception {
    try (StartedProgram demo = demo("--agents", "5")) {
      demo.awaitOutput("genesys\\.conversations\\.[a-z]+\\[");
      ProcessHandle broker =
          demo.children().stream()
              .filter(child -> child.info().commandLine().orElse("").contains("BrokerProcess"))
              .findFirst()
              .orElseThrow();
      ProcessSignal.send("STOP", broker.pid());
      demo.awaitOutput("Apache Kafka does not answer\\. It is waited for");

      ProcessSignal.send("CONT", broker.pid());

      demo.awaitOutput("Apache Kafka answers again\\.(?s:.*)bridge: flowing");
      demo.terminate();
      assertThat(demo.awaitEnd()).isEqualTo(ENDED_BY_SIGTERM);
      assertThat(leftovers()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"--genesys-port", "--kafka-port", "--management-port", "--page-port"})
  void saysWhichPortIsTakenAndHowToNameAnother(String option) throws Exception {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      CommandLineHarness demo =
          CommandLineHarness.run("demo", option, String.valueOf(other.getLocalPort()));

      assertThat(demo.exitCode()).isEqualTo(1);
      assertThat(demo.err())
          .contains("Port " + other.getLocalPort() + ", wanted for", "is in use", option)
          .doesNotContain("\tat ");
    }
  }

  /** Neither to the stand-in, which is part of the program, nor to the broker and the bridge. */
  private void nobodyElseGetsIn(StartedProgram demo) throws IOException {
    List<Long> all =
        Stream.concat(Stream.of(demo.pid()), demo.children().stream().map(ProcessHandle::pid))
            .toList();
    assertThat(all)
        .allSatisfy(
            pid ->
                assertThat(Listening.of(pid))
                    .isNotEmpty()
                    .allMatch(it -> it.getAddress().isLoopbackAddress()));
    assertThat(leftovers())
        .isNotEmpty()
        .allSatisfy(
            it ->
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(it)))
                    .isEqualTo("rwx------"));
  }

  private StartedProgram demo(String... options) throws IOException {
    // As in a checkout in which somebody has prepared a bridge for a real cluster
    Files.writeString(
        folder.resolve(".env"),
        "KAFKA_SASL_USERNAME=real\nKAFKA_SASL_PASSWORD=real\nKAFKA_SECURITY_PROTOCOL=SASL_SSL\n");
    return StartedProgram.start(
        folder,
        NOTHING_SET,
        Stream.concat(Stream.of("demo"), Stream.of(options)).toArray(String[]::new));
  }

  private List<Path> leftovers() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(Files::isDirectory).toList();
    }
  }
}
