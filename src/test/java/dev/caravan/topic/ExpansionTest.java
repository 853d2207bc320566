package dev.caravan.topic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.topic.Listing.Entity;
import dev.caravan.topic.Listing.Kind;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ExpansionTest {

  private static final Map<Listing, List<Entity>> ORG =
      Map.of(
          Listing.of(Kind.QUEUES),
          List.of(
              new Entity("q1", "Sales EMEA", "Home"),
              new Entity("q2", "Support", "Home"),
              new Entity("q3", "SALES (US)", "America")),
          Listing.of(Kind.USERS),
          List.of(
              new Entity("u1", "Ada", "Home"),
              new Entity("u2", "Grace", "America"),
              new Entity("", "?", "")),
          Listing.membersOf("Tier 1"),
          List.of(new Entity("u2", "Grace", "")));

  private final SelectorParser parser = new SelectorParser(TopicCatalogue.shipped());

  @Test
  void needsEachListingOnce() {
    assertThat(
            Expansion.needs(
                selectors(
                    "v2.users.*?presence&routingStatus, v2.users.[name=A*].activity,"
                        + "v2.users.[group=Tier 1].presence, v2.users.u9.presence,"
                        + "v2.routing.queues.[division=Home].conversations")))
        .containsExactly(
            Listing.of(Kind.USERS), Listing.membersOf("Tier 1"), Listing.of(Kind.QUEUES));
  }

  @Test
  void putsEveryIdInTheStarsPlace() {
    assertThat(expand("v2.routing.queues.*.conversations").topics())
        .containsExactly(
            "v2.routing.queues.q1.conversations",
            "v2.routing.queues.q2.conversations",
            "v2.routing.queues.q3.conversations");
  }

  @Test
  void filtersByNameDivisionAndGroupInAnyCase() {
    assertThat(expand("v2.routing.queues.[name=sales*].users").topics())
        .containsExactly("v2.routing.queues.q1.users", "v2.routing.queues.q3.users");
    assertThat(expand("v2.routing.queues.[name=?upport].users").topics())
        .containsExactly("v2.routing.queues.q2.users");
    assertThat(expand("v2.routing.queues.[name=SALES (US)].users").topics())
        .containsExactly("v2.routing.queues.q3.users");
    assertThat(expand("v2.users.[division=america].presence").topics())
        .containsExactly("v2.users.u2.presence");
    assertThat(expand("v2.users.[group=Tier 1].presence").topics())
        .containsExactly("v2.users.u2.presence");
  }

  @Test
  void matchesWholeNamesOnly() {
    assertThat(expand("v2.routing.queues.[name=Sales].users").topics()).isEmpty();
    assertThat(expand("v2.routing.queues.[name=S.*].users").topics()).isEmpty();
  }

  @Test
  void namesEachTopicOnceInTheOrderOfTheSelectors() {
    assertThat(
            expand(
                    "v2.users.u2.presence, v2.users.*.presence, V2.users.U1.presence,"
                        + "v2.users.[group=Tier 1].presence")
                .topics())
        .containsExactly("v2.users.u2.presence", "v2.users.u1.presence");
  }

  @Test
  void tellsWhichSelectorsFoundNothing() {
    Expansion expansion =
        expand(
            "v2.users.*.presence, v2.users.[name=Nobody]?presence&activity,"
                + "v2.users.[group=Ghosts].presence, v2.workforcemanagement.teams.*.adherence");

    assertThat(expansion.unmatched())
        .extracting(TopicSelector::topic)
        .containsExactly(
            "v2.users.*.presence",
            "v2.users.*.activity",
            "v2.users.*.presence",
            "v2.workforcemanagement.teams.*.adherence");
  }

  private Expansion expand(String list) {
    return Expansion.of(selectors(list), ORG);
  }

  private List<TopicSelector> selectors(String list) {
    return parser.parse(list).selectors();
  }
}
