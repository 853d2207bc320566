package dev.caravan.road;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.caravan.simulator.Simulator;
import dev.caravan.testing.TopicReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Numbered events that flow to topics in turn, whoever reads them, until they are stopped; and what
 * became of each number: it arrived, how often and after which, or lies in a gap on record. The
 * events of a conversation are of one topic, and each topic has ten conversations.
 */
final class NumberedFlow {

  private static final Logger LOG = LoggerFactory.getLogger(NumberedFlow.class);
  private static final int CONVERSATIONS = 10;

  private final Simulator genesys;
  private final TopicReader kafka;
  private final String prefix;
  private final Duration pause;
  private final IntConsumer observer;
  private final Thread thread = new Thread(this::flow, "flow");
  private volatile boolean flowing = true;
  private List<String> topics = List.of();

  private final BitSet sent = new BitSet();
  private final BitSet unheard = new BitSet();
  private final List<Instant> times = new ArrayList<>();

  // Of what was read from Kafka, by the thread of the test
  private final Map<String, Integer> read = new HashMap<>();
  private final BitSet arrived = new BitSet();
  private final Map<Integer, ConsumerRecord<String, byte[]>> firsts = new HashMap<>();
  private final Map<String, Integer> last = new HashMap<>();
  private final List<Misplaced> outOfOrder = new ArrayList<>();
  private final List<Repeat> repeats = new ArrayList<>();
  private final List<JsonNode> signals = new ArrayList<>();

  /**
   * Begins with {@link #start}.
   *
   * @param prefix of the Kafka topics
   * @param pause between two events
   * @param observer called with each number by the thread that sends, once it is sent
   */
  NumberedFlow(
      Simulator genesys, TopicReader kafka, String prefix, Duration pause, IntConsumer observer) {
    this.genesys = genesys;
    this.kafka = kafka;
    this.prefix = prefix;
    this.pause = pause;
    this.observer = observer;
  }

  // ---- what is sent

  void start(List<String> topics) {
    this.topics = topics;
    thread.start();
  }

  void stop() throws InterruptedException {
    flowing = false;
    thread.join();
  }

  /** Each number is noted; those of events that nobody reads, too. */
  private void flow() {
    for (int number = 0; flowing; number++) {
      String body =
          "{\"id\":\"conversation-%d\",\"number\":%d,\"participants\":[{\"purpose\":\"agent\",\"calls\":[{\"state\":\"connected\"}]}]}"
              .formatted(number % (CONVERSATIONS * topics.size()), number);
      int heard =
          genesys.emit(
              topics.get(number % topics.size()), Road.json(body.getBytes(StandardCharsets.UTF_8)));
      synchronized (sent) {
        times.add(Instant.now());
        sent.set(number);
        unheard.set(number, heard == 0);
      }
      observer.accept(number);
      LockSupport.parkNanos(pause.toNanos());
    }
  }

  /** How many were sent so far, which is the number that the next one has. */
  int sent() {
    synchronized (sent) {
      return times.size();
    }
  }

  /** The numbers of those that went to no channel. */
  BitSet unheard() {
    synchronized (sent) {
      return (BitSet) unheard.clone();
    }
  }

  // ---- what arrived

  /** Takes note of what was read from Kafka since the last time. */
  private void note() {
    for (String topic : List.of("conversations.voice", "observations", "presence")) {
      unread(topic).forEach(this::note);
    }
    unread("signals").forEach(record -> signals.add(Road.json(record.value())));
  }

  private List<ConsumerRecord<String, byte[]>> unread(String topic) {
    List<ConsumerRecord<String, byte[]>> all = kafka.records(prefix + topic);
    int from = read.getOrDefault(topic, 0);
    read.put(topic, all.size());
    return all.subList(from, all.size());
  }

  private void note(ConsumerRecord<String, byte[]> record) {
    int number = Ledger.number(record);
    if (number < 0) {
      return;
    }
    ConsumerRecord<String, byte[]> first = firsts.putIfAbsent(number, record);
    if (first != null) {
      String repeat =
          "%d of %s sent at %s: %s, and %s"
              .formatted(
                  number,
                  topics.get(number % topics.size()),
                  time(number),
                  inKafka(first),
                  inKafka(record));
      repeats.add(new Repeat(time(number), id(first).equals(id(record)), repeat));
    } else if (!isLate(record)) {
      noteOrder(number, record);
    }
    arrived.set(number);
  }

  private void noteOrder(int number, ConsumerRecord<String, byte[]> record) {
    int youngest = last.merge(record.topic() + record.key(), number, Math::max);
    if (youngest > number) {
      outOfOrder.add(new Misplaced(time(number), number + " after " + youngest));
    }
  }

  /** From the disk of one that was started again: it says so, as others may be younger. */
  private static boolean isLate(ConsumerRecord<String, byte[]> record) {
    return TopicReader.header(record, "genesys-origin").filter("late"::equals).isPresent();
  }

  /** A number that arrived first after a later one of its key had, in words, too. */
  private record Misplaced(Instant sentAt, String inWords) {

    @Override
    public String toString() {
      return inWords;
    }
  }

  /** An arrival of a number that had arrived before, in words, too. */
  private record Repeat(Instant sentAt, boolean hasTheSameId, String inWords) {

    @Override
    public String toString() {
      return inWords;
    }
  }

  private static String inKafka(ConsumerRecord<String, byte[]> record) {
    return "%s in Kafka at %s".formatted(id(record), Instant.ofEpochMilli(record.timestamp()));
  }

  private static String id(ConsumerRecord<String, byte[]> record) {
    return TopicReader.header(record, "ce_id").orElseThrow();
  }

