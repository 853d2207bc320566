package dev.caravan.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.caravan.cluster.Cluster.Forwarded;
import dev.caravan.cluster.ControlRecord.Acknowledged;
import dev.caravan.cluster.ControlRecord.Answered;
import dev.caravan.cluster.ControlRecord.Gone;
import dev.caravan.cluster.ControlRecord.Handed;
import dev.caravan.cluster.ControlRecord.Left;
import dev.caravan.cluster.ControlRecord.Live;
import dev.caravan.cluster.ControlRecord.Member;
import dev.caravan.cluster.ControlRecord.OfShard;
import dev.caravan.cluster.ControlRecord.Offer;
import dev.caravan.cluster.ControlRecord.Plan;
import dev.caravan.cluster.ControlRecord.Probe;
import dev.caravan.cluster.ControlRecord.Standby;
import dev.caravan.cluster.ControlRecord.Topics;
import dev.caravan.cluster.ControlRecord.Until;
import dev.caravan.frame.EventId;
import dev.caravan.topic.TopicSharder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** The records of the control topic as bytes: a key such as {@code live/3}, and JSON. */
final class ControlCodec {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String ACKNOWLEDGED = "acknowledged/";

  /** What stands in a key before the number of a shard. */
  private static final Map<Class<? extends OfShard>, String> KINDS =
      Map.of(
          Topics.class, "topics",
          Live.class, "live",
          Left.class, "live",
          Until.class, "until",
          Offer.class, "offer",
          Probe.class, "probe",
          Answered.class, "answered",
          Acknowledged.class, "acknowledged",
          Standby.class, "standby");

  private static final int SENT_BYTES = 2 * Long.BYTES + Integer.BYTES;

  private ControlCodec() {}

  static String key(ControlRecord told) {
    if (told instanceof Handed handed) {
      return "handed/" + handed.shard() + "/" + handed.part();
    } else if (told instanceof OfShard its) {
      return KINDS.get(its.getClass()) + "/" + its.shard();
    }
    return told instanceof Plan ? "plan" : "member/" + told.by();
  }

  /** The shard of which a key says what has reached Kafka; empty if it says something else. */
  static OptionalInt acknowledged(String key) {
    String shard = key.startsWith(ACKNOWLEDGED) ? key.substring(ACKNOWLEDGED.length()) : "";
    return shard.matches("[0-9]{1,9}")
        ? OptionalInt.of(Integer.parseInt(shard))
        : OptionalInt.empty();
  }

  /** All that is told of a shard stands in one partition, in its order; so does a plan. */
  static int partition(ControlRecord told, int partitions) {
    String[] key = key(told).split("/");
    return switch (key[0]) {
      case "plan", "topics" -> 0;
      case "member" -> Math.floorMod(key[1].hashCode(), partitions);
      default -> Integer.parseInt(key[1]) % partitions;
    };
  }

