package dev.caravan.bench;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;

/**
 * Conversation events of one queue, as large as real ones and each with a number of its own: what
 * arrives in Kafka can be held against what was sent, byte for byte.
 *
 * <p>A few bodies are written beforehand; only the conversation and the number are put in on the
 * way, both at fixed places.
 */
final class LoadFrames {

  static final String QUEUE = "0e185c02-aca1-4a72-82ea-2e78684e2c89";
  static final String TOPIC = "v2.routing.queues." + QUEUE + ".conversations";

  /** Conversations that take turns unless there are to be more; each is a Kafka key. */
  static final int CONVERSATIONS = 400;

  private static final int DIGITS = 12;
  private static final String BEFORE_CONVERSATION =
      "{\"topicName\":\""
          + TOPIC
          + "\",\"version\":\"2\",\"eventBody\":{\"id\":\"dc119522-79c5-4729-a131-";
  private static final String BEFORE_NUMBER =
      "\",\"participants\":[{\"id\":\"9a0231a0-8882-41bb-9b2c-";
  private static final int CONVERSATION_AT = BEFORE_CONVERSATION.length();
  private static final int NUMBER_AT = CONVERSATION_AT + DIGITS + BEFORE_NUMBER.length();

  // Five calls, two messages, a chat: each goes to the Kafka topic of its medium
  private static final List<String> MEDIA =
      List.of("calls", "calls", "messages", "calls", "chats", "calls", "messages", "calls");

  /** A fifth each; the last two are of media that the bridge leaves out unless it is told. */
  static final List<String> THREE_OF_FIVE_KEPT =
      List.of("calls", "messages", "chats", "emails", "callbacks");

  private static final Set<String> KEPT = Set.of("calls", "messages", "chats");

  private final List<String> media;
  private final int conversations;
  private final List<byte[]> bodies = new ArrayList<>();
  private final int longest;

  /**
   * @param size bytes of a frame, about
   */
  LoadFrames(int size) {
    this(size, MEDIA, CONVERSATIONS);
  }

  /**
   * @param media of the conversations in turn, in Genesys Cloud's names of their arrays
   */
  LoadFrames(int size, List<String> media) {
    this(size, media, CONVERSATIONS);
  }

  /**
   * @param conversations that take turns; each is a Kafka key
   */
  LoadFrames(int size, int conversations) {
    this(size, MEDIA, conversations);
  }

  private LoadFrames(int size, List<String> media, int conversations) {
    this.media = media;
    this.conversations = conversations;
    Random random = new Random(4711);
    media.forEach(each -> bodies.add(event(each, size, random)));
    longest = bodies.stream().mapToInt(body -> body.length).max().orElseThrow();
  }

  /** Whether the frame with this number is to reach Kafka. */
  boolean isKept(long number) {
    return KEPT.contains(media.get((int) (number % conversations) % media.size()));
  }

  /** How many of the frames from the first number to before the last are to reach Kafka. */
  int kept(long first, long last) {
    return (int) LongStream.range(first, last).filter(this::isKept).count();
  }

  int conversations() {
    return conversations;
  }

  int longest() {
    return longest;
  }

  /** Writes the frame with this number and returns its length. */
  int write(long number, byte[] target, int offset) {
    int conversation = (int) (number % conversations);
    byte[] body = body(conversation);
    System.arraycopy(body, 0, target, offset, body.length);
    digits(conversation, target, offset + CONVERSATION_AT);
    digits(number, target, offset + NUMBER_AT);
    return body.length;
  }

  /** The frame with this number. */
  byte[] frame(long number) {
    byte[] frame = new byte[longest];
    return Arrays.copyOf(frame, write(number, frame, 0));
  }

  /** The number of a frame; -1 if it is none of these or not as it was sent. */
  long number(byte[] frame) {
    if (frame.length < NUMBER_AT + DIGITS) {
      return -1;
    }
    long number = 0;
    for (int i = NUMBER_AT; i < NUMBER_AT + DIGITS; i++) {
      number = number * 10 + frame[i] - '0';
    }
    if (number < 0) {
      return -1;
    }
    int conversation = (int) (number % conversations);
    byte[] expected = body(conversation).clone();
    digits(conversation, expected, CONVERSATION_AT);
    digits(number, expected, NUMBER_AT);
    return Arrays.equals(expected, frame) ? number : -1;
  }

