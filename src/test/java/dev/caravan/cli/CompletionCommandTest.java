package dev.caravan.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.testing.Command;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What bash makes of the script that the command prints. */
class CompletionCommandTest {

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "ta, tail",
    "ex, explain",
    "tail --fol, --follow-signals",
    "try --exp, --expect",
    "simulator --po, --port"
  })
  void bashCompletesCommandsAndTheirOptions(String typed, String completed) throws Exception {
    Path script = Files.writeString(folder.resolve("caravan.sh"), script());

    assertThat(
            bash(
                """
                source "%s"
                # Bash has it only where somebody presses the key
                compopt() { :; }
                COMP_WORDS=(./caravan %s)
                COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
                _complete_caravan
                echo "${COMPREPLY[@]}"
                """
                    .formatted(script, typed)))
        .isEqualTo(completed + "\n");
  }

  @Test
  void itAppliesToTheLauncherAndIsForZshToo() throws Exception {
    Path script = Files.writeString(folder.resolve("caravan.sh"), script());

    assertThat(bash("source \"%s\"; complete -p caravan".formatted(script)))
        .contains("-F _complete_caravan");
    assertThat(Files.readString(script)).contains("ZSH_VERSION", "bashcompinit");
  }

  private static String script() {
    CommandLineHarness completion = CommandLineHarness.run("completion");
    assertThat(completion.exitCode()).isZero();
    return completion.out();
  }

  private static String bash(String commands) throws Exception {
    return Command.run("bash", "--norc", "-c", commands).output();
  }
}
