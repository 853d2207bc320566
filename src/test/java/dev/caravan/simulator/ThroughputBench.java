package dev.caravan.simulator;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.caravan.simulator.fault.Action;
import dev.caravan.simulator.fault.Scenario;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.net.Socket;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Measures how many frames a second the stand-in sends; run by hand. {@code serve} starts one,
 * {@code read URL} subscribes to its queues and agents and reads as fast as it can.
 */
final class ThroughputBench {

  private static final int SECONDS = 25;
  private static final int TOPICS = 900;

  private ThroughputBench() {}

  /** Takes {@code serve [day]} or {@code read URL}. */
  public static void main(String[] arguments) throws Exception {
    if (arguments[0].equals("serve")) {
      serve(arguments.length > 1);
    } else {
      read(arguments[1]);
    }
  }

  private static void serve(boolean day) throws InterruptedException {
    SimulatorOptions options =
        Scenario.parse(
                "options: {port: 18085, limits: {requestsPerMinute: 0}, behaviour: {slowReader: wait}}")
            .options()
            .withCentre(new CentreSize(2_000, 200, 9))
            .withTraffic(Traffic.NONE);
    try (Simulator simulator = Simulator.start(options)) {
      await().forever().until(() -> simulator.openSockets() > 0);
      simulator.perform(
          day ? new Action.SetTraffic(true, 0.0) : new Action.Flood(Long.MAX_VALUE, 0, 3_600));
      ScheduledExecutorService seconds = Executors.newSingleThreadScheduledExecutor();
      Second[] last = {Second.of(simulator)};
      seconds.scheduleAtFixedRate(
          () -> last[0] = Second.of(simulator).print(last[0]), 1, 1, TimeUnit.SECONDS);
      seconds.schedule(seconds::shutdown, SECONDS * 1_000 + 500, TimeUnit.MILLISECONDS);
      seconds.awaitTermination(SECONDS + 30, TimeUnit.SECONDS);
    }
  }

  /** How many frames were sent until then, and what that took. */
  private record Second(long nanos, long cpuNanos, long sent) {

    private static Second of(Simulator simulator) {
      return new Second(
          System.nanoTime(),
          ThroughputBench.cpuNanos(),
          simulator.outcomes().getOrDefault(LedgerEntry.Outcome.SENT, 0L));
    }

    private Second print(Second before) {
      double seconds = (nanos - before.nanos) / 1e9;
      double cores = (cpuNanos - before.cpuNanos) / 1e9 / seconds;
      double frames = (sent - before.sent) / seconds;
      System.out.printf(
          "%.0f frames/s, %.2f cores, %.0f frames per second of one core%n",
          frames, cores, frames / cores);
      return this;
    }
  }

  private static long cpuNanos() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }

  private static void read(String url) throws IOException {
    Guest guest = new Guest(url).login();
    JsonNode channel = guest.channel();
    List<String> topics = new ArrayList<>();
    for (int page = 1; page <= 2; page++) {
      for (JsonNode queue :
          guest
              .get("/api/v2/routing/queues?pageSize=100&pageNumber=" + page)
              .body()
              .path("entities")) {
        topics.add("v2.routing.queues." + queue.path("id").asText() + ".conversations");
      }
    }
    for (int page = 1; topics.size() < TOPICS; page++) {
      for (JsonNode user :
          guest.get("/api/v2/users?pageSize=100&pageNumber=" + page).body().path("entities")) {
        topics.add("v2.users." + user.path("id").asText() + ".conversations");
      }
    }
    guest.put(Guest.subscriptions(channel), Guest.topics(topics));
    URI uri = URI.create(channel.path("connectUri").asText());
    try (Socket socket = Ear.handshake(uri, 0)) {
      InputStream in = socket.getInputStream();
      byte[] buffer = new byte[1 << 20];
      long bytes = 0;
      for (int read; (read = in.read(buffer)) >= 0; ) {
        bytes += read;
      }
      System.out.println(bytes + " bytes read");
    }
  }
}