  private byte[] body(int conversation) {
    return bodies.get(conversation % bodies.size());
  }

  private static void digits(long value, byte[] target, int at) {
    long rest = value;
    for (int i = at + DIGITS - 1; i >= at; i--) {
      target[i] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
  }

  private static byte[] event(String media, int size, Random random) {
    StringBuilder attributes = new StringBuilder("\"attribute.0\":\"x\"");
    String event = "";
    for (int i = 1; event.length() < size; i++) {
      attributes.append(
          ",\"attribute.%d\":\"%s\"".formatted(i, Long.toString(random.nextLong(), 36)));
      event =
          BEFORE_CONVERSATION
              + "0".repeat(DIGITS)
              + BEFORE_NUMBER
              + "0".repeat(DIGITS)
              + "\","
              + participant("customer", media, "connected", attributes.toString(), random)
              + ",{\"id\":\"%s\",".formatted(uuid(random))
              + participant("acd", media, "terminated", "", random)
              + ",{\"id\":\"%s\",".formatted(uuid(random))
              + participant("agent", media, "alerting", "", random)
              + "],\"recordingState\":\"none\"},\"metadata\":{\"CorrelationId\":\"%s\"}}"
                  .formatted(uuid(random));
    }
    return event.getBytes(StandardCharsets.UTF_8);
  }

  /** All of a participant but its beginning. */
  private static String participant(
      String purpose, String media, String state, String attributes, Random random) {
    return ("\"connectedTime\":\"2026-11-21T17:00:00.%03dZ\",\"name\":\"Paris, France\","
            + "\"purpose\":\"%s\",\"userId\":\"%s\",\"queueId\":\"%s\","
            + "\"address\":\"tel:+33123456789\",\"wrapupRequired\":false,\"wrapupExpected\":false,"
            + "\"conversationRoutingData\":{\"queue\":{\"id\":\"%s\"},\"language\":{},\"priority\":0},"
            + "\"attributes\":{%s},\"%s\":[%s]}")
        .formatted(
            random.nextInt(1_000),
            purpose,
            purpose.equals("agent") ? uuid(random) : "",
            QUEUE,
            QUEUE,
            attributes,
            media,
            session(media, state, random));
  }

  private static String session(String media, String state, Random random) {
    String own =
        media.equals("messages")
            ? "\"type\":\"whatsapp\","
            : "\"recording\":false,\"recordingState\":\"none\",\"muted\":false,\"confined\":false,";
    return ("{\"id\":\"%s\",\"state\":\"%s\",\"initialState\":\"offering\",%s\"held\":false,"
            + "\"securePause\":false,\"direction\":\"inbound\",\"self\":{\"name\":\"\",\"nameRaw\":\"\","
            + "\"addressNormalized\":\"tel:+33198765432\",\"addressRaw\":\"tel:+33198765432\","
            + "\"addressDisplayable\":\"+33198765432\"},\"other\":{\"name\":\"Paris, France\","
            + "\"nameRaw\":\"\",\"addressNormalized\":\"tel:+33%d\",\"addressRaw\":\"tel:+33%d\","
            + "\"addressDisplayable\":\"+33123456789\"},\"provider\":\"Edge\","
            + "\"connectedTime\":\"2026-11-21T17:00:00.%03dZ\",\"afterCallWorkRequired\":false}")
        .formatted(
            uuid(random),
            state,
            own,
            random.nextInt(100_000_000, 999_999_999),
            random.nextInt(100_000_000, 999_999_999),
            random.nextInt(1_000));
  }

  private static String uuid(Random random) {
    return String.format(
        Locale.ROOT,
        "%08x-%04x-4%03x-a%03x-%012x",
        random.nextInt(),
        random.nextInt(1 << 16),
        random.nextInt(1 << 12),
        random.nextInt(1 << 12),
        random.nextLong() & 0xffff_ffff_ffffL);
  }
}
