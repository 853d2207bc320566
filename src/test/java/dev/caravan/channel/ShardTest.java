package dev.caravan.channel;

import static dev.caravan.channel.Stage.HEARTBEAT;
import static dev.caravan.channel.Stage.PONG;
import static dev.caravan.channel.Stage.presence;
import static dev.caravan.channel.Stage.system;
import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.channel.ChannelOpener.Order;
import dev.caravan.channel.ShardReport.Kind;
import dev.caravan.channel.ShardStatus.Health;
import dev.caravan.frame.Frame;
import dev.caravan.testing.LogLines;
import dev.caravan.topic.TopicSharder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShardTest {

  private static final String TAKEN = system("no_longer_subscribed");
  private static final String SUBSCRIPTION_UPDATED =
      "{\"topicName\":\"v2.subscription.updated\",\"version\":\"2\",\"eventBody\":{}}";
  private static final Duration SOON = Duration.ofSeconds(2);

  private final Stage stage = new Stage();
  private final Shard shard = stage.shard();
  private long failures;

  @Test
  void itOrdersAChannelForItsTopics() {
    assertThat(stage.orders).hasSize(1);
    assertThat(stage.order(0).topics()).containsExactly("v2.users.1.presence");
    assertThat(stage.order(0).reuse()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {HEARTBEAT, PONG})
  void aHeartbeatOrAPongMakesAChannelLive(String frame) {
    Stage.Link link = stage.opens(stage.order(0));
    assertThat(link.pings).isEqualTo(1);
    assertThat(shard.status().health()).isEqualTo(Health.BLIND);

    stage.brings(stage.order(0), frame);

    assertThat(stage.kinds()).containsExactly(Kind.CONNECTED);
    assertThat(shard.status().health()).isEqualTo(Health.IDLE);
  }

  @AfterEach
  void nothingFailedUnforeseen() {
    assertThat(stage.decisions.failures()).isEqualTo(failures);
  }

  @Test
  void aDecisionThatFailsIsNotTheLast() {
    Stage.Link link = stage.live(stage.order(0));
    int pings = link.pings;
    failures = 1;
    link.unreadable = 1;

    stage.brings(stage.order(0), HEARTBEAT);
    stage.control.pass(stage.timings.silence().plusSeconds(2));

    assertThat(link.pings).isGreaterThan(pings);
  }

  @Test
  void anEventIsPassedOnAsItCameAndShowsThatTheChannelIsRead() {
    stage.opens(stage.order(0));

    stage.brings(stage.order(0), presence("a"));

    assertThat(stage.events).containsExactly(presence("a"));
    assertThat(stage.kinds()).containsExactly(Kind.CONNECTED);
  }

  @Test
  void whatIsNeitherEventNorHeartbeatShowsNothing() {
    stage.opens(stage.order(0));

    stage.brings(stage.order(0), "no JSON");
    stage.brings(stage.order(0), system("what_nobody_knows"));

    assertThat(stage.kinds()).isEmpty();
  }

  @Test
  void anEventThatCameBeforeItsSocketWasKnownToBeOpenIsFollowedByAnother() {
    Order order = stage.order(0);
    order.shard().connecting(order.number());
    byte[] event = presence("a").getBytes(StandardCharsets.UTF_8);
    order.shard().frame(order.number(), event, false, () -> {});
    stage.opened(order, stage.control.now() + Duration.ofHours(20).toMillis());
    assertThat(stage.kinds()).isEmpty();

    stage.brings(order, presence("b"));

    assertThat(stage.kinds()).containsExactly(Kind.CONNECTED);
  }

  @Test
  void eventsThatFlowShowInTheStatusUntilTheyStop() {
    stage.live(stage.order(0));
    stage.brings(stage.order(0), presence("a"));
    assertThat(shard.status().health()).isEqualTo(Health.FLOWING);

    for (int i = 0; i < 3; i++) {
      stage.pass(Duration.ofSeconds(30));
      stage.brings(stage.order(0), HEARTBEAT);
    }

    assertThat(shard.status().health()).isEqualTo(Health.IDLE);
    assertThat(shard.status().sentence()).isEqualTo("Connected; last event 90 s ago.");
  }

  @Test
  void aShardOfWhichNothingIsDecidedAnyMoreIsBlind() {
    stage.live(stage.order(0));

    shard.closed(stage.order(0).number(), Cause.DROPPED);
    stage.control.hang(Duration.ofSeconds(61));

    assertThat(shard.status().health()).isEqualTo(Health.BLIND);
    assertThat(shard.status().blindMillis()).isEqualTo(61_000);
    assertThat(shard.status().sentence())
        .isEqualTo(
            "No frame, not even a heartbeat, has come for 61 s, and nothing was decided about"
                + " that.");
  }

  @Test
  void framesFromWhichNothingFollowsAreCounted() {
    stage.live(stage.order(0));

    stage.brings(stage.order(0), "{\"result\":200,\"status\":\"subscribed\"}");
    stage.brings(stage.order(0), system("what_nobody_knows"));

    assertThat(stage.ignored).containsExactly(Frame.Kind.REPLY, Frame.Kind.OTHER_SYSTEM);
    assertThat(stage.events).isEmpty();
  }

  @Test
  void identicalEventsOnOneSocketAllPass() {
    stage.live(stage.order(0));

    stage.brings(stage.order(0), presence("a"));
    stage.brings(stage.order(0), presence("a"));

    assertThat(stage.events).hasSize(2);
    assertThat(stage.pairedOff).isZero();
  }

  @Test
  void aHandOverLosesNothingAndRepeatsNothing() {
    Order first = stage.order(0);
    stage.live(first);
    stage.brings(first, Stage.system("socket_closing"));
    Order second = stage.order(1);
    stage.brings(first, presence("before the second socket"));
    Stage.Link link = stage.opens(second);
    stage.brings(second, presence("a"));
    stage.brings(first, presence("a"));
    stage.brings(first, presence("b"));
    stage.brings(second, presence("b"));

    stage.brings(second, PONG);
    stage.brings(first, presence("c"));
    stage.brings(second, presence("c"));
    stage.pass(Duration.ofSeconds(10));
    assertThat(stage.links.get("0/1").closed).isTrue();
    stage.ends(first, Cause.DROPPED);
    stage.brings(second, presence("c"));

    assertThat(stage.events)
        .containsExactly(
            presence("before the second socket"),
            presence("a"),
            presence("b"),
            presence("c"),
            presence("c"));
    assertThat(stage.pairedOff).isEqualTo(3);
    assertThat(stage.kinds()).containsExactly(Kind.CONNECTED, Kind.HANDED_OVER);
    assertThat(link.closed).isFalse();
  }

  @Test
  void whatIsLateOnEitherSocketAtAHandOverIsNeitherLostNorRepeated() {
    Order first = stage.order(0);
    stage.live(first);
    stage.brings(first, Stage.system("socket_closing"));
    Order second = stage.order(1);
    stage.opens(second);
    stage.brings(second, PONG);
    stage.brings(first, PONG);
    stage.pass(Duration.ofMillis(9_900));

    stage.brings(first, presence("of before the second socket"));
    stage.brings(first, presence("late on the second"));
    stage.pass(Duration.ofMillis(100));
    stage.ends(first, Cause.DROPPED);
    stage.brings(second, PONG);
    stage.pass(Duration.ofMillis(9_800));
    stage.brings(second, presence("late on the second"));

    assertThat(stage.events)
        .containsExactly(presence("of before the second socket"), presence("late on the second"));
  }

  @Test
  void anEventLikeOneThatCameDuringTheHandshakeIsNotTakenForItsCopyLater() {
    Order first = stage.order(0);
    stage.live(first);
    stage.brings(first, Stage.system("socket_closing"));
    Order second = stage.order(1);
    second.shard().connecting(second.number());
    stage.brings(first, presence("none"));
    stage.pass(Duration.ofSeconds(2));
    stage.opened(second, Long.MAX_VALUE);
    stage.brings(second, PONG);
    stage.brings(first, presence("one"));
    stage.brings(second, presence("one"));
    stage.pass(Duration.ofSeconds(2));
    stage.ends(first, Cause.DROPPED);

    for (int i = 0; i < 2; i++) {
      stage.pass(Duration.ofSeconds(20));
      stage.brings(second, HEARTBEAT);
    }
    stage.brings(second, presence("none"));

    assertThat(stage.events).containsExactly(presence("none"), presence("one"), presence("none"));
  }

  @Test
  void anEventLikeOneThatCameDuringTheHandshakeIsReadAsSoonAsThePredecessorHasGone() {
    Order first = stage.order(0);
    stage.live(first);
    stage.brings(first, Stage.system("socket_closing"));
    Order second = stage.order(1);
    second.shard().connecting(second.number());
    stage.opened(second, Long.MAX_VALUE);
    stage.pass(Duration.ofMillis(20));
    // It was published before the server knew of the second socket, and the first one lags
    stage.brings(first, presence("a"));
    stage.brings(second, PONG);
    stage.brings(first, PONG);
    stage.pass(Duration.ofSeconds(10));
    stage.ends(first, Cause.DROPPED);
    stage.pass(Duration.ofMillis(100));
    stage.brings(second, PONG);

    stage.brings(second, presence("a"));

    assertThat(stage.events).containsExactly(presence("a"), presence("a"));
  }

  @Test
  void whatCameBeforeASocketWasOpenedIsNotAwaitedOnIt() {
    Order first = stage.order(0);
    stage.live(first);
    stage.brings(first, Stage.system("socket_closing"));
    stage.brings(first, presence("twice in a row"));
    Order second = stage.order(1);
    stage.live(second);
    stage.ends(first, Cause.DROPPED);

    stage.brings(second, presence("twice in a row"));

    assertThat(stage.events).hasSize(2);
  }

  @Test
  void aTakeoverIsToldBeforeAnythingIsDecidedAndBeforeTheChannelIsOpen() {
    List<String> told = new ArrayList<>();
    shard.connecting(1);

    for (String frame : List.of(HEARTBEAT, system("socket_closing"), TAKEN, presence("a"))) {
      shard.frame(1, frame.getBytes(StandardCharsets.UTF_8), false, () -> told.add(frame));
    }

    assertThat(told).containsExactly(TAKEN);
    assertThat(stage.kinds()).isEmpty();
    stage.control.settle();
    assertThat(stage.kinds()).isNotEmpty();
  }

  @Test
  void aBinaryFrameIsUnreadable() {
    stage.live(stage.order(0));

    shard.frame(1, new byte[] {1, 2, 3}, true, () -> {});

    assertThat(stage.unreadable).containsExactly("is binary; Genesys Cloud sends text");
    assertThat(stage.events).isEmpty();
  }

  @Test
  void aFrameThatIsNoJsonIsUnreadableAndTheNextOneIsRead() {
    stage.live(stage.order(0));

    stage.brings(stage.order(0), "{nonsense");
    stage.brings(stage.order(0), presence("a"));

    assertThat(stage.unreadable).hasSize(1);
    assertThat(stage.events).hasSize(1);
  }

  @Test
  void aChannelTakenByAnotherIsLeftToIt() {
    Stage.Link link = stage.live(stage.order(0));

    stage.brings(stage.order(0), Stage.system("no_longer_subscribed.x"));
    assertThat(shard.status().health()).isEqualTo(Health.BLIND);
    stage.pass(SOON);

    assertThat(stage.order(1).reuse()).isEmpty();
    assertThat(stage.order(1).cause()).isEqualTo(Cause.TAKEN_OVER);
    stage.live(stage.order(1));
    assertThat(link.closed).isTrue();
  }

  @Test
  void theTokenOfTheRevokedChannelIsDroppedAndNoOther() {
    Stage.Link link = stage.live(stage.order(0));

    stage.brings(stage.order(0), Stage.system("token_revoked.x"));

    assertThat(stage.droppedTokens).containsExactly(link);
  }

  @Test
  void aDroppedSocketIsOpenedAgainOnItsChannelOnce() {
    Stage.Link link = stage.live(stage.order(0));
    stage.ends(stage.order(0), Cause.DROPPED);
    stage.pass(SOON);
    assertThat(stage.order(1).reuse()).containsSame(link);
    stage.live(stage.order(1));

    stage.ends(stage.order(1), Cause.DROPPED);
    stage.pass(Duration.ofSeconds(2));

    assertThat(stage.order(2).reuse()).isEmpty();
  }

  @Test
  void whatAChannelDoesNotBringIsAskedForAgainUntilItDoes() {
    shard.changeTopics(List.of("v2.users.1?presence&routingStatus", "v2.users.2.presence"));
    stage.control.settle();
    shard.failed(stage.order(0).number(), Failure.unavailable("No."));
    stage.pass(SOON);
    Order order = stage.order(1);
    stage.live(order, List.of("v2.users.1.presence"));
    String missing = order.number() + " v2.users.1.routingStatus,v2.users.2.presence";

    heartbeatsFor(order, Duration.ofMinutes(5).minusSeconds(1));
    assertThat(stage.askedAgain).isEmpty();
    heartbeatsFor(order, Duration.ofSeconds(1));
    assertThat(stage.askedAgain).containsExactly(missing);
    shard.subscribed(order.number(), List.of());
    heartbeatsFor(order, Duration.ofMinutes(10));
    assertThat(stage.askedAgain).containsExactly(missing, missing);

    shard.subscribed(order.number(), List.of("v2.users.1.routingStatus", "v2.users.2.presence"));
    heartbeatsFor(order, Duration.ofSeconds(1));
    String all = "reading v2.users.1.presence,v2.users.1.routingStatus,v2.users.2.presence";
    assertThat(stage.ledger).doesNotContain(all);
    stage.brings(order, PONG);
    assertThat(stage.ledger).contains(all);
    heartbeatsFor(order, Duration.ofHours(2));

    assertThat(stage.askedAgain).hasSize(2);
    assertThat(stage.orders).hasSize(2);
  }

  private void heartbeatsFor(Order order, Duration time) {
    for (long left = time.toSeconds(); left > 0; left -= 30) {
      stage.brings(order, HEARTBEAT);
      stage.pass(Duration.ofSeconds(Math.min(left, 30)));
    }
  }

  @Test
  void aChannelIsKeptWhileItCannotBeReachedAndLeftWhenItIsGone() {
    Stage.Link link = stage.live(stage.order(0));
    stage.pass(Duration.ofSeconds(11));
    stage.ends(stage.order(0), Cause.DROPPED);
    stage.pass(SOON);
    Failure nobody = Failure.unavailable("No.").reaching(Failure.Reached.NOBODY);
    shard.failed(stage.order(1).number(), nobody);
    stage.pass(SOON);
    assertThat(stage.order(2).reuse()).containsSame(link);
    assertThat(link.closed).isFalse();

    shard.failed(
        stage.order(2).number(), new Failure(Failure.Kind.CHANNEL_GONE, "404.", Duration.ZERO, 1));
    stage.pass(SOON);

    assertThat(stage.order(3).reuse()).isEmpty();
    assertThat(link.closed).isTrue();
  }

  @Test
  void anAttemptWhoseSocketEndsBeforeItDoesCountsAsWhatItCameTo() {
    Failure nobody = Failure.unavailable("No.").reaching(Failure.Reached.NOBODY);
    shard.failed(stage.order(0).number(), nobody);
    stage.pass(Duration.ofSeconds(5));
    Order second = stage.order(1);
    assertThat(second.free()).isFalse();

    stage.ends(second, Cause.DROPPED);
    shard.failed(second.number(), nobody);
    stage.control.settle();

    for (int others = 1; others < AttemptBudget.MOST_NEW; others++) {
      stage.budget.charge(true);
    }
    assertThat(stage.budget.room().anew()).isZero();
  }

  @Test
  void whatReachedNobodyTakesNoPlaceInTheBudget() {
    Failure nobody = Failure.unavailable("No.").reaching(Failure.Reached.NOBODY);
    for (int i = 0; i < 30; i++) {
      shard.failed(stage.order(i).number(), nobody);
      stage.pass(Duration.ofSeconds(32));
    }

    assertThat(stage.budget.room()).isEqualTo(new AttemptBudget.Room(0, 0));
    assertThat(shard.status().failures()).isEqualTo(30);
  }

  @Test
  void theEndOfARetiringSocketDoesNotMakeForgetWhichChannelToGoBackTo() {
    stage.live(stage.order(0));
    stage.brings(stage.order(0), Stage.system("socket_closing"));
    Stage.Link second = stage.live(stage.order(1));
    stage.ends(stage.order(1), Cause.DROPPED);

    stage.ends(stage.order(0), Cause.DROPPED);
    stage.pass(Duration.ofSeconds(2));

    assertThat(stage.order(2).reuse()).containsSame(second);
  }

  @Test
  void aSocketThatEndsBeforeItIsKnownToBeOpenIsOneFailedAttempt() {
    stage.ends(stage.order(0), Cause.DROPPED);

    Stage.Link late = stage.opens(stage.order(0));

    assertThat(late.closed).isTrue();
    assertThat(shard.status().failures()).isEqualTo(1);
    stage.pass(SOON);
    assertThat(stage.orders).hasSize(2);
    stage.live(stage.order(1));
    assertThat(shard.status().health()).isEqualTo(Health.IDLE);
  }

  @Test
  void aFailedAttemptIsRepeatedAfterTheBackoff() {
    shard.failed(1, Failure.unavailable("Genesys Cloud answered 503."));
    stage.control.settle();
    assertThat(stage.kinds()).containsExactly(Kind.RETRYING);
    assertThat(shard.status().sentence())
        .isEqualTo("Not connected yet; next attempt in 2 s (failures that still count: 1).");

    stage.pass(SOON);

    assertThat(stage.orders).hasSize(2);
    assertThat(stage.order(1).free()).isFalse();
  }

  @Test
  void aRefusalShowsInTheStatusWithItsSentence() {
    shard.failed(1, Failure.refused("Wrong secret. Check GENESYS_CLIENT_SECRET."));
    stage.control.settle();

    assertThat(shard.status().health()).isEqualTo(Health.BROKEN);
    assertThat(shard.status().sentence()).isEqualTo("Wrong secret. Check GENESYS_CLIENT_SECRET.");
  }

  @Test
  void aSilentSocketIsPingedThenCutAndItsChannelGoneBackTo() {
    Stage.Link link = stage.live(stage.order(0));

    stage.pass(Duration.ofSeconds(36));
    assertThat(link.pings).isEqualTo(2);
    stage.pass(Duration.ofSeconds(7));
    assertThat(shard.status().sentence()).contains("silent");

    assertThat(link.wasCut).isTrue();
    assertThat(stage.order(1).reuse()).containsSame(link);
    stage.ends(stage.order(0), Cause.DROPPED);
    stage.live(stage.order(1));
    assertThat(link.closed).isFalse();
    assertThat(stage.kinds()).containsExactly(Kind.CONNECTED, Kind.DISCONNECTED, Kind.CONNECTED);
    assertThat(stage.ledger)
        .containsSubsequence(
            "reading v2.users.1.presence", "blind silent", "reading v2.users.1.presence");
  }

  @Test
  void otherTopicsAreSubscribedOnANewChannel() {
    stage.live(stage.order(0));

    shard.changeTopics(List.of("v2.users.2.presence"));
    stage.control.settle();

    assertThat(stage.order(1).topics()).containsExactly("v2.users.2.presence");
    assertThat(stage.order(1).cause()).isEqualTo(Cause.TOPICS_CHANGED);
    assertThat(stage.askedMore).isEmpty();
  }

  @Test
  void whatIsOnlyNewIsSubscribedOnTheChannelThatIsOpen() {
    Order order = stage.order(0);
    stage.live(order);
    List<String> more =
        List.of("v2.users.1?presence&routingStatus", "v2.users.2?presence&routingStatus");

    changeTopics(more);
    changeTopics(Stream.concat(more.stream(), Stream.of("v2.users.3.presence")).toList());

    String asked = order.number() + " v2.users.1.routingStatus,v2.users.2?presence&routingStatus";
    assertThat(stage.askedMore).as("one call at a time").containsExactly(asked);
    List<String> brought =
        List.of("v2.users.1.routingStatus", "v2.users.2.presence", "v2.users.2.routingStatus");
    shard.subscribed(order.number(), brought);
    stage.control.settle();
    assertThat(stage.askedMore).containsExactly(asked, order.number() + " v2.users.3.presence");
    shard.subscribed(order.number(), List.of("v2.users.3.presence"));
    stage.control.settle();
    stage.brings(order, Stage.PONG);

    assertThat(stage.orders).hasSize(1);
    assertThat(stage.ledger)
        .last()
        .isEqualTo(
            "reading v2.users.1.presence," + String.join(",", brought) + ",v2.users.3.presence");
  }

  @Test
  void whatIsNewAndCouldNotBeAskedForIsSubscribedOnASuccessor() {
    Order order = stage.order(0);
    stage.live(order);
    changeTopics(List.of("v2.users.1.presence", "v2.users.2.presence"));

    shard.notSubscribed(order.number());
    stage.control.settle();

    assertThat(stage.order(1).topics()).hasSize(2);
  }

  @Test
  void whatIsNewAndWasNotAnsweredWhenTheSocketWasLostIsAskedForAgainAtOnce() {
    stage.live(stage.order(0));
    changeTopics(List.of("v2.users.1.presence", "v2.users.2.presence"));
    dropsAndComesBack();

    assertThat(stage.askedMore)
        .containsExactly(
            stage.order(0).number() + " v2.users.2.presence",
            stage.order(1).number() + " v2.users.2.presence");
  }

  @Test
  void whatIsNewAndWasAnsweredOverADeadSocketIsAskedForAgainAtOnce() {
    Stage.Link link = stage.live(stage.order(0));
    link.answers = false;
    changeTopics(List.of("v2.users.1.presence", "v2.users.2.presence"));
    shard.subscribed(stage.order(0).number(), List.of("v2.users.2.presence"));
    stage.control.settle();
    dropsAndComesBack();

    assertThat(stage.askedMore).hasSize(2);
    assertThat(stage.ledger).doesNotContain("reading v2.users.1.presence,v2.users.2.presence");
  }

  @Test
  void whatIsNewWhileOthersAreAskedForAgainIsAskedForThenWhateverComesOfThat() {
    changeTopics(List.of("v2.users.1.presence", "v2.users.2.presence"));
    shard.failed(stage.order(0).number(), Failure.unavailable("No."));
    stage.pass(SOON);
    Order order = stage.order(1);
    stage.live(order, List.of("v2.users.1.presence"));
    heartbeatsFor(order, Duration.ofMinutes(5));
    assertThat(stage.askedAgain).hasSize(1);

    changeTopics(List.of("v2.users.1.presence", "v2.users.2.presence", "v2.users.3.presence"));
    assertThat(stage.askedMore).isEmpty();
    shard.notSubscribed(order.number());
    stage.control.settle();

    assertThat(stage.askedMore).containsExactly(order.number() + " v2.users.3.presence");
    assertThat(stage.orders).hasSize(2);
  }

  @Test
  void whatIsNotWantedAnyMoreWhenItIsAddedIsLeftWithTheChannel() {
    Order order = stage.order(0);
    stage.live(order);
    changeTopics(List.of("v2.users.1.presence", "v2.users.2.presence"));
    changeTopics(List.of("v2.users.1.presence"));

    shard.subscribed(order.number(), List.of("v2.users.2.presence"));
    stage.control.settle();
    stage.brings(order, PONG);

    assertThat(stage.order(1).topics()).containsExactly("v2.users.1.presence");
  }

  @Test
  void whatBecameWantedWhileNothingWasReadIsSubscribedOnTheChannelThatIsGoneBackTo() {
    stage.live(stage.order(0));
    stage.ends(stage.order(0), Cause.DROPPED);
    changeTopics(List.of("v2.users.1.presence", "v2.users.2.presence"));
    stage.pass(SOON);

    stage.live(stage.order(1));

    assertThat(stage.askedMore).containsExactly(stage.order(1).number() + " v2.users.2.presence");
  }

  @Test
  void whatBecameWantedWhileTheSuccessorWasOpenedIsSubscribedOnBoth() {
    stage.live(stage.order(0));
    changeTopics(List.of("v2.users.2.presence"));

    changeTopics(List.of("v2.users.1.presence", "v2.users.2.presence", "v2.users.3.presence"));
    stage.live(stage.order(1));

    assertThat(stage.askedMore)
        .containsExactly(
            stage.order(0).number() + " v2.users.2.presence,v2.users.3.presence",
            stage.order(1).number() + " v2.users.1.presence,v2.users.3.presence");
  }

  @Test
  void aChannelThatHasNoRoomForWhatIsNewIsFollowedByAnother() {
    List<String> full =
        IntStream.range(0, TopicSharder.CHANNEL_LIMIT)
            .mapToObj(user -> "v2.users." + user + ".presence")
            .toList();
    stage.live(stage.order(0), List.of("v2.users.1.presence"));
    changeTopics(full);
    shard.subscribed(
        stage.order(0).number(), MissingTopics.never(full, List.of("v2.users.1.presence")));
    stage.brings(stage.order(0), PONG);
    stage.askedMore.clear();

    List<String> combined = new ArrayList<>(full);
    combined.set(0, "v2.users.0?presence&routingStatus");
    changeTopics(combined);

    assertThat(stage.askedMore).isEmpty();
    assertThat(stage.order(1).topics()).isEqualTo(combined);
  }

  @Test
  void whatSomebodyElseTakesFromTheChannelIsToldAndSubscribedAgain() {
    Order order = readsTwoUsers();
    long listedAt = stage.control.now();
    lists(order, "v2.users.1?presence&routingStatus", "v2.users.2.presence");
    stage.pass(Duration.ofSeconds(11));

    stage.brings(order, SUBSCRIPTION_UPDATED);
    assertThat(stage.listings).hasSize(2);
    lists(order, "v2.users.1.presence");
    assertThat(stage.ledger).noneMatch(told -> told.startsWith("unsubscribed"));
    stage.pass(Duration.ofSeconds(3));
    assertThat(stage.listings).hasSize(3);
    lists(order, "v2.users.1.presence");

    String taken = "v2.users.1.routingStatus,v2.users.2.presence";
    assertThat(stage.ledger)
        .last()
        .isEqualTo("unsubscribed " + taken + ", reads v2.users.1.presence, since " + listedAt);
    assertThat(stage.askedMore).containsExactly(order.number() + " " + taken);
    shard.subscribed(order.number(), List.of(taken.split(",")));
    stage.control.settle();
    stage.brings(order, PONG);
    assertThat(stage.ledger).last().isEqualTo("reading v2.users.1.presence," + taken);
    assertThat(stage.orders).hasSize(2);
  }

  @Test
  void whatCannotBeListedChangesNothing() {
    Order order = readsTwoUsers();
    lists(order, "v2.users.1?presence&routingStatus", "v2.users.2.presence");
    int told = stage.ledger.size();

    stage.brings(order, SUBSCRIPTION_UPDATED);
    stage.pass(Duration.ofSeconds(10));
    shard.notListed(order.number());
    stage.control.settle();
    heartbeatsFor(order, Duration.ofSeconds(30));

    assertThat(stage.listings).hasSize(3);
    assertThat(stage.ledger.subList(told, stage.ledger.size())).isEmpty();
    assertThat(stage.askedMore).isEmpty();
  }

  @Test
  void whatCannotBeListedAgainAndAgainIsToldOnce() {
    Order order = readsTwoUsers();
    try (LogLines log = new LogLines(SubscriptionChecks.class.getName())) {
      for (int i = 0; i < 20; i++) {
        shard.notListed(order.number());
        stage.control.settle();
        heartbeatsFor(order, Duration.ofSeconds(30));
      }

      assertThat(log.lines()).singleElement().asString().contains("could not be listed");
    }
    assertThat(stage.listings).hasSize(21);
  }

  @Test
  void whatIsTakenBeforeTheSocketIsLostIsMissedOnTheChannelThatIsGoneBackTo() {
    Order order = readsTwoUsers();
    long listedAt = stage.control.now();
    lists(order, "v2.users.1?presence&routingStatus", "v2.users.2.presence");
    stage.ends(order, Cause.DROPPED);
    stage.pass(SOON);
    Order again = stage.orders.get(stage.orders.size() - 1);
    assertThat(again.reuse()).isPresent();
    stage.live(again);

    stage.brings(again, SUBSCRIPTION_UPDATED);
    lists(again, "v2.users.1?presence&routingStatus");
    stage.pass(Duration.ofSeconds(3));
    lists(again, "v2.users.1?presence&routingStatus");

    assertThat(stage.ledger).last().asString().endsWith("since " + listedAt);
    assertThat(stage.askedMore).containsExactly(again.number() + " v2.users.2.presence");
  }

  @Test
  void whatIsTakenBeforeAHandOverIsMissedOnTheChannelThatRetires() {
    Order order = readsTwoUsers();
    long listedAt = stage.control.now();
    lists(order, "v2.users.1?presence&routingStatus", "v2.users.2.presence");
    stage.pass(Duration.ofSeconds(11));
    stage.brings(order, system("socket_closing"));
    stage.live(stage.order(2));
    assertThat(stage.listings).containsExactly(order.number(), order.number());

    lists(order, "v2.users.1?presence&routingStatus");
    stage.pass(Duration.ofSeconds(3));
    lists(order, "v2.users.1?presence&routingStatus");

    assertThat(stage.ledger)
        .last()
        .isEqualTo(
            "unsubscribed v2.users.2.presence, reads"
                + " v2.users.1?presence&routingStatus,v2.users.2.presence, since "
                + listedAt);
    assertThat(stage.askedMore).isEmpty();
  }

  @Test
  void whatIsTakenWhileOthersAreAskedForIsSubscribedThen() {
    Order order = readsTwoUsers();
    lists(order, "v2.users.1?presence&routingStatus", "v2.users.2.presence");
    stage.pass(Duration.ofSeconds(11));
    changeTopics(
        List.of("v2.users.1?presence&routingStatus", "v2.users.2.presence", "v2.users.3.presence"));
    stage.askedMore.clear();
    stage.brings(order, SUBSCRIPTION_UPDATED);
    lists(order, "v2.users.1?presence&routingStatus");
    stage.pass(Duration.ofSeconds(3));
    lists(order, "v2.users.1?presence&routingStatus");
    assertThat(stage.askedMore).as("one call at a time").isEmpty();

    shard.subscribed(order.number(), List.of("v2.users.3.presence"));
    stage.control.settle();

    assertThat(stage.askedMore).containsExactly(order.number() + " v2.users.2.presence");
  }

  @Test
  void whatAnotherProgramHasSubscribedIsToldOnce() {
    Order order = readsTwoUsers();
    try (LogLines log = new LogLines(SubscriptionChecks.class.getName())) {
      for (int i = 0; i < 2; i++) {
        lists(
            order,
            "v2.users.1?presence&routingStatus",
            "v2.users.2.presence",
            "v2.users.9.activity");
        stage.pass(Duration.ofSeconds(11));
        stage.brings(order, SUBSCRIPTION_UPDATED);
      }

      assertThat(log.lines())
          .singleElement()
          .asString()
          .contains("1 topics that this bridge did not");
    }
    assertThat(stage.askedMore).isEmpty();
  }

  /** On a channel whose subscriptions are being listed for the first time. */
  private Order readsTwoUsers() {
    shard.changeTopics(List.of("v2.users.1?presence&routingStatus", "v2.users.2.presence"));
    stage.control.settle();
    shard.failed(stage.order(0).number(), Failure.unavailable("No."));
    stage.pass(SOON);
    Order order = stage.order(1);
    stage.live(
        order, List.of("v2.users.1.presence", "v2.users.1.routingStatus", "v2.users.2.presence"));
    stage.brings(order, SUBSCRIPTION_UPDATED);
    assertThat(stage.listings).containsExactly(order.number());
    return order;
  }

  private void lists(Order order, String... entities) {
    shard.listed(order.number(), Set.of(entities));
    stage.control.settle();
  }

  private void dropsAndComesBack() {
    stage.ends(stage.order(0), Cause.DROPPED);
    stage.pass(SOON);
    stage.live(stage.order(1));
  }

  private void changeTopics(List<String> others) {
    shard.changeTopics(others);
    stage.control.settle();
  }

  @Test
  void aShardWhoseNextChannelIsRefusedIsStillRead() {
    stage.live(stage.order(0));
    changeTopics(List.of("other"));

    shard.failed(stage.order(1).number(), Failure.refused("No."));
    stage.control.settle();

    assertThat(shard.status().health()).isEqualTo(Health.BROKEN);
    assertThat(shard.status().reading()).isTrue();
  }

  @Test
  void theSameTopicsChangeNothing() {
    stage.live(stage.order(0));

    shard.changeTopics(List.of("v2.users.1.presence"));
    stage.control.settle();

    assertThat(stage.orders).hasSize(1);
  }

  @Test
  void stopCancelsTheAttemptThatIsUnderWay() {
    shard.stop();
    stage.control.settle();

    assertThat(stage.cancelled).containsExactly(stage.order(0));
    assertThat(stage.control.waiting()).isZero();
  }

  @Test
  void aSocketThatOpensAfterTheStopIsClosed() {
    shard.stop();
    stage.control.settle();

    assertThat(stage.opens(stage.order(0)).closed).isTrue();
    assertThat(stage.opened).isEmpty();
  }

  @Test
  void whatASocketMayBringIsToldOnceItIsOpenWithoutWhatWasRefused() {
    shard.changeTopics(List.of("v2.users.1.presence", "v2.users.2.presence"));
    stage.control.settle();
    shard.failed(stage.order(0).number(), Failure.unavailable("No."));
    stage.pass(SOON);

    stage.live(stage.order(1), List.of("v2.users.2.presence"));

    assertThat(stage.opened).containsExactly("v2.users.2.presence");
  }

  @Test
  void stopClosesWhatIsOpenAndOpensNothingMore() {
    Stage.Link link = stage.live(stage.order(0));

    shard.stop();
    stage.control.settle();
    stage.ends(stage.order(0), Cause.DROPPED);
    stage.pass(Duration.ofHours(1));

    assertThat(link.closed).isTrue();
    assertThat(stage.orders).hasSize(1);
  }

  @Test
  void aListenerThatFailsDoesNotEndTheShard() {
    stage.deaf = true;
    failures = 2;
    stage.live(stage.order(0));
    stage.ends(stage.order(0), Cause.DROPPED);
    stage.pass(SOON);

    assertThat(stage.orders).hasSize(2);
  }

  @Test
  void whatComesAfterTheControlThreadEndedHurtsNobody() {
    stage.live(stage.order(0));
    stage.control.shutdownNow();

    shard.closed(1, Cause.DROPPED);
    shard.frame(1, HEARTBEAT.getBytes(StandardCharsets.UTF_8), false, () -> {});
    shard.stop();

    assertThat(stage.orders).hasSize(1);
  }

  @Test
  void anAttemptCountsAsFailedUntilItHasSucceeded() {
    assertThat(stage.attempts).containsExactly(new Attempts(1, stage.control.now() + 2_000));

    stage.live(stage.order(0));

    assertThat(stage.attempts).last().isEqualTo(Attempts.NONE);
  }

  @Test
  void aRestartGoesOnWithTheBackoffButNotWithTheLongWaitAfterARefusal() {
    long now = stage.control.now();
    stage.earlier = new Attempts(4, now + 9_000);
    stage.orders.clear();
    Shard again = stage.shard();

    stage.pass(Duration.ofMillis(8_999));
    assertThat(stage.orders).isEmpty();
    assertThat(again.status().sentence()).contains("failures that still count: 4");
    stage.pass(Duration.ofMillis(1));
    assertThat(stage.orders).hasSize(1);

    stage.earlier = new Attempts(1, stage.control.now() + 300_000);
    stage.orders.clear();
    stage.shard();
    stage.pass(Duration.ofSeconds(90));
    assertThat(stage.orders).extracting(ChannelOpener.Order::cause).contains(Cause.START);
  }

  @Test
  void aPongTellsTheRoundTrip() {
    stage.opens(stage.order(0));

    stage.brings(stage.order(0), Stage.PONG);

    assertThat(stage.ledger).containsExactly("pong", "reading v2.users.1.presence");
  }

  @Test
  void anAttemptThatCannotEvenBeginIsFollowedByAnother() {
    stage.live(stage.order(0));
    stage.withoutThreads = true;
    failures = 1;
    stage.ends(stage.order(0), Cause.TAKEN_OVER);
    stage.pass(Duration.ofSeconds(1));
    assertThat(stage.withoutThreads).isFalse();

    stage.pass(Duration.ofSeconds(10));

    assertThat(stage.orders).hasSize(2);
    assertThat(stage.kinds()).contains(ShardReport.Kind.RETRYING);
  }

  @Test
  void aSpareThatIsReadAgainReadsItsOwnTopics() {
    stage.live(stage.order(0));
    shard.changeTopics(List.of("other"));
    stage.control.settle();
    stage.live(stage.order(1));

    stage.ends(stage.order(1), Cause.DROPPED);

    assertThat(stage.ledger)
        .containsExactly(
            "reading v2.users.1.presence", "reading other", "reading v2.users.1.presence");
  }

  @Test
  void whatBringsNothingForAWhileIsAskedForASignOfLife() {
    Stage.Link link = stage.live(stage.order(0));
    link.lastFrameAt = stage.control.now();
    int before = link.pings;
    stage.pass(Duration.ofSeconds(1));
    shard.prove(Duration.ofSeconds(2));
    assertThat(link.pings).isEqualTo(before);

    stage.pass(Duration.ofSeconds(1));
    shard.prove(Duration.ofSeconds(2));

    assertThat(link.pings).isEqualTo(before + 1);
  }

  @Test
  void allIsReadUntilTheLastFrameOfThePredecessorUntilThatHasAnswered() {
    Stage.Link old = stage.live(stage.order(0));
    assertThat(shard.handedOnUntil()).hasValue(old.lastFrameAt);
    old.answers = false;
    stage.pass(Duration.ofSeconds(5));
    shard.changeTopics(List.of("other"));
    stage.control.settle();
    Stage.Link next = stage.live(stage.order(1));

    assertThat(shard.handedOnUntil()).hasValue(old.lastFrameAt);
    stage.brings(stage.order(0), Stage.PONG);
    assertThat(shard.handedOnUntil()).hasValue(next.lastFrameAt);

    shard.stop();
    stage.control.settle();
    assertThat(shard.handedOnUntil()).isEmpty();
  }

  // ---- to hand over to another instance

  @Test
  void whoIsDrainedReadsOnUntilItsPingIsAnsweredAndAWhileAfter() {
    stage.live(stage.order(0));
    List<String> done = new ArrayList<>();

    shard.drain(() -> done.add("drained"));
    stage.pass(stage.timings.drainMove().minusMillis(10));
    assertThat(done).isEmpty();
    stage.pass(Duration.ofMillis(20));

    assertThat(done).hasSize(1);
    assertThat(stage.ledger).noneMatch(told -> told.startsWith("blind"));
  }

  @Test
  void whatIsNotReadOfAChannelThatDoesNotAnswerIsTold() {
    Stage.Link link = stage.live(stage.order(0));
    link.answers = false;
    List<String> done = new ArrayList<>();
    stage.pass(Duration.ofMillis(10));

    shard.drain(() -> done.add("drained"));
    stage.pass(stage.timings.drainMost().minusMillis(100));
    assertThat(done).isEmpty();
    stage.pass(Duration.ofMillis(200));

    assertThat(done).hasSize(1);
    assertThat(stage.ledger).contains("blind silent");
  }
}
