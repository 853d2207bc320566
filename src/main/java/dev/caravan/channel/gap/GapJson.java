package dev.caravan.channel.gap;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.caravan.channel.Attempts;
import dev.caravan.channel.Replica;
import java.io.IOException;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/** The entries of the ledger as JSON, to and fro; what is no such entry is an exception. */
final class GapJson {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String SUM = "sum";

  private GapJson() {}

  // ---- bytes, with a sum over all else: with a bit flipped, JSON is often JSON still

  static ObjectNode read(byte[] bytes) throws IOException {
    if (!(JSON.readTree(bytes) instanceof ObjectNode entry)) {
      throw new IOException("it holds no JSON object");
    }
    JsonNode sum = entry.remove(SUM);
    // Files of versions before have none
    if (sum != null && sum.asLong() != sum(entry)) {
      throw new IOException("its content does not have the sum that it should");
    }
    return entry;
  }

  static byte[] bytes(ObjectNode entry) throws IOException {
    return JSON.writeValueAsBytes(entry.deepCopy().put(SUM, sum(entry)));
  }

  private static long sum(ObjectNode entry) throws IOException {
    CRC32C sum = new CRC32C();
    sum.update(JSON.writeValueAsBytes(entry));
    return sum.getValue();
  }

  // ---- from JSON

  static Attempts attempts(JsonNode node) {
    return new Attempts(
        node.required("failures").intValue(),
        Instant.parse(node.required("next").asText()).toEpochMilli());
  }

  static Replica replica(JsonNode node) {
    return new Replica(
        node.required("reader").asText(),
        node.required("shard").intValue(),
        node.required("strand").intValue());
  }

  static GapLedger.Reading reading(JsonNode node, Instant until) {
    // Versions before did not tell since when
    Instant since = Instant.parse(node.path("readSince").asText(until.toString()));
    return new GapLedger.Reading(since, until, new LinkedHashSet<>(topics(node)));
  }

  static OpenGap open(JsonNode node) {
    return new OpenGap(
        node.required("id").asText(),
        node.required("shard").intValue(),
        Instant.parse(node.required("from").asText()),
        node.required("cause").asText(),
        node.path("parts").intValue(),
        new LinkedHashSet<>(topics(node)));
  }

  static WaitingGaps.Entry waiting(JsonNode node) {
    Gap gap =
        new Gap(
            node.required("id").asText(),
            node.required("shard").intValue(),
            Instant.parse(node.required("from").asText()),
            Instant.parse(node.required("to").asText()),
            node.required("cause").asText(),
            topics(node),
            node.path("lost").longValue());
    return new WaitingGaps.Entry(
        gap, node.path("told").booleanValue(), node.path("settled").booleanValue());
  }

  static List<String> topics(JsonNode node) {
    return node.required("topics").valueStream().map(JsonNode::asText).toList();
  }

  // ---- to JSON

  static ObjectNode of(Map<Replica, GapLedger.Reading> reading, Map<String, Attempts> attempts) {
    ObjectNode node = JSON.createObjectNode();
    ObjectNode until = node.putObject("until");
    reading.forEach((replica, now) -> until.put(replica.key(), now.until().toString()));
    ObjectNode failed = node.putObject("attempts");
    attempts.forEach(
        (replica, now) ->
            failed
                .putObject(replica)
                .put("failures", now.failures())
                .put("next", Instant.ofEpochMilli(now.notBefore()).toString()));
    return node;
  }

  static ObjectNode of(Replica replica, GapLedger.Reading now) {
    ObjectNode node = JSON.createObjectNode();
    node.put("reader", replica.reader()).put("shard", replica.shard());
    node.put("strand", replica.number()).put("since", now.until().toString());
    node.put("readSince", now.since().toString());
    return withTopics(node, now.topics());
  }

  static ObjectNode of(OpenGap gap) {
    ObjectNode node = JSON.createObjectNode();
    node.put("id", gap.id()).put("shard", gap.shard()).put("from", gap.from().toString());
    node.put("cause", gap.cause()).put("parts", gap.parts());
    return withTopics(node, gap.topics());
  }

  static ObjectNode of(WaitingGaps.Entry over) {
    Gap gap = over.gap();
    ObjectNode node = JSON.createObjectNode();
    node.put("id", gap.id()).put("shard", gap.shard()).put("from", gap.from().toString());
    node.put("to", gap.to().toString()).put("cause", gap.cause());
    if (gap.isLoss()) {
      node.put("lost", gap.lost());
    }
    node.put("told", over.reported()).put("settled", over.backfilled());
    return withTopics(node, gap.topics());
  }

  private static ObjectNode withTopics(ObjectNode node, Collection<String> topics) {
    topics.forEach(node.putArray("topics")::add);
    return node;
  }
}
