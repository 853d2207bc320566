package dev.caravan.bench;

import java.util.Locale;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.HdrHistogram.Histogram;

/**
 * Several instances that share an organisation under load: what is lost, repeated or out of order,
 * latency, and what each costs. Run it with {@code bench/cluster}; see docs/scaling.md.
 */
final class ClusterBench {

  // Held, since levels of loggers that nobody holds are forgotten
  private static final Logger KAFKA_LOG = Logger.getLogger("org.apache.kafka");

  private ClusterBench() {}

  public static void main(String[] arguments) throws Exception {
    KAFKA_LOG.setLevel(Level.SEVERE);
    Map<String, Integer> options =
        LongRun.numbers(
            arguments,
            Map.of(
                "--instances", 3,
                "--shards", 6,
                "--rate", 1_000,
                "--warm-up", 20,
                "--seconds", 60,
                "--frame-bytes", 3_600,
                "--standby", 0,
                "--kills", 0,
                "--heap", 128));
    NumberedLoad.Figures figures;
    try (NumberedLoad load =
        new NumberedLoad(
            new NumberedLoad.Setting(
                options.get("--instances"),
                options.get("--shards"),
                options.get("--shards"),
                1,
                options.get("--standby") > 0,
                options.get("--rate"),
                options.get("--warm-up"),
                options.get("--seconds"),
                options.get("--frame-bytes"),
                options.get("--kills"),
                options.get("--heap")))) {
      figures = load.run();
    }
    say(
        "CPU          %s us per event of the organisation, by instance; %.0f in all",
        figures.cpuMicros().stream().map(it -> it < 0 ? "killed" : "%.0f".formatted(it)).toList(),
        figures.cpu());
    say(
        "resident     %s MB",
        figures.megabytes().stream().map(it -> "%.0f".formatted(it)).toList());
    Histogram micros = figures.latency();
    say(
        "latency      p50 %.1f ms, p99 %.1f ms, p99.9 %.1f ms, most %.1f ms",
        micros.getValueAtPercentile(50) / 1e3,
        micros.getValueAtPercentile(99) / 1e3,
        micros.getValueAtPercentile(99.9) / 1e3,
        micros.getMaxValue() / 1e3);
    say("control      %.1f KB/s in the control topic", figures.controlBytes() / 1e3);
    say("sockets      %d at most", figures.mostSockets());
    String verdict = figures.verdict(options.get("--kills") * options.get("--rate"));
    say("delivery     %s", verdict);
    System.exit(verdict.startsWith("Right") ? 0 : 1);
  }

  private static void say(String text, Object... values) {
    System.out.println(String.format(Locale.ROOT, text, values));
  }
}
