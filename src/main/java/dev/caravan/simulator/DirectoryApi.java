package dev.caravan.simulator;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.caravan.simulator.centre.Agent;
import dev.caravan.simulator.centre.Named;
import dev.caravan.simulator.centre.Organization;
import io.vertx.ext.web.Router;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Who and what there is: users, queues, groups, divisions, teams, management units. */
final class DirectoryApi {

  private static final int MOST_QUEUES = 100;
  private static final int MOST_USERS = 100;

  private final Organization organization;

  DirectoryApi(Organization organization) {
    this.organization = organization;
  }

  void mount(Router router) {
    listing(router, "/api/v2/users", MOST_USERS, organization.agents(), this::user);
    listing(router, "/api/v2/routing/queues", MOST_QUEUES, organization.queues(), this::queue);
  }

  private <T> void listing(
      Router router, String path, int largest, List<T> all, Function<T, ObjectNode> description) {
    router
        .get(path)
        .handler(
            context -> {
              Call call = Call.of(context);
              call.answer(Paging.page(call, all, largest, description));
            });
  }

  private ObjectNode user(Agent agent) {
    ObjectNode user = Json.object().put("id", agent.id()).put("name", agent.name());
    user.set("division", reference(organization.divisions().get(agent.division()), "divisions"));
    return user.put("email", agent.email())
        .put("username", agent.email())
        .put("state", "active")
        .put("version", 1)
        .put("selfUri", "/api/v2/users/" + agent.id());
  }

  private ObjectNode queue(Named queue) {
    ObjectNode described = Json.object().put("id", queue.id()).put("name", queue.name());
    described.set(
        "division",
        reference(
            organization.divisions().get(queue.index() % organization.divisions().size()),
            "authorization/divisions"));
    return described
        .put("memberCount", queue.members().size())
        .put("joinedMemberCount", queue.members().size())
        .put("selfUri", "/api/v2/routing/queues/" + queue.id());
  }

  private static ObjectNode reference(Named named, String path) {
    return Json.object()
        .put("id", named.id())
        .put("name", named.name())
        .put("selfUri", "/api/v2/" + path + "/" + named.id());
  }

  static <T> T found(Optional<T> one) {
    return one.orElseThrow(() -> ApiError.notFound().thrown());
  }
}
