package dev.caravan.simulator.session;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.caravan.simulator.api.Json;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** The frames that go over a socket, as bytes. */
public final class Frames {

  static final byte[] HEARTBEAT =
      utf8(
          "{\"topicName\":\"channel.metadata\",\"eventBody\":{\"message\":\"WebSocket Heartbeat\"}}");
  static final byte[] PONG =
      utf8("{\"topicName\":\"channel.metadata\",\"eventBody\":{\"message\":\"pong\"}}");

  private static final byte[] HEAD = utf8("{\"topicName\":\"");
  private static final byte[] BODY = utf8("\",\"version\":\"2\",\"eventBody\":");
  private static final byte[] METADATA = utf8(",\"metadata\":{\"CorrelationId\":\"");
  private static final byte[] TAIL = utf8("\"}}");

  private Frames() {}

  /** An event around a body that is already written. */
  public static byte[] event(String topicName, byte[] body, String correlationId) {
    byte[] topic = utf8(topicName);
    byte[] correlation = utf8(correlationId);
    int length = HEAD.length + BODY.length + METADATA.length + TAIL.length;
    return ByteBuffer.allocate(length + topic.length + body.length + correlation.length)
        .put(HEAD)
        .put(topic)
        .put(BODY)
        .put(body)
        .put(METADATA)
        .put(correlation)
        .put(TAIL)
        .array();
  }

  public static byte[] event(String topicName, JsonNode body, String correlationId) {
    return event(topicName, Json.bytes(body), correlationId);
  }

  /** What a socket hears before it is closed for maintenance. */
  public static byte[] socketClosing(String correlationId) {
    ObjectNode body =
        Json.object().put("message", "This websocket will be closed soon for maintenance.");
    return event("v2.system.socket_closing", body, correlationId);
  }

  public static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
