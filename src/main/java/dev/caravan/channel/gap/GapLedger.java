package dev.caravan.channel.gap;

import dev.caravan.channel.Attempts;
import dev.caravan.channel.Replica;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Knows which topics were not being read, when and why: gaps that last, and gaps that are over and
 * not dealt with yet. It is kept on disk, and so is until when everything was read, so that the
 * time in which the process did not run is a gap like any other. Gaps are about topics: after a
 * restart another shard may read them. Methods that are told something return the gaps that are
 * over by that.
 */
public final class GapLedger {

  private static final Logger LOG = LoggerFactory.getLogger(GapLedger.class);

  /**
   * Gaps that are over and wait for their report or the end of their backfill; the oldest beyond
   * that are given up.
   */
  public static final int MOST_WAITING = 500;

  /**
   * How long an event may be under way from Genesys Cloud to the disk. What came last was sent
   * before it was read, so every gap starts this much before the last frame.
   */
  public static final Duration UNDER_WAY = Duration.ofSeconds(1);

  /** The cause of a gap in which the process did not run. */
  public static final String RESTART = "restart";

  /** The cause of a gap that stands for what a damaged file held. */
  public static final String DAMAGED = "ledger-damaged";

  /** The cause of a gap in which the process ran, but not the route that reads. */
  public static final String ROUTE_EDITED = "route-edited";

  /** The cause of a gap of topics that were not wanted meanwhile and came back. */
  public static final String GIVEN_UP = "given-up";

  /** The cause of a gap between two instances, of which the first one has ended. */
  public static final String INSTANCE_ENDED = "instance-ended";

  /** The cause of a gap of topics that were taken from the subscriptions of a channel. */
  public static final String UNSUBSCRIBED = "unsubscribed";

  /** A topic that comes back later than that is a new one. */
  static final Duration REMEMBERED = Duration.ofDays(1);

  private static final int NO_SHARD = -1;

  private final GapFiles files;
  private final Clock clock;
  private final Map<Replica, Reading> reading = new LinkedHashMap<>();

  /** What may be read by now, for the next run. */
  private final Set<Replica> opened = new HashSet<>();

  private final Coverage coverage = new Coverage();
  private final StandbyReading standby = new StandbyReading();
  private final Map<String, Attempts> attempts = new LinkedHashMap<>();
  private final OpenGaps open;
  private final WaitingGaps waiting;
  private final GivenUp givenUp;
  private final Map<String, Optional<Set<String>>> wanted = new ConcurrentHashMap<>();

  /** What all readers together wanted when all of them had said so last. */
  private Set<String> lastWanted = Set.of();

  /**
   * What a replica reads.
   *
   * @param since since when it does
   * @param until until when everything that was sent has been read and kept
   */
  record Reading(Instant since, Instant until, Set<String> topics) {}

  private GapLedger(Path folder, Clock clock, String boot) {
    this.files = new GapFiles(folder, clock, boot);
    this.waiting = new WaitingGaps(files);
    this.open = new OpenGaps(files, waiting);
    this.givenUp = new GivenUp(files);
    this.clock = clock;
  }

  /**
   * Takes up the ledger where the last run left it. What was being read then is a gap from there
   * on. Never fails: what cannot be read is set aside, what cannot be written is kept in memory and
   * tried again.
   */
  public static GapLedger open(Path folder, Clock clock) {
    return open(folder, clock, GapFiles.boot());
  }

  static GapLedger open(Path folder, Clock clock, String boot) {
    GapLedger ledger = new GapLedger(folder, clock, boot);
    ledger.takeUp(ledger.files.load());
    return ledger;
  }

  private void takeUp(GapFiles.Contents found) {
    found.waiting.forEach(waiting::takeUp);
    open.takeUp(found.open);
    open.takeUpDamaged(found.ofUnknownTopics);
    givenUp.takeUp(found.givenUp);
    reading.putAll(found.reading);
    attempts.putAll(found.attempts);
    interrupted(Set.copyOf(reading.keySet()), RESTART);
  }

