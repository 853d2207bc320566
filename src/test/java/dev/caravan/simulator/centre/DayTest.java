package dev.caravan.simulator.centre;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.caravan.topic.Topic;
import dev.caravan.topic.TopicCatalogue;
import dev.caravan.topic.Violations;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A day in the contact centre: always the same, consistent, and told in the official shapes. */
@Tag("slow")
class DayTest {

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
  private static final long NINE_O_CLOCK = 1_763_715_600_000L;
  private static final int AGENTS = 40;

  private record Event(String topic, JsonNode body, String correlationId) {}

  /** Hears the chosen topics and keeps what it heard. */
  private static final class Listener implements EventSink {
    private final List<Event> events = new ArrayList<>();
    private final Predicate<String> chosen;

    private Listener(Predicate<String> chosen) {
      this.chosen = chosen;
    }

    @Override
    public boolean heard(String topicName) {
      return chosen.test(topicName);
    }

    @Override
    public void publish(String topicName, Body body, String correlationId) {
      try {
        events.add(new Event(topicName, JSON.readTree(body.bytes()), correlationId));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static Day day(long seed, EventSink sink) {
    return new Day(Organization.draw(seed, AGENTS, 6), seed, 9, NINE_O_CLOCK, sink);
  }

  private static void run(Day day, int things) {
    for (int i = 0; i < things; i++) {
      day.runNext();
    }
  }

  @Test
  void aDayOfNoConversationsPerHourHasNone() {
    Listener listener = new Listener(topic -> topic.endsWith(".conversations"));
    Day day = new Day(Organization.draw(7, AGENTS, 6), 7, 0, NINE_O_CLOCK, listener);

    run(day, 5_000);

    assertThat(listener.events).isEmpty();
  }

  @Test
  void everyEventFitsTheOfficialSchemaOfItsTopic() {
    TopicCatalogue catalogue = TopicCatalogue.shipped();
    Listener listener = new Listener(all -> true);
    run(day(7, listener), 30_000);

    Set<String> violations = new TreeSet<>();
    Set<String> patterns = new TreeSet<>();
    for (Event event : listener.events) {
      Optional<Topic> topic = catalogue.topicOf(event.topic());
      assertThat(topic).as(event.topic()).isPresent();
      patterns.add(topic.get().pattern());
      Violations.of(topic.get(), event.body()).stream()
          .map(violation -> topic.get().pattern() + ": " + violation)
          .forEach(violations::add);
    }

    assertThat(violations).isEmpty();
    assertThat(patterns)
        .contains(
            "v2.users.{id}.conversations",
            "v2.users.{id}.conversations.calls",
            "v2.users.{id}.conversations.chats",
            "v2.users.{id}.conversations.emails",
            "v2.users.{id}.conversations.messages",
            "v2.users.{id}.conversations.callbacks",
            "v2.users.{id}.conversations.screenshares",
            "v2.users.{id}.conversations.cobrowseSessions",
            "v2.users.{id}.conversations.videos",
            "v2.users.{id}.conversations.socialexpressions",
            "v2.users.{id}.conversations.summaries",
            "v2.users.{id}.station",
            "v2.routing.queues.{id}.conversations",
            "v2.routing.queues.{id}.conversations.calls",
            "v2.routing.queues.{id}.conversations.chats",
            "v2.routing.queues.{id}.conversations.emails",
            "v2.routing.queues.{id}.conversations.messages",
            "v2.routing.queues.{id}.conversations.callbacks",
            "v2.routing.queues.{id}.conversations.screenshares",
            "v2.routing.queues.{id}.conversations.cobrowseSessions",
            "v2.routing.queues.{id}.conversations.videos",
            "v2.routing.queues.{id}.conversations.socialexpressions",
            "v2.routing.queues.{id}.users",
            "v2.users.{id}.presence",
            "v2.users.{id}.routingStatus",
            "v2.users.{id}.activity",
            "v2.users.{id}.conversationsummary",
            "v2.users.{id}.workforcemanagement.adherence",
            "v2.workforcemanagement.managementunits.{id}.adherence",
            "v2.workforcemanagement.teams.{id}.adherence",
            "v2.analytics.queues.{id}.observations",
            "v2.analytics.queues.{id}.activity",
            "v2.analytics.users.{id}.aggregates",
            "v2.analytics.conversation.{id}.metrics",
            "v2.analytics.flow.{id}.aggregates",
            "v2.analytics.flow.{id}.metrics",
            "v2.analytics.flowoutcome.{id}.aggregates",
            "v2.analytics.wrapup.{id}.aggregates",
            "v2.conversations.{id}.transcription",
            "v2.conversations.{id}.suggestions.intent",
            "v2.conversations.{id}.suggestions.knowledge.article",
            "v2.conversations.{id}.suggestions.knowledge.search",
            "v2.conversations.{id}.suggestions.response",
            "v2.conversations.{id}.suggestions.script",
            "v2.conversations.{id}.suggestions.thirdpartyaction",
            "v2.speechandtextanalytics.conversation.{id}.sentiment",
            "v2.speechandtextanalytics.conversation.{id}.empathy",
            "v2.speechandtextanalytics.conversation.{id}.topics",
            "v2.speechandtextanalytics.conversations.{id}.categories",
            "v2.detail.events.agent.{id}.state",
            "v2.detail.events.conversation.{id}.customer.start",
            "v2.detail.events.conversation.{id}.acd.start",
            "v2.detail.events.conversation.{id}.acd.end",
            "v2.detail.events.conversation.{id}.user.start",
            "v2.detail.events.conversation.{id}.user.end",
            "v2.detail.events.conversation.{id}.customer.end",
            "v2.detail.events.conversation.{id}.attributes",
            "v2.detail.events.conversation.{id}.contact",
            "v2.detail.events.conversation.{id}.flow.start",
            "v2.detail.events.conversation.{id}.flow.outcome",
            "v2.detail.events.conversation.{id}.flow.end",
            "v2.detail.events.conversation.{id}.voicemail.start",
            "v2.detail.events.conversation.{id}.voicemail.end",
            "v2.detail.events.conversation.{id}.wrapup",
            "v2.detail.events.conversation.{id}.acw");
  }

  @Test
  void theSameSeedTellsTheSameDay() {
    Listener one = new Listener(all -> true);
    Listener other = new Listener(all -> true);
    run(day(3, one), 3_000);
    run(day(3, other), 3_000);

    assertThat(one.events).isEqualTo(other.events);
  }

  @Test
  void whoListensDoesNotChangeTheDay() {
    Listener everything = new Listener(all -> true);
    Listener presence = new Listener(topic -> topic.endsWith(".presence"));
    run(day(5, everything), 5_000);
    run(day(5, presence), 5_000);

    assertThat(presence.events)
        .isNotEmpty()
        .isEqualTo(
            everything.events.stream().filter(e -> e.topic().endsWith(".presence")).toList());
  }

  @Test
  void conversationsGoThroughEveryStage() {
    Listener listener =
        new Listener(topic -> topic.matches("v2\\.routing\\.queues.*conversations"));
    run(day(11, listener), 30_000);

    Set<String> stages = new HashSet<>();
    Set<String> messageTypes = new HashSet<>();
    for (Event event : listener.events) {
      for (JsonNode party : event.body().path("participants")) {
        for (String media :
            List.of(
                "calls",
                "chats",
                "emails",
                "messages",
                "callbacks",
                "videos",
                "socialExpressions")) {
          for (JsonNode session : party.path(media)) {
            stages.add(session.path("state").asText());
            stages.add("disconnect " + session.path("disconnectType").asText("none"));
            stages.add(session.path("held").asBoolean() ? "held" : "not held");
            stages.add("work " + session.path("afterCallWork").path("state").asText("none"));
            messageTypes.add(session.path("type").asText(""));
          }
        }
        stages.add(party.has("screenshares") ? "sharing" : "not sharing");
        stages.add(party.has("cobrowsesessions") ? "browsing together" : "browsing alone");
        stages.add(party.has("consultParticipantId") ? "consulting" : "not consulting");
        stages.add(party.path("purpose").asText());
      }
    }

    assertThat(stages)
        .contains(
            "alerting",
            "connected",
            "disconnected",
            "held",
            "sharing",
            "browsing together",
            "consulting",
            "ivr",
            "workflow",
            "voicemail",
            "disconnect transfer",
            "disconnect transfer.consult",
            "disconnect transfer.noanswer",
            "disconnect client",
            "disconnect peer",
            "work pending",
            "work complete");
    assertThat(messageTypes).contains("whatsapp", "webmessaging", "sms", "open");
  }

  @Test
  void anAgentIsInteractingExactlyWhileInAConversation() {
    Day day = day(13, new Listener(none -> false));

    for (int i = 0; i < 20_000; i++) {
      day.runNext();
      for (int agent = 0; agent < AGENTS; agent++) {
        AgentState state = day.agent(agent);
        assertThat(state.routing() == AgentState.Routing.INTERACTING)
            .isEqualTo(state.conversation().isPresent());
        if (state.conversation().isPresent()) {
          assertThat(state.presence()).isEqualTo(Presence.ON_QUEUE);
        }
      }
    }
  }

  @Test
  void whatIsKeptOfAPartyIsNeverOutOfDate() {
    Organization organization = Organization.draw(31, AGENTS, 6);
    Day day = new Day(organization, 31, 9, NINE_O_CLOCK, new Listener(none -> false));

    for (int i = 0; i < 12_000; i++) {
      day.runNext();
      if (i % 10 == 0) {
        for (Conversation conversation : day.conversations()) {
          if (!conversation.over()) {
            byte[] full = ConversationBody.generic(conversation);
            byte[] flat = ConversationBody.flat(conversation);
            conversation.forgetText();
            assertThat(full).isEqualTo(ConversationBody.generic(conversation));
            assertThat(flat).isEqualTo(ConversationBody.flat(conversation));
          }
        }
      }
    }
  }

  @Test
  void nobodyStaysInAConversationThatTheCustomerHasLeft() {
    Day day = day(29, new Listener(none -> false));

    run(day, 30_000);

    assertThat(day.conversations())
        .filteredOn(conversation -> conversation.ended > 0)
        .hasSizeGreaterThan(100)
        .allSatisfy(
            conversation ->
                assertThat(conversation.parties)
                    .extracting(party -> party.stage)
                    .containsOnly(Participant.Stage.DISCONNECTED));
  }

  @Test
  void anObservationCountsWhatIsReallyWaiting() {
    Map<String, Integer> waiting = new HashMap<>();
    Map<String, Day> holder = new TreeMap<>();
    Organization organization = Organization.draw(17, AGENTS, 6);
    Map<String, Integer> told = new HashMap<>();
    EventSink sink =
        new EventSink() {
          @Override
          public boolean heard(String topicName) {
            return topicName.endsWith(".observations");
          }

          @Override
          public void publish(String topicName, Body body, String correlationId) {
            try {
              JsonNode event = JSON.readTree(body.bytes());
              if (event.path("group").path("mediaType").asText("").isEmpty()) {
                return;
              }
              String queueId = event.path("group").path("queueId").asText();
              String key = queueId + event.path("group").path("mediaType").asText();
              told.put(key, event.at("/data/0/metrics/0/stats/count").asInt());
              Entity queue = organization.queue(queueId).orElseThrow();
              int sum =
                  told.entrySet().stream()
                      .filter(entry -> entry.getKey().startsWith(queueId))
                      .mapToInt(Map.Entry::getValue)
                      .sum();
              if (key.endsWith("unknown")) {
                assertThat(sum).isEqualTo(holder.get("day").waiting(queue.index()));
                waiting.merge("compared", 1, Integer::sum);
                waiting.merge("most", sum, Math::max);
              }
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          }
        };
    Day day = new Day(organization, 17, 14, NINE_O_CLOCK, sink);
    holder.put("day", day);

    run(day, 20_000);

    assertThat(waiting.get("compared")).isGreaterThan(100);
    assertThat(waiting.get("most")).isGreaterThan(1);
  }

  @Test
  void copiesOfOneChangeShareItsCorrelationId() {
    Listener listener = new Listener(topic -> topic.contains(".conversations"));
    run(day(19, listener), 2_000);

    Map<String, Set<String>> topicsById = new HashMap<>();
    listener.events.forEach(
        event ->
            topicsById
                .computeIfAbsent(event.correlationId(), id -> new HashSet<>())
                .add(event.topic()));

    assertThat(topicsById.values()).anyMatch(topics -> topics.size() >= 4);
    assertThat(topicsById.size()).isGreaterThan(200);
  }

  @Test
  void aDayOfTwentyThousandAgentsStaysBounded() {
    Organization organization = Organization.draw(1, 20_000, 2_000);
    Day day = new Day(organization, 1, 9, NINE_O_CLOCK, new Listener(none -> false));

    day.runUntil(NINE_O_CLOCK + 600_000, Integer.MAX_VALUE);

    assertThat(day.now()).isEqualTo(NINE_O_CLOCK + 600_000);
    assertThat(day.planned()).isLessThan(200_000);
    assertThat(day.conversations()).hasSizeLessThan(60_000);
  }
}
