package dev.caravan.genesys;

import dev.caravan.background.SteadyClock;
import dev.caravan.channel.Attempts;
import dev.caravan.channel.Cause;
import dev.caravan.channel.Replica;
import dev.caravan.channel.Shard;
import dev.caravan.channel.gap.Gap;
import dev.caravan.channel.gap.GapLedger;
import dev.caravan.topic.TopicCatalogue;
import dev.caravan.topic.TopicCombiner;
import dev.caravan.topic.TopicSharder;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the ledger what is read and what is not, and the world what was not: each gap that is over
 * becomes a signal, again and again until one of them is committed.
 */
final class GapRecorder {

  private static final Logger LOG = LoggerFactory.getLogger(GapRecorder.class);

  /** So long a signal may be on its way before it is sent again. */
  private static final long TELL_AGAIN_MILLIS = 30_000;

  /**
   * So long it is not told until when a shard with a gap is read: there may be nobody who takes its
   * signal.
   */
  private static final long HELD_BACK_MILLIS = 60_000;

  private static final Map<String, String> WHY_LOST =
      Map.of(
          DeadLetters.LOST,
          "neither the route nor the dead letters took them",
          "spool-full",
          "the spool was full",
          "spool-too-old",
          "the spool had them for longer than it keeps any",
          "spool-gave-up",
          "the spool gave them up",
          "spool-damaged",
          "a file of the spool was damaged");

  /** But for what became of a connection. */
  private static final Map<String, String> WHY_NOT_READ =
      Map.of(
          GapLedger.RESTART,
          "the bridge was not running",
          GapLedger.ROUTE_EDITED,
          "the route that reads them was edited or taken away while the bridge ran",
          GapLedger.INSTANCE_ENDED,
          "the instance that read them had ended",
          GapLedger.GIVEN_UP,
          "they had been given up, since no setting or listing named them any more, and came back",
          GapLedger.UNSUBSCRIBED,
          "they had been taken from the subscriptions of its channel, by another program or by Genesys"
              + " Cloud",
          GapLedger.DAMAGED,
          "which of them were not, and until when, is not known, since a file of the ledger was"
              + " damaged");

  private final String reader;
  private final GapLedger ledger;
  private final SteadyClock clock;
  private final Consumer<Signal> signals;
  private final Consumer<Gap> over;
  private final TopicCatalogue catalogue = TopicCatalogue.shipped();

  private final Map<String, Long> sentAt;

  /** Guarded by this. From then on the ledger is whoever's who reads next, here or elsewhere. */
  private boolean stopped;

  // Touched by the control thread only
  private final Map<Integer, Instant> until = new HashMap<>();
  private final Set<Integer> standingBy = new HashSet<>();

  /**
   * @param over learns of each gap once, when it is over
   * @param sentAt when the signal of each gap was sent last, by whichever reader
   */
  GapRecorder(
      String reader,
      GapLedger ledger,
      SteadyClock clock,
      Consumer<Signal> signals,
      Consumer<Gap> over,
      Map<String, Long> sentAt) {
    this.reader = reader;
    this.ledger = ledger;
    this.clock = clock;
    this.signals = signals;
    this.over = over;
    this.sentAt = sentAt;
  }

  void started() {
    ledger.started(reader);
  }

  /**
   * Nothing is read any more. What is being told is waited for; what is told later has no effect.
   */
  synchronized void stopped(boolean bridgeRuns) {
    ledger.stopped(reader, bridgeRuns ? GapLedger.ROUTE_EDITED : GapLedger.RESTART);
    stopped = true;
  }

  private synchronized void unlessStopped(Runnable telling) {
    if (!stopped) {
      telling.run();
    }
  }

  /** What is to be read from now on; what there is no room for is wanted all the same. */
  void wanted(List<String> subscriptions) {
    unlessStopped(
        () -> {
          for (Gap gap : ledger.wanted(reader, singles(subscriptions))) {
            // The control thread tells it with its next tick
            LOG.warn(sentence(gap));
            over.accept(gap);
          }
        });
  }

