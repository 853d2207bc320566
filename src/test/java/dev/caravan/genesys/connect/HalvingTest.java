package dev.caravan.genesys.connect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.topic.TopicCatalogue;
import dev.caravan.topic.TopicCombiner;
import dev.caravan.topic.TopicSharder;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class HalvingTest {

  private final Set<String> refusedPatterns = new HashSet<>();
  private final Set<String> read = new TreeSet<>();
  private int calls;
  private int onChannel;
  private int longest = Integer.MAX_VALUE;
  private Halving halving;

  private static String user(int number) {
    return "v2.users.7b5a5a2e-1c2d-4e5f-8a9b-%012d".formatted(number);
  }

  private static List<String> users(int count, String ending) {
    return IntStream.range(0, count).mapToObj(number -> user(number) + ending).toList();
  }

  /**
   * Subscribes until nothing is left; a list with a bad topic in it is refused, and so is what is
   * too long or more than the channel takes.
   */
  private void subscribe(List<String> subscriptions, Predicate<String> isBad) {
    read.clear();
    calls = 0;
    onChannel = 0;
    TopicCatalogue catalogue = TopicCatalogue.shipped();
    halving = new Halving(subscriptions, catalogue::generalise, refusedPatterns);
    for (List<String> part = halving.next(); !part.isEmpty(); part = halving.next()) {
      calls++;
      assertThat(calls).isLessThanOrEqualTo(Halving.MOST_CALLS);
      List<String> singles = singles(part);
      if (singles.stream().anyMatch(isBad)) {
        halving.refused("It said no.");
      } else if (part.size() > longest || onChannel + part.size() > TopicSharder.CHANNEL_LIMIT) {
        halving.tooMuch("Too much.");
      } else {
        onChannel += part.size();
        read.addAll(singles);
        halving.taken();
      }
    }
    Set<String> all = new TreeSet<>(read);
    all.addAll(halving.bad().keySet());
    assertThat(all).containsExactlyInAnyOrderElementsOf(new TreeSet<>(singles(subscriptions)));
    assertThat(read).noneMatch(bad()::contains).noneMatch(isBad);
  }

  private static List<String> singles(List<String> subscriptions) {
    return subscriptions.stream().flatMap(it -> TopicCombiner.expandCombined(it).stream()).toList();
  }

  private Set<String> bad() {
    return halving.bad().keySet();
  }

  @Test
  void aListWithNothingBadIsOneCall() {
    subscribe(users(1_000, ".presence"), topic -> false);

    assertThat(calls).isEqualTo(1);
    assertThat(bad()).isEmpty();
  }

  @Test
  void oneBadTopicOfAThousandIsFoundAndTheOthersAreRead() {
    for (int at : List.of(0, 1, 499, 500, 731, 999)) {
      List<String> topics = users(1_000, ".presence");

      subscribe(topics, topics.get(at)::equals);

      assertThat(bad()).containsExactly(topics.get(at));
      assertThat(halving.bad()).containsValue("It said no.");
      assertThat(calls).isLessThan(15);
    }
  }

  @Test
  void severalBadTopicsOfDifferentKindsAreFound() {
    List<String> topics =
        Stream.concat(
                users(600, ".presence").stream(),
                Stream.of("v2.quality.evaluations", user(3) + ".nonsense", user(4) + ".typo"))
            .toList();
    Set<String> refused =
        Set.of("v2.quality.evaluations", user(3) + ".nonsense", user(4) + ".typo", topics.get(77));

    subscribe(topics, refused::contains);

    assertThat(bad()).isEqualTo(refused);
    assertThat(calls).isLessThan(60);

    subscribe(topics, refused::contains);
    assertThat(bad()).isEqualTo(refused);
  }

  @Test
  void aTopicThatIsRefusedAloneIsNoReasonToLeaveOutOthersOfItsKind() {
    List<String> topics = users(1_000, ".presence");
    String one = topics.get(77);
    subscribe(topics, one::equals);

    subscribe(List.of(one), one::equals);
    subscribe(topics, one::equals);

    assertThat(bad()).containsExactly(one);
    assertThat(calls).isLessThan(15);
  }

  @Test
  void someThatAreRefusedHereAndThereAreNoReasonToLeaveOutOthersOfTheirKind() {
    List<String> topics = users(1_000, ".presence");
    Set<String> some =
        IntStream.range(0, 8).mapToObj(at -> topics.get(at * 125)).collect(Collectors.toSet());

    subscribe(topics, some::contains);
    assertThat(bad()).isEqualTo(some);

    subscribe(topics, some::contains);
    assertThat(bad()).isEqualTo(some);
  }

  @Test
  void anAgentWhoIsRefusedTakesNoPlaceOnTheChannelFromOthers() {
    List<String> topics = users(1_000, "?presence&routingStatus");
    Predicate<String> isBad = topic -> topic.startsWith(user(300) + ".");
    subscribe(List.of(topics.get(300)), isBad);

    subscribe(topics, isBad);

    assertThat(bad()).containsExactly(user(300) + ".presence", user(300) + ".routingStatus");
    assertThat(onChannel).isEqualTo(999);
  }

  @Test
  void aKindThatIsGrantedButForOneTopicIsReadAgain() {
    List<String> topics = users(1_000, "?adherence&presence");
    subscribe(topics, topic -> topic.endsWith(".adherence"));
    assertThat(refusedPatterns).hasSize(1);

    subscribe(topics.subList(1, 1_000), (user(500) + ".adherence")::equals);

    assertThat(bad()).containsExactly(user(500) + ".adherence");
    assertThat(refusedPatterns).isEmpty();
  }

  @Test
  void twoKindsThatAreRefusedForEverybodyAreToldFromTheRestOfACombinedTopic() {
    subscribe(
        users(990, "?adherence&conversations&presence&routingStatus&activity"),
        topic -> topic.endsWith(".adherence") || topic.endsWith(".activity"));

    assertThat(bad()).hasSize(2 * 990);
    assertThat(read).hasSize(3 * 990);
    assertThat(onChannel).isLessThanOrEqualTo(1_000);
  }

  @Test
  void aListThatIsTooLongIsSubscribedInPartsAndNobodyIsJudgedByIt() {
    longest = 250;

    subscribe(users(1_000, ".presence"), user(500).concat(".presence")::equals);

    assertThat(bad()).containsExactly(user(500) + ".presence");
    assertThat(calls).isLessThan(25);
    assertThat(refusedPatterns).isEmpty();
  }

  @Test
  void whatAChannelDoesNotTakeIsLeftOutAndTheRestIsRead() {
    subscribe(users(1_003, ".presence"), topic -> false);

    assertThat(read).hasSize(1_000);
    assertThat(bad()).hasSize(3);
    assertThat(halving.bad()).containsValue("Too much.");
    assertThat(refusedPatterns).isEmpty();
    assertThat(calls).isLessThan(40);
  }

  @Test
  void aKindOfTopicThatIsRefusedForEverybodyIsNotTriedForEach() {
    subscribe(
        users(1_000, "?adherence&presence&routingStatus"), topic -> topic.endsWith(".adherence"));

    assertThat(bad()).isEqualTo(Set.copyOf(users(1_000, ".adherence")));
    assertThat(read).hasSize(2_000);
    assertThat(onChannel).isEqualTo(1_000);
    assertThat(calls).isLessThan(30);
  }

  @Test
  void whatWasRefusedForEverybodyIsAskedForForAFewByTheNextChannel() {
    List<String> topics = users(1_000, "?adherence&presence");
    subscribe(topics, topic -> topic.endsWith(".adherence"));

    subscribe(topics, topic -> topic.endsWith(".adherence"));
    assertThat(calls).isEqualTo(15);

    subscribe(topics, topic -> false);
    assertThat(bad()).isEmpty();
    assertThat(refusedPatterns).isEmpty();
  }

  @Test
  void partOfACombinedTopicIsFoundAndTheRestOfItIsRead() {
    List<String> topics = users(10, "?presence&routingStatus&activity");

    subscribe(topics, (user(7) + ".routingStatus")::equals);

    assertThat(bad()).containsExactly(user(7) + ".routingStatus");
  }

  @Test
  void anythingIsSettledWithinTheCallsThatThereAre() {
    Set<String> every =
        IntStream.range(0, 1_000)
            .filter(number -> number % 9 == 0)
            .mapToObj(number -> user(number) + ".presence")
            .collect(Collectors.toSet());

    subscribe(users(1_000, ".presence"), every::contains);
    assertThat(read).isNotEmpty();

    subscribe(users(1_000, ".presence"), topic -> true);
    assertThat(read).isEmpty();
  }
}
