package dev.caravan.simulator.api;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.caravan.simulator.World;
import dev.caravan.simulator.centre.Agent;
import dev.caravan.simulator.centre.Json;
import dev.caravan.simulator.centre.Named;
import dev.caravan.simulator.centre.Organization;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** What agents are doing now: presence, routing status, adherence, one by one and in bulk. */
public final class StatusApi {

  private static final int MOST_PRESENCES = 50;
  private static final int MOST_ADHERENCES = 100;
  private static final List<String> ADHERENCE = List.of("wfm:realtimeAdherence:view");

  private final Organization organization;
  private final PeopleBody people;

  public StatusApi(World world) {
    organization = world.organization();
    people = new PeopleBody(organization, world.day());
  }

  public void mount(Routes routes) {
    routes.get(
        "/api/v2/users/presences/:source/bulk",
        call -> call.answer(bulk(call, "id", MOST_PRESENCES, people::presence)));
    routes.get(
        "/api/v2/users/:id/presences/:source",
        call -> call.answer(people.presence(agent(call)).put("primary", true)));
    routes.get(
        "/api/v2/users/:id/routingstatus", call -> call.answer(people.routingStatus(agent(call))));
    String management = "/api/v2/workforcemanagement/";
    routes.get(
        management + "adherence",
        call -> {
          call.require(ADHERENCE);
          call.answer(bulk(call, "userId", MOST_ADHERENCES, people::adherence));
        });
    routes.get(
        management + "managementunits/:id/adherence",
        call -> adherenceOf(organization.managementUnits(), call));
    routes.get(management + "teams/:id/adherence", call -> adherenceOf(organization.teams(), call));
  }

  private void adherenceOf(List<Named> places, Call call) {
    call.require(ADHERENCE);
    call.answer(
        Json.listing(
            call.named(places).members().stream().map(organization::agent).map(people::adherence)));
  }

  private ArrayNode bulk(
      Call call, String parameter, int most, Function<Agent, ObjectNode> description) {
    ArrayNode all = Json.array();
    call.ids(parameter, most).stream()
        .map(organization::agent)
        .flatMap(Optional::stream)
        .forEach(agent -> all.add(description.apply(agent)));
    return all;
  }

  private Agent agent(Call call) {
    return Call.found(organization.agent(call.path("id")));
  }
}
