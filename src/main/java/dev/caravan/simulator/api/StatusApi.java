package dev.caravan.simulator.api;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.caravan.simulator.World;
import dev.caravan.simulator.centre.Agent;
import dev.caravan.simulator.centre.Json;
import dev.caravan.simulator.centre.Named;
import dev.caravan.simulator.centre.Organization;
import dev.caravan.simulator.session.ApiError;
import io.vertx.ext.web.Router;
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

  public void mount(Router router) {
    router
        .get("/api/v2/users/presences/:source/bulk")
        .handler(
            DirectoryApi.answering(
                call -> call.answer(bulk(call, "id", MOST_PRESENCES, people::presence))));
    router
        .get("/api/v2/users/:id/presences/:source")
        .handler(
            DirectoryApi.answering(
                call -> call.answer(people.presence(agent(call)).put("primary", true))));
    router
        .get("/api/v2/users/:id/routingstatus")
        .handler(DirectoryApi.answering(call -> call.answer(people.routingStatus(agent(call)))));
    router
        .get("/api/v2/workforcemanagement/adherence")
        .handler(
            DirectoryApi.answering(
                call -> {
                  call.require(ADHERENCE);
                  call.answer(bulk(call, "userId", MOST_ADHERENCES, people::adherence));
                }));
    adherenceOf(
        router,
        "/api/v2/workforcemanagement/managementunits/:id/adherence",
        organization.managementUnits());
    adherenceOf(router, "/api/v2/workforcemanagement/teams/:id/adherence", organization.teams());
  }

  private void adherenceOf(Router router, String path, List<Named> places) {
    router
        .get(path)
        .handler(
            DirectoryApi.answering(
                call -> {
                  call.require(ADHERENCE);
                  Named place =
                      DirectoryApi.found(
                          places.stream()
                              .filter(one -> one.id().equals(call.path("id")))
                              .findFirst());
                  ObjectNode listing = Json.object();
                  ArrayNode entities = listing.putArray("entities");
                  place
                      .members()
                      .forEach(
                          member -> entities.add(people.adherence(organization.agent(member))));
                  call.answer(listing);
                }));
  }

  private ArrayNode bulk(
      Call call, String parameter, int most, Function<Agent, ObjectNode> description) {
    ArrayNode all = Json.array();
    ids(call, parameter, most).stream()
        .map(organization::agent)
        .flatMap(Optional::stream)
        .forEach(agent -> all.add(description.apply(agent)));
    return all;
  }

  /** The ids a call names, of which there must be some but not too many. */
  static List<String> ids(Call call, String parameter, int most) {
    List<String> ids = call.queries(parameter);
    if (ids.isEmpty() || ids.size() > most) {
      throw ApiError.invalidParameter(
              Integer.toString(ids.size()), parameter, "1 to " + most + " ids")
          .thrown();
    }
    return ids;
  }

  private Agent agent(Call call) {
    return DirectoryApi.found(organization.agent(call.path("id")));
  }
}
