package dev.caravan.simulator.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.caravan.simulator.World;
import dev.caravan.simulator.centre.Agent;
import dev.caravan.simulator.centre.AgentBody;
import dev.caravan.simulator.centre.AgentState;
import dev.caravan.simulator.centre.Entity;
import dev.caravan.simulator.centre.Json;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Who there is and what they are doing now: presence, routing status, adherence, one by one and in
 * bulk.
 */
public record PeopleApi(World world) {

  private static final String USERS = "/api/v2/users";
  private static final String MANAGEMENT = "/api/v2/workforcemanagement/";
  private static final int MOST_PRESENCES = 50;
  private static final int MOST_ADHERENCES = 100;
  private static final List<String> ADHERENCE = List.of("wfm:realtimeAdherence:view");

  public void mount(Routes routes) {
    routes.answer("GET " + USERS, this::users);
    routes.answer(
        "GET " + USERS + "/presences/:source/bulk",
        call -> bulk(call, "id", MOST_PRESENCES, this::presence));
    routes.answer("GET " + USERS + "/:id", call -> user(agent(call), call.queries("expand")));
    routes.answer(
        "GET " + USERS + "/:id/presences/:source",
        call -> presence(agent(call)).put("primary", true));
    routes.answer("GET " + USERS + "/:id/routingstatus", call -> routingStatus(agent(call)));
    routes.answer("GET " + MANAGEMENT + "adherence", this::adherences);
    routes.answer(
        "GET " + MANAGEMENT + "managementunits/:id/adherence",
        call -> adherenceOf(world.organization().managementUnits(), call));
    routes.answer(
        "GET " + MANAGEMENT + "teams/:id/adherence",
        call -> adherenceOf(world.organization().teams(), call));
  }

  private Agent agent(Call call) {
    return Call.found(world.organization().agent(call.path("id")));
  }

  private List<Agent> named(List<String> ids) {
    return ids.stream().map(world.organization()::agent).flatMap(Optional::stream).toList();
  }

  private JsonNode users(Call call) {
    List<String> ids = call.queries("id");
    List<Agent> chosen = ids.isEmpty() ? world.listedAgents() : named(ids);
    List<String> expand = call.queries("expand");
    return Paging.page(call, chosen, agent -> user(agent, expand));
  }

  private JsonNode adherences(Call call) {
    call.require(ADHERENCE);
    return bulk(call, "userId", MOST_ADHERENCES, this::adherence);
  }

  private JsonNode adherenceOf(List<Entity> places, Call call) {
    call.require(ADHERENCE);
    List<Agent> members = world.organization().members(call.named(places));
    return Json.listing(members.stream().map(this::adherence));
  }

  private ArrayNode bulk(
      Call call, String parameter, int most, Function<Agent, ObjectNode> description) {
    ArrayNode all = Json.array();
    named(call.ids(parameter, most)).forEach(agent -> all.add(description.apply(agent)));
    return all;
  }

  ObjectNode user(Agent agent, List<String> expand) {
    ObjectNode user = Json.object().put("id", agent.id()).put("name", agent.name());
    user.set("division", DirectoryApi.described(agent.division(), "authorization/divisions"));
    user.put("email", agent.email()).put("username", agent.email());
    user.put("state", "active").put("version", 1);
    if (expand.contains("presence")) {
      user.set("presence", presence(agent).put("primary", true));
    }
    if (expand.contains("routingStatus")) {
      user.set("routingStatus", routingStatus(agent));
    }
    if (expand.contains("conversationSummary")) {
      user.set("conversationSummary", AgentBody.summary(state(agent)));
    }
    return user.put("selfUri", USERS + "/" + agent.id());
  }

  private AgentState state(Agent agent) {
    return world.day().agent(agent.index());
  }

  private ObjectNode presence(Agent agent) {
    AgentState state = state(agent);
    ObjectNode presence = Json.object().put("id", agent.id()).put("source", "PURECLOUD");
    presence
        .putObject("presenceDefinition")
        .put("id", state.presence().definitionId())
        .put("systemPresence", state.presence().spoken())
        .put("selfUri", "/api/v2/presencedefinitions/" + state.presence().definitionId());
    return presence
        .put("message", "")
        .put("modifiedDate", Json.time(state.presenceSince()))
        .put("selfUri", USERS + "/" + agent.id() + "/presences/PURECLOUD");
  }

  ObjectNode routingStatus(Agent agent) {
    return Json.object()
        .put("userId", agent.id())
        .put("status", state(agent).routing().name())
        .put("startTime", Json.time(state(agent).routingSince()));
  }

  private ObjectNode adherence(Agent agent) {
    ObjectNode told = AgentBody.adherence(state(agent));
    ObjectNode adherence = Json.object().put("id", agent.id());
    adherence.set("user", told.get("user"));
    String unit = agent.managementUnit().id();
    adherence
        .putObject("managementUnit")
        .put("id", unit)
        .put("selfUri", MANAGEMENT + "managementunits/" + unit);
    adherence
        .putObject("team")
        .put("id", agent.team().id())
        .put("selfUri", "/api/v2/teams/" + agent.team().id());
    adherence.set("timeOfAdherenceChange", told.get("adherenceChangeTime"));
    told.remove(List.of("user", "team", "managementUnitId", "adherenceChangeTime"));
    adherence.setAll(told);
    return adherence;
  }
}
