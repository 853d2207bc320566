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

/** {@code GET /api/v2/notifications/availabletopics} from the catalogue. */
public record AvailableTopics(TopicRules rules) {

  private static final Set<String> EXPANDABLE =
      Set.of(
          ("description enforced schema visibility transports publicApiTemplateUriPaths"
                  + " requiresPermissions permissionDetails topicParameters")
              .split(" "));

  public void mount(Routes routes) {
    routes.get("/api/v2/notifications/availabletopics", this::list);
  }

  private void list(Call call) {
    Set<String> expand = new TreeSet<>(call.queries("expand"));
    for (String field : expand) {
      if (!EXPANDABLE.contains(field)) {
        throw ApiError.invalidParameter(
            field, "expand", String.join(", ", new TreeSet<>(EXPANDABLE)));
      }
    }
    call.answer(
        Json.listing(
            TopicCatalogue.shipped().all().stream().map(topic -> describe(topic, expand))));
  }

  private ObjectNode describe(Topic topic, Set<String> expand) {
    ObjectNode described = Json.object().put("id", topic.pattern());
    boolean currentUser = rules.currentUserOnly(topic.pattern());
    if (expand.contains("description")) {
      described.put("description", "Events of " + topic.modelClass());
    }
    if (expand.contains("enforced")) {
      described.put("enforced", true);
    }
    if (expand.contains("visibility")) {
      described.put("visibility", "Public");
    }
    if (expand.contains("transports")) {
      transports(topic).forEach(described.putArray("transports")::add);
    }
    if (expand.contains("publicApiTemplateUriPaths")) {
      described.putArray("publicApiTemplateUriPaths");
    }
    if (expand.contains("requiresPermissions")) {
      topic.permissions().forEach(described.putArray("requiresPermissions")::add);
      described
          .put("requiresDivisionPermissions", false)
          .put("requiresAnyValidator", topic.anyPermission())
          .put("requiresCurrentUser", currentUser)
          .put("requiresCurrentUserOrPermission", false);
    }
    if (expand.contains("permissionDetails")) {
      permissionDetails(described.putArray("permissionDetails"), topic, currentUser);
    }
    if (expand.contains("topicParameters")) {
      ArrayNode parameters = described.putArray("topicParameters");
      for (int at = 0; (at = topic.pattern().indexOf("{id}", at)) >= 0; at++) {
        parameters.add("id");
      }
    }
    if (expand.contains("schema")) {
      described.set("schema", topic.schema().toJsonSchema());
    }
    return described;
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
