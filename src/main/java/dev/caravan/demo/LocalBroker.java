package dev.caravan.demo;

import dev.caravan.command.CommandFailure;
import dev.caravan.command.Folders;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
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

    public Settings {
      properties = Map.copyOf(properties);
      jvmFlags = List.copyOf(jvmFlags);
    }

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

  private final BrokerFiles files;
  private final int port;
  private final int controllerPort;
  private ChildProcess process;

  private LocalBroker(BrokerFiles files, int port, int controllerPort) {
    this.files = files;
    this.port = port;
    this.controllerPort = controllerPort;
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
        boolean portWasSnatched = broker.log().contains("Address already in use");
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
    LocalBroker broker = new LocalBroker(BrokerFiles.inNewFolder(), port, FreePorts.next());
    try {
      broker.files.write(settings, port, broker.controllerPort);
      return broker;
    } catch (RuntimeException e) {
      broker.close();
      throw e;
    }
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

  /** The jars that every broker runs with, as a class path that its own begins with. */
  public static String jars() {
    return BrokerFiles.jars();
  }

  /** Where its data, configuration and log lie. */
  Path folder() {
    return files.folder();
  }

  /** For the files that libraries unpack while they run. */
  Path temporaryFolder() {
    return files.temporary();
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
                ChildProcess.java(),
                "@" + files.javaArguments(),
                BrokerProcess.class.getName(),
                files.serverProperties().toString()),
            System.getenv(),
            files.log());
    awaitAnswer();
  }

  /** Ends the broker and deletes its data. */
  @Override
  public void close() {
    if (process != null) {
      process.kill();
    }
    Folders.delete(files.folder());
  }

  private String log() {
    return process == null ? "" : String.join("\n", process.lastLogLines(200));
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
