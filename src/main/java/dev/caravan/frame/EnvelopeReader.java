package dev.caravan.frame;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import java.io.IOException;
import java.util.Locale;
import java.util.function.Predicate;

/**
 * Reads from a frame, in one pass over its bytes, all that the bridge needs to know of it: what it
 * is, its medium, key and identity. The bytes themselves are never rewritten. Safe for several
 * threads.
 *
 * <p>A bad frame is an answer, not an exception: {@link Frame.Unreadable} says at which byte it
 * stopped making sense and quotes none of it, since payloads hold personal data.
 */
public final class EnvelopeReader {

  private static final int MAX_DEPTH = 1_000;
  private static final int MAX_TEXT = 32 << 20;
  private static final Predicate<String> CORRELATION_ID = "CorrelationId"::equalsIgnoreCase;

  /** Topics remembered at once; a power of two. Others are worked out again when they return. */
  private static final int TOPIC_SLOTS = 1 << 13;

  private volatile Names names = new Names();

  // Races lose nothing: entries are immutable, and one that is overwritten is worked out again.
  private final TopicTraits[] topics = new TopicTraits[TOPIC_SLOTS];

  /** Hears of what an event is told from. */
  @FunctionalInterface
  interface Witness {
    Witness NOBODY = (topic, body) -> {};

    void saw(TopicTraits topic, BodyFacts body);
  }

  /**
   * Never throws and never returns null, whatever the bytes are: what it stumbles over is a frame
   * that could not be read, and not one that is lost.
   */
  public Frame read(byte[] frame) {
    return read(frame, Witness.NOBODY);
  }

  Frame read(byte[] frame, Witness witness) {
    int start = firstByte(frame);
    if (start == frame.length) {
      return new Frame.Unreadable("is empty");
    }
    // A zero byte would make the parser guess UTF-16; text frames are UTF-8.
    if (frame[start] != '{' || (start + 1 < frame.length && frame[start + 1] == 0)) {
      return new Frame.Unreadable("does not begin with a JSON object");
    }
    if (names.tooMany()) {
      names = new Names();
    }
    try (JsonParser parser = names.createParser(frame, start, frame.length - start)) {
      return envelope(parser, frame, start, witness);
    } catch (JsonEOFException e) {
      return new Frame.Unreadable("is cut off after " + frame.length + " bytes");
    } catch (StreamConstraintsException e) {
      // It does not tell where
      return new Frame.Unreadable(
          "is nested deeper than 1,000 levels, or holds a number of more than 1,000 digits or a text"
              + " of more than 32 MiB");
    } catch (JsonProcessingException e) {
      return new Frame.Unreadable("is not JSON at byte " + offset(e.getLocation(), start));
    } catch (IOException | RuntimeException | StackOverflowError e) {
      return new Frame.Unreadable("could not be read: " + e.getClass().getSimpleName());
    }
  }

  private Frame envelope(JsonParser parser, byte[] frame, int start, Witness witness)
      throws IOException {
    Envelope envelope = new Envelope();
    BodyReader body = new BodyReader(parser);
    parser.nextToken();
    for (String name; (name = parser.nextFieldName()) != null; ) {
      JsonToken value = parser.nextToken();
      switch (name) {
        case "topicName" -> envelope.topicName = text(parser, value);
        case "eventBody" -> {
          if (envelope.bodyStart >= 0) {
            return new Frame.Unreadable("has more than one eventBody");
          }
          envelope.bodyStart = start + (int) parser.currentTokenLocation().getByteOffset();
          body.read();
          envelope.bodyEnd = start + (int) parser.currentLocation().getByteOffset();
        }
        case "metadata" -> envelope.metadataCorrelationId = textIn(parser, value, CORRELATION_ID);
        case "result", "status" -> envelope.reply |= !text(parser, value).isEmpty();
        default -> parser.skipChildren();
      }
    }
    if (parser.nextToken() != null) {
      return new Frame.Unreadable(
          "goes on after its end, at byte " + offset(parser.currentTokenLocation(), start));
    }
    return envelope.topicName.isEmpty()
        ? withoutTopic(envelope)
        : withTopic(traits(envelope.topicName), envelope, body, frame, witness);
  }

  private static Frame withoutTopic(Envelope envelope) {
    return envelope.reply && envelope.bodyStart < 0
        ? new Frame.Control(Frame.Kind.REPLY, "")
        : new Frame.Unreadable("has no topicName");
  }

  private static Frame withTopic(
      TopicTraits topic, Envelope envelope, BodyReader body, byte[] frame, Witness witness) {
    if (topic.family() == TopicTraits.Family.CONTROL) {
      return new Frame.Control(kind(topic.topicName().toLowerCase(Locale.ROOT), body), body.reason);
    }
    if (envelope.bodyStart < 0) {
      return new Frame.Unreadable("has no eventBody");
    }
    BodyFacts facts = body.facts();
    witness.saw(topic, facts);
    MediaRule.Result media = MediaRule.apply(topic, facts);
    return new Frame.Notification(
        topic.topicName(),
        envelope.metadataCorrelationId,
        EventId.of(topic.hash(), frame, envelope.bodyStart, envelope.bodyEnd - envelope.bodyStart),
        media.all(),
        media.primary(),
        media.messageType(),
        topic.keyFrom(facts),
        topic.stream().isEmpty() ? media.primary().stream() : topic.stream());
  }

