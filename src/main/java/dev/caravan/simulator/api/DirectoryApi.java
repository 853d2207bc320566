package dev.caravan.simulator.api;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.caravan.simulator.Globs;
import dev.caravan.simulator.World;
import dev.caravan.simulator.centre.Agent;
import dev.caravan.simulator.centre.Json;
import dev.caravan.simulator.centre.Named;
import dev.caravan.simulator.centre.Organization;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Who and what there is: users, queues and members, groups, divisions, teams, units. */
public final class DirectoryApi {

  private static final String USERS = "/api/v2/users/";

  private final Organization organization;
  private final PeopleBody people;

  public DirectoryApi(World world) {
    organization = world.organization();
    people = new PeopleBody(organization, world.day());
  }

  public void mount(Routes routes) {
    String divisions = "authorization/divisions";
    String units = "workforcemanagement/managementunits";
    listing(routes, "routing/queues", organization::listedQueues, this::queue);
    one(routes, "routing/queues", organization.queues(), this::queue);
    all(routes, "groups", organization.groups(), this::group);
    all(routes, divisions, organization.divisions(), this::division);
    all(routes, units, organization.managementUnits(), this::managementUnit);
    listing(routes, "routing/wrapupcodes", organization.wrapUpCodes());
    listing(routes, "flows", organization.flows());
    listing(routes, "flows/outcomes", organization.outcomes());
    routes.get("/api/v2/users", this::users);
    routes.get("/api/v2/users/:id", this::user);
    routes.get("/api/v2/routing/queues/:id/members", this::queueMembers);
    routes.get("/api/v2/groups/:id/members", this::groupMembers);
    routes.get("/api/v2/" + units + "/:id/users", this::managementUnitUsers);
    routes.get("/api/v2/workforcemanagement/businessunits", this::businessUnits);
    routes.get(
        "/api/v2/teams",
        call -> call.answer(Paging.after(call, organization.teams(), Named::id, this::team)));
    routes.get("/api/v2/teams/:id/members", this::teamMembers);
  }

  /** A listing that can be searched by name, and each entry by its id. */
  private static void all(
      Routes routes, String path, List<Named> all, Function<Named, ObjectNode> description) {
    listing(routes, path, () -> all, description);
    one(routes, path, all, description);
  }

  private static void one(
      Routes routes, String path, List<Named> all, Function<Named, ObjectNode> description) {
    routes.get("/api/v2/" + path + "/:id", call -> call.answer(description.apply(call.named(all))));
  }

  private static void listing(Routes routes, String path, List<Named> all) {
    listing(routes, path, () -> all, one -> described(one, path));
  }

  private static void listing(
      Routes routes,
      String path,
      Supplier<List<Named>> all,
      Function<Named, ObjectNode> description) {
    routes.get(
        "/api/v2/" + path,
        call -> {
          Pattern name = Globs.compile(call.query("name", "*"));
          List<Named> chosen =
              all.get().stream().filter(one -> name.matcher(one.name()).matches()).toList();
          call.answer(Paging.page(call, chosen, description));
        });
  }

  private void user(Call call) {
    Agent agent = Call.found(organization.agent(call.path("id")));
    call.answer(people.user(agent, call.queries("expand")));
  }

  private void users(Call call) {
    List<String> ids = call.queries("id");
    List<String> expand = call.queries("expand");
    List<Agent> chosen =
        ids.isEmpty()
            ? organization.listedAgents()
            : ids.stream().map(organization::agent).flatMap(Optional::stream).toList();
    call.answer(Paging.page(call, chosen, agent -> people.user(agent, expand)));
  }

  private void queueMembers(Call call) {
    Named queue = Call.found(organization.queue(call.path("id")));
    List<String> expand = call.queries("expand");
    ObjectNode page =
        Paging.page(
            call,
            agents(queue),
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
    call.answer(page);
  }

  private void groupMembers(Call call) {
    Named group = call.named(organization.groups());
    call.answer(Paging.page(call, agents(group), agent -> people.user(agent, List.of())));
  }

  private void managementUnitUsers(Call call) {
    Named unit = call.named(organization.managementUnits());
    call.answer(
        Json.listing(
            agents(unit).stream()
                .map(
                    agent ->
                        Json.object().put("id", agent.id()).put("selfUri", USERS + agent.id()))));
  }

  private void businessUnits(Call call) {
    ObjectNode unit = Json.object().put("id", organization.id()).put("name", "Business unit");
    unit.put("selfUri", "/api/v2/workforcemanagement/businessunits/" + organization.id());
    call.answer(Json.listing(Stream.of(unit)));
  }

  private void teamMembers(Call call) {
    Named team = call.named(organization.teams());
    call.answer(
        Paging.after(call, agents(team), Agent::id, agent -> people.user(agent, List.of())));
  }

  private List<Agent> agents(Named of) {
    return of.members().stream().map(organization::agent).toList();
  }

  private ObjectNode queue(Named queue) {
    ObjectNode described = described(queue, "routing/queues");
    described.set(
        "division",
        described(
            organization.divisions().get(queue.index() % organization.divisions().size()),
            "authorization/divisions"));
    return described
        .put("memberCount", queue.members().size())
        .put("userMemberCount", queue.members().size())
        .put("joinedMemberCount", queue.members().size());
  }

  private ObjectNode group(Named group) {
    return described(group, "groups")
        .put("memberCount", group.members().size())
        .put("state", "active")
        .put("type", "official")
        .put("visibility", "public");
  }

  private ObjectNode division(Named division) {
    return described(division, "authorization/divisions")
        .put("homeDivision", division.index() == 0);
  }

  private ObjectNode managementUnit(Named unit) {
    ObjectNode described = described(unit, "workforcemanagement/managementunits");
    described
        .putObject("businessUnit")
        .put("id", organization.id())
        .put("selfUri", "/api/v2/workforcemanagement/businessunits/" + organization.id());
    return described.put("startDayOfWeek", "Monday").put("timeZone", "Europe/Paris");
  }

  private ObjectNode team(Named team) {
    ObjectNode described = described(team, "teams");
    described.set(
        "division", described(organization.divisions().get(0), "authorization/divisions"));
    return described.put("memberCount", team.members().size());
  }

  static ObjectNode described(Named named, String path) {
    return Json.object()
        .put("id", named.id())
        .put("name", named.name())
        .put("selfUri", "/api/v2/" + path + "/" + named.id());
  }
}
