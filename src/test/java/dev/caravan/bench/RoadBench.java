package dev.caravan.bench;

import java.lang.management.ManagementFactory;
import java.util.Locale;
import java.util.Map;

/**
 * Measures the road from socket to Kafka on the real parts: a broker and the packaged bridge, each
 * in a process of its own, and a load in this one. Run it with {@code bench/road}; see
 * docs/performance.md.
 */
final class RoadBench {

  private static final Map<String, String> DEFAULTS =
      Map.of(
          "frame-bytes", "3600",
          "warm-up", "150000",
          "frames", "200000",
          "rounds", "3",
          "rate", "1000",
          "seconds", "30",
          "starts", "3",
          "kafka-lag", "0");

  private final Options options;
  private final TestBed bed;

  private RoadBench(Options options, TestBed bed) {
    this.options = options;
    this.bed = bed;
  }

  public static void main(String[] arguments) throws Exception {
    Options options = Options.of("bench/road", arguments, DEFAULTS);
    LoadFrames frames = new LoadFrames(options.frameBytes());
    boolean right;
    try (TestBed bed = new TestBed(frames, options.kafkaLag())) {
      say(
          "machine      %d processors, load %.1f, Java %s",
          Runtime.getRuntime().availableProcessors(),
          ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage(),
          System.getProperty("java.version"));
      say("bridge       %s %s", options.java(), String.join(" ", options.jvmFlags()));
      say("frames       %,d bytes", frames.longest());
      right = new RoadBench(options, bed).run();
    }
    System.exit(right ? 0 : 1);
  }

  private boolean run() throws Exception {
    for (int i = 0; options.measures("startup") && i < options.starts(); i++) {
      try (TestBed.Running bridge = bed.start(options.bridge())) {
        say(
            "start        %.2f s to an open socket, %.2f s to the first event in Kafka, CPU %.1f s, %.0f MB resident",
            bridge.socketSeconds(),
            bridge.eventSeconds(),
            bridge.cpuSeconds(),
            ProcessCost.megabytes(bridge.pid(), "VmRSS"));
      }
    }
    if (options.measures("throughput") || options.measures("latency")) {
      try (TestBed.Running bridge = bed.start(options.bridge())) {
        flood(bridge, options.warmUp(), "warm-up");
        if (options.measures("throughput")) {
          throughput(bridge);
        }
        if (options.measures("latency")) {
          latency(bridge);
        }
      }
    }
    String verdict = bed.verdict();
    say("delivery     %s", verdict);
    return verdict.startsWith("Right");
  }

  private void throughput(TestBed.Running bridge) throws Exception {
    ProcessCost.forgetHighest(bridge.pid());
    for (int round = 1; round <= options.rounds(); round++) {
      flood(bridge, options.frames(), "round " + round);
    }
    say(
        "memory       %.0f MB resident at most under load, %.0f MB now",
        ProcessCost.megabytes(bridge.pid(), "VmHWM"), ProcessCost.megabytes(bridge.pid(), "VmRSS"));
  }

  private void flood(TestBed.Running bridge, int count, String name) throws Exception {
    TestBed.Cost cost = bed.flood(bridge, count);
    say(
        "%-12s %,6.0f frames/s; CPU per frame: bridge %.1f us, broker %.1f us, load %.1f us",
        name, count / cost.seconds(), cost.program(), cost.broker(), cost.load());
  }

  private void latency(TestBed.Running bridge) throws Exception {
    for (int rate : options.rates()) {
      bed.steady(bridge, rate, Math.min(5, options.seconds()));
      TestBed.Steady steady = bed.steady(bridge, rate, options.seconds());
      say(
          "latency      at %,d/s for %d s, due time to a Kafka consumer: p50 %.1f ms, p99 %.1f ms, p99.9 %.1f ms, most %.1f ms; bridge %.1f us CPU per frame, %.0f MB resident",
          rate,
          options.seconds(),
          steady.millis(50),
          steady.millis(99),
          steady.millis(99.9),
          steady.millis(100),
          steady.cost().program(),
          ProcessCost.megabytes(bridge.pid(), "VmRSS"));
    }
  }

  private static void say(String text, Object... values) {
    System.out.println(String.format(Locale.ROOT, text, values));
    System.out.flush();
  }
}
