package dev.caravan.simulator.centre;

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

  private final Agent agent;
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
    return presence.activity().equals(scheduled.activity());
  }

  void become(Presence next, long now) {
    presence = next;
    presenceSince = now;
    adherenceSince = now;
  }

  void schedule(Presence next, long now) {
    scheduled = next;
    adherenceSince = now;
  }

  void become(Routing next, long now) {
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
