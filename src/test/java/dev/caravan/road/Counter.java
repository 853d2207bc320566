package dev.caravan.road;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.caravan.simulator.Simulator;
import dev.caravan.simulator.fault.Action;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
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

  private final Simulator genesys;
  private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
  private final Map<Long, Instant> sentAt = new ConcurrentSkipListMap<>();
  private final Map<Long, Integer> arrived = new TreeMap<>();
  private int read;
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
        new Action.Emit(
            Ledger.TOPIC, Road.json(body.getBytes(StandardCharsets.UTF_8)), "n" + number));
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
    if (!clock.awaitTermination(2, TimeUnit.MINUTES)) {
      throw new IllegalStateException("The contact centre does not stop");
    }
  }

  static long number(ConsumerRecord<String, byte[]> record) {
    return UUID.fromString(record.key()).getLeastSignificantBits();
  }

  /** How often each number has arrived so far, on the one road that this is for. */
  Map<Long, Integer> arrived(Road road) {
    List<ConsumerRecord<String, byte[]>> all =
        road.kafka().records(road.prefix() + "conversations.voice");
    all.subList(read, all.size()).forEach(it -> arrived.merge(number(it), 1, Integer::sum));
    read = all.size();
    return arrived;
  }

  /**
   * What came of the numbers.
   *
   * @param missing those that did not arrive
   * @param repeated arrivals beyond the first of each
   */
  record Arrivals(List<Long> missing, int repeated) {}

  /**
   * What has come of the numbers so far.
   *
   * @param first none before it counts as missing
   * @param end nor this one, nor one after it
   */
  Arrivals arrivals(Road road, long first, long end) {
    Map<Long, Integer> arrived = arrived(road);
    return new Arrivals(
        LongStream.range(first, end).filter(n -> !arrived.containsKey(n)).boxed().toList(),
        arrived.values().stream().mapToInt(times -> times - 1).sum());
  }

  /** An interval in which nothing was read, as a signal tells it. */
  record Gap(Instant from, Instant to, String cause) {

    static List<Gap> in(List<JsonNode> signals) {
      return signals.stream()
          .filter(signal -> signal.path("type").asText().equals("GAP"))
          .map(Gap::of)
          .toList();
    }

    private static Gap of(JsonNode signal) {
      assertThat(signal.path("gap").asText()).isNotEmpty();
      assertThat(signal.path("topics").path("v2.routing.queues.{id}.conversations").asInt())
          .isEqualTo(1);
      return new Gap(
          Instant.parse(signal.path("from").asText()),
          Instant.parse(signal.path("to").asText()),
          signal.path("cause").asText());
    }

    boolean holds(Instant moment) {
      return !moment.isBefore(from) && !moment.isAfter(to);
    }

    Duration length() {
      return Duration.between(from, to);
    }
  }

  @Override
  public void close() {
    clock.shutdownNow();
  }
}
