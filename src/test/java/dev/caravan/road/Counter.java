package dev.caravan.road;

import static dev.caravan.road.Road.QUEUE;

import dev.caravan.simulator.Act;
import dev.caravan.simulator.Simulator;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * For tests that hold what arrived against what was sent, one by one: lets a contact centre have
 * numbered events, some hundred a second, and remembers when each was sent.
 */
final class Counter implements AutoCloseable {

  static final String TOPIC = "v2.routing.queues." + QUEUE + ".conversations";

  private final Simulator genesys;
  private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
  private final Map<Long, Instant> sentAt = new ConcurrentSkipListMap<>();
  private long next;

  Counter(Simulator genesys, int perSecond) {
    this.genesys = genesys;
    clock.scheduleAtFixedRate(this::send, 0, 1_000_000 / perSecond, TimeUnit.MICROSECONDS);
  }

  private void send() {
    long number = next++;
    sentAt.put(number, Instant.ofEpochMilli(System.currentTimeMillis()));
    String body = Road.call(new UUID(0, number).toString());
    genesys.perform(
        new Act.Emit(TOPIC, Road.json(body.getBytes(StandardCharsets.UTF_8)), "n" + number));
  }

  /** How many were sent so far. */
  int sent() {
    return sentAt.size();
  }

  Instant sentAt(long number) {
    return sentAt.get(number);
  }

  /** Sends no more. */
  void stop() throws InterruptedException {
    clock.shutdown();
    if (!clock.awaitTermination(30, TimeUnit.SECONDS)) {
      throw new IllegalStateException("The contact centre does not stop");
    }
  }

  static long number(ConsumerRecord<String, byte[]> record) {
    return UUID.fromString(record.key()).getLeastSignificantBits();
  }

  /** How often each number arrived. */
  static Map<Long, Integer> arrived(Road road) {
    Map<Long, Integer> times = new TreeMap<>();
    road.recordsOf("conversations.voice")
        .forEach(record -> times.merge(number(record), 1, Integer::sum));
    return times;
  }

  /** The numbers that did not arrive, from a first one on. */
  List<Long> missing(Map<Long, Integer> arrived, long first) {
    List<Long> missing = new ArrayList<>();
    LongStream.range(first, sent()).filter(n -> !arrived.containsKey(n)).forEach(missing::add);
    return missing;
  }

  @Override
  public void close() {
    clock.shutdownNow();
  }
}
