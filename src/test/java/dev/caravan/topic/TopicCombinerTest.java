package dev.caravan.topic;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TopicCombinerTest {

  private static final String A = "v2.users.9ed7d9f6-0c59-4360-ac54-40dd35eb9c2f";
  private static final String B = "v2.users.0e185c02-aca1-4a72-82ea-2e78684e2c89";

  private final TopicCatalogue catalogue = TopicCatalogue.shipped();
  private final TopicCombiner combiner = new TopicCombiner(catalogue);

  @Test
  void combinesTopicsOfTheSameEntity() {
    assertThat(
            combiner.combine(
                List.of(
                    A + ".presence",
                    B + ".presence",
                    A + ".routingStatus",
                    A + ".conversations.calls",
                    A + ".workforcemanagement.adherence")))
        .containsExactly(
            A + "?presence&routingStatus&conversations.calls&workforcemanagement.adherence",
            B + ".presence");
  }

  @Test
  void leavesAloneWhatHasNoIdOrNothingAfterIt() {
    List<String> topics =
        List.of(
            "v2.quality.evaluations",
            "v2.flows.9ed7d9f6-0c59-4360-ac54-40dd35eb9c2f",
            "v2.workforcemanagement.agents",
            A + ".presence");

    assertThat(combiner.combine(topics)).isEqualTo(topics);
  }

  @Test
  void combinesByTheLastIdOnly() {
    assertThat(
            combiner.combine(
                List.of(
                    A + ".conversations.c1.recordings",
                    A + ".conversations",
                    A + ".presence",
                    A + ".conversations.c2.recordings")))
        .containsExactly(
            A + ".conversations.c1.recordings",
            A + "?conversations&presence",
            A + ".conversations.c2.recordings");
  }

  @Test
  void keepsATopicThatIsThePrefixOfOthers() {
    String unit = "v2.workforcemanagement.managementunits.9ed7d9f6-0c59-4360-ac54-40dd35eb9c2f";

    assertThat(combiner.combine(List.of(unit + ".adherence", unit, unit + ".schedules")))
        .containsExactly(unit, unit + "?adherence&schedules");
  }

  @Test
  void combinesTopicsItDoesNotKnowByTheLooksOfTheirIds() {
    assertThat(combiner.combine(List.of(A + ".mood", A + ".presence", "v2.new.thing")))
        .containsExactly(A + "?mood&presence", "v2.new.thing");
  }

  @Test
  void namesNoTopicTwice() {
    assertThat(combiner.combine(List.of(A + ".presence", A + ".presence", "v2.x.y", "v2.x.y")))
        .containsExactly(A + ".presence", "v2.x.y");
  }

  @Test
  void staysWithinTheLengthThatGenesysTakes() {
    List<String> topics =
        catalogue.all().stream()
            .map(Topic::pattern)
            .filter(p -> p.matches("v2\\.users\\.\\{id}\\.[^{]*"))
            .map(p -> p.replace("v2.users.{id}", A))
            .toList();

    List<String> combined = combiner.combine(topics);

    assertThat(topics).hasSizeGreaterThan(40);
    assertThat(combined).allMatch(c -> c.length() <= 200);
    assertThat(combined).hasSizeLessThan(topics.size() / 3);
    assertThat(expand(combined)).containsExactlyInAnyOrderElementsOf(topics);
  }

  @Test
  void losesNoTopicWhateverTheList() {
    List<String> patterns = catalogue.all().stream().map(Topic::pattern).toList();
    Random random = new Random(5);
    List<String> ids =
        List.of(
            "9ed7d9f6-0c59-4360-ac54-40dd35eb9c2f",
            "0e185c02-aca1-4a72-82ea-2e78684e2c89",
            "12345",
            "x");
    for (int i = 0; i < 300; i++) {
      Set<String> topics = new LinkedHashSet<>();
      for (int n = random.nextInt(60); n > 0; n--) {
        String topic = patterns.get(random.nextInt(patterns.size()));
        while (topic.contains("{id}")) {
          topic = topic.replaceFirst("\\{id}", ids.get(random.nextInt(ids.size())));
        }
        topics.add(topic);
      }

      List<String> combined = combiner.combine(List.copyOf(topics));

      assertThat(expand(combined)).containsExactlyInAnyOrderElementsOf(topics);
      assertThat(combined).doesNotHaveDuplicates().allMatch(c -> c.length() <= 200);
    }
  }

  @Test
  void takesApartWhatItHasPutTogether() {
    assertThat(TopicCombiner.expandCombined("v2.users.U?presence&conversations.calls"))
        .containsExactly("v2.users.U.presence", "v2.users.U.conversations.calls");
    assertThat(TopicCombiner.expandCombined("v2.users.U.presence"))
        .containsExactly("v2.users.U.presence");
  }

  private static List<String> expand(List<String> combined) {
    List<String> topics = new ArrayList<>();
    combined.forEach(c -> topics.addAll(TopicCombiner.expandCombined(c)));
    return topics;
  }
}
