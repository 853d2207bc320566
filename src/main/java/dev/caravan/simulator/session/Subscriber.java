package dev.caravan.simulator.session;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.caravan.simulator.Limits;
import dev.caravan.simulator.centre.Json;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Decides a request to subscribe, over REST or over the socket itself: all or nothing, or each
 * topic by itself.
 */
public record Subscriber(Channels channels, TopicRules rules, Tokens tokens, Limits limits) {

  /**
   * Adds topics to a channel or replaces those it has.
   *
   * @return the entities of the answer
   * @throws ApiError if nothing was subscribed
   */
  public List<ObjectNode> subscribe(
      Channel channel, List<String> topics, boolean ignoreErrors, boolean replace) {
    Set<String> lacked = lacked(channel);
    Map<String, List<String>> accepted = new LinkedHashMap<>();
    List<ObjectNode> entities = new ArrayList<>();
    for (String topic : topics) {
      boolean combined = topic.indexOf('?') >= 0;
      if (combined && topic.length() > limits.topicLength()) {
        TopicRules.Refusal tooLong = new TopicRules.Refusal(ApiError.invalidTopic(), List.of());
        entities.add(refused(topic, tooLong, ignoreErrors));
        continue;
      }
      List<String> heard = new ArrayList<>();
      List<ObjectNode> refused = new ArrayList<>();
      for (String single : combined ? expand(topic) : List.of(topic)) {
        rules
            .judge(single, lacked)
            .ifPresentOrElse(
                refusal -> refused.add(refused(single, refusal, ignoreErrors)),
                () -> heard.add(single));
      }
      if (combined || refused.isEmpty()) {
        accepted.put(topic, heard);
        entities.add(permitted(topic));
      }
      entities.addAll(refused);
    }
    Set<String> afterwards = new HashSet<>(replace ? Set.of() : channel.topics().keySet());
    afterwards.addAll(accepted.keySet());
    if (afterwards.size() > limits.topicsPerChannel()) {
      throw new ApiError(
          400, "notification.subscription.too.many.subscriptions", "Too many subscriptions");
    }
    if (replace) {
      channels.replace(channel, accepted);
    } else {
      channels.subscribe(channel, accepted);
    }
    return entities;
  }

  /** Ends what a channel may no longer hear. */
  public void recheck(Channel channel) {
    Set<String> lacked = lacked(channel);
    List<String> ended =
        channel.topics().entrySet().stream()
            .filter(
                topic ->
                    topic.getValue().stream().anyMatch(it -> rules.judge(it, lacked).isPresent()))
            .map(Map.Entry::getKey)
            .toList();
    channels.unsubscribe(channel, ended);
  }

  private Set<String> lacked(Channel channel) {
    return Set.copyOf(tokens.client(channel.clientId()).lacks());
  }

  /** The single topics that {@code prefix?suffix&suffix} stands for. */
  private static List<String> expand(String topic) {
    int mark = topic.indexOf('?');
    return Stream.of(topic.substring(mark + 1).split("&", -1))
        .map(suffix -> topic.substring(0, mark) + "." + suffix)
        .toList();
  }

  private static ObjectNode refused(
      String topic, TopicRules.Refusal refusal, boolean ignoreErrors) {
    if (!ignoreErrors) {
      throw refusal.error();
    }
    ObjectNode entity =
        Json.object()
            .put("id", topic)
            .put("state", "Rejected")
            .put("rejectionReason", refusal.error().getMessage());
    if (!refusal.missingPermissions().isEmpty()) {
      refusal.missingPermissions().forEach(entity.putArray("missingPermissions")::add);
    }
    return entity;
  }

  public static ObjectNode permitted(String topic) {
    return Json.object()
        .put("id", topic)
        .put("state", "Permitted")
        .put("selfUri", "/api/v2/notifications/availabletopics/" + topic);
  }

  /** The answer to something said over a socket, if it is a command to subscribe or unsubscribe. */
  Optional<ObjectNode> answer(Channel channel, JsonNode said) {
    String command = said.path("message").asText();
    if (!command.equals("subscribe") && !command.equals("unsubscribe")) {
      return Optional.empty();
    }
    ObjectNode reply = Json.object();
    if (said.path("correlationId").isTextual()) {
      reply.put("correlationId", said.path("correlationId").asText());
    }
    if (channels.findAlive(channel.id()).isEmpty()) {
      return Optional.of(reply.put("result", "404").put("message", "Channel not found"));
    }
    List<String> topics = said.path("topics").valueStream().map(JsonNode::asText).toList();
    if (topics.isEmpty()) {
      return Optional.of(
          reply.put("result", "400").put("status", "error").put("message", "No topics given"));
    }
    try {
      if (command.equals("subscribe")) {
        subscribe(channel, topics, false, false);
      } else {
        channels.unsubscribe(channel, topics);
      }
      return Optional.of(reply.put("result", "200").put("status", command + "d"));
    } catch (ApiError e) {
      reply.put("result", "400").put("status", "failure");
      return Optional.of(reply.put("message", e.getMessage()));
    }
  }
}
