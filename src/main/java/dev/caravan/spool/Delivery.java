package dev.caravan.spool;

import dev.caravan.spool.Failure.Kind;
import dev.caravan.spool.SpoolEvent.Reason;
import dev.caravan.spool.Window.Key;
import dev.caravan.spool.Window.Key.Stage;
import dev.caravan.spool.Window.Slot;
import dev.caravan.spool.Window.Slot.State;
import dev.caravan.spool.log.LogRecord;
import dev.caravan.spool.log.RecordHeaders;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
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

  /** Others are delivered if one has been, so long ago at most. */
  private static final long DELIVERED_NANOS = Duration.ofSeconds(1).toNanos();

  /**
   * While nothing is delivered, some of what is in flight are parked all the same, so that others
   * come, which may be delivered.
   */
  private static final int PROBED_SHARE = 16;

  private static final long PROBE_EVERY_NANOS = Duration.ofSeconds(5).toNanos();

  /** What could not be read or written is tried again. */
  private static final Duration AGAIN = Duration.ofSeconds(1);

  /** From when on a step that does not return is told, and from when on somebody must act. */
  private static final Duration SLOW_FROM = Duration.ofSeconds(5);

  private static final Duration HANGS_FROM = Duration.ofSeconds(30);

  /** With a partition that is stuck and little else to deliver it takes a while until one is. */
  private static final Duration NOTHING_DELIVERED_FROM = Duration.ofSeconds(30);

  private static final int MOST_REASONS = 100;
  private static final Duration REASON_KNOWN_FOR = Duration.ofMinutes(1);

  private final Spool spool;
  private final SpoolConfiguration options;
  private final Receiver receiver;
  private final Window window;
  private final Parking parking;
  private final boolean keyed;
  private final int refillAt;

  /** What has failed, and what of the parked records has settled; to be looked at. */
  private final Queue<Slot> settled = new ConcurrentLinkedQueue<>();

  /** Keys of which something failed that is not parked, or waits for what is parked. */
  private final Set<Key> stuck = new LinkedHashSet<>();

  /** What was handed out in vain often enough, and when last. */
  private final Map<String, Long> inVain = new LinkedHashMap<>();

  private List<LogRecord> taken = List.of();
  private int nextTaken;
  private volatile Life life = Life.TAKES;
  private boolean wasInterrupted;
  private boolean running;
  private boolean waitsForPlace;
  private long lastDeliveredNanos;
  private long lastParkedNanos;
  private long lookedNanos;

  private long readAgainAtNanos;
  private long parkAgainAtNanos;
  private long noteAgainAtNanos;
  private long probeAtNanos;
  private boolean wereOthersDelivered;
  private String gaveUpFor = "";
  private volatile Optional<String> trouble = Optional.empty();
  private volatile boolean isHandingOut;
  private volatile long handingOutSinceNanos;
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

  /** Takes one record and settles it sooner or later, from whatever thread. */
  interface Receiver {
    /** Nobody wants to know. */
    Runnable NOBODY_ASKS = () -> {};

    /**
     * Tells whoever appended a record that it is settled for good: delivered, and no earlier one of
     * its key can have it repeated, or given up. It must return soon.
     */
    default Runnable whenSettled(LogRecord record) {
      return NOBODY_ASKS;
    }

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
    this.window = new Window(options.getInFlight(), options.getMemoryBytes(), keyed);
    this.refillAt = options.getInFlight() - Math.max(1, options.getInFlight() / 64);
    long now = spool.nanoTime();
    this.lastDeliveredNanos = now - 2 * DELIVERED_NANOS;
    this.lastParkedNanos = now;
    this.lookedNanos = now;
    this.readAgainAtNanos = now;
    this.parkAgainAtNanos = now;
    this.noteAgainAtNanos = now;
    this.probeAtNanos = now;
    this.failedAtNanos = now;
  }

  /** Records with the same value keep their order; without the header all of them do. */
  static long key(String keyHeader, RecordHeaders headers) {
    // Of its bytes on disk: a value with half a surrogate is read back as another one
    return keyHeader.isEmpty()
        ? 0
        : Arrays.hashCode(headers.text(keyHeader).getBytes(StandardCharsets.UTF_8));
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
              + " goes on. Further interrupts are not logged.",
          spool.name());
    }
  }

  /** Whatever is thrown, the records are still there, and are tried again. */
  private void goOn() throws InterruptedException {
    try {
      step(spool.nanoTime());
      if (trouble.isPresent()) {
        trouble = Optional.empty();
        LOG.info("Spool '{}': records can be handed to the route again.", spool.name());
      }
    } catch (IOException | RuntimeException | Error e) {
      String why = e.getClass().getSimpleName();
      if (trouble.isEmpty()) {
        LOG.error(
            "Spool '{}': records cannot be handed to the route ({}). That is tried again every"
                + " second.",
            spool.name(),
            why,
            e);
      }
      trouble = Optional.of("records cannot be handed to the route: " + why);
      await(AGAIN.toNanos());
    }
  }

  private void step(long now) throws IOException, InterruptedException {
    settle(now);
    decideOnFailed(now);
    parkWaiting(now);
    parkOverdue(now);
    handOutParked(now);
    handOutStuck(now);
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
      awaitPlace(isAtRest() ? REST_NANOS : LOOK_EVERY_NANOS);
      return;
    }
    if (nextTaken == taken.size()) {
      long wait = Math.min(isAtRest() ? REST_NANOS : WAIT_NANOS, nanosUntilDue(now));
      took(
          spool.take(
              this,
              TAKE_AT_ONCE,
              parking.records() == 0 ? options.getLinger().toMillis() : 0,
              Duration.ofNanos(wait).toMillis()));
    }
    while (nextTaken < taken.size() && hasPlace() && settled.isEmpty()) {
      LogRecord record = taken.get(nextTaken);
      long itsKey = key(options.getKeyHeader(), record.headers());
      Slot slot = new Slot(record, itsKey, receiver.whenSettled(record));
      Key key = admit(slot);
      if (slot.state == State.IN_FLIGHT) {
        handOut(slot, false);
      } else if (!key.hasFailed()) {
        key.stage = Stage.BEHIND_PARKED;
        stuck.add(key);
      }
    }
    parkWaiting(now);
    if (nextTaken < taken.size()) {
      awaitPlace(Math.min(LOOK_EVERY_NANOS, nanosUntilDue(now)));
    }
  }

  /** Whether nothing is to be done until a record comes, and health has nothing to take back. */
  private synchronized boolean isAtRest() {
    return parking.records() == 0
        && window.isEmpty()
        && stuck.isEmpty()
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

  /** The record counts as handed out, unless it has to wait for others of its key. */
  private Key admit(Slot slot) {
    boolean behindParked = parking.holds(slot.key);
    synchronized (this) {
      Key key = window.add(slot);
      nextTaken++;
      // Another may have begun to take while this thread stood still
      if (!behindParked && key.stage == Stage.FLOWS && !isStopped()) {
        window.handedOut(slot, spool.nanoTime());
      }
      return key;
    }
  }

  private void handOut(Slot slot, boolean again) {
    handingOutSinceNanos = spool.nanoTime();
    isHandingOut = true;
    try {
      receiver.receive(slot.record, again, failure -> settled(slot, failure.orElse(null)));
    } catch (RuntimeException | Error e) {
      settled(slot, Failure.Judge.NONE.judge(e, ""));
    } finally {
      isHandingOut = false;
    }
    if (Thread.interrupted()) {
      interrupted();
    }
  }

  private long nanosUntilDue(long now) {
    long due = Math.max(parking.nanosUntilDue(now), readAgainAtNanos - now);
    for (Key key : stuck) {
      if (key.stage == Stage.DUE) {
        due = Math.min(due, Math.max(0, key.dueAtNanos - now));
      }
    }
    return due;
  }

  // --- what settles

  /** From whatever thread; only the first time counts. */
  private void settled(Slot slot, Failure why) {
    boolean wake;
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
      wake = slot.isParked() || why != null;
      if (wake) {
        settled.add(slot);
      }
      if (!slot.isParked()) {
        Key key = window.settled(slot);
        acknowledgeDone();
        wake |= key.hasFailed() && key.inFlight == 0;
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
  private synchronized void acknowledgeDone() {
    Window.Progress done = window.advance();
    if (done.records() > 0 && life != Life.DETACHED) {
      spool.acknowledge(done.upToSequence(), done.records());
    }
  }

  private void settle(long now) throws IOException {
    for (Slot slot = settled.poll(); slot != null; slot = settled.poll()) {
      if (slot.isParked()) {
        Optional<Slot> failedFirst = parking.settled(slot);
        if (failedFirst.isPresent()) {
          failedAgain(failedFirst.get(), now);
        }
      } else {
        failed(slot);
      }
    }
  }

  private synchronized void failed(Slot slot) {
    Key key = window.keyOf(slot);
    // It may have been handed out again before this was looked at
    if (slot.state == State.FAILED && !slot.isParked() && key != null) {
      slot.attempts++;
      key.stage = Stage.FAILED;
      stuck.add(key);
    }
  }

  private void decideOnFailed(long now) {
    List<Key> toDecide;
    synchronized (this) {
      toDecide = stuck.stream().filter(Key::isToBeDecided).toList();
    }
    toDecide.forEach(key -> decide(key, now));
  }

  /** Nothing of the key is in flight any more, and something failed. */
  private void decide(Key key, long now) {
    Slot first;
    synchronized (this) {
      window.repeatDelivered(key);
      first = key.slots.peekFirst();
    }
    if (first == null || first.failure == null) {
      key.handOutAt(now);
      return;
    }
    Failure why = first.failure;
    if (isGivenUp(why, first.attempts, gaveUpFor.equals(why.what())) && giveUp(first.record, why)) {
      gaveUpFor = why.what();
      deliveredAfterAll(first);
      key.handOutAt(now);
      return;
    }
    gaveUpFor = "";
    boolean mayPark =
        why.kind() == Kind.UNKNOWN || areOthersDelivered(now) || parking.hasGroup(why.what());
    if (keyed && mayPark && parking.hasRoomFor(first.key) && park(Set.of(key))) {
      parking.stuck(first.key, why, now);
      release(key);
      return;
    }
    if (keyed && !mayPark) {
      // It is tried at once when one is delivered, be that before the next look
      wereOthersDelivered = false;
    }
    key.handOutAt(now + options.redeliveryDelay(first.attempts).toNanos());
    tell(why, first.attempts);
  }

  private synchronized void deliveredAfterAll(Slot slot) {
    window.delivered(slot);
    acknowledgeDone();
  }

  private synchronized boolean areOthersDelivered(long now) {
    return now - lastDeliveredNanos < DELIVERED_NANOS;
  }

  /** What failed and is due, and what has waited for parked records that are done with now. */
  private void handOutStuck(long now) {
    for (Key key : List.copyOf(stuck)) {
      if (life == Life.TAKES && mayGoOn(key, now)) {
        handOutAll(goOn(key));
      }
    }
  }

  private boolean mayGoOn(Key key, long now) {
    return switch (key.stage) {
      case DUE -> now - key.dueAtNanos >= 0;
      case BEHIND_PARKED -> !parking.holds(key.hash);
      case FLOWS, FAILED -> false;
    };
  }

  private synchronized void release(Key key) {
    key.stage = Stage.FLOWS;
    stuck.remove(key);
  }

  /**
   * What of a key is to be handed out now; nothing yet if one of those in flight has failed a
   * moment ago, as what was delivered behind it is to be repeated then.
   */
  private synchronized List<Slot> goOn(Key key) {
    if (key.inFlight > 0 && !settled.isEmpty()) {
      return List.of();
    }
    release(key);
    return key.slots.stream().filter(Slot::isToBeHandedOut).toList();
  }

  /** Those of a key that wait or failed, in order, until one fails at once. */
  private void handOutAll(List<Slot> slots) {
    Slot before = null;
    for (Slot slot : slots) {
      boolean again;
      synchronized (this) {
        if (isStopped() || before != null && before.state == State.FAILED) {
          return;
        }
        before = slot;
        again = slot.state == State.FAILED;
        window.handedOut(slot, spool.nanoTime());
      }
      handOut(slot, again);
    }
  }

  // --- what is parked while others are delivered

  /**
   * Parks keys that hang in flight while others are delivered, or if nothing else is left to do.
   */
  private void parkOverdue(long now) {
    if (!keyed || now - lookedNanos < LOOK_EVERY_NANOS) {
      return;
    }
    lookedNanos = now;
    boolean delivering = areOthersDelivered(now);
    if (delivering && !wereOthersDelivered) {
      parking.tryAllNow(now);
      stuck.stream().filter(this::waitsForOthers).forEach(key -> key.handOutAt(now));
    }
    wereOthersDelivered = delivering;
    long overdueSince = now - options.getParkAfter().toNanos();
    long tooMuchSince = now - Math.min(LOOK_EVERY_NANOS, options.getParkAfter().toNanos());
    parking.stuckSince(overdueSince, notSettled(), now);
    List<Key> overdue;
    synchronized (this) {
      boolean probes = !delivering && window.isFull() && now - probeAtNanos >= 0;
      if (delivering || probes) {
        probeAtNanos = now + PROBE_EVERY_NANOS;
      }
      int atMost = probes ? Math.max(1, options.getInFlight() / PROBED_SHARE) : 0;
      boolean tooMuch = window.isMemoryFull();
      overdue =
          window.keys().stream()
              .filter(
                  key ->
                      key.isOverdue(overdueSince)
                          || tooMuch && key.isOverdue(tooMuchSince) && key.keepsDelivered())
              .limit(delivering ? Integer.MAX_VALUE : atMost)
              .toList();
    }
    List<Key> toPark = overdue.stream().filter(key -> parking.hasRoomFor(key.hash)).toList();
    if (park(toPark)) {
      toPark.forEach(this::release);
      toPark.forEach(key -> parking.stuck(key.hash, notSettled(), now));
    } else {
      lookedNanos = now + AGAIN.toNanos();
    }
  }

  /** Whether it would be parked by now, had it failed while others are delivered. */
  private synchronized boolean waitsForOthers(Key key) {
    Slot first = key.slots.peekFirst();
    return key.stage == Stage.DUE
        && first != null
        && first.failure != null
        && first.failure.kind() == Kind.LATER;
  }

  private Failure notSettled() {
    return new Failure(
        Kind.LATER,
        "what is not settled",
        "they were handed out %s ago, or others behind them took too much memory, and are neither"
                .formatted(SpoolStatus.words(options.getParkAfter()))
            + " delivered nor failed",
        null);
  }

  /** All of these keys; false if it cannot be written at present, then it waits where it is. */
  private boolean park(Collection<Key> keys) {
    if (keys.isEmpty()) {
      return true;
    }
    if (isStopped()) {
      return false;
    }
    List<Slot> slots = new ArrayList<>();
    List<LogRecord> records;
    synchronized (this) {
      keys.forEach(key -> slots.addAll(key.slots));
      records = slots.stream().map(slot -> slot.record).toList();
    }
    OptionalLong first;
    try {
      first = parking.park(this, records);
    } catch (IOException | RuntimeException e) {
      parkAgainAtNanos = spool.nanoTime() + AGAIN.toNanos();
      failure = Optional.of("what is stuck cannot be parked: " + e.getMessage());
      return false;
    }
    if (first.isEmpty()) {
      return false;
    }
    synchronized (this) {
      lastParkedNanos = spool.nanoTime();
      Set<Long> inFlight = new HashSet<>();
      for (int i = 0; i < slots.size(); i++) {
        Slot slot = slots.get(i);
        window.parked(slot, first.getAsLong() + i);
        if (!slot.isToBeHandedOut()) {
          inFlight.add(slot.key);
        }
      }
      for (Slot slot : slots) {
        if (slot.state != State.WAITING && inFlight.contains(slot.key)) {
          parking.isInFlight(this, slot);
          if (slot.state != State.IN_FLIGHT) {
            settled.add(slot);
          }
        }
      }
      acknowledgeDone();
    }
    return true;
  }

  // --- what was parked before

  private void handOutParked(long now) {
    if (parking.records() == 0 || life != Life.TAKES || now - readAgainAtNanos < 0) {
      return;
    }
    int room = Math.min(TAKE_AT_ONCE, parking.room());
    Map<Long, Slot> failedAtOnce = new HashMap<>();
    for (Slot slot : dueParked(room, now)) {
      Slot first = failedAtOnce.get(slot.key);
      slot.handedOutAtNanos = now;
      if (first != null || isStopped()) {
        // It counts as in flight, and a stop waits for that
        settled(slot, first == null ? notSettled() : first.failure);
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

  /** Where parked records cannot be read, they wait, and all others are delivered. */
  private List<Slot> dueParked(int room, long now) {
    try {
      return parking.due(this, room, now);
    } catch (IOException e) {
      LOG.debug("Spool '{}': parked records cannot be read now", spool.name(), e);
      readAgainAtNanos = now + AGAIN.toNanos();
      failedAtNanos = now;
      failure = Optional.of("parked records cannot be read: " + e.getClass().getSimpleName());
      return List.of();
    }
  }

  /** What waits behind parked records is parked, too, unless all of those are on their way. */
  private void parkWaiting(long now) {
    if (now - parkAgainAtNanos < 0) {
      return;
    }
    List<Key> toPark =
        stuck.stream()
            .filter(key -> key.stage == Stage.BEHIND_PARKED && !parking.isNearlyDone(key.hash))
            .toList();
    if (park(toPark)) {
      toPark.forEach(this::release);
    }
  }

  private void failedAgain(Slot slot, long now) throws IOException {
    Failure why = slot.failure;
    boolean givenUp = false;
    try {
      if (isGivenUp(why, slot.attempts, parking.gaveUpBefore(slot.key, why.what()))) {
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

  private boolean isGivenUp(Failure why, int attempts, boolean theOneBeforeWas) {
    return switch (why.kind()) {
      case LATER -> false;
      case FINAL -> true;
      case UNKNOWN -> {
        Long since = inVain.get(why.what());
        boolean known = since != null && spool.nanoTime() - since < REASON_KNOWN_FOR.toNanos();
        yield options.getMaximumRedeliveries() >= 0
            && (attempts > options.getMaximumRedeliveries()
                || known && (attempts > 1 || theOneBeforeWas));
      }
    };
  }

  /** False if it could not be put where dead letters are; then it is tried again. */
  private boolean giveUp(LogRecord record, Failure why) {
    boolean known = inVain.containsKey(why.what());
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
    inVain.remove(why.what());
    inVain.put(why.what(), spool.nanoTime());
    if (inVain.size() > MOST_REASONS) {
      inVain.remove(inVain.keySet().iterator().next());
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

  Receiver receiver() {
    return receiver;
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
      delivered =
          stuck.stream().noneMatch(Key::hasFailed) && lastDeliveredNanos - failedAtNanos > 0;
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
    if (!hasPlace()) {
      waitsForPlace = true;
      await(nanos);
      waitsForPlace = false;
    }
  }

  private synchronized void await(long nanos) throws InterruptedException {
    if (!isStopped() && settled.isEmpty()) {
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
    for (Slot slot = settled.poll(); slot != null; slot = settled.poll()) {
      if (slot.isParked()) {
        parking.settled(slot);
      }
    }
    return inFlight() == 0;
  }

  /** What settles from now on has no effect any more; what was taken and is not delivered. */
  synchronized List<LogRecord> detach() {
    enter(Life.DETACHED);
    List<LogRecord> inHand = new ArrayList<>(window.notDelivered());
    inHand.addAll(taken.subList(nextTaken, taken.size()));
    return inHand;
  }

  synchronized int inFlight() {
    return window.inFlight() + parking.inFlight();
  }

  /** Whether nothing has been delivered for a while, so that what is parked is not stuck alone. */
  synchronized boolean deliversNothing() {
    return lastParkedNanos - lastDeliveredNanos >= 0
        && spool.nanoTime() - lastDeliveredNanos >= NOTHING_DELIVERED_FROM.toNanos();
  }

  /** All are handed out on one thread, so that they come in order: one that is kept keeps all. */
  SpoolStatus.Taking status() {
    Duration held =
        isHandingOut ? Duration.ofNanos(spool.nanoTime() - handingOutSinceNanos) : Duration.ZERO;
    boolean slow = held.compareTo(SLOW_FROM) >= 0;
    boolean hangs = held.compareTo(HANGS_FROM) >= 0;
    Optional<String> step =
        Optional.of(held)
            .filter(it -> slow)
            .map(
                it ->
                    ("a step of the route that takes from it has not returned for %s, and until then"
                            + " no other record is handed out")
                        .formatted(SpoolStatus.words(it)));
    return new SpoolStatus.Taking(
        inFlight(),
        slow ? step.filter(it -> !hangs) : failure,
        trouble.or(() -> step.filter(it -> hangs)),
        slow,
        Optional.empty());
  }
}
