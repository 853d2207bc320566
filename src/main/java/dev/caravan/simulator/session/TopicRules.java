package dev.caravan.simulator.session;

import com.fasterxml.jackson.databind.JsonNode;
import dev.caravan.simulator.Behaviour;
import dev.caravan.simulator.Globs;
import dev.caravan.simulator.centre.Agent;
import dev.caravan.simulator.centre.Entity;
import dev.caravan.simulator.centre.Json;
import dev.caravan.simulator.centre.Organization;
import dev.caravan.topic.Topic;
import dev.caravan.topic.TopicCatalogue;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Which topics exist, over which transport, and what somebody needs to hear them. Permissions are
 * those of the catalogue; which topics only EventBridge carries or only their own user may hear is
 * guessed, because no list of them is public.
 */
public final class TopicRules {

  /**
   * Why somebody may not hear a single topic.
   *
   * @param error what a call without {@code ignoreErrors} is answered with
   * @param missingPermissions what the client lacks, if that is the reason
   */
  record Refusal(ApiError error, List<String> missingPermissions) {}

  private final TopicCatalogue catalogue = TopicCatalogue.shipped();
  private final Set<String> agents;
  private final Set<String> queues;
  private final Behaviour behaviour;
  private final Set<String> unlisted;
  private final Set<String> eventBridgeOnly;
  private final Set<String> currentUserOnly;
  private final Set<String> forbidden = new TreeSet<>();

  public TopicRules(Organization organization, Behaviour behaviour) {
    agents = ids(organization.agents().stream().map(Agent::id));
    queues = ids(organization.queues().stream().map(Entity::id));
    this.behaviour = behaviour;
    JsonNode guesses = Json.resource(TopicRules.class, "topic-rules.json");
    unlisted = texts(guesses.path("unlisted"));
    eventBridgeOnly = texts(guesses.path("eventBridgeOnly"));
    currentUserOnly = texts(guesses.path("currentUserOnly"));
  }

  /** What speaks against hearing a single topic; nothing if it may be heard. */
  Optional<Refusal> judge(String topic, Set<String> lackedPermissions) {
    Optional<Topic> listed = catalogue.topicOf(topic);
    String pattern = listed.map(Topic::pattern).orElseGet(() -> catalogue.generalise(topic));
    if (listed.isEmpty() && !unlisted.contains(pattern) || !idsExist(topic)) {
      return refused(ApiError.invalidTopic());
    }
    if (eventBridgeOnly(pattern) || listed.map(Topic::eventBridgeOnly).orElse(false)) {
      return refused(
          new ApiError(
              400,
              "notification.transport.not.allowed",
              "unable to subscribe, transport type not permitted."));
    }
    if (forbidden.stream().anyMatch(glob -> Globs.matches(glob, topic))) {
      return refused(new ApiError(403, "notification.forbidden.topic", "Topic is forbidden"));
    }
    if (currentUserOnly(pattern)) {
      return refused(
          new ApiError(403, "notification.unauthorized.topic", "Not authorized for this topic."));
    }
    List<String> missing = listed.map(one -> missing(one, lackedPermissions)).orElse(List.of());
    if (missing.isEmpty()) {
      return Optional.empty();
    }
    String sentence =
        "The user does not have permission \"%s\" required for topic \"%s\""
            .formatted(String.join(",", missing), topic);
    ApiError error = new ApiError(403, "notification.unauthorized.topic", sentence);
    return Optional.of(new Refusal(error, missing));
  }

  public boolean eventBridgeOnly(String pattern) {
    return behaviour.guessedRules() && eventBridgeOnly.contains(pattern);
  }

  public boolean currentUserOnly(String pattern) {
    return behaviour.guessedRules() && currentUserOnly.contains(pattern);
  }

  /** Forbids every topic that a pattern with {@code *} matches, whoever asks. */
  public void forbid(String glob) {
    forbidden.add(glob);
  }

  public void allowAll() {
    forbidden.clear();
  }

  private static List<String> missing(Topic topic, Set<String> lacked) {
    if (topic.anyPermission()) {
      return lacked.containsAll(topic.permissions()) ? topic.permissions() : List.of();
    }
    return topic.permissions().stream().filter(lacked::contains).toList();
  }

  private boolean idsExist(String topic) {
    if (behaviour.unknownIds()) {
      return true;
    }
    String[] segments = topic.split("\\.");
    if (topic.startsWith("v2.users.") && segments.length > 2) {
      return agents.contains(segments[2]);
    }
    if (topic.startsWith("v2.routing.queues.") && segments.length > 3) {
      return queues.contains(segments[3]);
    }
    return true;
  }

  private static Optional<Refusal> refused(ApiError error) {
    return Optional.of(new Refusal(error, List.of()));
  }

  private static Set<String> ids(Stream<String> ids) {
    return ids.collect(Collectors.toUnmodifiableSet());
  }

  private static Set<String> texts(JsonNode array) {
    return array.valueStream().map(JsonNode::asText).collect(Collectors.toUnmodifiableSet());
  }
}