  /** The value; null deletes the key. */
  static byte[] value(ControlRecord told) {
    if (told instanceof Gone) {
      return null;
    }
    ObjectNode node = JSON.createObjectNode().put("by", told.by());
    if (told instanceof Plan plan) {
      node.put("epoch", plan.epoch()).put("whole", plan.whole()).put("moving", plan.moving());
      ObjectNode shards = node.putObject("shards");
      plan.slots()
          .forEach(
              (shard, slot) ->
                  shards
                      .putObject(String.valueOf(shard))
                      .put("slot", slot)
                      .put("version", plan.versions().get(shard)));
    } else if (told instanceof Topics topics) {
      node.put("version", topics.version());
      node.put("client", topics.planned().client());
      topics.planned().subscriptions().forEach(node.putArray("subscriptions")::add);
    } else if (told instanceof Live live) {
      node.put("epoch", live.epoch());
      node.put("held", live.held()).put("lastRead", live.lastRead());
    } else if (told instanceof Left left) {
      node.put("epoch", left.epoch()).put("left", true);
    } else if (told instanceof Until until) {
      node.put("epoch", until.epoch()).put("millis", until.millis());
    } else if (told instanceof Member member) {
      member.slots().stream().sorted().forEach(node.putArray("slots")::add);
      node.put("leaving", member.leaving()).put("reach", member.reach().name());
      node.put("plan", member.plan());
      member.settings().forEach(node.putObject("settings")::put);
      if (!member.logins().equals(Logins.NONE)) {
        member.logins().can().forEach(node.putObject("logins")::put);
        member.logins().unread().stream().sorted().forEach(node.putArray("unread")::add);
      }
    } else if (told instanceof Offer offer) {
      node.put("epoch", offer.epoch());
    } else if (told instanceof Probe probe) {
      node.put("since", probe.since());
    } else if (told instanceof Answered answered) {
      node.put("millis", answered.millis()).put("client", answered.answer().client());
      answered.answer().refused().forEach(node.putArray("refused")::add);
      answered.answer().granted().forEach(node.putArray("granted")::add);
    } else if (told instanceof Acknowledged acknowledged) {
      node.put("epoch", acknowledged.epoch()).put("settledMillis", acknowledged.settledMillis());
      node.put("forwarded", bytes(acknowledged.forwarded()));
    } else if (told instanceof Standby standby) {
      node.put("warm", standby.warm());
    } else if (told instanceof Handed handed) {
      node.put("epoch", handed.epoch()).put("last", handed.last());
      node.put("forwarded", bytes(handed.forwarded()));
    }
    try {
      return JSON.writeValueAsBytes(node);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What a record says; empty if it is of a kind that is not known, or cannot be read. */
  static Optional<ControlRecord> read(String key, byte[] value) {
    String[] parts = key.split("/");
    try {
      if (value == null) {
        return parts[0].equals("member") ? Optional.of(new Gone(parts[1])) : Optional.empty();
      }
      JsonNode node = JSON.readTree(value);
      String by = node.path("by").asText();
      long epoch = node.path("epoch").asLong();
      ControlRecord told =
          switch (parts[0]) {
            case "plan" -> plan(by, epoch, node);
            case "topics" ->
                new Topics(
                    by,
                    node.path("version").asText(),
                    new TopicSharder.Shard(
                        shard(parts), node.path("client").asText(), texts(node, "subscriptions")));
            case "live" ->
                node.path("left").asBoolean()
                    ? new Left(by, shard(parts), epoch)
                    : new Live(
                        by,
                        shard(parts),
                        epoch,
                        node.path("held").asBoolean(),
                        node.path("lastRead").asLong());
            case "until" -> new Until(by, shard(parts), epoch, node.path("millis").asLong());
            case "member" -> member(by, node);
            case "offer" -> new Offer(by, shard(parts), epoch);
            case "probe" -> new Probe(by, shard(parts), node.path("since").asLong());
            case "answered" ->
                new Answered(
                    by,
                    shard(parts),
                    node.path("millis").asLong(),
                    new Cluster.Answer(
                        node.path("client").asText(),
                        texts(node, "refused"),
                        texts(node, "granted")));
            case "acknowledged" ->
                new Acknowledged(
                    by,
                    shard(parts),
                    epoch,
                    node.path("settledMillis").asLong(-1),
                    sent(node.path("forwarded").binaryValue()));
            case "standby" -> new Standby(by, shard(parts), node.path("warm").asBoolean());
            case "handed" ->
                new Handed(
                    by,
                    shard(parts),
                    epoch,
                    Integer.parseInt(parts[2]),
                    node.path("last").asBoolean(),
                    sent(node.path("forwarded").binaryValue()));
            default -> null;
          };
      return Optional.ofNullable(told);
    } catch (IOException | RuntimeException e) {
      return Optional.empty();
    }
  }

  private static int shard(String[] key) {
    return Integer.parseInt(key[1]);
  }

  private static Plan plan(String by, long epoch, JsonNode node) {
    Map<Integer, Integer> slots = new HashMap<>();
    Map<Integer, String> versions = new HashMap<>();
    node.path("shards")
        .properties()
        .forEach(
            shard -> {
              int number = Integer.parseInt(shard.getKey());
              slots.put(number, shard.getValue().path("slot").asInt());
              versions.put(number, shard.getValue().path("version").asText());
            });
    return new Plan(
        by, epoch, slots, versions, node.path("whole").asBoolean(), node.path("moving").asInt(-1));
  }

  private static Member member(String by, JsonNode node) {
    Map<String, String> settings = new HashMap<>();
    node.path("settings")
        .properties()
        .forEach(one -> settings.put(one.getKey(), one.getValue().asText()));
    Map<String, Boolean> logins = new HashMap<>();
    node.path("logins")
        .properties()
        .forEach(one -> logins.put(one.getKey(), one.getValue().asBoolean()));
    return new Member(
        by,
        numbers(node, "slots"),
        node.path("leaving").asBoolean(),
        Reach.valueOf(node.path("reach").asText(Reach.UNKNOWN.name())),
        settings,
        new Logins(logins, numbers(node, "unread")),
        node.path("plan").asLong(Member.KNOWS_ALL));
  }

  private static List<String> texts(JsonNode node, String name) {
    List<String> texts = new ArrayList<>();
    node.path(name).forEach(text -> texts.add(text.asText()));
    return texts;
  }

  private static Set<Integer> numbers(JsonNode node, String name) {
    Set<Integer> numbers = new HashSet<>();
    node.path(name).forEach(number -> numbers.add(number.asInt()));
    return numbers;
  }

  private static byte[] bytes(List<Forwarded> forwarded) {
    ByteBuffer buffer = ByteBuffer.allocate(forwarded.size() * SENT_BYTES);
    for (Forwarded sent : forwarded) {
      buffer.putLong(sent.id().high()).putLong(sent.id().low()).putInt(sent.ageMillis());
    }
    return buffer.array();
  }

  private static List<Forwarded> sent(byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    List<Forwarded> sent = new ArrayList<>(bytes.length / SENT_BYTES);
    while (buffer.remaining() >= SENT_BYTES) {
      sent.add(new Forwarded(new EventId(buffer.getLong(), buffer.getLong()), buffer.getInt()));
    }
    return sent;
  }
}
