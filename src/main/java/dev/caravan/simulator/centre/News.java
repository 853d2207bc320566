package dev.caravan.simulator.centre;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Supplier;

/** Tells every topic that would carry it what has happened. */
final class News {

  private final Organization organization;
  private final Teller teller;
  private final GenericBody generic;
  private final MediaBody media;
  private final AgentBody agents;
  private final long seed;
  private long changes;
  private String correlation = "";

  News(Organization organization, Teller teller, long seed) {
    this.organization = organization;
    this.teller = teller;
    this.seed = seed;
    generic = new GenericBody(organization);
    media = new MediaBody(organization, generic);
    agents = new AgentBody(organization);
  }

  /** Begins a change: what is told from now on shares a correlation id. */
  void change() {
    changes++;
    correlation = "";
  }

  /** A conversation has changed: its users and queues hear it, generic and by medium. */
  void conversation(Conversation conversation) {
    Body full = new Body(() -> generic.of(conversation));
    Body flat = new Body(() -> media.of(conversation));
    Body share = new Body(() -> media.screenShareOf(conversation));
    for (String place : places(conversation)) {
      tell(place + ".conversations", full);
      tell(place + ".conversations." + conversation.medium.plural(), flat);
      if (conversation.shared()) {
        tell(place + ".conversations.screenshares", share);
      }
    }
  }

  private Set<String> places(Conversation conversation) {
    Set<String> places = new LinkedHashSet<>();
    for (Party party : conversation.parties) {
      if (party.agent != Party.NOBODY) {
        places.add("v2.users." + organization.agent(party.agent).id());
      }
      if (party.queue != Party.NOBODY) {
        places.add("v2.routing.queues." + organization.queues().get(party.queue).id());
      }
    }
    return places;
  }

  /** A step in a conversation, for {@code v2.detail.events.conversation.{id}.…}. */
  void detail(Conversation conversation, String step, Supplier<? extends JsonNode> body) {
    String topic = "v2.detail.events.conversation." + conversation.id + "." + step;
    tell(topic, new Body(body));
  }

  void transcription(Conversation conversation, Supplier<? extends JsonNode> body) {
    tell("v2.conversations." + conversation.id + ".transcription", new Body(body));
  }

  void presence(AgentState state) {
    String user = "v2.users." + state.agent().id();
    tell(user + ".presence", new Body(() -> agents.presence(state)));
    tell(user + ".activity", new Body(() -> agents.activity(state)));
    adherence(state);
  }

  void routing(AgentState state) {
    String user = "v2.users." + state.agent().id();
    tell(user + ".routingStatus", new Body(() -> agents.routingStatus(state)));
    tell(user + ".activity", new Body(() -> agents.activity(state)));
    tell(
        "v2.detail.events.agent." + state.agent().id() + ".state",
        new Body(() -> agents.state(state)));
    adherence(state);
  }

  void summary(AgentState state) {
    tell(
        "v2.users." + state.agent().id() + ".conversationsummary",
        new Body(() -> agents.summary(state)));
  }

  void adherence(AgentState state) {
    Agent agent = state.agent();
    Body body = new Body(() -> agents.adherence(state));
    tell("v2.users." + agent.id() + ".workforcemanagement.adherence", body);
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
          "v2.routing.queues." + served.id() + ".users",
          new Body(() -> agents.queueMember(state.agent(), served, joined)));
    }
  }

  boolean heard(String topicName) {
    return teller.heard(topicName);
  }

  void tell(String topicName, Body body) {
    if (teller.heard(topicName)) {
      if (correlation.isEmpty()) {
        correlation = Organization.uuid(mix(seed), mix(changes));
      }
      teller.tell(topicName, body, correlation);
    }
  }

  /** Spreads a counter over all bits, so that ids look like ids and still never repeat. */
  private static long mix(long counter) {
    long mixed = counter * 0x9e3779b97f4a7c15L;
    mixed = (mixed ^ (mixed >>> 32)) * 0xd6e8feb86659fd93L;
    return mixed ^ (mixed >>> 32);
  }
}
