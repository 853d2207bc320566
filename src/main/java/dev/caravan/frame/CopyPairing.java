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
 * <p>It keeps debts, not history: when a socket brings an event first, every other joined socket
 * owes one copy of it, and the copy that pays the debt is the one to drop. A lone socket therefore
 * costs nothing, and two that keep pace next to nothing. A debt is forgotten after the window, or
 * before it if there are too many; a copy that comes later than that is repeated, never lost.
 *
 * <p>A debt whose copy never comes would swallow an identical event of later, so debts that cannot
 * be paid any more lapse. When exactly the server begins to send to a new socket nobody can see:
 * join it before its handshake, and tell its first sign of life. Frames of a socket come in order,
 * so what it still owes then, give or take the lag, it will never bring. The same is true of what
 * all others owe when a socket leaves. The answer to a ping proves at once what was owed before the
 * ping. A payment that comes later than the lag may have been the socket's own copy of the next
 * event, so when another brings that, the payer owes nothing for it.
 *
 * <p>Leave when a socket's last frame has been judged.
 */
public final class CopyPairing {

  /** A frame may be this much later on one socket than on the other. */
  public static final Duration WINDOW = Duration.ofSeconds(90);

  /** A socket that is read freely is not more than this behind another. */
  public static final Duration LAG = Duration.ofSeconds(5);

  /** An answer to a ping may overtake events that are this old. */
  private static final Duration OVERTAKEN = Duration.ofSeconds(1);

  /** A minute of 2,000 events a second on one socket only, twice over. */
  public static final int MAX_EVENTS = 250_000;

  /** Sockets joined at once; a hand-over needs two, a failed one three. */
  public static final int MAX_SOCKETS = 8;

  private static final int LANE_BITS = 8;
  private static final long LANE = (1L << LANE_BITS) - 1;

  private final long windowMillis;
  private final int maxEvents;
  private final Integer[] lanes = new Integer[MAX_SOCKETS];
  private final boolean[] alive = new boolean[MAX_SOCKETS];
  private int joined;
  private final Map<EventId, Debt> owed = new LinkedHashMap<>();
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
   * From now on this socket owes a copy of every event that another one brings first. If there are
   * too many already it is not paired, and all it brings is carried on.
   */
  public synchronized void join(int socket) {
    int free = Arrays.asList(lanes).indexOf(null);
    if (lane(socket) < 0 && free >= 0) {
      lanes[free] = socket;
      alive[free] = false;
      joined++;
    }
  }

  /**
   * The socket brought what the server sends of itself. The first time this shows from when on it
   * is sent events: what it owes of the time before, and does not bring soon, never comes.
   */
  public synchronized void signOfLife(int socket, long nowMillis) {
    int lane = lane(socket);
    if (lane >= 0 && !alive[lane]) {
      alive[lane] = true;
      lapseSoon(bits(lane), nowMillis);
    }
  }

  /**
   * The socket has brought all that the server sent it before then: what it owes since longer never
   * comes.
   */
  public synchronized void proven(int socket, long untilMillis) {
    int lane = lane(socket);
    if (lane >= 0) {
      forgive(bits(lane), untilMillis - OVERTAKEN.toMillis());
    }
  }

  /**
   * Nothing more comes from this socket; its debts are void. The others still owe theirs, but not
   * for long.
   */
  public synchronized void leave(int socket, long nowMillis) {
    int lane = lane(socket);
    if (lane < 0) {
      return;
    }
    lanes[lane] = null;
    joined--;
    forgive(bits(lane), Long.MAX_VALUE);
    lapseSoon(-1L, nowMillis);
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
    lapse(nowMillis);
    forgetBefore(nowMillis - windowMillis);
    Debt debt = owed.get(id);
    if (debt != null && (debt.copies & bits(lane)) != 0) {
      debt.copies -= one(lane);
      if (nowMillis - debt.chargedMillis > LAG.toMillis()) {
        debt.paidLate |= one(lane);
      }
      if (debt.isDone()) {
        owed.remove(id);
      }
      return false;
    }
    if (joined > 1) {
      charge(lane, id, debt != null ? debt : add(id, nowMillis), nowMillis);
    }
    return true;
  }

  /** How many events some socket still owes a copy of. */
  public synchronized int awaited() {
    return (int) owed.values().stream().filter(debt -> debt.copies != 0).count();
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

  private void charge(int bringer, EventId id, Debt debt, long nowMillis) {
    for (int lane = 0; lane < MAX_SOCKETS; lane++) {
      if (lane == bringer || lanes[lane] == null) {
        continue;
      }
      if ((debt.paidLate & bits(lane)) != 0) {
        debt.paidLate &= ~bits(lane);
      } else if ((debt.copies & bits(lane)) != bits(lane)) {
        debt.copies += one(lane);
        debt.chargedMillis = nowMillis;
      }
    }
    if (debt.isDone()) {
      owed.remove(id);
    }
  }

  /** What these owe by now they owe for a little while only. */
  private void lapseSoon(long debtors, long nowMillis) {
    lapse(nowMillis);
    if (!owed.isEmpty()) {
      lapses.add(new Lapse(debtors, nowMillis, nowMillis + LAG.toMillis()));
    }
  }

  private void lapse(long nowMillis) {
    while (!lapses.isEmpty() && lapses.peek().afterMillis < nowMillis) {
      Lapse due = lapses.remove();
      forgive(due.debtors, due.chargedUntilMillis);
    }
  }

  private void forgive(long debtors, long chargedUntilMillis) {
    for (Iterator<Debt> debts = owed.values().iterator(); debts.hasNext(); ) {
      Debt debt = debts.next();
      if (debt.chargedMillis <= chargedUntilMillis) {
        debt.copies &= ~debtors;
        debt.paidLate &= ~debtors;
      }
      if (debt.isDone()) {
        debts.remove();
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

  private static long one(int lane) {
    return 1L << lane * LANE_BITS;
  }

  private static long bits(int lane) {
    return LANE << lane * LANE_BITS;
  }

  /** What these sockets owe since then or longer is void after that. */
  private record Lapse(long debtors, long chargedUntilMillis, long afterMillis) {}

  /** How many copies of one event each socket owes, eight bits a socket. */
  private static final class Debt {
    private final long sinceMillis;
    private long chargedMillis;
    private long copies;

    /** Marks the sockets of which the last payment came later than the lag. */
    private long paidLate;

    private Debt(long nowMillis) {
      this.sinceMillis = nowMillis;
      this.chargedMillis = nowMillis;
    }

    private boolean isDone() {
      return copies == 0 && paidLate == 0;
    }
  }
}
