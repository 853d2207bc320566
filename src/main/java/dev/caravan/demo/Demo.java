package dev.caravan.demo;

import dev.caravan.command.CommandFailure;
import dev.caravan.command.Deadline;
import dev.caravan.command.Home;
import dev.caravan.command.KafkaEnvironment;
import dev.caravan.command.TopicFollower;
import dev.caravan.health.BridgeHealth;
import dev.caravan.simulator.CentreSize;
import dev.caravan.simulator.Simulator;
import dev.caravan.simulator.SimulatorOptions;
import dev.caravan.simulator.Traffic;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;

/**
 * A stand-in for Genesys Cloud, a Kafka broker and the bridge between them, for as long as open.
 */
public final class Demo implements AutoCloseable {

  private static final Duration BRIDGE_PATIENCE = Duration.ofSeconds(25);
  private static final Duration POLL = Duration.ofMillis(250);

  private final DemoSettings settings;
  private final DemoScreen screen;
  private final List<Part> parts = new ArrayList<>();
  private LocalBroker broker;
  private ChildProcess bridge;
  private BridgeHealth health;
  private volatile boolean closing;

  /** Something that was started and has to be ended. */
  private record Part(String name, Runnable end) {}

  private Demo(DemoSettings settings, DemoScreen screen) {
    this.settings = settings;
    this.screen = screen;
  }

  /** Starts all parts; ends those that did start if one cannot. */
  public static Demo start(DemoSettings settings, DemoScreen screen) {
    Demo demo = new Demo(settings, screen);
    try {
      demo.startParts();
      return demo;
    } catch (RuntimeException e) {
      demo.close();
      throw e;
    }
  }

  private void startParts() {
    // All ports first: what cannot work is said before anything has been started.
    int genesysPort = claim(settings.genesysPort(), "the stand-in", "--genesys-port");
    int management = claim(settings.managementPort(), "the bridge's health", "--management-port");
    int page = claim(settings.pagePort(), "the status page", "--page-port");
    if (settings.kafkaPort() != 0) {
      claim(settings.kafkaPort(), "Apache Kafka", "--kafka-port");
    }
    Simulator genesys = startGenesys(genesysPort);
    parts.add(new Part("the stand-in", genesys::close));
    screen.say("Genesys Cloud stand-in   %s, %d agents", genesys.url(), settings.agents());

    broker = startKafka();
    parts.add(new Part("Apache Kafka", broker::close));
    screen.say("Apache Kafka             %s", broker.bootstrapServers());

    bridge = startBridge(genesys.url(), management, page);
    parts.add(new Part("the bridge", () -> bridge.stop(BRIDGE_PATIENCE)));
    String observe = "http://127.0.0.1:" + management + "/observe";
    health = new BridgeHealth(URI.create(observe + "/health"));
    screen.say(
        """
        Bridge                   routes from %1$s

        Look next:
          page      http://localhost:%2$d/
          health    curl %3$s/health
          metrics   curl %3$s/metrics
          records   ./caravan tail --bootstrap %4$s
          log       tail -f %5$s
          routes    edit %1$s and start the demo again
        Ctrl-C ends all of it.
        """,
        settings.routes(), page, observe, broker.bootstrapServers(), bridgeLog());
  }

  private Simulator startGenesys(int port) {
    return Simulator.start(
        SimulatorOptions.defaults()
            .withPort(port)
            .withCentre(CentreSize.of(settings.agents()))
            .withTraffic(Traffic.times(settings.speed())));
  }

  private LocalBroker startKafka() {
    return LocalBroker.start(
        LocalBroker.Settings.defaults()
            .withPort(settings.kafkaPort())
            // A demo that is forgotten overnight must not fill the disk.
            .with("log.retention.bytes", String.valueOf(64 << 20))
            .with("log.segment.bytes", String.valueOf(16 << 20)));
  }

  private ChildProcess startBridge(String genesys, int management, int page) {
    // All in the broker's folder, which goes away with the broker, even if we are killed.
    Path data = broker.folder().resolve("bridge");
    List<String> command = Home.command("-Djava.io.tmpdir=" + broker.temporaryFolder());
    command.addAll(List.of("run", "--until-input-ends"));
    return ChildProcess.start(
        command,
        settings.bridgeEnvironment(
            genesys, broker.bootstrapServers(), management, page, data.toString()),
        bridgeLog());
  }

  private Path bridgeLog() {
    return broker.folder().resolve("bridge.log");
  }

  private int claim(int wanted, String purpose, String option) {
    return FreePorts.claim(wanted, purpose, "Name another one with %s.".formatted(option));
  }

  /** Shows what arrives until the deadline, until a part ends, or until {@link #close()}. */
  public void watch(Deadline deadline) {
    KafkaEnvironment kafka =
        KafkaEnvironment.of(Map.of("KAFKA_BOOTSTRAP_SERVERS", broker.bootstrapServers()));
    try (TopicFollower follower = kafka.follow(Optional.empty(), "genesys.*", true)) {
      boolean silent = false;
      while (!closing && !deadline.isPast()) {
        try {
          for (ConsumerRecord<byte[], byte[]> record : follower.poll(POLL)) {
            screen.count(record.topic(), media(record));
          }
          if (silent) {
            screen.say("Apache Kafka answers again.");
            silent = false;
          }
        } catch (TopicFollower.NoAnswer e) {
          if (!silent && broker.isRunning()) {
            screen.say(
                """
                Apache Kafka does not answer. It is waited for; the bridge goes on and keeps
                what it reads on disk meanwhile.""");
          }
          silent = true;
        }
        failIfAPartEnded();
        screen.show(health.latest(), deadline.elapsed());
      }
    } catch (CommandFailure e) {
      failIfAPartEnded(); // which says more than that Kafka does not answer
      if (!closing) {
        throw e;
      }
    }
  }

  private static String media(ConsumerRecord<byte[], byte[]> record) {
    Header media = record.headers().lastHeader("genesys-media");
    return media == null ? "-" : new String(media.value(), StandardCharsets.UTF_8);
  }

  private void failIfAPartEnded() {
    boolean bridgeRuns = bridge.isRunning();
    if (!closing && !(bridgeRuns && broker.isRunning())) {
      List<String> log = bridgeRuns ? broker.lastLogLines(15) : bridge.lastLogLines(15);
      throw new CommandFailure(
          "%s ended by itself, so the demo ends too. Its last lines:%n  %s"
              .formatted(
                  bridgeRuns ? "Apache Kafka" : "The bridge",
                  String.join(System.lineSeparator() + "  ", log)));
    }
  }

  /** Ends all parts, the last one started first, so that the bridge can still finish its work. */
  @Override
  public synchronized void close() {
    if (closing) {
      return;
    }
    closing = true;
    screen.say("");
    for (int i = parts.size() - 1; i >= 0; i--) {
      screen.say("Ending %s", parts.get(i).name());
      parts.get(i).end().run();
    }
    screen.say("Everything has ended; nothing is left behind.");
  }
}
