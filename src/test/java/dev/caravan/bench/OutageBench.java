package dev.caravan.bench;

import dev.caravan.demo.LocalBroker;
import java.util.Map;

/** An outage of Kafka under load, and the catching up after it: {@code bench/outage}. */
final class OutageBench {

  private static final int SECOND = 1_000;

  private OutageBench() {}

  public static void main(String[] arguments) throws Exception {
    Map<String, Integer> options =
        LongRun.numbers(
            arguments,
            Map.of("--minutes", 1, "--rate", 1_000, "--frame-bytes", 3_600, "--warm-up", 50_000));
    int rate = options.get("--rate");
    boolean right;
    try (LongRun run = new LongRun(options.get("--frame-bytes"), LocalBroker.Settings.defaults())) {
      run.warmUp(options.get("--warm-up"));
      run.send(rate);
      LongRun.pause(10 * SECOND);
      run.say(
          "outage       Kafka is stopped for %d min, %,d events/s go on",
          options.get("--minutes"), rate);
      run.broker.stop();
      for (int minute = 0; minute < options.get("--minutes"); minute++) {
        LongRun.pause(60 * SECOND);
        run.say(
            "after %2d min %,d events sent, %.0f MB on disk, bridge %.0f MB resident",
            minute + 1,
            run.sent(),
            run.diskBytes() / 1e6,
            ProcessCost.megabytes(run.bridge.pid(), "VmRSS"));
      }
      run.broker.restart();
      right = catchUp(run, rate);
      run.stopSending();
      run.awaitAll();
      LongRun.pause(2 * SECOND);
      run.arrivals.check();
      // What was under way when Kafka went away may be sent twice
      String verdict = run.verdict(20_000);
      int again = run.socketsAgain();
      run.say(
          "sockets      %d dropped; the longest write took %.0f ms",
          again, run.longestStallMillis());
      run.say("delivery     %s", verdict);
      right &= verdict.startsWith("Right") && again == 0;
    }
    System.exit(right ? 0 : 1);
  }

  private static boolean catchUp(LongRun run, int rate) {
    long back = System.nanoTime();
    long first = run.arrivals.count();
    long begun = back;
    long arrived = first;
    double seconds = 0;
    // Caught up: less is missing than comes in a fifth of a second
    while (run.sent() - arrived > Math.max(50, rate / 5)) {
      run.bridge.failIfEnded();
      if (seconds > 1_800) {
        run.say("WRONG: not caught up within half an hour");
        return false;
      }
      LongRun.pause(100);
      arrived = run.arrivals.count();
      if (arrived == first) {
        begun = System.nanoTime();
      }
      seconds = (System.nanoTime() - back) / 1e9;
    }
    double catching = (System.nanoTime() - begun) / 1e9;
    run.say(
        "catching up  the first event came %.1f s after Kafka was back; then %,d events in %.1f s: %,.0f events/s, %,d/s new ones among them",
        (begun - back) / 1e9, arrived - first, catching, (arrived - first) / catching, rate);
    return true;
  }
}
