package dev.caravan.bench;

import dev.caravan.bench.Comparison.Better;
import dev.caravan.bench.Comparison.Program;
import dev.caravan.testing.Bridge;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Measures the bridge beside a program that promises nothing, the {@link FloorProgram}: in turn, on
 * the same broker and load, each in a process of its own that is started anew for each round. Run
 * it with {@code bench/compare}; see docs/performance.md.
 */
final class CompareBench {

  static final Map<String, String> DEFAULTS =
      Map.of(
          "frame-bytes", "3600",
          "warm-up", "100000",
          "frames", "200000",
          "rounds", "4",
          "rate", "1000,5000",
          "seconds", "15",
          "starts", "0",
          "kafka-lag", "0");

  /** All that the floor needs beside itself. */
  private static final String FLOOR_JARS =
      ".*/((kafka-clients|lz4-java|jackson-core|slf4j-api)-[^/]*\\.jar|test-classes)";

  private final Options options;
  private final TestBed bed;
  private final Comparison comparison = new Comparison();
  private final List<Double> others = new ArrayList<>();
  private int starts;

  private CompareBench(Options options, TestBed bed) {
    this.options = options;
    this.bed = bed;
  }

  public static void main(String[] arguments) throws Exception {
    Options options = Options.of("bench/compare", arguments, DEFAULTS);
    LoadFrames frames = new LoadFrames(options.frameBytes(), LoadFrames.THREE_OF_FIVE_KEPT);
    boolean right;
    try (TestBed bed = new TestBed(frames, options.kafkaLag())) {
      right = new CompareBench(options, bed).run(frames.longest());
    }
    System.exit(right ? 0 : 1);
  }

  private boolean run(int frameBytes) throws Exception {
    for (int round = 1; round <= options.rounds(); round++) {
      List<Program> order = new ArrayList<>(List.of(Program.values()));
      if (round % 2 == 0) {
        Collections.reverse(order);
      }
      for (Program program : order) {
        System.out.printf(Locale.ROOT, "round %d of %d, %s%n", round, options.rounds(), program);
        measure(program);
      }
    }
    String verdict = bed.verdict();
    System.out.printf("%n%s%n%s%n", comparison.table(), comparison.threadTable());
    System.out.printf(
        Locale.ROOT,
        "Java %s with `%s`, %d processors, frames of %,d bytes; percent of the machine that others"
            + " took meanwhile: %s; load at the end %.1f.%n%s.%n",
        System.getProperty("java.version"),
        String.join(" ", options.jvmFlags()),
        Runtime.getRuntime().availableProcessors(),
        frameBytes,
        Comparison.spread(others),
        ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage(),
        verdict);
    return verdict.startsWith("Right");
  }

  private Bridge.Settings settings(Program program, JvmProbe probe) {
    List<String> flags = new ArrayList<>(options.jvmFlags());
    flags.add(probe.flag());
    Bridge.Settings settings = options.bridge().java(options.java(), flags);
    return program == Program.BRIDGE
        ? settings
        : settings.program(List.of("-cp", floorClassPath(), FloorProgram.class.getName()));
  }

  private static String floorClassPath() {
    return Arrays.stream(System.getProperty("java.class.path").split(":"))
        .map(entry -> Path.of(entry).toAbsolutePath().toString())
        .filter(entry -> entry.matches(FLOOR_JARS))
        .collect(Collectors.joining(":"));
  }

  private void measure(Program program) throws Exception {
    JvmProbe probe = new JvmProbe(bed.folder().resolve("gc-" + ++starts + ".log"), options.java());
    try (TestBed.Running running = bed.start(settings(program, probe))) {
      if (options.measures("startup")) {
        add(program, "from exec to the open socket, s", running.socketSeconds());
        add(program, "from exec to the first event in Kafka, s", running.eventSeconds());
        add(program, "CPU until then, s", running.cpuSeconds());
      }
      if (options.measures("latency")) {
        int highest = Collections.max(options.rates());
        bed.steady(running, highest, Math.max(1, options.warmUp() / highest));
        for (int rate : options.rates()) {
          steady(program, running, probe, rate);
        }
      }
      if (options.measures("throughput")) {
        flood(program, running, probe);
      }
    }
  }

  private void steady(Program program, TestBed.Running running, JvmProbe probe, int rate)
      throws Exception {
    JvmProbe.Reading before = probe.read(running.pid());
    TestBed.Steady steady = bed.steady(running, rate, options.seconds());
    JvmProbe.Reading inside = probe.read(running.pid()).since(before);
    others.add(steady.cost().others() * 100);
    String at = String.format(Locale.ROOT, " at %,d/s, ", rate);
    add(program, "CPU" + at + "µs a frame", steady.cost().program());
    add(program, "latency p50" + at + "ms", steady.millis(50));
    add(program, "latency p99" + at + "ms", steady.millis(99));
    add(program, "latency p99.9" + at + "ms", steady.millis(99.9));
    add(program, "latency, longest," + at + "ms", steady.millis(100));
    double kilobytes = inside.allocated() / rate / options.seconds() / 1e3;
    add(program, "allocated" + at + "KB a frame", kilobytes);
    add(program, "full collections" + at + "in " + options.seconds() + " s", inside.full());
    add(program, "resident" + at + "MB", ProcessCost.megabytes(running.pid(), "VmRSS"));
    comparison.add(
        program,
        String.format(Locale.ROOT, "at %,d/s", rate),
        inside.threadMillis(),
        rate * options.seconds());
  }

  private void flood(Program program, TestBed.Running running, JvmProbe probe) throws Exception {
    ProcessCost.forgetHighest(running.pid());
    bed.flood(running, options.warmUp());
    JvmProbe.Reading before = probe.read(running.pid());
    TestBed.Cost cost = bed.flood(running, options.frames());
    JvmProbe.Reading inside = probe.read(running.pid()).since(before);
    others.add(cost.others() * 100);
    comparison.add(program, "in a flood, frames/s", Better.MORE, options.frames() / cost.seconds());
    add(program, "CPU in a flood, µs a frame", cost.program());
    add(program, "allocated in a flood, KB a frame", inside.allocated() / options.frames() / 1e3);
    add(program, "resident in a flood at most, MB", ProcessCost.megabytes(running.pid(), "VmHWM"));
    add(program, "the broker's CPU in a flood, µs a frame", cost.broker());
    comparison.add(program, "in a flood", inside.threadMillis(), options.frames());
  }

  private void add(Program program, String figure, double value) {
    comparison.add(program, figure, Better.LESS, value);
  }
}
