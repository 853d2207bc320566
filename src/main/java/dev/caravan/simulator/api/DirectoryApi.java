package dev.caravan.simulator.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.caravan.simulator.Globs;
import dev.caravan.simulator.World;
import dev.caravan.simulator.centre.Agent;
import dev.caravan.simulator.centre.Entity;
import dev.caravan.simulator.centre.Json;
import dev.caravan.simulator.centre.Organization;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What there is: queues, groups, divisions, teams and units, and who belongs to them. */
public record DirectoryApi(World world, PeopleApi people) {

  private static final String DIVISIONS = "authorization/divisions";
  private static final String UNITS = "workforcemanagement/managementunits";

  public void mount(Routes routes) {
    Organization organization = world.organization();
    listing(routes, "routing/queues", world::listedQueues, this::queue);
    one(routes, "routing/queues", organization.queues(), this::queue);
    all(routes, "groups", organization.groups(), this::group);
    all(routes, DIVISIONS, organization.divisions(), this::division);
    all(routes, UNITS, organization.managementUnits(), this::managementUnit);
    listing(routes, "routing/wrapupcodes", organization.wrapUpCodes());
    listing(routes, "flows", organization.flows());
    listing(routes, "flows/outcomes", organization.outcomes());
    routes.answer("GET /api/v2/routing/queues/:id/members", this::queueMembers);
    routes.answer("GET /api/v2/groups/:id/members", this::groupMembers);
    routes.answer("GET /api/v2/" + UNITS + "/:id/users", this::managementUnitUsers);
    routes.answer("GET /api/v2/workforcemanagement/businessunits", this::businessUnits);
    routes.answer(
        "GET /api/v2/teams",
        call -> Paging.after(call, organization.teams(), Entity::id, this::team));
    routes.answer("GET /api/v2/teams/:id/members", this::teamMembers);
  }

  /** A listing that can be searched by name, and each entry by its id. */
  private static void all(
      Routes routes, String path, List<Entity> all, Function<Entity, ObjectNode> description) {
    listing(routes, path, () -> all, description);
    one(routes, path, all, description);
  }

  private static void one(
      Routes routes, String path, List<Entity> all, Function<Entity, ObjectNode> description) {
    routes.answer("GET /api/v2/" + path + "/:id", call -> description.apply(call.named(all)));
  }

  private static void listing(Routes routes, String path, List<Entity> all) {
    listing(routes, path, () -> all, one -> described(one, path));
  }

  private static void listing(
      Routes routes,
      String path,
      Supplier<List<Entity>> all,
      Function<Entity, ObjectNode> description) {
    routes.answer(
        "GET /api/v2/" + path,
        call -> {
          Pattern name = Globs.compile(call.query("name", "*"));
          List<Entity> chosen =
              all.get().stream().filter(one -> name.matcher(one.name()).matches()).toList();
          return Paging.page(call, chosen, description);
        });
  }

  private JsonNode queueMembers(Call call) {
    Entity queue = Call.found(world.organization().queue(call.path("id")));
    List<String> expand = call.queries("expand");
    ObjectNode page =
        Paging.page(
            call,
            world.organization().members(queue),
            agent -> {
              ObjectNode member =
                  Json.object().put("id", agent.id()).put("name", agent.name()).put("joined", true);
              member.put("memberBy", "user").put("ringNumber", 1);
              member.set("user", people.user(agent, expand));
              if (expand.contains("routingStatus")) {
                member.set("routingStatus", people.routingStatus(agent));
              }
              return member.put("selfUri", "/api/v2/routing/queues/" + queue.id() + "/members");
            });
    // the one listing by pages that does not say how many there are: only the last has no next
    page.remove(List.of("total", "pageCount", "lastUri"));
    return page;
  }

  private List<Agent> members(Call call, List<Entity> places) {
    return world.organization().members(call.named(places));
  }

  private JsonNode groupMembers(Call call) {
    List<Agent> members = members(call, world.organization().groups());
    return Paging.page(call, members, agent -> people.user(agent, List.of()));
  }

  private JsonNode teamMembers(Call call) {
    List<Agent> members = members(call, world.organization().teams());
    return Paging.after(call, members, Agent::id, agent -> people.user(agent, List.of()));
  }

  private JsonNode managementUnitUsers(Call call) {
    return Json.listing(
        members(call, world.organization().managementUnits()).stream()
            .map(
                agent ->
                    Json.object()
                        .put("id", agent.id())
                        .put("selfUri", "/api/v2/users/" + agent.id())));
  }

  private JsonNode businessUnits(Call call) {
    return Json.listing(Stream.of(businessUnit()));
  }

  private ObjectNode businessUnit() {
    return described(
        new Entity(0, world.organization().id(), "Business unit", List.of()),
        "workforcemanagement/businessunits");
  }

  private ObjectNode queue(Entity queue) {
    ObjectNode described = described(queue, "routing/queues");
    List<Entity> divisions = world.organization().divisions();
    described.set(
        "division", described(divisions.get(queue.index() % divisions.size()), DIVISIONS));
    return described
        .put("memberCount", queue.members().size())
        .put("userMemberCount", queue.members().size())
        .put("joinedMemberCount", queue.members().size());
  }

  private ObjectNode group(Entity group) {
    return described(group, "groups")
        .put("memberCount", group.members().size())
        .put("state", "active")
        .put("type", "official")
        .put("visibility", "public");
  }

  private ObjectNode division(Entity division) {
    return described(division, DIVISIONS).put("homeDivision", division.index() == 0);
  }

  private ObjectNode managementUnit(Entity unit) {
    ObjectNode described = described(unit, UNITS);
    described.set("businessUnit", businessUnit().without("name"));
    return described.put("startDayOfWeek", "Monday").put("timeZone", "Europe/Paris");
  }

  private ObjectNode team(Entity team) {
    ObjectNode described = described(team, "teams");
    described.set("division", described(world.organization().divisions().get(0), DIVISIONS));
    return described.put("memberCount", team.members().size());
  }

  static ObjectNode described(Entity named, String path) {
    return Json.object()
        .put("id", named.id())
        .put("name", named.name())
        .put("selfUri", "/api/v2/" + path + "/" + named.id());
  }
}
