package dev.caravan.simulator.session;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.caravan.simulator.api.ApiException;
import dev.caravan.simulator.api.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** {@code {"message":"subscribe"}} and {@code "unsubscribe"} over the socket itself. */
public final class SocketCommands {

  private final ChannelKeeper keeper;
  private final Subscriber subscriber;

  public SocketCommands(ChannelKeeper keeper, Subscriber subscriber) {
    this.keeper = keeper;
    this.subscriber = subscriber;
  }

  /** The answer to something said over a socket, if it is a command. */
  Optional<byte[]> answer(Channel channel, JsonNode said) {
    String command = said.path("message").asText();
    if (!command.equals("subscribe") && !command.equals("unsubscribe")) {
      return Optional.empty();
    }
    return Optional.of(Json.bytes(reply(channel, command, said)));
  }

  private ObjectNode reply(Channel channel, String command, JsonNode said) {
    ObjectNode reply = Json.object();
    if (said.path("correlationId").isTextual()) {
      reply.put("correlationId", said.path("correlationId").asText());
    }
    if (keeper.findAlive(channel.id()).isEmpty()) {
      return reply.put("result", "404").put("message", "Channel not found");
    }
    List<String> topics = new ArrayList<>();
    said.path("topics").forEach(topic -> topics.add(topic.asText()));
    if (topics.isEmpty()) {
      return refused(reply, "error", "No topics given");
    }
    if (command.equals("unsubscribe")) {
      keeper.unsubscribe(channel, topics);
      return reply.put("result", "200").put("status", "unsubscribed");
    }
    try {
      subscriber.subscribe(channel, topics, false, false);
      return reply.put("result", "200").put("status", "subscribed");
    } catch (ApiException e) {
      return refused(reply, "failure", e.error().message());
    }
  }

  private static ObjectNode refused(ObjectNode reply, String status, String message) {
    return reply.put("result", "400").put("status", status).put("message", message);
  }
}
