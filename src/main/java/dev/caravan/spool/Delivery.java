package dev.caravan.spool;

import dev.caravan.spool.Failure.Kind;
import dev.caravan.spool.SpoolEvent.Reason;
import dev.caravan.spool.Window.Slot;
import dev.caravan.spool.Window.Slot.State;
import dev.caravan.spool.log.LogRecord;
import dev.caravan.spool.log.RecordHeaders;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands out the records of a spool, several in flight at a time, and lets go of what was delivered.
 *
 * <p>A record that fails is tried again, and what comes behind it of the same key waits for it, or
 * is repeated if it was delivered: else it would come before the record that failed for good. While
 * others are delivered, what is stuck does not wait in their way: it is parked. While nothing is
 * delivered at all, there is nothing to make way for, and it waits where it is.
 */
final class Delivery implements Runnable {

  private static final Logger LOG = LoggerFactory.getLogger(Delivery.class);
  private static final int TAKE_AT_ONCE = 128;
  private static final long WAIT_NANOS = Duration.ofMillis(500).toNanos();

  /** How long it sleeps if nobody wakes it, while nothing is in flight, stuck or to be told. */
  private static final long REST_NANOS = Duration.ofMinutes(1).toNanos();

  private static final long LOOK_EVERY_NANOS = Duration.ofMillis(250).toNanos();

  /** Others are delivered if one has been so long ago at most. */
  private static final long FLOWING_NANOS = Duration.ofSeconds(1).toNanos();

  /** While nothing is delivered, some make way all the same: others may be more lucky. */
  private static final int FIRST_PROBE = 64;

  /** What could not be read or written is tried again. */
  private static final Duration AGAIN = Duration.ofSeconds(1);

  private static final Duration FIRST_PROBE_AFTER = Duration.ofSeconds(5);
  private static final Duration PROBE_EVERY = Duration.ofMinutes(1);
  private static final int MOST_REASONS = 100;
  private static final Duration REASON_KNOWN_FOR = Duration.ofMinutes(1);

  private final Spool spool;
  private final SpoolConfiguration options;
  private final Receiver receiver;
  private final Window window;
  private final Parking parking;
  private final boolean keyed;
  private final int refillAt;

  /** Keys of which something failed that is not parked. */
  private final Map<Long, Held> held = new HashMap<>();

  private final Queue<Slot> failed = new ConcurrentLinkedQueue<>();
  private final Queue<Slot> settledParked = new ConcurrentLinkedQueue<>();

  /** Keys of which records wait, though others of them are parked. */
  private final Set<Long> waiting = new HashSet<>();

  /** What was handed out in vain often enough, and when last. */
  private final Map<String, Long> hopeless = new LinkedHashMap<>();

  private List<LogRecord> taken = List.of();
  private int nextTaken;
  private volatile Life life = Life.TAKES;
  private boolean wasInterrupted;
  private boolean running;
  private boolean waitsForPlace;
  private long lastDeliveredNanos;
  private long lookedNanos;

  /** Whether what makes way could not be read when that was tried last. */
  private boolean stuckUnreadable;

  private long parkAgainAtNanos;
  private long noteAgainAtNanos;
  private long probeAtNanos;
  private int probes;
  private boolean wasFlowing;
  private String gaveUpFor = "";
  private volatile Optional<String> trouble = Optional.empty();
  private long failedAtNanos;
  private volatile Optional<String> failure = Optional.empty();

  /** How far it has come; it only pauses and goes on again while it is not stopped. */
  private enum Life {
    TAKES,
    PAUSED,
    /** It hands out nothing more; what is in flight may settle yet. */
    STOPPED,
    /** Another may take: what settles has no effect any more. */
    DETACHED
  }

  private static final class Held {
    private int inFlight;
    private boolean decided;
    private boolean dueOnceOthersFlow;
    private long dueAtNanos;

