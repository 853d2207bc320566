package dev.caravan.simulator.centre;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import java.util.Optional;

/** What the topics about an agent tell: presence, routing, activity, adherence, load. */
public final class AgentBody {

  private AgentBody() {}

  /** {@code v2.users.{id}.presence}. */
  static ObjectNode presence(AgentState state) {
    ObjectNode body = Json.object().put("source", "PURECLOUD");
    definition(state, body);
    return body.put("primary", true)
        .put("message", "")
        .put("modifiedDate", Json.time(state.presenceSince()));
  }

  private static void definition(AgentState state, ObjectNode body) {
    body.putObject("presenceDefinition")
        .put("id", state.presence().definitionId())
        .put("systemPresence", state.presence().name().toUpperCase(Locale.ROOT));
  }

  /** {@code v2.users.{id}.routingStatus}. */
  static ObjectNode routingStatus(AgentState state) {
    ObjectNode body = Json.object().put("id", state.agent.id());
    body.putObject("routingStatus")
        .put("status", state.routing().name())
        .put("startTime", Json.time(state.routingSince()));
    return body;
  }

  /** {@code v2.users.{id}.activity}. */
  static ObjectNode activity(AgentState state) {
    ObjectNode body = routingStatus(state);
    ObjectNode presence = body.putObject("presence");
    definition(state, presence);
    presence.put("modifiedDate", Json.time(state.presenceSince()));
    body.putObject("outOfOffice").put("active", false);
    state.agent.queues().forEach(queue -> body.withArray("activeQueueIds").add(queue.id()));
    return body;
  }

  /** The three adherence topics; all tell the same. */
  public static ObjectNode adherence(AgentState state) {
    Agent agent = state.agent;
    ObjectNode body = Json.object();
    body.putObject("user").put("id", agent.id());
    body.put("managementUnitId", agent.managementUnit().id());
    body.putObject("team").put("id", agent.team().id()).put("name", agent.team().name());
    body.put("scheduledActivityCategory", state.scheduled.activity);
    body.putObject("scheduledActivityCode")
        .put("id", Integer.toString(state.scheduled.ordinal()))
        .putArray("secondaryPresences");
    body.put("systemPresence", state.presence().camel);
    body.put("organizationSecondaryPresenceId", state.presence().definitionId());
    body.put("routingStatus", state.routing().name());
    body.put("actualActivityCategory", state.presence().activity);
    body.put("isOutOfOffice", false);
    body.put("adherenceState", state.inAdherence() ? "InAdherence" : "OutOfAdherence");
    body.put("impact", state.inAdherence() ? "Neutral" : "Negative");
    body.put("adherenceChangeTime", Json.time(state.adherenceSince));
    body.put("presenceUpdateTime", Json.time(state.presenceSince()));
    agent.queues().forEach(it -> body.withArray("activeQueues").addObject().put("id", it.id()));
    return body.put("removedFromManagementUnit", false);
  }

  /** {@code v2.users.{id}.conversationsummary}. */
  public static ObjectNode summary(AgentState state) {
    ObjectNode body = Json.object().put("userId", state.agent.id());
    Optional<Medium> busyWith = state.conversation().map(conversation -> conversation.medium);
    for (Medium medium : Medium.values()) {
      boolean busy = busyWith.filter(medium::equals).isPresent();
      ObjectNode counts = body.putObject(medium.counter);
      counts
          .putObject("contactCenter")
          .put("active", busy && !state.wrappingUp ? 1 : 0)
          .put("acw", busy && state.wrappingUp ? 1 : 0);
      counts.putObject("enterprise").put("active", 0).put("acw", 0);
    }
    return body;
  }

  /** {@code v2.detail.events.agent.{id}.state}. */
  static ObjectNode state(AgentState state) {
    ObjectNode body =
        Json.object()
            .put("userId", state.agent.id())
            .put("currentState", state.routing().name())
            .put("currentStateStart", state.routingSince());
    state
        .conversation()
        .ifPresent(
            conversation ->
                body.put("conversationId", conversation.id)
                    .put("mediaType", conversation.medium.upper())
                    .put("queueId", conversation.queue.id())
                    .put("originatingDirection", "INBOUND"));
    return body;
  }

  /** {@code v2.users.{id}.station}; somebody who is away has none. */
  static ObjectNode station(AgentState state) {
    ObjectNode body = Json.object();
    if (state.presence() != Presence.OFFLINE) {
      String id = state.agent.id();
      ObjectNode station = body.putObject("associatedStation").put("id", "57" + id.substring(2));
      station.put("name", "Phone " + (state.agent.index() + 1));
      station.putObject("associatedUser").put("id", id);
    }
    return body;
  }

  /** {@code v2.routing.queues.{id}.users}. */
  static ObjectNode queueMember(Agent agent, Entity queue, boolean joined) {
    ObjectNode body = Json.object().put("id", agent.id());
    body.putObject("user").put("id", agent.id());
    return body.put("queueId", queue.id()).put("joined", joined);
  }
}
