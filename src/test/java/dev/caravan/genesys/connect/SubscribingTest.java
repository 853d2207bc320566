package dev.caravan.genesys.connect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.genesys.BackfillRoad;
import dev.caravan.genesys.GenesysConstants;
import dev.caravan.simulator.CentreSize;
import dev.caravan.simulator.OauthClient;
import dev.caravan.simulator.fault.Action;
import dev.caravan.simulator.fault.Fault;
import dev.caravan.simulator.fault.Scenario;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The control route that subscribes, against a stand-in that refuses all because of one. */
@Tag("slow")
class SubscribingTest {

  private static final String SUBSCRIBE = "POST /api/v2/notifications/channels/{id}/subscriptions";
  private static final String EVENT_BRIDGE = "v2.quality.evaluations";

  @TempDir private Path folder;
  private BackfillRoad road;
  private ProducerTemplate template;
  private final List<String> topics = new ArrayList<>();

  @BeforeEach
  void start() {
    OauthClient client = new OauthClient("subscriber", "secret");
    road =
        new BackfillRoad(
                folder,
                Scenario.parse("options: {behaviour: {ignoreErrors: false}}")
                    .options()
                    .withCentre(CentreSize.of(40))
                    .withClient(client),
                client)
            .start();
    template = road.context().createProducerTemplate();
    road.users().forEach(user -> topics.add("v2.users." + user + "?presence&routingStatus"));
  }

  @AfterEach
  void close() {
    road.close();
  }

  private Exchange subscribe() {
    return subscribe(topics);
  }

  private Exchange subscribe(List<String> some) {
    Exchange made = template.request("direct:genesys-create-channel", any -> {});
    Map<?, ?> channel = made.getProperty(GenesysConstants.CHANNEL, Map.class);
    return template.request(
        "direct:genesys-subscribe",
        exchange -> {
          exchange.setProperty(GenesysConstants.CHANNEL, channel);
          exchange.setProperty(
              GenesysConstants.TOPICS, some.stream().map(topic -> Map.of("id", topic)).toList());
        });
  }

  private Rejections rejections(Exchange exchange) {
    assertThat(exchange.getException()).isNull();
    Map<String, String> refused = new HashMap<>();
    Map<?, ?> reasons = exchange.getProperty(GenesysConstants.REFUSED, Map.class);
    reasons.forEach((topic, why) -> refused.put(topic.toString(), why.toString()));
    return Rejections.of(
        topics, exchange.getProperty(GenesysConstants.SUBSCRIPTIONS, List.class), refused);
  }

  private int calls() {
    return road.genesys().callCounts().getOrDefault(SUBSCRIBE, 0);
  }

  @Test
  void allIsSubscribedWithOneCallIfNothingIsBad() {
    assertThat(rejections(subscribe()).subscribed()).hasSize(80);

    assertThat(calls()).isEqualTo(1);
  }

  @Test
  void aTopicThatNoSocketCanHaveIsFoundLeftOutAndNamed() {
    topics.add(17, EVENT_BRIDGE);

    Rejections rejections = rejections(subscribe());

    assertThat(rejections.subscribed()).hasSize(80).doesNotContain(EVENT_BRIDGE);
    assertThat(rejections.sentence())
        .contains("Genesys Cloud refused 1 topic v2.quality.evaluations.")
        .contains("notification.transport.not.allowed")
        .doesNotContain("role");
    assertThat(calls()).isLessThan(12);
  }

  @Test
  void aForbiddenTopicComesWithTheAdviceToGrantThePermission() {
    road.genesys()
        .perform(
            new Action.ForbidTopics(
                List.of("v2.users." + road.users().get(3) + ".presence"), false));

    Rejections rejections = rejections(subscribe());

    assertThat(rejections.subscribed()).hasSize(79);
    assertThat(rejections.sentence()).contains("403", "Give the OAuth client a role");
  }

  @Test
  void aTopicThatIsRefusedAloneCostsTheNextChannelNothingElse() {
    String forbidden = "v2.users." + road.users().get(3) + ".presence";
    road.genesys().perform(new Action.ForbidTopics(List.of(forbidden), false));
    subscribe();
    subscribe(List.of(forbidden));

    assertThat(rejections(subscribe()).subscribed()).hasSize(79).doesNotContain(forbidden);
  }

  @Test
  void whatIsNotAboutTopicsIsNoReasonToHalve() {
    road.genesys().arm(Fault.status(SUBSCRIBE, 404).times(1));

    assertThat(subscribe().getException())
        .hasFieldOrPropertyWithValue("kind", CallException.Kind.NOT_FOUND);

    road.genesys().arm(Fault.status(SUBSCRIBE, 415).times(1));
    assertThat(subscribe().getException())
        .hasFieldOrPropertyWithValue("kind", CallException.Kind.REFUSED);

    road.genesys().arm(Fault.status(SUBSCRIBE, 409).times(1));
    assertThat(subscribe().getException())
        .as("what is in each other's way now may not be later")
        .isInstanceOf(CallException.class)
        .hasFieldOrPropertyWithValue("kind", CallException.Kind.UNAVAILABLE);
    assertThat(calls()).isEqualTo(3);
  }

  @Test
  void aListThatIsTooLargeIsSubscribedInParts() {
    road.genesys().arm(Fault.status(SUBSCRIBE, 413).times(1));

    assertThat(rejections(subscribe()).subscribed()).hasSize(80);

    assertThat(calls()).isEqualTo(3);
  }

  @Test
  void ofMoreThanAChannelTakesItReadsWhatFitsAndSaysWhyNotTheRest() {
    for (int number = 0; number < 970; number++) {
      topics.add("v2.users.7b5a5a2e-1c2d-4e5f-8a9b-%012d.presence".formatted(number));
    }

    Rejections rejections = rejections(subscribe());

    assertThat(rejections.subscribed()).hasSize(1_000 + 40);
    assertThat(rejections.sentence()).contains("refused 10 topics", "Too many subscriptions");
  }
}