    /** Whether what is to be decided on could not be read, and is read again when it is due. */
    private boolean unreadable;

    private boolean isToBeDecided(long now) {
      return !decided && inFlight == 0 && (!unreadable || now - dueAtNanos >= 0);
    }

    private void readAgainAt(long nanos) {
      unreadable = true;
      dueAtNanos = nanos;
    }

    private void handOutAt(long nanos) {
      decided = true;
      unreadable = false;
      dueAtNanos = nanos;
    }
  }

  /** Takes one record and settles it sooner or later, from whatever thread. */
  interface Receiver {
    void receive(LogRecord record, boolean again, Settlement settlement);

    /** Puts a record that is given up where dead letters are kept; throws if that fails. */
    void deadLetter(LogRecord record, String reason) throws Exception;
  }

  /** Hears what became of a record that was handed out: why it failed, or nothing. */
  @FunctionalInterface
  interface Settlement {
    void settled(Optional<Failure> failure);

    default void delivered() {
      settled(Optional.empty());
    }

    default void failed(Failure why) {
      settled(Optional.of(why));
    }
  }

  Delivery(Spool spool, SpoolConfiguration options, Receiver receiver) {
    this.spool = spool;
    this.options = options;
    this.receiver = receiver;
    this.parking = spool.parking();
    this.keyed = !options.getKeyHeader().isEmpty();
    this.window = new Window(options.getInFlight(), options.getMemoryBytes());
    this.refillAt = options.getInFlight() - Math.max(1, options.getInFlight() / 64);
    long now = spool.nanoTime();
    this.lastDeliveredNanos = now - 2 * FLOWING_NANOS;
    this.lookedNanos = now;
    this.parkAgainAtNanos = now;
    this.noteAgainAtNanos = now;
    this.probeAtNanos = now;
    this.failedAtNanos = now;
  }

  /** Records with the same value keep their order; without the header all of them do. */
  static long key(String keyHeader, RecordHeaders headers) {
    return keyHeader.isEmpty() ? 0 : headers.text(keyHeader).hashCode();
  }

  @Override
  public void run() {
    synchronized (this) {
      running = true;
    }
    try {
      while (!isStopped()) {
        try {
          goOn();
        } catch (InterruptedException e) {
          interrupted();
        }
      }
    } finally {
      synchronized (this) {
        running = false;
        notifyAll();
      }
    }
  }

  /** Who stops this does not interrupt it: it was a step of the route, and the route goes on. */
  private void interrupted() {
    if (!wasInterrupted) {
      wasInterrupted = true;
      LOG.warn(
          "Spool '{}': a step of the route that takes from it interrupted its own thread. The route"
              + " goes on; this is told once.",
          spool.name());
    }
  }

  /** Whatever is thrown, the records are still there, and are tried again. */
  private void goOn() throws InterruptedException {
    try {
      step(spool.nanoTime());
      if (trouble.isPresent()
          && !stuckUnreadable
          && held.values().stream().noneMatch(it -> it.unreadable)) {
        trouble = Optional.empty();
        LOG.info("Spool '{}': records are handed out again.", spool.name());
      }
    } catch (IOException | RuntimeException | Error e) {
      inTrouble(e);
      await(AGAIN.toNanos());
    }
  }

  private void inTrouble(Throwable e) {
    if (trouble.isEmpty()) {
      LOG.error(
          "Spool '{}': records cannot be handed out ({}). That is tried again every second.",
          spool.name(),
          e.getClass().getSimpleName(),
          e);
    }
    trouble = Optional.of("records cannot be handed out: " + e.getClass().getSimpleName());
  }

  private void step(long now) throws IOException, InterruptedException {
    settleParked(now);
    settleFailed(now);
    makeWay(now);
    handOutParked(now);
    handOutHeld(now);
    noteDone(now);
    recovered();
    handOutNew(now);
  }

