package dev.caravan.road;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.testing.Bridge;
import dev.caravan.testing.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Does what a page of the cookbook tells its readers to do. */
final class Recipe {

  static final Path COOKBOOK = Path.of("docs/cookbook");

  private static final Pattern EDIT =
      Pattern.compile("(?is)In `routes/(\\S+)`, replace\n```yaml\n(.*?)```\nby\n```yaml\n(.*?)```");

  private Recipe() {}

  /** Puts a file of the cookbook beside the shipped routes, under its own name. */
  static void add(String file, Path routes) throws IOException {
    Files.copy(COOKBOOK.resolve(file), routes.resolve(file));
  }

  /** Edits the shipped routes as a page says. */
  static void edit(String page, Path routes) throws IOException {
    Matcher edit = EDIT.matcher(Files.readString(COOKBOOK.resolve(page + ".md")));
    assertThat(edit.find()).isTrue();
    Path edited = routes.resolve(edit.group(1));
    String shipped = Files.readString(edited);
    assertThat(shipped).containsOnlyOnce(edit.group(2));
    Files.writeString(edited, shipped.replace(edit.group(2), edit.group(3)));
  }

  /** Fetches the jars that a recipe needs, by the command that its page gives. */
  static Path jars(String recipe, Path folder) throws IOException {
    Path jars = folder.resolve("jars").toAbsolutePath();
    Path pom = COOKBOOK.resolve("jars").resolve(recipe + ".xml");
    String command = "mvn -f " + pom + " dependency:copy-dependencies";
    assertThat(COOKBOOK.resolve(recipe + ".md")).content().contains(command);
    List<String> words = new ArrayList<>(List.of(command.split(" ")));
    words.add("-DoutputDirectory=" + jars);
    maven(words.subList(1, words.size()).toArray(String[]::new));
    return jars;
  }

  /** Has Maven do something. */
  static void maven(String... arguments) throws IOException {
    List<String> words = new ArrayList<>(List.of("mvn", "-B", "-q"));
    words.addAll(List.of(arguments));
    Command maven = Command.run(words.toArray(String[]::new));
    assertThat(maven.exitCode()).as(maven.output()).isZero();
  }

  /** Waits until so many events lie in the spool of a bridge, parked or not. */
  static void awaitWaiting(Bridge bridge, int events) {
    await()
        .atMost(Duration.ofMinutes(2))
        .untilAsserted(() -> assertThat(waiting(bridge)).isEqualTo(events));
  }

  private static double waiting(Bridge bridge) {
    return bridge
        .metrics()
        .lines()
        .filter(line -> line.matches("caravan_spool_(records|parked)\\{spool=\"events\"} .*"))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(' '))))
        .sum();
  }
}