  /** The shard is read here, too, by replicas that are about to be opened. */
  void standsBy(int shard) {
    standingBy.add(shard);
  }

  /**
   * What those replicas have read counts from now on, or from when another instance has read last.
   */
  void takesOver(Replica replica, Instant lastRead) {
    standingBy.remove(replica.shard());
    isOver(() -> ledger.takesOver(replica, lastRead));
  }

  /** Such a replica has read, and it is kept, since then only. */
  void readSince(Replica replica, Instant since) {
    unlessStopped(() -> ledger.standsBySince(replica, since));
  }

  /** A replica that is not part of the plan any more has stopped. */
  void finished(Replica replica) {
    standingBy.remove(replica.shard());
    replaced(replica);
  }

  /** Another of the same number is about to be opened, and is on our record if this one was. */
  void replaced(Replica replica) {
    isOver(() -> ledger.finished(replica, Cause.TOPICS_CHANGED.label()));
  }

  void handedOver(Replica replica) {
    standingBy.remove(replica.shard());
    unlessStopped(() -> ledger.handedOver(replica));
  }

  /** Another instance read the shard until then, and has ended. */
  void inherited(TopicSharder.Shard shard, Instant until) {
    isOver(() -> ledger.inherited(shard.number(), until, singles(shard.subscriptions())));
  }

  /**
   * @param lastRead since when another has on record that it was not read; empty if it has not
   */
  void readElsewhere(TopicSharder.Shard shard, Optional<Instant> lastRead) {
    List<String> topics = singles(shard.subscriptions());
    isOver(
        () ->
            lastRead
                .map(until -> ledger.recordedElsewhere(shard.number(), topics, until))
                .orElseGet(() -> ledger.readElsewhere(shard.number(), topics)));
  }

  /** Each by its own name: of a combined subscription a part may be rejected. */
  private static List<String> singles(List<String> subscriptions) {
    return TopicCombiner.singles(subscriptions).toList();
  }

  void opened(Replica replica, List<String> topics) {
    unlessStopped(() -> ledger.opened(replica, singles(topics)));
  }

  void reading(Replica replica, List<String> topics, long since) {
    Instant moment = clock.atTheLatest(since);
    if (standingBy.contains(replica.shard())) {
      unlessStopped(() -> ledger.standsBy(replica, moment, singles(topics)));
      return;
    }
    String cause = Cause.TOPICS_CHANGED.label();
    isOver(() -> ledger.reading(replica, moment, singles(topics), cause), since);
  }

  private void isOver(Supplier<List<Gap>> telling) {
    isOver(telling, clock.getAsLong());
  }

  private void isOver(Supplier<List<Gap>> telling, long now) {
    unlessStopped(
        () -> {
          for (Gap gap : telling.get()) {
            LOG.warn(sentence(gap));
            tell(gap, now);
            over.accept(gap);
          }
        });
  }

  Attempts earlier(Replica replica, long now) {
    Attempts before = ledger.attempts(replica);
    long wait = before.notBefore() - clock.atTheLatest(now).toEpochMilli();
    return before.failures() == 0
        ? Attempts.NONE
        : new Attempts(before.failures(), now + Math.max(0, wait));
  }

  void attempts(Replica replica, Attempts now) {
    long notBefore = clock.atTheLatest(now.notBefore()).toEpochMilli();
    unlessStopped(() -> ledger.attempts(replica, new Attempts(now.failures(), notBefore)));
  }

  /** By this name are the attempts to find out what to subscribe, which comes before all others. */
  Replica preparation() {
    return new Replica(reader, -1, 0);
  }

  void unsubscribed(Replica replica, List<String> topics, List<String> reads, long since) {
    if (standingBy.contains(replica.shard())) {
      // What it read before counts no more: which of it, and until when, is not kept
      Instant moment = clock.atTheLatest(clock.getAsLong());
      unlessStopped(
          () -> {
            ledger.standsBy(replica, moment, singles(reads));
            ledger.standsBySince(replica, moment);
          });
      return;
    }
    Instant moment = clock.atTheEarliest(since);
    isOver(() -> ledger.unsubscribed(replica, moment, singles(topics), Set.copyOf(singles(reads))));
  }

