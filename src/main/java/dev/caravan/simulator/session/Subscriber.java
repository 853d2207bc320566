package dev.caravan.simulator.session;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.caravan.simulator.Limits;
import dev.caravan.simulator.api.ApiError;
import dev.caravan.simulator.api.ApiException;
import dev.caravan.simulator.api.Json;
import dev.caravan.simulator.api.OauthApi;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Decides a request to subscribe: all or nothing, or each topic by itself. */
public final class Subscriber {

  private final ChannelKeeper keeper;
  private final TopicRules rules;
  private final OauthApi clients;
  private final Limits limits;

  public Subscriber(ChannelKeeper keeper, TopicRules rules, OauthApi clients, Limits limits) {
    this.keeper = keeper;
    this.rules = rules;
    this.clients = clients;
    this.limits = limits;
  }

  /**
   * Adds topics to a channel or replaces those it has.
   *
   * @return the entities of the answer
   * @throws ApiException if nothing was subscribed
   */
  public ArrayNode subscribe(
      Channel channel, List<String> topics, boolean ignoreErrors, boolean replace) {
    Set<String> lacked = new HashSet<>(clients.client(channel.clientId()).lacks());
    Map<String, List<String>> accepted = new LinkedHashMap<>();
    ArrayNode entities = Json.array();
    for (String topic : topics) {
      judge(topic, lacked, ignoreErrors, accepted, entities);
    }
    Set<String> afterwards = new HashSet<>(replace ? Set.of() : channel.topics().keySet());
    afterwards.addAll(accepted.keySet());
    if (afterwards.size() > limits.topicsPerChannel()) {
      throw ApiError.tooManySubscriptions().thrown();
    }
    if (replace) {
      keeper.replace(channel, accepted);
    } else {
      keeper.subscribe(channel, accepted);
    }
    return entities;
  }

  /** Ends what a channel may no longer hear. */
  public void recheck(Channel channel) {
    Set<String> lacked = new HashSet<>(clients.client(channel.clientId()).lacks());
    List<String> ended =
        channel.topics().entrySet().stream()
            .filter(
                entry ->
                    entry.getValue().stream()
                        .anyMatch(
                            single -> rules.judge(single, lacked) instanceof TopicVerdict.Rejected))
            .map(Map.Entry::getKey)
            .toList();
    keeper.unsubscribe(channel, ended);
  }

  private void judge(
      String topic,
      Set<String> lacked,
      boolean ignoreErrors,
      Map<String, List<String>> accepted,
      ArrayNode entities) {
    if (TopicNames.combined(topic) && topic.length() > limits.topicLength()) {
      refuse(topic, new TopicVerdict.Rejected(ApiError.invalidTopic(), List.of()), ignoreErrors)
          .forEach(entities::add);
      return;
    }
    List<String> heard = new ArrayList<>();
    List<ObjectNode> refused = new ArrayList<>();
    for (String single : TopicNames.expand(topic)) {
      TopicVerdict verdict = rules.judge(single, lacked);
      if (verdict instanceof TopicVerdict.Rejected rejected) {
        refused.addAll(refuse(single, rejected, ignoreErrors));
      } else {
        heard.add(single);
      }
    }
    if (TopicNames.combined(topic) || refused.isEmpty()) {
      accepted.put(topic, List.copyOf(heard));
      entities.add(permitted(topic));
    }
    refused.forEach(entities::add);
  }

  private static List<ObjectNode> refuse(
      String topic, TopicVerdict.Rejected rejected, boolean ignoreErrors) {
    if (!ignoreErrors) {
      throw rejected.error().thrown();
    }
    ObjectNode entity =
        Json.object()
            .put("id", topic)
            .put("state", "Rejected")
            .put("rejectionReason", rejected.error().message());
    if (!rejected.missingPermissions().isEmpty()) {
      ArrayNode missing = entity.putArray("missingPermissions");
      rejected.missingPermissions().forEach(missing::add);
    }
    return List.of(entity);
  }

  public static ObjectNode permitted(String topic) {
    return Json.object()
        .put("id", topic)
        .put("state", "Permitted")
        .put("selfUri", "/api/v2/notifications/availabletopics/" + topic);
  }
}
