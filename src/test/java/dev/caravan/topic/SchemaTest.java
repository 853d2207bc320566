package dev.caravan.topic;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SchemaTest {

  private final TopicCatalogue catalogue = TopicCatalogue.shipped();
  private final ObjectMapper mapper = new ObjectMapper();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "v2.users.{id}.presence |"
            + " {`source`:`PURECLOUD`,`presenceDefinition`:{`id`:`p`,`systemPresence`:`AVAILABLE`},`primary`:true,`message`:``,`modifiedDate`:`2026-11-21T17:00:00.123Z`}",
        "v2.users.{id}.routingStatus |"
            + " {`id`:`u`,`routingStatus`:{`status`:`IDLE`,`startTime`:`2026-11-21T17:00:05.000Z`}}",
        "v2.users.{id}.conversations |"
            + " {`id`:`c`,`participants`:[{`id`:`p`,`connectedTime`:null,`attributes`:{`a`:`b`},`calls`:[{`state`:`connected`,`held`:false}]}]}",
        "v2.users.{id}.conversations.calls |"
            + " {`id`:`c`,`participants`:[{`id`:`p`,`state`:`alerting`,`user`:{`id`:`u`},`queue`:{`id`:`q`}}]}",
        "v2.analytics.queues.{id}.observations |"
            + " {`group`:{`queueId`:`q`,`mediaType`:`voice`},`data`:[{`interval`:`a/b`,`metrics`:[{`metric`:`oWaiting`,`stats`:{`count`:3}}]}]}",
        "v2.detail.events.conversation.{id}.acd.start |"
            + " {`eventTime`:1763744400000,`conversationId`:`c`,`mediaType`:`VOICE`,`conversationExternalContactIds`:[]}",
        "v2.users.{id}.conversationsummary |"
            + " {`userId`:`u`,`call`:{`contactCenter`:{`active`:1,`acw`:0}}}",
        "v2.users.{id}.conversations | {}"
      })
  void findsNothingWrongWithRealBodies(String pattern, String body) {
    assertThat(violations(pattern, body.replace('`', '"'))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "v2.users.{id}.presence | {`mood`:1} | eventBody.mood is no field of this topic.",
        "v2.users.{id}.presence | {`primary`:`yes`} | eventBody.primary is neither true nor false.",
        "v2.users.{id}.presence | {`message`:{}} | eventBody.message is no text.",
        "v2.users.{id}.presence | {`modifiedDate`:`today`} | eventBody.modifiedDate is no ISO"
            + " time.",
        "v2.users.{id}.presence | {`presenceDefinition`:[]} | eventBody.presenceDefinition is no"
            + " object.",
        "v2.users.{id}.presence | [] | eventBody is no object.",
        "v2.users.{id}.conversations | {`participants`:{}} | eventBody.participants is no list.",
        "v2.users.{id}.conversations | {`participants`:[{},{`calls`:[{`x`:1}]}]} |"
            + " eventBody.participants[1].calls[0].x is no field of this topic.",
        "v2.users.{id}.conversations | {`participants`:[{`attributes`:{`a`:1}}]} |"
            + " eventBody.participants[0].attributes.a is no text.",
        "v2.users.{id}.conversations | {`maxParticipants`:1.5} | eventBody.maxParticipants is no"
            + " integer.",
        "v2.analytics.queues.{id}.observations | {`data`:[{`metrics`:[{`stats`:{`count`:`3`}}]}]} |"
            + " eventBody.data[0].metrics[0].stats.count is no number."
      })
  void saysWhereABodyDiffers(String pattern, String body, String violation) {
    assertThat(violations(pattern, body.replace('`', '"'))).containsExactly(violation);
  }

  @Test
  void knowsTheValuesOfEnums() {
    assertThat(
            violations(
                "v2.detail.events.conversation.{id}.acd.start",
                "{\"mediaType\":\"voice\",\"direction\":3}"))
        .hasSize(2)
        .anySatisfy(v -> assertThat(v).startsWith("eventBody.mediaType is none of [UNKNOWN, VOICE"))
        .anySatisfy(v -> assertThat(v).startsWith("eventBody.direction is none of ["));
  }

  @Test
  void doesNotQuoteTheBody() {
    assertThat(violations("v2.users.{id}.presence", "{\"message\":{\"secret\":\"Alice\"}}"))
        .noneMatch(v -> v.contains("Alice"));
  }

  @Test
  void speaksJsonSchema() {
    JsonNode schema =
        catalogue.topicOf("v2.users.{id}.conversations").orElseThrow().schema().toJsonSchema();
    JsonNode participant = schema.at("/properties/participants/items");

    assertThat(schema.path("type").asText()).isEqualTo("object");
    assertThat(participant.at("/properties/attributes/additionalProperties/type").asText())
        .isEqualTo("string");
    assertThat(participant.at("/properties/connectedTime/format").asText()).isEqualTo("date-time");
    assertThat(participant.at("/properties/calls/items/properties/state/enum"))
        .extracting(JsonNode::asText)
        .contains("connected", "disconnected");
  }

  @Test
  void comesToAnEndForEveryTopic() {
    for (Topic topic : catalogue.all()) {
      assertThat(Violations.fieldNames(topic)).as(topic.pattern()).isNotEmpty();
      assertThat(topic.schema().toJsonSchema().path("properties")).isNotEmpty();
    }
  }

  private List<String> violations(String pattern, String body) {
    try {
      return Violations.of(catalogue.topicOf(pattern).orElseThrow(), mapper.readTree(body));
    } catch (JsonProcessingException e) {
      throw new AssertionError(e);
    }
  }
}