  // ---- what a reader tells

  /** A reader starts, perhaps again: what it read before is not being read. */
  public synchronized void started(String reader) {
    interrupted(reader, RESTART);
    wanted.put(reader, Optional.empty());
  }

  /**
   * A reader stops: what it read is not being read until somebody reads it again.
   *
   * @param cause {@link #RESTART} or {@link #ROUTE_EDITED}
   */
  public synchronized void stopped(String reader, String cause) {
    interrupted(reader, cause);
    wanted.remove(reader);
  }

  private void interrupted(String reader, String cause) {
    standby.forget(reader);
    Set<Replica> before = new HashSet<>(reading.keySet());
    before.removeIf(replica -> !replica.reader().equals(reader));
    interrupted(before, cause);
  }

  /**
   * What a reader subscribes from now on. The gap of a topic that nobody wants any more is over.
   * One that comes back has a gap since it was given up; one that is new has none for the time
   * before.
   */
  public synchronized List<Gap> wanted(String reader, Collection<String> topics) {
    wanted.put(reader, Optional.of(Set.copyOf(topics)));
    open.mayBeDamaged(notRead(topics));
    if (wanted.values().stream().anyMatch(Optional::isEmpty)) {
      return List.of();
    }
    open.damagedIsKnown();
    Set<String> all = new HashSet<>();
    wanted.values().forEach(some -> all.addAll(some.orElseThrow()));
    coverage.wanted(all);
    List<Gap> over = giveUp(all);
    over.addAll(takeBack(all));
    lastWanted = all;
    return over;
  }

  /** How many of the topics that a reader wants another one wants, too. Waits for no disk. */
  public long alsoWanted(String reader) {
    List<Set<String>> others =
        wanted.entrySet().stream()
            .filter(other -> !other.getKey().equals(reader))
            .flatMap(other -> other.getValue().stream())
            .toList();
    return others.isEmpty()
        ? 0
        : wanted.getOrDefault(reader, Optional.empty()).orElse(Set.of()).stream()
            .filter(topic -> others.stream().anyMatch(its -> its.contains(topic)))
            .count();
  }

  /**
   * Only what was read can be missed if it comes back. Who reads it may be dead and not found dead
   * yet.
   */
  private List<Gap> giveUp(Set<String> all) {
    List<Gap> over = new ArrayList<>();
    Instant now = clock.instant();
    Instant since = now;
    Set<String> gone = new LinkedHashSet<>();
    for (Reading replica : reading.values()) {
      List<String> its =
          replica.topics().stream()
              .filter(topic -> lastWanted.contains(topic) && !all.contains(topic))
              .toList();
      if (!its.isEmpty()) {
        gone.addAll(its);
        since = earlier(since, replica.until());
      }
    }
    open.all().forEach(gap -> gone.addAll(gap.topics()));
    gone.removeIf(all::contains);
    if (!gone.isEmpty()) {
      givenUp.add(since, gone);
      for (OpenGap gap : open.all()) {
        List<String> its = gap.among(gone);
        if (!its.isEmpty()) {
          over.add(open.close(gap, gap.shard(), now, its));
        }
      }
    }
    return over;
  }

  private List<Gap> takeBack(Set<String> all) {
    List<Gap> over = new ArrayList<>();
    givenUp.forgetBefore(clock.instant().minus(REMEMBERED));
    List<OpenGap> back = givenUp.among(all);
    back.forEach(some -> over.addAll(begin(0, some.from(), GIVEN_UP, some.topics())));
    givenUp.remove(back);
    return over;
  }

  /**
   * A socket of the replica is open and may bring these topics. On disk when this returns: if the
   * process does not live to tell that they are read, they have a gap from now on.
   */
  public synchronized void opened(Replica replica, Collection<String> topics) {
    Set<String> fresh = new LinkedHashSet<>(topics);
    fresh.removeAll(missing());
    if (!reading.containsKey(replica) && !fresh.isEmpty() && opened.add(replica)) {
      Instant now = clock.instant();
      files.topics(replica, new Reading(now, now, fresh));
    }
  }

