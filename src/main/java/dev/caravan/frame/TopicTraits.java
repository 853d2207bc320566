package dev.caravan.frame;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Everything a topic name alone tells about its events, worked out once per topic.
 *
 * @param topicName as received
 * @param family which row of the media rule applies
 * @param suffix the medium the last segment of a ONE_MEDIUM topic names; UNKNOWN for others
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

  /**
   * What the shape of a topic tells; the first row that fits counts. An agent's detail event is
   * about the agent, whichever conversation caused it.
   */
  private static final List<Shape> SHAPES =
      """
      channel.metadata                  CONTROL       TOPIC           other
      v2.system.*                       CONTROL       TOPIC           other
      v2.subscription.*                 CONTROL       TOPIC           other
      v2.detail.events.agent.*          DETAIL_EVENT  TOPIC           detail-events
      v2.detail.events.*                DETAIL_EVENT  CONVERSATION_ID detail-events
      v2.analytics.conversation.*       ANALYTICS     CONVERSATION_ID observations
      v2.analytics.*                    ANALYTICS     TOPIC           observations
      *.conversationsummary             COUNTERS      TOPIC           other
      *.conversations.calls             ONE_MEDIUM    ID              -  VOICE
      *.conversations.chats             ONE_MEDIUM    ID              -  CHAT
      *.conversations.emails            ONE_MEDIUM    ID              -  EMAIL
      *.conversations.messages          ONE_MEDIUM    ID              -  MESSAGE
      *.conversations.callbacks         ONE_MEDIUM    ID              -  CALLBACK
      *.conversations.cobrowsesessions  ONE_MEDIUM    ID              -  COBROWSE
      *.conversations.screenshares      ONE_MEDIUM    ID              -  SCREENSHARE
      *.conversations.socialexpressions ONE_MEDIUM    ID              -  SOCIAL
      *.conversations.videos            ONE_MEDIUM    ID              -  VIDEO
      *.conversations                   ANY_MEDIUM    ID              -
      v2.conversations.chats.*          CHAT_ROOM     CONVERSATION_ID -
      v2.conversations.*.transcription  TRANSCRIPTION CONVERSATION_ID transcription
      *.conversations.summaries         OTHER         CONVERSATION_ID -
      *.workforcemanagement.adherence   OTHER         USER_ID         adherence
      v2.workforcemanagement.*.adherence OTHER        USER_ID         adherence
      v2.users.*.presence               OTHER         TOPIC           presence
      v2.users.*.routingstatus          OTHER         TOPIC           routing-status
      *.conversation.*                  OTHER         CONVERSATION_ID other
      *.conversations.*                 OTHER         CONVERSATION_ID other
      *                                 OTHER         TOPIC           other
      """
          .lines()
          .map(Shape::of)
          .toList();

  private record Shape(Pattern topic, Family family, KeySource key, String stream, Media suffix) {
    static Shape of(String row) {
      String[] cells = row.split(" +");
      return new Shape(
          Pattern.compile("\\Q" + cells[0].replace("*", "\\E.*\\Q") + "\\E", Pattern.DOTALL),
          Family.valueOf(cells[1]),
          KeySource.valueOf(cells[2]),
          cells[3].equals("-") ? "" : cells[3],
          cells.length > 4 ? Media.valueOf(cells[4]) : Media.UNKNOWN);
    }
  }

  /** What a topic of this name tells, whatever its case. */
  public static TopicTraits of(String topicName) {
    String t = topicName.toLowerCase(Locale.ROOT);
    Shape shape =
        SHAPES.stream().filter(it -> it.topic.matcher(t).matches()).findFirst().orElseThrow();
    return new TopicTraits(
        topicName,
        shape.family,
        shape.suffix,
        shape.stream,
        shape.key,
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
