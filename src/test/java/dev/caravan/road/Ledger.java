package dev.caravan.road;

import static dev.caravan.road.Road.QUEUE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.simulator.Simulator;
import dev.caravan.testing.TopicReader;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * For tests that ask what became of each single event: numbers the events that it lets Genesys
 * Cloud send, and looks for each number in what arrived.
 */
final class Ledger {

  static final String TOPIC = "v2.routing.queues." + QUEUE + ".conversations";

  /** They take turns; each is a Kafka key. */
  static final int CONVERSATIONS = 20;

  private static final String NUMBER = "\"number\":";

  private final Simulator genesys;
  private final String padding;
  private final BitSet sent = new BitSet();
  private final List<Instant> times = new ArrayList<>();
  private int next;
  private int mostChannels = 1;

  Ledger(Simulator genesys) {
    this(genesys, 0);
  }

  /**
   * @param padding bytes that are added to each event
   */
  Ledger(Simulator genesys, int padding) {
    this.genesys = genesys;
    this.padding = "x".repeat(padding);
  }

  /** Channels of bridges and routes that have ended may be subscribed, too. */
  Ledger withFormerChannels() {
    mostChannels = Integer.MAX_VALUE;
    return this;
  }

  /** Sends so many events, each to the one channel that must be subscribed. */
  void send(int count) {
    for (int i = 0; i < count; i++) {
      assertThat(offer()).as("a subscribed channel").isTrue();
    }
  }

  /** Sends an event if a channel is subscribed; one that goes to none counts as never sent. */
  boolean offer() {
    int number = next++;
    times.add(Instant.now());
    String body =
        "{\"id\":\"%s\",\"number\":%d,\"padding\":\"%s\",\"participants\":[{\"purpose\":\"agent\",\"calls\":[{\"state\":\"connected\"}]}]}"
            .formatted(key(number), number, padding);
    int channels = genesys.emit(TOPIC, Road.json(body.getBytes(StandardCharsets.UTF_8)));
    assertThat(channels).as("channels it went to").isLessThanOrEqualTo(mostChannels);
    sent.set(number, channels > 0);
    return channels > 0;
  }

  private static String key(int number) {
    return "conversation-" + number % CONVERSATIONS;
  }

  /** The number that the next event will have. */
  int next() {
    return next;
  }

  /** When it was sent. */
  Instant time(int number) {
    return times.get(number);
  }

  int sent() {
    return sent.cardinality();
  }

  /**
   * The one that stands in the event; -1 if none does. Found, not parsed: it is asked for often.
   */
  static int number(ConsumerRecord<String, byte[]> record) {
    String text = new String(record.value(), StandardCharsets.ISO_8859_1);
    int from = text.indexOf(NUMBER) + NUMBER.length();
    int to = from;
    while (to < text.length() && Character.isDigit(text.charAt(to))) {
      to++;
    }
    return from < NUMBER.length() || to == from ? -1 : Integer.parseInt(text.substring(from, to));
  }

  /** The numbers of those that were sent and are not among these. */
  List<Integer> missing(List<ConsumerRecord<String, byte[]>> records) {
    BitSet missing = (BitSet) sent.clone();
    events(records).forEach(record -> missing.clear(number(record)));
    return missing.stream().boxed().toList();
  }

  boolean allIn(List<ConsumerRecord<String, byte[]>> records) {
    return missing(records).isEmpty();
  }

  /** How many came more than once; each repeat must be what came first, and where that came. */
  int repeated(List<ConsumerRecord<String, byte[]>> records) {
    Map<Integer, ConsumerRecord<String, byte[]>> firsts = new HashMap<>();
    Set<String> ids = new HashSet<>();
    int repeated = 0;
    for (ConsumerRecord<String, byte[]> record : events(records)) {
      ConsumerRecord<String, byte[]> first = firsts.putIfAbsent(number(record), record);
      if (first == null) {
        ids.add(id(record));
      } else {
        repeated++;
        assertThat(id(record)).as("ce_id of a repeat").isEqualTo(id(first));
        assertThat(record.key()).as("key of a repeat").isEqualTo(first.key());
        assertThat(record.partition()).as("partition of a repeat").isEqualTo(first.partition());
        assertThat(record.value()).as("value of a repeat").isEqualTo(first.value());
      }
    }
    assertThat(ids).as("ids of different events").hasSize(firsts.size());
    return repeated;
  }

  private static String id(ConsumerRecord<String, byte[]> record) {
    return TopicReader.header(record, "ce_id").orElseThrow();
  }

  /** Of each key the first appearances are in the order of sending. */
  static void assertInOrder(List<ConsumerRecord<String, byte[]>> records) {
    Map<String, Integer> last = new HashMap<>();
    Set<Integer> seen = new HashSet<>();
    List<String> wrong = new ArrayList<>();
    for (ConsumerRecord<String, byte[]> record : events(records)) {
      int number = number(record);
      if (seen.add(number)) {
        Integer before = last.put(record.key(), number);
        if (before != null && before > number) {
          wrong.add(number + " after " + before);
        }
      }
    }
    assertThat(wrong).as("events out of order within their key").isEmpty();
  }

  /** Each has the key of its conversation. */
  private static List<ConsumerRecord<String, byte[]>> events(
      List<ConsumerRecord<String, byte[]>> records) {
    List<ConsumerRecord<String, byte[]>> events =
        records.stream().filter(record -> record.topic().endsWith("conversations.voice")).toList();
    for (ConsumerRecord<String, byte[]> event : events) {
      int number = number(event);
      if (number >= 0) {
        assertThat(event.key()).as("key of event %d", number).isEqualTo(key(number));
      }
    }
    return events;
  }
}
