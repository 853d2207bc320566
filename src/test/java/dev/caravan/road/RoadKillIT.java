package dev.caravan.road;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.demo.LocalBroker;
import dev.caravan.simulator.Simulator;
import dev.caravan.testing.Bridge;
import dev.caravan.testing.ProcessSignal;
import dev.caravan.testing.TestBroker;
import dev.caravan.testing.TopicReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The bridge itself is killed while events flow. Those that it had read for longer than a commit
 * takes are all in Kafka in the end; what is younger may be lost with it.
 */
class RoadKillIT {

  private static final Logger LOG = LoggerFactory.getLogger(RoadKillIT.class);
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final String PREFIX = "kill.";
  private static final long MILLISECOND = 1_000_000;
  private static final Pattern IN_FLIGHT =
      Pattern.compile("(?m)^caravan_spool_in_flight\\{[^}]*spool=\"events\"[^}]*} (\\S+)");

  /** The figures in docs/reliability.md are from more kills: -Dcaravan.bridge.kills=50. */
  private static final int KILLS = Integer.getInteger("caravan.bridge.kills", 2);

  /** What the promise says, and what a loaded machine may need for the way to the spool. */
  private static final long YOUNG_MILLIS = 50 + Long.getLong("caravan.machine.millis", 2_000);

  @TempDir private Path folder;

  @Test
  void nothingThatWasSpooledIsLostWhileKafkaIsThere() throws Exception {
    killAgainAndAgain(false);
  }

  @Test
  void nothingThatWasSpooledIsLostWhileKafkaIsAway() throws Exception {
    killAgainAndAgain(true);
  }

  /**
   * The broker is frozen while events flow, and goes on when the bridge is dead: so it takes what
   * lay in its socket, and nobody hears the acknowledgement.
   */
  @Test
  void whatKafkaHadNotAcknowledgedComesAgainAsItWasAndNothingElseIsRepeated() throws Exception {
    try (LocalBroker broker = TestBroker.start();
        Simulator genesys = Simulator.start(Road.quiet());
        TopicReader reader = new TopicReader(broker.bootstrapServers(), PREFIX)) {
      NumberedEvents ledger = new NumberedEvents(genesys).withFormerChannels();
      List<Long> sentAt = new ArrayList<>();
      List<Long> kills = new ArrayList<>();
      List<int[]> young = new ArrayList<>();
      List<Integer> underWay = new ArrayList<>();
      List<Integer> repeats = new ArrayList<>();
      int repeated = 0;
      for (int start = 0; start <= KILLS; start++) {
        // Requests as large as those of a busier bridge
        try (Bridge bridge =
            settings(genesys, broker).with("KAFKA_PROPERTY_LINGER_MS", "100").start(folder)) {
          await().atMost(PATIENCE).until(() -> genesys.openSockets() == 1);
          flow(ledger, sentAt, 100, MILLISECOND);
          reader.awaitUntil(
              all -> {
                bridge.failIfEnded();
                return ledger.note(all).lost().stream().allMatch(n -> isIn(young, n));
              });
          if (start > 0) {
            int now = ledger.note(reader.records()).repeatedAsItWas();
            repeats.add(now - repeated);
            repeated = now;
          }
          if (start == KILLS) {
            break;
          }
          ProcessSignal.send("STOP", broker.pid());
          try {
            flow(ledger, sentAt, 300, 0);
            int atFirst =
                await().atMost(PATIENCE).until(() -> inFlight(bridge), number -> number >= 300);
            // Longer than the linger: what comes now is not in the request that Kafka will take
            flow(ledger, sentAt, 150, MILLISECOND);
            // On a slow machine the bridge has given up by now what the broker may have taken
            underWay.add(Math.max(atFirst, inFlight(bridge)));
            flow(ledger, sentAt, 20, MILLISECOND);
            long killed = System.nanoTime();
            kills.add(killed);
            bridge.kill();
            young.add(new int[] {firstYoung(sentAt, killed), ledger.sent()});
          } finally {
            ProcessSignal.send("CONT", broker.pid());
          }
          await().atMost(PATIENCE).until(() -> genesys.openSockets() == 0);
        }
      }
      List<Integer> lost = ledger.note(reader.records()).lost();
      reader.awaitUntil(all -> ledger.note(all).gaps().size() >= KILLS);
      LOG.info(
          "Killed {} times with records under way: {} events sent, {} lost, all of the last {} ms"
              + " before a kill; in flight {}, repeated as they were {}",
          KILLS,
          ledger.sent(),
          lost.size(),
          lost.stream().mapToLong(n -> age(sentAt.get(n), kills)).max().orElse(0),
          underWay,
          repeats);
      assertThat(ledger.outsideGaps(lost, ledger.gaps())).isEmpty();
      assertThat(repeated).as("repeats, without which this has shown nothing").isPositive();
      for (int kill = 0; kill < KILLS; kill++) {
        assertThat(repeats.get(kill)).isLessThanOrEqualTo(underWay.get(kill));
      }
      ledger.assertOrder();
    }
  }

