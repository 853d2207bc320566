package dev.caravan.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Events by number: when each was sent, and what became of it. It arrived, how often and after
 * which of its key, or was sent at a time that lies in a gap on record. What arrives is noted by
 * one thread; another may send.
 */
public class Ledger {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final byte[] NUMBER = "\"number\":".getBytes(StandardCharsets.US_ASCII);

  // By number; guarded by the list
  private final List<Instant> times = new ArrayList<>();
  private final BitSet unheard = new BitSet();

  private final BitSet arrived = new BitSet();
  private final Map<Object, Integer> youngest = new HashMap<>();
  private final List<Misplaced> outOfOrder = new ArrayList<>();
  private int repeated;

  // Of records that were noted
  private final Map<TopicPartition, Long> next = new HashMap<>();
  private final Map<Integer, ConsumerRecord<String, byte[]>> firsts = new HashMap<>();
  private final List<Repeat> repeats = new ArrayList<>();
  private final List<JsonNode> signals = new ArrayList<>();
  private Optional<TopicReader> reader = Optional.empty();

  /** The ends of the names of those Kafka topics to which numbered events come. */
  private List<String> numbered = List.of("conversations.voice");

  private boolean areSomeLate;
  private int read;

  /** A number that arrived first after a later one of its key had. */
  private record Misplaced(int number, int after) {}

  /** An arrival of a number that had arrived before. */
  private record Repeat(
      int number,
      Instant sentAt,
      ConsumerRecord<String, byte[]> first,
      ConsumerRecord<String, byte[]> again) {

    boolean hasTheSameId() {
      return id(first).equals(id(again));
    }

    @Override
    public String toString() {
      return "%d sent at %s: %s, and %s".formatted(number, sentAt, inKafka(first), inKafka(again));
    }

    private static String inKafka(ConsumerRecord<String, byte[]> record) {
      return "%s in %s at %s"
          .formatted(id(record), record.topic(), Instant.ofEpochMilli(record.timestamp()));
    }
  }

  /** An interval in which nothing was read, as a signal tells it. */
  public record Gap(Instant from, Instant to, String cause, JsonNode signal) {

    public static Gap of(JsonNode signal) {
      return new Gap(
          Instant.parse(signal.path("from").asText()),
          Instant.parse(signal.path("to").asText()),
          signal.path("cause").asText(),
          signal);
    }

    public boolean holds(Instant moment) {
      return !moment.isBefore(from) && !moment.isAfter(to);
    }

    public Duration length() {
      return Duration.between(from, to);
    }

    private boolean endsAbout(Instant moment) {
      return Duration.between(to, moment).abs().compareTo(Duration.ofSeconds(1)) < 0;
    }
  }

  // ---- what is sent

  /** Notes when the next one is sent; returns its number. */
  public int sending() {
    synchronized (times) {
      times.add(Instant.now());
      return times.size() - 1;
    }
  }

  /** Nobody was there to read it. */
  public void unheard(int number) {
    synchronized (times) {
      unheard.set(number);
    }
  }

  /** How many were sent so far, which is the number that the next one has. */
  public int sent() {
    synchronized (times) {
      return times.size();
    }
  }

  public Instant time(int number) {
    synchronized (times) {
      return times.get(number);
    }
  }

  /** The numbers of those that nobody was there to read. */
  public BitSet unheard() {
    synchronized (times) {
      return (BitSet) unheard.clone();
    }
  }

  // ---- what arrives

  /** The number in an event; -1 if there is none. Found, not parsed: it is asked for often. */
  public static int numberIn(byte[] value) {
    for (int at = 0; at < value.length - NUMBER.length; at++) {
      if (value[at] == '"'
          && Arrays.equals(value, at, at + NUMBER.length, NUMBER, 0, NUMBER.length)) {
        int from = at + NUMBER.length;
        int number = 0;
        int to = from;
        for (; to < value.length && value[to] >= '0' && value[to] <= '9'; to++) {
          number = number * 10 + value[to] - '0';
        }
        return to == from ? -1 : number;
      }
    }
    return -1;
  }

  public static int number(ConsumerRecord<String, byte[]> record) {
    return numberIn(record.value());
  }

