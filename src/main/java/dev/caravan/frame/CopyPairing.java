package dev.caravan.frame;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Pairs off the copies of an event that arrive on several sockets carrying the same topics, so that
 * a hand-over neither loses nor repeats: the n-th copy on one socket pairs with the n-th on each of
 * the others. Identical frames on one socket are different events and all pass.
 *
 * <p>It keeps pending copies, not history: when a socket brings an event first, a copy of it is
 * pending from every other joined socket, and that copy is dropped when it comes. A lone socket
 * therefore costs nothing, and two that keep pace next to nothing. A pending copy is forgotten
 * after the window, or before it if there are too many; a copy that comes later than that is
 * repeated, never lost.
 *
 * <p>A pending copy that never comes would swallow an identical event of later, so what cannot come
 * any more lapses. When exactly the server begins to send to a new socket nobody can see: join it
 * before its handshake, and tell its first sign of life. What is still pending then, give or take
 * the lag, it will never bring. The same is true of what is pending from all others when a socket
 * leaves, and of what was pending for longer than the lag before a ping that it has answered. A
 * copy that comes later than the lag may have been the socket's own of the next event, so when
 * another brings that, none is pending from it; nor if it comes late at all and was pending before
 * the first sign of life.
 *
 * <p>Leave when a socket's last frame has been judged.
 */
public final class CopyPairing {

  /** A frame may be this much later on one socket than on the other. */
  public static final Duration WINDOW = Duration.ofSeconds(90);

  /**
   * An event comes at most this much later on a socket that is read freely than on another: so late
   * a server may be, and later events and answers to pings overtake one that is late.
   */
  public static final Duration LAG = Duration.ofSeconds(10);

  /** What comes later than this is late: of sockets that keep pace it is another event. */
  private static final Duration LATE = Duration.ofSeconds(1);

  /** A minute of 2,000 events a second on one socket only, twice over. */
  public static final int MAX_EVENTS = 250_000;

  /** Sockets joined at once; a hand-over needs two, a failed one three. */
  public static final int MAX_SOCKETS = 8;

  private static final int SLOT_BITS = 8;
  private static final long SLOT = (1L << SLOT_BITS) - 1;

  private final long windowMillis;
  private final int maxEvents;
  private final Integer[] joinedSockets = new Integer[MAX_SOCKETS];
  private final boolean[] alive = new boolean[MAX_SOCKETS];
  private int joined;
  private final Map<EventId, PendingCopies> pending = new LinkedHashMap<>();
  private final Deque<Lapse> lapses = new ArrayDeque<>();
  private long forgotten;

  public CopyPairing() {
    this(WINDOW, MAX_EVENTS);
  }

  public CopyPairing(Duration window, int maxEvents) {
    this.windowMillis = window.toMillis();
    this.maxEvents = maxEvents;
  }

  /**
   * From now on a copy is pending from this socket of every event that another one brings first. If
   * there are too many already it is not paired, and all it brings is carried on.
   */
  public synchronized void join(int socket) {
    int free = Arrays.asList(joinedSockets).indexOf(null);
    if (slot(socket) < 0 && free >= 0) {
      joinedSockets[free] = socket;
      alive[free] = false;
      joined++;
    }
  }

  /**
   * The socket brought what the server sends of itself. The first time this shows from when on it
   * is sent events: what is pending of the time before, and does not come soon, never does.
   */
  public synchronized void signOfLife(int socket, long nowMillis) {
    int slot = slot(socket);
    if (slot >= 0 && !alive[slot]) {
      alive[slot] = true;
      lapseSoon(bits(slot), true, nowMillis);
    }
  }

  /**
   * The socket has answered what was asked then: what was pending for the lag by then never comes.
   */
  public synchronized void proven(int socket, long untilMillis) {
    int slot = slot(socket);
    if (slot >= 0) {
      forgive(bits(slot), untilMillis - LAG.toMillis(), false);
    }
  }

  /**
   * Nothing more comes from this socket, no pending copy either. Those of the others are still
   * waited for, but not for long.
   */
  public synchronized void leave(int socket, long nowMillis) {
    int slot = slot(socket);
    if (slot < 0) {
      return;
    }
    joinedSockets[slot] = null;
    joined--;
    forgive(bits(slot), Long.MAX_VALUE, false);
    // The next in its place has a first sign of life of its own
    for (int some = lapses.size(); some > 0; some--) {
      lapses.add(lapses.remove().without(bits(slot)));
    }
    lapseSoon(~bits(slot), false, nowMillis);
  }

  /**
   * Whether this is an event to carry on, rather than the copy of one that another socket brought.
   * A socket that never joined, or has left, is not paired: all it brings is carried on.
   */
  public synchronized boolean firstSight(int socket, EventId id, long nowMillis) {
    int slot = slot(socket);
    if (slot < 0) {
      return true;
    }
    if (joined == 1 && pending.isEmpty()) {
      return true;
    }
    lapse(nowMillis);
    forgetBefore(nowMillis - windowMillis);
    PendingCopies entry = pending.get(id);
    if (entry != null && (entry.copies & bits(slot)) != 0) {
      entry.brought(slot, nowMillis);
      if (entry.isDone()) {
        pending.remove(id);
      }
      return false;
    }
    if (joined > 1) {
      charge(slot, id, entry != null ? entry : add(id, nowMillis), nowMillis);
    }
    return true;
  }

