package dev.caravan.testing;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.caravan.command.Home;
import dev.caravan.demo.FreePorts;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.awaitility.core.ConditionTimeoutException;

/**
 * The real bridge, started as a user starts it: the packaged jar, the environment, the routes. It
 * ends when the process that started it ends.
 */
public final class Bridge implements AutoCloseable {

  /** The flags that the launcher and the container give to the JVM. */
  public static final String SHIPPED_FLAGS =
      "-XX:+UseSerialGC -XX:NewRatio=1 -XX:SurvivorRatio=3 -XX:TargetSurvivorRatio=90"
          + " -XX:CompileThresholdScaling=4 -Xmx128m -XX:+ExitOnOutOfMemoryError"
          + " -XX:TrimNativeHeapInterval=5000";

  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final Duration STOP_PATIENCE = Duration.ofMinutes(2);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient HTTP =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();

  /** How a bridge is started; made by {@link #settings()}. */
  public static final class Settings {

    private final Map<String, String> environment = new TreeMap<>();
    private List<String> command =
        List.of(
            Home.java(),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            // As it is shipped: most of what a start runs is not worth compiling
            "-XX:CompileThresholdScaling=4",
            "-Xmx256m",
            "-XX:+ExitOnOutOfMemoryError");
    private final List<String> arguments = new ArrayList<>();
    private List<String> program = List.of();

    private Settings() {}

    /** Login and API of a stand-in, and the client it knows. */
    public Settings genesys(String url) {
      return with("GENESYS_LOGIN_URL", url)
          .with("GENESYS_API_URL", url)
          .with("GENESYS_CLIENT_ID", "demo")
          .with("GENESYS_CLIENT_SECRET", "demo");
    }

    public Settings kafka(String bootstrapServers, String topicPrefix) {
      return with("KAFKA_BOOTSTRAP_SERVERS", bootstrapServers)
          .with("CARAVAN_TOPIC_PREFIX", topicPrefix);
    }

    /** Sets a variable of the environment. */
    public Settings with(String name, String value) {
      environment.put(name, value);
      return this;
    }

    public Settings without(String name) {
      environment.remove(name);
      return this;
    }

    public Settings java(String program, List<String> flags) {
      command = new ArrayList<>(List.of(program));
      command.addAll(flags);
      return this;
    }

    /** With more in the log. */
    public Settings verbose() {
      arguments.add("--verbose");
      return this;
    }

    /** From this jar, and not from the class path with an archive of classes. */
    public Settings jar(String path) {
      return program(
          List.of("-jar", Path.of(path).toAbsolutePath().toString(), "run", "--until-input-ends"));
    }

    /** Another program in its place: what the JVM is told after its flags. */
    public Settings program(List<String> arguments) {
      program = List.copyOf(arguments);
      return this;
    }

    /**
     * Starts it.
     *
     * @param folder for its log and its data
     */
    public Bridge start(Path folder) {
      return new Bridge(this, folder);
    }
  }

  private final Process process;
  private final Path log;
  private final int managementPort;
  private final int pagePort;

  private Bridge(Settings settings, Path folder) {
    List<String> command = new ArrayList<>(settings.command);
    if (settings.program.isEmpty()) {
      command.addAll(QuickStart.program());
      command.addAll(List.of("run", "--until-input-ends"));
    } else {
      command.addAll(settings.program);
    }
    command.addAll(settings.arguments);
    Map<String, String> environment = new TreeMap<>(settings.environment);
    environment.putIfAbsent("CARAVAN_DATA_DIR", folder.resolve("data").toString());
    environment.putIfAbsent("CARAVAN_MANAGEMENT_PORT", String.valueOf(freePort()));
    environment.putIfAbsent("CARAVAN_HTTP_PORT", String.valueOf(freePort()));
    managementPort = Integer.parseInt(environment.get("CARAVAN_MANAGEMENT_PORT"));
    pagePort = Integer.parseInt(environment.get("CARAVAN_HTTP_PORT"));
    try {
      log = Files.createTempFile(folder, "bridge-", ".log");
      process = launch(command, environment, folder, log);
    } catch (IOException e) {
      throw new UncheckedIOException("The bridge could not be started", e);
    }
  }

  public static Settings settings() {
    return new Settings();
  }

