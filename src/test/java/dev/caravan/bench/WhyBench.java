package dev.caravan.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.caravan.command.Folders;
import dev.caravan.simulator.Simulator;
import dev.caravan.simulator.api.CallRecord;
import dev.caravan.simulator.fault.Scenario;
import dev.caravan.testing.Bridge;
import dev.caravan.testing.Ledger;
import dev.caravan.testing.SharedKafka;
import dev.caravan.testing.TopicReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/**
 * What a naive client and the bridge make of the same scenario, second by second: the figures and
 * pictures of docs/why.md. Both at the same time, each with a stand-in of its own.
 */
final class WhyBench {

  /** Where scenarios, figures and pictures lie. */
  static final Path FOLDER = Path.of("docs/why");

  /** The scenarios, and how many seconds are measured. */
  static final Map<String, Integer> SCENARIOS =
      Map.of("drop-in-a-loop", 120, "dropped-every-45-seconds", 165);

  /** Events a second. */
  static final int RATE = 20;

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration SETTLING = Duration.ofSeconds(5);

  private WhyBench() {}

  public static void main(String[] arguments) throws Exception {
    for (String name : SCENARIOS.keySet().stream().sorted().toList()) {
      Path figures = FOLDER.resolve(name + ".csv");
      if (!List.of(arguments).contains("--draw")) {
        Path folder = Files.createTempDirectory("why-");
        Files.writeString(figures, csv(measure(name, folder)));
        Folders.delete(folder);
      }
      Files.writeString(FOLDER.resolve(name + ".svg"), WhyChart.draw(Files.readString(figures)));
    }
    System.exit(0);
  }

  /** What came and went in a second since the beginning. */
  private static final class Second {
    private int naiveHeard;
    private int bridgeHeard;
    private int naiveCalls;
    private int bridgeCalls;
    private int naiveRefused;
    private int bridgeRefused;
  }

  private static String csv(List<Second> seconds) {
    StringBuilder csv =
        new StringBuilder(
            "second,sent,naive_heard,bridge_heard,naive_calls,bridge_calls,naive_refused,bridge_refused\n");
    for (int i = 0; i < seconds.size(); i++) {
      Second s = seconds.get(i);
      csv.append(
          "%d,%d,%d,%d,%d,%d,%d,%d%n"
              .formatted(
                  i,
                  RATE,
                  s.naiveHeard,
                  s.bridgeHeard,
                  s.naiveCalls,
                  s.bridgeCalls,
                  s.naiveRefused,
                  s.bridgeRefused));
    }
    return csv.toString();
  }

  private static List<Second> measure(String name, Path folder) throws Exception {
    Scenario scenario = Scenario.load(FOLDER.resolve(name + ".yaml"));
    Scenario calm = new Scenario(scenario.name(), scenario.options(), List.of(), List.of());
    int length = SCENARIOS.get(name);
    String prefix = SharedKafka.uniquePrefix();
    Set<Integer> heard = ConcurrentHashMap.newKeySet();
    ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
    try (Simulator forNaive = Simulator.start(calm);
        Simulator forBridge = Simulator.start(calm);
        NaiveClient naive =
            new NaiveClient(
                forNaive.url(),
                LoadFrames.TOPIC,
                frame -> heard.add(Ledger.numberIn(frame.getBytes(StandardCharsets.UTF_8))));
        TopicReader kafka = new TopicReader(SharedKafka.bootstrapServers(), prefix);
        Bridge bridge =
            Bridge.settings()
                .genesys(forBridge.url())
                .with("GENESYS_TOPICS", LoadFrames.TOPIC)
                .kafka(SharedKafka.bootstrapServers(), prefix)
                .start(folder)) {
      naive.start();
      bridge.awaitReady();
      Awaitility.await().until(() -> forNaive.openSockets() == 1 && forBridge.openSockets() == 1);
      long begin = System.currentTimeMillis();
      forNaive.play(scenario);
      forBridge.play(scenario);
      Ledger ledger = new Ledger();
      var sending =
          clock.scheduleAtFixedRate(
              () -> {
                String body = body(ledger.sending());
                forNaive.emit(LoadFrames.TOPIC, body);
                forBridge.emit(LoadFrames.TOPIC, body);
              },
              0,
              1000 / RATE,
              TimeUnit.MILLISECONDS);
      kafka.readFor(Duration.ofSeconds(length));
      sending.cancel(false);
      kafka.readFor(SETTLING);

      List<Second> seconds = new ArrayList<>();
      for (int i = 0; i < length; i++) {
        seconds.add(new Second());
      }
      heard.remove(-1);
      heard.forEach(
          number -> second(seconds, begin, ledger.time(number).toEpochMilli()).naiveHeard++);
      kafka.records().stream()
          .filter(record -> record.topic().endsWith("conversations.voice"))
          .map(Ledger::number)
          .filter(number -> number >= 0)
          .distinct()
          .forEach(
              number -> second(seconds, begin, ledger.time(number).toEpochMilli()).bridgeHeard++);
      for (CallRecord call : forNaive.calls()) {
        Second second = second(seconds, begin, call.atMillis());
        second.naiveCalls++;
        second.naiveRefused += call.status() >= 400 ? 1 : 0;
      }
      for (CallRecord call : forBridge.calls()) {
        Second second = second(seconds, begin, call.atMillis());
        second.bridgeCalls++;
        second.bridgeRefused += call.status() >= 400 ? 1 : 0;
      }
      tell(name, seconds, kafka);
      return seconds;
    } finally {
      clock.shutdownNow();
    }
  }

  /** What was before the beginning or after the end does not count. */
  private static Second second(List<Second> seconds, long begin, long at) {
    long index = Math.floorDiv(at - begin, 1000L);
    return index < 0 || index >= seconds.size() ? new Second() : seconds.get((int) index);
  }

  private static String body(int number) {
    return """
    {"id":"00000000-0000-4000-8000-%012d","number":%d,"participants":[{"id":"p","purpose":"agent",\
    "queueId":"%s","calls":[{"id":"c","state":"connected"}]}]}"""
        .formatted(number, number, LoadFrames.QUEUE);
  }

  private static void tell(String name, List<Second> seconds, TopicReader kafka)
      throws IOException {
    System.out.printf("%s: of %d events%n", name, seconds.size() * RATE);
    System.out.printf(
        "  naive client heard %d, made %d calls, %d of them refused%n",
        seconds.stream().mapToInt(s -> s.naiveHeard).sum(),
        seconds.stream().mapToInt(s -> s.naiveCalls).sum(),
        seconds.stream().mapToInt(s -> s.naiveRefused).sum());
    System.out.printf(
        "  bridge heard %d, made %d calls, %d of them refused%n",
        seconds.stream().mapToInt(s -> s.bridgeHeard).sum(),
        seconds.stream().mapToInt(s -> s.bridgeCalls).sum(),
        seconds.stream().mapToInt(s -> s.bridgeRefused).sum());
    for (var record : kafka.records()) {
      JsonNode signal =
          record.topic().endsWith("signals") ? JSON.readTree(record.value()) : JSON.nullNode();
      if (signal.path("type").asText().equals("GAP")) {
        System.out.printf(
            "  the bridge says: %s, %.1f s%n",
            signal.path("cause").asText(),
            Duration.between(
                        Instant.parse(signal.path("from").asText()),
                        Instant.parse(signal.path("to").asText()))
                    .toMillis()
                / 1e3);
      }
    }
  }
}
