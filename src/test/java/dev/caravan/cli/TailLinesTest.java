package dev.caravan.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;

class TailLinesTest {

  private static ConsumerRecord<byte[], byte[]> record(
      String topic, String value, Map<String, String> headers) {
    RecordHeaders all = new RecordHeaders();
    headers.forEach((name, text) -> all.add(name, text.getBytes(StandardCharsets.UTF_8)));
    return new ConsumerRecord<>(
        topic,
        3,
        7,
        1_000,
        TimestampType.CREATE_TIME,
        1,
        1,
        "k".getBytes(StandardCharsets.UTF_8),
        value.getBytes(StandardCharsets.UTF_8),
        all,
        Optional.empty());
  }

  private static TailLines lines(boolean json, boolean colours, boolean payload) {
    return new TailLines(json, colours, false, payload, ZoneOffset.UTC);
  }

  private static final ConsumerRecord<byte[], byte[]> CALL =
      record(
          "genesys.conversations.voice",
          "PERSONAL",
          Map.of("genesys-media", "voice", "genesys-topic", "t"));

  private static final ConsumerRecord<byte[], byte[]> GAP =
      record(
          "genesys.signals",
          "{\"type\":\"GAP\",\"sentence\":\"One topic was not read.\"}",
          Map.of("ce_type", "dev.caravan.signal.GAP"));

  @Test
  void onATerminalALineHasTheColourOfItsMediumAndAGapIsRed() {
    assertThat(lines(false, true, false).of(CALL))
        .isEqualTo("\u001b[32m00:00:01.000  genesys.conversations.voice  voice  k  t\u001b[0m");
    assertThat(lines(false, true, false).of(GAP)).startsWith("\u001b[31m").endsWith("\u001b[0m");
    assertThat(lines(false, false, false).of(CALL)).doesNotContain("\u001b");
  }

  @Test
  void aSignalIsItsSentence() {
    assertThat(lines(false, false, false).of(GAP))
        .isEqualTo("00:00:01.000  genesys.signals  -  k  GAP: One topic was not read.");
  }

  @Test
  void whatIsNoSignalThoughItSaysSoIsNotShown() {
    ConsumerRecord<byte[], byte[]> odd =
        record("genesys.signals", "{\"PERSONAL", Map.of("ce_type", "dev.caravan.signal.GAP"));

    assertThat(lines(false, false, false).of(odd)).endsWith("k  -");
  }

  @Test
  void asJsonItIsAnObjectWithAllHeadersAndThePayloadOnlyIfAskedFor() throws Exception {
    JsonNode object = new ObjectMapper().readTree(lines(true, true, false).of(CALL));

    assertThat(object.at("/headers/genesys-media").asText()).isEqualTo("voice");
    assertThat(object.path("offset").asInt()).isEqualTo(7);
    assertThat(object.path("time").asText()).isEqualTo("1970-01-01T00:00:01Z");
    assertThat(object.has("value")).isFalse();
    assertThat(new ObjectMapper().readTree(lines(true, true, true).of(CALL)).path("value").asText())
        .isEqualTo("PERSONAL");
    assertThat(
            new ObjectMapper().readTree(lines(true, false, false).of(GAP)).path("value").asText())
        .contains("One topic was not read.");
  }
}
