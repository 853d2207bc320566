package dev.caravan.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.command.Home;
import dev.caravan.testing.StartedProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.AutoComplete;

class PackagedProgramIT {

  @Test
  void whatItPrintsIsWholeWhenItEnds(@TempDir Path folder) throws Exception {
    try (StartedProgram program = StartedProgram.start(folder, Map.of(), "completion")) {
      assertThat(program.awaitEnd()).isZero();
      assertThat(program.output()).endsWith(AutoComplete.bash("caravan", Caravan.commandLine()));
    }
  }

  @Test
  void holdsKafkasClientButNoBrokerAndNothingOfTheTests() throws IOException {
    try (Stream<Path> tree = Files.walk(Home.jar().getParent())) {
      List<String> jars = tree.map(file -> file.getFileName().toString()).toList();

      assertThat(jars)
          .anyMatch(jar -> jar.contains("kafka-clients"))
          .noneMatch(jar -> jar.matches(".*(kafka_2|kafka-server|scala-|junit|platform-client).*"));
    }
  }
}
