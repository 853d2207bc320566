package dev.caravan.genesys;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RejectionsTest {

  private static final String ONE = "7b5a5a2e-1c2d-4e5f-8a9b-0c1d2e3f4a5b";
  private static final String TWO = "8c5a5a2e-1c2d-4e5f-8a9b-0c1d2e3f4a5b";

  private static Map<String, Object> rejected(String topic, String... missing) {
    return Map.of("id", topic, "state", "Rejected", "missingPermissions", List.of(missing));
  }

  @Test
  void topicsThatWerePermittedAreNone() {
    Rejections rejections =
        Rejections.of(
            List.of(
                Map.of("id", "v2.users." + ONE + ".presence", "state", "Permitted"),
                Map.of("id", "v2.users." + TWO + ".presence")));

    assertThat(rejections.sentence()).isEmpty();
    assertThat(rejections.coverAll(List.of("v2.users." + ONE + ".presence"))).isFalse();
  }

  @Test
  void noAnswerIsNone() {
    assertThat(Rejections.of(null).sentence()).isEmpty();
  }

  @Test
  void aChannelIsOfNoUseOnlyIfNothingOfItIsLeft() {
    String users = "v2.users." + ONE;
    Rejections one =
        Rejections.of(
            List.of(
                Map.of("id", users + "?presence&routingStatus", "state", "Permitted"),
                rejected(users + ".presence")));
    Rejections both =
        Rejections.of(List.of(rejected(users + ".presence"), rejected(users + ".routingStatus")));

    assertThat(one.coverAll(List.of(users + "?presence&routingStatus"))).isFalse();
    assertThat(both.coverAll(List.of(users + "?presence&routingStatus"))).isTrue();
    assertThat(both.coverAll(List.of(users + ".presence", users + ".activity"))).isFalse();
    assertThat(both.coverAll(List.of(users + ".presence"))).isTrue();
  }

  @Test
  void theyAreGatheredByPatternWithoutIds() {
    Rejections rejections =
        Rejections.of(
            List.of(
                rejected(
                    "v2.users." + ONE + ".workforcemanagement.adherence",
                    "wfm:realtimeAdherence:view"),
                rejected(
                    "v2.users." + TWO + ".workforcemanagement.adherence",
                    "wfm:realtimeAdherence:view"),
                rejected("v2.users." + ONE + ".presence")));
    List<Signal> signals = new ArrayList<>();
    List<Integer> counts = new ArrayList<>();

    rejections.report(3, counts::add, signals::add);

    assertThat(counts).containsExactly(1, 2);
    assertThat(signals).extracting(Signal::type).containsOnly("TOPIC_REJECTED");
    assertThat(signals).extracting(Signal::shard).containsOnly(3);
    assertThat(signals)
        .extracting(Signal::pattern)
        .containsExactly("v2.users.{id}.presence", "v2.users.{id}.workforcemanagement.adherence");
    assertThat(rejections.sentence())
        .isEqualTo(
            "Genesys Cloud refused 1 topic v2.users.{id}.presence. Genesys Cloud refused 2 topics"
                + " v2.users.{id}.workforcemanagement.adherence; the OAuth client's role lacks"
                + " wfm:realtimeAdherence:view.");
  }
}