  private static Frame.Kind kind(String topic, BodyReader body) {
    if (topic.equals("channel.metadata")) {
      String message = body.message.toLowerCase(Locale.ROOT);
      if (message.equals("pong")) {
        return Frame.Kind.PONG;
      }
      return message.contains("heartbeat") ? Frame.Kind.HEARTBEAT : Frame.Kind.OTHER_SYSTEM;
    }
    if (topic.startsWith("v2.subscription.")) {
      return Frame.Kind.SUBSCRIPTION_CHANGED;
    }
    String[] segments = topic.split("\\.", 4);
    Frame.Kind byTopic = systemKind(segments.length > 2 ? segments[2] : "");
    return byTopic == Frame.Kind.OTHER_SYSTEM
        ? systemKind(body.systemTopicType.toLowerCase(Locale.ROOT))
        : byTopic;
  }

  private static Frame.Kind systemKind(String type) {
    return switch (type) {
      case "socket_closing" -> Frame.Kind.SOCKET_CLOSING;
      case "no_longer_subscribed" -> Frame.Kind.NO_LONGER_SUBSCRIBED;
      case "token_revoked" -> Frame.Kind.TOKEN_REVOKED;
      case "subscription_changed" -> Frame.Kind.SUBSCRIPTION_CHANGED;
      default -> Frame.Kind.OTHER_SYSTEM;
    };
  }

  private TopicTraits traits(String topicName) {
    int hash = topicName.hashCode();
    int slot = (hash ^ hash >>> 16) & TOPIC_SLOTS - 1;
    TopicTraits known = topics[slot];
    if (known == null || !known.topicName().equals(topicName)) {
      known = TopicTraits.of(topicName);
      topics[slot] = known;
    }
    return known;
  }

  /** The text of one field of an object; empty if this is no object or has no such field. */
  static String textIn(JsonParser parser, JsonToken value, Predicate<String> field)
      throws IOException {
    if (value != JsonToken.START_OBJECT) {
      parser.skipChildren();
      return "";
    }
    String found = "";
    for (String name; (name = parser.nextFieldName()) != null; ) {
      JsonToken inner = parser.nextToken();
      if (field.test(name)) {
        found = text(parser, inner);
      } else {
        parser.skipChildren();
      }
    }
    return found;
  }

  /** The text of a scalar, as it is written; empty for null and for structures. */
  static String text(JsonParser parser, JsonToken value) throws IOException {
    if (value == JsonToken.VALUE_STRING || value.isNumeric()) {
      return parser.getText();
    }
    parser.skipChildren();
    return "";
  }

  /** Past a byte order mark and blanks; the frame's length if there is nothing else. */
  private static int firstByte(byte[] frame) {
    int at = 0;
    if (frame.length >= 3
        && frame[0] == (byte) 0xEF
        && frame[1] == (byte) 0xBB
        && frame[2] == (byte) 0xBF) {
      at = 3;
    }
    while (at < frame.length
        && (frame[at] == ' ' || frame[at] == '\n' || frame[at] == '\r' || frame[at] == '\t')) {
      at++;
    }
    return at;
  }

  private static long offset(JsonLocation location, int start) {
    return location == null ? start : start + Math.max(0, location.getByteOffset());
  }

  /**
   * Makes the parsers, which share what they learn of field names: one String each, found by its
   * bytes. Names of participant attributes are the customer's, and may be new in every frame;
   * learning one copies all that are known, so a reader that knows too many starts afresh.
   */
  private static final class Names extends JsonFactory {

    /** All topics together have some 1,500 names, those that people subscribe a few hundred. */
    private static final int MOST = 1_000;

    private Names() {
      super(
          new JsonFactoryBuilder()
              .enable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
              // It would add a lock and nothing else.
              .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
              .disable(JsonFactory.Feature.FAIL_ON_SYMBOL_HASH_OVERFLOW)
              .recyclerPool(JsonRecyclerPools.threadLocalPool())
              .streamReadConstraints(
                  StreamReadConstraints.builder()
                      .maxNestingDepth(MAX_DEPTH)
                      .maxStringLength(MAX_TEXT)
                      .maxNumberLength(1_000)
                      .build()));
    }

    private boolean tooMany() {
      return _byteSymbolCanonicalizer.size() > MOST;
    }
  }

  /** The envelope's own fields while the parser passes; texts are empty where it has none. */
  private static final class Envelope {
    private String topicName = "";
    private String metadataCorrelationId = "";

    /** Whether it says what came of something that was asked for. */
    private boolean reply;

    private int bodyStart = -1;
    private int bodyEnd;
  }
}
