package dev.caravan.demo;

import dev.caravan.command.CommandFailure;
import dev.caravan.command.Folders;
import dev.caravan.command.Home;
import java.io.File;
import java.io.IOException;
import java.io.StringReader;
import java.io.Writer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
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

  /**
   * What a broker is started with.
   *
   * @param port 0 for any free one
   * @param properties lines of Kafka's server.properties
   * @param jvmFlags for its JVM, beside those that each broker gets
   */
  public record Settings(int port, Map<String, String> properties, List<String> jvmFlags) {

    public static Settings defaults() {
      return new Settings(0, Map.of(), List.of());
    }

    public Settings withPort(int port) {
      return new Settings(port, properties, jvmFlags);
    }

    public Settings withJvmFlags(List<String> flags) {
      return new Settings(port, properties, flags);
    }

    /** Adds any line of Kafka's server.properties, or replaces one. */
    public Settings with(String name, String value) {
      Map<String, String> more = new HashMap<>(properties);
      more.put(name, value);
      return new Settings(port, more, jvmFlags);
    }
  }

  private static final Duration START_PATIENCE = Duration.ofSeconds(120);
  private static final Duration STOP_PATIENCE = Duration.ofSeconds(30);
  private static final Duration PROBE_INTERVAL = Duration.ofMillis(100);
  private static final int PORT_ATTEMPTS = 3;

  private static final String PROPERTIES =
      """
      process.roles = broker,controller
      node.id = 1
      controller.quorum.voters = 1@127.0.0.1:%2$s
      controller.listener.names = CONTROLLER
      listeners = PLAINTEXT://127.0.0.1:%1$s,CONTROLLER://127.0.0.1:%2$s
      advertised.listeners = PLAINTEXT://127.0.0.1:%1$s
      num.partitions = 3
      message.max.bytes = 8388608
      offsets.topic.replication.factor = 1
      offsets.topic.num.partitions = 1
      transaction.state.log.replication.factor = 1
      transaction.state.log.min.isr = 1
      transaction.state.log.num.partitions = 1
      group.initial.rebalance.delay.ms = 0
      # A killed broker may come back only when its old session has run out
      broker.session.timeout.ms = 3000
      broker.heartbeat.interval.ms = 500
      """;

  private final Path folder;
  private final int port;
  private ChildProcess process;

  private LocalBroker(Path folder, int port) {
    this.folder = folder;
    this.port = port;
  }

  public static LocalBroker start() {
    return start(Settings.defaults());
  }

  /** Starts a broker and waits until it answers. */
  public static LocalBroker start(Settings settings) {
    for (int attempt = 1; ; attempt++) {
      LocalBroker broker = prepare(settings);
      try {
        broker.restart();
        return broker;
      } catch (RuntimeException e) {
        boolean portWasSnatched =
            broker.process != null
                && broker.lastLogLines(200).stream()
                    .anyMatch(line -> line.contains("Address already in use"));
        broker.close();
        if (!portWasSnatched || attempt == PORT_ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  /** One that is away until {@link #restart()}, though it is known where it will be. */
  public static LocalBroker prepare(Settings settings) {
    int port = FreePorts.claim(settings.port(), "Apache Kafka", "Name another one, or 0 for any.");
    try {
      LocalBroker broker = new LocalBroker(Files.createTempDirectory("caravan-kafka-"), port);
      try {
        broker.write(settings);
        return broker;
      } catch (IOException | RuntimeException e) {
        broker.close();
        throw e;
      }
    } catch (IOException e) {
      throw new CommandFailure(
          "Could not create a temporary folder for Apache Kafka: " + e.getMessage(), e);
    }
  }

  /** Writes what the broker is started with. */
  private void write(Settings settings) throws IOException {
    Properties properties = new Properties();
    properties.load(
        new StringReader(
            PROPERTIES.formatted(String.valueOf(port), String.valueOf(FreePorts.next()))));
    properties.setProperty("log.dirs", folder.resolve("data").toString());
    properties.putAll(settings.properties());
    Files.createDirectory(temporaryFolder());
    try (Writer out = Files.newBufferedWriter(folder.resolve("server.properties"))) {
      properties.store(out, "One Kafka node for a demo or a test");
    }
    List<String> flags = new ArrayList<>(Home.nativeAccess());
    flags.addAll(settings.jvmFlags());
    flags.addAll(
        List.of(
            "-Xmx512m",
            "-XX:+UseSerialGC",
            "-XX:+ExitOnOutOfMemoryError",
            "-XX:TieredStopAtLevel=1", // starts in half the time, and is fast enough for a demo
            "-Djava.io.tmpdir=" + temporaryFolder(),
            "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
            "-cp",
            // Own classes last: an archive of classes is of the jars alone, and counts for a class
            // path that begins with them
            jars() + File.pathSeparator + ownClasses()));
    // As the java program reads them from a file
    flags.replaceAll(flag -> '"' + flag.replace("\\", "\\\\") + '"');
    Files.write(folder.resolve("java.args"), flags);
  }

  /** The jars that every broker runs with, as a class path that its own begins with. */
  public static String jars() {
    Path list = Home.path().resolve("target/broker.classpath");
    try (Stream<String> jars =
        Stream.of(Files.readString(list).strip().split(File.pathSeparator))) {
      // Quarkus would hold back the broker's log until a Quarkus application has started
      return jars.filter(jar -> !Path.of(jar).getFileName().toString().startsWith("quarkus-"))
          .collect(Collectors.joining(File.pathSeparator));
    } catch (IOException e) {
      throw new CommandFailure(
          "The list of Apache Kafka's jars, %s, is not there. Build it with: mvn -Dmaven.test.skip=true package"
              .formatted(list.toAbsolutePath()),
          e);
    }
  }

  private static Path ownClasses() {
    CodeSource source = LocalBroker.class.getProtectionDomain().getCodeSource();
    return Path.of(URI.create(source.getLocation().toString()));
  }

  public String bootstrapServers() {
    return "127.0.0.1:" + port;
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

  /** For the files that libraries unpack while they run. */
  Path temporaryFolder() {
    return folder.resolve("tmp");
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

  /** Starts the prepared, stopped or killed broker on the same port with the same data. */
  public void restart() {
    if (isRunning()) {
      throw new IllegalStateException("The broker is running: stop or kill it first.");
    }
    process =
        ChildProcess.start(
            List.of(
                Home.java(),
                "@" + folder.resolve("java.args"),
                BrokerProcess.class.getName(),
                folder.resolve("server.properties").toString()),
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

  private void awaitAnswer() {
    long deadline = System.nanoTime() + START_PATIENCE.toNanos();
    while (!answers()) {
      failIfEndedOrLate(deadline);
    }
  }

  private boolean answers() {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1_000);
    } catch (IOException notYet) {
      return false;
    }
    Map<String, Object> properties =
        Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers());
    try (Admin admin = Admin.create(properties)) {
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
