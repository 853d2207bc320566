package dev.caravan.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;

/**
 * A line for a record, for people or for programs. The payload is in it only if that is asked for;
 * of a signal, which names nobody, it is the sentence.
 *
 * @param json one JSON object a line
 * @param colours of the terminal, by medium
 * @param headers whether all headers are shown
 * @param payload whether the payload is shown
 */
record TailLines(boolean json, boolean colours, boolean headers, boolean payload, ZoneId zone) {

  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSS");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String SIGNAL = "dev.caravan.signal.";
  private static final int RED = 31;
  private static final int PLAIN = 0;

  /** Of the terminal, which decides what they look like. */
  private static int colour(String media) {
    return switch (media) {
      case "voice", "callback" -> 32;
      case "chat" -> 36;
      case "message" -> 34;
      case "email" -> 35;
      case "social" -> 33;
      case "video", "screenshare", "cobrowse" -> 96;
      default -> PLAIN;
    };
  }

  String of(ConsumerRecord<byte[], byte[]> record) {
    return json ? object(record) : line(record);
  }

  private String line(ConsumerRecord<byte[], byte[]> record) {
    String media = header(record, "genesys-media");
    String line =
        "%s  %s  %s  %s  %s"
            .formatted(
                TIME.format(Instant.ofEpochMilli(record.timestamp()).atZone(zone)),
                record.topic(),
                media,
                visible(record.key()),
                isSignal(record) ? sentence(record) : header(record, "genesys-topic"));
    line += headers ? "  " + headers(record) : "";
    line += payload ? "  " + text(record.value()) : "";
    int colour = header(record, "ce_type").equals(SIGNAL + "GAP") ? RED : colour(media);
    return colours && colour != PLAIN ? "\u001b[%dm%s\u001b[0m".formatted(colour, line) : line;
  }

  private static boolean isSignal(ConsumerRecord<?, ?> record) {
    return header(record, "ce_type").startsWith(SIGNAL);
  }

  private static String sentence(ConsumerRecord<?, byte[]> record) {
    try {
      JsonNode signal = JSON.readTree(record.value());
      return printable(signal.path("type").asText() + ": " + signal.path("sentence").asText());
    } catch (IOException | IllegalArgumentException notOurs) {
      return "-";
    }
  }

  private String object(ConsumerRecord<byte[], byte[]> record) {
    ObjectNode object = JsonNodeFactory.instance.objectNode();
    object.put("time", Instant.ofEpochMilli(record.timestamp()).toString());
    object.put("topic", record.topic());
    object.put("partition", record.partition()).put("offset", record.offset());
    object.put("key", record.key() == null ? null : text(record.key()));
    ObjectNode all = object.putObject("headers");
    record.headers().forEach(header -> all.put(header.key(), text(header.value())));
    if (payload || isSignal(record)) {
      object.put("value", record.value() == null ? null : text(record.value()));
    }
    return object.toString();
  }

  private static String headers(ConsumerRecord<?, ?> record) {
    return Stream.of(record.headers().toArray())
        .map(header -> printable(header.key()) + "=" + visible(header.value()))
        .collect(Collectors.joining(", ", "[", "]"));
  }

  private static String header(ConsumerRecord<?, ?> record, String name) {
    Header header = record.headers().lastHeader(name);
    return visible(header == null ? null : header.value());
  }

  private static String visible(byte[] bytes) {
    return printable(text(bytes));
  }

  /** Without what a terminal would take for a command. */
  private static String printable(String text) {
    return text.replaceAll("\\p{Cntrl}", "?");
  }

  private static String text(byte[] bytes) {
    return bytes == null ? "-" : new String(bytes, StandardCharsets.UTF_8);
  }
}
