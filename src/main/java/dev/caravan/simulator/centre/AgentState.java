package dev.caravan.simulator.centre;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/** What an agent is doing right now. */
public final class AgentState {

  /** Readiness for conversations, as routing sees it. */
  public enum Routing {
    OFF_QUEUE,
    IDLE,
    INTERACTING,
    NOT_RESPONDING
  }

  /**
   * A time during which something about an agent stayed as it was.
   *
   * @param what it was
   * @param from when it began
   * @param to when it ended; 0 if it has not
   */
  public record Spell<T>(T what, long from, long to) {

    /** Whether any of it lies between these instants. */
    public boolean touches(long earliest, long latest) {
      return from < latest && (to == 0 || to > earliest);
    }
  }

  /** How something about an agent is and was. */
  private static final class Course<T> {

    private static final int REMEMBERED = 50;

    private final Deque<Spell<T>> past = new ArrayDeque<>(2);
    private T what;
    private long since;

    private Course(T what, long since) {
      this.what = what;
      this.since = since;
    }

    private void become(T next, long now) {
      if (since != now) {
        past.addLast(new Spell<>(what, since, now));
      }
      if (past.size() > REMEMBERED) {
        past.removeFirst();
      }
      what = next;
      since = now;
    }

    private List<Spell<T>> spells() {
      List<Spell<T>> spells = new ArrayList<>(past);
      spells.add(new Spell<>(what, since, 0));
      return spells;
    }
  }

  final Agent agent;
  private final Course<Presence> presence;
  private final Course<Routing> routing;
  Presence scheduled = Presence.ON_QUEUE;
  long adherenceSince;
  boolean wantsPause;
  boolean wrappingUp;
  private Conversation conversation;

  AgentState(Agent agent, long now) {
    this.agent = agent;
    presence = new Course<>(Presence.OFFLINE, now);
    routing = new Course<>(Routing.OFF_QUEUE, now);
    adherenceSince = now;
  }

  public Presence presence() {
    return presence.what;
  }

  public long presenceSince() {
    return presence.since;
  }

  /** The latest presences, the present one last. */
  public List<Spell<Presence>> presences() {
    return presence.spells();
  }

  public Routing routing() {
    return routing.what;
  }

  public long routingSince() {
    return routing.since;
  }

  /** The latest routing statuses, the present one last. */
  public List<Spell<Routing>> routings() {
    return routing.spells();
  }

  /** The conversation the agent is in, or wraps up. */
  public Optional<Conversation> conversation() {
    return Optional.ofNullable(conversation);
  }

  boolean free() {
    return presence() == Presence.ON_QUEUE && routing() == Routing.IDLE && conversation == null;
  }

  boolean inAdherence() {
    return presence().activity.equals(scheduled.activity);
  }

  void become(Presence next, long now) {
    presence.become(next, now);
    adherenceSince = now;
  }

  void become(Routing next, long now) {
    routing.become(next, now);
  }

  void schedule(Presence next, long now) {
    scheduled = next;
    adherenceSince = now;
  }

  /** Takes part in this one from now on; in none, if it is null. */
  void take(Conversation next) {
    conversation = next;
    wrappingUp = false;
  }
}
