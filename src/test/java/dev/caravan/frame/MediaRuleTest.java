package dev.caravan.frame;

import static dev.caravan.frame.Media.CALLBACK;
import static dev.caravan.frame.Media.CHAT;
import static dev.caravan.frame.Media.COBROWSE;
import static dev.caravan.frame.Media.EMAIL;
import static dev.caravan.frame.Media.INTERNALMESSAGE;
import static dev.caravan.frame.Media.MESSAGE;
import static dev.caravan.frame.Media.SCREENMONITORING;
import static dev.caravan.frame.Media.SCREENSHARE;
import static dev.caravan.frame.Media.SOCIAL;
import static dev.caravan.frame.Media.UNKNOWN;
import static dev.caravan.frame.Media.VIDEO;
import static dev.caravan.frame.Media.VOICE;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MediaRuleTest {

  private static final String USER = "v2.users.9ed7d9f6-0c59-4360-ac54-40dd35eb9c2f";
  private static final String QUEUE = "v2.routing.queues.0e185c02-aca1-4a72-82ea-2e78684e2c89";
  private static final String DETAIL =
      "v2.detail.events.conversation.dc119522-79c5-4729-a131-05a4ca44a12f";
  private static final String ANALYTICS =
      "v2.analytics.queues.0e185c02-aca1-4a72-82ea-2e78684e2c89.observations";

  private final EnvelopeReader reader = new EnvelopeReader();

  private void assertPrimary(Media expected, String... participants) {
    assertThat(conversation(participants).primary()).isEqualTo(expected);
  }

  @Nested
  class DetailEvents {

    @ParameterizedTest
    @CsvSource({
      "VOICE, VOICE",
      "CHAT, CHAT",
      "EMAIL, EMAIL",
      "CALLBACK, CALLBACK",
      "COBROWSE, COBROWSE",
      "VIDEO, VIDEO",
      "SCREENSHARE, SCREENSHARE",
      "MESSAGE, MESSAGE",
      "UNKNOWN, UNKNOWN",
      "HOLOGRAM, UNKNOWN"
    })
    void nameTheirMediumInCapitals(String mediaType, Media expected) {
      Frame.Notification read =
          read(DETAIL + ".acd.start", "{\"mediaType\":\"" + mediaType + "\",\"eventTime\":1}");

      assertThat(read.media()).containsExactly(expected);
      assertThat(read.primary()).isEqualTo(expected);
    }

    @Test
    void nameTheMessageTypeToo() {
      Frame.Notification read =
          read(
              DETAIL + ".customer.start",
              "{\"mediaType\":\"MESSAGE\",\"messageType\":\"WEBMESSAGING\"}");

      assertThat(read.messageType()).isEqualTo("webmessaging");
    }

    @Test
    void haveNoMediumIfTheyNameNone() {
      Frame.Notification read =
          read(
              DETAIL + ".attributes",
              "{\"conversationId\":\"c\",\"communications\":[{\"mediaType\":\"VOICE\"}]}");

      assertThat(read.media()).isEmpty();
      assertThat(read.primary()).isEqualTo(UNKNOWN);
    }
  }

  @Nested
  class Analytics {

    @Test
    void nameTheMediumOfTheirGroup() {
      assertThat(
              read(
                      ANALYTICS,
                      """
              {"group":{"queueId":"q","mediaType":"voice"},"data":[{"interval":"a/b",
              "metrics":[{"metric":"oWaiting","stats":{"count":3}}]}]}""")
                  .media())
          .containsExactly(VOICE);
    }

    @Test
    void haveNoMediumIfTheMetricIsNotSplitByMedia() {
      assertThat(
              read(
                      ANALYTICS,
                      """
              {"group":{"queueId":"q"},"data":[{"mediaType":"voice","metrics":[
              {"metric":"oUserPresences","qualifier":"p","stats":{"count":1}}]}]}""")
                  .media())
          .isEmpty();
    }

    @Test
    void nameOneMediumForEachResult() {
      Frame.Notification read =
          read(
              "v2.analytics.queues.q1.activity",
              """
              {"results":[{"mediaType":"message","data":[{"mediaType":"chat"}]},
              {"data":[]},{"mediaType":"voice","data":[]}]}""");

      assertThat(read.media()).containsExactly(VOICE, MESSAGE);
      assertThat(read.primary()).isEqualTo(MESSAGE);
    }

    @Test
    void nameTheMediumOfAConversationMetric() {
      Frame.Notification read =
          read(
              "v2.analytics.conversation.c1.metrics",
              "{\"metric\":\"tAcd\",\"mediaType\":\"message\",\"messageType\":\"WhatsApp\"}");

      assertThat(read.media()).containsExactly(MESSAGE);
      assertThat(read.messageType()).isEqualTo("whatsapp");
    }
  }

  @Nested
  class Counters {

    @Test
    void nameTheMediaThatCount() {
      assertThat(
              read(
                      USER + ".conversationsummary",
                      """
              {"userId":"u",
              "call":{"contactCenter":{"active":0,"acw":0},"enterprise":{"active":1,"acw":0}},
              "callback":{"contactCenter":{"active":0,"acw":0},"enterprise":{"active":0,"acw":0}},
              "email":{"contactCenter":{"active":0,"acw":2},"enterprise":{"active":0,"acw":0}},
              "message":{"contactCenter":{"active":3,"acw":0}},
              "socialExpression":{"enterprise":{"active":1}},
              "video":{"other":{"active":9}},
              "chat":{"active":9}}""")
                  .media())
          .containsExactly(VOICE, EMAIL, MESSAGE, SOCIAL);
    }

    @Test
    void nameNoneIfAllAreZero() {
      assertThat(
              read(
                      USER + ".conversationsummary",
                      "{\"call\":{\"contactCenter\":{\"active\":0,\"acw\":0}},\"chat\":null}")
                  .media())
          .isEmpty();
    }
  }

  @Nested
  class TopicsOfOneMedium {

    @ParameterizedTest
    @CsvSource({
      "calls, VOICE",
      "chats, CHAT",
      "emails, EMAIL",
      "messages, MESSAGE",
      "callbacks, CALLBACK",
      "cobrowseSessions, COBROWSE",
      "COBROWSESESSIONS, COBROWSE",
      "screenshares, SCREENSHARE",
      "socialexpressions, SOCIAL",
      "videos, VIDEO"
    })
    void nameItInTheirSuffix(String suffix, Media expected) {
      String body =
          "{\"id\":\"c\",\"participants\":[{\"state\":\"alerting\",\"user\":{\"id\":\"u\"}}]}";

      for (String prefix : new String[] {USER, QUEUE}) {
        Frame.Notification read = read(prefix + ".conversations." + suffix, body);

        assertThat(read.media()).containsExactly(expected);
        assertThat(read.primary()).isEqualTo(expected);
      }
    }

    @Test
    void tellTheMessageTypeOfTheCurrentParticipant() {
      Frame.Notification read =
          read(
              USER + ".conversations.messages",
              """
              {"participants":[
              {"state":"connected","type":"sms","connectedTime":"2026-11-21T17:00:00.000Z",
              "messages":[{"messageStatus":"received","type":"telegram","state":"x"}]},
              {"state":"connected","type":"whatsapp","connectedTime":"2026-11-21T17:05:00.000Z"},
              {"state":"disconnected","type":"line","connectedTime":"2026-11-21T17:09:00.000Z"}]}""");

      assertThat(read.media()).containsExactly(MESSAGE);
      assertThat(read.messageType()).isEqualTo("whatsapp");
    }

    @ParameterizedTest
    @CsvSource({"videos, VIDEO", "socialexpressions, SOCIAL"})
    void keepTheirSubjectWhileArraysAddToIt(String suffix, Media subject) {
      Frame.Notification read =
          read(
              QUEUE + ".conversations." + suffix,
              """
              {"participants":[{"calls":[{"state":"connected"}],
              "screenshares":[{"state":"connected"}],"videos":[]}]}""");

      assertThat(read.media()).containsExactlyInAnyOrder(subject, VOICE, SCREENSHARE);
      assertThat(read.primary()).isEqualTo(subject);
    }
  }

  @Nested
  class TopicsOfAnyMedium {

    @ParameterizedTest
    @CsvSource({
      "calls, VOICE",
      "callbacks, CALLBACK",
      "chats, CHAT",
      "cobrowsesessions, COBROWSE",
      "emails, EMAIL",
      "messages, MESSAGE",
      "screenshares, SCREENSHARE",
      "socialExpressions, SOCIAL",
      "videos, VIDEO",
      "internalMessages, INTERNALMESSAGE",
      "screenMonitorings, SCREENMONITORING"
    })
    void tellItByTheParticipantsArrays(String array, Media expected) {
      String body =
          "{\"id\":\"c\",\"participants\":[{\"%s\":[{\"state\":\"connected\"}]}]}".formatted(array);

      for (String prefix : new String[] {USER, QUEUE}) {
        Frame.Notification read = read(prefix + ".conversations", body);

        assertThat(read.media()).containsExactly(expected);
        assertThat(read.primary()).isEqualTo(expected);
        assertThat(read.stream()).isEqualTo("conversations." + expected.wire());
      }
    }

    @Test
    void ignoreEmptyArrays() {
      assertThat(
              conversation("{\"calls\":[],\"chats\":null,\"emails\":[{\"state\":\"alerting\"}]}")
                  .media())
          .containsExactly(EMAIL);
    }

    @Test
    void haveNoneWithoutArrays() {
      Frame.Notification read = conversation("{\"purpose\":\"workflow\",\"workflow\":{}}");

      assertThat(read.media()).isEmpty();
      assertThat(read.stream()).isEqualTo("conversations.unknown");
    }

    @Test
    void mayHaveSeveral() {
      Frame.Notification read =
          conversation(
              """
              {"calls":[{"state":"connected","connectedTime":"2026-11-21T17:00:00.000Z"}]}""",
              """
              {"screenshares":[{"state":"connected","connectedTime":"2026-11-21T17:03:00.000Z"}]}""");

      assertThat(read.media()).containsExactly(VOICE, SCREENSHARE);
      assertThat(read.primary()).isEqualTo(SCREENSHARE);
    }

    @Test
    void areNotFooledByFieldsOfTheSameNameElsewhere() {
      Frame.Notification read =
          conversation(
              """
              {"attributes":{"calls":"1","chats":"[]","videos":"x"},
              "conversationRoutingData":{"emails":[{"state":"connected"}]},
              "messages":[{"state":"connected","type":"open","messages":[
              {"media":[{"mediaType":"video/mp4"}],"calls":[{"state":"connected"}]}],
              "mediaType":"voice"}]}""");

      assertThat(read.media()).containsExactly(MESSAGE);
      assertThat(read.messageType()).isEqualTo("open");
    }

    @Test
    void ignoreAMediaTypeOfTheBody() {
      assertThat(
              read(
                      USER + ".conversations",
                      "{\"mediaType\":\"chat\",\"participants\":[{\"calls\":[{\"state\":\"x\"}]}]}")
                  .media())
          .containsExactly(VOICE);
    }
  }

  @Nested
  class PrimaryMedium {

    @Test
    void isThatOfTheMostRecentlyConnectedParty() {
      assertPrimary(
          CALLBACK,
          party("calls", "connected", "17:00:00.131"),
          party("callbacks", "connected", "17:00:00.132"),
          party("emails", "connected", "16:59:59"));
    }

    @Test
    void comparesInstantsAndNotTexts() {
      assertPrimary(
          VOICE,
          party("calls", "connected", "17:00:00.9"),
          party("callbacks", "connected", "17:00:00"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"disconnected", "terminated", "none"})
    void isNotThatOfAPartyThatIsOver(String state) {
      assertPrimary(
          CALLBACK, party("callbacks", "connected", "17:00:00"), party("calls", state, "17:05:00"));
    }

    @Test
    void isNotThatOfAParticipantThatHasEnded() {
      assertPrimary(
          CALLBACK,
          party("callbacks", "connected", "17:00:00"),
          """
                      {"calls":[{"state":"connected","connectedTime":"2026-11-21T17:05:00.000Z"}],
                      "endTime":"2026-11-21T17:06:00.000Z"}""");
    }

    @Test
    void isThatOfTheMostRecentPartyIfAllAreOver() {
      assertPrimary(
          VOICE,
          party("calls", "terminated", "17:05:00"),
          party("callbacks", "disconnected", "17:00:00"));
    }

    @Test
    void isThatOfTheLaterPartyIfTimesAreEqual() {
      assertPrimary(
          CHAT, party("calls", "connected", "17:00:00"), party("chats", "connected", "17:00:00"));
    }

    @Test
    void isThatOfAConnectedPartyBeforeOneThatStillRings() {
      assertPrimary(
          CALLBACK,
          party("callbacks", "connected", "17:00:00"),
          "{\"calls\":[{\"state\":\"alerting\"}]}");
    }

    @Test
    void isThatOfAPartyThatStillRingsBeforeOneThatHasLeft() {
      assertPrimary(
          VOICE,
          party("callbacks", "disconnected", "17:00:00"),
          "{\"calls\":[{\"state\":\"alerting\"}]}");
    }

    @Test
    void takesTheParticipantsTimeWhereTheSessionHasNone() {
      assertPrimary(
          VOICE,
          """
                      {"calls":[{"state":"connected"}],
                      "connectedTime":"2026-11-21T17:05:00.000Z"}""",
          party("chats", "connected", "17:01:00"));
    }

    @Test
    void tellsTheMessageTypeOfItsOwnParty() {
      Frame.Notification read =
          conversation(
              """
              {"messages":[{"state":"disconnected","type":"sms",
              "connectedTime":"2026-11-21T17:09:00Z"}]}""",
              """
              {"messages":[{"state":"connected","type":"WhatsApp",
              "connectedTime":"2026-11-21T17:01:00Z"}]}""");

      assertThat(read.primary()).isEqualTo(MESSAGE);
      assertThat(read.messageType()).isEqualTo("whatsapp");
    }

    @Test
    void tellsTheFirstMessageTypeIfItsPartyHasNone() {
      Frame.Notification read =
          conversation(
              "{\"messages\":[{\"state\":\"connected\",\"type\":\"sms\"}]}",
              "{\"messages\":[{\"state\":\"connected\"}]}");

      assertThat(read.messageType()).isEqualTo("sms");
    }

    private static String party(String array, String state, String time) {
      return "{\"%s\":[{\"state\":\"%s\",\"connectedTime\":\"2026-11-21T%sZ\"}]}"
          .formatted(array, state, time);
    }
  }

  @Nested
  class OtherTopics {

    @ParameterizedTest
    @ValueSource(
        strings = {
          ".presence",
          ".routingStatus",
          ".activity",
          ".workforcemanagement.adherence",
          ".station",
          ".voicemail.messages"
        })
    void haveNone(String suffix) {
      Frame.Notification read =
          read(USER + suffix, "{\"id\":\"x\",\"mediaUris\":{\"mediaType\":\"voice\"}}");

      assertThat(read.media()).isEmpty();
      assertThat(read.primary()).isEqualTo(UNKNOWN);
      assertThat(read.messageType()).isEmpty();
    }

    @Test
    void nameItInAField() {
      Frame.Notification read =
          read(
              USER + ".conversations.summaries",
              "{\"conversationId\":\"c\",\"mediaType\":\"Message\",\"messageType\":\"Open\"}");

      assertThat(read.media()).containsExactly(MESSAGE);
      assertThat(read.messageType()).isEqualTo("open");
      assertThat(read.stream()).isEqualTo("conversations.message");
    }

    @Test
    void mayNameItInAFieldThatIsNoText() {
      assertThat(read("v2.quality.evaluations", "{\"id\":\"e\",\"mediaType\":[\"CALL\"]}").media())
          .isEmpty();
    }

    @Test
    void areVoiceIfTheyAreTranscripts() {
      assertThat(
              read(
                      "v2.conversations.c1.transcription",
                      "{\"transcripts\":[{\"channel\":\"EXTERNAL\"}]}")
                  .media())
          .containsExactly(VOICE);
    }

    @Test
    void areChatIfTheyAreAboutAChatRoom() {
      Frame.Notification read =
          read("v2.conversations.chats.c1.messages", "{\"id\":\"m\",\"body\":\"hello\"}");

      assertThat(read.media()).containsExactly(CHAT);
      assertThat(read.stream()).isEqualTo("conversations.chat");
    }
  }

  @Test
  void controlFramesHaveNone() {
    assertThat(MediaRule.apply(TopicTraits.of("v2.system.socket_closing"), BodyFacts.NONE).all())
        .isEmpty();
    assertThat(MediaRule.apply(TopicTraits.of("channel.metadata"), BodyFacts.NONE).all()).isEmpty();
  }

  @Test
  void theSetHasTheOrderOfTheEnumWhateverTheOrderOfTheParties() {
    assertThat(
            conversation(
                    "{\"screenMonitorings\":[{\"state\":\"connected\"}]}",
                    "{\"internalMessages\":[{\"state\":\"connected\"}]}",
                    "{\"videos\":[{}],\"socialExpressions\":[{}],\"cobrowsesessions\":[{}]}",
                    "{\"calls\":[{}]}")
                .media())
        .containsExactly(VOICE, COBROWSE, SOCIAL, VIDEO, INTERNALMESSAGE, SCREENMONITORING);
  }

  private Frame.Notification conversation(String... participants) {
    return read(
        USER + ".conversations",
        "{\"id\":\"c\",\"participants\":[" + String.join(",", participants) + "]}");
  }

  private Frame.Notification read(String topic, String body) {
    Frame frame =
        reader.read(SampleFrames.notification(topic, body).getBytes(StandardCharsets.UTF_8));
    assertThat(frame).isInstanceOf(Frame.Notification.class);
    return (Frame.Notification) frame;
  }
}
