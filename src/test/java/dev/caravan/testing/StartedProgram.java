package dev.caravan.testing;

import static org.awaitility.Awaitility.await;

import dev.caravan.command.Home;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The packaged program as a process of its own, as a user starts it. */
public final class StartedProgram implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofMinutes(3);

  private final Process process;
  private final Path output;

  private StartedProgram(Process process, Path output) {
    this.process = process;
    this.output = output;
  }

  public static StartedProgram start(
      Path folder, Map<String, String> environment, String... arguments) throws IOException {
    return start(QuickStart.program(), folder, environment, arguments);
  }

  /** From its jar, by the launcher and the class loader of Quarkus. */
  public static StartedProgram startJar(
      Path folder, Map<String, String> environment, String... arguments) throws IOException {
    String jar = Path.of("target/quarkus-app/quarkus-run.jar").toAbsolutePath().toString();
    return start(List.of("-jar", jar), folder, environment, arguments);
  }

  private static StartedProgram start(
      List<String> program, Path folder, Map<String, String> environment, String... arguments)
      throws IOException {
    List<String> command =
        new ArrayList<>(List.of(Home.java(), "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
    command.add("-Djava.io.tmpdir=" + folder);
    command.add("-Dcaravan.home=" + Home.path());
    command.add("-Dcaravan.jvm.flags=-XX:+UseSerialGC -Djava.io.tmpdir=" + folder);
    command.addAll(program);
    command.addAll(List.of(arguments));
    Path output = Files.createTempFile(folder, "output", ".txt");
    return new StartedProgram(Bridge.launch(command, environment, folder, output), output);
  }

  public String output() {
    try {
      return Files.readString(output);
    } catch (IOException e) {
      throw new AssertionError("no output", e);
    }
  }

  /** Waits until the output holds this, and returns its first group. */
  public String awaitOutput(String regex) {
    Pattern pattern = Pattern.compile(regex);
    await()
        .conditionEvaluationListener(null)
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(200))
        .until(() -> pattern.matcher(output()).find() || !process.isAlive());
    Matcher found = pattern.matcher(output());
    if (!found.find()) {
      throw new AssertionError("No " + regex + " in:\n" + output());
    }
    return found.groupCount() == 0 ? found.group() : found.group(1);
  }

  public long pid() {
    return process.pid();
  }

  public List<ProcessHandle> children() {
    return process.descendants().toList();
  }

  public void terminate() {
    process.toHandle().destroy();
  }

  public void kill() {
    process.destroyForcibly();
  }

  public int awaitEnd() throws InterruptedException {
    if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
      throw new AssertionError("Still running:\n" + output());
    }
    return process.exitValue();
  }

  @Override
  public void close() {
    List<ProcessHandle> all =
        Stream.concat(Stream.of(process.toHandle()), children().stream()).toList();
    all.forEach(ProcessHandle::destroyForcibly);
    // Until then they may write into a folder that is about to be deleted
    all.forEach(one -> one.onExit().completeOnTimeout(one, 1, TimeUnit.MINUTES).join());
  }
}
