package dev.caravan.simulator.centre;

import java.util.List;
import java.util.function.Consumer;

/** The agents' own day: signing in, serving queues, pauses, going home. */
final class Staff {

  private static final long MINUTE = 60_000;
  private static final long SIGN_IN_MILLIS = 20_000;

  private final Schedule schedule;
  private final Chance chance;
  private final EventEmitter emitter;
  private final QueueBoard board;
  private final Consumer<AgentState> freed;

  /** The shift is on: most are at their desks already, the others arrive. */
  Staff(
      List<AgentState> agents,
      Schedule schedule,
      Chance chance,
      EventEmitter emitter,
      QueueBoard board,
      Consumer<AgentState> freed) {
    this.schedule = schedule;
    this.chance = chance;
    this.emitter = emitter;
    this.board = board;
    this.freed = freed;
    agents.forEach(this::begin);
  }

  private void begin(AgentState state) {
    if (chance.happens(0.85)) {
      state.become(Presence.ON_QUEUE, schedule.now());
      state.become(AgentState.Routing.IDLE, schedule.now());
      planPause(state);
    } else {
      schedule.in(chance.between(MINUTE, 10 * MINUTE), () -> signIn(state));
    }
  }

  private void signIn(AgentState state) {
    emitter.change();
    state.schedule(Presence.ON_QUEUE, schedule.now());
    become(state, Presence.AVAILABLE);
    emitter.user(state, "station", AgentBody::station);
    schedule.in(SIGN_IN_MILLIS + chance.below(30_000), () -> goOnQueue(state));
  }

  private void goOnQueue(AgentState state) {
    emitter.change();
    state.schedule(Presence.ON_QUEUE, schedule.now());
    become(state, Presence.ON_QUEUE);
    become(state, AgentState.Routing.IDLE);
    emitter.membership(state, true);
    planPause(state);
    freed.accept(state);
  }

  private void planPause(AgentState state) {
    schedule.in(chance.between(25 * MINUTE, 90 * MINUTE), () -> wantPause(state));
  }

  private void wantPause(AgentState state) {
    if (chance.happens(0.7)) {
      emitter.change();
      state.schedule(Presence.BREAK, schedule.now());
      emitter.adherence(state);
    }
    state.wantsPause = true;
    if (state.free()) {
      pause(state);
    }
  }

  private void pause(AgentState state) {
    state.wantsPause = false;
    emitter.change();
    Presence next = pausePresence();
    if (state.scheduled == Presence.BREAK) {
      state.schedule(next, schedule.now());
    }
    become(state, AgentState.Routing.OFF_QUEUE);
    become(state, next);
    emitter.membership(state, false);
    if (next == Presence.OFFLINE) {
      emitter.user(state, "station", AgentBody::station);
      schedule.in(chance.between(30 * MINUTE, 120 * MINUTE), () -> signIn(state));
    } else {
      schedule.in(chance.between(4 * MINUTE, 20 * MINUTE), () -> goOnQueue(state));
    }
  }

  private Presence pausePresence() {
    return switch (chance.below(8)) {
      case 0 -> Presence.MEETING;
      case 1 -> Presence.TRAINING;
      case 2, 3 -> Presence.MEAL;
      case 4 -> Presence.OFFLINE;
      default -> Presence.BREAK;
    };
  }

  /** An agent is offered a conversation. */
  void occupy(AgentState state, Conversation conversation) {
    state.take(conversation);
    become(state, AgentState.Routing.INTERACTING);
    emitter.user(state, "conversationsummary", AgentBody::summary);
  }

  void wrapUp(AgentState state) {
    state.wrappingUp = true;
    emitter.user(state, "conversationsummary", AgentBody::summary);
  }

  /** An agent has nothing to do any more, and takes the next one or a pause. */
  void release(AgentState state) {
    leave(state, AgentState.Routing.IDLE);
    if (state.wantsPause) {
      pause(state);
    } else {
      freed.accept(state);
    }
  }

  /** An agent let a conversation ring out. */
  void doesNotRespond(AgentState state) {
    leave(state, AgentState.Routing.NOT_RESPONDING);
    schedule.in(
        chance.between(10_000, 90_000),
        () -> {
          emitter.change();
          release(state);
        });
  }

  private void leave(AgentState state, AgentState.Routing next) {
    state.take(null);
    emitter.user(state, "conversationsummary", AgentBody::summary);
    become(state, next);
  }

  private void become(AgentState state, Presence next) {
    state.become(next, schedule.now());
    emitter.presence(state);
    board.changed(state.agent);
  }

  private void become(AgentState state, AgentState.Routing next) {
    if (state.routing() != next) {
      state.become(next, schedule.now());
      emitter.routing(state);
      board.changed(state.agent);
    }
  }
}
