package dev.caravan.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Hours of traffic in minutes, with a short outage of Kafka in each of them: memory and disk must
 * stay flat. Run it with {@code bench/soak}.
 */
final class SoakBench {

  private static final int SECOND = 1_000;
  private static final double FLAT = 1.15;

  private SoakBench() {}

  public static void main(String[] arguments) throws Exception {
    Map<String, Integer> options =
        LongRun.numbers(
            arguments,
            Map.of("--hours", 8, "--per-second", 100, "--rate", 5_000, "--frame-bytes", 3_600));
    int hours = options.get("--hours");
    int rate = options.get("--rate");
    long perHour = 3_600L * options.get("--per-second");
    boolean right;
    try (LongRun run = new LongRun(options.get("--frame-bytes"), TestBed.SMALL)) {
      run.say(
          "soak         %d h of %d events/s, at %,d/s", hours, options.get("--per-second"), rate);
      List<Double> resident = new ArrayList<>();
      List<Long> disk = new ArrayList<>();
      for (int hour = 1; hour <= hours; hour++) {
        long until = run.sent() + perHour;
        run.send(rate);
        LongRun.pause(2 * SECOND);
        run.broker.stop();
        LongRun.pause(5 * SECOND);
        run.broker.restart();
        while (run.sent() < until) {
          run.bridge.failIfEnded();
          LongRun.pause(SECOND);
          run.arrivals.check();
        }
        run.stopSending();
        run.awaitAll();
        run.arrivals.check();
        LongRun.pause(3 * SECOND);
        double now = ProcessCost.megabytes(run.bridge.pid(), "VmRSS");
        resident.add(now);
        disk.add(run.diskBytes());
        run.say(
            "hour %2d      %,d events sent, bridge %.0f MB resident, %.1f MB on disk",
            hour, run.sent(), now, disk.get(disk.size() - 1) / 1e6);
      }
      String verdict = run.verdict(20_000L * hours);
      run.say("delivery     %s", verdict);
      // The first half is when the JVM still compiles
      double early = most(resident.subList(0, (hours + 1) / 2));
      double late = most(resident.subList(hours / 2, hours));
      long last = disk.get(disk.size() - 1);
      boolean flat = late <= early * FLAT && last < 16_000_000;
      run.say(
          "flat         %s: at most %.0f MB resident in the first half, %.0f MB in the second; %.1f MB on disk at the end",
          flat ? "Right" : "WRONG", early, late, last / 1e6);
      right = flat && verdict.startsWith("Right") && run.socketsAgain() == 0;
    }
    System.exit(right ? 0 : 1);
  }

  private static double most(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).max().orElse(0);
  }
}