  private static void flow(NumberedEvents ledger, List<Long> sentAt, int count, long pauseNanos) {
    for (int i = 0; i < count; i++) {
      assertThat(ledger.offer()).isTrue();
      sentAt.add(System.nanoTime());
      LockSupport.parkNanos(pauseNanos);
    }
  }

  /** How many records the bridge has handed to Kafka that are not acknowledged. */
  private static int inFlight(Bridge bridge) {
    Matcher gauge = IN_FLIGHT.matcher(bridge.metrics());
    return gauge.find() ? (int) Double.parseDouble(gauge.group(1)) : 0;
  }

  private void killAgainAndAgain(boolean brokerIsAway) throws Exception {
    try (LocalBroker broker = brokerIsAway ? TestBroker.away() : TestBroker.start();
        Simulator genesys = Simulator.start(Road.quiet())) {
      NumberedEvents ledger = new NumberedEvents(genesys).withFormerChannels();
      List<Long> sentAt = new ArrayList<>();
      List<Long> kills = new ArrayList<>();
      List<int[]> young = new ArrayList<>();
      for (int kill = 0; kill < KILLS; kill++) {
        Bridge bridge = settings(genesys, broker).start(folder);
        await().atMost(PATIENCE).until(() -> genesys.openSockets() == 1);
        // More of them are older than young ones than not
        int count = 4_000 + 37 * (kill % 10);
        flow(ledger, sentAt, count, MILLISECOND);
        long killed = System.nanoTime();
        kills.add(killed);
        bridge.kill();
        await().atMost(PATIENCE).until(() -> genesys.openSockets() == 0);
        young.add(new int[] {firstYoung(sentAt, killed), ledger.sent()});
      }
      if (brokerIsAway) {
        broker.restart();
      }
      try (Bridge last = settings(genesys, broker).start(folder);
          TopicReader reader = new TopicReader(broker.bootstrapServers(), PREFIX + "conv")) {
        await().atMost(PATIENCE).until(() -> genesys.openSockets() == 1);
        ledger.send(1);
        try {
          reader.awaitUntil(
              all -> {
                last.failIfEnded();
                return ledger.note(all).lost().stream().allMatch(n -> isIn(young, n));
              });
        } catch (ConditionTimeoutException e) {
          throw new AssertionError(
              "Of %d events these are missing: %s; young when killed: %s; the last bridge: %s"
                  .formatted(
                      ledger.sent(),
                      ledger.lost(),
                      young.stream().map(Arrays::toString).toList(),
                      last.log()),
              e);
        }

        List<Integer> lost = ledger.lost();
        long oldest = lost.stream().mapToLong(n -> age(sentAt.get(n), kills)).max().orElse(0);
        ledger.assertOrder();
        LOG.info(
            "Killed {} times, Kafka {}: {} events sent, {} lost, all of the last {} ms before a"
                + " kill; {} repeated with their id",
            KILLS,
            brokerIsAway ? "away" : "there",
            ledger.sent(),
            lost.size(),
            oldest,
            ledger.repeatedAsItWas());
        assertThat(last.log()).doesNotContain("damaged");
      }
    }
  }

  /** Milliseconds from then to the kill that followed. */
  private static long age(long sentAt, List<Long> kills) {
    long killed = kills.stream().filter(kill -> kill >= sentAt).findFirst().orElseThrow();
    return TimeUnit.NANOSECONDS.toMillis(killed - sentAt);
  }

  private static int firstYoung(List<Long> sentAt, long killed) {
    int first = sentAt.size();
    while (first > 0
        && killed - sentAt.get(first - 1) < TimeUnit.MILLISECONDS.toNanos(YOUNG_MILLIS)) {
      first--;
    }
    return first;
  }

  private static boolean isIn(List<int[]> ranges, int number) {
    return ranges.stream().anyMatch(range -> range[0] <= number && number < range[1]);
  }

  private static Bridge.Settings settings(Simulator genesys, LocalBroker broker) {
    return Bridge.settings()
        .genesys(genesys.url())
        .kafka(broker.bootstrapServers(), PREFIX)
        .with("GENESYS_TOPICS", Road.TOPIC)
        .with("GENESYS_RETRY_INITIAL_DELAY", "100ms")
        .with("GENESYS_RETRY_MAXIMUM_DELAY", "1s");
  }
}
