package dev.caravan.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TopicsCommandTest {

  @Test
  void listsEveryTopic() {
    assertThat(CommandLineHarness.run("topics").out().lines())
        .hasSizeGreaterThan(200)
        .contains("v2.users.{id}.presence", "v2.routing.queues.{id}.conversations");
  }

  @Test
  void findsTopicsByAPartOfTheirNameInAnyCase() {
    assertThat(CommandLineHarness.run("topics", "ROUTINGstatus").out().lines())
        .containsExactly("v2.users.{id}.routingStatus");
  }

  @Test
  void explainsASelectorForAllQueues() {
    CommandLineHarness explained =
        CommandLineHarness.run("topics", "v2.routing.queues.*.conversations");

    assertThat(explained.exitCode()).isZero();
    assertThat(explained.out())
        .contains("every queue of the org", "genesys.conversations.<media type>");
  }

  @Test
  void takesACombinedSelectorApart() {
    assertThat(
            CommandLineHarness.run("topics", "v2.users.[group=Tier 1]?presence&routingStatus")
                .out())
        .contains(
            "v2.users.*.presence",
            "genesys.presence",
            "v2.users.*.routingStatus",
            "genesys.routing-status",
            "every user of the group Tier 1");
  }

  @Test
  void namesTheMediumOfATopicThatHasOne() {
    assertThat(CommandLineHarness.run("topics", "v2.users.*.conversations.calls").out())
        .contains("genesys.conversations.voice");
  }

  @Test
  void suggestsTopicsForASelectorWithATypo() {
    CommandLineHarness typo = CommandLineHarness.run("topics", "v2.routing.qeues.*.conversations");

    assertThat(typo.exitCode()).isEqualTo(1);
    assertThat(typo.err()).contains("did you mean `v2.routing.queues.*.conversations`");
  }

  @Test
  void suggestsTopicsForAWordThatNoneHas() {
    CommandLineHarness typo = CommandLineHarness.run("topics", "adherense");

    assertThat(typo.exitCode()).isEqualTo(1);
    assertThat(typo.err()).contains("No topic has \"adherense\" in its name");
  }
}
