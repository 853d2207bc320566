package dev.caravan.road;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.cli.LocalBroker;
import dev.caravan.simulator.Simulator;
import dev.caravan.testing.Bridge;
import dev.caravan.testing.TopicReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.ConsumerRecord;
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
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final String PREFIX = "kill.";

  /** The figure in docs/reliability.md is from more kills: -Dcaravan.kills=50. */
  private static final int KILLS = Integer.getInteger("caravan.kills", 2);

  /** What the promise says, and what a loaded machine may need for the way to the spool. */
  private static final long YOUNG_MILLIS = 50 + Long.getLong("caravan.machine.millis", 200);

  @TempDir private Path folder;

  @Test
  void nothingThatWasSpooledIsLostWhileKafkaIsThere() throws Exception {
    killAgainAndAgain(false);
  }

  @Test
  void nothingThatWasSpooledIsLostWhileKafkaIsAway() throws Exception {
    killAgainAndAgain(true);
  }

  private void killAgainAndAgain(boolean brokerIsAway) throws Exception {
    try (LocalBroker broker = LocalBroker.start();
        Simulator genesys = Simulator.start(Road.quiet())) {
      Ledger ledger = new Ledger(genesys);
      List<Long> sentAt = new ArrayList<>();
      List<Long> kills = new ArrayList<>();
      if (brokerIsAway) {
        broker.stop();
      }
      List<int[]> young = new ArrayList<>();
      for (int kill = 0; kill < KILLS; kill++) {
        Bridge bridge = settings(genesys, broker).start(folder);
        await().atMost(PATIENCE).until(() -> genesys.openSockets() == 1);
        int count = 300 + 37 * (kill % 10);
        for (int i = 0; i < count; i++) {
          assertThat(ledger.offer()).isTrue();
          sentAt.add(System.nanoTime());
          LockSupport.parkNanos(1_000_000);
        }
        long killed = System.nanoTime();
        kills.add(killed);
        bridge.kill();
        await().atMost(PATIENCE).until(() -> genesys.openSockets() == 0);
        young.add(new int[] {firstYoung(sentAt, killed), ledger.next()});
      }
      if (brokerIsAway) {
        broker.restart();
      }
      try (Bridge last = settings(genesys, broker).start(folder);
          TopicReader reader = new TopicReader(broker.bootstrapServers(), PREFIX + "conv")) {
        await().atMost(PATIENCE).until(() -> genesys.openSockets() == 1);
        ledger.send(1);
        List<ConsumerRecord<String, byte[]>> records =
            reader.awaitUntil(
                all -> {
                  last.failIfEnded();
                  return ledger.missing(all).stream().allMatch(n -> isIn(young, n));
                });

        List<Integer> lost = ledger.missing(records);
        long oldest = lost.stream().mapToLong(n -> age(sentAt.get(n), kills)).max().orElse(0);
        Ledger.assertInOrder(records);
        LOG.info(
            "Killed {} times, Kafka {}: {} events sent, {} lost, all of the last {} ms before a"
                + " kill; {} repeated with their id",
            KILLS,
            brokerIsAway ? "away" : "there",
            ledger.sent(),
            lost.size(),
            oldest,
            ledger.repeated(records));
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
        .with("GENESYS_TOPICS", Ledger.TOPIC)
        .with("GENESYS_RETRY_INITIAL_DELAY", "100ms")
        .with("GENESYS_RETRY_MAXIMUM_DELAY", "1s");
  }
}