  /** Notes an arrival; tells whether it is the first of this number. */
  public boolean arrived(int number, Object key) {
    if (!isFirst(number)) {
      return false;
    }
    int before = youngest.merge(key, number, Math::max);
    if (before > number) {
      outOfOrder.add(new Misplaced(number, before));
    }
    return true;
  }

  private boolean isFirst(int number) {
    boolean first = !arrived.get(number);
    arrived.set(number);
    repeated += first ? 0 : 1;
    return first;
  }

  /** Of topics that are no conversations, too; some may be late, as several instances read them. */
  protected void onAnyTopic() {
    numbered = List.of("conversations.voice", "observations", "presence");
    areSomeLate = true;
  }

  /** From now on, what this has read is noted before anything is told. */
  public Ledger reading(TopicReader kafka) {
    reader = Optional.of(kafka);
    read = 0;
    return this;
  }

  /** Notes those of these that were not noted yet. */
  public Ledger note(List<ConsumerRecord<String, byte[]>> records) {
    records.forEach(this::note);
    return this;
  }

  private void note() {
    if (reader.isPresent()) {
      List<ConsumerRecord<String, byte[]>> unread = reader.get().recordsFrom(read);
      note(unread);
      read += unread.size();
    }
  }

  private void note(ConsumerRecord<String, byte[]> record) {
    TopicPartition partition = new TopicPartition(record.topic(), record.partition());
    if (record.offset() < next.getOrDefault(partition, 0L)) {
      return;
    }
    next.put(partition, record.offset() + 1);
    if (record.topic().endsWith("signals")) {
      signals.add(json(record.value()));
    } else if (numbered.stream().anyMatch(record.topic()::endsWith) && number(record) >= 0) {
      noteNumbered(number(record), record);
    }
  }

  /** Of a number that was arrived a second time, the first is kept. */
  protected void noteNumbered(int number, ConsumerRecord<String, byte[]> record) {
    boolean first =
        areSomeLate && isLate(record)
            ? isFirst(number)
            : arrived(number, record.topic() + record.key());
    if (first) {
      firsts.put(number, record);
    } else {
      repeats.add(new Repeat(number, time(number), firsts.get(number), record));
    }
  }

  /** From the disk of one that was started again: it says so, as others may be younger. */
  private static boolean isLate(ConsumerRecord<String, byte[]> record) {
    return TopicReader.header(record, "genesys-origin").filter("late"::equals).isPresent();
  }

  private static String id(ConsumerRecord<String, byte[]> record) {
    return TopicReader.header(record, "ce_id").orElseThrow();
  }

