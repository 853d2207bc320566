package dev.caravan.simulator.api;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.caravan.simulator.Globs;
import dev.caravan.simulator.World;
import dev.caravan.simulator.centre.Agent;
import dev.caravan.simulator.centre.Json;
import dev.caravan.simulator.centre.Named;
import dev.caravan.simulator.centre.Organization;
import dev.caravan.simulator.session.ApiError;
import io.vertx.core.Handler;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/** Who and what there is: users, queues and members, groups, divisions, teams, units. */
public final class DirectoryApi {

  private static final int MOST = 100;

  private final Organization organization;
  private final PeopleBody people;

  public DirectoryApi(World world) {
    organization = world.organization();
    people = new PeopleBody(organization, world.day());
  }

  public void mount(Router router) {
    router.get("/api/v2/users").handler(answering(this::users));
    router
        .get("/api/v2/users/:id")
        .handler(
            answering(
                call ->
                    call.answer(
                        people.user(
                            found(organization.agent(call.path("id"))), call.queries("expand")))));
    listing(router, "/api/v2/routing/queues", organization.queues(), this::queue);
    one(router, "/api/v2/routing/queues/:id", organization.queues(), this::queue);
    router.get("/api/v2/routing/queues/:id/members").handler(answering(this::queueMembers));
    listing(router, "/api/v2/groups", organization.groups(), this::group);
    one(router, "/api/v2/groups/:id", organization.groups(), this::group);
    router.get("/api/v2/groups/:id/members").handler(answering(this::groupMembers));
    listing(
        router,
        "/api/v2/routing/wrapupcodes",
        organization.wrapUpCodes(),
        code -> described(code, "routing/wrapupcodes"));
    listing(router, "/api/v2/flows", organization.flows(), flow -> described(flow, "flows"));
    listing(
        router,
        "/api/v2/flows/outcomes",
        organization.outcomes(),
        outcome -> described(outcome, "flows/outcomes"));
    String divisions = "/api/v2/authorization/divisions";
    listing(router, divisions, organization.divisions(), this::division);
    one(router, divisions + "/:id", organization.divisions(), this::division);
    String units = "/api/v2/workforcemanagement/managementunits";
    listing(router, units, organization.managementUnits(), this::managementUnit);
    one(router, units + "/:id", organization.managementUnits(), this::managementUnit);
    router.get(units + "/:id/users").handler(answering(this::managementUnitUsers));
    router.get("/api/v2/workforcemanagement/businessunits").handler(answering(this::businessUnits));
    router.get("/api/v2/teams").handler(answering(this::teams));
    router.get("/api/v2/teams/:id/members").handler(answering(this::teamMembers));
  }

  static Handler<RoutingContext> answering(Consumer<Call> answer) {
    return context -> answer.accept(Call.of(context));
  }

  private static void listing(
      Router router, String path, List<Named> all, Function<Named, ObjectNode> description) {
    router
        .get(path)
        .handler(
            answering(
                call -> {
                  String name = call.query("name", "*");
                  List<Named> chosen =
                      all.stream().filter(one -> Globs.matches(name, one.name())).toList();
                  call.answer(Paging.page(call, chosen, MOST, description));
                }));
  }

  private static void one(
      Router router, String path, List<Named> all, Function<Named, ObjectNode> description) {
    router
        .get(path)
        .handler(answering(call -> call.answer(description.apply(byId(all, call.path("id"))))));
  }

  private void users(Call call) {
    List<String> ids = call.queries("id");
    List<String> expand = call.queries("expand");
    List<Agent> chosen =
        ids.isEmpty()
            ? organization.agents()
            : ids.stream().map(organization::agent).flatMap(Optional::stream).toList();
    call.answer(Paging.page(call, chosen, MOST, agent -> people.user(agent, expand)));
  }

  private void queueMembers(Call call) {
    Named queue = found(organization.queue(call.path("id")));
    List<String> expand = call.queries("expand");
    ObjectNode page =
        Paging.page(
            call,
            agents(queue),
            MOST,
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
    Named group = byId(organization.groups(), call.path("id"));
    call.answer(Paging.page(call, agents(group), MOST, agent -> people.user(agent, List.of())));
  }

  private void managementUnitUsers(Call call) {
    Named unit = byId(organization.managementUnits(), call.path("id"));
    ObjectNode listing = Json.object();
    ArrayNode entities = listing.putArray("entities");
    agents(unit)
        .forEach(
            agent ->
                entities
                    .addObject()
                    .put("id", agent.id())
                    .put("selfUri", "/api/v2/users/" + agent.id()));
    call.answer(listing);
  }

  private void businessUnits(Call call) {
    ObjectNode listing = Json.object();
    listing
        .putArray("entities")
        .addObject()
        .put("id", organization.id())
        .put("name", "Business unit")
        .put("selfUri", "/api/v2/workforcemanagement/businessunits/" + organization.id());
    call.answer(listing);
  }

  private void teams(Call call) {
    call.answer(Paging.after(call, organization.teams(), MOST, Named::id, this::team));
  }

  private void teamMembers(Call call) {
    Named team = byId(organization.teams(), call.path("id"));
    call.answer(
        Paging.after(call, agents(team), MOST, Agent::id, agent -> people.user(agent, List.of())));
  }

  private List<Agent> agents(Named of) {
    List<Agent> agents = new ArrayList<>(of.members().size());
    of.members().forEach(member -> agents.add(organization.agent(member)));
    return agents;
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

  private static Named byId(List<Named> all, String id) {
    return found(all.stream().filter(one -> one.id().equals(id)).findFirst());
  }

  static <T> T found(Optional<T> one) {
    return one.orElseThrow(() -> ApiError.notFound().thrown());
  }
}
