package dev.caravan.cli;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;

/**
 * For having a real Apache Kafka at hand, without Docker: one KRaft node as a child process, its
 * data in a temporary folder, listening on the loopback address only. It ends with the process that
 * started it, and its data with it; {@link #close()} does so earlier.
 */
public final class LocalBroker implements AutoCloseable {

  /** What a broker is started with; port 0 means any free one. */
  public record Settings(
      int port, int partitions, int maxMessageBytes, Map<String, String> properties) {

    public Settings {
      properties = Map.copyOf(properties);
    }

    public static Settings defaults() {
      return new Settings(0, 3, 8 * 1024 * 1024, Map.of());
    }

    public Settings withPort(int port) {
      return new Settings(port, partitions, maxMessageBytes, properties);
    }

    public Settings withPartitions(int partitions) {
      return new Settings(port, partitions, maxMessageBytes, properties);
    }

    public Settings withMaxMessageBytes(int maxMessageBytes) {
      return new Settings(port, partitions, maxMessageBytes, properties);
    }

    /** Adds any line of Kafka's server.properties. */
    public Settings with(String name, String value) {
      Map<String, String> more = new HashMap<>(properties);
      more.put(name, value);
      return new Settings(port, partitions, maxMessageBytes, more);
    }
  }

  private static final Duration START_PATIENCE = Duration.ofSeconds(120);
  private static final Duration STOP_PATIENCE = Duration.ofSeconds(30);
  private static final Duration PROBE_INTERVAL = Duration.ofMillis(100);
  private static final int PORT_ATTEMPTS = 3;

  private final Settings settings;
  private final Path folder;
  private final int port;
  private final int controllerPort;
  private ChildProcess process;

  private LocalBroker(Settings settings, Path folder, int port, int controllerPort) {
    this.settings = settings;
    this.folder = folder;
    this.port = port;
    this.controllerPort = controllerPort;
  }

  public static LocalBroker start() {
    return start(Settings.defaults());
  }

