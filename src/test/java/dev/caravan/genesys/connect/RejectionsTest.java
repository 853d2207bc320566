package dev.caravan.genesys.connect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.genesys.Signal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RejectionsTest {

  private static final String ONE = "7b5a5a2e-1c2d-4e5f-8a9b-0c1d2e3f4a5b";
  private static final String TWO = "8c5a5a2e-1c2d-4e5f-8a9b-0c1d2e3f4a5b";

  private static Map<String, Object> rejected(String topic, String... missing) {
    return Map.of("id", topic, "state", "Rejected", "missingPermissions", List.of(missing));
  }

  private static Rejections of(List<String> asked, List<?> entities) {
    return Rejections.of(asked, entities, Map.of());
  }

  @Test
  void topicsThatWerePermittedAreNone() {
    List<String> asked = List.of("v2.users." + ONE + ".presence", "v2.users." + TWO + ".presence");

    Rejections rejections =
        of(asked, List.of(Map.of("id", asked.get(0), "state", "Permitted"), id(asked.get(1))));

    assertThat(rejections.sentence()).isEmpty();
    assertThat(rejections.sentence()).isEmpty();
    assertThat(rejections.subscribed()).isEqualTo(asked);
  }

  @Test
  void ofTopicsThatAreNotWantedAnyMoreNothingIsTold() {
    String one = "v2.users." + ONE + ".presence";
    String two = "v2.users." + TWO + ".presence";
    Rejections both = of(List.of(one, two), List.of(rejected(one, "a"), rejected(two, "a")));

    assertThat(both.only(two::equals).rejected().get(0).count()).isOne();
    assertThat(both.only(topic -> false).sentence()).isEmpty();
  }

  @Test
  void whatIsAskedForAgainIsCountedOnce() {
    String one = "v2.users." + ONE + ".presence";
    String two = "v2.users." + TWO + ".presence";
    Rejections before = of(List.of(one, two), List.of(id(one), rejected(two, "a")));

    Rejections after =
        before
            .only(topic -> !Set.of(one, two).contains(topic))
            .and(of(List.of(one, two), List.of(id(two), id(one))));

    assertThat(after.subscribed()).containsExactlyInAnyOrder(one, two);
    assertThat(after.sentence()).isEmpty();
  }

  @Test
  void whatAListingHasThatIsNotRejectedIsPermitted() {
    assertThat(Rejections.permitted(Map.of("entities", List.of(id("a"), rejected("b")))))
        .contains(Set.of("a"));
    assertThat(Rejections.permitted(Map.of("entities", List.of()))).contains(Set.of());
  }

  @Test
  void aListingThatCannotBeUnderstoodIsNone() {
    assertThat(Rejections.permitted(null)).isEmpty();
    assertThat(Rejections.permitted(Map.of("message", "a"))).isEmpty();
    assertThat(Rejections.permitted(Map.of("entities", "a"))).isEmpty();
    assertThat(Rejections.permitted(Map.of("entities", List.of(Map.of("state", "Permitted")))))
        .isEmpty();
    assertThat(Rejections.permitted(Map.of("entities", List.of(id("a"), "b")))).isEmpty();
  }

  private static Map<String, String> id(String topic) {
    return Map.of("id", topic);
  }

  @Test
  void whatTheAnswerDoesNotListIsNotRead() {
    String users = "v2.users." + ONE;
    List<String> asked = List.of(users + "?presence&routingStatus", users + ".activity");

    Rejections some = of(asked, List.of(id(users.toUpperCase(Locale.ROOT) + ".ACTIVITY")));

    assertThat(some.subscribed()).containsExactly(users + ".activity");
    assertThat(some.sentence())
        .isEqualTo(
            "Genesys Cloud refused 1 topic v2.users.{id}.presence. Genesys Cloud does not list it"
                + " among what it subscribed. Genesys Cloud refused 1 topic"
                + " v2.users.{id}.routingStatus. Genesys Cloud does not list it among what it"
                + " subscribed.");
    assertThat(of(asked, null).subscribed()).isEmpty();
    assertThat(of(asked, List.of("nonsense", Map.of())).subscribed()).isEmpty();
  }

  @Test
  void ofACombinedTopicOnlyThePartThatIsRejectedIsNotRead() {
    String users = "v2.users." + ONE;
    List<String> asked = List.of(users + "?presence&routingStatus");

    Rejections one =
        of(
            asked,
            List.of(
                Map.of("id", users + "?presence&routingStatus", "state", "Permitted"),
                rejected(users + ".presence")));
    Rejections both =
        of(asked, List.of(rejected(users + ".presence"), rejected(users + ".routingStatus")));

    assertThat(one.subscribed()).containsExactly(users + ".routingStatus");
    assertThat(both.subscribed()).isEmpty();
  }

  @Test
  void whatWasLeftOutIsSaidWithItsReasonAndWithWhatIsKnownOfIt() {
    String topic = "v2.quality.evaluations";
    String ids = "v2.users." + ONE + ".nonsense";

    Rejections rejections =
        Rejections.of(
            List.of(topic, ids),
            List.of(
                Map.of("id", ids, "state", "Rejected", "rejectionReason", "No " + ONE + " here.")),
            Map.of(topic, "Genesys Cloud refused (400: transport)."));

    assertThat(rejections.sentence())
        .contains(
            "Genesys Cloud refused 1 topic v2.quality.evaluations. Genesys Cloud refused (400:"
                + " transport).")
        .contains("Genesys Cloud refused 1 topic v2.users.{id}.nonsense. It says: No … here.");
  }

  @Test
  void theyAreGatheredByPatternWithoutIds() {
    Rejections rejections =
        of(
            List.of(
                "v2.users." + ONE + "?workforcemanagement.adherence&presence",
                "v2.users." + TWO + ".workforcemanagement.adherence"),
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
