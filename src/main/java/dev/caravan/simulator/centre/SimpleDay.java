package dev.caravan.simulator.centre;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/** A first, simple day: every step is one conversation that alerts, connects and ends. */
public final class SimpleDay {

  private static final List<String> MEDIA = List.of("call", "chat", "message", "email", "callback");
  private static final List<String> STATES = List.of("alerting", "connected", "disconnected");

  private final Organization organization;
  private final SplittableRandom random;
  private final Change change;
  private String conversation = "";
  private String customer = "";
  private String participant = "";
  private Agent agent;
  private String media = "";
  private int step;

  /** A day among these people, told to the given listener. */
  public SimpleDay(Organization organization, long seed, Change change) {
    this.organization = organization;
    this.random = new SplittableRandom(seed);
    this.change = change;
    this.agent = organization.agent(0);
  }

  /** Lets the next thing happen. */
  public void next(Instant now) {
    int state = step++ % STATES.size();
    if (state == 0) {
      conversation = Organization.uuid(random);
      customer = Organization.uuid(random);
      participant = Organization.uuid(random);
      agent = organization.agent(random.nextInt(organization.agents().size()));
      media = MEDIA.get(random.nextInt(MEDIA.size()));
    }
    String queueId = organization.queues().get(agent.queues().get(0)).id();
    String correlation = Organization.uuid(random);
    ObjectNode generic = generic(STATES.get(state), queueId);
    change.tell("v2.users." + agent.id() + ".conversations", generic, correlation);
    change.tell("v2.routing.queues." + queueId + ".conversations", generic, correlation);
    ObjectNode flat = flat(STATES.get(state), queueId);
    change.tell("v2.users." + agent.id() + ".conversations." + media + "s", flat, correlation);
    change.tell(
        "v2.routing.queues." + queueId + ".conversations." + media + "s", flat, correlation);
    presence(now, state == 1, correlation);
  }

  private ObjectNode generic(String state, String queueId) {
    ObjectNode body = JsonNodeFactory.instance.objectNode().put("id", conversation);
    var participants = body.putArray("participants");
    participants
        .addObject()
        .put("id", customer)
        .put("purpose", "customer")
        .putArray(media + "s")
        .addObject()
        .put("id", customer)
        .put("state", state.equals("alerting") ? "connected" : state);
    participants
        .addObject()
        .put("id", participant)
        .put("purpose", "agent")
        .put("userId", agent.id())
        .put("queueId", queueId)
        .putArray(media + "s")
        .addObject()
        .put("id", participant)
        .put("state", state);
    return body;
  }

  private ObjectNode flat(String state, String queueId) {
    ObjectNode body = JsonNodeFactory.instance.objectNode().put("id", conversation);
    ObjectNode one =
        body.putArray("participants")
            .addObject()
            .put("id", participant)
            .put("purpose", "agent")
            .put("state", state)
            .put("direction", "inbound");
    one.putObject("user").put("id", agent.id());
    one.putObject("queue").put("id", queueId);
    return body;
  }

  private void presence(Instant now, boolean busy, String correlation) {
    ObjectNode presence = JsonNodeFactory.instance.objectNode().put("source", "PURECLOUD");
    presence
        .putObject("presenceDefinition")
        .put("id", "6a3af858-942f-489d-9700-5f9bcdcdae9b")
        .put("systemPresence", "AVAILABLE");
    presence.put("primary", true).put("message", "").put("modifiedDate", now.toString());
    change.tell("v2.users." + agent.id() + ".presence", presence, correlation);
    ObjectNode routing = JsonNodeFactory.instance.objectNode().put("id", agent.id());
    routing
        .putObject("routingStatus")
        .put("status", (busy ? "interacting" : "idle").toUpperCase(Locale.ROOT))
        .put("startTime", now.toString());
    change.tell("v2.users." + agent.id() + ".routingStatus", routing, correlation);
  }
}
