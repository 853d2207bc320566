package dev.caravan.kafka;

import dev.caravan.spool.Failure;
import java.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A circuit breaker for each partition, so that one that acknowledges nothing does not fill the
 * producer's memory and stop the others. While one is open, what comes is refused, and one record
 * in a while tries again; the first acknowledgement closes it.
 *
 * <p>What the producer holds when a breaker opens is reported as failed, too, so that nobody waits
 * for it; but the producer goes on trying. When such a record comes again, it is not sent a second
 * time: it is stuck as long as the first is on its way, and done when that has arrived. When one
 * fails after all, what was sent to its partition after it is sent again, arrived or not, as it
 * would else come before it for good. Safe for use by several threads.
 */
final class PartitionBreakers {

  /** A partition may acknowledge nothing for so long. */
  private static final Duration SILENCE = Duration.ofSeconds(3);

  /** A partition may have no leader for so long. */
  private static final Duration LEADERLESS = Duration.ofSeconds(1);

  /** Before the first record that tries again; each pause is twice as long, up to the longest. */
  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);

  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);

  /**
   * What has opened and closed since it was last asked.
   *
   * @param silence for how long a partition that has a leader, and to which records were sent, has
   *     not answered; of several the longest
   */
  record Changes(List<StuckException> opened, List<String> closed, Duration silence) {}

  /** Records that failed here and are with the producer, or arrived later: no more than these. */
  private static final int MOST_HELD = 20_000;

  private static final int MOST_TOPICS = 1_000;

  /** Partitions with nothing outstanding of which is known that they answer. */
  private static final int MOST_IDLE = 10_000;

  private static final Logger LOG = LoggerFactory.getLogger(PartitionBreakers.class);

  /** So that what was sent to a partition that is gone has failed before its key goes on. */
  private static final Duration SHRUNK_PAUSE = Duration.ofSeconds(1);

  private final int batches;
  private final LongSupplier nanoTime;
  private final Clock clock;
  private final Map<TopicPartition, Breaker> breakers = new HashMap<>();
  private final Map<RecordIdentity, Sent> held = new LinkedHashMap<>();
  private final Map<String, Integer> partitionCounts = new HashMap<>();
  private final Map<String, Long> shrunkAtNanos = new HashMap<>();
  private final List<StuckException> opened = new ArrayList<>();
  private final List<String> closed = new ArrayList<>();

  /** What is to be told as soon as nobody holds the lock. */
  private final Queue<Runnable> untold = new ConcurrentLinkedQueue<>();

  private static final class Breaker {
    final TopicPartition partition;
    final Set<Sent> outstanding = new LinkedHashSet<>();

    /** Those of its records that are held, by the order in which they were sent. */
    final NavigableMap<Long, Sent> held = new TreeMap<>();

    long sent;
    Optional<StuckException> open = Optional.empty();
    Optional<Long> leaderlessAtNanos = Optional.empty();
    long progressAtNanos;

    /** Whether records were sent to it of which none was answered yet. */
    boolean onTrial;

    /** Whether it answered when it was last sent something. */
    boolean answers;

    long pauseNanos;
    long tryAtNanos;

    Breaker(TopicPartition partition) {
      this.partition = partition;
    }

    boolean isStuck() {
      return open.isPresent() && !outstanding.isEmpty();
    }

    boolean isOnTrial() {
      return open.isEmpty() && onTrial && !outstanding.isEmpty();
    }
  }

  /** A record that was given to the producer. */
  final class Sent implements Callback {

    private final Breaker breaker;
    private final long number;
    private final Optional<RecordIdentity> identity;
    private Optional<Callback> callback;
    private Optional<RecordMetadata> arrived = Optional.empty();
    private volatile Thread giver;

    private Sent(Breaker breaker, Optional<RecordIdentity> identity, Callback callback) {
      this.breaker = breaker;
      this.number = breaker.sent++;
      this.identity = identity;
      this.callback = Optional.of(callback);
    }

    /** Who is to hear of it, unless they have: what they hold is kept no longer than that. */
    private Optional<Callback> report() {
      Optional<Callback> unreported = callback;
      callback = Optional.empty();
      return unreported;
    }

    /**
     * Gives it to the producer. If that throws, whoever sent it knows: what the producer may say of
     * it later, nobody hears.
     */
    <T> T give(Supplier<T> producer) {
      giver = Thread.currentThread();
      try {
        return producer.get();
      } catch (RuntimeException e) {
        completed(this, false, Optional.empty());
        throw e;
      } finally {
        giver = null;
      }
    }

    @Override
    public void onCompletion(RecordMetadata metadata, Exception failure) {
      boolean answered = failure == null || giver != Thread.currentThread() && isAnswer(failure);
      completed(this, answered, failure == null ? Optional.of(metadata) : Optional.empty())
          .ifPresent(waiting -> waiting.onCompletion(metadata, failure));
    }

    /** What is refused while it is given was refused by the client, as what is too large may be. */
    private static boolean isAnswer(Exception failure) {
      return KafkaFailures.judge(failure).kind() == Failure.Kind.FINAL
          || KafkaFailures.refusesTimestamp(failure);
    }
  }

  /**
   * @param batches how many the producer has memory for
   */
  PartitionBreakers(int batches, LongSupplier nanoTime, Clock clock) {
    this.batches = Math.max(1, batches);
    this.nanoTime = nanoTime;
    this.clock = clock;
  }

  /**
   * The acknowledgement of a record that had been reported as failed and then arrived; empty if it
   * is to be sent.
   *
   * @param partitions how many the topic has
   * @throws StuckException if the record is on its way, or was to a partition that is gone
   */
  Optional<RecordMetadata> arrived(
      String topic, int partitions, Optional<RecordIdentity> identity) {
    return telling(
        () -> {
          refuseIfShrunk(topic, partitions);
          Sent before = identity.map(held::get).orElse(null);
          if (before == null) {
            return Optional.empty();
          }
          if (before.arrived.isEmpty()) {
            throw before.breaker.open.orElseGet(
                () -> stuck(before.breaker, "is catching up since", 0));
          }
          forget(before);
          return before.arrived;
        });
  }

  /**
   * Keeps account of a record that is about to be given to the producer.
   *
   * @param hasLeader whether the partition has one, as far as the producer knows
   * @param identity tells the record from all others
   * @param callback hears of it once, and maybe before the producer does
   * @throws StuckException if it shall not be given to the producer now
   */
  Sent send(
      TopicPartition partition,
      boolean hasLeader,
      Optional<RecordIdentity> identity,
      Callback callback) {
    return telling(
        () -> {
          Breaker breaker = breakers.computeIfAbsent(partition, Breaker::new);
          long now = nanoTime.getAsLong();
          breaker.leaderlessAtNanos =
              hasLeader ? Optional.empty() : breaker.leaderlessAtNanos.or(() -> Optional.of(now));
          openIfStuck(breaker, now);
          boolean idle = breaker.outstanding.isEmpty();
          if (breaker.open.isPresent() && (!idle || now - breaker.tryAtNanos < 0)) {
            throw breaker.open.get();
          }
          if (idle) {
            refuseIfCrowded(breaker);
            breaker.progressAtNanos = now;
            breaker.onTrial = true;
          }
          if (breaker.open.isPresent()) {
            pause(breaker, now);
          }
          Sent sent = new Sent(breaker, identity, callback);
          breaker.outstanding.add(sent);
          return sent;
        });
  }

  /**
   * Of the memory that those who are stuck leave, those on trial may have three quarters, and an
   * eighth more if they have answered before. The last eighth of all memory is for those alone.
   */
  private void refuseIfCrowded(Breaker breaker) {
    if (breakers.size() < batches * 3 / 4) {
      return;
    }
    int free = batches;
    int onTrial = 0;
    for (Breaker other : breakers.values()) {
      free -= other.isStuck() ? 1 : 0;
      onTrial += other.isOnTrial() ? 1 : 0;
    }
    int most = Math.max(1, free * (breaker.answers ? 7 : 6) / 8);
    if (onTrial >= most || free <= (breaker.answers ? 0 : batches / 8)) {
      String what = StuckException.name(breaker.partition);
      throw new StuckException(
          what,
          "Kafka topic %s, waits: partitions that acknowledge nothing hold the memory for it."
              .formatted(what));
    }
  }

  /** Whether records for this partition are refused. */
  synchronized boolean isOpen(TopicPartition partition) {
    Breaker breaker = breakers.get(partition);
    return breaker != null && breaker.open.isPresent();
  }

  /** Opens the breakers whose time has come, also where nothing more is sent. */
  Changes look() {
    return telling(
        () -> {
          long now = nanoTime.getAsLong();
          long silence = 0;
          for (Iterator<Breaker> all = breakers.values().iterator(); all.hasNext(); ) {
            Breaker breaker = all.next();
            openIfStuck(breaker, now);
            if (!breaker.outstanding.isEmpty() && breaker.leaderlessAtNanos.isEmpty()) {
              silence = Math.max(silence, now - breaker.progressAtNanos);
            }
            boolean idle = breaker.open.isEmpty() && breaker.outstanding.isEmpty();
            if (idle
                && now - breaker.progressAtNanos >= LONGEST_PAUSE.toNanos()
                && (!breaker.answers || breakers.size() > MOST_IDLE)) {
              all.remove();
            }
          }
          Changes changes =
              new Changes(List.copyOf(opened), List.copyOf(closed), Duration.ofNanos(silence));
          opened.clear();
          closed.clear();
          return changes;
        });
  }

  private void openIfStuck(Breaker breaker, long now) {
    long silent = breaker.outstanding.isEmpty() ? 0 : now - breaker.progressAtNanos;
    long leaderless = breaker.leaderlessAtNanos.map(since -> now - since).orElse(0L);
    boolean tooSilent = silent >= SILENCE.toNanos();
    if (breaker.open.isEmpty()) {
      if (breaker.leaderlessAtNanos.isPresent() && leaderless >= LEADERLESS.toNanos()) {
        open(breaker, now, stuck(breaker, "has had no leader since", leaderless));
      } else if (tooSilent) {
        open(breaker, now, stuck(breaker, "has acknowledged nothing since", silent));
      }
    }
    if (breaker.open.isPresent() && (tooSilent || breaker.leaderlessAtNanos.isPresent())) {
      breaker.outstanding.forEach(sent -> hold(sent, breaker.open.get()));
    }
  }

  private void open(Breaker breaker, long now, StuckException why) {
    breaker.open = Optional.of(why);
    breaker.answers = false;
    opened.add(why);
    breaker.pauseNanos = FIRST_PAUSE.toNanos();
    pause(breaker, now);
  }

  private void pause(Breaker breaker, long now) {
    breaker.tryAtNanos = now + breaker.pauseNanos;
    breaker.pauseNanos = Math.min(2 * breaker.pauseNanos, LONGEST_PAUSE.toNanos());
  }

  /** Nobody waits for it any longer. */
  private void hold(Sent sent, StuckException why) {
    if (sent.callback.isEmpty()
        || sent.identity.isEmpty()
        || held.size() >= MOST_HELD && !makeRoom()
        || held.putIfAbsent(sent.identity.get(), sent) != null) {
      return;
    }
    sent.breaker.held.put(sent.number, sent);
    report(sent, why);
  }

  private void report(Sent sent, StuckException why) {
    RecordMetadata none = new RecordMetadata(sent.breaker.partition, -1, -1, -1, -1, -1);
    sent.report().ifPresent(waiting -> untold.add(() -> waiting.onCompletion(none, why)));
  }

  /** The producer answers no more, so whoever waits for what it holds hears of it here. */
  void abandon(StuckException why) {
    telling(
        () -> {
          breakers.values().forEach(it -> it.outstanding.forEach(sent -> report(sent, why)));
          return null;
        });
  }

  /** Whoever sent what arrived the longest ago has given it up. */
  private boolean makeRoom() {
    for (Sent oldest : held.values()) {
      if (oldest.arrived.isPresent()) {
        forget(oldest);
        return true;
      }
    }
    return false;
  }

  /** When it comes again, it is sent again. */
  private void forget(Sent sent) {
    if (sent.breaker.held.remove(sent.number) != null) {
      sent.identity.ifPresent(held::remove);
    }
  }

  /** Who waits for this answer of the producer; empty if nobody does any more. */
  private synchronized Optional<Callback> completed(
      Sent sent, boolean answered, Optional<RecordMetadata> arrived) {
    Breaker breaker = sent.breaker;
    breaker.outstanding.remove(sent);
    if (answered) {
      breaker.onTrial = false;
      breaker.answers = true;
      breaker.progressAtNanos = nanoTime.getAsLong();
      breaker.leaderlessAtNanos = Optional.empty();
      if (breaker.open.isPresent()) {
        breaker.open = Optional.empty();
        closed.add(StuckException.name(breaker.partition));
      }
    }
    Optional<Callback> waiting = sent.report();
    sent.arrived = arrived;
    if (arrived.isEmpty()) {
      List.copyOf(breaker.held.tailMap(sent.number).values()).forEach(this::forget);
    }
    return waiting;
  }

  /** Decides something, and then tells what there is to tell, be it decided or refused. */
  private <T> T telling(Supplier<T> decision) {
    try {
      synchronized (this) {
        return decision.get();
      }
    } finally {
      for (Runnable one = untold.poll(); one != null; one = untold.poll()) {
        tell(one);
      }
    }
  }

  /** Whatever another one throws: a sender that does not hear of it waits for ever. */
  private static void tell(Runnable one) {
    try {
      one.run();
    } catch (RuntimeException | Error e) {
      LOG.error(
          "The callback of a record that is stuck failed with {}.", e.getClass().getSimpleName());
      LOG.debug("The failure of the callback", e);
    }
  }

  /**
   * A topic that was made again with fewer partitions: what was sent to those that are gone never
   * arrives there.
   */
  private void refuseIfShrunk(String topic, int partitions) {
    long now = nanoTime.getAsLong();
    if (partitionCounts.size() >= MOST_TOPICS) {
      partitionCounts.clear();
    }
    Integer before = partitionCounts.put(topic, partitions);
    if (before != null && partitions < before) {
      boolean lost = false;
      for (int gone = partitions; gone < before; gone++) {
        Breaker breaker = breakers.remove(new TopicPartition(topic, gone));
        lost |= breaker != null && forget(breaker);
      }
      if (lost) {
        shrunkAtNanos.put(topic, now);
      }
    }
    Long shrunk = shrunkAtNanos.get(topic);
    if (shrunk == null) {
      return;
    }
    if (now - shrunk < SHRUNK_PAUSE.toNanos()) {
      throw new StuckException(
          topic, "The topic " + topic + " has fewer partitions than before: its keys move.");
    }
    shrunkAtNanos.remove(topic);
  }

  private boolean forget(Breaker gone) {
    if (gone.open.isPresent()) {
      closed.add(StuckException.name(gone.partition));
    }
    StuckException why = stuck(gone, "is gone; noticed at", 0);
    for (Sent sent : gone.outstanding) {
      hold(sent, why);
      forget(sent);
    }
    return !gone.outstanding.isEmpty();
  }

  private StuckException stuck(Breaker breaker, String predicate, long forNanos) {
    String what = StuckException.name(breaker.partition);
    return new StuckException(
        what,
        "Kafka topic %s, %s %s."
            .formatted(
                what,
                predicate,
                clock.instant().minusNanos(forNanos).truncatedTo(ChronoUnit.SECONDS)));
  }
}
