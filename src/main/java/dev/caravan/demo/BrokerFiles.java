package dev.caravan.demo;

import dev.caravan.command.CommandFailure;
import dev.caravan.command.Home;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The folder of a {@link LocalBroker}: what it is started with, its data and its log. */
record BrokerFiles(Path folder) {

  static BrokerFiles inNewFolder() {
    try {
      return new BrokerFiles(Files.createTempDirectory("caravan-kafka-"));
    } catch (IOException e) {
      throw new CommandFailure(
          "Could not create a temporary folder for Apache Kafka: " + e.getMessage(), e);
    }
  }

  Path serverProperties() {
    return folder.resolve("server.properties");
  }

  /** The file of arguments for the java program. */
  Path javaArguments() {
    return folder.resolve("java.args");
  }

  Path log() {
    return folder.resolve("broker.log");
  }

  /** For the files that libraries unpack while they run. */
  Path temporary() {
    return folder.resolve("tmp");
  }

  /** Writes what the broker is started with. */
  void write(LocalBroker.Settings settings, int port, int controllerPort) {
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
            folder.resolve("data").toString()));
    properties.putAll(
        Map.of(
            "num.partitions", "3",
            "message.max.bytes", "8388608",
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
      Files.createDirectory(temporary());
      try (Writer out = Files.newBufferedWriter(serverProperties())) {
        properties.store(out, "One Kafka node for a demo or a test");
      }
      Files.write(javaArguments(), flags(settings), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("Could not write to " + folder, e);
    }
  }

  private List<String> flags(LocalBroker.Settings settings) {
    List<String> flags = new ArrayList<>(Home.nativeAccess());
    settings.jvmFlags().stream().map(BrokerFiles::quoted).forEach(flags::add);
    flags.addAll(
        List.of(
            "-Xmx512m",
            "-XX:+UseSerialGC",
            "-XX:+ExitOnOutOfMemoryError",
            "-XX:TieredStopAtLevel=1", // starts in half the time, and is fast enough for a demo
            quoted("-Djava.io.tmpdir=" + temporary()),
            "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
            "-cp",
            // Own classes last: an archive of classes is of the jars alone, and counts for a class
            // path that begins with them
            quoted(jars() + File.pathSeparator + ownClasses())));
    return flags;
  }

  /** As the java program reads it from a file of arguments. */
  private static String quoted(String argument) {
    return '"' + argument.replace("\\", "\\\\") + '"';
  }

  /** The jars that a broker runs with, as a class path. */
  static String jars() {
    Path list = Home.path().resolve("target/broker.classpath");
    try (Stream<String> jars =
        Stream.of(Files.readString(list).strip().split(File.pathSeparator))) {
      // Quarkus would hold back the broker's log until a Quarkus application has started.
      return jars.filter(jar -> !Path.of(jar).getFileName().toString().startsWith("quarkus-"))
          .collect(Collectors.joining(File.pathSeparator));
    } catch (IOException e) {
      throw new CommandFailure(
          "The list of Apache Kafka's jars, %s, is not there. Build it with: mvn -Dmaven.test.skip=true package"
              .formatted(list.toAbsolutePath()),
          e);
    }
  }

  private static String ownClasses() {
    CodeSource source = LocalBroker.class.getProtectionDomain().getCodeSource();
    try {
      return Path.of(source.getLocation().toURI()).toString();
    } catch (URISyntaxException e) {
      throw new IllegalStateException("Not a place to load classes from: " + source, e);
    }
  }
}