  /** Starts a program in this folder, with these settings and no others. */
  static Process launch(
      List<String> command, Map<String, String> settings, Path folder, Path output)
      throws IOException {
    // A .env that lies in the checkout is not meant for it
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    builder
        .environment()
        .keySet()
        .removeIf(
            name -> name.matches("(GENESYS|KAFKA|CARAVAN|QUARKUS|CAMEL)_.*|(?i:(https|no)_proxy)"));
    builder
        .environment()
        .putIfAbsent("CARAVAN_ROUTES_DIR", Home.path().resolve("routes").toString());
    builder.environment().putAll(settings);
    return builder.start();
  }

  /** A port of the loopback address that nobody listens on. */
  public static int freePort() {
    return FreePorts.next();
  }

  public long pid() {
    return process.pid();
  }

  public int managementPort() {
    return managementPort;
  }

  /** Where the status page is. */
  public int pagePort() {
    return pagePort;
  }

  public boolean isRunning() {
    return process.isAlive();
  }

  public void failIfEnded() {
    if (!process.isAlive()) {
      throw new IllegalStateException(
          "The bridge has ended with exit code " + process.exitValue() + ". It said: " + log());
    }
  }

  // ---- what it says

  /** All it has written so far. */
  public String log() {
    try {
      return new String(Files.readAllBytes(log), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The lines it has written so far. */
  public List<String> logLines() {
    return log().lines().toList();
  }

  /** Waits until its output contains a text. */
  public Bridge awaitLog(String text) {
    try {
      await()
          .atMost(PATIENCE)
          .pollInterval(Duration.ofMillis(100))
          .until(
              () -> {
                boolean said = log().contains(text);
                if (!said) {
                  failIfEnded();
                }
                return said;
              });
    } catch (ConditionTimeoutException e) {
      throw new AssertionError("Not \"" + text + "\", but the bridge said: " + log(), e);
    }
    return this;
  }

  // ---- what it serves

  /**
   * What readiness tells.
   *
   * @param status 200 for ready, 503 for not ready; 0 if nobody answered
   * @param text the body
   */
  public record Health(int status, String text) {

    public boolean isReady() {
      return status == 200;
    }

    /** The data of a check, such as {@code genesys-notifications}; missing if it is not there. */
    public JsonNode check(String name) {
      try {
        for (JsonNode check : JSON.readTree(text).path("checks")) {
          if (check.path("name").asText().contains(name)) {
            return check;
          }
        }
        return MissingNode.getInstance();
      } catch (JsonProcessingException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** Readiness as it is now. */
  public Health readiness() {
    return get("/observe/health/ready");
  }

  public Health liveness() {
    return get("/observe/health/live");
  }

  public String metrics() {
    return get("/observe/metrics").text();
  }

  /** Waits for a readiness that is told. */
  public Health awaitReadiness(String what, Predicate<Health> enough) {
    AtomicReference<Health> last = new AtomicReference<>();
    try {
      return await()
          .atMost(PATIENCE)
          .pollInterval(Duration.ofMillis(250))
          .until(
              () -> {
                failIfEnded();
                last.set(readiness());
                return last.get();
              },
              health -> health.status() != 0 && enough.test(health));
    } catch (ConditionTimeoutException e) {
      throw new AssertionError(
          "Not so: %s. Readiness is %s; the bridge said: %s".formatted(what, last, log()), e);
    }
  }

  public Health awaitReady() {
    return awaitReadiness("the bridge is ready", Health::isReady);
  }

  private Health get(String path) {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + managementPort + path))
            .timeout(Duration.ofSeconds(30))
            .build();
    try {
      HttpResponse<String> answer = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
      return new Health(answer.statusCode(), answer.body());
    } catch (ConnectException | HttpTimeoutException notYet) {
      return new Health(0, "");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  // ---- its end

  /** Asks it to end, as SIGTERM does. */
  public void terminate() {
    // Not process.destroy(): it closes the input, too, which ends the bridge on the spot
    process.toHandle().destroy();
  }

  /** Ends it on the spot, as {@code kill -9} does, and waits until it has. */
  public void kill() {
    process.toHandle().destroyForcibly();
    awaitEnd();
  }

  /** Waits until it has ended; returns the exit code. */
  public int awaitEnd() {
    try {
      if (process.waitFor(STOP_PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        return process.exitValue();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw new IllegalStateException("The bridge did not end. It said: " + log());
  }

  @Override
  public void close() {
    process.toHandle().destroy();
    try {
      if (!process.waitFor(STOP_PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      process.destroyForcibly();
    }
  }
}
