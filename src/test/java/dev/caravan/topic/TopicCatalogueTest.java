package dev.caravan.topic;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TopicCatalogueTest {

  private static final String ID = "9ed7d9f6-0c59-4360-ac54-40dd35eb9c2f";

  private final TopicCatalogue catalogue = TopicCatalogue.shipped();

  @Test
  void hasEveryTopicOfTheOfficialSdks() {
    assertThat(catalogue.all()).hasSize(242);
    assertThat(catalogue.all()).extracting(Topic::pattern).isSorted().doesNotHaveDuplicates();
  }

  @Test
  void marksAllTopicsThatTellAWholeState() {
    assertThat(catalogue.all())
        .filteredOn(Topic::wholeState)
        .extracting(Topic::pattern)
        .containsExactly(
            "v2.analytics.queues.{id}.activity",
            "v2.detail.events.agent.{id}.state",
            "v2.users.{id}.conversationsummary");
    assertThat(catalogue.all())
        .filteredOn(topic -> topic.family() == 'D' || topic.family() == 'E')
        .filteredOn(TopicCatalogueTest::countsSeveralMedia)
        .isNotEmpty()
        .allMatch(Topic::wholeState);
  }

  /** By fields named after media, or by a list of which each entry names its medium. */
  private static boolean countsSeveralMedia(Topic topic) {
    Set<String> media = new HashSet<>(Violations.fieldNames(topic));
    media.retainAll(Set.of("call", "callback", "chat", "email", "message", "video", "voice"));
    boolean listed = false;
    for (JsonNode field : topic.schema().toJsonSchema().path("properties")) {
      listed |= field.path("items").path("properties").has("mediaType");
    }
    return media.size() > 1 || listed;
  }

  @Test
  void findsEachTopicByAConcreteNameInAnyCase() {
    for (Topic topic : catalogue.all()) {
      String concrete = topic.pattern().replace("{id}", ID);

      assertThat(catalogue.topicOf(concrete).map(Topic::pattern)).contains(topic.pattern());
      assertThat(catalogue.topicOf(concrete.toUpperCase(Locale.ROOT)).map(Topic::pattern))
          .contains(topic.pattern());
      assertThat(catalogue.topicOf(topic.pattern()).map(Topic::pattern)).contains(topic.pattern());
      assertThat(catalogue.topicOf(topic.pattern().toLowerCase(Locale.ROOT))).contains(topic);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "v2.users.U.presence, v2.users.{id}.presence",
    "v2.users.U.routingstatus, v2.users.{id}.routingStatus",
    "v2.flows.U, v2.flows.{id}",
    "v2.flows.instances, v2.flows.{id}",
    "v2.flows.instances.flow.U, v2.flows.instances.flow.{id}",
    "v2.users.U.conversations.calls, v2.users.{id}.conversations.calls",
    "v2.users.U.conversations.C.recordings, v2.users.{id}.conversations.{id}.recordings",
    "v2.taskmanagement.workitems.users.U, v2.taskmanagement.workitems.users.{id}",
    "v2.taskmanagement.workitems.U, v2.taskmanagement.workitems.{id}",
    "v2.system.socket_closing, v2.system.socket_closing",
    "v2.system.token_revoked.X, v2.system.token_revoked.{id}",
    "v2.system.X.Y, v2.system.{id}.{id}"
  })
  void prefersWordsToIds(String concrete, String pattern) {
    assertThat(catalogue.topicOf(concrete).map(Topic::pattern)).contains(pattern);
  }

  @ParameterizedTest
  @CsvSource({
    "v2.users.9ed7d9f6-0c59-4360-ac54-40dd35eb9c2f.mood, v2.users.{id}.mood",
    "v2.users.12345.mood.77a, v2.users.{id}.mood.{id}",
    "v2.new.streaming-2-aa5h48uk0srhpugh2994klj918, v2.new.{id}",
    "v3.topics.words.only, v3.topics.words.only",
    "v2.users.{id}.mood, v2.users.{id}.mood",
    "v2.users..presence, v2.users..presence"
  })
  void generalisesWhatItDoesNotKnow(String concrete, String pattern) {
    assertThat(catalogue.topicOf(concrete).map(Topic::pattern)).isEmpty();
    assertThat(catalogue.generalise(concrete)).isEqualTo(pattern);
  }

  @Test
  void generalisesWhatItKnowsToItsExactSpelling() {
    assertThat(catalogue.generalise("V2.USERS.U.ROUTINGSTATUS"))
        .isEqualTo("v2.users.{id}.routingStatus");
  }

  @Test
  void answersTheSameForMoreTopicsThanItRemembers() {
    for (int round = 0; round < 2; round++) {
      IntStream.range(0, 30_000)
          .forEach(
              i -> {
                assertThat(catalogue.generalise("v2.users.u" + i + ".presence"))
                    .isEqualTo("v2.users.{id}.presence");
                assertThat(catalogue.generalise("v2.users.1234" + i + ".mood"))
                    .isEqualTo("v2.users.{id}.mood");
              });
    }
  }

  @ParameterizedTest
  @CsvSource({
    "v2.routing.queue.*.conversations, v2.routing.queues.{id}.conversations",
    "v2.user.9ed7d9f6-0c59-4360-ac54-40dd35eb9c2f.presence, v2.users.{id}.presence",
    "v2.users.*.routing.status, v2.users.{id}.routingStatus",
    "V2.USERS.*.PRESENCES, v2.users.{id}.presence",
    "v2.users.*.wokrforcemanagement.adherence, v2.users.{id}.workforcemanagement.adherence"
  })
  void suggestsTheNearestTopic(String typo, String nearest) {
    assertThat(catalogue.nearest(typo, 3)).hasSize(3).startsWith(nearest);
  }

  @ParameterizedTest
  @CsvSource({
    "v2.users.{id}.conversations, A",
    "v2.routing.queues.{id}.conversations.videos, A",
    "v2.users.{id}.conversations.videos, B",
    "v2.detail.events.conversation.{id}.acd.start, C",
    "v2.analytics.queues.{id}.observations, D",
    "v2.users.{id}.conversationsummary, E",
    "v2.users.{id}.conversations.summaries, F",
    "v2.users.{id}.presence, G",
    "v2.system.socket_closing, S"
  })
  void knowsTheFamily(String pattern, char family) {
    assertThat(catalogue.topicOf(pattern)).get().extracting(Topic::family).isEqualTo(family);
  }

  @Test
  void knowsSomePermissionsAndTransports() {
    Topic observations = catalogue.topicOf("v2.analytics.queues.{id}.observations").orElseThrow();
    Topic adherence =
        catalogue.topicOf("v2.users.{id}.workforcemanagement.adherence").orElseThrow();
    Topic presence = catalogue.topicOf("v2.users.{id}.presence").orElseThrow();

    assertThat(observations.permissions())
        .containsExactly("analytics:queueObservation:view", "analytics:conversationAggregate:view");
    assertThat(observations.anyPermission()).isFalse();
    assertThat(adherence.permissions()).contains("wfm:realtimeAdherence:view");
    assertThat(adherence.anyPermission()).isTrue();
    assertThat(presence.transports()).containsExactly("Websocket", "EventBridge");
    assertThat(presence.eventBridgeOnly()).isFalse();
    assertThat(observations.eventBridgeOnly()).isFalse();
    assertThat(presence.modelClass()).isEqualTo("PresenceEventUserPresence");
  }
}
