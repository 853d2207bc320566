package dev.caravan.dryrun;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.caravan.frame.EnvelopeReader;
import dev.caravan.frame.Frame;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MaskTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private final Mask mask = new Mask(new byte[] {1});

  private String masked(String body) throws IOException {
    String frame = "{\"topicName\":\"v2.x\",\"eventBody\":%s,\"metadata\":{}}".formatted(body);
    String masked =
        new String(mask.of(frame.getBytes(StandardCharsets.UTF_8)), StandardCharsets.UTF_8);
    assertThat(masked)
        .startsWith("{\"topicName\":\"v2.x\",\"eventBody\":")
        .endsWith(",\"metadata\":{}}");
    return JSON.readTree(masked).path("eventBody").toString();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"name\":\"Pat\"}",
        "{\"displayName\":\"agent\"}",
        "{\"address\":\"tel:+15550100\"}",
        "{\"other\":{\"addressNormalized\":\"sip:pat@example.com\",\"nameRaw\":\"Pat\"}}",
        "{\"ani\":\"Pat\",\"dnis\":\"15550100\"}",
        "{\"callbackNumbers\":[\"+15550100\"]}",
        "{\"callerId\":\"15550100\"}",
        "{\"anythingNew\":\"Pat Example\"}",
        "{\"anythingNew\":[[\"Pat\"]]}",
        "{\"subject\":\"Hello\",\"textBody\":\"My number is 15550100\"}",
        "{\"attributes\":{\"tier\":\"voice\",\"phone\":15550100,\"id\":\"0e185c02-aca1-4a72-82ea-2e78684e2c89\"}}",
        "{\"participants\":[{\"attributes\":{\"a\":{\"b\":[\"Pat\"]}}}]}",
        "{\"phoneNumber\":15550100}",
        "\"Pat\""
      })
  void whatMayBeAboutAPersonIsNotThereAnyMore(String body) throws IOException {
    assertThat(masked(body))
        .isNotEqualTo(body)
        .doesNotContain(
            "Pat", "pat@", "15550100", "\"agent\"", "\"Hello\"", "\"voice\"", "0e185c02");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"id\":\"0e185c02-aca1-4a72-82ea-2e78684e2c89\",\"state\":\"connected\"}",
        "{\"connectedTime\":\"2026-11-21T17:00:00.131Z\",\"interval\":\"2026-11-21T17:00:00.000Z/2026-11-21T17:30:00.000Z\"}",
        "{\"purpose\":\"customer\",\"direction\":\"inbound\",\"provider\":\"Edge\",\"disconnectType\":\"peer\"}",
        "{\"selfUri\":\"/api/v2/users/0e185c02-aca1-4a72-82ea-2e78684e2c89\",\"teamId\":\"team-7\"}",
        "{\"count\":7,\"ratio\":1.10,\"large\":12345678901234567890,\"yes\":true,\"none\":null,\"empty\":\"\"}"
      })
  void idsTimesNumbersAndGenesysCloudsOwnWordsStay(String body) throws IOException {
    String frame = "{\"topicName\":\"v2.x\",\"eventBody\":" + body + "}";

    assertThat(new String(mask.of(frame.getBytes(StandardCharsets.UTF_8)), StandardCharsets.UTF_8))
        .isEqualTo(frame);
  }

  @ParameterizedTest
  @CsvSource({
    "tel:+15550100, tel:\\+000\\d{10}",
    "sip:pat@example.com, sip:[0-9a-f]{10}@masked\\.invalid",
    "Pat Example, masked-[0-9a-f]{10}"
  })
  void aMaskHasTheFormOfTheValue(String value, String form) throws IOException {
    assertThat(
            JSON.readTree(masked("{\"address\":\"%s\"}".formatted(value))).path("address").asText())
        .matches(form);
  }

  @Test
  void theSameValueGetsTheSameMaskWhereverItStandsAndAnotherOneWithAnotherKey() throws IOException {
    String body =
        "{\"a\":\"tel:+15550100\",\"attributes\":{\"b\":\"+15550100\"},\"c\":\"+15550101\"}";
    JsonNode first = JSON.readTree(masked(body));

    assertThat(first.path("a").asText())
        .isEqualTo("tel:" + first.path("attributes").path("b").asText());
    assertThat(first.path("c")).isNotEqualTo(first.path("attributes").path("b"));
    assertThat(JSON.readTree(masked(body))).isEqualTo(first);
    assertThat(
            new Mask(new byte[] {2})
                .of(("{\"eventBody\":" + body + "}").getBytes(StandardCharsets.UTF_8)))
        .isNotEqualTo(mask.of(("{\"eventBody\":" + body + "}").getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void halfACharacterIsWrittenLikeAnyOther() throws IOException {
    String frame =
        "{\"topicName\":\"v2.x\",\"eventBody\":\"Pat"
            + " \\ud83d\",\"metadata\":{\"CorrelationId\":\"\\ud83d\"}}";

    assertThat(new String(mask.of(frame.getBytes(StandardCharsets.UTF_8)), StandardCharsets.UTF_8))
        .containsIgnoringCase("\"\\ud83d\"")
        .contains("masked-");
  }

  /** What the stand-in tells in two hours, on all topics that it has. */
  @Test
  void aMaskedFrameIsReadAsBeforeAndHoldsNoNameOrNumberOfIt() {
    EnvelopeReader reader = new EnvelopeReader();
    Set<String> personal = new TreeSet<>();
    List<String> masked = new ArrayList<>();
    Sample.told(
        Duration.ofHours(2),
        topic -> true,
        frame -> {
          Frame.Notification before = (Frame.Notification) reader.read(frame);
          byte[] after = mask(frame);
          Frame.Notification read = (Frame.Notification) reader.read(after);
          assertThat(read.topicName()).isEqualTo(before.topicName());
          assertThat(read.key()).isEqualTo(before.key());
          assertThat(read.media()).isEqualTo(before.media());
          assertThat(read.primary()).isEqualTo(before.primary());
          assertThat(read.messageType()).isEqualTo(before.messageType());
          collect(frame, personal);
          masked.add(new String(after, StandardCharsets.UTF_8));
        },
        () -> masked.size() >= 3_000);

    assertThat(personal).hasSizeGreaterThan(20);
    String all = String.join("\n", masked);
    assertThat(personal.stream().filter(value -> all.contains("\"" + value + "\""))).isEmpty();
  }

  private byte[] mask(byte[] frame) {
    try {
      return mask.of(frame);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void collect(byte[] frame, Set<String> personal) {
    try {
      JsonNode body = JSON.readTree(frame).path("eventBody");
      for (String field :
          List.of("name", "address", "ani", "dnis", "addressRaw", "callbackUserName", "subject")) {
        body.findValuesAsText(field).stream().filter(it -> !it.isBlank()).forEach(personal::add);
      }
      body.findValues("attributes")
          .forEach(it -> it.forEach(value -> personal.add(value.asText())));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
