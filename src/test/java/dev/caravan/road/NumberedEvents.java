package dev.caravan.road;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.simulator.Simulator;
import dev.caravan.testing.Ledger;
import dev.caravan.testing.Pace;
import dev.caravan.testing.TopicReader;
import java.time.Duration;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets Genesys Cloud send events, each with its number, some at a time or a flow of them, and keeps
 * the ledger of what became of each. The events of a conversation are of one topic.
 */
final class NumberedEvents extends Ledger implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(NumberedEvents.class);

  /** They take turns, so many for each topic; each is a Kafka key. */
  private int conversations = 20;

  private final Simulator genesys;
  private List<String> topics = List.of(Road.TOPIC);
  private String padding = "";
  private int mostChannels = 1;
  private Duration pause = Duration.ZERO;
  private IntConsumer observer = number -> {};
  private final Thread thread = new Thread(this::flow, "flow");
  private volatile boolean flowing = true;

  NumberedEvents(Simulator genesys) {
    this.genesys = genesys;
  }

  /** So many bytes are added to each event. */
  NumberedEvents padded(int bytes) {
    padding = "x".repeat(bytes);
    return this;
  }

  /** Channels of bridges and routes that have ended may be subscribed, too. */
  NumberedEvents withFormerChannels() {
    mostChannels = Integer.MAX_VALUE;
    return this;
  }

  @Override
  public NumberedEvents reading(TopicReader kafka) {
    super.reading(kafka);
    return this;
  }

  /** For a flow: what is called with each number by the thread that sends, once it is sent. */
  NumberedEvents observed(IntConsumer observer) {
    this.observer = observer;
    return this;
  }

  /** For a flow: one after so long. */
  NumberedEvents every(Duration pause) {
    this.pause = pause;
    return this;
  }

  /** Sends so many events, each to the one channel that must be subscribed. */
  void send(int count) {
    for (int i = 0; i < count; i++) {
      assertThat(offer()).as("a subscribed channel").isTrue();
    }
  }

  /** Sends an event; tells whether a channel is subscribed, without which nobody can read it. */
  boolean offer() {
    int number = sending();
    String body =
        "{\"id\":\"%s\",\"number\":%d,\"padding\":\"%s\",\"participants\":[{\"purpose\":\"agent\",\"calls\":[{\"state\":\"connected\"}]}]}"
            .formatted(key(number), number, padding);
    int channels = genesys.emit(topics.get(number % topics.size()), body);
    if (channels == 0) {
      unheard(number);
    }
    assertThat(channels).as("channels it went to").isLessThanOrEqualTo(mostChannels);
    return channels > 0;
  }

  private String key(int number) {
    return "conversation-" + number % (conversations * topics.size());
  }

  @Override
  protected void noteNumbered(int number, ConsumerRecord<String, byte[]> record) {
    if (record.topic().endsWith("conversations.voice")) {
      assertThat(record.key()).as("key of event %d", number).isEqualTo(key(number));
    }
    super.noteNumbered(number, record);
  }

  /** Sends events on these topics in turn, whoever reads them, until it is stopped. */
  void start(List<String> topics) {
    this.topics = topics;
    conversations = 10;
    onAnyTopic();
    withFormerChannels();
    thread.start();
  }

  private void flow() {
    long start = System.nanoTime();
    while (flowing) {
      offer();
      observer.accept(sent() - 1);
      Pace.awaitTime(start + sent() * pause.toNanos());
    }
  }

  void stop() {
    flowing = false;
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    stop();
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
        gaps().stream()
            .map(Gap::length)
            .sorted()
            .map(Duration::toString)
            .collect(Collectors.joining(", ", "[", "]")),
        besides);
  }
}
