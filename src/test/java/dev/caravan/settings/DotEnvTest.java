package dev.caravan.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What Docker Compose makes of the same lines. */
class DotEnvTest {

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "P=pass\\word | pass\\word",
        "P=\\u12 | \\u12",
        "P=C:\\temp\\new | C:\\temp\\new",
        "P=ends with\\ | ends with\\",
        "P='pass\\word' | pass\\word",
        "P='a\\nb\\\\c' | a\\nb\\\\c",
        "P='it\\'s' | it's",
        "P=\"pass\\\\word\" | pass\\word",
        "P=\"pass\\word\" | pass\\word",
        "P=\"say \\\"it\\\"\" | say \"it\"",
        "P=\"a$b\\$c\" | a$b$c",
        "P=a$b#c | a$b#c",
        "P=a # told | a",
        "P='a # b' # told | a # b",
        "P=\"a # b\" # told | a # b",
        "export P=a | a",
        "  P = a b   | a b",
        "P: a | a",
        "P=a=b:c | a=b:c",
        "P='open | 'open",
      })
  void aValueIsReadAsItIsMeant(String line, String value) throws IOException {
    assertThat(read(line + "\nNEXT=1\n")).containsEntry("P", value).containsEntry("NEXT", "1");
    assertThat(read(line + "\r\nNEXT=1\r\n")).containsEntry("P", value).containsEntry("NEXT", "1");
  }

  @Test
  void escapesAndSeveralLinesNeedQuotes() throws IOException {
    assertThat(read("A=\"one\\ntwo\"\nB='one\ntwo'\nC=\nD=\"\"\n"))
        .containsExactlyInAnyOrderEntriesOf(
            Map.of("A", "one\ntwo", "B", "one\ntwo", "C", "", "D", ""));
  }

  @Test
  void whatIsNoVariableIsPassedOver() throws IOException {
    assertThat(read("# P=told\n\nhello\nQ=1\nQ=2\n")).containsExactlyEntriesOf(Map.of("Q", "2"));
    assertThat(DotEnv.read(folder.resolve("none"))).isEmpty();
    assertThat(DotEnv.read(folder)).isEmpty();
  }

  @Test
  void theMarkThatWindowsPutsInFrontHidesNoVariable() throws IOException {
    assertThat(read("\uFEFFA=1\nB=2\n")).containsOnly(Map.entry("A", "1"), Map.entry("B", "2"));
  }

  private Map<String, String> read(String text) throws IOException {
    return DotEnv.read(Files.writeString(folder.resolve(".env"), text));
  }
}
