package dev.caravan.road;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.simulator.Guest;
import dev.caravan.simulator.Simulator;
import dev.caravan.simulator.SimulatorOptions;
import dev.caravan.testing.Bridge;
import dev.caravan.testing.Pages;
import dev.caravan.testing.SharedKafka;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The operator's drill in docs/operating.md: what it tells to type, and what is seen then. */
@Tag("long")
class RoadDrillIT {

  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final Pattern SITUATION =
      Pattern.compile("(?ms)^### Drill (\\d)\\b.*?(?=^### |^## |\\z)");
  private static final Pattern CALL = Pattern.compile("curl -d '([^']+)' http://\\S+:8085(\\S+)");
  private static final Pattern SEEN = Pattern.compile("(?ms)^```text\n(.*?)^```");
  private static final Pattern WORDS = Pattern.compile("(log|health|page) +(.+)");

  @TempDir private Path folder;
  private Simulator genesys;
  private Bridge.Settings settings;
  private Bridge bridge;

  @BeforeEach
  void start() {
    genesys = Simulator.start(SimulatorOptions.defaults());
    settings =
        Bridge.settings()
            .genesys(genesys.url())
            .with(
                "GENESYS_TOPICS",
                "v2.routing.queues.*.conversations,v2.users.*.workforcemanagement.adherence")
            .kafka(SharedKafka.bootstrapServers(), SharedKafka.uniquePrefix());
    bridge = settings.start(folder);
    bridge.awaitReady();
  }

  @AfterEach
  void end() {
    bridge.close();
    genesys.close();
  }

  private static List<String> situations() {
    List<String> five =
        SITUATION
            .matcher(Pages.text(Path.of("docs/operating.md")))
            .results()
            .map(MatchResult::group)
            .toList();
    assertThat(five).hasSize(5).allMatch(text -> text.contains("**Mend:**"));
    return five;
  }

  @ParameterizedTest
  @MethodSource("situations")
  void isSeenAsThePageSaysAndMended(String situation) throws Exception {
    int before = bridge.logLines().size();
    String[] made = situation.split("\\*\\*Mend:\\*\\*");

    perform(made[0]);

    List<MatchResult> words =
        SEEN.matcher(made[0])
            .results()
            .flatMap(block -> WORDS.matcher(block.group(1)).results())
            .toList();
    assertThat(words).isNotEmpty();
    for (MatchResult word : words) {
      await()
          .alias(word.group())
          .atMost(PATIENCE)
          .until(
              () ->
                  says(word.group(1), before)
                      .anyMatch(line -> pattern(word.group(2)).matcher(line).find()));
    }

    perform(made[1]);
    if (made[1].contains("GENESYS_CLIENT_SECRET=renewed")) {
      bridge.close();
      // A start waits as long after attempts that failed before it
      settings.with("GENESYS_CLIENT_SECRET", "renewed").with("GENESYS_RETRY_MAXIMUM_DELAY", "5s");
      bridge = settings.start(folder);
    }
    bridge.awaitReadiness(
        "the bridge is well again",
        health -> health.isReady() && !health.text().contains("\"degraded\": \"Genesys"));
  }

  private void perform(String text) throws Exception {
    for (MatchResult call : CALL.matcher(text).results().toList()) {
      int status = new Guest(genesys).post(call.group(2), call.group(1)).status();
      assertThat(status).as(call.group()).isEqualTo(200);
    }
  }

  private Stream<String> says(String who, int before) throws Exception {
    return switch (who) {
      case "log" -> bridge.logLines().stream().skip(before);
      case "health" -> get(bridge.managementPort(), "/observe/health").lines();
      default -> Stream.of(get(bridge.pagePort(), "/status"));
    };
  }

  private static String get(int port, String path) {
    return new Guest("http://127.0.0.1:" + port).get(path).text();
  }

  /** Three dots stand for what differs from time to time. */
  private static Pattern pattern(String words) {
    return Pattern.compile(
        Arrays.stream(words.strip().split("…"))
            .map(Pattern::quote)
            .collect(Collectors.joining(".*")));
  }
}
