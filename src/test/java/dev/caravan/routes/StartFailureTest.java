package dev.caravan.routes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.quarkus.runtime.QuarkusBindException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.apache.camel.CamelContext;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.PluginHelper;
import org.apache.camel.support.ResourceHelper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StartFailureTest {

  private static final String SOUND =
      """
      - route:
          id: tick
          from:
            uri: timer:tick
            parameters:
              period: 1000
            steps:
              - log: "tick"
      """;

  @TempDir private Path folder;

  @Test
  void saysFileLineAndColumnOfAnUnknownStep() throws Exception {
    String sentence = start(SOUND.replace("- log:", "- lgo:"));

    assertThat(sentence)
        .isEqualTo("Broken YAML in %s, line 8, column 11: Unknown node id: lgo.".formatted(file()));
  }

  @Test
  void saysFileLineAndColumnOfABracketThatIsNotClosed() throws Exception {
    String sentence = start(SOUND.replace("1000", "[1000"));

    assertThat(sentence)
        .startsWith("Broken YAML in %s, line 7, column".formatted(file()))
        .contains("expected ',' or ']'")
        .doesNotContain("\n");
  }

  @Test
  void namesTheRouteAndTheUnknownComponent() throws Exception {
    String sentence = start(SOUND.replace("timer:tick", "tiemr:tick"));

    assertThat(sentence)
        .startsWith("Route tick in %s cannot be built: ".formatted(file()))
        .contains("tiemr:");
  }

  @Test
  void namesTheParameterThatAComponentDoesNotHave() throws Exception {
    String sentence = start(SOUND.replace("period", "perriod"));

    assertThat(sentence).startsWith("Route tick in").contains("perriod").doesNotContain("\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "kafka:x?saslJassConfig=hush",
        "kafka:x?saslPasword=hush&lingerMs=5",
        "spool:x?secret=hush%2C+hush%3Dhush",
        "tiemr:x?secret=hush"
      })
  void doesNotTellTheValueOfAnOptionThatIsMisspelt(String uri) throws Exception {
    String sentence = start(SOUND.replace("- log: \"tick\"", "- to: " + uri));

    assertThat(sentence)
        .startsWith("Route tick")
        .containsAnyOf("has no option s", "tiemr:")
        .doesNotContain("hush");
  }

  @Test
  void namesTheOptionThatABeanDoesNotHaveWithoutItsValue() throws Exception {
    String sentence =
        start(
            """
            - beans:
                - name: genesysSession
                  type: dev.caravan.genesys.connect.SessionBean
                  properties:
                    clientSecrett: hush
            """);

    assertThat(sentence)
        .isEqualTo("The bridge could not start: SessionBean has no option clientSecrett.");
  }

  @ParameterizedTest
  @CsvSource({
    "fsync=sometimes, 'it is one of never, commit.'",
    "commitInterval=soon, String index out of range: -1.",
  })
  void namesTheOptionWhoseValueIsWrong(String option, String why) throws Exception {
    String sentence = start(SOUND.replace("- log: \"tick\"", "- to: spool:events?" + option));

    assertThat(sentence)
        .startsWith("Route tick")
        .contains(option.replace("=", " cannot be \"") + "\"")
        .endsWith(why);
  }

  @Test
  void namesTheOptionThatIsNoNumber() throws Exception {
    String sentence = start(SOUND.replace("- log: \"tick\"", "- to: spool:events?maxBytes=10XB"));

    assertThat(sentence)
        .startsWith("Route tick")
        .endsWith(
            "The option maxBytes is \"10XB\", but it must be a whole number of bytes, or one with"
                + " KB, MB, GB or TB, as in 64MB.");
  }

  @Test
  void namesThePortThatIsTaken() {
    Throwable failure =
        new RuntimeException(
            "Failed to start quarkus",
            new QuarkusBindException("0.0.0.0", 9876, new BindException("in use")));

    assertThat(StartFailure.sentence(failure))
        .contains("port 9876 is in use by another program", "CARAVAN_MANAGEMENT_PORT");
  }

  @Test
  void fallsBackOnTheInnermostMessage() {
    Throwable failure =
        new RuntimeException("Failed to start quarkus", new IllegalStateException("No\n  luck."));

    assertThat(StartFailure.sentence(failure)).isEqualTo("The bridge could not start: No luck.");
  }

  @Test
  void everySentenceHasItsEnd() {
    assertThat(StartFailure.sentence(new IllegalStateException("No luck")))
        .isEqualTo("The bridge could not start: No luck.");
  }

  @Test
  void prefersTheSentenceAboutAFileToItsBareName() {
    Throwable failure =
        new UncheckedIOException("The folder cannot be read.", new NoSuchFileException("/x"));

    assertThat(StartFailure.sentence(failure)).endsWith("The folder cannot be read.");
  }

  @Test
  void prefersASentenceToWhatTheOperatingSystemSaid() {
    Throwable failure =
        new RuntimeException(
            "Failed",
            new IOException("The file /x is damaged.", new IOException("Is a directory")));

    assertThat(StartFailure.sentence(failure)).endsWith("The file /x is damaged.");
  }

  private Path file() {
    return folder.resolve("a.camel.yaml");
  }

  private String start(String yaml) throws Exception {
    Files.writeString(file(), yaml);
    CamelContext camel = new DefaultCamelContext();
    Throwable failure =
        catchThrowable(
            () -> {
              PluginHelper.getRoutesLoader(camel)
                  .loadRoutes(ResourceHelper.resolveResource(camel, "file:" + file()));
              camel.start();
            });
    camel.stop();
    return StartFailure.sentence(failure);
  }
}
