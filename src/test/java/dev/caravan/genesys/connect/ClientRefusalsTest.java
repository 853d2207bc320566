package dev.caravan.genesys.connect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.cluster.Cluster;
import dev.caravan.testing.MutableClock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ClientRefusalsTest {

  private final MutableClock clock = new MutableClock(Instant.parse("2026-11-22T12:00:00Z"));
  private final AtomicInteger news = new AtomicInteger();
  private ClientRefusals refusals = of("a", "b");

  private ClientRefusals of(String... clients) {
    return new ClientRefusals(new Clients(List.of(clients)), clock, () -> news.incrementAndGet());
  }

  private static String user(int number) {
    return "v2.users.7b5a5a2e-1c2d-4e5f-8a9b-%012d.presence".formatted(number);
  }

  private static List<String> users(int from, int to) {
    return IntStream.range(from, to).mapToObj(ClientRefusalsTest::user).toList();
  }

  /** The client is granted these and none of the others. */
  private Set<String> asks(String client, List<String> asked, List<String> granted) {
    List<Map<String, String>> entities = new ArrayList<>();
    granted.forEach(topic -> entities.add(Map.of("id", topic, "state", "Permitted")));
    return refusals.learn(0, client, asked, Rejections.of(asked, entities, Map.of()));
  }

  @Test
  void withOneClientThereIsNobodyElseToAsk() {
    refusals = of("a");

    assertThat(asks("a", users(0, 3), List.of())).isEmpty();
    assertThat(refusals.now().topics()).isEmpty();
    assertThat(news).hasValue(0);
  }

  @Test
  void whatOneIsRefusedAnotherIsAskedForUntilAllWereRefusedIt() {
    assertThat(asks("a", users(0, 3), users(0, 2))).containsExactly(user(2));
    assertThat(news).hasValue(1);
    assertThat(refusals.now().refuses("a", user(2))).isTrue();
    assertThat(refusals.now().refuses("a", user(1))).isFalse();
    assertThat(refusals.now().refuses("b", user(2))).isFalse();

    assertThat(asks("b", users(2, 3), List.of())).as("now all have refused it").isEmpty();
    assertThat(news).hasValue(1);
  }

  @Test
  void whatIsLeftWithOneAllTheSameIsRefusedForGood() {
    asks("a", users(0, 1), List.of());
    clock.pass(ClientRefusals.SAME);

    assertThat(asks("a", users(0, 1), List.of())).as("nobody else has room").isEmpty();
    assertThat(news).hasValue(1);
  }

  @Test
  void whatTheOtherChannelsOfAShardAreAnsweredIsTheSameRefusal() {
    assertThat(asks("a", users(0, 3), users(0, 2))).containsExactly(user(2));
    clock.pass(ClientRefusals.SAME.minusMillis(1));

    assertThat(asks("a", users(0, 3), users(0, 2))).containsExactly(user(2));
    clock.pass(ClientRefusals.FIRST.minus(ClientRefusals.SAME).plusMillis(1));
    assertThat(refusals.now().refuses("a", user(2))).as("believed once").isFalse();
  }

  @Test
  void theSameRefusalIsOneOfAllClientsIfTheOthersRefusedItMeanwhile() {
    asks("a", users(0, 1), List.of());
    asks("b", users(0, 1), List.of());

    assertThat(asks("a", users(0, 1), List.of())).isEmpty();
    assertThat(asks("b", users(0, 1), List.of())).isEmpty();
  }

  @Test
  void partsOfACombinedTopicAreRefusedByTheirOwnNames() {
    String combined = user(1).replace(".presence", "?presence&routingStatus");

    assertThat(asks("a", List.of(combined), users(1, 2)))
        .containsExactly(user(1).replace("presence", "routingStatus"));
  }

  @Test
  void aRefusalIsBelievedForAnHourThenForTwiceAsLongUpToADay() {
    asks("a", users(0, 1), List.of());
    long hours = 1;
    for (int time = 0; time < 8; time++) {
      clock.pass(java.time.Duration.ofHours(hours).minusSeconds(1));
      assertThat(refusals.now().refuses("a", user(0))).as("after %d h", hours).isTrue();
      clock.pass(java.time.Duration.ofSeconds(1));
      assertThat(refusals.now().refuses("a", user(0))).isFalse();
      asks("a", users(0, 1), List.of());
      hours = Math.min(24, 2 * hours);
    }
  }

  @Test
  void oneRefusedTopicSaysNothingOfItsKindAndTenDoUntilOneIsGranted() {
    asks("a", users(0, ClientRefusals.SAMPLES - 1), List.of());
    assertThat(refusals.now().refuses("a", user(99))).isFalse();

    asks("a", users(100, 101), List.of());
    assertThat(refusals.now().refuses("a", user(99))).isTrue();
    assertThat(refusals.now().refuses("b", user(99))).isFalse();

    asks("a", users(50, 51), users(50, 51));
    assertThat(refusals.now().refuses("a", user(99))).isFalse();
  }

  @Test
  void aKindIsNotRefusedWhileTopicsOfItAreGranted() {
    asks("a", users(0, 200), users(0, 200));

    asks("a", users(200, 220), List.of());
    assertThat(refusals.now().refuses("a", user(999))).as("a narrow ask").isFalse();
    assertThat(refusals.now().refuses("a", user(210))).isTrue();

    asks("a", users(0, 200), List.of());
    assertThat(refusals.now().refuses("a", user(999))).as("nothing is left").isTrue();
  }

  @Test
  void whatWasGrantedAndNobodyWantsAnyMoreSaysNothingOfItsKind() {
    asks("a", users(0, 1), users(0, 1));
    asks("a", users(1, 20), List.of());

    refusals.keep(Set.copyOf(users(1, 20)));

    assertThat(refusals.now().refuses("a", user(99))).isTrue();
  }

  @Test
  void aKindIsAskedForAgainWhenItsRefusalsAreNotBelievedAnyMore() {
    asks("a", users(0, 20), List.of());
    assertThat(refusals.now().refuses("a", user(99))).isTrue();

    clock.pass(ClientRefusals.FIRST);

    assertThat(refusals.now().refuses("a", user(99))).isFalse();
  }

  @Test
  void aGrantIsTheEndOfARefusal() {
    asks("a", users(0, 2), List.of());
    asks("a", users(0, 1), users(0, 1));

    assertThat(refusals.now().topics().get("a")).containsExactly(user(1));
  }

  @Test
  void nothingIsKeptOfTopicsThatNobodyWants() {
    asks("a", users(0, 9), List.of());

    refusals.keep(Set.of(user(3)));

    assertThat(refusals.now().topics().get("a")).containsExactly(user(3));
  }

  @Test
  void whoReadsWhatOthersMayNotSeeIsTold() {
    refusals = of("a", "b", "c");
    asks("a", users(0, 3), List.of());
    asks("b", users(2, 3), List.of());

    assertThat(refusals.sentence(Map.of("b", users(0, 2), "c", users(2, 3))))
        .isEqualTo(
            "3 topics v2.users.{id}.presence are not allowed to the OAuth client a; b, c read them."
                + " 1 topic v2.users.{id}.presence is not allowed to the OAuth client b; c reads it.");
    assertThat(refusals.sentence(Map.of())).isEmpty();
  }

  // ---- with other instances

  private final List<Cluster.Answer> told = new ArrayList<>();

  /** The refusals of another instance, which hears what this one tells. */
  private ClientRefusals another() {
    ClientRefusals other = of("a", "b");
    refusals.tell(
        (shard, answer) -> {
          told.add(answer);
          other.hear(answer, clock.instant());
        });
    return other;
  }

  @Test
  void whatOneInstanceIsRefusedTheOthersKnow() {
    ClientRefusals other = another();

    asks("a", users(0, 3), users(0, 2));

    assertThat(other.now()).isEqualTo(refusals.now());
    assertThat(other.now().refuses("a", user(2))).isTrue();
    assertThat(news).as("told to each: either may be the one that deals").hasValue(2);
  }

  @Test
  void whatIsGrantedLaterIsKnownToTheOthers() {
    ClientRefusals other = another();
    asks("a", users(0, 3), users(0, 2));
    clock.pass(ClientRefusals.SAME);

    asks("a", users(0, 3), users(0, 3));

    assertThat(other.now().refuses("a", user(2))).isFalse();
  }

  @Test
  void aKindOfWhichSomeAreGrantedIsNotGivenUpByTheOthers() {
    ClientRefusals other = another();
    asks("a", users(0, 5), users(0, 5));

    asks("a", users(5, 5 + ClientRefusals.SAMPLES), List.of());

    assertThat(other.now().refuses("a", user(5))).isTrue();
    assertThat(other.now().refuses("a", user(90))).isFalse();
    assertThat(other.now().patterns()).isEmpty();
  }

  @Test
  void aRefusalIsRepeatedForTheOthersAsOften() {
    ClientRefusals other = another();
    asks("a", users(0, 1), List.of());
    clock.pass(ClientRefusals.FIRST);
    asks("a", users(0, 1), List.of());

    clock.pass(ClientRefusals.FIRST.multipliedBy(2).minusMillis(1));
    assertThat(other.now().refuses("a", user(0))).isTrue();
    clock.pass(java.time.Duration.ofMillis(1));
    assertThat(other.now().refuses("a", user(0))).isFalse();
  }

  @Test
  void whatWasToldLongAgoIsNotBelievedAnyMore() {
    refusals.hear(
        new Cluster.Answer("a", users(0, 1), List.of()),
        clock.instant().minus(ClientRefusals.FIRST));

    assertThat(refusals.now().refuses("a", user(0))).isFalse();
  }

  @Test
  void anOlderWordDoesNotUndoANewerOne() {
    Instant before = clock.instant().minusSeconds(60);
    asks("a", users(0, 2), users(0, 1));

    refusals.hear(new Cluster.Answer("a", users(0, 1), users(1, 2)), before);

    assertThat(refusals.now().refuses("a", user(0))).as("granted since").isFalse();
    assertThat(refusals.now().refuses("a", user(1))).as("refused since").isTrue();
  }

  @Test
  void onlyWhatWasGrantedHereIsToldAsGranted() {
    another();
    refusals.hear(new Cluster.Answer("a", List.of(), users(0, 3)), clock.instant());

    asks("a", users(5, 7), users(5, 6));

    assertThat(told.get(0).granted()).containsExactly(user(5));
  }

  @Test
  void whatSaysNothingNewIsNotTold() {
    another();
    asks("a", users(0, 3), users(0, 3));
    assertThat(told).hasSize(1);

    asks("a", users(3, 5), users(3, 5));

    assertThat(told).hasSize(1);
  }

  @Test
  void fewOfEachKindStandForWhatIsGranted() {
    another();

    asks("a", users(0, 500), users(0, 400));

    assertThat(told.get(0).granted()).hasSize(ClientRefusals.SAMPLES);
    assertThat(told.get(0).refused()).containsExactlyInAnyOrderElementsOf(users(400, 500));
  }
}
