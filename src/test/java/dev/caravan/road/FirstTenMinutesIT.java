package dev.caravan.road;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import dev.caravan.testing.Bridge;
import dev.caravan.testing.Pages;
import dev.caravan.testing.Routes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Does what docs/first-ten-minutes.md tells a new user to do, in a folder with the launcher, what
 * was built and a copy of the routes, and looks for what the page says is seen then. Only the ports
 * are others, as those of the page may be taken.
 */
class FirstTenMinutesIT {

  private static final Pattern BLOCK = Pattern.compile("(?ms)^```(sh|text|page|ends)\n(.*?)^```");
  private static final Duration PATIENCE = Duration.ofMinutes(4);

  @TempDir private Path folder;
  private final Map<String, String> ports = new TreeMap<>();
  private final StringBuilder exports = new StringBuilder();
  private Process demo;
  private Path output;
  private Path demoOutput;

  @BeforeEach
  void aCheckout() throws IOException {
    Files.copy(Path.of("caravan"), folder.resolve("caravan"), StandardCopyOption.COPY_ATTRIBUTES);
    Files.createSymbolicLink(folder.resolve("target"), Path.of("target").toAbsolutePath());
    Routes.copyTo(folder);
    List.of("9092", "8080", "9876")
        .forEach(port -> ports.put(port, String.valueOf(Bridge.freePort())));
  }

  @AfterEach
  void end() {
    if (demo != null) {
      List<ProcessHandle> all =
          Stream.concat(Stream.of(demo.toHandle()), demo.descendants()).toList();
      all.forEach(ProcessHandle::destroyForcibly);
      // Until then they may write into the folder, which is about to be deleted
      all.forEach(it -> it.onExit().completeOnTimeout(it, 1, TimeUnit.MINUTES).join());
    }
  }

  @Test
  void areAsThePageSays() throws Exception {
    List<MatchResult> blocks =
        BLOCK.matcher(Pages.text(Path.of("docs/first-ten-minutes.md"))).results().toList();
    assertThat(blocks.stream().map(it -> it.group(1)).collect(Collectors.toSet())).hasSize(4);

    for (MatchResult block : blocks) {
      String text = withOurPorts(block.group(2));
      switch (block.group(1)) {
        case "sh" -> run(text);
        case "text" -> awaitLines(text, output);
        case "page" -> look(text);
        default -> {
          // As Ctrl-C does
          demo.toHandle().destroy();
          awaitLines(text, demoOutput);
          assertThat(demo.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        }
      }
    }
  }

  private String withOurPorts(String text) {
    String ours = text;
    for (Map.Entry<String, String> port : ports.entrySet()) {
      ours = ours.replaceAll("\\b" + port.getKey() + "\\b", port.getValue());
    }
    return ours;
  }

  /** The demo goes on running; whatever else is typed has an end. */
  private void run(String commands) throws Exception {
    output = Files.createTempFile(folder, "output", ".txt");
    if (commands.startsWith("./caravan demo")) {
      demo = shell("exec " + commands);
      demoOutput = output;
      return;
    }
    Process shell = shell(exports + commands);
    assertThat(shell.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).as(commands).isTrue();
    assertThat(shell.exitValue()).as(commands + Files.readString(output)).isZero();
    commands
        .lines()
        .filter(it -> it.startsWith("export "))
        .forEach(it -> exports.append(it + "\n"));
  }

  private Process shell(String commands) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder("bash", "-c", commands)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    builder
        .environment()
        .keySet()
        .removeIf(name -> name.matches("(GENESYS|KAFKA|CARAVAN|QUARKUS|CAMEL|OTEL)_.*"));
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    return builder.start();
  }

  private void awaitLines(String lines, Path said) {
    for (String line : lines.lines().toList()) {
      await()
          .alias(line)
          .atMost(PATIENCE)
          .untilAsserted(() -> assertThat(Files.readString(said)).containsPattern(pattern(line)));
    }
  }

  private void look(String lines) throws IOException {
    try (Chromium browser = Chromium.start()) {
      Page page =
          browser.open(Integer.parseInt(ports.get("8080")), new Browser.NewContextOptions());
      for (String line : lines.lines().toList()) {
        PlaywrightAssertions.assertThat(page.locator("body")).containsText(line);
      }
    }
  }

  /** Three dots stand for what differs from time to time. */
  private static Pattern pattern(String line) {
    return Pattern.compile(
        Arrays.stream(line.stripTrailing().split("…", -1))
            .map(Pattern::quote)
            .collect(Collectors.joining(".*")));
  }
}
