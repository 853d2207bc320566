package dev.caravan.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.caravan.testing.Pages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever a page tells the reader to type is understood, and what it names is there. */
class DocumentedCommandsTest {

  /** Up to the end of a command: what follows is a comment, prose, or another program. */
  private static final String ARGUMENTS = "((?: +(?![#|>&])[^\\s`|;]+)*)";

  private static final Pattern CARAVAN =
      Pattern.compile(
          "(?:\\./caravan|bin/caravan|docker compose run --rm caravan|quarkus-run\\.jar)"
              + ARGUMENTS);
  private static final Pattern COMPOSE = Pattern.compile("docker compose" + ARGUMENTS);
  private static final Pattern SCRIPT =
      Pattern.compile("(?<![\\w./-])((?:bench|\\.ci|src/test/containers|docker/bin)/[\\w-]+)");
  private static final Pattern MAVEN = Pattern.compile("(?<![\\w/.-])mvn" + ARGUMENTS);
  private static final List<String> PHASES =
      List.of("test-compile", "process-classes", "test", "package", "install", "verify");
  private static final Pattern BENCH = Pattern.compile("bench/(\\w+)" + ARGUMENTS);
  private static final Pattern CLASS = Pattern.compile("dev\\.caravan(?:\\.[a-z]+)*\\.[A-Z]\\w+");
  private static final Pattern TESTS = Pattern.compile("-D(?:it\\.)?test='?([\\w#*,]+)'?");
  private static final Pattern TEST = Pattern.compile("`(\\w+[a-z](?:IT|Test))`");
  private static final Pattern PROPERTY = Pattern.compile("-D((?:caravan|tests)\\.[a-z.-]+)=");

  private static List<Path> pages() {
    return Pages.all();
  }

  private static Stream<MatchResult> in(Path page, Pattern pattern) {
    String text = Pages.text(page).replace("\\\n", " ").replaceAll("<[a-z][\\w -]*>", "1");
    return pattern.matcher(text).results();
  }

  private static List<String> words(String arguments) {
    return Arrays.stream(arguments.strip().split(" +")).filter(word -> !word.isEmpty()).toList();
  }

  @ParameterizedTest
  @MethodSource("pages")
  void whatCaravanIsToldIsUnderstood(Path page) {
    in(page, CARAVAN)
        .filter(command -> !command.group(1).contains("…"))
        .forEach(
            command -> {
              List<String> words = words(command.group(1));
              // Only named, not told in full
              String[] told =
                  words.size() == 1
                      ? new String[] {words.get(0), "--help"}
                      : words.toArray(String[]::new);
              assertThatCode(() -> Caravan.commandLine().parseArgs(told))
                  .as("%s in %s", command.group(), page)
                  .doesNotThrowAnyException();
            });
  }

  @ParameterizedTest
  @MethodSource("pages")
  void profilesAndFilesOfComposeAreThere(Path page) throws IOException {
    String compose = Files.readString(Path.of("docker-compose.yml"));
    in(page, COMPOSE)
        .map(command -> words(command.group(1)))
        .forEach(
            words -> {
              for (int i = 0; i + 1 < words.size(); i++) {
                if (words.get(i).equals("--profile")) {
                  assertThat(compose).contains("profiles: [" + words.get(i + 1) + "]");
                } else if (words.get(i).equals("-f") && words.get(i + 1).endsWith(".yml")) {
                  assertThat(Path.of(words.get(i + 1))).exists();
                }
              }
            });
  }

  @ParameterizedTest
  @MethodSource("pages")
  void scriptsAreThere(Path page) {
    in(page, SCRIPT).forEach(script -> assertThat(Path.of(script.group(1))).isExecutable());
  }

