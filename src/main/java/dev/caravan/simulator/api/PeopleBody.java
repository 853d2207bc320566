package dev.caravan.simulator.api;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.caravan.simulator.centre.Agent;
import dev.caravan.simulator.centre.AgentBody;
import dev.caravan.simulator.centre.AgentState;
import dev.caravan.simulator.centre.Day;
import dev.caravan.simulator.centre.Iso;
import dev.caravan.simulator.centre.Json;
import dev.caravan.simulator.centre.Organization;
import java.util.List;

/** Agents as the REST API describes them, state and all. */
record PeopleBody(Organization organization, Day day) {

  /** As events describe them. */
  private AgentBody events() {
    return new AgentBody(organization);
  }

  ObjectNode user(Agent agent, List<String> expand) {
    ObjectNode user = Json.object().put("id", agent.id()).put("name", agent.name());
    user.set(
        "division",
        DirectoryApi.described(
            organization.divisions().get(agent.division()), "authorization/divisions"));
    user.put("email", agent.email()).put("username", agent.email());
    user.put("state", "active").put("version", 1);
    if (expand.contains("presence")) {
      user.set("presence", presence(agent).put("primary", true));
    }
    if (expand.contains("routingStatus")) {
      user.set("routingStatus", routingStatus(agent));
    }
    if (expand.contains("conversationSummary")) {
      user.set("conversationSummary", events().summary(day.agent(agent.index())));
    }
    return user.put("selfUri", "/api/v2/users/" + agent.id());
  }

  ObjectNode presence(Agent agent) {
    AgentState state = day.agent(agent.index());
    ObjectNode presence = Json.object().put("id", agent.id()).put("source", "PURECLOUD");
    presence
        .putObject("presenceDefinition")
        .put("id", state.presence().definitionId())
        .put("systemPresence", state.presence().spoken())
        .put("selfUri", "/api/v2/presencedefinitions/" + state.presence().definitionId());
    return presence
        .put("message", "")
        .put("modifiedDate", Iso.time(state.presenceSince()))
        .put("selfUri", "/api/v2/users/" + agent.id() + "/presences/PURECLOUD");
  }

  ObjectNode routingStatus(Agent agent) {
    AgentState state = day.agent(agent.index());
    return Json.object()
        .put("userId", agent.id())
        .put("status", state.routing().name())
        .put("startTime", Iso.time(state.routingSince()));
  }

  ObjectNode adherence(Agent agent) {
    ObjectNode told = events().adherence(day.agent(agent.index()));
    ObjectNode adherence = Json.object().put("id", agent.id());
    adherence.set("user", told.get("user"));
    adherence
        .putObject("managementUnit")
        .put("id", told.path("managementUnitId").asText())
        .put(
            "selfUri",
            "/api/v2/workforcemanagement/managementunits/"
                + told.path("managementUnitId").asText());
    adherence
        .putObject("team")
        .put("id", told.at("/team/id").asText())
        .put("selfUri", "/api/v2/teams/" + told.at("/team/id").asText());
    adherence.put("timeOfAdherenceChange", told.path("adherenceChangeTime").asText());
    told.remove(List.of("user", "team", "managementUnitId", "adherenceChangeTime"));
    adherence.setAll(told);
    return adherence;
  }
}
