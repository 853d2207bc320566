package dev.caravan.frame;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EnvelopeReaderTest {

  private static final String USER = "9ed7d9f6-0c59-4360-ac54-40dd35eb9c2f";
  private static final String CONVERSATION = SampleFrames.CONVERSATION;
  private static final String QUEUE = SampleFrames.QUEUE;
  private static final String TOPIC = "v2.users." + USER + ".presence";

  private final EnvelopeReader reader = new EnvelopeReader();

  @Test
  void readsTheWholeEnvelope() {
    Frame.Notification read =
        notification(
            "{\"topicName\":\"v2.users.%s.conversations\",\"version\":\"2\",".formatted(USER)
                + "\"eventBody\":{\"id\":\"%s\",\"participants\":[".formatted(CONVERSATION)
                + "{\"messages\":[{\"state\":\"connected\",\"type\":\"whatsapp\"}]}]},"
                + "\"metadata\":{\"CorrelationId\":\"abc\",\"type\":\"member-change\"}}");

    assertThat(read.topicName()).isEqualTo("v2.users." + USER + ".conversations");
    assertThat(read.correlationId()).isEqualTo("abc");
    assertThat(read.id().hex()).matches("[0-9a-f]{32}");
    assertThat(read.media()).containsExactly(Media.MESSAGE);
    assertThat(read.primary()).isEqualTo(Media.MESSAGE);
    assertThat(read.messageType()).isEqualTo("whatsapp");
    assertThat(read.key()).isEqualTo(CONVERSATION);
    assertThat(read.stream()).isEqualTo("conversations.message");
  }

  @Test
  void needsNeitherVersionNorMetadata() {
    Frame.Notification read = notification("{\"eventBody\":{},\"topicName\":\"" + TOPIC + "\"}");

    assertThat(read.correlationId()).isEmpty();
    assertThat(read.key()).isEqualTo(USER);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"metadata\":null", "{\"metadata\":\"x\"", "{\"metadata\":[{}]"})
  void toleratesAnyMetadata(String start) {
    assertThat(notification(start + ",\"eventBody\":{},\"topicName\":\"" + TOPIC + "\"}"))
        .extracting(Frame.Notification::correlationId)
        .isEqualTo("");
  }

  @Test
  void doesNotMindTheOrderOfTheKeys() {
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("topicName", "\"v2.users." + USER + ".conversations\"");
    fields.put("version", "\"2\"");
    fields.put("extra", "{\"eventBody\":{\"id\":\"decoy\"},\"topicName\":\"decoy\"}");
    fields.put(
        "eventBody",
        "{\"participants\":[{\"calls\":[{\"state\":\"connected\"}]}],\"id\":\""
            + CONVERSATION
            + "\"}");
    fields.put("metadata", "{\"CorrelationId\":\"abc\"}");
    Frame expected = reader.read(envelope(fields, List.copyOf(fields.keySet()), ""));

    List<String> order = new ArrayList<>(fields.keySet());
    Random random = new Random(3);
    for (int i = 0; i < 200; i++) {
      Collections.shuffle(order, random);
      String blanks = List.of("", " ", "\n\t ", "\r\n").get(random.nextInt(4));

      assertThat(reader.read(envelope(fields, order, blanks))).isEqualTo(expected);
    }
    assertThat(expected).isInstanceOf(Frame.Notification.class);
  }

  private static byte[] envelope(Map<String, String> fields, List<String> order, String blanks) {
    return order.stream()
        .map(name -> blanks + "\"" + name + "\"" + blanks + ":" + blanks + fields.get(name))
        .collect(Collectors.joining(blanks + ",", blanks + "{", blanks + "}" + blanks))
        .getBytes(StandardCharsets.UTF_8);
  }

  @Nested
  class Identity {

    @ParameterizedTest
    @ValueSource(
        strings = {
          "{}",
          "{\"a\":{\"b\":[1,2,{}]}}",
          "{ \"name\" : \"Zoë 日本 \\ud83d\\ude00 😀\" }",
          "[]",
          "[1,[2],\"]\"]",
          "\"text with \\\" and 日本\"",
          "\"\"",
          "12345",
          "-1.5e10",
          "0",
          "true",
          "false",
          "null"
        })
    void coversExactlyTheBytesOfTheBody(String body) {
      byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
      EventId expected = EventId.of(EventId.ofTopic(TOPIC), bytes, 0, bytes.length);
      String topic = "\"topicName\":\"" + TOPIC + "\"";

      for (String frame :
          new String[] {
            "{" + topic + ",\"eventBody\":" + body + "}",
            "{\"eventBody\":" + body + "," + topic + "}",
            "{\"note\":\"日本😀\", \"eventBody\" :\n  " + body + "  , " + topic + " }",
            "  {" + topic + ",\"eventBody\": " + body + " ,\"metadata\":{}}\n",
            "\uFEFF{" + topic + ",\"eventBody\":" + body + "}",
            "\uFEFF {\"eventBody\":" + body + "\t," + topic + "}"
          }) {
        assertThat(notification(frame).id()).isEqualTo(expected);
      }
    }

    @Test
    void ignoresMetadataAndVersion() {
      String body = "\"eventBody\":{\"id\":1},\"topicName\":\"" + TOPIC + "\"";

      assertThat(id("{" + body + ",\"metadata\":{\"CorrelationId\":\"a\"},\"version\":\"2\"}"))
          .isEqualTo(id("{" + body + ",\"metadata\":{\"CorrelationId\":\"b\"},\"version\":\"3\"}"))
          .isEqualTo(id("{" + body + "}"));
    }

    @Test
    void differsWithTheTopicAndWithEachByteOfTheBody() {
      List<EventId> ids =
          List.of(
              id("{\"topicName\":\"v2.users.1.presence\",\"eventBody\":{\"id\":1}}"),
              id("{\"topicName\":\"v2.users.2.presence\",\"eventBody\":{\"id\":1}}"),
              id("{\"topicName\":\"V2.users.1.presence\",\"eventBody\":{\"id\":1}}"),
              id("{\"topicName\":\"v2.users.1.presence\",\"eventBody\":{\"id\":2}}"),
              id("{\"topicName\":\"v2.users.1.presence\",\"eventBody\":{\"id\": 1}}"),
              id("{\"topicName\":\"v2.users.1.presence\",\"eventBody\":{\"id\":1,\"a\":1}}"));

      assertThat(ids).doesNotHaveDuplicates();
    }

    @Test
    void holdsForBodiesOfAnyLength() {
      for (int length : new int[] {7_999, 8_000, 8_001, 70_000, 1_000_000, 9_000_000}) {
        String body = "{\"name\":\"" + "é".repeat(length / 2) + "\"}";
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);

        assertThat(id("{\"eventBody\":" + body + ",\"topicName\":\"" + TOPIC + "\"}"))
            .isEqualTo(EventId.of(EventId.ofTopic(TOPIC), bytes, 0, bytes.length));
      }
    }

    private EventId id(String frame) {
      return notification(frame).id();
    }
  }

  @Nested
  class KeyAndStream {

    @ParameterizedTest
    @CsvSource({
      "v2.users.U.presence, U, presence",
      "v2.users.U.routingStatus, U, routing-status",
      "v2.users.U.routingstatus, U, routing-status",
      "v2.users.U.workforcemanagement.adherence, B-USER, adherence",
      "v2.workforcemanagement.managementunits.M1.adherence, B-USER, adherence",
      "v2.workforcemanagement.teams.T1.adherence, B-USER, adherence",
      "v2.users.U.workforcemanagement.adherence.explanations.jobs, U, other",
      "v2.users.U.conversations, B-ID, conversations.unknown",
      "v2.routing.queues.Q.conversations, B-ID, conversations.unknown",
      "v2.users.U.conversations.calls, B-ID, conversations.voice",
      "v2.routing.queues.Q.conversations.cobrowseSessions, B-ID, conversations.cobrowse",
      "v2.users.U.conversations.summaries, B-CONV, conversations.unknown",
      "v2.users.U.conversations.summaries.settings.preview, B-CONV, other",
      "v2.users.U.conversations.C.recordings, B-CONV, other",
      "v2.users.U.conversations.inbound.typing.event, B-CONV, other",
      "v2.users.U.conversationsummary, U, other",
      "v2.users.U.activity, U, other",
      "v2.users.U.voicemail.messages, U, other",
      "v2.routing.queues.Q.users, Q, other",
      "v2.analytics.queues.Q.observations, Q, observations",
      "v2.analytics.queues.Q.activity, Q, observations",
      "v2.analytics.users.U.aggregates, U, observations",
      "v2.analytics.flow.F.aggregates, F, observations",
      "v2.analytics.conversation.C.metrics, B-CONV, observations",
      "v2.analytics.users.details.jobs.availability, v2.analytics.users.details.jobs.availability,"
          + " observations",
      "v2.detail.events.conversation.C.acd.start, B-CONV, detail-events",
      "v2.detail.events.agent.U.state, U, detail-events",
      "v2.detail.events.collaboratechat.group.g7.messages, B-CONV, detail-events",
      "v2.conversations.C.transcription, B-CONV, transcription",
      "v2.conversations.C.suggestions.knowledge.article, B-CONV, other",
      "v2.conversations.chats.C.messages, B-CONV, conversations.chat",
      "v2.conversations.chats.C.members, B-CONV, conversations.chat",
      "v2.speechandtextanalytics.conversation.C1.sentiment, B-CONV, other",
      "v2.taskmanagement.workitems.queues.q1, q1, other",
      "v2.outbound.contactlists.0e185c02-aca1-4a72-82ea-2e78684e2c89.importstatus,"
          + " 0e185c02-aca1-4a72-82ea-2e78684e2c89, other",
      "v2.audits.entitytype.user.entityid.e1, e1, other",
      "v2.quality.evaluations, v2.quality.evaluations, other",
      "some.thing.new, some.thing.new, other",
      "v9, v9, other"
    })
    void dependOnTheTopic(String topic, String key, String stream) {
      Frame.Notification read =
          notification(
              SampleFrames.notification(
                  topic,
                  "{\"id\":\"B-ID\",\"conversationId\":\"B-CONV\",\"user\":{\"id\":\"B-USER\"},"
                      + "\"queueId\":\"B-QUEUE\"}"));

      assertThat(read.key()).isEqualTo(key);
      assertThat(read.stream()).isEqualTo(stream);
    }

    @ParameterizedTest
    @CsvSource({
      "v2.users.U.conversations, U",
      "v2.routing.queues.Q.conversations.calls, Q",
      "v2.detail.events.conversation.C.acd.start, C",
      "v2.conversations.C.transcription, C",
      "v2.conversations.chats.C.messages, C",
      "v2.users.U.conversations.C.recordings, C",
      "v2.users.U.conversations.C.recordings.R, C",
      "v2.workforcemanagement.teams.t1.adherence, t1",
      "v2.users.U.conversations.summaries, U",
      "v2.speechandtextanalytics.conversation.c1.topics, c1",
      "v2..x, v2..x",
      "v2.users..presence, v2.users..presence"
    })
    void comeFromTheTopicIfTheBodyDoesNotSay(String topic, String key) {
      for (String body : List.of("{}", "null", "[{\"id\":\"no\"}]", "{\"id\":{\"id\":\"no\"}}")) {
        assertThat(notification(SampleFrames.notification(topic, body)).key()).isEqualTo(key);
      }
    }

    @Test
    void takeTheConversationIdWhereTheConversationHasNoId() {
      assertThat(
              notification(
                      SampleFrames.notification(
                          "v2.users.U.conversations", "{\"conversationId\":\"c\"}"))
                  .key())
          .isEqualTo("c");
    }

    @Test
    void areTakenFromTheBodyOnlyAtTheirOwnDepth() {
      Frame.Notification read =
          notification(
              SampleFrames.notification(
                  "v2.users.U.conversations",
                  "{\"participants\":[{\"id\":\"p\",\"conversationId\":\"p\"}],"
                      + "\"divisions\":[{\"id\":\"d\"}],\"id\":\"c\",\"x\":{\"id\":\"x\"}}"));

      assertThat(read.key()).isEqualTo("c");
    }
  }

  @Nested
  class ControlFrames {

    @Test
    void areToldByTheirTopic() {
      assertThat(kind(metadata("WebSocket Heartbeat"))).isEqualTo(Frame.Kind.HEARTBEAT);
      assertThat(kind(metadata("pong"))).isEqualTo(Frame.Kind.PONG);
      assertThat(kind(metadata("something new"))).isEqualTo(Frame.Kind.OTHER_SYSTEM);
      assertThat(kind(system("v2.system.socket_closing", "{\"message\":\"soon\"}")))
          .isEqualTo(Frame.Kind.SOCKET_CLOSING);
      assertThat(kind(system("V2.System.Socket_Closing", "{}")))
          .isEqualTo(Frame.Kind.SOCKET_CLOSING);
      assertThat(kind(system("v2.system.no_longer_subscribed.streaming-5-abc", "{}")))
          .isEqualTo(Frame.Kind.NO_LONGER_SUBSCRIBED);
      assertThat(kind(system("v2.system.token_revoked.streaming-5-abc", "{}")))
          .isEqualTo(Frame.Kind.TOKEN_REVOKED);
      assertThat(kind(system("v2.subscription.updated", "{}")))
          .isEqualTo(Frame.Kind.SUBSCRIPTION_CHANGED);
    }

    @Test
    void areToldByTheirTypeIfTheTopicDoesNotSay() {
      String topic = "v2.system.streaming-5-abc.x";

      assertThat(kind(system(topic, "{\"systemTopicType\":\"no_longer_subscribed\"}")))
          .isEqualTo(Frame.Kind.NO_LONGER_SUBSCRIBED);
      assertThat(kind(system(topic, "{\"systemTopicType\":\"token_revoked\"}")))
          .isEqualTo(Frame.Kind.TOKEN_REVOKED);
      assertThat(kind(system(topic, "{\"systemTopicType\":\"subscription_changed\"}")))
          .isEqualTo(Frame.Kind.SUBSCRIPTION_CHANGED);
      assertThat(kind(system(topic, "{}"))).isEqualTo(Frame.Kind.OTHER_SYSTEM);
      assertThat(kind("{\"topicName\":\"v2.system.new_thing\"}"))
          .isEqualTo(Frame.Kind.OTHER_SYSTEM);
    }

    @Test
    void sayWhyButNeverOnWhichChannel() {
      Frame.Control read =
          control(
              system(
                  "v2.system.no_longer_subscribed.streaming-5-abc",
                  "{\"channelId\":\"streaming-5-abc\",\"reason\":\"another_channel_subscribed\","
                      + "\"message\":\"about streaming-5-abc\"}"));

      assertThat(read.reason()).isEqualTo("another_channel_subscribed");
      assertThat(read).hasToString("Control[NO_LONGER_SUBSCRIBED, another_channel_subscribed]");
    }

    @Test
    void answerOurOwnFrames() {
      Frame.Control read =
          control("{\"result\":200,\"status\":\"subscribed\",\"correlationId\":\"x\"}");

      assertThat(read).isEqualTo(new Frame.Control(Frame.Kind.REPLY, ""));
      assertThat(control("{\"result\":\"404\",\"message\":\"gone\"}")).isEqualTo(read);
    }

    private Frame.Kind kind(String frame) {
      return control(frame).kind();
    }

    private Frame.Control control(String frame) {
      return (Frame.Control) read(frame);
    }

    private String metadata(String message) {
      return "{\"topicName\":\"channel.metadata\",\"eventBody\":{\"message\":\"" + message + "\"}}";
    }

    private String system(String topic, String body) {
      return SampleFrames.notification(topic, body);
    }
  }

  @Nested
  class UnreadableFrames {

    private static final String SECRET = "Alice";

    @ParameterizedTest
    @CsvSource(
        quoteCharacter = '`',
        value = {
          "`` | is empty",
          "` \n ` | is empty",
          "`Alice` | does not begin with a JSON object",
          "`\"Alice\"` | does not begin with a JSON object",
          "`[{\"topicName\":\"Alice\"}]` | does not begin with a JSON object",
          "`42` | does not begin with a JSON object",
          "`{}` | has no topicName",
          "`{\"topicName\":null,\"eventBody\":{}}` | has no topicName",
          "`{\"topicName\":[\"Alice\"],\"eventBody\":{}}` | has no topicName",
          "`{\"topicName\":\"\",\"eventBody\":\"Alice\"}` | has no topicName",
          "`{\"eventBody\":{\"name\":\"Alice\"},\"result\":200}` | has no topicName",
          "`{\"status\":\"active\",\"topicName\":{},\"eventBody\":{\"name\":\"Alice\"}}` | has no topicName",
          "`{\"topicName\":\"v2.users.Alice.presence\"}` | has no eventBody",
          "`{\"topicName\":\"t\",\"eventBody\":{},\"eventBody\":{\"n\":\"Alice\"}}` | has more than one eventBody",
          "`{\"topicName\":\"t\",\"eventBody\":{\"name\":Alice}}` | is not JSON at byte 37",
          "`{\"topicName\":\"t\",\"eventBody\":{\"name\":\"Alice\"` | is cut off after 44 bytes",
          "`{\"topicName\":\"t\",\"eventBody\":{\"name\":\"Ali` | is cut off after 41 bytes",
          "`{\"topicName\":\"t\",\"eventBody\":{}} Alice` | is not JSON at byte 33",
          "`{\"topicName\":\"t\",\"eventBody\":{}}{\"name\":\"Alice\"}` | goes on after its end, at byte 32"
        },
        delimiter = '|')
    void sayWhatIsWrongWithoutQuotingThem(String frame, String reason) {
      assertThat(read(frame == null ? "" : frame)).isEqualTo(new Frame.Unreadable(reason));
      assertThat(reason).doesNotContain(SECRET);
    }

    @Test
    void areNestedTooDeep() {
      assertThat(read(nested(1_100)))
          .isInstanceOfSatisfying(
              Frame.Unreadable.class,
              u -> assertThat(u.reason()).contains("nested deeper").doesNotContain("at byte"));
      assertThat(read(nested(990))).isInstanceOf(Frame.Notification.class);
    }

    private String nested(int depth) {
      return "{\"topicName\":\"t\",\"eventBody\":" + "[".repeat(depth) + "]".repeat(depth) + "}";
    }

    @ParameterizedTest
    @ValueSource(strings = {"UTF-16BE", "UTF-16LE", "UTF-16", "UTF-32"})
    void areNotUtf8(String charset) throws Exception {
      String frame = "{\"topicName\":\"t\",\"eventBody\":{}}";

      assertThat(reader.read(frame.getBytes(charset))).isInstanceOf(Frame.Unreadable.class);
      assertThat(reader.read((" \n" + frame).getBytes(charset)))
          .isInstanceOf(Frame.Unreadable.class);
    }

    @Test
    void areBrokenUtf8() {
      byte[] frame =
          "{\"topicName\":\"t\",\"eventBody\":{\"a\":\"_\"}}".getBytes(StandardCharsets.UTF_8);
      frame[frame.length - 4] = (byte) 0xC3;

      assertThat(reader.read(frame)).isInstanceOf(Frame.Unreadable.class);
    }

    @Test
    void areCutOffAtAnyByte() {
      byte[] frame = SampleFrames.conversation(USER, 2_000).getBytes(StandardCharsets.UTF_8);
      for (int length = 0; length < frame.length; length++) {
        byte[] cut = Arrays.copyOf(frame, length);

        assertThat(reader.read(cut)).isInstanceOf(Frame.Unreadable.class);
      }
    }

    @Test
    void neverMakeTheReaderThrow() {
      byte[] original = SampleFrames.conversation(USER, 3_000).getBytes(StandardCharsets.UTF_8);
      Random random = new Random(11);
      for (int i = 0; i < 20_000; i++) {
        byte[] frame = original.clone();
        for (int change = random.nextInt(4); change >= 0; change--) {
          frame[random.nextInt(frame.length)] =
              random.nextBoolean()
                  ? (byte) random.nextInt(256)
                  : (byte) "{}[]\",:\\0u-".charAt(random.nextInt(11));
        }

        assertThat(reader.read(frame)).isNotNull();
      }
    }

    @Test
    void doNotIncludeOnesWithManyCollidingNames() {
      // "Aa" and "BB" have the same String hash; so have all their concatenations.
      StringBuilder attributes = new StringBuilder("\"end\":1");
      for (int i = 0; i < 1 << 12; i++) {
        attributes.append(",\"");
        for (int bit = 0; bit < 12; bit++) {
          attributes.append((i >> bit & 1) == 0 ? "Aa" : "BB");
        }
        attributes.append("\":1");
      }

      assertThat(read(SampleFrames.notification(TOPIC, "{\"attributes\":{" + attributes + "}}")))
          .isInstanceOf(Frame.Notification.class);
    }

    @Test
    void doNotIncludeBigNumbersAndTexts() {
      String text = "x".repeat(8 << 20);

      assertThat(
              read(
                  SampleFrames.notification(
                      TOPIC, "{\"id\":\"" + text + "\",\"n\":" + "9".repeat(900) + "}")))
          .isInstanceOf(Frame.Notification.class);
    }
  }

  @Test
  void readsTheSameHoweverManyFieldNamesItHasMet() {
    Frame expected = read(SampleFrames.conversation(USER, 1_000));
    for (int i = 0; i < 5_000; i++) {
      read("{\"topicName\":\"" + TOPIC + "\",\"eventBody\":{\"name-" + i + "\":1}}");
    }

    assertThat(read(SampleFrames.conversation(USER, 1_000))).isEqualTo(expected);
  }

  @Test
  void readsTheSameInManyThreadsAtOnce() {
    List<byte[]> frames =
        IntStream.range(0, 400)
            .mapToObj(i -> SampleFrames.conversation("user-" + i, 700 + i))
            .map(f -> f.getBytes(StandardCharsets.UTF_8))
            .toList();
    List<Frame> expected = frames.stream().map(f -> new EnvelopeReader().read(f)).toList();

    List<Frame> read =
        IntStream.range(0, 8_000)
            .parallel()
            .mapToObj(i -> reader.read(frames.get(i % frames.size())))
            .toList();

    for (int i = 0; i < read.size(); i++) {
      assertThat(read.get(i)).isEqualTo(expected.get(i % expected.size()));
    }
  }

  private Frame.Notification notification(String frame) {
    Frame read = read(frame);
    assertThat(read).isInstanceOf(Frame.Notification.class);
    return (Frame.Notification) read;
  }

  private Frame read(String frame) {
    return reader.read(frame.getBytes(StandardCharsets.UTF_8));
  }
}
