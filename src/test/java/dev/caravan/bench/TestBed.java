package dev.caravan.bench;

import dev.caravan.command.Folders;
import dev.caravan.demo.LocalBroker;
import dev.caravan.testing.Bridge;
import dev.caravan.testing.FaultyProxy;
import dev.caravan.testing.Pace;
import dev.caravan.testing.QuickStart;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongUnaryOperator;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.HdrHistogram.Histogram;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;

/**
 * What programs that carry notifications to Kafka are measured with: a broker in a process of its
 * own, and in this one the load and the reader that checks what arrived.
 */
final class TestBed implements AutoCloseable {

  // Held, since levels of loggers that nobody holds are forgotten
  private static final Logger KAFKA_LOG = Logger.getLogger("org.apache.kafka");

  private static final int PATIENCE_SECONDS = 180;
  private static final double NANOS = 1e9;

  /** Frames that are sent this much later than the reader begins to wait for them. */
  private static final long SETTLE_NANOS = 200_000_000;

  /** What is checked may be deleted: a long run would fill the disk. */
  static final LocalBroker.Settings SMALL =
      LocalBroker.Settings.defaults()
          .with("log.segment.bytes", "67108864")
          .with("log.retention.bytes", "268435456")
          .with("log.retention.check.interval.ms", "5000");

  private final LoadFrames frames;
  private final LoadServer genesys;
  private final FaultyProxy distance;
  private final LocalBroker broker;
  private final String bootstrap;
  private final Arrivals arrivals;
  private final Path folder;
  private long sent;
  private int starts;
  private boolean right;

