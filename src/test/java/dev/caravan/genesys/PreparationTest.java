package dev.caravan.genesys;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.channel.ShardStatus.Health;
import dev.caravan.session.RefusedException;
import dev.caravan.session.UnavailableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.camel.CamelContext;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PreparationTest {

  private final CamelContext context = new DefaultCamelContext();
  private final GenesysConfiguration configuration = new GenesysConfiguration();
  private final List<Signal> signals = new ArrayList<>();
  private final Map<String, List<Map<String, Object>>> org = new HashMap<>();
  private RuntimeException failure;
  private int listings;
  private String fault = "";
  private int faults;
  private Preparation preparation;

  @BeforeEach
  void start() throws Exception {
    context.addRoutes(
        new RouteBuilder() {
          @Override
          public void configure() {
            errorHandler(noErrorHandler());
            from("direct:list")
                .process(
                    exchange -> {
                      listings++;
                      if (failure != null) {
                        throw failure;
                      }
                      String path = exchange.getProperty(GenesysConstants.LISTING, String.class);
                      exchange.setProperty(
                          GenesysConstants.LISTING_FAULT, faults-- > 0 ? fault : "");
                      exchange.getMessage().setBody(org.getOrDefault(path, List.of()));
                    });
          }
        });
    context.start();
    configuration.setTopics("v2.routing.queues.*.conversations");
    configuration.setListRoute("direct:list");
    configuration.setTopicsPerChannel(2);
    configuration.setRefresh(Duration.ofMinutes(15));
    ProducerTemplate template = context.createProducerTemplate();
    preparation =
        new Preparation(
            configuration, new Directory(template, configuration.getListRoute()), signals::add);
  }

  @AfterEach
  void stop() {
    context.stop();
  }

  private void queues(int count) {
    org.put(
        "/api/v2/routing/queues",
        IntStream.range(0, count)
            .mapToObj(
                i ->
                    Map.<String, Object>of(
                        "id", "0e185c02-aca1-4a72-82ea-%012d".formatted(i), "name", "Queue " + i))
            .toList());
  }

  @Test
  void beforeTheFirstRunItIsBlind() {
    assertThat(preparation.health()).isEqualTo(Health.BLIND);
    assertThat(preparation.problem()).isPresent();
    assertThat(preparation.planned()).isFalse();
  }

  @Test
  void selectorsBecomeShards() {
    queues(3);

    Preparation.Outcome outcome = preparation.run("");

    assertThat(outcome.plan().orElseThrow())
        .extracting(shard -> shard.subscriptions().size())
        .containsExactly(2, 1);
    assertThat(outcome.again()).contains(Duration.ofMinutes(15));
    assertThat(preparation.problem()).isEmpty();
    assertThat(signals)
        .singleElement()
        .satisfies(
            signal -> {
              assertThat(signal.type()).isEqualTo("EXPANDED");
              assertThat(signal.count()).isEqualTo(3);
              assertThat(signal.sentence())
                  .isEqualTo("Subscribing 3 topics as 3 subscriptions on 2 channels.");
            });
  }

  @Test
  void aRefreshThatFindsTheSameSaysNothing() {
    queues(3);
    preparation.run("");

    assertThat(preparation.run("").plan()).isPresent();
    assertThat(signals).hasSize(1);
  }

  @Test
  void plainTopicsNeedNoListingAndNoRefresh() {
    configuration.setTopics("v2.users.7b5a5a2e-1c2d-4e5f-8a9b-0c1d2e3f4a5b.presence");

    Preparation.Outcome outcome = preparation.run("");

    assertThat(outcome.plan()).isPresent();
    assertThat(outcome.again()).isEmpty();
    assertThat(listings).isZero();
  }

  @Test
  void aMistakeInTheSettingsIsBrokenForGood() {
    Preparation.Outcome outcome = preparation.run("GENESYS_REGION is wrong.");

    assertThat(outcome.plan()).isEmpty();
    assertThat(outcome.again()).isEmpty();
    assertThat(preparation.health()).isEqualTo(Health.BROKEN);
    assertThat(preparation.problem()).contains("GENESYS_REGION is wrong.");
    assertThat(listings).isZero();
  }

  @Test
  void aTypoInASelectorIsBrokenAndSaysSo() {
    configuration.setTopics("v2.routing.queue.*.conversations");

    assertThat(preparation.run("").again()).isEmpty();
    assertThat(preparation.problem().orElseThrow())
        .startsWith("GENESYS_TOPICS cannot be followed.")
        .contains("v2.routing.queues");
  }

  @Test
  void whatMatchesNothingIsLookedForAgain() {
    // One listing may be wrong
    assertThat(preparation.run("").again()).contains(Duration.ofSeconds(15));

    Preparation.Outcome outcome = preparation.run("");

    assertThat(outcome.again()).contains(Duration.ofMinutes(5));
    assertThat(preparation.health()).isEqualTo(Health.BROKEN);
    assertThat(preparation.problem().orElseThrow())
        .startsWith("Nothing matches v2.routing.queues.*.conversations");
  }

  @Test
  void anOutageIsBlindAndTriedAgainSoon() {
    failure = new UnavailableException("Genesys Cloud answered 503.", 503, Duration.ZERO);

    Preparation.Outcome outcome = preparation.run("");

    assertThat(outcome.again()).contains(Duration.ofSeconds(15));
    assertThat(preparation.health()).isEqualTo(Health.BLIND);
    assertThat(preparation.problem().orElseThrow()).contains("503").endsWith("in 15 s.");
  }

  @Test
  void whatRetryAfterSaysIsObeyed() {
    failure = new UnavailableException("Answered 429.", 429, Duration.ofSeconds(90));

    assertThat(preparation.run("").again()).contains(Duration.ofSeconds(90));
  }

  @Test
  void aRefusalIsBrokenAndTriedAgainLater() {
    failure = new RefusedException("Missing routing:queue:view.", 403);

    assertThat(preparation.run("").again()).contains(Duration.ofMinutes(5));
    assertThat(preparation.health()).isEqualTo(Health.BROKEN);
    assertThat(signals).extracting(Signal::type).containsExactly("BROKEN");
  }

  @Test
  void aRefreshThatFailsLeavesThePlanAsItIs() {
    queues(1);
    preparation.run("");
    failure = new UnavailableException("Genesys Cloud answered 503.", 503, Duration.ZERO);

    Preparation.Outcome outcome = preparation.run("");

    assertThat(outcome.plan()).isEmpty();
    assertThat(outcome.again()).isPresent();
    assertThat(preparation.problem()).isEmpty();
    assertThat(preparation.planned()).isTrue();
  }

  @Test
  void whatNeedsMoreChannelsThanThereAreIsReadAsFarAsItGoesAndSaidToBeBroken() {
    queues(39);

    Preparation.Outcome outcome = preparation.run("");

    assertThat(outcome.plan().orElseThrow()).hasSize(18);
    assertThat(preparation.health()).isEqualTo(Health.BROKEN);
    assertThat(preparation.problem().orElseThrow())
        .startsWith("3 subscriptions are not being read: they need 20 channels");
  }

  @Test
  void itIsCuredWhenTheyFitAgain() {
    queues(39);
    preparation.run("");
    queues(36);

    assertThat(preparation.run("").again()).contains(Duration.ofSeconds(15));
    assertThat(preparation.run("").plan().orElseThrow()).hasSize(18);
    assertThat(preparation.problem()).isEmpty();
  }

  private static int subscriptions(Preparation.Outcome outcome) {
    return outcome.plan().orElseThrow().stream().mapToInt(it -> it.subscriptions().size()).sum();
  }

  @Test
  void aListingThatIsShortOnceTakesNoTopicsAway() {
    queues(30);
    preparation.run("");

    for (int left : List.of(0, 20)) {
      queues(left);
      Preparation.Outcome doubted = preparation.run("");
      queues(30);
      Preparation.Outcome after = preparation.run("");

      assertThat(subscriptions(doubted)).isEqualTo(30);
      assertThat(doubted.again()).contains(Duration.ofSeconds(15));
      assertThat(subscriptions(after)).isEqualTo(30);
      assertThat(after.again()).contains(Duration.ofMinutes(15));
    }
    assertThat(signals).extracting(Signal::type).containsExactly("EXPANDED");
  }

  @Test
  void whatTwoListingsDoNotHaveIsGivenUpWithNumbers() {
    queues(30);
    preparation.run("");
    queues(20);
    preparation.run("");

    assertThat(subscriptions(preparation.run(""))).isEqualTo(20);
    assertThat(signals)
        .extracting(Signal::type)
        .containsExactly("EXPANDED", "TOPICS_GIVEN_UP", "EXPANDED");
    assertThat(signals.get(1).count()).isEqualTo(10);
    assertThat(signals.get(1).sentence()).startsWith("10 of 30 topics are not subscribed any more");
  }

  @Test
  void twoShortListingsThatDifferAreNotBelieved() {
    queues(30);
    preparation.run("");
    queues(20);
    preparation.run("");
    queues(10);

    assertThat(subscriptions(preparation.run(""))).isEqualTo(30);
  }

  @Test
  void aFewPercentLessIsBelievedAtOnce() {
    queues(40);
    configuration.setTopicsPerChannel(100);
    preparation.run("");
    queues(39);

    assertThat(subscriptions(preparation.run(""))).isEqualTo(39);
  }

  @Test
  void aSelectorIsJudgedByItselfHoweverMuchTheOthersFind() {
    configuration.setTopicsPerChannel(1_000);
    configuration.setTopics(
        "v2.routing.queues.*.conversations,v2.routing.queues.[name=Queue 7].conversations.calls");
    queues(500);
    preparation.run("");
    org.put(
        "/api/v2/routing/queues",
        org.get("/api/v2/routing/queues").stream()
            .filter(queue -> !queue.get("name").equals("Queue 7"))
            .toList());

    assertThat(subscriptions(preparation.run(""))).isEqualTo(500);
  }

  @Test
  void aListingThatDoesNotAgreeWithItselfIsReadAgain() {
    queues(3);
    fault = "of 4 it told 3";
    faults = 1;

    assertThat(subscriptions(preparation.run(""))).isEqualTo(3);
    assertThat(listings).isEqualTo(2);

    faults = 2;
    assertThat(preparation.run("").plan()).as("two that say the same").isPresent();
  }

  @Test
  void withRedundancyHalfAsManyFitAndTheSentenceSaysWhy() {
    configuration.setRedundancy(2);
    queues(39);

    Preparation.Outcome outcome = preparation.run("");

    assertThat(outcome.plan().orElseThrow()).hasSize(9);
    assertThat(preparation.problem().orElseThrow())
        .startsWith("21 subscriptions are not being read: they need 40 channels")
        .endsWith("or set GENESYS_REDUNDANCY to 1: with 2 every topic takes two channels.");
  }
}