  void blind(Replica replica, long since, Cause cause) {
    Instant moment = clock.atTheEarliest(since);
    if (standingBy.contains(replica.shard())) {
      unlessStopped(() -> ledger.standsByBlind(replica, moment));
    } else {
      isOver(() -> ledger.blind(replica, moment, cause.label()));
    }
  }

  /** To be called every second. */
  void tick(List<Shard> shards, long committedUntil, long now) {
    unlessStopped(() -> tickNow(shards, committedUntil, now));
  }

  private void tickNow(List<Shard> shards, long committedUntil, long now) {
    until.clear();
    for (Shard shard : shards) {
      OptionalLong handedOn = shard.handedOnUntil();
      if (handedOn.isPresent()) {
        Instant committed = clock.atTheEarliest(Math.min(handedOn.getAsLong(), committedUntil));
        ledger.readUntil(shard.replica(), committed);
        until.merge(shard.number(), committed, (one, other) -> one.isAfter(other) ? one : other);
      }
    }
    ledger.save();
    List<Gap> unreported = ledger.unreported();
    // If this ends before the signal is committed, whoever takes over begins before that gap
    Instant recent = clock.atTheEarliest(now - HELD_BACK_MILLIS);
    unreported.stream()
        .filter(gap -> gap.to().isAfter(recent))
        .forEach(gap -> until.remove(gap.shard()));
    sentAt.keySet().retainAll(unreported.stream().map(Gap::id).toList());
    for (Gap gap : unreported) {
      if (now - sentAt.getOrDefault(gap.id(), 0L) > TELL_AGAIN_MILLIS) {
        tell(gap, now);
      }
    }
  }

  /** That another route reads some of the same topics, and what to do; empty if none does. */
  Optional<String> readTwice() {
    String sentence =
        "%d topics are subscribed by another route, too: each of their events comes twice, and a gap"
            + " of theirs is told only while neither route reads them. Read each topic in one route,"
            + " and divide its events there.";
    return Optional.of(ledger.alsoWanted(reader)).filter(it -> it > 0).map(sentence::formatted);
  }

  boolean areAllReported() {
    return ledger.unreported().isEmpty();
  }

  /** Until when the shard was read and kept; empty if it is not being read. */
  Optional<Instant> until(int shard) {
    return Optional.ofNullable(until.get(shard));
  }

  private void tell(Gap gap, long now) {
    sentAt.put(gap.id(), now);
    Signal.Draft signal = Signal.of("GAP", gap);
    if (gap.isLoss()) {
      signal.count(gap.lost());
    } else {
      signal.count(gap.topics().size()).topics(catalogue.countByPattern(singles(gap.topics())));
    }
    signals.accept(signal.sentence(sentence(gap)));
  }

  private static String sentence(Gap gap) {
    if (gap.isLoss()) {
      return "%d %s read from %s to %s and %s lost: %s."
          .formatted(
              gap.lost(),
              gap.lost() == 1 ? "event was" : "events were",
              gap.from(),
              gap.to(),
              gap.lost() == 1 ? "is" : "are",
              WHY_LOST.getOrDefault(gap.cause(), gap.cause()));
    }
    int count = gap.topics().size();
    return "Shard %d. %d %s not read from %s to %s: %s."
        .formatted(
            gap.shard(),
            count,
            count == 1 ? "topic was" : "topics were",
            gap.from(),
            gap.to(),
            why(gap.cause()));
  }

  private static String why(String label) {
    return Stream.of(Cause.values())
        .filter(cause -> cause.label().equals(label))
        .map(Cause::sentence)
        .findFirst()
        .orElseGet(() -> WHY_NOT_READ.getOrDefault(label, label));
  }
}
