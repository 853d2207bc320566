package dev.caravan.simulator.session;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.caravan.simulator.centre.Json;
import dev.caravan.simulator.fault.Action;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The frames that go over a socket, as bytes: as they should be, and as they should not. */
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

  private static final String A_CORRELATION = "00000000-0000-4000-8000-000000000000";
  private static final int ENVELOPE_BYTES = 220;
  private static final int DEPTH = 5_000;

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

  /** A frame that is no event. */
  public static byte[] of(Action.Frame wanted) {
    return switch (wanted.kind()) {
      case RAW, BINARY -> utf8(wanted.text());
      case MALFORMED -> cutOff(unknownTopic());
      case HUGE -> filledUp(unknownTopic(), wanted.bytes());
      case DEEP -> {
        String body = "{\"a\":".repeat(DEPTH) + "1" + "}".repeat(DEPTH);
        yield event("v2.something.deep", utf8(body), A_CORRELATION);
      }
      case UNKNOWN_TOPIC -> unknownTopic();
      case NO_TOPIC -> utf8("{\"eventBody\":{},\"version\":\"2\"}");
      case EMPTY -> new byte[0];
    };
  }

  /** The first half of a frame. */
  static byte[] cutOff(byte[] frame) {
    return Arrays.copyOf(frame, frame.length / 2);
  }

  static byte[] unknownTopic() {
    return event("v2.something.nobody.knows", Json.object().put("id", "x"), A_CORRELATION);
  }

  /** The body of a conversation event that makes a frame of about so many bytes. */
  public static byte[] conversationOf(int bytes) {
    ObjectNode body = Json.object().put("id", "f100d000-0000-4000-8000-0000000000c0");
    ObjectNode customer =
        body.putArray("participants")
            .addObject()
            .put("id", "f100d000-0000-4000-8000-0000000000c1")
            .put("purpose", "customer");
    customer
        .putArray("calls")
        .addObject()
        .put("id", "f100d000-0000-4000-8000-0000000000c2")
        .put("state", "connected")
        .put("direction", "inbound");
    int overhead = Json.bytes(body).length + ENVELOPE_BYTES;
    customer.putObject("attributes").put("note", "x".repeat(Math.max(0, bytes - overhead)));
    return Json.bytes(body);
  }

  /** The same event with so much white space before its end: still the same JSON, but large. */
  static byte[] filledUp(byte[] frame, int bytes) {
    if (frame.length >= bytes) {
      return frame;
    }
    byte[] filled = Arrays.copyOf(frame, bytes);
    Arrays.fill(filled, frame.length - 1, bytes - 1, (byte) ' ');
    filled[bytes - 1] = '}';
    return filled;
  }

  public static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
