package dev.caravan.simulator.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.caravan.simulator.World;
import dev.caravan.simulator.centre.Agent;
import dev.caravan.simulator.centre.AgentState;
import dev.caravan.simulator.centre.Entity;
import dev.caravan.simulator.centre.Json;
import dev.caravan.simulator.centre.Presence;
import java.util.List;
import java.util.Set;

/** What queues hold and agents do now, and what agents did before. */
public record ObservationsApi(World world) {

  private static final List<String> QUEUE = List.of("analytics:queueObservation:view");
  private static final List<String> USER = List.of("analytics:userObservation:view");
  private static final List<String> DETAIL = List.of("analytics:userDetail:view");

  public void mount(Routes routes) {
    routes.answer("POST /api/v2/analytics/queues/observations/query", this::queues);
    routes.answer("POST /api/v2/analytics/users/observations/query", this::users);
    routes.answer("POST /api/v2/analytics/users/activity/query", this::activity);
    routes.answer("POST /api/v2/analytics/users/details/query", this::details);
  }

  private JsonNode queues(Call call) {
    call.require(QUEUE);
    AnalyticsQuery query = new AnalyticsQuery(call);
    Set<String> wanted = query.someValues("filter", "queueId");
    ObjectNode answer = Json.object();
    ArrayNode results = answer.putArray("results");
    for (Entity queue : world.organization().queues()) {
      if (wanted.contains(queue.id())) {
        for (JsonNode told : world.day().observations(queue.index())) {
          ArrayNode data = Json.array();
          for (JsonNode metric : told.at("/data/0/metrics")) {
            // what took how long is for events; a query observes the moment
            if (metric.path("metric").asText().startsWith("o")
                && query.wants(metric.path("metric").asText())) {
              data.add(metric);
            }
          }
          if (!data.isEmpty()) {
            ObjectNode result = results.addObject();
            result.set("group", told.path("group"));
            result.set("data", data);
          }
        }
      }
    }
    return answer;
  }

  private List<Agent> agents(Set<String> wanted) {
    return world.organization().agents().stream()
        .filter(agent -> wanted.isEmpty() || wanted.contains(agent.id()))
        .toList();
  }

  private JsonNode users(Call call) {
    return observed(call, false);
  }

  private JsonNode activity(Call call) {
    return observed(call, true).put("entityIdDimension", "userId");
  }

  private ObjectNode observed(Call call, boolean activity) {
    call.require(USER);
    AnalyticsQuery query = new AnalyticsQuery(call);
    ObjectNode answer = Json.object();
    ArrayNode results = answer.putArray("results");
    for (Agent agent : agents(query.someValues("filter", "userId"))) {
      ObjectNode result = results.addObject();
      result.putObject("group").put("userId", agent.id());
      ArrayNode data = result.putArray("data");
      count(data, "oActiveQueues", activeQueues(agent), query, activity);
      count(data, "oMemberQueues", agent.queues().size(), query, activity);
      if (activity) {
        if (query.wantsDetails()) {
          entities(result.putArray("entities"), agent);
        }
        result.put("truncated", false);
      }
    }
    return answer;
  }

  private static void count(
      ArrayNode data, String metric, int count, AnalyticsQuery query, boolean activity) {
    if (query.wants(metric)) {
      ObjectNode told = data.addObject().put("metric", metric);
      (activity ? told : told.putObject("stats")).put("count", count);
    }
  }

  private void entities(ArrayNode entities, Agent agent) {
    AgentState state = world.day().agent(agent.index());
    for (Entity queue : agent.queues()) {
      entities
          .addObject()
          .put("userId", agent.id())
          .put("queueId", queue.id())
          .put("queueMembershipStatus", activeQueues(agent) > 0 ? "active" : "inactive")
          .put("teamId", agent.team().id())
          .put("systemPresence", state.presence().name())
          .put("organizationPresenceId", state.presence().definitionId())
          .put("presenceDate", Json.time(state.presenceSince()))
          .put("routingStatus", state.routing().name())
          .put("routingStatusDate", Json.time(state.routingSince()));
    }
  }

  private int activeQueues(Agent agent) {
    boolean active = world.day().agent(agent.index()).presence() == Presence.ON_QUEUE;
    return active ? agent.queues().size() : 0;
  }

  private JsonNode details(Call call) {
    call.require(DETAIL);
    AnalyticsQuery query = new AnalyticsQuery(call);
    AnalyticsQuery.Interval interval = query.interval();
    List<Agent> found = agents(query.values("userFilters", "userId"));
    ObjectNode answer = Json.object();
    List<Agent> page = query.page(found);
    if (!page.isEmpty()) {
      ArrayNode users = answer.putArray("userDetails");
      page.forEach(agent -> users.add(detail(agent, interval)));
    }
    return answer.put("totalHits", found.size());
  }

  private ObjectNode detail(Agent agent, AnalyticsQuery.Interval interval) {
    AgentState state = world.day().agent(agent.index());
    ObjectNode detail = Json.object().put("userId", agent.id());
    ArrayNode presences = detail.putArray("primaryPresence");
    for (AgentState.Spell<Presence> spell : state.presences()) {
      if (spell.touches(interval.from(), interval.to())) {
        spell(presences, spell)
            .put("systemPresence", spell.what().name())
            .put("organizationPresenceId", spell.what().definitionId());
      }
    }
    ArrayNode routings = detail.putArray("routingStatus");
    for (AgentState.Spell<AgentState.Routing> spell : state.routings()) {
      if (spell.touches(interval.from(), interval.to())) {
        spell(routings, spell).put("routingStatus", spell.what().name());
      }
    }
    return detail;
  }

  private static ObjectNode spell(ArrayNode spells, AgentState.Spell<?> spell) {
    ObjectNode node = spells.addObject().put("startTime", Json.time(spell.from()));
    return spell.to() == 0 ? node : node.put("endTime", Json.time(spell.to()));
  }
}
