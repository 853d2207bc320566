package dev.caravan.genesys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class SignalsTest {

  private final Signals signals = new Signals();
  private final List<Integer> read = new CopyOnWriteArrayList<>();
  private final ExecutorService reader = Executors.newSingleThreadExecutor();

  @AfterEach
  void stop() {
    reader.shutdownNow();
  }

  private void publish(int from, int to) {
    for (int i = from; i < to; i++) {
      signals.publish(Signal.of("CONNECTED").shard(i).sentence("It happened."));
    }
  }

  private static List<Integer> range(int from, int to) {
    return IntStream.range(from, to).boxed().toList();
  }

  private void readAll() {
    signals.read(signal -> read.add(signal.shard()), reader);
  }

  @Test
  void theyComeInTheirOrderThoseThatWaitedFirst() {
    publish(0, 3);

    readAll();
    publish(3, 500);

    await().untilAsserted(() -> assertThat(read).isEqualTo(range(0, 500)));
  }

  @Test
  void nobodyWaitsForAReaderThatStandsStillAndTheOldestGo() {
    CountDownLatch kafka = new CountDownLatch(1);
    signals.read(
        signal -> {
          read.add(signal.shard());
          try {
            kafka.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        },
        reader);
    publish(0, 1);
    await().until(() -> read.size() == 1);

    publish(1, 1_006);
    kafka.countDown();

    await().until(() -> read.size() == 1_001);
    assertThat(read.subList(1, 1_001)).isEqualTo(range(6, 1_006));
  }

  @Test
  void aReaderThatFailsOnceGetsTheNext() {
    signals.read(
        signal -> {
          read.add(signal.shard());
          if (signal.shard() == 0) {
            throw new NoClassDefFoundError("Not this one");
          }
        },
        reader);

    publish(0, 2);

    await().untilAsserted(() -> assertThat(read).isEqualTo(range(0, 2)));
  }

  @Test
  void theyWaitWhileNobodyReads() {
    readAll();
    publish(0, 1);
    await().until(() -> read.size() == 1);
    signals.readNoMore();
    publish(1, 3);

    readAll();

    await().untilAsserted(() -> assertThat(read).isEqualTo(range(0, 3)));
  }

  @Test
  void aReaderWhoseThreadEndedIsNoHarm() {
    readAll();
    reader.shutdownNow();

    publish(0, 2);

    assertThat(read).isEmpty();
  }
}
