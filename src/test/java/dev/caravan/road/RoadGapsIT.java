package dev.caravan.road;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.simulator.LedgerEntry;
import dev.caravan.simulator.OauthClient;
import dev.caravan.simulator.SimulatorOptions;
import dev.caravan.simulator.fault.Action;
import dev.caravan.simulator.fault.Scenario;
import dev.caravan.testing.Bridge;
import dev.caravan.testing.Ledger.Gap;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is sent and what arrives, number by number, while sockets and the bridge itself are lost:
 * what is missing lies inside a recorded gap, and what need not be missing is not.
 */
class RoadGapsIT {

  private static final Logger LOG = LoggerFactory.getLogger(RoadGapsIT.class);
  private static final int PER_SECOND = 200;

  /** What the bridge may have sent without knowing that it arrived. */
  private static final int UNACKNOWLEDGED = 1_000;

  @TempDir Path folder;

  /** The figure in docs/reliability.md is from more kills: -Dcaravan.bridge.kills=50. */
  @Test
  void whatIsMissingAfterAKillLiesInsideARecordedGap() throws Exception {
    int kills = Integer.getInteger("caravan.bridge.kills", 3);
    Random dice = new Random(kills);
    try (Road road = Road.in(folder);
        NumberedEvents events = flow(road)) {
      road.start(road.settings()).awaitReady();
      for (int i = 0; i < kills; i++) {
        Bridge bridge = i == 0 ? road.bridge() : road.start(road.settings());
        reads(road);
        int before = events.sent();
        int some = PER_SECOND / 4 + dice.nextInt(PER_SECOND * 3);
        road.until(() -> events.sent() >= before + some);
        bridge.kill();
      }
      road.start(road.settings()).awaitReady();
      List<Integer> missing = settle(road, events);

      List<Gap> gaps = road.gaps();
      List<Integer> unexplained = events.outsideGaps(missing, gaps);
      LOG.info(
          "Killed {} times: {} sent, {} missing, {} of them outside of {} gaps ({} in all), {}"
              + " repeated",
          kills,
          events.sent(),
          missing.size(),
          unexplained.size(),
          gaps.size(),
          gaps.stream().map(Gap::length).reduce(Duration.ZERO, Duration::plus),
          events.repeated());
      assertThat(unexplained).isEmpty();
      assertThat(gaps).isNotEmpty();
      assertThat(gaps).extracting(Gap::cause).containsOnly("restart");
      assertThat(events.repeated()).isLessThanOrEqualTo(kills * UNACKNOWLEDGED);
    }
  }

  @Test
  void aCleanStopIsAGapUntilTheNextStart() throws Exception {
    try (Road road = Road.in(folder);
        NumberedEvents events = flow(road)) {
      Bridge first = road.start(road.settings());
      awaitOpen(road, 1);
      // Kafka has made the topic and answers: a stop waits for what is on its way, not for that
      road.kafka().awaitUntil(records -> !records.isEmpty());
      first.terminate();
      first.awaitEnd();
      road.start(road.settings()).awaitReady();
      List<Integer> missing = settle(road, events);

      List<Gap> gaps = road.gaps();
      assertThat(gaps).singleElement().extracting(Gap::cause).isEqualTo("restart");
      assertThat(events.outsideGaps(missing, gaps)).isEmpty();
      assertThat(events.repeated()).isZero();
    }
  }

  /** For the figures in docs/reliability.md; each build has such drops in {@link RoadFaultsIT}. */
  @Tag("long")
  @Test
  void aSocketThatIsDroppedWithoutWarningIsAGapOfAFractionOfASecond() throws Exception {
    try (Road road = Road.in(folder);
        NumberedEvents events = flow(road)) {
      road.start(road.settings()).awaitReady();
      List<Long> blind = new ArrayList<>();
      for (int i = 1; i <= 10; i++) {
        int gap = i;
        flows(road, events);
        Instant dropped = Instant.now();
        road.genesys()
            .perform(i % 2 == 0 ? new Action.Reset(Action.Target.ALL) : new Action.Close(1012));
        road.kafka().awaitUntil(records -> road.gaps().size() == gap);
        blind.add(Duration.between(dropped, road.gaps().get(gap - 1).to()).toMillis());
      }
      List<Integer> missing = settle(road, events);

      Collections.sort(blind);
      LOG.info(
          "Dropped 10 times: blind for {} ms at the median, {} at most; {} sent, {} missing",
          blind.get(5),
          blind.get(9),
          events.sent(),
          missing.size());
      assertThat(events.outsideGaps(missing, road.gaps())).isEmpty();
      assertThat(events.repeated()).isZero();
    }
  }

  @Test
  void withTwoChannelsEitherSocketMayBeLostAndNothingIs() throws Exception {
    try (Road road = Road.in(folder);
        NumberedEvents events = flow(road)) {
      Bridge bridge = road.start(road.settings().with("GENESYS_REDUNDANCY", "2"));
      awaitOpen(road, 2);
      bothRead(bridge);
      for (int i = 0; i < 10; i++) {
        flows(road, events);
        List<Integer> channels = channelsOfLate(road);
        Action.Target one = new Action.Target(channels.get(i % channels.size()), "");
        road.genesys().perform(i < 5 ? new Action.Reset(one) : new Action.Close(one, 1012, ""));
        int back = i + 3;
        road.kafka().awaitUntil(records -> road.signals("CONNECTED").size() == back);
        bothRead(bridge);
      }
      List<Integer> missing = settle(road, events);

      LOG.info(
          "Dropped one of two sockets 10 times: {} sent, {} missing, {} repeated",
          events.sent(),
          missing.size(),
          events.repeated());
      assertThat(missing).isEmpty();
      assertThat(events.repeated()).isZero();
      assertThat(road.gaps()).isEmpty();
      assertThat(road.signals("DISCONNECTED").size()).isEqualTo(10);
    }
  }

