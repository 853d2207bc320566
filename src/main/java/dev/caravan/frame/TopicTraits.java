package dev.caravan.frame;

import java.util.Locale;
import java.util.Map;

/**
 * Everything a topic name alone tells about its events, worked out once per topic.
 *
 * @param topicName as received
 * @param family which row of the media rule applies
 * @param suffix the medium the topic's last segment names; UNKNOWN if it names none
 * @param stream the Kafka topic suffix; empty where the primary medium decides it
 * @param keySource where the key is looked for first
 * @param topicKey the key if the body does not say
 * @param hash the topic's share of the event identity
 */
public record TopicTraits(
    String topicName,
    Family family,
    Media suffix,
    String stream,
    KeySource keySource,
    String topicKey,
    EventId hash) {

  /** The rows of the media rule that a topic name can decide. */
  enum Family {
    CONTROL,
    DETAIL_EVENT,
    ANALYTICS,
    COUNTERS,
    ONE_MEDIUM,
    ANY_MEDIUM,
    CHAT_ROOM,
    TRANSCRIPTION,
    OTHER
  }

  /** Which field of the body names the entity the event is about. */
  enum KeySource {
    ID,
    CONVERSATION_ID,
    USER_ID,
    TOPIC
  }

  private static final String CONVERSATIONS = ".conversations";

  private static final Map<String, Media> SUFFIXES =
      Map.of(
          "calls", Media.VOICE,
          "chats", Media.CHAT,
          "emails", Media.EMAIL,
          "messages", Media.MESSAGE,
          "callbacks", Media.CALLBACK,
          "cobrowsesessions", Media.COBROWSE,
          "screenshares", Media.SCREENSHARE,
          "socialexpressions", Media.SOCIAL,
          "videos", Media.VIDEO);

  /** What a topic of this name tells, whatever its case. */
  public static TopicTraits of(String topicName) {
    String t = topicName.toLowerCase(Locale.ROOT);
    Media suffix = suffixOf(t);
    Family family = familyOf(t, suffix);
    return new TopicTraits(
        topicName,
        family,
        suffix,
        streamOf(t, family),
        keySourceOf(t, family),
        topicKeyOf(t, topicName),
        EventId.ofTopic(topicName));
  }

  String keyFrom(BodyFacts body) {
    String key =
        switch (keySource) {
          case ID -> body.id().isEmpty() ? body.conversationId() : body.id();
          case CONVERSATION_ID -> body.conversationId();
          case USER_ID -> body.userId();
          case TOPIC -> topicKey;
        };
    return key.isEmpty() ? topicKey : key;
  }

  /** Where {@link #keyFrom} finds it, for people. */
  String keyPlace(BodyFacts body) {
    String place =
        switch (keySource) {
          case ID ->
              !body.id().isEmpty()
                  ? "eventBody.id"
                  : place(body.conversationId(), "conversationId");
          case CONVERSATION_ID -> place(body.conversationId(), "conversationId");
          case USER_ID -> place(body.userId(), "user.id or eventBody.userId");
          case TOPIC -> "";
        };
    if (!place.isEmpty()) {
      return place;
    }
    return topicKey.equals(topicName) ? "the topic, which has no id" : "the id in the topic";
  }

  private static String place(String value, String field) {
    return value.isEmpty() ? "" : "eventBody." + field;
  }

  private static Media suffixOf(String t) {
    int dot = t.lastIndexOf('.');
    return dot > 0 && t.startsWith(CONVERSATIONS, dot - CONVERSATIONS.length())
        ? SUFFIXES.getOrDefault(t.substring(dot + 1), Media.UNKNOWN)
        : Media.UNKNOWN;
  }

  private static Family familyOf(String t, Media suffix) {
    if (t.equals("channel.metadata")
        || t.startsWith("v2.system.")
        || t.startsWith("v2.subscription.")) {
      return Family.CONTROL;
    }
    if (t.startsWith("v2.detail.events.")) {
      return Family.DETAIL_EVENT;
    }
    if (t.startsWith("v2.analytics.")) {
      return Family.ANALYTICS;
    }
    if (t.endsWith(".conversationsummary")) {
      return Family.COUNTERS;
    }
    if (suffix != Media.UNKNOWN) {
      return Family.ONE_MEDIUM;
    }
    if (t.endsWith(CONVERSATIONS)) {
      return Family.ANY_MEDIUM;
    }
    if (t.startsWith("v2.conversations.chats.")) {
      return Family.CHAT_ROOM;
    }
    if (t.startsWith("v2.conversations.") && t.endsWith(".transcription")) {
      return Family.TRANSCRIPTION;
    }
    return Family.OTHER;
  }

  private static String streamOf(String t, Family family) {
    return switch (family) {
      case ONE_MEDIUM, ANY_MEDIUM, CHAT_ROOM -> "";
      case DETAIL_EVENT -> "detail-events";
      case ANALYTICS -> "observations";
      case TRANSCRIPTION -> "transcription";
      case CONTROL, COUNTERS, OTHER -> {
        if (t.endsWith(".conversations.summaries")) {
          yield "";
        }
        if (t.endsWith(".adherence") && t.contains("workforcemanagement.")) {
          yield "adherence";
        }
        if (t.startsWith("v2.users.") && t.endsWith(".presence")) {
          yield "presence";
        }
        if (t.startsWith("v2.users.") && t.endsWith(".routingstatus")) {
          yield "routing-status";
        }
        yield "other";
      }
    };
  }

  private static KeySource keySourceOf(String t, Family family) {
    return switch (family) {
      case ONE_MEDIUM, ANY_MEDIUM -> KeySource.ID;
      case CHAT_ROOM, TRANSCRIPTION -> KeySource.CONVERSATION_ID;
      // The agent's state is about the agent, whichever conversation caused it.
      case DETAIL_EVENT ->
          t.startsWith("v2.detail.events.agent.") ? KeySource.TOPIC : KeySource.CONVERSATION_ID;
      case ANALYTICS ->
          t.startsWith("v2.analytics.conversation.") ? KeySource.CONVERSATION_ID : KeySource.TOPIC;
      case COUNTERS, CONTROL -> KeySource.TOPIC;
      case OTHER -> {
        if (t.endsWith(".adherence") && t.contains("workforcemanagement.")) {
          yield KeySource.USER_ID;
        }
        yield t.contains(".conversation.") || t.contains(".conversations.")
            ? KeySource.CONVERSATION_ID
            : KeySource.TOPIC;
      }
    };
  }

  private static String topicKeyOf(String t, String topicName) {
    String[] names = t.split("\\.", -1);
    String[] segments = topicName.split("\\.", -1);
    int at = keyPosition(names);
    if (at < 0 || at >= segments.length || segments[at].isEmpty()) {
      at = lastId(segments);
    }
    return at < 0 ? topicName : segments[at];
  }

  /** Where the entity's id stands in the topics whose shape we know; -1 for the others. */
  private static int keyPosition(String[] s) {
    if (s.length < 3) {
      return -1;
    }
    return switch (s[1]) {
      case "users" ->
          s.length > 5 && s[3].equals("conversations") && s[5].equals("recordings") ? 4 : 2;
      case "conversations" -> s[2].equals("chats") ? 3 : 2;
      case "routing" -> s[2].equals("queues") ? 3 : -1;
      case "analytics" -> s.length == 5 ? 3 : -1;
      case "detail" -> s[2].equals("events") ? detailPosition(s) : -1;
      default -> -1;
    };
  }

  private static int detailPosition(String[] s) {
    return s.length > 4 && (s[3].equals("conversation") || s[3].equals("agent")) ? 4 : -1;
  }

  /** The last segment with a digit in it, which no word of Genesys' topics has but the version. */
  private static int lastId(String[] segments) {
    for (int i = segments.length - 1; i > 0; i--) {
      if (segments[i].chars().anyMatch(c -> c >= '0' && c <= '9')) {
        return i;
      }
    }
    return -1;
  }
}
