package dev.caravan.road;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.caravan.testing.Bridge;
import dev.caravan.testing.ProcessSignal;
import dev.caravan.testing.Routes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.IntSummaryStatistics;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.core.ConditionTimeoutException;

/**
 * Several bridges that share what is to be read: each a process of its own, with a name, a folder
 * and routes. What is waited for in vain fails with the log of each.
 */
final class Instances implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(180);
  private static final Pattern SHARDS =
      Pattern.compile("(\\d+) shards? here, (\\d+) elsewhere(?:.*stands by for (\\d+))?");

  private final Path folder;
  private final Map<String, Bridge> bridges = new LinkedHashMap<>();

  Instances(Path folder) {
    this.folder = folder;
  }

  /** Routes of its own for the one of this name, with so many topics on a channel at most. */
  Path routes(String name, int topicsPerChannel) {
    Path its = folder.resolve(name);
    return Files.exists(its.resolve("routes"))
        ? its.resolve("routes")
        : Routes.copyTo(its, topicsPerChannel);
  }

  /** Starts it, for the first time or once more. */
  Bridge start(String name, Bridge.Settings settings) {
    Bridge bridge = settings.start(folder.resolve(name));
    bridges.put(name, bridge);
    return bridge;
  }

  Bridge get(String name) {
    return bridges.get(name);
  }

  /** Those that have ended, too, unless they were started once more. */
  Collection<Bridge> all() {
    return bridges.values();
  }

  List<Bridge> running() {
    return all().stream().filter(Bridge::isRunning).toList();
  }

  /** By SIGTERM, and waits until it has ended. */
  void stop(String name) {
    get(name).terminate();
    assertThat(get(name).awaitEnd()).as("ended by SIGTERM").isEqualTo(143);
  }

  void kill(String name) {
    get(name).kill();
  }

  /** Sends a signal, such as {@code STOP}. */
  void signal(String name, String signal) throws IOException, InterruptedException {
    ProcessSignal.send(signal, get(name).pid());
  }

  // ---- what they say

  static JsonNode health(Bridge bridge) {
    return bridge.readiness().check("genesys-notifications").path("data");
  }

  /** What it says of the others. */
  static String state(Bridge bridge) {
    return health(bridge).path("bridge.instances").asText();
  }

  String state(String name) {
    return state(get(name));
  }

  /**
   * Of how many shards it is the reader, how many more others read, and for how many it stands by.
   *
   * @param here none as long as it does not say
   */
  record Shards(int here, int elsewhere, int standby) {

    int all() {
      return here + elsewhere;
    }
  }

  static Shards shards(Bridge bridge) {
    Matcher found = SHARDS.matcher(state(bridge));
    return found.find()
        ? new Shards(
            Integer.parseInt(found.group(1)),
            Integer.parseInt(found.group(2)),
            found.group(3) == null ? 0 : Integer.parseInt(found.group(3)))
        : new Shards(0, 0, 0);
  }

  /** The one that deals topics: whose log says last that it does. */
  String planner() {
    return bridges.keySet().stream()
        .filter(
            name ->
                get(name).logLines().stream()
                    .filter(line -> line.contains("finds out what is to be read"))
                    .reduce((one, next) -> next)
                    .filter(line -> line.contains("This instance"))
                    .isPresent())
        .findFirst()
        .orElseThrow();
  }

  // ---- what is waited for

  void awaitThat(String what, Callable<Boolean> so) {
    try {
      await().alias(what).atMost(PATIENCE).pollInterval(Duration.ofMillis(250)).until(so);
    } catch (ConditionTimeoutException e) {
      throw failed(what, e);
    }
  }

  /**
   * Each of these says this of the others.
   *
   * @param state a regular expression for the whole of it
   */
  void awaitState(String state, String... names) {
    for (String name : names) {
      awaitThat(
          name + ": " + state,
          () -> {
            get(name).failIfEnded();
            return state(name).matches(state);
          });
    }
  }

  /**
   * So many of them share all shards, in numbers that differ by one at most, and none is on its way
   * from one to another: it would be counted at both.
   */
  void awaitBalance(int there) {
    awaitThat(
        "they are balanced",
        () -> {
          List<Shards> each =
              running().stream()
                  .filter(bridge -> state(bridge).startsWith(there + " of "))
                  .map(Instances::shards)
                  .toList();
          IntSummaryStatistics here = each.stream().mapToInt(Shards::here).summaryStatistics();
          return here.getCount() == there
              && here.getMin() > 0
              && here.getMax() - here.getMin() <= 1
              && each.stream().allMatch(its -> its.all() == here.getSum());
        });
  }

  /** Each of so many shards is read by one of these, and another stands by. */
  void awaitStandby(int shards, String... names) {
    awaitThat(
        "another stands by for each shard",
        () -> {
          List<Shards> all = Arrays.stream(names).map(name -> shards(get(name))).toList();
          return all.stream().mapToInt(Shards::here).sum() == shards
              && all.stream().mapToInt(Shards::standby).sum() == shards;
        });
  }

  /** With what each of them has said. */
  AssertionError failed(String what, Throwable cause) {
    StringBuilder all = new StringBuilder(what);
    bridges.forEach(
        (name, bridge) ->
            all.append("\n---- ")
                .append(name)
                .append(": ")
                .append(bridge.isRunning() ? health(bridge) : "ended")
                .append('\n')
                .append(bridge.log()));
    return new AssertionError(all.toString(), cause);
  }

  @Override
  public void close() {
    all().forEach(Bridge::kill);
  }
}
