package dev.caravan.simulator.api;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.caravan.simulator.centre.Json;
import dev.caravan.simulator.session.ApiError;
import dev.caravan.simulator.session.TopicRules;
import dev.caravan.topic.Topic;
import dev.caravan.topic.TopicCatalogue;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** {@code GET /api/v2/notifications/availabletopics} from the catalogue. */
public record AvailableTopics(TopicRules rules) {

  private static final Set<String> EXPANDABLE =
      new TreeSet<>(
          List.of(
              ("description enforced schema visibility transports publicApiTemplateUriPaths"
                      + " requiresPermissions permissionDetails topicParameters")
                  .split(" ")));

  private static final List<String> WITH_PERMISSIONS =
      List.of(
          "requiresDivisionPermissions",
          "requiresAnyValidator",
          "requiresCurrentUser",
          "requiresCurrentUserOrPermission");

  public void mount(Routes routes) {
    routes.answer("GET /api/v2/notifications/availabletopics", this::list);
  }

  private ObjectNode list(Call call) {
    Set<String> expand = new TreeSet<>(call.queries("expand"));
    for (String field : expand) {
      if (!EXPANDABLE.contains(field)) {
        throw ApiError.invalidParameter(field, "expand", String.join(", ", EXPANDABLE));
      }
    }
    if (expand.contains("requiresPermissions")) {
      expand.addAll(WITH_PERMISSIONS);
    }
    expand.add("id");
    return Json.listing(
        TopicCatalogue.shipped().all().stream().map(topic -> describe(topic, expand)));
  }

  private ObjectNode describe(Topic topic, Set<String> expand) {
    boolean currentUser = rules.currentUserOnly(topic.pattern());
    ObjectNode described =
        Json.object()
            .put("id", topic.pattern())
            .put("description", "Events of " + topic.modelClass())
            .put("enforced", true)
            .put("visibility", "Public");
    transports(topic).forEach(described.putArray("transports")::add);
    described.putArray("publicApiTemplateUriPaths");
    topic.permissions().forEach(described.putArray("requiresPermissions")::add);
    described
        .put("requiresDivisionPermissions", false)
        .put("requiresAnyValidator", topic.anyPermission())
        .put("requiresCurrentUser", currentUser)
        .put("requiresCurrentUserOrPermission", false);
    permissionDetails(described.putArray("permissionDetails"), topic, currentUser);
    ArrayNode parameters = described.putArray("topicParameters");
    Stream.of(topic.pattern().split("\\."))
        .filter("{id}"::equals)
        .forEach(id -> parameters.add("id"));
    if (expand.contains("schema")) {
      described.set("schema", topic.schema().toJsonSchema());
    }
    return described.retain(expand);
  }

  private List<String> transports(Topic topic) {
    if (rules.eventBridgeOnly(topic.pattern())) {
      return List.of("EventBridge");
    }
    return topic.transports().isEmpty() ? List.of("Websocket", "EventBridge") : topic.transports();
  }

  private static void permissionDetails(ArrayNode details, Topic topic, boolean currentUser) {
    if (currentUser) {
      ObjectNode detail = details.addObject().put("type", "requiresCurrentUser");
      detail.putArray("permissions");
      detail.put("allowsCurrentUser", true).put("enforced", true);
    }
    if (!topic.permissions().isEmpty()) {
      ObjectNode detail = details.addObject().put("type", "requiresPermissions");
      topic.permissions().forEach(detail.putArray("permissions")::add);
      detail.put("allowsCurrentUser", false).put("enforced", true);
    }
  }
}