  /** How many events have a copy that is pending. */
  public synchronized int awaited() {
    return (int) pending.values().stream().filter(entry -> entry.copies != 0).count();
  }

  /**
   * How many events were forgotten for their number, not their age: that many repeats may follow.
   */
  public synchronized long forgotten() {
    return forgotten;
  }

  private PendingCopies add(EventId id, long nowMillis) {
    if (pending.size() >= maxEvents) {
      Iterator<PendingCopies> oldest = pending.values().iterator();
      oldest.next();
      oldest.remove();
      forgotten++;
    }
    PendingCopies entry = new PendingCopies(nowMillis);
    pending.put(id, entry);
    return entry;
  }

  private void charge(int bringer, EventId id, PendingCopies entry, long nowMillis) {
    for (int slot = 0; slot < MAX_SOCKETS; slot++) {
      if (slot == bringer || joinedSockets[slot] == null) {
        continue;
      }
      if ((entry.cameLate & bits(slot)) != 0) {
        entry.cameLate &= ~bits(slot);
      } else if ((entry.copies & bits(slot)) != bits(slot)) {
        entry.copies += one(slot);
        entry.unsure += alive[slot] ? 0 : one(slot);
        entry.chargedMillis = nowMillis;
      }
    }
    if (entry.isDone()) {
      pending.remove(id);
    }
  }

  /** What is pending from these by now is waited for a little while only. */
  private void lapseSoon(long sockets, boolean unsure, long nowMillis) {
    lapse(nowMillis);
    if (!pending.isEmpty()) {
      lapses.add(new Lapse(sockets, nowMillis, nowMillis + LAG.toMillis(), unsure));
    }
  }

  private void lapse(long nowMillis) {
    while (!lapses.isEmpty() && lapses.peek().afterMillis < nowMillis) {
      Lapse due = lapses.remove();
      forgive(due.sockets, due.chargedUntilMillis, due.unsure);
    }
  }

  private void forgive(long sockets, long chargedUntilMillis, boolean unsure) {
    for (Iterator<PendingCopies> all = pending.values().iterator(); all.hasNext(); ) {
      PendingCopies entry = all.next();
      if (entry.chargedMillis <= chargedUntilMillis) {
        entry.copies &= ~sockets;
        entry.unsure &= ~sockets;
        entry.cameLate &= ~sockets;
      } else if (unsure) {
        // The same was brought again since: of these as many are pending as then
        entry.copies -= entry.unsure & sockets;
        entry.unsure &= ~sockets;
      }
      if (entry.isDone()) {
        all.remove();
      }
    }
  }

  private void forgetBefore(long millis) {
    for (Iterator<PendingCopies> all = pending.values().iterator(); all.hasNext(); ) {
      if (all.next().sinceMillis > millis) {
        return;
      }
      all.remove();
    }
  }

  private int slot(int socket) {
    for (int slot = 0; slot < MAX_SOCKETS; slot++) {
      if (joinedSockets[slot] != null && joinedSockets[slot] == socket) {
        return slot;
      }
    }
    return -1;
  }

  private static long one(int slot) {
    return 1L << slot * SLOT_BITS;
  }

  private static long bits(int slot) {
    return SLOT << slot * SLOT_BITS;
  }

  /**
   * What is pending from these sockets since then or longer lapses after that.
   *
   * @param unsure so does what was pending before their first sign of life
   */
  private record Lapse(long sockets, long chargedUntilMillis, long afterMillis, boolean unsure) {
    private Lapse without(long gone) {
      return new Lapse(sockets & ~gone, chargedUntilMillis, afterMillis, unsure);
    }
  }

  /** How many copies of one event are pending from each socket, eight bits a socket. */
  private static final class PendingCopies {
    private final long sinceMillis;
    private long chargedMillis;
    private long copies;

    /** How many of these since before the first sign of life of their socket. */
    private long unsure;

    /** Marks the sockets of which the last copy came so late that it may be another event's. */
    private long cameLate;

    private PendingCopies(long nowMillis) {
      this.sinceMillis = nowMillis;
      this.chargedMillis = nowMillis;
    }

    private void brought(int slot, long nowMillis) {
      copies -= one(slot);
      Duration most = (unsure & bits(slot)) == 0 ? LAG : LATE;
      if (nowMillis - chargedMillis > most.toMillis()) {
        cameLate |= one(slot);
      }
      if (Long.compareUnsigned(unsure & bits(slot), copies & bits(slot)) > 0) {
        unsure -= one(slot);
      }
    }

    private boolean isDone() {
      return copies == 0 && cameLate == 0;
    }
  }
}