  /** What of the parked records is done with; where that cannot be written, it is soon again. */
  private void noteDone(long now) {
    if (now - noteAgainAtNanos < 0) {
      return;
    }
    try {
      parking.write();
    } catch (IOException e) {
      noteAgainAtNanos = now + AGAIN.toNanos();
      LOG.debug("Spool '{}': parked records are done with, and not noted yet", spool.name(), e);
    }
  }

  // --- what is new

  private void handOutNew(long now) throws IOException, InterruptedException {
    if (isStopped()) {
      return;
    }
    if (life == Life.PAUSED) {
      await(isAtRest() ? REST_NANOS : LOOK_EVERY_NANOS);
      return;
    }
    if (!keyed && !held.isEmpty()) {
      await(Math.min(LOOK_EVERY_NANOS, nanosUntilDue(now)));
      return;
    }
    if (nextTaken == taken.size()) {
      long wait = Math.min(isAtRest() ? REST_NANOS : WAIT_NANOS, nanosUntilDue(now));
      took(
          spool.take(
              this,
              TAKE_AT_ONCE,
              parking.isIdle() ? options.getLinger().toMillis() : 0,
              Duration.ofNanos(wait).toMillis()));
    }
    List<Slot> toPark = new ArrayList<>();
    boolean parked = false;
    try {
      while (nextTaken < taken.size() && hasPlace() && failed.isEmpty()) {
        LogRecord record = taken.get(nextTaken);
        Slot slot = new Slot(record, keyOf(record));
        if (!admit(slot, toPark)) {
          handOut(slot, false);
        } else if (!held.containsKey(slot.key) || parking.holds(slot.key)) {
          // By now all that was parked of the key may have been dropped
          if (waiting.contains(slot.key) || parking.isNearlyDone(slot.key)) {
            waiting.add(slot.key);
          } else {
            toPark.add(slot);
          }
        }
      }
      parked = park(toPark);
    } finally {
      if (!parked) {
        toPark.forEach(slot -> waiting.add(slot.key));
      }
    }
    if (nextTaken < taken.size()) {
      awaitPlace(Math.min(LOOK_EVERY_NANOS, nanosUntilDue(now)));
    }
  }

  /** Whether nothing is to be done until a record comes, and health has nothing to take back. */
  private synchronized boolean isAtRest() {
    return window.isEmpty()
        && held.isEmpty()
        && parking.isIdle()
        && failure.isEmpty()
        && trouble.isEmpty()
        && spool.nanoTime() - noteAgainAtNanos >= 0;
  }

  /** What damage or a full spool took away in front of the next record is not waited for. */
  private synchronized void took(List<LogRecord> records) {
    taken = records;
    nextTaken = 0;
    if (window.isEmpty() && !taken.isEmpty() && life != Life.DETACHED) {
      spool.acknowledge(taken.get(0).sequence() - 1, 0);
    }
  }

  /** True if the record has to wait for others of its key. */
  private boolean admit(Slot slot, List<Slot> toPark) {
    boolean waits =
        held.containsKey(slot.key)
            || parking.holds(slot.key)
            || waiting.contains(slot.key)
            || toPark.stream().anyMatch(other -> other.key == slot.key);
    synchronized (this) {
      // Another may have begun to take while this thread stood still
      waits |= isStopped();
      window.add(slot);
      nextTaken++;
      if (!waits) {
        slot.handedOutAt(spool.nanoTime());
      }
    }
    return waits;
  }

  private void handOut(Slot slot, boolean again) {
    try {
      receiver.receive(slot.record, again, failure -> settled(slot, failure.orElse(null)));
    } catch (RuntimeException | Error e) {
      settled(slot, Failure.Judge.NONE.judge(e, ""));
    }
    if (Thread.interrupted()) {
      interrupted();
    }
  }

  private long keyOf(LogRecord record) {
    return key(options.getKeyHeader(), record.headers());
  }

