package dev.caravan.simulator.centre;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Tells every topic that would carry it what has happened. */
final class News {

  private static final String DETAIL = "v2.detail.events.conversation";

  private final Organization organization;
  private final Agenda agenda;
  private final EventSink sink;
  private final GenericBody generic;
  private final MediaBody media;
  private final AgentBody agents;
  private final List<String> users;
  private final List<String> queues;
  private final long seed;
  private long changes;
  private String correlation = "";

  News(Organization organization, Agenda agenda, EventSink sink, long seed) {
    this.organization = organization;
    this.agenda = agenda;
    this.sink = sink;
    this.seed = seed;
    generic = new GenericBody(organization);
    media = new MediaBody(organization, generic);
    agents = new AgentBody(organization);
    users = organization.agents().stream().map(agent -> "v2.users." + agent.id()).toList();
    queues =
        organization.queues().stream().map(queue -> "v2.routing.queues." + queue.id()).toList();
  }

  /** Begins a change: what is told from now on shares a correlation id. */
  void change() {
    changes++;
    correlation = "";
  }

  /** A conversation has changed: its users and queues hear it, generic and by medium. */
  void conversation(Conversation conversation) {
    Body full = Body.text(() -> generic.of(conversation));
    Body flat = Body.text(() -> media.of(conversation));
    Body side = Body.text(() -> media.sideOf(conversation));
    Body flatInQueue = conversation.medium.genericInQueues() ? full : flat;
    List<Party> parties = conversation.parties;
    for (int i = 0; i < parties.size(); i++) {
      Party party = parties.get(i);
      List<Party> before = parties.subList(0, i);
      if (party.agent != Party.NOBODY && before.stream().noneMatch(p -> p.agent == party.agent)) {
        place(users.get(party.agent), conversation, full, flat, side);
      }
      if (party.queue != Party.NOBODY && before.stream().noneMatch(p -> p.queue == party.queue)) {
        place(queues.get(party.queue), conversation, full, flatInQueue, side);
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

  /** A step in a conversation, for {@code v2.detail.events.conversation.{id}.…}. */
  void detail(Conversation conversation, String step, Supplier<? extends JsonNode> body) {
    about(DETAIL, conversation, step, body);
  }

  /** What is told under a conversation's own id. */
  void about(
      String prefix, Conversation conversation, String what, Supplier<? extends JsonNode> body) {
    if (sink.hearsUnder(prefix)) {
      tell(prefix + "." + conversation.id + "." + what, Body.of(body));
    }
  }

  /** A measurement of a conversation; counts are measurements of 1. */
  void metric(Conversation conversation, Party party, String metric, long value) {
    int number = ++conversation.records;
    about(
        "v2.analytics.conversation",
        conversation,
        "metrics",
        () ->
            StatisticsBody.of(
                organization, conversation, party, metric, value, number, agenda.now()));
  }

  /** The sums of {@code v2.analytics.….{id}.aggregates} have grown. */
  @SafeVarargs
  final void aggregates(
      String what, String dimension, String id, Medium medium, Map.Entry<String, Long>... took) {
    tell(
        "v2.analytics." + what + "." + id + ".aggregates",
        Body.of(() -> StatisticsBody.aggregates(dimension, id, medium, agenda.now(), took)));
  }

  void presence(AgentState state) {
    String user = users.get(state.agent().index());
    tell(user + ".presence", Body.of(() -> agents.presence(state)));
    tell(user + ".activity", Body.of(() -> agents.activity(state)));
    adherence(state);
  }

  void routing(AgentState state) {
    String user = users.get(state.agent().index());
    tell(user + ".routingStatus", Body.of(() -> agents.routingStatus(state)));
    tell(user + ".activity", Body.of(() -> agents.activity(state)));
    tell(
        "v2.detail.events.agent." + state.agent().id() + ".state",
        Body.of(() -> agents.state(state)));
    adherence(state);
  }

  void summary(AgentState state) {
    tell(
        users.get(state.agent().index()) + ".conversationsummary",
        Body.of(() -> agents.summary(state)));
  }

  /** Somebody has sat down at their phone, or left it. */
  void station(AgentState state) {
    tell(users.get(state.agent().index()) + ".station", Body.of(() -> agents.station(state)));
  }

  void adherence(AgentState state) {
    Agent agent = state.agent();
    Body body = Body.of(() -> agents.adherence(state));
    tell(users.get(agent.index()) + ".workforcemanagement.adherence", body);
    tell(
        "v2.workforcemanagement.managementunits."
            + organization.managementUnits().get(agent.managementUnit()).id()
            + ".adherence",
        body);
    tell(
        "v2.workforcemanagement.teams."
            + organization.teams().get(agent.team()).id()
            + ".adherence",
        body);
  }

  void membership(AgentState state, boolean joined) {
    for (int queue : state.agent().queues()) {
      Named served = organization.queues().get(queue);
      tell(
          queues.get(queue) + ".users",
          Body.of(() -> agents.queueMember(state.agent(), served, joined)));
    }
  }

  boolean heard(String topicName) {
    return sink.heard(topicName);
  }

  void tell(String topicName, Body body) {
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
