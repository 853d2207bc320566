package dev.caravan.genesys;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.channel.ShardStatus.Health;
import dev.caravan.genesys.connect.CallException;
import dev.caravan.genesys.connect.Clients;
import dev.caravan.testing.MutableClock;
import dev.caravan.topic.Plan;
import dev.caravan.topic.Refusals;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.camel.CamelContext;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("slow")
class PreparationTest {

  private static final int PAGE = 5;

  private final CamelContext context = new DefaultCamelContext();
  private final GenesysConfiguration configuration = new GenesysConfiguration();
  private final List<Signal> signals = new ArrayList<>();
  private final Map<String, List<Map<String, Object>>> org = new HashMap<>();
  private final List<Plan> early = new ArrayList<>();
  private final List<String> told = new ArrayList<>();
  private int failsAt;
  private RuntimeException failure;
  private int listings;
  private Set<String> refusesTo = Set.of();
  private final MutableClock clock = new MutableClock(Instant.parse("2026-11-22T12:00:00Z"));
  private Set<String> lastRun = Set.of();
  private List<String> clients = List.of(Plan.DEFAULT_CLIENT);
  private List<String> present = clients;
  private Refusals refusals = Refusals.NONE;
  private final Set<Integer> live = new HashSet<>();
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
            from("direct:genesys-list")
                .process(
                    exchange -> {
                      listings++;
                      if (failure != null) {
                        throw failure;
                      }
                      String client =
                          exchange.getProperty(
                              GenesysConstants.CLIENT, clients.get(0), String.class);
                      if (refusesTo.contains(client)) {
                        throw CallException.refused("It may not list.", 403);
                      }
                      String path = exchange.getProperty(GenesysConstants.LISTING, String.class);
                      exchange.setProperty(
                          GenesysConstants.LISTING_FAULT, faults-- > 0 ? fault : "");
                      List<Map<String, Object>> all = org.getOrDefault(path, List.of());
                      pages(
                          all,
                          exchange.getProperty(
                              GenesysConstants.LISTING_READER, Pages.Reader.class));
                      exchange.getMessage().setBody(all);
                    });
          }
        });
    context.start();
    configuration.setTopics("v2.routing.queues.*.conversations");
    configuration.setTopicsPerChannel(2);
    configuration.setRefresh(Duration.ofMinutes(15));
    restart();
  }

  private void restart() {
    signals.clear();
    ProducerTemplate template = context.createProducerTemplate();
    preparation =
        new Preparation(
            configuration,
            new Directory(template, new Clients(clients)),
            new Preparation.Readers(
                clients,
                () -> {},
                () -> present,
                () -> refusals,
                live::contains,
                new ReadingRoutes().enter("receive")),
            signals::add,
            () -> lastRun,
            () -> 0.5,
            clock);
  }

  private Preparation.Outcome run(String mistake) {
    return run(mistake, Duration.ofMinutes(1));
  }

  private Preparation.Outcome run(String mistake, Duration later) {
    clock.pass(later);
    return preparation.run(mistake, early::add);
  }

  private void pages(List<Map<String, Object>> all, Pages.Reader reader) {
    int pages = (all.size() + PAGE - 1) / PAGE;
    for (int page = 1; page <= pages; page++) {
      if (page == failsAt) {
        throw CallException.unavailable("Genesys Cloud answered 503.", 503, Duration.ZERO);
      }
      reader.read(page, pages, all.subList(0, Math.min(all.size(), page * PAGE)));
      told.add(preparation.listing());
    }
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
    assertThat(preparation.problem().orElseThrow().health()).isEqualTo(Health.BLIND);
    assertThat(preparation.problem()).isPresent();
    assertThat(preparation.planned()).isFalse();
  }

  @Test
  void selectorsBecomeShards() {
    queues(3);

    Preparation.Outcome outcome = run("");

    assertThat(outcome.plan().orElseThrow().shards())
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
  void whatTakesManyPagesIsListedMoreSeldomSoThatItTakesFewOfTheCalls() {
    configuration.setRefresh(Duration.ofMinutes(1));
    queues(40 * PAGE);
    assertThat(run("").again()).contains(Duration.ofMinutes(1));

    queues(200 * PAGE);
    assertThat(run("").again()).contains(Duration.ofMinutes(5));
  }

  @Test
  void aFirstListingThatLacksMuchOfWhatWasReadBeforeTheStartIsConfirmedFirst() {
    queues(10);
    lastRun = topicsOf(run("").plan().orElseThrow());
    restart();
    queues(5);

    Preparation.Outcome first = run("");
    assertThat(topicsOf(first.plan().orElseThrow())).isEqualTo(lastRun);
    assertThat(first.again()).contains(Duration.ofSeconds(15));

    assertThat(topicsOf(run("").plan().orElseThrow())).hasSize(5);
    assertThat(signals)
        .filteredOn(signal -> signal.type().equals("TOPICS_GIVEN_UP"))
        .extracting(Signal::count)
        .containsExactly(5);
  }

  @Test
  void aFirstListingThatWasShortOnceTakesNothingAway() {
    queues(10);
    lastRun = topicsOf(run("").plan().orElseThrow());
    restart();
    queues(5);
    run("");
    queues(10);

    assertThat(topicsOf(run("").plan().orElseThrow())).isEqualTo(lastRun);
    assertThat(signals).extracting(Signal::type).doesNotContain("TOPICS_GIVEN_UP");
  }

  @Test
  void whatOthersReadBeforeTheStartIsNotMissed() {
    lastRun = Set.of("v2.users.11111111-1111-1111-1111-111111111111.presence");
    queues(3);

    assertThat(topicsOf(run("").plan().orElseThrow())).hasSize(3);
    assertThat(early).allSatisfy(shards -> assertThat(topicsOf(shards)).doesNotContain("v2.users"));
  }

  @Test
  void whatWasReadBeforeTheStartIsReadOnThoughNothingCanBeListed() {
    queues(40);
    lastRun = topicsOf(new Plan(run("").plan().orElseThrow().shards().subList(0, 10)));
    restart();
    early.clear();
    failure = CallException.unavailable("Genesys Cloud answered 503.", 503, Duration.ZERO);

    assertThat(run("").plan()).isEmpty();
    assertThat(topicsOf(early.get(0))).isEqualTo(lastRun).hasSize(20);
    assertThat(preparation.problem().orElseThrow().sentence()).contains("503");

    run("");
    assertThat(early).hasSize(1);

    failure = null;
    assertThat(topicsOf(run("").plan().orElseThrow())).hasSize(36).containsAll(lastRun);
  }

  private static Set<String> topicsOf(Plan plan) {
    return Set.copyOf(plan.subscriptions());
  }

  @Test
  void aRefreshThatFindsTheSameSaysNothing() {
    queues(3);
    run("");

    assertThat(run("").plan()).isPresent();
    assertThat(signals).hasSize(1);
  }

  @Test
  void plainTopicsNeedNoListingAndNoRefresh() {
    configuration.setTopics("v2.users.7b5a5a2e-1c2d-4e5f-8a9b-0c1d2e3f4a5b.presence");

    Preparation.Outcome outcome = run("");

    assertThat(outcome.plan()).isPresent();
    assertThat(outcome.again()).isEmpty();
    assertThat(listings).isZero();
  }

  @Test
  void aMistakeInTheSettingsIsBrokenForGood() {
    Preparation.Outcome outcome = run("GENESYS_REGION is wrong.");

    assertThat(outcome.plan()).isEmpty();
    assertThat(outcome.again()).isEmpty();
    assertThat(preparation.problem())
        .contains(new NotificationsHealthCheck.Problem(Health.BROKEN, "GENESYS_REGION is wrong."));
    assertThat(listings).isZero();
  }

  @Test
  void aTypoInASelectorIsBrokenAndSaysSo() {
    configuration.setTopics("v2.routing.queue.*.conversations");

    assertThat(run("").again()).isEmpty();
    assertThat(preparation.problem().orElseThrow().sentence())
        .startsWith("GENESYS_TOPICS cannot be followed.")
        .contains("v2.routing.queues");
  }

  @Test
  void whatMatchesNothingIsLookedForAgain() {
    // One listing may be wrong
    assertThat(run("").again()).contains(Duration.ofSeconds(15));

    Preparation.Outcome outcome = run("");

    assertThat(outcome.again()).contains(Duration.ofMinutes(5));
    assertThat(preparation.problem().orElseThrow().health()).isEqualTo(Health.BROKEN);
    assertThat(preparation.problem().orElseThrow().sentence())
        .startsWith("Nothing matches v2.routing.queues.*.conversations");
  }

  @Test
  void anOutageIsBlindAndTriedAgainSoon() {
    failure = CallException.unavailable("Genesys Cloud answered 503.", 503, Duration.ZERO);

    Preparation.Outcome outcome = run("");

    assertThat(outcome.again()).contains(Duration.ofSeconds(2));
    assertThat(preparation.problem().orElseThrow().health()).isEqualTo(Health.BLIND);
    assertThat(preparation.problem().orElseThrow().sentence()).contains("503").endsWith("in 2 s.");
    assertThat(run("").again()).contains(Duration.ofSeconds(4));
  }

  @Test
  void whatRetryAfterSaysIsObeyed() {
    for (int seconds : List.of(2, 90)) {
      failure = CallException.unavailable("Answered 429.", 429, Duration.ofSeconds(seconds));

      assertThat(run("").again()).contains(Duration.ofMillis(seconds * 1_050L));
    }
  }

  @Test
  void anOutageCountsAsOneWhateverRetryAfterSaysUntilTheNextBeginsAnew() {
    failure = CallException.unavailable("Answered 429.", 429, Duration.ofSeconds(2));
    run("");
    assertThat(preparation.unavailable()).isTrue();

    preparation.goOnFrom(Plan.NOTHING);

    assertThat(preparation.unavailable()).isFalse();
  }

  @Test
  void aRefusalIsBrokenAndTriedAgainLater() {
    failure = CallException.refused("Missing routing:queue:view.", 403);

    assertThat(run("").again()).contains(Duration.ofMinutes(5));
    assertThat(preparation.problem().orElseThrow().health()).isEqualTo(Health.BROKEN);
    assertThat(signals).extracting(Signal::type).containsExactly("BROKEN");
  }

  @Test
  void aRefreshThatFailsLeavesThePlanAsItIs() {
    queues(1);
    run("");
    failure = CallException.unavailable("Genesys Cloud answered 503.", 503, Duration.ZERO);

    Preparation.Outcome outcome = run("");

    assertThat(outcome.plan()).isEmpty();
    assertThat(outcome.again()).isPresent();
    assertThat(preparation.problem()).isEmpty();
    assertThat(preparation.planned()).isTrue();
    assertThat(preparation.stale()).isEmpty();
  }

  @Test
  void refreshesThatFailAgainAndAgainAreToldOnceAndThatTheyWorkAgain() {
    queues(1);
    run("");
    signals.clear();
    failure = CallException.refused("The client may not list queues.", 403);

    run("");
    clock.turnTo(Instant.parse("2026-11-22T12:05:00Z"));
    run("");
    run("");

    assertThat(preparation.stale().orElseThrow())
        .isEqualTo(
            "The list of topics cannot be refreshed since 2026-11-22T12:02:00Z: new queues and users"
                + " are not read. The client may not list queues.");
    assertThat(signals).extracting(Signal::type).containsExactly("LISTING_FAILING");

    failure = null;
    run("");

    assertThat(preparation.stale()).isEmpty();
    assertThat(signals)
        .extracting(Signal::type)
        .containsExactly("LISTING_FAILING", "LISTING_WORKING");
  }

  @Test
  void whatNeedsMoreChannelsThanThereAreIsReadAsFarAsItGoesAndSaidToBeBroken() {
    queues(39);

    Preparation.Outcome outcome = run("");

    assertThat(outcome.plan().orElseThrow().shards()).hasSize(18);
    assertThat(preparation.problem().orElseThrow().health()).isEqualTo(Health.BROKEN);
    assertThat(preparation.problem().orElseThrow().sentence())
        .startsWith(
            "3 subscriptions are not being read: reading all needs 20 channels; 18 can be used ");
  }

  @Test
  void severalClientsReadMoreThanOneAndAnotherIsAskedForWhenAllDoNotSuffice() {
    clients = List.of("default", "emea", "apac");
    present = clients;
    restart();
    queues(3 * 36);

    Plan plan = run("").plan().orElseThrow();

    assertThat(clients).allSatisfy(client -> assertThat(plan.of(client)).hasSize(18));
    assertThat(preparation.problem()).isEmpty();

    queues(3 * 36 + 1);
    Plan more = run("").plan().orElseThrow();

    assertThat(more.shards()).isEqualTo(plan.shards());
    assertThat(preparation.problem().orElseThrow().sentence())
        .startsWith("1 subscriptions are not being read: reading all needs 55 channels; 54 can be")
        .contains("Add an OAuth client (GENESYS_CLIENTS_<NAME>_ID and _SECRET)");
  }

  private void threeClients() {
    clients = List.of("default", "emea", "apac");
    present = clients;
    restart();
  }

  @Test
  void oneThatCannotLogInGetsNothingAndTakesNothingFromTheOthersWhenItCan() {
    threeClients();
    present = List.of("default", "apac");
    queues(2 * 36 + 5);

    Plan without = run("").plan().orElseThrow();

    assertThat(without.of("emea")).isEmpty();
    assertThat(preparation.problem().orElseThrow().sentence())
        .startsWith("5 subscriptions are not being read: reading all needs 39 channels; 36 can be")
        .contains("1 of 3 OAuth clients cannot log in.");

    present = clients;
    assertThat(preparation.dealAnew()).isTrue();

    preparation.tell(
        plan -> {
          assertThat(plan.shards()).containsAll(without.shards());
          assertThat(plan.of("emea")).hasSize(3);
          assertThat(plan.unread()).isEmpty();
        });
    assertThat(preparation.problem()).isEmpty();
  }

  @Test
  void whoeverGoesOnFromAnothersPlanDealsItAnewBeforeAnythingIsListed() {
    threeClients();
    queues(18);
    Plan before = run("").plan().orElseThrow();
    restart();
    preparation.goOnFrom(before);
    present = List.of("default", "apac");

    assertThat(preparation.dealAnew()).isTrue();

    assertThat(preparation.planned()).as("it may not be all").isFalse();
    preparation.tell(
        plan -> {
          assertThat(plan.of("emea")).isEmpty();
          assertThat(topicsOf(plan)).isEqualTo(topicsOf(before));
        });
  }

  @Test
  void whatOneReadsThatCannotLogInAnyMoreStaysWithItForAsLongAsItDoes() {
    threeClients();
    queues(18);
    Plan before = run("").plan().orElseThrow();
    present = List.of("default", "apac");
    live.add(before.of("emea").get(0).number());

    preparation.dealAnew();

    preparation.tell(
        plan -> {
          assertThat(plan.of("emea")).containsExactly(before.of("emea").get(0));
          assertThat(plan.shards())
              .containsAll(before.of("default"))
              .containsAll(before.of("apac"));
          assertThat(topicsOf(plan)).isEqualTo(topicsOf(before));
        });
  }

  @Test
  void whoeverListsInAnothersPlaceTakesNothingAwayThatItDoesNotSee() {
    threeClients();
    queues(40);
    Set<String> all = topicsOf(run("").plan().orElseThrow());
    refusesTo = Set.of("default");
    queues(4);

    for (int listing = 0; listing < 4; listing++) {
      assertThat(topicsOf(run("").plan().orElseThrow())).isEqualTo(all);
    }
    assertThat(preparation.stale()).isEmpty();
    assertThat(signals).extracting(Signal::type).doesNotContain("TOPICS_GIVEN_UP");

    refusesTo = Set.of();
    run("");
    assertThat(topicsOf(run("").plan().orElseThrow())).as("the first one says so").hasSize(4);
  }

  @Test
  void whatIsReadOnAfterARestartIsNotLostSinceWhoeverListsSeesLess() {
    threeClients();
    queues(40);
    lastRun = topicsOf(run("").plan().orElseThrow());
    restart();
    present = List.of("emea", "apac");
    queues(4);

    for (int listing = 0; listing < 3; listing++) {
      assertThat(topicsOf(run("").plan().orElseThrow())).isEqualTo(lastRun);
    }
  }

  @Test
  void whatAllAreRefusedCannotBeListed() {
    threeClients();
    queues(4);
    refusesTo = Set.copyOf(clients);

    assertThat(run("").plan()).isEmpty();
    assertThat(preparation.problem().orElseThrow().sentence()).startsWith("It may not list.");
    assertThat(listings).as("each was asked").isEqualTo(3);
  }

  /** The client of a shard that is not full may not see what is listed next. */
  @Test
  void openingShardsEarlyClosesNoneThatIsOpen() {
    clients = List.of("default", "emea");
    present = clients;
    restart();
    queues(3);
    lastRun = topicsOf(run("").plan().orElseThrow());
    restart();
    queues(40);
    refusals =
        new Refusals(
            Map.of(
                "emea",
                IntStream.range(3, 40)
                    .mapToObj(
                        "v2.routing.queues.0e185c02-aca1-4a72-82ea-%012d.conversations"::formatted)
                    .collect(java.util.stream.Collectors.toSet())),
            Map.of());
    early.clear();

    run("");

    assertThat(early).hasSizeGreaterThan(2);
    for (int i = 1; i < early.size(); i++) {
      assertThat(numbers(early.get(i))).containsAll(numbers(early.get(i - 1)));
      assertThat(topicsOf(early.get(i))).containsAll(topicsOf(early.get(i - 1)));
    }
  }

  private static List<Integer> numbers(Plan plan) {
    return plan.shards().stream().map(shard -> shard.number()).toList();
  }

  @Test
  void itIsCuredWhenTheyFitAgain() {
    queues(39);
    run("");
    queues(36);

    assertThat(run("").again()).contains(Duration.ofSeconds(15));
    assertThat(run("").plan().orElseThrow().shards()).hasSize(18);
    assertThat(preparation.problem()).isEmpty();
  }

  private static int subscriptions(Preparation.Outcome outcome) {
    return outcome.plan().orElseThrow().subscriptions().size();
  }

  @Test
  void shardsThatAreFullAreReadWhileTheListingGoesOn() {
    queues(13);

    Preparation.Outcome outcome = run("");

    assertThat(early).extracting(plan -> plan.shards().size()).containsExactly(2, 5, 6);
    assertThat(early)
        .allSatisfy(
            first -> assertThat(outcome.plan().orElseThrow().shards()).containsAll(first.shards()));
    assertThat(told)
        .containsExactly("queues, page 1 of 3", "queues, page 2 of 3", "queues, page 3 of 3");
    assertThat(preparation.listing()).isEmpty();
    assertThat(preparation.problem()).isEmpty();
  }

  @Test
  void noMoreIsReadEarlyThanThereAreChannelsFor() {
    queues(100);

    run("");

    assertThat(early.get(early.size() - 1).shards()).hasSize(18);
  }

  @Test
  void whatIsKnownWhenTheListingFailsGoesOnBeingReadAndIsBlindAsAWhole() {
    queues(13);
    failsAt = 3;

    assertThat(run("").plan()).isEmpty();
    assertThat(early).hasSize(2);
    assertThat(preparation.planned()).isFalse();
    assertThat(preparation.problem().orElseThrow().sentence()).contains("503");

    // Begins anew, with less than what is read already
    failsAt = 2;
    run("");
    assertThat(early).hasSize(2);

    failsAt = 0;
    queues(5);
    assertThat(subscriptions(run(""))).as("a listing that lacks some of it").isGreaterThan(9);
  }

  @Test
  void aRefreshChangesNothingBeforeItIsWhole() {
    queues(4);
    run("");
    early.clear();
    queues(13);

    assertThat(subscriptions(run(""))).isEqualTo(13);
    assertThat(early).isEmpty();
  }

  @Test
  void aListingThatIsShortOnceTakesNoTopicsAway() {
    queues(30);
    run("");

    for (int left : List.of(0, 20)) {
      queues(left);
      Preparation.Outcome doubted = run("");
      queues(30);
      Preparation.Outcome after = run("");

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
    run("");
    queues(20);
    run("");

    assertThat(subscriptions(run(""))).isEqualTo(20);
    assertThat(signals)
        .extracting(Signal::type)
        .containsExactly("EXPANDED", "TOPICS_GIVEN_UP", "EXPANDED");
    assertThat(signals.get(1).count()).isEqualTo(10);
    assertThat(signals.get(1).sentence()).startsWith("10 of 30 topics are not subscribed any more");
  }

  @Test
  void whatComesBackComesToTheShardWhoseChannelMayStillBringIt() {
    configuration.setTopicsPerChannel(10);
    queues(30);
    Map<String, Integer> homes = homes(run(""));
    List<Map<String, Object>> all = org.get("/api/v2/routing/queues");
    List<Map<String, Object>> fewer = new ArrayList<>(all.subList(1, 20));
    fewer.addAll(all.subList(25, 30));
    org.put("/api/v2/routing/queues", fewer);
    run("");
    assertThat(subscriptions(run(""))).isEqualTo(24);

    queues(30);

    assertThat(homes(run(""))).isEqualTo(homes);
  }

  private static Map<String, Integer> homes(Preparation.Outcome outcome) {
    Map<String, Integer> homes = new HashMap<>();
    outcome
        .plan()
        .orElseThrow()
        .shards()
        .forEach(shard -> shard.subscriptions().forEach(it -> homes.put(it, shard.number())));
    return homes;
  }

  @Test
  void twoListingsOfTheSameMomentTakeNothingAway() {
    for (int left : List.of(0, 15, 29)) {
      restart();
      queues(30);
      run("");
      queues(left);
      run("");
      Preparation.Outcome second = run("", Duration.ofSeconds(59));

      assertThat(subscriptions(second)).isEqualTo(30);
      assertThat(second.again()).contains(Duration.ofSeconds(15));
    }
    assertThat(subscriptions(run("", Duration.ofSeconds(1)))).isEqualTo(29);
  }

  @Test
  void whereListingsAreNotRepeatedWhatOneLacksIsLookedAtOnceMore() {
    configuration.setRefresh(Duration.ZERO);
    configuration.setTopicsPerChannel(100);
    queues(40);
    assertThat(run("").again()).isEmpty();
    lastRun = preparation.topics();
    queues(39);
    restart();
    Preparation.Outcome first = run("");

    assertThat(subscriptions(first)).isEqualTo(40);
    assertThat(first.again()).contains(Duration.ofMinutes(1));
    assertThat(run(""))
        .satisfies(second -> assertThat(subscriptions(second)).isEqualTo(39))
        .satisfies(second -> assertThat(second.again()).isEmpty());
  }

  @Test
  void twoShortListingsThatDifferAreNotBelieved() {
    queues(30);
    run("");
    queues(20);
    run("");
    queues(10);

    assertThat(subscriptions(run(""))).isEqualTo(30);
  }

  @Test
  void aSingleQueueIsReadOnUntilTwoListingsInARowLackIt() {
    queues(40);
    configuration.setTopicsPerChannel(100);
    run("");
    queues(39);
    Preparation.Outcome first = run("");
    queues(40);
    run("");
    queues(39);

    assertThat(first.again()).contains(Duration.ofMinutes(15));
    assertThat(List.of(first, run("")))
        .extracting(PreparationTest::subscriptions)
        .containsExactly(40, 40);
    assertThat(subscriptions(run(""))).isEqualTo(39);
  }

  @Test
  void eachOfSeveralQueuesThatGoIsReadOnUntilTwoListingsLackIt() {
    queues(80);
    configuration.setTopicsPerChannel(100);
    run("");
    queues(79);
    run("");
    queues(78);

    assertThat(subscriptions(run(""))).isEqualTo(79);
    assertThat(subscriptions(run(""))).isEqualTo(78);
  }

  @Test
  void aSelectorIsJudgedByItselfHoweverMuchTheOthersFind() {
    configuration.setTopicsPerChannel(1_000);
    configuration.setTopics(
        "v2.routing.queues.*.conversations,v2.routing.queues.[name=Queue 7].conversations.calls");
    queues(500);
    run("");
    org.put(
        "/api/v2/routing/queues",
        org.get("/api/v2/routing/queues").stream()
            .filter(queue -> !queue.get("name").equals("Queue 7"))
            .toList());

    assertThat(subscriptions(run(""))).isEqualTo(500);
  }

  @Test
  void aListingThatDoesNotAgreeWithItselfIsReadAgain() {
    queues(3);
    fault = "of 4 it told 3";
    faults = 1;

    assertThat(subscriptions(run(""))).isEqualTo(3);
    assertThat(listings).isEqualTo(2);

    faults = 2;
    assertThat(run("").plan()).as("two that say the same").isPresent();
  }

  @Test
  void withRedundancyHalfAsManyFitAndTheSentenceSaysWhy() {
    configuration.setRedundancy(2);
    queues(39);

    Preparation.Outcome outcome = run("");

    assertThat(outcome.plan().orElseThrow().shards()).hasSize(9);
    assertThat(preparation.problem().orElseThrow().sentence())
        .startsWith(
            "21 subscriptions are not being read: reading all needs 40 channels; 18 can be used ")
        .endsWith("or set GENESYS_REDUNDANCY to 1: with 2 every topic takes two channels.");
  }

  @Test
  void withAStandbyHalfAsManyFitAndTheSentenceSaysWhy() {
    configuration.standsBy(true);
    queues(39);

    Preparation.Outcome outcome = run("");

    assertThat(outcome.plan().orElseThrow().shards()).hasSize(9);
    assertThat(preparation.problem().orElseThrow().sentence())
        .startsWith(
            "21 subscriptions are not being read: reading all needs 40 channels; 18 can be used ")
        .endsWith("or set CARAVAN_STANDBY to 0: with 1 every topic takes two channels.");
  }
}