  private long nanosUntilDue(long now) {
    long due = parking.nanosUntilDue(now);
    for (Held it : held.values()) {
      if (it.decided || it.unreadable) {
        due = Math.min(due, Math.max(0, it.dueAtNanos - now));
      }
    }
    return due;
  }

  // --- what settles

  /** From whatever thread; only the first time counts. */
  private void settled(Slot slot, Failure why) {
    boolean wake = false;
    synchronized (this) {
      if (slot.state != State.IN_FLIGHT) {
        return;
      }
      // In this order: what is parked is looked at by its state alone
      slot.failure = why;
      slot.state = why == null ? State.DELIVERED : State.FAILED;
      if (why == null) {
        lastDeliveredNanos = spool.nanoTime();
      }
      if (slot.isParked()) {
        settledParked.add(slot);
        wake = true;
      } else {
        if (why == null) {
          window.leavePlace(slot);
          letGoOfDone();
        } else {
          failed.add(slot);
          wake = true;
        }
        Held its = held.isEmpty() ? null : held.get(slot.key);
        if (its != null) {
          its.inFlight--;
          wake |= its.inFlight == 0;
        }
      }
      if (wake || waitsForPlace && window.places() <= refillAt || window.places() == 0) {
        notifyAll();
      }
    }
    if (wake) {
      spool.wakeUp();
    }
  }

  /** Once it is detached, another may hand out again all that was not acknowledged until then. */
  private synchronized void letGoOfDone() {
    Window.Progress done = window.advance();
    if (done.records() > 0 && life != Life.DETACHED) {
      spool.acknowledge(done.upToSequence(), done.records());
    }
  }

  private void settleFailed(long now) throws IOException {
    for (Slot slot = failed.poll(); slot != null; slot = failed.poll()) {
      if (slot.isParked()) {
        continue;
      }
      slot.attempts++;
      long key = slot.key;
      synchronized (this) {
        held.computeIfAbsent(
            key,
            it -> {
              Held its = new Held();
              its.inFlight =
                  window.find(other -> other.key == key && other.state == State.IN_FLIGHT).size();
              return its;
            });
      }
    }
    if (!held.isEmpty()) {
      List<Long> settled;
      synchronized (this) {
        settled = held.keySet().stream().filter(key -> held.get(key).isToBeDecided(now)).toList();
      }
      for (long key : settled) {
        decideIfReadable(key, now);
      }
    }
  }

  /** Where the spool cannot be read the key waits, and with it nobody else. */
  private void decideIfReadable(long key, long now) {
    try {
      decide(key, now);
    } catch (IOException | RuntimeException e) {
      inTrouble(e);
      Optional.ofNullable(held.get(key)).ifPresent(its -> its.readAgainAt(now + AGAIN.toNanos()));
    }
  }

  /** Nothing of the key is in flight any more, and something failed. */
  private void decide(long key, long now) throws IOException {
    List<Slot> slots = fromTheFirstFailureOn(key);
    Held its = held.get(key);
    if (slots.isEmpty() || slots.get(0).failure == null) {
      its.handOutAt(now);
      return;
    }
    Slot first = slots.get(0);
    Failure why = first.failure;
    if (isHopeless(why, first.attempts, gaveUpFor.equals(why.what()))
        && giveUp(first.record, why)) {
      gaveUpFor = why.what();
      deliveredAfterAll(first);
      its.handOutAt(now);
      return;
    }
    gaveUpFor = "";
    boolean makesWay = why.kind() == Kind.UNKNOWN || isFlowing(now) || parking.hasGroup(why.what());
    if (keyed && makesWay && parking.hasRoomFor(key) && park(slots)) {
      parking.stuck(key, why, now);
      letGo(key);
      return;
    }
    its.dueOnceOthersFlow = keyed && !makesWay;
    its.handOutAt(now + options.redeliveryDelay(first.attempts).toNanos());
    tell(why, first.attempts);
  }

