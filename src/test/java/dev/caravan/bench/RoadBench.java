package dev.caravan.bench;

import dev.caravan.cli.LocalBroker;
import dev.caravan.testing.Bridge;
import dev.caravan.testing.FaultyProxy;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;

/**
 * Measures the road from socket to Kafka on the real parts: a broker and the packaged bridge, each
 * in a process of its own, and a load in this one. Run it with {@code bench/road}; see
 * docs/performance.md.
 */
final class RoadBench {

  private static final int PATIENCE_SECONDS = 180;

  /** What is measured and with what. */
  record Options(
      List<String> modes,
      int frameBytes,
      int warmUp,
      int frames,
      int rounds,
      int rate,
      int seconds,
      int starts,
      int kafkaLag,
      Map<String, String> settings,
      String java,
      List<String> jvmFlags,
      String jar,
      String routes) {

    static Options of(String[] arguments) {
      Map<String, String> given = new HashMap<>();
      List<String> modes = new ArrayList<>();
      for (String argument : arguments) {
        if (argument.startsWith("--")) {
          String[] pair = argument.substring(2).split("=", 2);
          given.put(pair[0], pair.length > 1 ? pair[1] : "");
        } else {
          modes.add(argument);
        }
      }
      Options options =
          new Options(
              modes.isEmpty() ? List.of("startup", "throughput", "latency") : modes,
              number(given, "frame-bytes", 3_600),
              number(given, "warm-up", 150_000),
              number(given, "frames", 200_000),
              number(given, "rounds", 3),
              number(given, "rate", 1_000),
              number(given, "seconds", 30),
              number(given, "starts", 3),
              number(given, "kafka-lag", 0),
              settings(take(given, "with", "")),
              take(given, "java", Path.of(System.getProperty("java.home"), "bin/java").toString()),
              List.of(take(given, "jvm", Bridge.SHIPPED_FLAGS).strip().split("\\s+")),
              take(given, "jar", "target/quarkus-app/quarkus-run.jar"),
              given.containsKey("no-spool")
                  ? withoutSpool(take(given, "routes", "routes"), given.remove("no-spool"))
                  : take(given, "routes", "routes"));
      if (!given.isEmpty()
          || !List.of("startup", "throughput", "latency").containsAll(options.modes)) {
        throw new IllegalArgumentException(
            "Usage: bench/road [startup] [throughput] [latency] [--frames=200000] [--rounds=3]"
                + " [--warm-up=150000] [--frame-bytes=3600] [--rate=1000] [--seconds=30]"
                + " [--starts=3] [--kafka-lag=25] [--with=NAME=value,...] [--no-spool] [--java=...] [--jvm=\"flags\"] [--jar=...] [--routes=...]");
      }
      return options;
    }

    /** The same routes, but what is received goes straight on to Kafka. */
    private static String withoutSpool(String routes, String none) {
      try {
        Path copy = Files.createTempDirectory("caravan-bench-routes-" + none);
        try (Stream<Path> files = Files.list(Path.of(routes))) {
          for (Path file : files.toList()) {
            String text =
                Files.readString(file)
                    .replaceFirst(
                        "(?s)from:\\n      uri: spool:events\\n.*?      steps:",
                        "from:\n      uri: direct:events\n      steps:")
                    .replace("uri: spool:events", "uri: direct:events");
            Files.writeString(copy.resolve(file.getFileName()), text);
          }
        }
        return copy.toString();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static Map<String, String> settings(String text) {
      Map<String, String> settings = new HashMap<>();
      for (String setting : text.isEmpty() ? new String[0] : text.split(",")) {
        settings.put(
            setting.substring(0, setting.indexOf('=')),
            setting.substring(setting.indexOf('=') + 1));
      }
      return settings;
    }

    private static String take(Map<String, String> given, String name, String otherwise) {
      String value = given.remove(name);
      return value == null ? otherwise : value;
    }

    private static int number(Map<String, String> given, String name, int otherwise) {
      return Integer.parseInt(take(given, name, String.valueOf(otherwise)));
    }
  }

  // Held, since levels of loggers that nobody holds are forgotten
  private static final Logger KAFKA_LOG = Logger.getLogger("org.apache.kafka");

  private final Options options;
  private final PrintStream out;
  private final LoadFrames frames;
  private final LoadServer genesys;
  private final LocalBroker broker;
  private final Path folder;
  private final Arrivals arrivals;
  private String bootstrap;
  private long sent;

  private RoadBench(
      Options options, PrintStream out, LoadServer genesys, LocalBroker broker, Path folder) {
    this.options = options;
    this.out = out;
    this.frames = new LoadFrames(options.frameBytes());
    this.genesys = genesys;
    this.broker = broker;
    this.folder = folder;
    this.arrivals = new Arrivals(broker.bootstrapServers(), frames);
  }

  public static void main(String[] arguments) throws Exception {
    Options options = Options.of(arguments);
    KAFKA_LOG.setLevel(Level.WARNING);
    Path folder = Files.createTempDirectory("caravan-bench-");
    boolean right;
    try (LoadServer genesys = new LoadServer();
        FaultyProxy distance = FaultyProxy.start();
        LocalBroker broker = farBroker(distance, options.kafkaLag())) {
      RoadBench bench = new RoadBench(options, System.out, genesys, broker, folder);
      bench.bootstrap =
          options.kafkaLag() == 0 ? broker.bootstrapServers() : "127.0.0.1:" + distance.port();
      right = bench.run();
      bench.arrivals.close();
    }
    System.exit(right ? 0 : 1);
  }

  /** A broker that says of itself that it is behind this, to whoever comes that way. */
  private static LocalBroker farBroker(FaultyProxy distance, int lag) {
    if (lag == 0) {
      return LocalBroker.start();
    }
    int near = Bridge.freePort();
    int far = Bridge.freePort();
    int controller = Bridge.freePort();
    distance.to(far).lag(lag);
    return LocalBroker.start(
        LocalBroker.Settings.defaults()
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

  private boolean run() throws Exception {
    say(
        "machine      %d processors, load %.1f, Java %s",
        Runtime.getRuntime().availableProcessors(),
        ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage(),
        System.getProperty("java.version"));
    say("bridge       %s %s", options.java(), String.join(" ", options.jvmFlags()));
    say("frames       %,d bytes", frames.longest());
    if (options.modes().contains("startup")) {
      startup();
    }
    if (options.modes().contains("throughput") || options.modes().contains("latency")) {
      try (Bridge bridge = bridge()) {
        LoadServer.Subscriber socket = socketOf(bridge);
        flood(bridge, socket, options.warmUp(), "warm-up");
        if (options.modes().contains("throughput")) {
          throughput(bridge, socket);
        }
        if (options.modes().contains("latency")) {
          latency(bridge, socket);
        }
      }
    }
    arrivals.check();
    String verdict = arrivals.verdict(sent);
    say("delivery     %s", verdict);
    return verdict.startsWith("Right");
  }

  private Bridge bridge() {
    Bridge.Settings settings =
        Bridge.settings()
            .java(options.java(), options.jvmFlags())
            .jar(options.jar())
            .genesys(genesys.url())
            .kafka(bootstrap, "genesys.")
            .with("CARAVAN_ROUTES_DIR", Path.of(options.routes()).toAbsolutePath().toString());
    options.settings().forEach(settings::with);
    return settings.start(folder);
  }

  private LoadServer.Subscriber socketOf(Bridge bridge) throws InterruptedException {
    for (int waited = 0; waited < PATIENCE_SECONDS; waited++) {
      bridge.failIfEnded();
      Optional<LoadServer.Subscriber> socket = genesys.awaitSubscriber(1);
      if (socket.isPresent()) {
        return socket.get();
      }
    }
    throw new IllegalStateException(
        "The bridge opened no socket within %d s. Its log says:%n%s"
            .formatted(PATIENCE_SECONDS, bridge.log()));
  }

  // ---- start

  private void startup() throws Exception {
    for (int i = 0; i < options.starts(); i++) {
      long start = System.nanoTime();
      try (Bridge bridge = bridge()) {
        LoadServer.Subscriber socket = socketOf(bridge);
        double connected = seconds(start);
        long before = arrivals.count();
        socket.send(frames, sent++);
        awaitCount(bridge, before + 1);
        say(
            "start        %.2f s to an open socket, %.2f s to the first event in Kafka, CPU %.1f s, %s resident",
            connected,
            seconds(start),
            ProcessCost.cpuMicros(bridge.pid()) / 1e6,
            ProcessCost.megabytes(bridge.pid(), "VmRSS"));
      }
    }
  }

  // ---- as fast as it goes

  private void throughput(Bridge bridge, LoadServer.Subscriber socket) throws Exception {
    ProcessCost.forgetHighest(bridge.pid());
    for (int round = 1; round <= options.rounds(); round++) {
      flood(bridge, socket, options.frames(), "round " + round);
    }
    say(
        "memory       %s resident at most under load, %s now",
        ProcessCost.megabytes(bridge.pid(), "VmHWM"), ProcessCost.megabytes(bridge.pid(), "VmRSS"));
  }

  private void flood(Bridge bridge, LoadServer.Subscriber socket, int count, String name)
      throws Exception {
    long before = arrivals.count();
    long bridgeCpu = ProcessCost.cpuMicros(bridge.pid());
    long brokerCpu = ProcessCost.cpuMicros(broker.pid());
    long ownCpu = ProcessCost.cpuMicros(ProcessHandle.current().pid());
    long start = System.nanoTime();
    socket.flood(frames, sent, sent + count);
    sent += count;
    awaitCount(bridge, before + count);
    double seconds = seconds(start);
    say(
        "%-12s %,6.0f frames/s; CPU per frame: bridge %.1f us, broker %.1f us, load %.1f us",
        name,
        count / seconds,
        (double) (ProcessCost.cpuMicros(bridge.pid()) - bridgeCpu) / count,
        (double) (ProcessCost.cpuMicros(broker.pid()) - brokerCpu) / count,
        (double) (ProcessCost.cpuMicros(ProcessHandle.current().pid()) - ownCpu) / count);
    arrivals.check();
  }

  private void awaitCount(Bridge bridge, long count) {
    long deadline = System.nanoTime() + PATIENCE_SECONDS * 1_000_000_000L;
    while (arrivals.count() < count) {
      bridge.failIfEnded();
      if (System.nanoTime() > deadline) {
        say("WRONG: not all frames arrived within %d s", PATIENCE_SECONDS);
        return;
      }
      LockSupport.parkNanos(10_000_000);
    }
  }

  // ---- at a steady rate

  private void latency(Bridge bridge, LoadServer.Subscriber socket) throws Exception {
    steady(bridge, socket, Math.min(5, options.seconds()), true);
    steady(bridge, socket, options.seconds(), false);
  }

  private void steady(Bridge bridge, LoadServer.Subscriber socket, int seconds, boolean warmUp)
      throws Exception {
    int count = options.rate() * seconds;
    long first = sent;
    long[] written = new long[count];
    long[] read = new long[count];
    AtomicBoolean ended = new AtomicBoolean();
    arrivals.check();
    Thread reader = new Thread(() -> arrivals.stamp(first, read, ended::get), "latency-reader");
    reader.start();
    long cpu = ProcessCost.cpuMicros(bridge.pid());
    long start = System.nanoTime();
    for (int i = 0; i < count; i++) {
      long due = start + i * 1_000_000_000L / options.rate();
      for (long wait; (wait = due - System.nanoTime()) > 0; ) {
        LockSupport.parkNanos(wait);
      }
      written[i] = System.nanoTime();
      socket.send(frames, sent++);
    }
    reader.join(PATIENCE_SECONDS * 1_000L);
    ended.set(true);
    reader.join();
    if (warmUp) {
      return;
    }
    double[] millis = new double[count];
    for (int i = 0; i < count; i++) {
      millis[i] = read[i] == 0 ? Double.MAX_VALUE : (read[i] - written[i]) / 1e6;
    }
    Arrays.sort(millis);
    say(
        "latency      at %,d/s for %d s, socket to a Kafka consumer: p50 %.1f ms, p99 %.1f ms, p99.9 %.1f ms, most %.1f ms; bridge %.1f us CPU per frame, %s resident",
        options.rate(),
        seconds,
        millis[count / 2],
        millis[(int) (count * 0.99)],
        millis[(int) (count * 0.999)],
        millis[count - 1],
        (double) (ProcessCost.cpuMicros(bridge.pid()) - cpu) / count,
        ProcessCost.megabytes(bridge.pid(), "VmRSS"));
  }

  private static double seconds(long sinceNanos) {
    return (System.nanoTime() - sinceNanos) / 1e9;
  }

  private void say(String text, Object... values) {
    out.println(String.format(Locale.ROOT, text, values));
    out.flush();
  }
}
