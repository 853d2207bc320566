package dev.caravan.event;

import java.time.Duration;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Pairs off the copies of an event that arrive on several sockets carrying the same topics, so that
 * a hand-over neither loses nor repeats: the n-th copy on one socket pairs with the n-th on each of
 * the others. Identical frames on one socket are different events and all pass.
 *
 * <p>It keeps debts, not history: when a socket brings an event first, every other joined socket
 * owes one copy of it, and the copy that pays the debt is the one to drop. A lone socket therefore
 * costs nothing, and two that keep pace next to nothing. A debt is forgotten after the window, or
 * before it if there are too many; a copy that comes later than that is repeated, never lost. The
 * price: if a copy never comes, an identical frame on that socket within the window pays for it.
 *
 * <p>Join a socket before asking Genesys for its subscriptions: what was read until then cannot
 * arrive on it. Leave when its last frame has been judged.
 */
public final class CopyPairing {

  /** A frame may be this much later on one socket than on the other. */
  public static final Duration WINDOW = Duration.ofSeconds(90);

  /** A minute of 2,000 events a second on one socket only, twice over. */
  public static final int MAX_EVENTS = 250_000;

  /** Sockets joined at once; a hand-over needs two, a failed one three. */
  public static final int MAX_SOCKETS = 8;

  private static final int LANE_BITS = 8;
  private static final long LANE = (1L << LANE_BITS) - 1;

  private final long windowMillis;
  private final int maxEvents;
  private final Integer[] lanes = new Integer[MAX_SOCKETS];
  private int joined;
  private final Map<EventId, Debt> owed = new LinkedHashMap<>();
  private long forgotten;

  public CopyPairing() {
    this(WINDOW, MAX_EVENTS);
  }

  public CopyPairing(Duration window, int maxEvents) {
    this.windowMillis = window.toMillis();
    this.maxEvents = maxEvents;
  }

  /**
   * From now on this socket owes a copy of every event that another one brings first. If there are
   * too many already it is not paired, and all it brings is carried on.
   */
  public synchronized void join(int socket) {
    int free = Arrays.asList(lanes).indexOf(null);
    if (lane(socket) < 0 && free >= 0) {
      lanes[free] = socket;
      joined++;
    }
  }

  /** Nothing more comes from this socket; its debts are void, the others still owe theirs. */
  public synchronized void leave(int socket) {
    int lane = lane(socket);
    if (lane < 0) {
      return;
    }
    lanes[lane] = null;
    joined--;
    long others = ~(LANE << lane * LANE_BITS);
    for (Iterator<Debt> debts = owed.values().iterator(); debts.hasNext(); ) {
      Debt debt = debts.next();
      debt.copies &= others;
      if (debt.copies == 0) {
        debts.remove();
      }
    }
  }

  /**
   * Whether this is an event to carry on, rather than the copy of one that another socket brought.
   * A socket that never joined, or has left, is not paired: all it brings is carried on.
   */
  public synchronized boolean firstSight(int socket, EventId id, long nowMillis) {
    int lane = lane(socket);
    if (lane < 0) {
      return true;
    }
    if (joined == 1 && owed.isEmpty()) {
      return true;
    }
    forgetBefore(nowMillis - windowMillis);
    Debt debt = owed.get(id);
    if (debt != null && (debt.copies >>> lane * LANE_BITS & LANE) != 0) {
      debt.copies -= 1L << lane * LANE_BITS;
      if (debt.copies == 0) {
        owed.remove(id);
      }
      return false;
    }
    if (joined > 1) {
      charge(lane, debt != null ? debt : add(id, nowMillis));
    }
    return true;
  }

  /** How many events some socket still owes a copy of. */
  public synchronized int awaited() {
    return owed.size();
  }

  /**
   * How many debts were forgotten for their number, not their age: that many repeats may follow.
   */
  public synchronized long forgotten() {
    return forgotten;
  }

  private Debt add(EventId id, long nowMillis) {
    if (owed.size() >= maxEvents) {
      Iterator<Debt> oldest = owed.values().iterator();
      oldest.next();
      oldest.remove();
      forgotten++;
    }
    Debt debt = new Debt(nowMillis);
    owed.put(id, debt);
    return debt;
  }

  private void charge(int payer, Debt debt) {
    for (int lane = 0; lane < MAX_SOCKETS; lane++) {
      int shift = lane * LANE_BITS;
      if (lane != payer && lanes[lane] != null && (debt.copies >>> shift & LANE) != LANE) {
        debt.copies += 1L << shift;
      }
    }
  }

  private void forgetBefore(long millis) {
    for (Iterator<Debt> debts = owed.values().iterator(); debts.hasNext(); ) {
      if (debts.next().sinceMillis > millis) {
        return;
      }
      debts.remove();
    }
  }

  private int lane(int socket) {
    for (int lane = 0; lane < MAX_SOCKETS; lane++) {
      if (lanes[lane] != null && lanes[lane] == socket) {
        return lane;
      }
    }
    return -1;
  }

  /** How many copies of one event each socket owes, eight bits a socket. */
  private static final class Debt {
    private final long sinceMillis;
    private long copies;

    private Debt(long sinceMillis) {
      this.sinceMillis = sinceMillis;
    }
  }
}