  private void forgetOpened(Replica replica) {
    if (opened.remove(replica)) {
      files.forget(replica);
    }
  }

  /**
   * A replica reads these topics, and no others, since then: gaps of theirs are over.
   *
   * @param cause why it does, in case others of its topics are not read any more
   */
  public synchronized List<Gap> reading(
      Replica replica, Instant since, List<String> topics, String cause) {
    Reading before = reading.get(replica);
    // A successor's predecessor may still have something to read
    Reading now =
        new Reading(since, before == null ? since : before.until(), new LinkedHashSet<>(topics));
    reading.put(replica, now);
    opened.remove(replica);
    List<Gap> over = new ArrayList<>();
    if (before != null) {
      coverage.ended(replica, before.since(), since, wantedOrUnknown(before.topics()));
      // What it read and reads no more, though somebody wants it
      over.addAll(begin(replica.shard(), since, cause, before.topics()));
    }
    files.reading(reading, attempts);
    files.topics(replica, now);
    over.addAll(open.close(replica.shard(), since, now.topics()));
    return over;
  }

  /** Everything that was sent to the replica until then has been read and kept. */
  public synchronized void readUntil(Replica replica, Instant until) {
    reading.computeIfPresent(
        replica, (same, before) -> new Reading(before.since(), until, before.topics()));
  }

  /**
   * A replica is not being read since then. Its topics have a gap as long as no other replica has
   * read them, then or since.
   */
  public synchronized List<Gap> blind(Replica replica, Instant since, String cause) {
    Reading before = reading.remove(replica);
    if (before == null) {
      return List.of();
    }
    List<Gap> over = begin(replica.shard(), since, cause, ended(replica, before, since));
    files.forget(replica);
    files.reading(reading, attempts);
    return over;
  }

  /**
   * A replica that reads on has not read some of its topics since then, whatever was believed. They
   * have a gap as long as no other replica has read them, then or since.
   *
   * @param reads what it does read, perhaps the same ones by now
   */
  public synchronized List<Gap> unsubscribed(
      Replica replica, Instant since, Collection<String> topics, Collection<String> reads) {
    Reading before = reading.get(replica);
    if (before == null) {
      return List.of();
    }
    Set<String> rest = new LinkedHashSet<>(before.topics());
    topics.stream().filter(topic -> !reads.contains(topic)).forEach(rest::remove);
    Reading now = new Reading(before.since(), before.until(), rest);
    reading.put(replica, now);
    coverage.notAfter(replica, since, topics::contains);
    coverage.ended(replica, before.since(), since, wantedOrUnknown(topics));
    List<Gap> over = begin(replica.shard(), since, UNSUBSCRIBED, topics);
    files.topics(replica, now);
    return over;
  }

  /**
   * A replica is not needed any more: others read its topics, or nobody wants them. It may be dead
   * and not found dead yet, so what it has read counts, not when it ends.
   */
  public synchronized List<Gap> finished(Replica replica, String cause) {
    attempts.remove(replica.key());
    standby.forget(replica);
    forgetOpened(replica);
    Reading its = reading.get(replica);
    Instant now = clock.instant();
    return blind(replica, its == null ? now : earlier(now, its.until()), cause);
  }

  // ---- what other instances read

  /** Another instance reads the topics of this replica; that is no gap. */
  public synchronized void handedOver(Replica replica) {
    attempts.remove(replica.key());
    standby.forget(replica);
    if (reading.remove(replica) != null) {
      files.forget(replica);
      files.reading(reading, attempts);
    }
  }

  /**
   * A replica reads these topics, and no others, since then, besides another instance that keeps
   * the record of them.
   */
  public synchronized void standsBy(Replica replica, Instant since, Collection<String> topics) {
    standby.reading(replica, since, topics);
  }

