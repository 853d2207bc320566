package dev.caravan.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

class CaravanTest {

  static Set<String> commands() {
    return Caravan.commandLine().getSubcommands().keySet();
  }

  @ParameterizedTest
  @MethodSource("commands")
  void everyCommandExplainsItselfWithAnExample(String command) {
    CommandLineHarness help = CommandLineHarness.run(command, "--help");

    assertThat(help.exitCode()).isZero();
    assertThat(help.out()).contains("Usage: caravan " + command, "Example", "  caravan " + command);
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
        .contains("Unknown option", "--bootstrap", "See: caravan tail --help")
        .doesNotContain("Usage:");
  }

  @Test
  void anUnknownCommandIsAnsweredWithExitCode2() {
    CommandLineHarness mistake = CommandLineHarness.run("tale");

    assertThat(mistake.exitCode()).isEqualTo(2);
    assertThat(mistake.err()).contains("'tale'", "See: caravan --help");
  }

  @Test
  void aFailureIsASentenceAndExitCode1WithoutStackTrace() {
    CommandLineHarness failure =
        CommandLineHarness.run("simulator", "--port", "0", "--agents", "0");

    assertThat(failure.exitCode()).isEqualTo(1);
    assertThat(failure.err())
        .contains("1 to 20000 agents, not 0")
        .doesNotContain("\tat ", "Exception");
  }

  @Test
  void verboseAddsTheStackTrace() {
    CommandLineHarness failure =
        CommandLineHarness.run("simulator", "--port", "0", "--agents", "0", "--verbose");

    assertThat(failure.err()).contains("1 to 20000 agents, not 0", "\tat dev.caravan");
  }

  @Test
  void withoutACommandTheBridgeRuns() {
    CommandLine.ParseResult parsed = Caravan.commandLine().parseArgs();

    assertThat(parsed.hasSubcommand()).isFalse();
    assertThat(commands()).contains("run");
  }
}