  private static JsonNode json(byte[] value) {
    try {
      return JSON.readTree(value);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  // ---- what became of it

  /** How many numbers have arrived. */
  public int arrived() {
    note();
    return arrived.cardinality();
  }

  public boolean hasArrived(int number) {
    return arrived.get(number);
  }

  /** The numbers of those that were sent and have not arrived. */
  public BitSet missing() {
    note();
    BitSet missing = new BitSet();
    missing.set(0, sent());
    missing.andNot(arrived);
    return missing;
  }

  /** The same from this number on to before that one. */
  public List<Integer> missing(int from, int end) {
    return missing().stream().filter(number -> from <= number && number < end).boxed().toList();
  }

  /** The numbers of those that somebody was there to read, and that have not arrived. */
  public List<Integer> lost() {
    BitSet lost = missing();
    lost.andNot(unheard());
    return lost.stream().boxed().toList();
  }

  /** Whether, with these, nothing is lost. */
  public boolean allIn(List<ConsumerRecord<String, byte[]>> records) {
    return note(records).lost().isEmpty();
  }

  /** How many arrivals there were beyond the first of each number. */
  public int repeated() {
    note();
    return repeated;
  }

  /** The same; each must be what came first, and where that came. */
  public int repeatedAsItWas() {
    note();
    for (Repeat repeat : repeats) {
      assertThat(id(repeat.again)).as("ce_id of a repeat").isEqualTo(id(repeat.first));
      assertThat(repeat.again.key()).as("key of a repeat").isEqualTo(repeat.first.key());
      assertThat(repeat.again.partition())
          .as("partition of a repeat")
          .isEqualTo(repeat.first.partition());
      assertThat(repeat.again.value()).as("value of a repeat").isEqualTo(repeat.first.value());
    }
    Set<String> ids = new HashSet<>();
    firsts.values().forEach(first -> ids.add(id(first)));
    assertThat(ids).as("ids of different events").hasSize(firsts.size());
    return repeated;
  }

  /** How many arrived first after a later one of their key had. */
  public int outOfOrder() {
    note();
    return outOfOrder.size();
  }

  public List<JsonNode> signals() {
    note();
    return List.copyOf(signals);
  }

  public List<JsonNode> signals(String type) {
    return signals().stream().filter(it -> it.path("type").asText().equals(type)).toList();
  }

  /** Each once, as it was told last. */
  public List<Gap> gaps() {
    Map<String, Gap> gaps = new LinkedHashMap<>();
    signals("GAP").forEach(gap -> gaps.put(gap.path("gap").asText(), Gap.of(gap)));
    return List.copyOf(gaps.values());
  }

  /** How many of them were not over yet at that time. */
  public long gapsAfter(Instant time) {
    return gaps().stream().filter(gap -> gap.to().isAfter(time)).count();
  }

  /** Of these numbers those that were sent at a time that lies in no gap. */
  public List<Integer> outsideGaps(BitSet numbers) {
    return outsideGaps(numbers.stream().boxed().toList(), gaps());
  }

  public List<Integer> outsideGaps(List<Integer> numbers, List<Gap> gaps) {
    return numbers.stream()
        .filter(number -> gaps.stream().noneMatch(gap -> gap.holds(time(number))))
        .toList();
  }

  // ---- what is asserted

  public void assertNothingRepeated() {
    assertThat(repeated()).as("repeated events: %s", repeats).isZero();
  }

  /** Of each key the first arrivals, but those that say that they come late. */
  public void assertOrder() {
    note();
    assertThat(outOfOrder).as("events out of order within their key").isEmpty();
  }

  /**
   * The same but of what was sent in a gap, which one that lives on may have read and nobody else,
   * or in the moment at its end, in which two may forward.
   */
  public void assertOrderOutsideGaps() {
    List<Gap> gaps = gaps();
    assertThat(outOfOrder)
        .as("events out of order within their key")
        .filteredOn(it -> gaps.stream().noneMatch(gap -> gap.holds(time(it.number))))
        .allMatch(it -> gaps.stream().anyMatch(gap -> gap.endsAbout(time(it.number))));
  }

  public void assertGapsAtMost(Duration longest) {
    assertAtMost(longest, gaps());
  }

  /** Of the gaps in which this moment lies, such as that of a kill; there must be one. */
  public void assertGapsAtMost(Duration longest, Instant moment) {
    List<Gap> gaps = gaps().stream().filter(gap -> gap.holds(moment)).toList();
    assertThat(gaps).as("gaps in which %s lies", moment).isNotEmpty();
    assertAtMost(longest, gaps);
  }

  private static void assertAtMost(Duration longest, List<Gap> gaps) {
    assertThat(gaps)
        .as("gaps of %s at most", longest)
        .allMatch(gap -> gap.length().compareTo(longest) <= 0);
  }

  /** What one that was killed had sent without an answer is sent again with the id it had. */
  public void assertRepeatedWithTheSameId() {
    note();
    assertThat(repeats).allMatch(Repeat::hasTheSameId);
  }

  /**
   * The same but for a moment at the end of a gap: two may begin to read what a dead one had read,
   * and each forwards what it read before it heard of the other.
   */
  public void assertRepeatedWithTheSameIdButWhenTakenOver() {
    List<Gap> gaps = gaps();
    assertThat(repeats)
        .filteredOn(repeat -> !repeat.hasTheSameId())
        .allMatch(repeat -> gaps.stream().anyMatch(gap -> gap.endsAbout(repeat.sentAt)));
  }

  /** The same of what was sent at some times, of which there must be repeats. */
  public void assertRepeatedWithTheSameId(Predicate<Instant> when) {
    note();
    assertThat(repeats)
        .filteredOn(repeat -> when.test(repeat.sentAt))
        .isNotEmpty()
        .allMatch(Repeat::hasTheSameId);
  }

  /** A second socket on a channel would have ended the first. */
  public void assertNoChannelTaken() {
    assertThat(signals().stream().map(signal -> signal.path("cause").asText()))
        .doesNotContain("taken-over");
  }
}
