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
    NOT_RESPONDING,
    COMMUNICATING
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

  private static final int REMEMBERED = 50;

  private final Agent agent;
  private final Deque<Spell<Presence>> pastPresences = new ArrayDeque<>(2);
  private final Deque<Spell<Routing>> pastRoutings = new ArrayDeque<>(2);
  private Presence presence = Presence.OFFLINE;
  private Presence scheduled = Presence.ON_QUEUE;
  private Routing routing = Routing.OFF_QUEUE;
  private long presenceSince;
  private long routingSince;
  private long adherenceSince;
  private boolean wantsPause;
  private Conversation conversation;
  private boolean wrappingUp;

  AgentState(Agent agent, long now) {
    this.agent = agent;
    presenceSince = now;
    routingSince = now;
    adherenceSince = now;
  }

  public Agent agent() {
    return agent;
  }

  public Presence presence() {
    return presence;
  }

  public Routing routing() {
    return routing;
  }

  public long presenceSince() {
    return presenceSince;
  }

  public long routingSince() {
    return routingSince;
  }

  long adherenceSince() {
    return adherenceSince;
  }

  Presence scheduled() {
    return scheduled;
  }

  boolean wrappingUp() {
    return wrappingUp;
  }

  /** The conversation the agent is in, or wraps up. */
  public Optional<Conversation> conversation() {
    return Optional.ofNullable(conversation);
  }

  boolean free() {
    return presence == Presence.ON_QUEUE && routing == Routing.IDLE && conversation == null;
  }

  boolean inAdherence() {
    return presence.activity.equals(scheduled.activity);
  }

  /** The latest presences, the present one last. */
  public List<Spell<Presence>> presences() {
    return with(pastPresences, new Spell<>(presence, presenceSince, 0));
  }

  /** The latest routing statuses, the present one last. */
  public List<Spell<Routing>> routings() {
    return with(pastRoutings, new Spell<>(routing, routingSince, 0));
  }

  private static <T> List<Spell<T>> with(Deque<Spell<T>> past, Spell<T> present) {
    List<Spell<T>> all = new ArrayList<>(past);
    all.add(present);
    return all;
  }

  private static <T> void remember(Deque<Spell<T>> past, Spell<T> spell) {
    if (spell.from() == spell.to()) {
      return;
    }
    past.addLast(spell);
    if (past.size() > REMEMBERED) {
      past.removeFirst();
    }
  }

  void become(Presence next, long now) {
    remember(pastPresences, new Spell<>(presence, presenceSince, now));
    presence = next;
    presenceSince = now;
    adherenceSince = now;
  }

  void schedule(Presence next, long now) {
    scheduled = next;
    adherenceSince = now;
  }

  void become(Routing next, long now) {
    remember(pastRoutings, new Spell<>(routing, routingSince, now));
    routing = next;
    routingSince = now;
  }

  boolean wantsPause() {
    return wantsPause;
  }

  void wantsPause(boolean wants) {
    wantsPause = wants;
  }

  void take(Conversation next) {
    conversation = next;
    wrappingUp = false;
  }

  void wrapUp() {
    wrappingUp = true;
  }

  void leave() {
    conversation = null;
    wrappingUp = false;
  }
}
