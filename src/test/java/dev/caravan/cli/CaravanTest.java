package dev.caravan.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class CaravanTest {

  static Set<String> commands() {
    return Caravan.commandLine().getSubcommands().entrySet().stream()
        .filter(command -> !command.getValue().getCommandSpec().usageMessage().hidden())
        .map(Map.Entry::getKey)
        .collect(Collectors.toSet());
  }

  @ParameterizedTest
  @MethodSource("commands")
  void everyCommandExplainsItselfWithAnExample(String command) {
    CommandLineHarness help = CommandLineHarness.run(command, "--help");

    assertThat(help.exitCode()).isZero();
    assertThat(help.out())
        .contains("Usage: ./caravan " + command, "Example", "  ./caravan " + command)
        .doesNotContain("ROOT-COMMAND-NAME");
  }

  @ParameterizedTest
  @MethodSource("commands")
  void helpFitsATerminalSoThatExamplesCanBeCopied(String command) {
    assertThat(CommandLineHarness.run(command, "--help").out().lines())
        .allMatch(line -> line.length() <= 80);
    List<String> written =
        List.of(
            Caravan.commandLine()
                .getSubcommands()
                .get(command)
                .getCommandSpec()
                .usageMessage()
                .footer());
    assertThat(written)
        .allMatch(line -> line.replace("${ROOT-COMMAND-NAME}", "./caravan").length() <= 78);
  }

  @ParameterizedTest
  @MethodSource("commands")
  void theSummaryOfACommandIsAWholeSentence(String command) {
    String summary =
        Caravan.commandLine()
            .getSubcommands()
            .get(command)
            .getCommandSpec()
            .usageMessage()
            .description()[0];

    assertThat(summary).matches("[A-Z][^.]*\\.");
  }

  @ParameterizedTest
  @CsvSource({
    "demo --agents -3, --agents is -3",
    "demo --agents 0, --agents is 0",
    "demo --speed 0, '--speed is 0.0, but it must be from 0.1 to 1000.'",
    "demo --speed NaN, --speed is NaN",
    "demo --seconds 0, '--seconds is 0, but it must be 1 or more.'",
    "demo --kafka-port 70000, '--kafka-port is 70000, but it must be a port from 1 to 65535'",
    "demo --genesys-port -1, --genesys-port is -1",
    "demo --management-port 65536, --management-port is 65536",
    "simulator --port 70000, --port is 70000",
    "simulator --speed -1, --speed is -1.0",
    "tail --max 0, --max is 0",
    "tail --seconds -5, --seconds is -5"
  })
  void aNumberThatCannotBeUsedIsASentenceAndNothingIsStarted(String line, String sentence) {
    CommandLineHarness mistake = CommandLineHarness.run(line.split(" "));

    assertThat(mistake.exitCode()).isEqualTo(1);
    assertThat(mistake.err()).startsWith(sentence).hasLineCount(1);
    assertThat(mistake.out()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"bad.host.invalid", "192.0.2.1"})
  void aHostThatIsNotThisMachineIsASentence(String host) {
    assertThat(CommandLineHarness.run("simulator", "--port", "0", "--host", host).err())
        .startsWith("--host is \"" + host + "\", which is no address of this machine.")
        .hasLineCount(1);
  }

  @Test
  void helpNamesEveryCommandAndWhatTheExitCodesMean() {
    CommandLineHarness help = CommandLineHarness.run("--help");

    assertThat(help.exitCode()).isZero();
    assertThat(help.out()).contains(commands()).contains("Exit codes:", "130, 143");
  }

  @Test
  void versionNamesCaravanAndJava() {
    assertThat(CommandLineHarness.run("--version").out())
        .contains("Caravan ", "Java " + System.getProperty("java.version"));
  }

  @Test
  void anUnknownOptionIsAnsweredWithTheNearestAndExitCode2() {
    CommandLineHarness mistake = CommandLineHarness.run("tail", "--bostrap", "x");

    assertThat(mistake.exitCode()).isEqualTo(2);
    assertThat(mistake.err())
        .contains("Unknown option", "--bootstrap", "See: ./caravan tail --help")
        .doesNotContain("Usage:");
  }

  @Test
  void anUnknownCommandIsAnsweredWithExitCode2() {
    CommandLineHarness mistake = CommandLineHarness.run("tale");

    assertThat(mistake.exitCode()).isEqualTo(2);
    assertThat(mistake.err()).contains("'tale'", "See: ./caravan --help");
  }

  @Test
  void aFailureIsASentenceAndExitCode1WithoutStackTrace() {
    CommandLineHarness failure =
        CommandLineHarness.run("simulator", "--port", "0", "--agents", "0");

    assertThat(failure.exitCode()).isEqualTo(1);
    assertThat(failure.err())
        .contains("--agents is 0, but it must be from 1 to 20000.")
        .doesNotContain("\tat ", "Exception");
  }

  @Test
  void verboseAddsTheStackTrace() {
    CommandLineHarness failure =
        CommandLineHarness.run("simulator", "--port", "0", "--agents", "0", "--verbose");

    assertThat(failure.err()).contains("--agents is 0, but", "\tat dev.caravan");
  }

  @ParameterizedTest
  @CsvSource({"'', simu, simulator", "tail, --from-b, --from-beginning", "check, --off, --offline"})
  void theShellCompletesCommandsAndOptions(
      String command, String begun, String whole, @TempDir Path folder) throws Exception {
    CommandLineHarness completion = CommandLineHarness.run("completion");
    Path script = Files.writeString(folder.resolve("completion"), completion.out());
    String words = (command.isEmpty() ? "" : command + " ") + begun;
    Process bash =
        new ProcessBuilder(
                "bash",
                "-c",
                "source %s; COMP_WORDS=(./caravan %s); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); $(complete -p caravan | sed 's/.*-F \\([^ ]*\\).*/\\1/'); echo \"${COMPREPLY[@]}\""
                    .formatted(script, words))
            // It complains that no key was pressed
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();

    assertThat(completion.exitCode()).isZero();
    assertThat(new String(bash.getInputStream().readAllBytes()).strip()).isEqualTo(whole);
  }

  @Test
  void withoutACommandTheBridgeRuns() {
    CommandLine.ParseResult parsed = Caravan.commandLine().parseArgs();

    assertThat(parsed.hasSubcommand()).isFalse();
    assertThat(commands()).contains("run");
  }
}
