package dev.caravan.simulator.api;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.caravan.simulator.World;
import dev.caravan.simulator.centre.Conversation;
import dev.caravan.simulator.centre.Day;
import dev.caravan.simulator.centre.GenericBody;
import dev.caravan.simulator.centre.Json;
import io.vertx.ext.web.Router;
import java.util.List;
import java.util.Optional;

/** What is left to read of conversations after the event, by query and one by one. */
public final class AnalyticsApi {

  static final List<String> DETAIL =
      List.of("analytics:conversationDetail:view", "analytics:agentConversationDetail:view");
  private static final List<String> COMMUNICATION = List.of("conversation:communication:view");
  private static final int MOST_IDS = 100;

  private final Day day;
  private final GenericBody generic;
  private final DetailRecords records;

  public AnalyticsApi(World world) {
    day = world.day();
    generic = new GenericBody(world.organization());
    records = new DetailRecords(world.organization(), day);
  }

  public void mount(Router router) {
    String details = "/api/v2/analytics/conversations/details";
    router.post(details + "/query").handler(DirectoryApi.answering(this::query));
    router.get(details).handler(DirectoryApi.answering(this::several));
    router
        .get("/api/v2/analytics/conversations/:id/details")
        .handler(
            DirectoryApi.answering(
                call -> {
                  call.require(DETAIL);
                  call.answer(records.record(conversation(call)));
                }));
    router
        .get("/api/v2/conversations")
        .handler(DirectoryApi.answering(call -> call.answer(nothing())));
    router
        .get("/api/v2/conversations/:id")
        .handler(
            DirectoryApi.answering(
                call -> {
                  call.require(COMMUNICATION);
                  call.answer(Json.tree(generic.of(conversation(call))));
                }));
  }

  /** A client without a user has no conversations of its own. */
  private static ObjectNode nothing() {
    ObjectNode listing = Json.object();
    listing.putArray("entities");
    return listing;
  }

  private Conversation conversation(Call call) {
    return DirectoryApi.found(day.conversation(call.path("id")));
  }

  private void query(Call call) {
    call.require(DETAIL);
    AnalyticsQuery query = new AnalyticsQuery(call);
    List<Conversation> found = records.find(query);
    List<Conversation> page = query.page(found);
    ObjectNode answer = Json.object();
    if (!page.isEmpty()) {
      ArrayNode conversations = answer.putArray("conversations");
      page.forEach(conversation -> conversations.add(records.record(conversation)));
    }
    call.answer(answer.put("totalHits", found.size()));
  }

  private void several(Call call) {
    call.require(DETAIL);
    ObjectNode answer = Json.object();
    ArrayNode conversations = answer.putArray("conversations");
    StatusApi.ids(call, "id", MOST_IDS).stream()
        .map(day::conversation)
        .flatMap(Optional::stream)
        .forEach(conversation -> conversations.add(records.record(conversation)));
    call.answer(answer);
  }
}