  /**
   * Also what was delivered behind it must be repeated, so it takes a place again. If the full
   * spool has dropped that, what is older is dropped, too: else it would come after it for good.
   */
  private List<Slot> fromTheFirstFailureOn(long key) throws IOException {
    List<Slot> slots;
    synchronized (this) {
      slots = window.find(slot -> slot.key == key);
    }
    int first = 0;
    while (first < slots.size() && slots.get(first).state == State.DELIVERED) {
      first++;
    }
    List<Slot> found = new ArrayList<>();
    for (Slot slot : slots.subList(first, slots.size())) {
      if (slot.state != State.DELIVERED) {
        found.add(slot);
        continue;
      }
      Optional<LogRecord> record = spool.find(slot.sequence);
      if (record.isPresent()) {
        synchronized (this) {
          slot.state = State.FAILED;
          slot.record = record.get();
          window.takePlace(slot);
        }
        found.add(slot);
      } else if (spool.isGone(slot.sequence)) {
        spool.dropped(Reason.FULL, found.stream().map(older -> older.record).toList());
        found.forEach(this::deliveredAfterAll);
        found.clear();
      }
    }
    return found;
  }

  private synchronized void deliveredAfterAll(Slot slot) {
    slot.state = State.DELIVERED;
    window.leavePlace(slot);
    letGoOfDone();
  }

  private synchronized boolean isFlowing(long now) {
    return now - lastDeliveredNanos < FLOWING_NANOS;
  }

  private void handOutHeld(long now) {
    if (held.isEmpty() || life != Life.TAKES) {
      return;
    }
    for (Map.Entry<Long, Held> entry : List.copyOf(held.entrySet())) {
      Held its = entry.getValue();
      if (its.decided && (now - its.dueAtNanos >= 0 || its.dueOnceOthersFlow && isFlowing(now))) {
        letGo(entry.getKey());
        handOutAll(entry.getKey());
      }
    }
  }

  private synchronized void letGo(long key) {
    held.remove(key);
  }

  /** Those of a key that wait or failed, in order, until one fails at once. */
  private void handOutAll(long key) {
    List<Slot> slots;
    synchronized (this) {
      slots =
          window.find(
              slot ->
                  slot.key == key && (slot.state == State.FAILED || slot.state == State.WAITING));
    }
    Slot before = null;
    for (Slot slot : slots) {
      boolean again;
      synchronized (this) {
        if (isStopped() || before != null && before.state == State.FAILED) {
          return;
        }
        before = slot;
        again = slot.state == State.FAILED;
        slot.handedOutAt(spool.nanoTime());
      }
      handOut(slot, again);
    }
  }

  // --- what makes way

  /** Parks what is stuck in flight while others are delivered, or if nothing else is left to do. */
  private void makeWay(long now) throws IOException {
    if (!keyed || now - lookedNanos < LOOK_EVERY_NANOS) {
      return;
    }
    lookedNanos = now;
    long overdue = options.getParkAfter().toNanos();
    List<Slot> stuck;
    boolean flowing = isFlowing(now);
    if (flowing && !wasFlowing) {
      parking.tryAllNow(now);
    }
    parking.stuckSince(now - overdue, notSettled(), now);
    wasFlowing = flowing;
    synchronized (this) {
      stuck =
          window.find(
              slot ->
                  slot.state == State.IN_FLIGHT
                      && now - slot.handedOutAtNanos >= overdue
                      && !held.containsKey(slot.key));
      if (!flowing && !stuck.isEmpty() && window.isFull()) {
        stuck = probe(stuck, now);
      } else if (flowing) {
        probes = 0;
        probeAtNanos = now + FIRST_PROBE_AFTER.toNanos();
      } else {
        stuck = List.of();
      }
    }
    if (stuck.isEmpty()) {
      stuckUnreadable = false;
      return;
    }
    Set<Long> keys = new HashSet<>();
    stuck.stream().map(slot -> slot.key).filter(parking::hasRoomFor).forEach(keys::add);
    Set<Long> begun = new HashSet<>();
    List<Slot> slots;
    synchronized (this) {
      // What was delivered behind it and dropped by the full spool could not be repeated: should
      // the record before it fail, that is dropped, too, and so it is not parked
      window
          .find(
              slot ->
                  slot.state == State.DELIVERED
                      && spool.isGone(slot.sequence)
                      && keys.contains(slot.key))
          .forEach(slot -> keys.remove(slot.key));
      // Also what is delivered behind it: it is repeated should the record before it fail
      slots =
          window.find(
              slot ->
                  keys.contains(slot.key)
                      && (begun.contains(slot.key)
                          || slot.state != State.DELIVERED && begun.add(slot.key)));
    }
    if (parkIfReadable(slots)) {
      keys.forEach(key -> parking.stuck(key, notSettled(), now));
    } else {
      lookedNanos = now + AGAIN.toNanos();
    }
  }

