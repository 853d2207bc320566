package dev.caravan.simulator.session;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.caravan.simulator.api.Json;
import dev.caravan.simulator.fault.Act;
import java.util.Arrays;

/** Frames as they should not be, but as a client may once get them. */
public final class Oddities {

  private static final int ENVELOPE_BYTES = 220;
  private static final int DEPTH = 5_000;
  private static final byte[] CLOSING_BRACE = {'}'};

  private Oddities() {}

  public static byte[] of(Act.Frame wanted) {
    return switch (wanted.kind()) {
      case RAW, BINARY -> Frames.utf8(wanted.text());
      case MALFORMED -> cutOff(unknownTopic());
      case HUGE -> filledUp(unknownTopic(), wanted.bytes());
      case DEEP -> deep();
      case UNKNOWN_TOPIC -> unknownTopic();
      case NO_TOPIC -> Frames.utf8("{\"eventBody\":{},\"version\":\"2\"}");
      case EMPTY -> new byte[0];
    };
  }

  /** The first half of a frame. */
  static byte[] cutOff(byte[] frame) {
    return Arrays.copyOf(frame, frame.length / 2);
  }

  static byte[] unknownTopic() {
    return Frames.event(
        "v2.something.nobody.knows",
        Json.object().put("id", "x"),
        "00000000-0000-4000-8000-000000000000");
  }

  private static byte[] deep() {
    return Frames.event(
        "v2.something.deep",
        Frames.utf8("{\"a\":".repeat(DEPTH) + "1" + "}".repeat(DEPTH)),
        "00000000-0000-4000-8000-000000000000");
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

  /** The same event with so much white space behind it: still the same JSON, but large. */
  static byte[] filledUp(byte[] frame, int bytes) {
    if (frame.length >= bytes) {
      return frame;
    }
    byte[] filled = Arrays.copyOf(frame, bytes);
    Arrays.fill(filled, frame.length - 1, bytes, (byte) ' ');
    System.arraycopy(CLOSING_BRACE, 0, filled, bytes - 1, 1);
    return filled;
  }
}
