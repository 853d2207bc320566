package dev.caravan.simulator.centre;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;

/** Tells every topic that would carry it what has happened. */
final class EventEmitter {

  /** Writes what a step of a conversation means to one who takes part. */
  interface Step {
    ObjectNode write(Conversation conversation, Participant party, long now);
  }

  private static final String USERS = "v2.users.";
  private static final String QUEUES = "v2.routing.queues.";

  private final Schedule schedule;
  private final EventSink sink;
  private final long seed;
  private long changes;
  private String correlation = "";

  EventEmitter(Schedule schedule, EventSink sink, long seed) {
    this.schedule = schedule;
    this.sink = sink;
    this.seed = seed;
  }

  /** Begins a change: what is told from now on shares a correlation id. */
  void change() {
    changes++;
    correlation = "";
  }

  /** A conversation has changed: its users and queues hear it, generic and by medium. */
  void conversation(Conversation conversation) {
    Body full = new Body(() -> ConversationBody.generic(conversation));
    Body flat = new Body(() -> ConversationBody.flat(conversation));
    Body side = new Body(() -> ConversationBody.side(conversation));
    Body flatInQueue = conversation.medium.genericInQueues() ? full : flat;
    List<Participant> parties = conversation.parties;
    for (int i = 0; i < parties.size(); i++) {
      Participant party = parties.get(i);
      List<Participant> before = parties.subList(0, i);
      if (party.agent != null && before.stream().noneMatch(p -> p.agent == party.agent)) {
        place(USERS + party.agent.id(), conversation, full, flat, side);
      }
      if (party.queue != null && before.stream().noneMatch(p -> p.queue == party.queue)) {
        place(QUEUES + party.queue.id(), conversation, full, flatInQueue, side);
      }
    }
  }

  private void place(String place, Conversation conversation, Body full, Body flat, Body side) {
    if (sink.hearsUnder(place)) {
      tell(place + ".conversations", full);
      tell(place + ".conversations." + conversation.medium.topic, flat);
      if (conversation.side != Side.NONE) {
        tell(place + ".conversations." + conversation.side.topic, side);
      }
    }
  }

  /** A step of a conversation, for {@code v2.detail.events.conversation.{id}.…}. */
  void detail(String step, Conversation conversation, Participant party, Step writer) {
    about(
        "v2.detail.events.conversation",
        conversation,
        step,
        () -> writer.write(conversation, party, schedule.now()));
  }

  /** What is told under a conversation's own id. */
  void about(String prefix, Conversation conversation, String what, Supplier<ObjectNode> body) {
    if (sink.hearsUnder(prefix)) {
      tell(prefix + "." + conversation.id + "." + what, body);
    }
  }

  /** A measurement of a conversation; counts are measurements of 1. */
  void metric(Conversation conversation, Participant party, String metric, long value) {
    int number = ++conversation.records;
    about(
        "v2.analytics.conversation",
        conversation,
        "metrics",
        () ->
            StatisticsBody.metric(conversation, party, metric, number)
                .put("metricDate", Json.time(schedule.now()))
                .put("value", value));
  }

  /** The sums of {@code v2.analytics.….{id}.aggregates} have grown. */
  void aggregates(
      String what, String dimension, String id, Medium medium, List<Map.Entry<String, Long>> took) {
    tell(
        "v2.analytics." + what + "." + id + ".aggregates",
        () -> StatisticsBody.aggregates(dimension, id, medium, schedule.now(), took));
  }

  void presence(AgentState state) {
    user(state, "presence", AgentBody::presence);
    user(state, "activity", AgentBody::activity);
    adherence(state);
  }

  void routing(AgentState state) {
    user(state, "routingStatus", AgentBody::routingStatus);
    user(state, "activity", AgentBody::activity);
    tell("v2.detail.events.agent." + state.agent.id() + ".state", () -> AgentBody.state(state));
    adherence(state);
  }

  void adherence(AgentState state) {
    Agent agent = state.agent;
    Body body = Body.of(() -> AgentBody.adherence(state));
    String management = "v2.workforcemanagement.";
    tell(USERS + agent.id() + ".workforcemanagement.adherence", body);
    tell(management + "managementunits." + agent.managementUnit().id() + ".adherence", body);
    tell(management + "teams." + agent.team().id() + ".adherence", body);
  }

  void membership(AgentState state, boolean joined) {
    for (Entity queue : state.agent.queues()) {
      tell(QUEUES + queue.id() + ".users", () -> AgentBody.queueMember(state.agent, queue, joined));
    }
  }

  /** What is told under an agent's own id. */
  void user(AgentState state, String what, Function<AgentState, ObjectNode> body) {
    tell(USERS + state.agent.id() + "." + what, () -> body.apply(state));
  }

  boolean heard(String topicName) {
    return sink.heard(topicName);
  }

  void tell(String topicName, Supplier<ObjectNode> body) {
    tell(topicName, Body.of(body));
  }

  private void tell(String topicName, Body body) {
    if (sink.heard(topicName)) {
      if (correlation.isEmpty()) {
        correlation = Organization.uuid(mix(seed), mix(changes));
      }
      sink.publish(topicName, body, correlation);
    }
  }

  /** Spreads a counter over all bits, so that ids look like ids and still never repeat. */
  private static long mix(long counter) {
    long mixed = counter * 0x9e3779b97f4a7c15L;
    mixed = (mixed ^ (mixed >>> 32)) * 0xd6e8feb86659fd93L;
    return mixed ^ (mixed >>> 32);
  }
}