  private Failure notSettled() {
    return new Failure(
        Kind.LATER,
        "what is not settled",
        "they were handed out %s ago and are neither delivered nor failed"
            .formatted(SpoolStatus.words(options.getParkAfter())),
        null);
  }

  /** Where the spool cannot be read, they stay where they are, and all others flow on. */
  private boolean parkIfReadable(List<Slot> slots) {
    try {
      boolean parked = park(slots);
      stuckUnreadable = false;
      return parked;
    } catch (IOException e) {
      stuckUnreadable = true;
      inTrouble(e);
      return false;
    }
  }

  private List<Slot> probe(List<Slot> stuck, long now) {
    if (now - probeAtNanos < 0) {
      return List.of();
    }
    int size = Math.min(options.getInFlight(), FIRST_PROBE << Math.min(10, probes));
    long pause = FIRST_PROBE_AFTER.toNanos() << Math.min(10, probes);
    probes++;
    probeAtNanos = now + Math.min(pause, PROBE_EVERY.toNanos());
    return stuck.subList(0, Math.min(size, stuck.size()));
  }

  /** False if they cannot be written at present; then they wait where they are. */
  private boolean park(List<Slot> slots) throws IOException {
    if (slots.isEmpty()) {
      return true;
    }
    if (isStopped()) {
      return false;
    }
    List<Slot> parked = new ArrayList<>();
    List<LogRecord> records = new ArrayList<>();
    for (Slot slot : slots) {
      LogRecord inMemory = slot.record;
      Optional<LogRecord> record =
          inMemory == null ? spool.find(slot.sequence) : Optional.of(inMemory);
      if (record.isPresent()) {
        parked.add(slot);
        records.add(record.get());
      }
    }
    OptionalLong first;
    try {
      first = parking.park(this, records);
    } catch (IOException e) {
      parkAgainAtNanos = spool.nanoTime() + AGAIN.toNanos();
      failure = Optional.of("what is stuck cannot be parked: " + e.getMessage());
      return false;
    }
    if (first.isEmpty()) {
      return false;
    }
    synchronized (this) {
      Set<Long> inFlight = new HashSet<>();
      for (int i = 0; i < parked.size(); i++) {
        Slot slot = parked.get(i);
        slot.parkedAs = first.getAsLong() + i;
        if (slot.state != State.DELIVERED) {
          window.leavePlace(slot);
        }
        if (slot.state == State.IN_FLIGHT || slot.state == State.DELIVERED) {
          inFlight.add(slot.key);
        }
      }
      for (Slot slot : parked) {
        if (slot.state != State.WAITING && inFlight.contains(slot.key)) {
          parking.isInFlight(this, slot);
          if (slot.state != State.IN_FLIGHT) {
            settledParked.add(slot);
          }
        }
      }
      letGoOfDone();
    }
    return true;
  }

  // --- what is parked