  /**
   * @param kafkaLag milliseconds for which each way to Kafka takes longer
   */
  TestBed(LoadFrames frames, int kafkaLag) throws Exception {
    KAFKA_LOG.setLevel(Level.WARNING);
    // Makes the archive of classes if this build has none, so that no measured start does
    QuickStart.program();
    this.frames = frames;
    genesys = new LoadServer();
    distance = FaultyProxy.start();
    broker = broker(distance, kafkaLag);
    bootstrap = kafkaLag == 0 ? broker.bootstrapServers() : "127.0.0.1:" + distance.port();
    arrivals = new Arrivals(broker.bootstrapServers(), frames);
    folder = Files.createTempDirectory("caravan-bench-");
    // Who comes first would else wait for them to be made
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
      List<NewTopic> topics =
          List.of("voice", "chat", "message").stream()
              .map(media -> new NewTopic("genesys.conversations." + media, 3, (short) 1))
              .toList();
      admin.createTopics(topics).all().get(1, TimeUnit.MINUTES);
    }
  }

  /** With a lag, one that says of itself that it is behind the proxy, to whoever comes that way. */
  private static LocalBroker broker(FaultyProxy distance, int lag) {
    if (lag == 0) {
      return LocalBroker.start(SMALL);
    }
    int near = Bridge.freePort();
    int far = Bridge.freePort();
    int controller = Bridge.freePort();
    distance.to(far).lag(lag);
    return LocalBroker.start(
        SMALL
            .withPort(near)
            .with(
                "listeners",
                "PLAINTEXT://127.0.0.1:%d,FAR://127.0.0.1:%d,CONTROLLER://127.0.0.1:%d"
                    .formatted(near, far, controller))
            .with("controller.quorum.voters", "1@127.0.0.1:" + controller)
            .with(
                "advertised.listeners",
                "PLAINTEXT://127.0.0.1:%d,FAR://127.0.0.1:%d".formatted(near, distance.port()))
            .with(
                "listener.security.protocol.map",
                "PLAINTEXT:PLAINTEXT,FAR:PLAINTEXT,CONTROLLER:PLAINTEXT")
            .with("inter.broker.listener.name", "PLAINTEXT"));
  }

  /** For what programs write. */
  Path folder() {
    return folder;
  }

  // ---- start

  /**
   * A program that runs, and how it came to.
   *
   * @param socketSeconds from exec to the open socket
   * @param eventSeconds from exec to the first event in Kafka
   * @param cpuSeconds of the process until then
   */
  record Running(
      Bridge program,
      LoadServer.Subscriber socket,
      double socketSeconds,
      double eventSeconds,
      double cpuSeconds)
      implements AutoCloseable {

    long pid() {
      return program.pid();
    }

    @Override
    public void close() {
      program.close();
    }
  }

  /** Starts a program and has it carry its first event. */
  Running start(Bridge.Settings settings) throws Exception {
    while (genesys.awaitSubscriber(0).isPresent()) {
      // Of one that is gone
    }
    long before = arrivals.count();
    long start = System.nanoTime();
    Bridge program =
        settings
            .genesys(genesys.url())
            .kafka(bootstrap, "genesys.")
            // Each begins afresh: the time between two would be a gap for the second
            .with("CARAVAN_DATA_DIR", folder.resolve("data-" + ++starts).toString())
            .start(folder);
    LoadServer.Subscriber socket = socketOf(program);
    double connected = seconds(start);
    long first = sent;
    do {
      socket.send(frames, sent++);
    } while (frames.kept(first, sent) == 0);
    await(program, before + 1);
    return new Running(
        program, socket, connected, seconds(start), ProcessCost.cpuMicros(program.pid()) / 1e6);
  }

  private LoadServer.Subscriber socketOf(Bridge program) throws InterruptedException {
    for (int waited = 0; waited < PATIENCE_SECONDS; waited++) {
      program.failIfEnded();
      Optional<LoadServer.Subscriber> socket = genesys.awaitSubscriber(1);
      if (socket.isPresent()) {
        return socket.get();
      }
    }
    throw new IllegalStateException(
        "It opened no socket within %d s. Its log says:%n%s"
            .formatted(PATIENCE_SECONDS, program.log()));
  }

  // ---- load

  /**
   * Processor time in microseconds for each frame that was sent.
   *
   * @param seconds that it took
   * @param others share of the machine that was taken by what is not part of this
   */
  record Cost(double seconds, double program, double broker, double load, double others) {}

  /** Something whose cost is measured. */
  interface Work {
    void run() throws Exception;
  }

  /** Sends as fast as it is read, until all is in Kafka. */
  Cost flood(Running running, int count) throws Exception {
    long before = arrivals.count();
    Cost cost =
        cost(
            running,
            count,
            () -> {
              running.socket().flood(frames, sent, sent + count);
              await(running.program(), before + frames.kept(sent, sent + count));
            });
    sent += count;
    arrivals.check();
    return cost;
  }

  /**
   * What a steady rate led to.
   *
   * @param micros from when a frame was due to be sent until a consumer had read it
   */
  record Steady(Cost cost, Histogram micros) {

    double millis(double percentile) {
      return micros.getValueAtPercentile(percentile) / 1e3;
    }
  }

  /**
   * Sends one frame after the other, each at its time. A frame that could not be sent then, as the
   * program did not read, has been late since then.
   */
  Steady steady(Running running, int rate, int seconds) throws Exception {
    long first = sent;
    int count = rate * seconds;
    long start = System.nanoTime() + SETTLE_NANOS;
    LongUnaryOperator due = number -> start + (number - first) * 1_000_000_000L / rate;
    AtomicBoolean ended = new AtomicBoolean();
    FutureTask<Histogram> reading =
        new FutureTask<>(() -> arrivals.read(first, first + count, due, ended::get));
    Thread reader = new Thread(reading, "latency-reader");
    reader.start();
    Cost cost =
        cost(
            running,
            count,
            () -> {
              for (; sent < first + count; sent++) {
                Pace.awaitTime(due.applyAsLong(sent));
                running.socket().send(frames, sent);
              }
              reader.join(PATIENCE_SECONDS * 1_000L);
              ended.set(true);
              reader.join();
            });
    return new Steady(cost, reading.get());
  }

  private Cost cost(Running running, int count, Work work) throws Exception {
    long own = ProcessHandle.current().pid();
    long programCpu = ProcessCost.cpuMicros(running.pid());
    long brokerCpu = ProcessCost.cpuMicros(broker.pid());
    long ownCpu = ProcessCost.cpuMicros(own);
    long machineCpu = ProcessCost.machineMicros();
    long start = System.nanoTime();
    work.run();
    double seconds = seconds(start);
    double program = ProcessCost.cpuMicros(running.pid()) - programCpu;
    double brokers = ProcessCost.cpuMicros(broker.pid()) - brokerCpu;
    double load = ProcessCost.cpuMicros(own) - ownCpu;
    double machine = ProcessCost.machineMicros() - machineCpu;
    double all = seconds * 1e6 * Runtime.getRuntime().availableProcessors();
    return new Cost(
        seconds,
        program / count,
        brokers / count,
        load / count,
        Math.max(0, machine - program - brokers - load) / all);
  }

  private void await(Bridge program, long count) {
    long deadline = System.nanoTime() + PATIENCE_SECONDS * 1_000_000_000L;
    while (arrivals.count() < count) {
      program.failIfEnded();
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException(
            "Not all frames arrived within %d s. Its log says:%n%s"
                .formatted(PATIENCE_SECONDS, program.log()));
      }
      LockSupport.parkNanos(10_000_000);
    }
  }

  private static double seconds(long sinceNanos) {
    return (System.nanoTime() - sinceNanos) / NANOS;
  }

  // ---- end

  /** What is wrong with what arrived; it begins with "Right" if nothing is. */
  String verdict() {
    arrivals.check();
    String verdict = arrivals.verdict(sent);
    right = verdict.startsWith("Right");
    return verdict;
  }

  @Override
  public void close() {
    arrivals.close();
    broker.close();
    distance.close();
    genesys.close();
    leave(folder, right);
  }

  /** Deletes what the programs wrote, unless somebody has to find out what went wrong. */
  static void leave(Path folder, boolean right) {
    if (right) {
      Folders.delete(folder);
    } else {
      System.out.println("What was written lies in " + folder);
    }
  }
}