  @ParameterizedTest
  @MethodSource("pages")
  void phasesPluginsAndProfilesOfMavenAreThere(Path page) throws IOException {
    String pom = Files.readString(Path.of("pom.xml"));
    in(page, MAVEN)
        .flatMap(command -> words(command.group(1)).stream())
        .filter(word -> !word.matches("-D.*|-[Bqon]|-ntp|-f"))
        // Another pom.xml
        .filter(word -> !word.endsWith(".xml") || !Files.exists(Path.of(word)))
        .forEach(
            word -> {
              String plugin = word.replaceFirst(":.*", "");
              if (word.startsWith("-P")) {
                assertThat(pom).contains("<id>" + word.substring(2) + "</id>");
              } else if (word.contains(":")) {
                assertThat(pom)
                    .as("%s in %s", word, page)
                    .containsPattern(
                        "<artifactId>(%s-maven|maven-%s)-plugin<".formatted(plugin, plugin));
              } else {
                assertThat(PHASES).as("%s in %s", word, page).contains(word);
              }
            });
  }

  @ParameterizedTest
  @MethodSource("pages")
  void optionsOfMeasurementsAreThere(Path page) throws IOException {
    String sources;
    try (Stream<Path> files = Files.list(Path.of("src/test/java/dev/caravan/bench"))) {
      sources = files.map(Pages::text).collect(Collectors.joining());
    }
    in(page, BENCH)
        .flatMap(command -> words(command.group(2)).stream())
        .filter(word -> word.startsWith("--"))
        .map(word -> word.substring(2).replaceFirst("=.*", ""))
        .forEach(
            option ->
                assertThat(sources)
                    .as("--%s in %s", option, page)
                    .containsPattern("\"(--)?" + option + "\""));
  }

  @ParameterizedTest
  @MethodSource("pages")
  void classesThatAreStartedAreThere(Path page) {
    in(page, CLASS).forEach(name -> assertThat(source(name.group())).isNotEmpty());
  }

  private static String source(String className) {
    String file = className.replace('.', '/') + ".java";
    return Stream.of("src/main/java", "src/test/java")
        .map(folder -> Path.of(folder, file))
        .filter(Files::exists)
        .map(Pages::text)
        .findFirst()
        .orElse("");
  }

  @Test
  void testsAreThereAndReadTheirProperties() throws IOException {
    Map<String, String> sources;
    try (Stream<Path> files = Files.walk(Path.of("src/test/java"))) {
      sources =
          files
              .filter(file -> file.toString().endsWith(".java"))
              .collect(Collectors.toMap(DocumentedCommandsTest::className, Pages::text));
    }
    String all = String.join("", sources.values()) + Files.readString(Path.of("pom.xml"));

    assertThat(pages())
        .allSatisfy(
            page -> {
              assertThat(in(page, TEST).map(test -> test.group(1))).allMatch(sources::containsKey);
              assertThat(in(page, PROPERTY).map(property -> property.group(1)))
                  .allMatch(name -> all.contains('"' + name + '"') || all.contains("<" + name));
              in(page, TESTS)
                  .flatMap(tests -> Arrays.stream(tests.group(1).split(",")))
                  .map(test -> test.split("#"))
                  .forEach(test -> assertIsThere(test, sources::get));
              in(page, MAVEN).forEach(command -> assertTagsLetItRun(command.group(), sources));
            });
  }

  /**
   * What has the tag {@code slow}, or all of a class {@code long}, runs only if it is asked for.
   */
  private static void assertTagsLetItRun(String command, Map<String, String> sources) {
    TESTS
        .matcher(command)
        .results()
        .flatMap(tests -> Arrays.stream(tests.group(1).split(",")))
        .map(test -> test.split("#"))
        .forEach(
            test -> {
              String source = sources.get(test[0]);
              String method = test.length > 1 ? test[1].replace("*", "") : "";
              if (source.contains("@Tag(\"slow\")\nclass")) {
                assertThat(command).contains("-Dtests.later=");
              }
              if (!method.isEmpty() && source.contains("@Tag(\"long\")\n  void " + method)) {
                assertThat(command).contains("-Dtests.left-out=");
              }
            });
  }

  private static String className(Path file) {
    return file.getFileName().toString().replace(".java", "");
  }

  /** A class, and perhaps the beginning of a method's name. */
  private static void assertIsThere(String[] test, Function<String, String> sourceOf) {
    String source = sourceOf.apply(test[0]);
    assertThat(source).as(test[0]).isNotNull();
    if (test.length > 1) {
      assertThat(source).contains("void " + test[1].replace("*", ""));
    }
  }
}