  private void handOutParked(long now) {
    if (parking.isIdle() || life != Life.TAKES) {
      return;
    }
    int room = Math.min(TAKE_AT_ONCE, options.getInFlight() - parking.inFlight());
    Map<Long, Slot> failedAtOnce = new HashMap<>();
    for (Slot slot : dueParked(room, now)) {
      if (isStopped()) {
        return;
      }
      Slot first = failedAtOnce.get(slot.key);
      slot.handedOutAtNanos = now;
      if (first != null) {
        settled(slot, first.failure);
        continue;
      }
      handOut(slot, true);
      synchronized (this) {
        if (slot.state == State.FAILED) {
          failedAtOnce.put(slot.key, slot);
        }
      }
    }
  }

  /** Where parked records cannot be read, they wait, and all others flow on. */
  private List<Slot> dueParked(int room, long now) {
    try {
      return parking.due(this, room, now);
    } catch (IOException e) {
      LOG.debug("Spool '{}': parked records cannot be read now", spool.name(), e);
      parking.tryNotBefore(now + AGAIN.toNanos());
      failedAtNanos = now;
      failure = Optional.of("parked records cannot be read: " + e.getClass().getSimpleName());
      return List.of();
    }
  }

  private void settleParked(long now) throws IOException {
    for (Slot slot = settledParked.poll(); slot != null; slot = settledParked.poll()) {
      Optional<Slot> failedFirst = parking.settled(slot);
      if (failedFirst.isPresent()) {
        failedAgain(failedFirst.get(), now);
      }
    }
    for (long key : List.copyOf(waiting)) {
      if (!parking.holds(key)) {
        if (life == Life.TAKES) {
          waiting.remove(key);
          handOutAll(key);
        }
      } else if (!parking.isNearlyDone(key) && now - parkAgainAtNanos >= 0) {
        List<Slot> its;
        synchronized (this) {
          its = window.find(slot -> slot.key == key && slot.state == State.WAITING);
        }
        if (park(its)) {
          waiting.remove(key);
        }
      }
    }
  }

  private void failedAgain(Slot slot, long now) throws IOException {
    Failure why = slot.failure;
    int attempts = parking.attempts(slot.key) + 1;
    boolean givenUp = false;
    try {
      if (isHopeless(why, attempts, parking.gaveUpBefore(slot.key, why.what()))) {
        Optional<LogRecord> record =
            slot.record == null ? parking.find(slot.parkedAs) : Optional.of(slot.record);
        givenUp = record.isEmpty() || giveUp(record.get(), why);
      }
    } finally {
      if (givenUp) {
        parking.givenUp(slot, why.what());
      } else {
        parking.stuck(slot.key, why, now);
      }
    }
  }

  // --- what is given up

  private boolean isHopeless(Failure why, int attempts, boolean theOneBeforeWas) {
    return switch (why.kind()) {
      case LATER -> false;
      case FINAL -> true;
      case UNKNOWN -> {
        Long since = hopeless.get(why.what());
        boolean known = since != null && spool.nanoTime() - since < REASON_KNOWN_FOR.toNanos();
        yield options.getMaximumRedeliveries() >= 0
            && (attempts > options.getMaximumRedeliveries()
                || known && (attempts > 1 || theOneBeforeWas));
      }
    };
  }

  /** False if it could not be put where dead letters are; then it is tried again. */
  private boolean giveUp(LogRecord record, Failure why) {
    boolean known = hopeless.containsKey(why.what());
    try {
      if (options.getDeadLetters().isEmpty()) {
        spool.dropped(Reason.GAVE_UP, List.of(record));
      } else {
        receiver.deadLetter(record, why.sentence());
      }
    } catch (Exception e) {
      LOG.debug("Spool '{}': a dead letter could not be kept", spool.name(), e);
      failure = Optional.of("dead letters cannot be kept: " + e.getClass().getSimpleName());
      return false;
    }
    hopeless.remove(why.what());
    hopeless.put(why.what(), spool.nanoTime());
    if (hopeless.size() > MOST_REASONS) {
      hopeless.remove(hopeless.keySet().iterator().next());
    }
    if (!known) {
      LOG.warn(
          "Spool '{}': a record failed again and again and is {}: {}. What follows goes on; so do"
              + " others that fail for the same reason, and are counted.",
          spool.name(),
          options.getDeadLetters().isEmpty() ? "dropped" : "a dead letter now",
          why.sentence());
      LOG.debug("Spool '{}': the failure", spool.name(), why.cause());
    }
    return true;
  }

