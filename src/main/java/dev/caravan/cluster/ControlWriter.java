package dev.caravan.cluster;

import dev.caravan.cluster.ControlRecord.Member;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes to the control topic without waiting, and keeps nothing for later. Kafka's client may end
 * for good, whatever Kafka does (a refused login at its beginning, an error that it takes for
 * fatal, one that ends its thread), so one that gets no answer is replaced: nothing is lost by
 * that.
 */
final class ControlWriter implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(ControlWriter.class);

  /** So long whoever writes, and decides about sockets, waits at most while there is no room. */
  private static final int BLOCKS_MILLIS = 50;

  /** For so long after a record that found no room, others are left out at once. */
  private static final Duration NO_ROOM = Duration.ofSeconds(1);

  /** A client of which no record is acknowledged for so long is replaced. */
  private static final Duration SILENT = Duration.ofSeconds(15);

  private static final int DELIVERY_MILLIS = 5_000;
  private static final long NOTHING = 0;

  private final String topic;
  private final Clients clients;
  private final LongSupplier wall;
  private volatile Optional<KafkaProducer<byte[], byte[]>> producer = Optional.empty();
  private volatile boolean closed;
  private volatile boolean works;

  /** Never the one that is used, unless that has failed. */
  private volatile Optional<KafkaProducer<byte[], byte[]>> failed = Optional.empty();

  /** Since when, in {@link System#nanoTime}, something waits for an answer; {@link #NOTHING}. */
  private volatile long waitsSince = NOTHING;

  /** When, in {@link System#nanoTime}, there was no room for a record last; {@link #NOTHING}. */
  private volatile long noRoomAt = NOTHING;

  /** When, in {@link System#nanoTime}, a record was acknowledged last; {@link #NOTHING}. */
  private volatile long takenAt = NOTHING;

  private final Object writing = new Object();

  // Guarded by writing
  private boolean ended;

  private volatile String trouble = "";
  private volatile String clocks = "";

  ControlWriter(String topic, Clients clients, LongSupplier wall) {
    this.topic = topic;
    this.clients = clients;
    this.wall = wall;
  }

  /**
   * Has a client that works, as far as is known; to be called again and again.
   *
   * @throws KafkaException if none can be made
   */
  synchronized void look() {
    boolean silent = waitsSince != NOTHING && System.nanoTime() - waitsSince >= SILENT.toNanos();
    if (producer.isPresent() && (silent || works && producer.equals(failed))) {
      if (works) {
        LOG.warn(
            "Kafka acknowledges nothing that this instance writes to the control topic {}. A new"
                + " client of Kafka is made for it, every {} s until one works.",
            topic,
            SILENT.toSeconds());
      }
      end(Duration.ZERO);
    }
    if (producer.isEmpty() && !closed) {
      works = false;
      failed = Optional.empty();
      waitsSince = NOTHING;
      producer = Optional.of(producer());
    }
  }

  /** Writes nothing more until {@link #look}. */
  synchronized void end(Duration within) {
    Optional<KafkaProducer<byte[], byte[]>> before = producer;
    producer = Optional.empty();
    before.ifPresent(open -> open.close(within));
  }

  private KafkaProducer<byte[], byte[]> producer() {
    return clients.make(
        properties ->
            new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer()),
        Map.of(
            ProducerConfig.ACKS_CONFIG,
            "all",
            ProducerConfig.LINGER_MS_CONFIG,
            0,
            ProducerConfig.MAX_BLOCK_MS_CONFIG,
            BLOCKS_MILLIS,
            ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG,
            DELIVERY_MILLIS,
            ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG,
            DELIVERY_MILLIS - 1_000,
            ProducerConfig.COMPRESSION_TYPE_CONFIG,
            "gzip"));
  }

  /** Never waits for an answer; for room, {@link #BLOCKS_MILLIS} in {@link #NO_ROOM} at most. */
  void write(ControlRecord told) {
    synchronized (writing) {
      if (ended || noRoomAt != NOTHING && System.nanoTime() - noRoomAt < NO_ROOM.toNanos()) {
        return;
      }
      noRoomAt = NOTHING;
      producer.ifPresent(open -> write(open, told));
    }
  }

  /** Writes this and nothing after it, whoever still writes: of a key the last record counts. */
  void writeLast(ControlRecord told) {
    synchronized (writing) {
      noRoomAt = NOTHING;
      write(told);
      ended = true;
    }
  }

  private void write(KafkaProducer<byte[], byte[]> open, ControlRecord told) {
    long sentAt = wall.getAsLong();
    if (waitsSince == NOTHING) {
      waitsSince = System.nanoTime();
    }
    Thread writer = Thread.currentThread();
    try {
      open.send(
          new ProducerRecord<>(
              topic,
              ControlCodec.partition(told, ControlTopic.SLOTS),
              sentAt,
              ControlCodec.key(told).getBytes(StandardCharsets.UTF_8),
              ControlCodec.value(told)),
          (done, failure) -> {
            written(failure);
            if (failure instanceof TimeoutException && Thread.currentThread() == writer) {
              noRoomAt = System.nanoTime();
            }
            if (failure == null && told instanceof Member) {
              clocks = clocks(sentAt, done.timestamp(), wall.getAsLong());
            }
          });
    } catch (KafkaException | IllegalStateException e) {
      // It has failed for good, or was closed: the next one takes what is told next
      failed = Optional.of(open);
      LOG.debug("A client of Kafka has failed", e);
    }
  }

  /** What does not pass by itself is told; the others hear nothing of this instance. */
  private void written(Exception failure) {
    if (failure == null) {
      trouble = "";
      works = true;
      waitsSince = NOTHING;
      takenAt = System.nanoTime();
    } else if (failure instanceof ApiException && !(failure instanceof RetriableException)) {
      if (trouble.isEmpty()) {
        LOG.error(
            "Kafka refuses what this instance writes to the control topic {}: {}.",
            topic,
            failure.getClass().getSimpleName());
      }
      trouble =
          "Kafka refuses what this instance writes to the control topic %s (%s), so the others do not hear of it.%s"
              .formatted(
                  topic,
                  failure.getClass().getSimpleName(),
                  failure instanceof AuthorizationException
                      ? " It needs the rights Read, Write and Describe on it."
                      : "");
    } else {
      LOG.debug("A record of the control topic was not written", failure);
    }
  }

  /**
   * How far our clock and that of Kafka's broker are apart at least, if that is too much.
   *
   * @param stamp when the broker took the record; when it was sent, if brokers stamp none
   */
  static String clocks(long sentAt, long stamp, long acknowledgedAt) {
    long ahead = sentAt - stamp;
    long behind = stamp - acknowledgedAt;
    return Math.max(ahead, behind) <= Timings.CLOCKS_AGREE_MILLIS
        ? ""
        : "The clock of this machine is %d s %s that of Kafka's broker. Have all clocks set by NTP: those of the instances have to agree within a second."
            .formatted(
                Math.round(Math.max(ahead, behind) / 1_000.0),
                ahead > behind ? "ahead of" : "behind");
  }

  /** Whether a record was acknowledged within the last seconds. */
  boolean isTaken() {
    return takenAt != NOTHING
        && System.nanoTime() - takenAt < TimeUnit.MILLISECONDS.toNanos(DELIVERY_MILLIS);
  }

  /** Why nothing can be written, other than that Kafka does not answer; empty if it can. */
  String trouble() {
    return trouble;
  }

  /** That the clocks differ, as a sentence; empty if they do not, as far as is known. */
  String clocks() {
    return clocks;
  }

  @Override
  public void close() {
    closed = true;
    end(Duration.ofSeconds(1));
  }
}