  /**
   * Channels live for 20 s instead of 24 h, tokens for 45 s; so 2 s are left for a hand-over. The
   * figure in docs/reliability.md is from more generations: -Dcaravan.generations=10.
   */
  @Tag("long")
  @Test
  void generationsOfChannelsLoseAndRepeatNothing() throws Exception {
    int generations = Integer.getInteger("caravan.generations", 4);
    OauthClient client =
        new OauthClient(Road.CLIENT, Road.SECRET).withTokenLife(Duration.ofSeconds(45));
    SimulatorOptions hurried =
        Scenario.parse("options: {traffic: {on: false}, limits: {channelLife: PT20S}}")
            .options()
            .withClient(client);
    try (Road road = Road.in(folder, hurried);
        NumberedEvents events = flow(road)) {
      road.start(road.settings()).awaitReady();
      for (int i = 1; i <= generations; i++) {
        int generation = i;
        road.kafka().awaitUntil(records -> road.signals("HANDED_OVER").size() >= generation);
      }
      List<Integer> missing = settle(road, events);

      LOG.info(
          "Handed over {} times: {} sent, {} missing, {} repeated",
          generations,
          events.sent(),
          missing.size(),
          events.repeated());
      assertThat(missing).isEmpty();
      assertThat(events.repeated()).isZero();
      assertThat(road.gaps()).isEmpty();
      assertThat(road.signals("HANDED_OVER"))
          .extracting(signal -> signal.path("cause").asText())
          .contains("channel-age", "token-age")
          .containsOnly("channel-age", "token-age");
    }
  }

  @Test
  @Tag("long")
  void twoBridgesOfOneClientThatRestartTogetherDoNotPushEachOtherOut() throws Exception {
    try (Road road = Road.in(folder);
        NumberedEvents events = flow(road)) {
      Bridge one = road.settings().start(folder);
      Bridge.Settings others =
          road.settings().with("CARAVAN_DATA_DIR", folder.resolve("other").toString());
      Bridge two = others.start(folder);
      try (one) {
        one.awaitReady();
        two.awaitReady();
        one.kill();
        two.kill();
        two = others.start(folder);
        try (Bridge again = road.start(road.settings())) {
          awaitOpen(road, 2);
          again.awaitReady();
          two.awaitReady();
          flows(road, events);
          List<Integer> missing = settle(road, events);
          assertThat(road.gaps()).hasSize(2);
          assertThat(missing)
              .allMatch(n -> road.gaps().stream().allMatch(g -> g.holds(events.time(n))));
          assertThat(again.log() + two.log()).doesNotContain("Disconnected");
        }
      } finally {
        two.close();
      }
    }
  }

  // ---- what was sent and what arrived

  private static NumberedEvents flow(Road road) {
    NumberedEvents events =
        new NumberedEvents(road.genesys())
            .reading(road.kafka())
            .every(Duration.ofSeconds(1).dividedBy(PER_SECOND));
    events.start(List.of(Road.TOPIC));
    return events;
  }

  /** Waits until what is sent now has arrived; those that are missing since the first arrival. */
  private static List<Integer> settle(Road road, NumberedEvents events) {
    int before = events.sent();
    road.until(() -> events.sent() > before + PER_SECOND);
    events.stop();
    int last = events.sent() - 1;
    road.kafka().awaitUntil(records -> events.missing(last, last + 1).isEmpty());
    road.kafka().readFor(Duration.ofSeconds(2));
    return events.missing(events.missing().nextClearBit(0), last);
  }

  private static void flows(Road road, NumberedEvents events) {
    int before = events.sent();
    road.until(() -> events.sent() > before + PER_SECOND / 4);
  }

  // ---- sockets

  /** The channels to which the last events were sent. */
  private static List<Integer> channelsOfLate(Road road) {
    return latest(road).stream().map(LedgerEntry::channel).distinct().sorted().toList();
  }

  private static List<LedgerEntry> latest(Road road) {
    List<LedgerEntry> ledger = road.genesys().ledger();
    return ledger.subList(Math.max(0, ledger.size() - 10), ledger.size()).stream()
        .filter(entry -> entry.outcome() == LedgerEntry.Outcome.SENT)
        .toList();
  }

  /** Waits until something reads: until what is sent now is sent to somebody. */
  private static void reads(Road road) {
    Instant now = Instant.now();
    road.until(
        () -> latest(road).stream().anyMatch(entry -> entry.atMillis() > now.toEpochMilli()));
  }

  private static void bothRead(Bridge bridge) {
    bridge.awaitReadiness(
        "both channels are read",
        health -> health.isReady() && !health.text().contains("Only 1 of 2"));
  }

  private static void awaitOpen(Road road, int sockets) {
    road.until(() -> road.genesys().openSockets() == sockets);
  }
}