  // --- what is told

  /** In health at once; in the log by whoever watches the spools, once it lasts. */
  private void tell(Failure why, int attempts) {
    if (failure.isEmpty()) {
      LOG.debug("Spool '{}': a record could not be delivered", spool.name(), why.cause());
    }
    failedAtNanos = spool.nanoTime();
    failure = Optional.of(why.sentence() + " (attempt " + attempts + ")");
  }

  /** After something could not be delivered, all that failed has been handed out again. */
  private void recovered() {
    boolean delivered;
    synchronized (this) {
      delivered = held.isEmpty() && lastDeliveredNanos - failedAtNanos > 0;
    }
    if (delivered && failure.isPresent()) {
      failure = Optional.empty();
      LOG.debug("Spool '{}': delivery works again.", spool.name());
    }
  }

  // --- waiting, pausing, stopping

  private synchronized boolean hasPlace() {
    return !window.isFull() && life == Life.TAKES;
  }

  private synchronized void awaitPlace(long nanos) throws InterruptedException {
    if (window.isFull() && life == Life.TAKES) {
      waitsForPlace = true;
      await(nanos);
      waitsForPlace = false;
    }
  }

  private synchronized void await(long nanos) throws InterruptedException {
    if (!isStopped() && failed.isEmpty() && settledParked.isEmpty()) {
      wait(Math.max(1, Duration.ofNanos(nanos).toMillis()));
    }
  }

  private boolean isStopped() {
    return life.compareTo(Life.STOPPED) >= 0;
  }

  void pause() {
    enter(Life.PAUSED);
  }

  void resume() {
    enter(Life.TAKES);
  }

  private synchronized void enter(Life next) {
    if (!isStopped() || next == Life.DETACHED) {
      life = next;
      notifyAll();
    }
  }

  /** Hands out nothing more, and waits until what is in flight has settled, but not for ever. */
  boolean stop(Duration atMost) throws InterruptedException {
    enter(Life.STOPPED);
    spool.wakeUp();
    long until = System.nanoTime() + atMost.toNanos();
    synchronized (this) {
      while (!isSettled() && System.nanoTime() < until) {
        wait(100);
      }
      return isSettled();
    }
  }

  /** Of what is parked, what failed meanwhile is tried by the next, and told to nobody. */
  private boolean isSettled() {
    if (running) {
      return false;
    }
    for (Slot slot = settledParked.poll(); slot != null; slot = settledParked.poll()) {
      parking.settled(slot);
    }
    return inFlight() == 0;
  }

  /** What settles from now on has no effect any more; what was taken and is not delivered. */
  synchronized List<LogRecord> detach() {
    enter(Life.DETACHED);
    List<LogRecord> inHand = new ArrayList<>();
    window.find(slot -> slot.state != State.DELIVERED).forEach(slot -> inHand.add(slot.record));
    inHand.addAll(taken.subList(nextTaken, taken.size()));
    return inHand;
  }

  private int outstanding() {
    return window.find(slot -> slot.state == State.IN_FLIGHT).size();
  }

  synchronized int inFlight() {
    return outstanding() + parking.inFlight();
  }

  /** Why records cannot even be handed out, if so. */
  Optional<String> trouble() {
    return trouble;
  }

  /** Why records are not delivered at present, if so. */
  Optional<String> failure() {
    return failure;
  }
}