  /** Starts a broker and waits until it answers. */
  public static LocalBroker start(Settings settings) {
    FreePorts ports = new FreePorts(ThreadLocalRandom.current());
    for (int attempt = 1; ; attempt++) {
      int port = ports.claim(settings.port(), "Apache Kafka", "Name another one, or 0 for any.");
      LocalBroker broker = new LocalBroker(settings, newFolder(), port, ports.next());
      try {
        broker.prepare();
        broker.restart();
        return broker;
      } catch (RuntimeException e) {
        boolean portWasSnatched = broker.log().contains("Address already in use");
        broker.close();
        if (!portWasSnatched || attempt == PORT_ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  public String bootstrapServers() {
    return "127.0.0.1:" + port;
  }

  public int port() {
    return port;
  }

  public boolean isRunning() {
    return process != null && process.isRunning();
  }

  public long pid() {
    return process.pid();
  }

  /** Where its data, configuration and log lie. */
  Path folder() {
    return folder;
  }

  /** Completes with the exit code when the broker's process ends, for whatever reason. */
  public CompletableFuture<Integer> ended() {
    return process.ended();
  }

  /** The last lines the broker wrote to its log. */
  public List<String> lastLogLines(int most) {
    return process.lastLogLines(most);
  }

  /** Stops the broker in an orderly way; {@link #restart()} brings it back with its data. */
  public void stop() {
    process.stop(STOP_PATIENCE);
  }

  /** Ends the broker as {@code kill -9} does; {@link #restart()} brings it back with its data. */
  public void kill() {
    process.kill();
  }

  /** Starts the stopped or killed broker on the same port with the same data. */
  public void restart() {
    if (isRunning()) {
      throw new IllegalStateException("The broker is running: stop or kill it first.");
    }
    process =
        ChildProcess.start(
            List.of(
                ChildProcess.java(),
                "@" + folder.resolve("java.args"),
                BrokerProcess.class.getName(),
                serverProperties().toString()),
            System.getenv(),
            folder.resolve("broker.log"));
    awaitAnswer();
  }

  /** Ends the broker and deletes its data. */
  @Override
  public void close() {
    if (process != null) {
      process.kill();
    }
    Folders.delete(folder);
  }

  /** For the files that libraries unpack while they run. */
  Path temporaryFolder() {
    return folder.resolve("tmp");
  }

  private String log() {
    return process == null ? "" : String.join("\n", process.lastLogLines(200));
  }

  private Path data() {
    return folder.resolve("data");
  }

  private Path serverProperties() {
    return folder.resolve("server.properties");
  }

  private static Path newFolder() {
    try {
      return Files.createTempDirectory("caravan-kafka-");
    } catch (IOException e) {
      throw new CommandFailure(
          "Could not create a temporary folder for Apache Kafka: " + e.getMessage(), e);
    }
  }

  private void prepare() {
    Properties properties = new Properties();
    properties.putAll(
        Map.of(
            "process.roles",
            "broker,controller",
            "node.id",
            "1",
            "controller.quorum.voters",
            "1@127.0.0.1:" + controllerPort,
            "controller.listener.names",
            "CONTROLLER",
            "listeners",
            "PLAINTEXT://127.0.0.1:" + port + ",CONTROLLER://127.0.0.1:" + controllerPort,
            "advertised.listeners",
            "PLAINTEXT://127.0.0.1:" + port,
            "log.dirs",
            data().toString()));
    properties.putAll(
        Map.of(
            "num.partitions", String.valueOf(settings.partitions()),
            "message.max.bytes", String.valueOf(settings.maxMessageBytes()),
            "offsets.topic.replication.factor", "1",
            "offsets.topic.num.partitions", "1",
            "transaction.state.log.replication.factor", "1",
            "transaction.state.log.min.isr", "1",
            "transaction.state.log.num.partitions", "1",
            "group.initial.rebalance.delay.ms", "0",
            // A killed broker may come back only when its old session has run out.
            "broker.session.timeout.ms", "3000",
            "broker.heartbeat.interval.ms", "500"));
    properties.putAll(settings.properties());
    try {
      Files.createDirectory(temporaryFolder());
      try (Writer out = Files.newBufferedWriter(serverProperties())) {
        properties.store(out, "One Kafka node for a demo or a test");
      }
      Files.write(folder.resolve("java.args"), javaArguments(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("Could not write to " + folder, e);
    }
  }

  private List<String> javaArguments() {
    return List.of(
        "-Xmx512m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1", // starts in half the time, and is fast enough for a demo
        "-Djava.io.tmpdir=" + temporaryFolder(),
        "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
        "-cp",
        '"' + classPath().replace("\\", "\\\\") + '"');
  }

  private static String classPath() {
    Path list = Home.path().resolve("target/broker.classpath");
    List<String> entries = new ArrayList<>();
    entries.add(ownClasses());
    try (Stream<String> jars =
        Stream.of(Files.readString(list).strip().split(File.pathSeparator))) {
      // Quarkus would hold back the broker's log until a Quarkus application has started.
      jars.filter(jar -> !Path.of(jar).getFileName().toString().startsWith("quarkus-"))
          .forEach(entries::add);
    } catch (IOException e) {
      throw new CommandFailure(
          "The list of Apache Kafka's jars, %s, is not there. Build it with: mvn -DskipTests package"
              .formatted(list.toAbsolutePath()),
          e);
    }
    return entries.stream().collect(Collectors.joining(File.pathSeparator));
  }

  private static String ownClasses() {
    CodeSource source = LocalBroker.class.getProtectionDomain().getCodeSource();
    try {
      return Path.of(source.getLocation().toURI()).toString();
    } catch (URISyntaxException e) {
      throw new IllegalStateException("Not a place to load classes from: " + source, e);
    }
  }

  private void awaitAnswer() {
    long deadline = System.nanoTime() + START_PATIENCE.toNanos();
    while (!accepts()) {
      failIfEndedOrLate(deadline);
    }
    try (Admin admin =
        Admin.create(
            Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, (Object) bootstrapServers()))) {
      while (!hasNode(admin)) {
        failIfEndedOrLate(deadline);
      }
    }
  }

  private boolean accepts() {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1_000);
      return true;
    } catch (IOException notYet) {
      return false;
    }
  }

  private static boolean hasNode(Admin admin) {
    try {
      return !admin.describeCluster().nodes().get(5, TimeUnit.SECONDS).isEmpty();
    } catch (ExecutionException | TimeoutException notYet) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CommandFailure("Interrupted while Apache Kafka was starting.", e);
    }
  }

  private void failIfEndedOrLate(long deadline) {
    boolean ended = process.awaitEnd(PROBE_INTERVAL);
    if (ended || System.nanoTime() > deadline) {
      throw new CommandFailure(
          "Apache Kafka %s. The last lines of its log:%n%s"
              .formatted(
                  ended
                      ? "ended while starting"
                      : "did not answer within %d s".formatted(START_PATIENCE.toSeconds()),
                  String.join(System.lineSeparator(), lastLogLines(15))));
    }
  }
}