  /** Such a replica is not being read since then; that is no gap. */
  public synchronized void standsByBlind(Replica replica, Instant since) {
    standby.blind(replica, since);
  }

  /** What such a replica has read before is not kept. */
  public synchronized void standsBySince(Replica replica, Instant since) {
    standby.since(replica, since);
  }

  /**
   * Such a replica keeps its own record from now on: what it has read counts.
   *
   * @param until until when the other instance has told to have read and kept everything
   */
  public synchronized List<Gap> takesOver(Replica replica, Instant until) {
    Optional<Reading> reads = standby.takeOver(replica, coverage);
    if (reads.isEmpty()) {
      return List.of();
    }
    Reading its = reads.get();
    Instant kept = its.since().isAfter(until) ? its.since() : until;
    Reading now = new Reading(its.since(), kept, its.topics());
    reading.put(replica, now);
    files.reading(reading, attempts);
    files.topics(replica, now);
    // What has a gap since then was read here all the while
    return closeOrForget(replica.shard(), now.topics(), now.since(), now.since());
  }

  /** Of gaps of these topics those that had begun before then are over; the others were none. */
  private List<Gap> closeOrForget(
      int shard, Collection<String> topics, Instant begunBefore, Instant over) {
    List<Gap> closed = new ArrayList<>();
    for (OpenGap gap : open.all()) {
      List<String> its = gap.among(Set.copyOf(topics));
      if (gap.from().isBefore(begunBefore) && !its.isEmpty()) {
        closed.add(open.close(gap, shard, over, its));
      } else {
        open.put(gap.without(its, gap.parts()));
      }
    }
    return closed;
  }

  /**
   * Another instance read these topics until then, and has ended: nobody has read them since, but
   * for what is read here.
   */
  public synchronized List<Gap> inherited(int shard, Instant until, Collection<String> topics) {
    return begin(shard, until, INSTANCE_ENDED, topics);
  }

  /**
   * Another instance reads these topics and has on record that they were not read since then. Of
   * gaps that had begun before it knows nothing: they are told from here, until then.
   */
  public synchronized List<Gap> recordedElsewhere(
      int shard, Collection<String> topics, Instant until) {
    return closeOrForget(shard, topics, until.minus(UNDER_WAY), until);
  }

  /** Another instance reads these topics and knows nothing of the time before. */
  public synchronized List<Gap> readElsewhere(int shard, Collection<String> topics) {
    return open.close(shard, clock.instant(), topics);
  }

  /** Writes until when everything was read, and what could not be written before. */
  public synchronized void save() {
    files.reading(reading, attempts);
    files.retry();
  }

  /** Why the ledger cannot be written; empty while it can. Waits for no disk. */
  public Optional<String> trouble() {
    return files.trouble();
  }

  /** Topics of which a gap lasts: they were read, somebody wants them, and nobody reads them. */
  public synchronized Set<String> missing() {
    Set<String> missing = new HashSet<>();
    open.all().forEach(gap -> missing.addAll(gap.topics()));
    return missing;
  }

  // ---- attempts

  /** What attempts came to before, also before a restart. */
  public synchronized Attempts attempts(Replica replica) {
    return attempts.getOrDefault(replica.key(), Attempts.NONE);
  }

  /** What attempts have come to; on disk when this returns. */
  public synchronized void attempts(Replica replica, Attempts now) {
    if (now.failures() == 0) {
      attempts.remove(replica.key());
    } else {
      attempts.put(replica.key(), now);
    }
    files.reading(reading, attempts);
  }

  // ---- what becomes of gaps

  /**
   * Events that were read in this interval are lost: that is a gap, which is over and which nothing
   * can fill.
   */
  public synchronized void lost(String cause, Instant from, Instant to, long count) {
    String id = open.unique(OpenGap.id(from, 0));
    waiting.lost(new Gap(id, NO_SHARD, from, to, cause, List.of(), count));
  }

