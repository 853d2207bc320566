package dev.caravan.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.caravan.topic.Listing.Kind;
import dev.caravan.topic.TopicSelector.Filter;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SelectorParserTest {

  private static final String ID = "9ed7d9f6-0c59-4360-ac54-40dd35eb9c2f";

  private final SelectorParser parser = new SelectorParser(TopicCatalogue.shipped());

  @Test
  void takesAPlainTopicAsItIs() {
    String topic = "v2.users." + ID + ".presence";

    assertThat(only(topic))
        .isEqualTo(new TopicSelector(topic, topic, Optional.empty(), Filter.NONE, ""));
  }

  @Test
  void spellsTopicsAsGenesysDoes() {
    assertThat(only("V2.Users." + ID + ".ROUTINGSTATUS").topic())
        .isEqualTo("v2.users." + ID + ".routingStatus");
    assertThat(only("v2.ROUTING.queues.*.conversations.cobrowsesessions").topic())
        .isEqualTo("v2.routing.queues.*.conversations.cobrowseSessions");
  }

  @ParameterizedTest
  @CsvSource({
    "v2.routing.queues.*.conversations, QUEUES",
    "v2.analytics.queues.*.observations, QUEUES",
    "v2.taskmanagement.workitems.queues.*, QUEUES",
    "v2.users.*.presence, USERS",
    "v2.analytics.users.*.aggregates, USERS",
    "v2.detail.events.agent.*.state, USERS",
    "v2.groups.*.greetings, GROUPS",
    "v2.workforcemanagement.managementunits.*.adherence, MANAGEMENT_UNITS",
    "v2.workforcemanagement.businessunits.*.schedules, BUSINESS_UNITS",
    "v2.workforcemanagement.teams.*.adherence, TEAMS"
  })
  void knowsWhatAStarStandsFor(String selector, Kind kind) {
    TopicSelector read = only(selector);

    assertThat(read.listing()).contains(Listing.of(kind));
    assertThat(read.filter()).isEqualTo(Filter.NONE);
    assertThat(read.isOfSome()).isFalse();
  }

  @Test
  void readsFilters() {
    isFiltered("v2.routing.queues.[name=Sales*].conversations", Kind.QUEUES, Filter.NAME, "Sales*");
    isFiltered("v2.users.[ division = Home ].presence", Kind.USERS, Filter.DIVISION, "Home");
    TopicSelector group = only("v2.users.[GROUP=Tier 1].presence");
    assertThat(group.listing()).contains(Listing.membersOf("Tier 1"));
    assertThat(group.isOfSome()).isTrue();
  }

  private void isFiltered(String selector, Kind kind, Filter filter, String glob) {
    TopicSelector read = only(selector);

    assertThat(read.listing()).contains(Listing.of(kind));
    assertThat(read.filter()).isEqualTo(filter);
    assertThat(read.glob()).isEqualTo(glob);
    assertThat(read.isOfSome()).isTrue();
  }

  @Test
  void lettersThatMeanSomethingElsewhereMayBePartOfAName() {
    String name = "St. Gallen, A=B & C? [test]";

    isFiltered(
        "v2.routing.queues.[name=" + name + "].conversations", Kind.QUEUES, Filter.NAME, name);
  }

  @Test
  void separatesByCommasAndLinesAndForgivesBlanks() {
    List<TopicSelector> read =
        parser
            .parse(
                """

                  v2.users.*.presence ,
                  v2.users.[name=A, B].presence
                v2.routing.queues.*.users,,
                """)
            .selectors();

    assertThat(read)
        .extracting(TopicSelector::text)
        .containsExactly(
            "v2.users.*.presence", "v2.users.[name=A, B].presence", "v2.routing.queues.*.users");
  }

  @Test
  void takesCombinedTopicsApart() {
    assertThat(parser.parse("v2.users.*?presence&routingStatus& conversations.calls").selectors())
        .extracting(TopicSelector::topic)
        .containsExactly(
            "v2.users.*.presence", "v2.users.*.routingStatus", "v2.users.*.conversations.calls");
    isFiltered("v2.users.[name=A?B&C]?presence", Kind.USERS, Filter.NAME, "A?B&C");
  }

  @Test
  void followsATopicItDoesNotKnowAndSaysSo() {
    SelectorParser.Parsed parsed = parser.parse("v2.users." + ID + ".brandnewthing");

    assertThat(parsed.selectors())
        .extracting(TopicSelector::topic)
        .containsExactly("v2.users." + ID + ".brandnewthing");
    assertThat(parsed.warnings())
        .singleElement()
        .asString()
        .contains("new ones appear")
        .doesNotContain("Did you mean");
  }

  @Test
  void suggestsWhatAConcreteTopicMayHaveMeant() {
    assertThat(parser.parse("v2.user." + ID + ".presence").warnings())
        .singleElement()
        .asString()
        .endsWith("Did you mean `v2.users.{id}.presence`?");
  }

  @Test
  void saysThatSystemTopicsComeUnasked() {
    assertThat(parser.parse("v2.system.socket_closing").warnings())
        .singleElement()
        .asString()
        .contains("unasked");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "v2.routing.queue.*.conversations | no topic that Genesys Cloud is known to have; did you"
            + " mean `v2.routing.queues.*.conversations`",
        "v2.users.[name=A].presense | did you mean `v2.users.*.presence`",
        "v2.users.*.* | more than one id",
        "v2.conversations.*.transcription | conversations cannot be listed before they exist",
        "v2.detail.events.conversation.*.acd.start | conversations cannot be listed",
        "v2.users.U.conversations.*.recordings | conversations cannot be listed",
        "v2.users.*.conversations.*.recordings | more than one id",
        "v2.flows.* | Only queues, users, groups, teams",
        "v2.users.{id}.presence | write the id, or * for all",
        "v2.users.*.presence?x | did you mean",
        "v2.users.*? | one ? with the endings",
        "v2.users.*?presence?routingStatus | one ? with the endings",
        "v2.users.*?presence&&routingStatus | nothing between two dots",
        "v2.users.abc*.presence | neither a word, an id",
        "v2.users..presence | nothing between two dots",
        "v2.users.*.presence. | at its end",
        "v2.users.[name=Sales.presence | a [ without its ]",
        "v2.users.[name=].presence | a filter that says nothing",
        "v2.users.[].presence | a filter that says nothing",
        "v2.users.[mood=good].presence | filters by `mood`",
        "v2.routing.queues.[group=Tier 1].conversations | only users have groups",
        "v2.users.[group=Tier*].presence | write the whole name",
        "presence | topics begin with v2.",
        "users.*.presence | topics begin with v2.",
        "v2 users presence | is no topic"
      })
  void explainsWhatItCannotFollow(String selector, String explanation) {
    assertThat(problems(selector)).singleElement().asString().contains(explanation);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "  \n", ",,"})
  void wantsAtLeastOneTopic(String list) {
    assertThat(problems(list)).singleElement().asString().startsWith("The list of topics is empty");
  }

  @Test
  void explainsAllProblemsAtOnce() {
    assertThat(problems("v2.flows.*, v2.users.*.presence, nonsense")).hasSize(2);
  }

  private List<String> problems(String list) {
    SelectorException e = catchThrowableOfType(SelectorException.class, () -> parser.parse(list));
    assertThat(e).hasMessage(String.join(" ", e.problems()));
    return e.problems();
  }

  private TopicSelector only(String selector) {
    SelectorParser.Parsed parsed = parser.parse(selector);
    assertThat(parsed.warnings()).isEmpty();
    assertThat(parsed.selectors()).hasSize(1);
    return parsed.selectors().get(0);
  }
}
