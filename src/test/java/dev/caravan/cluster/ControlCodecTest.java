package dev.caravan.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.cluster.Cluster.Forwarded;
import dev.caravan.frame.EventId;
import dev.caravan.topic.TopicSharder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ControlCodecTest {

  static Stream<ControlRecord> records() {
    return Stream.of(
        new ControlRecord.Plan("a", 3, Map.of(1, 7, 2, 8), Map.of(1, "v", 2, "w"), true, 2),
        new ControlRecord.Topics("a", "v", new TopicSharder.Shard(3, "east", List.of("v2.x"))),
        new ControlRecord.Live("a", 3, 9, true, 1_700_000_000_001L),
        new ControlRecord.Until("a", 3, 9, 1_700_000_000_000L),
        new ControlRecord.Member(
            "a", Set.of(1, 5), true, Reach.NO, Map.of("GENESYS_TOPICS", "12ab"), Logins.NONE, 7),
        new ControlRecord.Member(
            "a",
            Set.of(1),
            false,
            Reach.YES,
            Map.of(),
            new Logins(Map.of("east", true, "west", false), Set.of(4, 9)),
            ControlRecord.Member.KNOWS_ALL),
        new ControlRecord.Answered(
            "a",
            3,
            1_700_000_000_000L,
            new Cluster.Answer("east", List.of("v2.x?a&b", "v2.y"), List.of("v2.z"))),
        new ControlRecord.Left("a", 3, 8),
        new ControlRecord.Offer("a", 3, 9),
        new ControlRecord.Handed(
            "a", 3, 9, 1, true, List.of(new Forwarded(new EventId(-1, 2), 345))),
        new ControlRecord.Acknowledged(
            "a", 3, 9, 1_200, List.of(new Forwarded(new EventId(-1, 2), 345))),
        new ControlRecord.Acknowledged("a", 3, 0, -1, List.of()),
        new ControlRecord.Standby("a", 3, true),
        new ControlRecord.Probe("a", 3, 77),
        new ControlRecord.Gone("a"));
  }

  @ParameterizedTest
  @MethodSource("records")
  void whatIsWrittenIsReadAsItWas(ControlRecord told) {
    assertThat(ControlCodec.read(ControlCodec.key(told), ControlCodec.value(told))).contains(told);
    assertThat(ControlCodec.partition(told, 60)).isBetween(0, 59);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "plan/", "live", "live/x", "until/-", "topics/1", "later/1", "handed/1"})
  void whatIsNotKnownOrDamagedIsPassedOver(String key) {
    for (String value : List.of("", "{", "[]", "null", "{\"by\":1}")) {
      byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
      assertThat(ControlCodec.read(key, bytes).filter(told -> told.by().length() > 1)).isEmpty();
    }
    assertThat(ControlCodec.read(key, null)).isEmpty();
  }

  @Test
  void ofWhichShardAKeySaysWhatHasReachedKafkaIsKnownWithoutTheRecord() {
    ControlRecord told = new ControlRecord.Acknowledged("a", 12, 0, -1, List.of());

    assertThat(ControlCodec.acknowledged(ControlCodec.key(told))).hasValue(12);
    for (String key :
        List.of("", "live/3", "acknowledged/", "acknowledged/x", "acknowledged/99999999999")) {
      assertThat(ControlCodec.acknowledged(key)).isEmpty();
    }
  }
}