  /** Gaps that are over and whose signal has not been handed over durably, oldest first. */
  public synchronized List<Gap> unreported() {
    return waiting.unreported();
  }

  /** The signal of this gap is committed. */
  public synchronized void reported(String id) {
    waiting.reported(id);
  }

  /** Gaps that are over and whose backfill has not ended, oldest first. */
  public synchronized List<Gap> notBackfilled() {
    return waiting.notBackfilled();
  }

  /** The backfill of this gap has ended, also in vain, or is not wanted. */
  public synchronized void backfilled(String id) {
    waiting.backfilled(id);
  }

  // ---- gaps that last

  /** These replicas ended without a word; of two that read a topic, the last to read it counts. */
  private void interrupted(Set<Replica> replicas, String cause) {
    Map<Replica, Reading> last = new LinkedHashMap<>();
    reading.entrySet().stream()
        .filter(entry -> replicas.contains(entry.getKey()))
        .sorted(Comparator.comparing(entry -> entry.getValue().until(), Comparator.reverseOrder()))
        .forEach(entry -> last.put(entry.getKey(), entry.getValue()));
    reading.keySet().removeAll(last.keySet());
    Instant now = clock.instant();
    Map<Replica, Set<String>> topics = new HashMap<>();
    last.forEach(
        (replica, was) -> {
          if (was.until().isAfter(now)) {
            LOG.warn(
                "The clock was set back while the bridge did not run: it last read at {}, and now"
                    + " it is {}. How long it did not run is not known.",
                was.until(),
                now);
          }
          Instant until = earlier(was.until(), now);
          topics.put(replica, ended(replica, was, until));
        });
    last.forEach(
        (replica, was) ->
            begin(replica.shard(), earlier(was.until(), now), cause, topics.get(replica)));
    last.keySet().forEach(files::forget);
    if (!last.isEmpty()) {
      files.reading(reading, attempts);
    }
  }

  private Set<String> stillWanted(Collection<String> topics) {
    Set<String> all = new LinkedHashSet<>(topics);
    all.removeIf(
        topic -> wanted.values().stream().noneMatch(some -> some.orElse(Set.of()).contains(topic)));
    return all;
  }

  /** A replica has read nothing since then; what it read until then. */
  private Set<String> ended(Replica replica, Reading was, Instant until) {
    Set<String> topics = new LinkedHashSet<>(was.topics());
    topics.addAll(coverage.notAfter(replica, until, any -> true));
    coverage.ended(replica, was.since(), until, wantedOrUnknown(was.topics()));
    return topics;
  }

  private static Instant earlier(Instant one, Instant other) {
    return one.isBefore(other) ? one : other;
  }

  /** These topics were read until then, by a replica that reads them no more. */
  private List<Gap> begin(int shard, Instant lastRead, String cause, Collection<String> topics) {
    List<Gap> over = new ArrayList<>();
    coverage
        .holes(wantedOrUnknown(topics), lastRead, reading)
        .forEach(
            (holes, its) -> {
              for (Coverage.Hole hole : holes) {
                Instant from = hole.from().minus(UNDER_WAY);
                if (hole.to().isEmpty()) {
                  open.begin(shard, from, cause, its);
                } else {
                  open.over(shard, from, hole.to().get(), cause, its).ifPresent(over::add);
                }
              }
            });
    return over;
  }

  /** As long as a reader has not said what it wants, each topic may be wanted. */
  private Collection<String> wantedOrUnknown(Collection<String> topics) {
    boolean known = !wanted.isEmpty() && wanted.values().stream().allMatch(Optional::isPresent);
    return known ? stillWanted(topics) : topics;
  }

  private Set<String> notRead(Collection<String> topics) {
    Set<String> rest = new LinkedHashSet<>(topics);
    reading.values().forEach(replica -> replica.topics().forEach(rest::remove));
    return rest;
  }
}