  private Instant time(int number) {
    synchronized (sent) {
      return times.get(number);
    }
  }

  /** How many numbers have arrived. */
  int arrived() {
    note();
    return arrived.cardinality();
  }

  /** The numbers of those that were sent and have not arrived. */
  BitSet missing() {
    note();
    BitSet missing;
    synchronized (sent) {
      missing = (BitSet) sent.clone();
    }
    missing.andNot(arrived);
    return missing;
  }

  /** How many arrivals there were beyond the first of each number. */
  int repeated() {
    note();
    return repeats.size();
  }

  List<JsonNode> signals() {
    note();
    return List.copyOf(signals);
  }

  List<JsonNode> signals(String type) {
    return signals().stream().filter(it -> it.path("type").asText().equals(type)).toList();
  }

  /** Each once, as it was told last. */
  List<JsonNode> gaps() {
    Map<String, JsonNode> gaps = new LinkedHashMap<>();
    signals("GAP").forEach(gap -> gaps.put(gap.path("gap").asText(), gap));
    return List.copyOf(gaps.values());
  }

  /** When nothing was read, as a gap tells it. */
  private record Span(Instant from, Instant to) {

    static Span of(JsonNode gap) {
      return new Span(
          Instant.parse(gap.path("from").asText()), Instant.parse(gap.path("to").asText()));
    }

    boolean holds(Instant time) {
      return !time.isBefore(from) && !time.isAfter(to);
    }

    Duration length() {
      return Duration.between(from, to);
    }
  }

  /** How many of them were not over yet at that time. */
  long gapsAfter(Instant time) {
    return spans().stream().filter(gap -> gap.to().isAfter(time)).count();
  }

  private List<Span> spans() {
    return gaps().stream().map(Span::of).toList();
  }

  /** Of these numbers those that were sent at a time that lies in no gap. */
  List<Integer> outsideGaps(BitSet numbers) {
    List<Span> gaps = spans();
    synchronized (sent) {
      return numbers.stream()
          .filter(number -> gaps.stream().noneMatch(gap -> gap.holds(times.get(number))))
          .boxed()
          .toList();
    }
  }

  // ---- what is asserted

  void assertNothingRepeated() {
    note();
    assertThat(repeats).as("repeated events").isEmpty();
  }

  /** Of each key the first arrivals, but those that say that they come late. */
  void assertOrder() {
    note();
    assertThat(outOfOrder).as("events out of order within their key").isEmpty();
  }

  /**
   * The same but of what was sent in a gap, which one that lives on may have read and nobody else,
   * or in the moment at its end, in which two may forward.
   */
  void assertOrderOutsideGaps() {
    note();
    List<Span> gaps = spans();
    assertThat(outOfOrder)
        .as("events out of order within their key")
        .filteredOn(
            misplaced ->
                gaps.stream().noneMatch(gap -> gap.holds(misplaced.sentAt()))
                    && !isAtTheEndOfOne(gaps, misplaced.sentAt()))
        .isEmpty();
  }

  private static boolean isAtTheEndOfOne(List<Span> gaps, Instant time) {
    return gaps.stream()
        .map(gap -> Duration.between(gap.to(), time).abs())
        .anyMatch(apart -> apart.compareTo(Duration.ofSeconds(1)) < 0);
  }

  void assertGapsAtMost(Duration longest) {
    assertAtMost(longest, spans());
  }

  /** Of the gaps in which this moment lies, such as that of a kill; there must be one. */
  void assertGapsAtMost(Duration longest, Instant moment) {
    List<Span> gaps = spans().stream().filter(gap -> gap.holds(moment)).toList();
    assertThat(gaps).as("gaps in which %s lies", moment).isNotEmpty();
    assertAtMost(longest, gaps);
  }

  private static void assertAtMost(Duration longest, List<Span> gaps) {
    assertThat(gaps)
        .as("gaps of %s at most", longest)
        .allMatch(gap -> gap.length().compareTo(longest) <= 0);
  }

  /** What one that was killed had sent without an answer is sent again with the id it had. */
  void assertRepeatedWithTheSameId() {
    note();
    assertThat(repeats).allMatch(Repeat::hasTheSameId);
  }

  /**
   * The same but for a moment at the end of a gap: two may begin to read what a dead one had read,
   * and each forwards what it read before it heard of the other.
   */
  void assertRepeatedWithTheSameIdButWhenTakenOver() {
    note();
    List<Span> gaps = spans();
    assertThat(repeats)
        .filteredOn(repeat -> !repeat.hasTheSameId())
        .allMatch(repeat -> isAtTheEndOfOne(gaps, repeat.sentAt()));
  }

  /** The same of what was sent at some times, of which there must be repeats. */
  void assertRepeatedWithTheSameId(Predicate<Instant> when) {
    note();
    assertThat(repeats)
        .filteredOn(repeat -> when.test(repeat.sentAt()))
        .isNotEmpty()
        .allMatch(Repeat::hasTheSameId);
  }

  /** A second socket on a channel would have ended the first. */
  void assertNoChannelTaken() {
    assertThat(signals().stream().map(signal -> signal.path("cause").asText()))
        .doesNotContain("taken-over");
  }

  /** Writes down what became of all, and what the test has seen besides. */
  void report(String what, Object besides) {
    LOG.info(
        "{}: {} events sent, {} to nobody, {} missing, {} repeated, gaps of {}, {}",
        what,
        sent(),
        unheard().cardinality(),
        missing().cardinality(),
        repeated(),
        spans().stream()
            .map(Span::length)
            .sorted()
            .map(Duration::toString)
            .collect(Collectors.joining(", ", "[", "]")),
        besides);
  }
}
