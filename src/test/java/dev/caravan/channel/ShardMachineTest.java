package dev.caravan.channel;

import static dev.caravan.channel.Phase.LIVE;
import static dev.caravan.channel.Phase.NEW;
import static dev.caravan.channel.Phase.OPENING;
import static dev.caravan.channel.Phase.RETIRING;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.caravan.channel.ShardAction.AskRotation;
import dev.caravan.channel.ShardAction.Blind;
import dev.caravan.channel.ShardAction.Close;
import dev.caravan.channel.ShardAction.Cut;
import dev.caravan.channel.ShardAction.DropToken;
import dev.caravan.channel.ShardAction.ListSubscriptions;
import dev.caravan.channel.ShardAction.Open;
import dev.caravan.channel.ShardAction.Ping;
import dev.caravan.channel.ShardAction.Read;
import dev.caravan.channel.ShardEvent.SubscriptionsDoubted;
import dev.caravan.channel.ShardEvent.SubscriptionsDoubted.Why;
import dev.caravan.channel.ShardReport.Kind;
import dev.caravan.socket.CloseReason;
import dev.caravan.socket.CloseReason.Initiator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ShardMachineTest {

  private static final long ROUND_TRIP = 100;
  private static final Failure UNAVAILABLE = Failure.unavailable("Genesys Cloud answered 503.");
  private static final Failure GONE =
      new Failure(Failure.Kind.CHANNEL_GONE, "Gone (404).", Duration.ZERO, 1);

  @Nested
  class Subscriptions {

    private static final List<ShardAction> LIST = List.of(new ListSubscriptions(1));

    private final Drill shard = Drill.live();

    private List<ListSubscriptions> listedWithin(Duration time) {
      List<ListSubscriptions> all = new ArrayList<>();
      for (Duration left = time; !left.isZero(); left = left.minusSeconds(1)) {
        all.addAll(shard.frame(1).pass(Duration.ofSeconds(1)).all(ListSubscriptions.class));
      }
      return all;
    }

    private void doubted(Why why) {
      shard.on(new SubscriptionsDoubted(1, why));
    }

    @Test
    void areListedSoonAndThenEveryTenMinutesAtTheMost() {
      assertThat(listedWithin(Duration.ofSeconds(4))).isEmpty();
      assertThat(listedWithin(Duration.ofSeconds(1))).isEqualTo(LIST);
      assertThat(listedWithin(Duration.ofSeconds(524))).isEmpty();
      assertThat(listedWithin(Duration.ofSeconds(1))).isEqualTo(LIST);
    }

    @Test
    void areListedAtOnceWhenTheyAreSaidToHaveChangedButNotAgainAndAgain() {
      doubted(Why.TOLD);
      assertThat(shard.actions).isEqualTo(LIST);

      doubted(Why.TOLD);
      assertThat(listedWithin(Duration.ofSeconds(9))).isEmpty();
      assertThat(listedWithin(Duration.ofSeconds(1))).isEqualTo(LIST);
      assertThat(listedWithin(Duration.ofMinutes(5))).isEmpty();
    }

    @Test
    void areListedAgainWhenAListingLacksSomething() {
      doubted(Why.TOLD);
      doubted(Why.MISSING);

      assertThat(listedWithin(Duration.ofSeconds(2))).isEmpty();
      assertThat(listedWithin(Duration.ofSeconds(1))).isEqualTo(LIST);
    }

    @Test
    void areListedAgainAfterAWhileWhenTheyCouldNotBe() {
      doubted(Why.TOLD);
      doubted(Why.NOT_LISTED);

      assertThat(listedWithin(Duration.ofSeconds(29))).isEmpty();
      assertThat(listedWithin(Duration.ofSeconds(1))).isEqualTo(LIST);
    }

    @Test
    void ofAChannelThatIsNotTrustedAreNotListed() {
      shard.noticed(1, Cause.TAKEN_OVER);

      doubted(Why.TOLD);

      assertThat(shard.actions).isEmpty();
      assertThat(shard.pass(Duration.ofMinutes(1)).all(ListSubscriptions.class)).isEmpty();
    }
  }

  @Nested
  class Opening {

    @Test
    void startOpensAChannelAtOnce() {
      Drill shard = Drill.started();

      assertThat(shard.actions).containsExactly(new Open(1, Cause.START, 0, true));
      assertThat(shard.phases()).containsExactly(OPENING);
    }

    @Test
    void startedTwiceItOpensOneChannel() {
      Drill shard = Drill.started().on(new ShardEvent.Started(Attempts.NONE));

      assertThat(shard.actions).isEmpty();
      assertThat(shard.phases()).containsExactly(OPENING);
    }

    @Test
    void anOpenSocketIsPingedAndNotYetLive() {
      Drill shard = Drill.started().opened(1);

      assertThat(shard.actions).containsExactly(new Ping(1));
      assertThat(shard.phases()).containsExactly(OPENING);
      assertThat(shard.state.reading()).isFalse();
    }

    @Test
    void firstHeartbeatOrPongMakesItLive() {
      Drill shard = Drill.live();

      assertThat(shard.phases()).containsExactly(LIVE);
      assertThat(shard.state.reading()).isTrue();
      assertThat(shard.reports)
          .extracting(ShardReport::kind, ShardReport::cause)
          .containsExactly(tuple(Kind.CONNECTED, Cause.START));
    }

    @Test
    void aSignOfLifeCountsOnlyOnceTheSocketIsKnownToBeOpen() {
      Drill shard = Drill.started().signOfLife(1);

      assertThat(shard.phases()).containsExactly(OPENING);
    }

    @Test
    void aSocketWithoutASignOfLifeIsGivenUpAfterTenSeconds() {
      Drill shard = Drill.started().opened(1);

      assertThat(shard.passMillis(9_999).all(Close.class)).isEmpty();
      assertThat(shard.passMillis(1).all(Close.class)).containsExactly(new Close(1));
      assertThat(shard.phases()).containsExactly(NEW);
      assertThat(shard.reports(Kind.RETRYING))
          .singleElement()
          .satisfies(report -> assertThat(report.sentence()).contains("neither heartbeat nor"));
    }

    @Test
    void aSocketThatWeDoNotReadOurselvesIsNotGivenUp() {
      Drill shard = Drill.started().opened(1);

      for (int minute = 0; minute < 10; minute++) {
        shard.hold(1).passMillis(9_000);
      }

      assertThat(shard.phases()).containsExactly(OPENING);
      assertThat(shard.signOfLife(1).phases()).containsExactly(LIVE);
    }

    @Test
    void aSocketThatBringsOnlyWhatShowsNothingIsGivenUpAfterAMinute() {
      Drill shard = Drill.started().opened(1);

      for (int i = 0; i < 6; i++) {
        assertThat(shard.event(1).passMillis(9_000).all(Close.class)).isEmpty();
      }

      assertThat(shard.event(1).passMillis(6_000).all(Close.class)).containsExactly(new Close(1));
    }

    @Test
    void aSocketThatWeHeldForLongHasTheTimeAgain() {
      Drill shard = Drill.started().opened(1);
      for (int i = 0; i < 10; i++) {
        shard.hold(1).passMillis(9_000);
      }

      for (int i = 0; i < 5; i++) {
        assertThat(shard.event(1).passMillis(9_000).all(Close.class)).isEmpty();
      }

      assertThat(shard.signOfLife(1).phases()).containsExactly(LIVE);
    }

    @Test
    void anAttemptThatNeverEndsIsGivenUp() {
      Drill shard = Drill.started();

      assertThat(shard.pass(Duration.ofMinutes(15).minusMillis(1)).actions).isEmpty();
      assertThat(shard.passMillis(1).all(Close.class)).containsExactly(new Close(1));
      assertThat(shard.channel(2).phase()).isIn(NEW, OPENING);
    }

    @Test
    void aSocketThatClosesBeforeItsSignOfLifeIsAFailedAttempt() {
      Drill shard = Drill.started().opened(1).closed(1, Cause.DROPPED);

      assertThat(shard.phases()).containsExactly(NEW);
      assertThat(shard.channel(2).reuses()).isZero();
      assertThat(shard.state.backoff().failures()).isEqualTo(1);
    }

    @Test
    void aSocketThatClosedBeforeItWasKnownToBeOpenIsClosedWhenItIs() {
      Drill shard = Drill.started().closed(1, Cause.DROPPED).opened(1);

      assertThat(shard.actions).contains(new Close(1));
      assertThat(shard.phases()).containsExactly(NEW);
    }

    @ParameterizedTest
    @EnumSource(
        value = Cause.class,
        names = {"TAKEN_OVER", "TOKEN_REVOKED"})
    void aChannelTakenAwayWhileItOpensDoesNotBecomeLive(Cause notice) {
      Drill shard = Drill.started().opened(1).noticed(1, notice);

      assertThat(shard.actions).contains(new Close(1));
      assertThat(shard.signOfLife(1).phases()).containsExactly(NEW);
    }

    @Test
    void aClosingNoticeWhileItOpensIsFollowedOnceItIsLive() {
      Drill shard = Drill.started().opened(1).noticed(1, Cause.SOCKET_CLOSING).signOfLife(1);

      assertThat(shard.actions).contains(new AskRotation(1, Cause.SOCKET_CLOSING));
    }
  }

  @Nested
  class Failing {

    @Test
    void anUnavailableGenesysIsAskedAgainAfterTheBackoff() {
      Drill shard = Drill.started().failed(1, UNAVAILABLE);

      assertThat(shard.channel(2).openAt()).isEqualTo(shard.now + 2_000);
      assertThat(shard.reports(Kind.RETRYING))
          .singleElement()
          .satisfies(
              report -> {
                assertThat(report.cause()).isEqualTo(Cause.UNAVAILABLE);
                assertThat(report.sentence()).endsWith("Next attempt in 2000 ms.");
              });
      assertThat(shard.passMillis(2_000).all(Open.class))
          .containsExactly(new Open(2, Cause.START, 0, false));
    }

    @ParameterizedTest
    @CsvSource({"1", "42"})
    void whatRetryAfterSaysIsTheWaitWhateverFailedBefore(int seconds) {
      Failure busy =
          new Failure(Failure.Kind.UNAVAILABLE, "Answered 429.", Duration.ofSeconds(seconds), 12);
      Drill shard = Drill.started();
      shard.random = 0.999;
      shard.failed(1, busy);

      assertThat(shard.passMillis(seconds * 1_000 - 1).all(Open.class)).isEmpty();
      assertThat(shard.passMillis(seconds * 100 + 1).all(Open.class)).hasSize(1);
    }

    @Test
    void whatServerAskedForIsWaitedForThoughThePredecessorIsLost() {
      Failure busy =
          new Failure(Failure.Kind.UNAVAILABLE, "Answered 429.", Duration.ofSeconds(20), 1);
      Drill shard = Drill.live().passMillis(11_000).frame(1);
      shard.granted(1, Cause.CHANNEL_AGE).failed(2, busy).closed(1, Cause.TAKEN_OVER);

      assertThat(shard.passMillis(19_999).all(Open.class)).isEmpty();
      assertThat(shard.passMillis(1_001).all(Open.class)).hasSize(1);
    }

    @Test
    void whatCameToNoAttemptIsNotCounted() {
      Failure breaker =
          new Failure(Failure.Kind.UNAVAILABLE, "The breaker is open.", Duration.ZERO, 0);
      Drill shard = Drill.started().failed(1, breaker);

      assertThat(shard.state.backoff().failures()).isZero();
      assertThat(shard.channel(2).openAt()).isEqualTo(shard.now + 2_000);
    }

    @Test
    void attemptsWithinAnOpeningCountForTheBackoff() {
      Failure many = new Failure(Failure.Kind.UNAVAILABLE, "Answered 503.", Duration.ZERO, 6);
      Drill shard = Drill.started().failed(1, many);

      assertThat(shard.state.backoff().failures()).isEqualTo(6);
      assertThat(shard.channel(2).openAt()).isEqualTo(shard.now + 30_000);
    }

    @Test
    void aRefusalIsBrokenAndRetriedEveryFiveMinutes() {
      Drill shard = Drill.started();

      shard.failed(1, Failure.refused("Wrong secret. Check GENESYS_CLIENT_SECRET."));

      assertThat(shard.state.broken()).contains("Wrong secret. Check GENESYS_CLIENT_SECRET.");
      assertThat(shard.reports(Kind.BROKEN)).hasSize(1);
      assertThat(shard.pass(Duration.ofMinutes(5).minusMillis(1)).all(Open.class)).isEmpty();
      assertThat(shard.passMillis(1).all(Open.class)).hasSize(1);
    }

    @Test
    void aRefusalIsOverOnceAChannelIsLive() {
      Drill shard = Drill.started().failed(1, Failure.refused("No."));

      shard.pass(Duration.ofMinutes(5)).opened(2).signOfLife(2);

      assertThat(shard.state.broken()).isEmpty();
    }

    @Test
    void aRefusedSuccessorIsNotHastenedByTheLossOfItsPredecessor() {
      Drill shard = Drill.live().granted(1, Cause.TOKEN_AGE).failed(2, Failure.refused("No."));

      shard.closed(1, Cause.DROPPED);

      assertThat(shard.channel(3).openAt()).isEqualTo(shard.now + 300_000);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 600})
    void aChannelLostWhileItsSuccessorHasToWaitIsGoneBackToAtOnce(long retryAfterSeconds) {
      Failure no =
          retryAfterSeconds == 0
              ? Failure.refused("No.")
              : new Failure(
                  Failure.Kind.UNAVAILABLE, "429.", Duration.ofSeconds(retryAfterSeconds), 1);
      Drill shard = Drill.live().on(new ShardEvent.TopicsChanged()).passMillis(11_000).frame(1);
      shard.granted(1, Cause.TOPICS_CHANGED).failed(2, no);
      long due = shard.channel(3).openAt();

      shard.closed(1, Cause.DROPPED);

      assertThat(shard.passMillis(250).all(Open.class))
          .containsExactly(new Open(4, Cause.DROPPED, 1, false));
      shard.opened(4).signOfLife(4);
      assertThat(shard.state.blindSince()).isZero();
      assertThat(shard.channel(3).openAt()).isEqualTo(due);
      shard.signOfLife(4).passMillis(30_000).signOfLife(4);
      assertThat(shard.phases()).containsExactlyInAnyOrder(NEW, LIVE);
    }

    @Test
    void aChannelLostWhileItsSuccessorIsBeingOpenedIsGoneBackToBesideIt() {
      Drill shard = Drill.live().passMillis(11_000).frame(1).granted(1, Cause.CHANNEL_AGE);
      shard.closed(1, Cause.DROPPED).passMillis(250).opened(3).signOfLife(3);
      assertThat(shard.phases()).containsExactly(OPENING, LIVE);

      shard.opened(2).signOfLife(2);

      assertThat(shard.phases()).containsExactlyInAnyOrder(LIVE, RETIRING);
      assertThat(shard.reports(Kind.HANDED_OVER)).hasSize(1);
    }

    @Test
    void aSuccessorThatIsThereFirstMakesGoingBackNeedless() {
      Drill shard = Drill.live().passMillis(11_000).frame(1).granted(1, Cause.CHANNEL_AGE);
      shard.closed(1, Cause.DROPPED).passMillis(250);
      assertThat(shard.phases()).containsExactly(OPENING, OPENING);

      shard.opened(2).signOfLife(2);

      assertThat(shard.phases()).containsExactly(LIVE);
      assertThat(shard.all(Close.class)).containsExactly(new Close(3));
    }

    @Test
    void aChannelWhoseSocketWasToCloseIsGoneBackToWhenItDoes() {
      Drill shard = Drill.live().passMillis(11_000).noticed(1, Cause.SOCKET_CLOSING);

      shard.closed(1, Cause.DROPPED).passMillis(250);

      assertThat(shard.channel(2).reuses()).isEqualTo(1);
    }

    @Test
    void anUnknownChannelLeadsToANewOne() {
      Drill shard = Drill.started().failed(1, GONE);

      assertThat(shard.reports(Kind.RETRYING).get(0).cause()).isEqualTo(Cause.CHANNEL_GONE);
      assertThat(shard.channel(2).reuses()).isZero();
    }
  }

  @Nested
  class Losing {

    @ParameterizedTest
    @CsvSource({
      "SERVER, 1001", "SERVER, 1005", "SERVER, 1008", "SERVER, 1011", "SERVER, 1012",
      "SERVER, 1013", "SERVER, 4000", "TRANSPORT, 1006", "US, 1002", "US, 1009"
    })
    void aDroppedConnectionGoesBackToItsChannel(Initiator who, int code) {
      Drill shard = Drill.live().passMillis(10_000);

      Cause cause = Cause.of(new CloseReason(who, code, ""));
      shard.closed(1, cause);

      assertThat(cause).isEqualTo(code == 1009 ? Cause.TOO_LARGE : Cause.DROPPED);
      assertThat(shard.phases()).containsExactly(NEW);
      assertThat(shard.channel(2).openAt()).isBetween(shard.now, shard.now + 250);
      assertThat(shard.passMillis(250).all(Open.class))
          .containsExactly(new Open(2, cause, 1, false));
    }

    @Test
    void aChannelClosedWith1000ByTheServerIsNeverTakenBack() {
      Drill shard = Drill.live().passMillis(10_000);

      shard.closed(1, Cause.of(new CloseReason(Initiator.SERVER, 1000, "")));

      assertThat(shard.passMillis(250).all(Open.class))
          .containsExactly(new Open(2, Cause.TAKEN_OVER, 0, false));
    }

    @Test
    void theSameChannelIsTriedOnceThenANewOne() {
      Drill shard = Drill.dropped(2_000);
      shard.opened(2).signOfLife(2).passMillis(9_000).frame(2);

      shard.closed(2, Cause.DROPPED);

      assertThat(shard.channel(3).reuses()).isZero();
    }

    @Test
    void aChannelThatWasStableSinceMayBeUsedAgain() {
      Drill shard = Drill.dropped(2_000);
      shard.opened(2).signOfLife(2).passMillis(10_000).frame(2);

      shard.closed(2, Cause.DROPPED);

      assertThat(shard.channel(3).reuses()).isEqualTo(2);
    }

    @Test
    void aChannelThatCouldNotBeReachedIsGoneBackToUntilItsServerHasFailedFourTimes() {
      Drill shard = Drill.dropped(250);

      for (int number = 2; number <= 4; number++) {
        shard.failed(number, UNAVAILABLE);
        assertThat(shard.channel(number + 1).reuses()).isEqualTo(1);
        shard.passMillis(10_000);
      }
      shard.failed(5, UNAVAILABLE);

      assertThat(shard.channel(6).reuses()).isZero();
    }

    @Test
    void aChannelIsGoneBackToHoweverOftenNobodyIsReached() {
      Drill shard = Drill.dropped(250);

      for (int number = 2; number <= 20; number++) {
        shard.failed(number, UNAVAILABLE.reaching(Failure.Reached.NOBODY));
        assertThat(shard.channel(number + 1).reuses()).isEqualTo(1);
        shard.pass(Duration.ofMinutes(1));
      }
    }

    @Test
    void aSocketThatOpensAndShowsNothingIsNotGoneBackTo() {
      Drill shard = Drill.dropped(250);

      shard.opened(2).passMillis(10_000);

      assertThat(shard.channel(3).reuses()).isZero();
    }

    @Test
    void aChannelFoundGoneIsReplacedWithoutFurtherDelay() {
      Drill shard = Drill.dropped(250);

      shard.failed(2, GONE);

      assertThat(shard.state.backoff().failures()).isZero();
      assertThat(shard.channel(3).openAt()).isBetween(shard.now, shard.now + 250);
    }

    @Test
    void aChannelWhoseSuccessorIsDueIsUsedAgainAndThenHandedOver() {
      Drill shard = Drill.live();
      shard.now = Drill.FAR;

      shard.frame(1).closed(1, Cause.DROPPED);

      assertThat(shard.channel(2).reuses()).isEqualTo(1);
      shard.passMillis(250).on(new ShardEvent.SocketOpened(2, Drill.FAR, Cause.CHANNEL_AGE));
      assertThat(shard.signOfLife(2).all(AskRotation.class))
          .containsExactly(new AskRotation(2, Cause.CHANNEL_AGE));
    }

    @Test
    void theGapReachesFromTheLastFrameToTheSuccessorsSignOfLife() {
      Drill shard = Drill.live().passMillis(10_000).frame(1);
      long lastFrame = shard.now;
      shard.passMillis(3_000).closed(1, Cause.DROPPED);
      shard.passMillis(250).opened(2).passMillis(40);

      shard.signOfLife(2);

      assertThat(shard.blind).containsExactly(new Blind(lastFrame, Cause.DROPPED));
      assertThat(shard.actions).contains(new Read(2, shard.now));
      assertThat(shard.reports(Kind.DISCONNECTED).get(0).from()).isEqualTo(lastFrame);
      assertThat(shard.state.blindSince()).isZero();
    }

    @Test
    void failedAttemptsInBetweenDoNotEndTheGap() {
      Drill shard =
          Drill.live().passMillis(10_000).frame(1).closed(1, Cause.TAKEN_OVER).passMillis(250);
      shard.opened(2).closed(2, Cause.DROPPED).passMillis(2_000).failed(3, UNAVAILABLE);

      shard.passMillis(4_000).opened(4).signOfLife(4);

      assertThat(shard.blind).containsExactly(new Blind(Drill.START + 10_000, Cause.TAKEN_OVER));
      assertThat(shard.actions).contains(new Read(4, shard.now));
    }

    @Test
    void noLongerSubscribedNeverGoesBackAndReadsOnUntilTheSuccessorIsLive() {
      Drill shard = Drill.live().passMillis(10_000);

      shard.noticed(1, Cause.TAKEN_OVER);

      assertThat(shard.all(Close.class)).isEmpty();
      assertThat(shard.channel(2).reuses()).isZero();
      assertThat(shard.state.reading()).isFalse();
      shard.passMillis(250).opened(2).signOfLife(2);
      assertThat(shard.all(Close.class)).containsExactly(new Close(1));
      assertThat(shard.blind).hasSize(1);
    }

    @Test
    void theCloseAfterANoticeIsNotCountedAgain() {
      Drill shard = Drill.live().passMillis(10_000).noticed(1, Cause.TAKEN_OVER);

      shard.closed(1, Cause.TAKEN_OVER);

      assertThat(shard.reports(Kind.DISCONNECTED)).hasSize(1);
      assertThat(shard.state.backoff().failures()).isZero();
      assertThat(shard.phases()).hasSize(1);
    }

    @Test
    void aRevokedTokenIsDroppedBeforeTheNextAttempt() {
      Drill shard = Drill.live().passMillis(10_000);

      shard.noticed(1, Cause.TOKEN_REVOKED);

      assertThat(shard.actions).contains(new DropToken(1));
      assertThat(shard.all(Open.class)).isEmpty();
      assertThat(shard.passMillis(250).all(Open.class))
          .containsExactly(new Open(2, Cause.TOKEN_REVOKED, 0, false));
    }

    @Test
    void aPlannedRotationIsUsedWhenItsPredecessorIsLost() {
      Drill shard = Drill.live().granted(1, Cause.CHANNEL_AGE).failed(2, UNAVAILABLE);

      shard.closed(1, Cause.TAKEN_OVER);

      assertThat(shard.phases()).containsExactly(NEW);
      assertThat(shard.state.nextNumber()).isEqualTo(4);
    }
  }

  @Nested
  class Watching {

    @Test
    void thirtyFiveSecondsOfSilenceArePinged() {
      Drill shard = Drill.live();

      assertThat(shard.passMillis(34_999).all(Ping.class)).isEmpty();
      assertThat(shard.passMillis(1).all(Ping.class)).containsExactly(new Ping(1));
    }

    @Test
    void anyFrameAfterThePingProvesTheSocketAlive() {
      Drill shard = Drill.live().passMillis(35_000).passMillis(6_999).frame(1).passMillis(1);

      assertThat(shard.channel(1).pingSentAt()).isZero();
      assertThat(shard.phases()).containsExactly(LIVE);
    }

    @Test
    void aSocketThatStaysSilentIsDeadAndTheGapBeganWithItsLastFrame() {
      Drill shard = Drill.live().passMillis(35_000).passMillis(7_000);

      assertThat(shard.reports(Kind.DISCONNECTED).get(0).cause()).isEqualTo(Cause.SILENT);
      assertThat(shard.state.blindSince()).isEqualTo(Drill.START);
      assertThat(shard.all(Cut.class)).containsExactly(new Cut(1));
      assertThat(shard.channel(2).reuses()).isEqualTo(1);
      shard.passMillis(250).opened(2).signOfLife(2);
      assertThat(shard.phases()).containsExactly(LIVE);
      assertThat(shard.blind.get(0).since()).isEqualTo(Drill.START);
    }

    @Test
    void silenceWhileWeHoldTheReadingBackSaysNothing() {
      Drill shard = Drill.live();

      for (int i = 0; i < 100; i++) {
        shard.hold(1).passMillis(20_000);
      }

      assertThat(shard.phases()).containsExactly(LIVE);
      assertThat(shard.reports(Kind.DISCONNECTED)).isEmpty();
    }

    @Test
    void aQuietNightWithHeartbeatsChangesNothing() {
      Drill shard = Drill.live();

      for (int i = 0; i < 1_000; i++) {
        shard.passMillis(30_000).signOfLife(1);
      }

      assertThat(shard.reports).hasSize(1);
      assertThat(shard.phases()).containsExactly(LIVE);
    }
  }

  @Nested
  class HandingOver {

    @Test
    void aRotationIsAskedForEverySecondAndBeginsOnlyWithTheGrant() {
      Drill shard = Drill.started();
      shard.on(new ShardEvent.SocketOpened(1, shard.now + 5_000, Cause.TOKEN_AGE)).signOfLife(1);

      assertThat(shard.passMillis(4_999).all(AskRotation.class)).isEmpty();
      assertThat(shard.passMillis(1).all(AskRotation.class))
          .contains(new AskRotation(1, Cause.TOKEN_AGE));
      assertThat(shard.passMillis(10_000).all(AskRotation.class)).hasSizeBetween(10, 11);
      assertThat(shard.all(Open.class)).isEmpty();

      shard.granted(1, Cause.TOKEN_AGE);
      assertThat(shard.all(Open.class)).containsExactly(new Open(2, Cause.TOKEN_AGE, 0, true));
      assertThat(shard.passMillis(10_000).all(AskRotation.class)).isEmpty();
    }

    @Test
    void aGrantForAChannelThatIsNotReadAnyMoreIsVoid() {
      Drill shard = Drill.live().closed(1, Cause.DROPPED);

      shard.granted(1, Cause.CHANNEL_AGE);

      assertThat(shard.phases()).containsExactly(NEW);
    }

    @Test
    void aSecondGrantOpensNoSecondSuccessor() {
      Drill shard = Drill.live().granted(1, Cause.CHANNEL_AGE).granted(1, Cause.CHANNEL_AGE);

      assertThat(shard.phases()).containsExactly(LIVE, OPENING);
    }

    @Test
    void aClosingNoticeAsksForItsTurnAtOnceAndBreaksNothing() {
      Drill shard = Drill.live().noticed(1, Cause.SOCKET_CLOSING);

      assertThat(shard.actions).containsExactly(new AskRotation(1, Cause.SOCKET_CLOSING));
      assertThat(shard.phases()).containsExactly(LIVE);
      assertThat(shard.state.backoff().failures()).isZero();
    }

    @Test
    void thePredecessorIsReadUntilTheSuccessorIsLive() {
      Drill shard = Drill.live().granted(1, Cause.SOCKET_CLOSING).opened(2);
      assertThat(shard.phases()).containsExactly(LIVE, OPENING);

      shard.signOfLife(2);

      assertThat(shard.phases()).containsExactly(RETIRING, LIVE);
      assertThat(shard.all(Close.class)).isEmpty();
      assertThat(shard.reports)
          .extracting(ShardReport::kind)
          .containsExactly(Kind.CONNECTED, Kind.HANDED_OVER);
      assertThat(shard.reports.get(1).cause()).isEqualTo(Cause.SOCKET_CLOSING);
    }

    @Test
    void thePredecessorIsReadForTenSecondsAfterItsAnswer() {
      Drill shard = Drill.handedOver();

      assertThat(shard.passMillis(9_999).all(Close.class)).isEmpty();
      assertThat(shard.passMillis(1).all(Close.class)).containsExactly(new Close(1));
      assertThat(shard.phases()).containsExactly(LIVE);
    }

    @Test
    void thePredecessorWhosePlaceIsNeededIsReadForTwoSecondsAfterItsAnswer() {
      Drill shard = Drill.handedOver();

      shard.passMillis(1_999);
      assertThat(shard.on(new ShardEvent.PlaceNeeded()).all(Close.class)).isEmpty();
      shard.passMillis(1);

      assertThat(shard.on(new ShardEvent.PlaceNeeded()).all(Close.class))
          .containsExactly(new Close(1));
    }

    @Test
    void thePredecessorThatHasNotAnsweredIsReadOnThoughItsPlaceIsNeeded() {
      Drill shard = Drill.succeeded();

      shard.event(1).passMillis(3_000);

      assertThat(shard.on(new ShardEvent.PlaceNeeded()).all(Close.class)).isEmpty();
    }

    @Test
    void aPredecessorThatIsNeverQuietIsClosedTenSecondsAfterItsAnswer() {
      Drill shard = Drill.succeeded();
      for (int i = 0; i < 3; i++) {
        assertThat(shard.event(1).passMillis(1_000).all(Close.class)).isEmpty();
      }
      shard.signOfLife(1);

      for (int i = 0; i < 9; i++) {
        assertThat(shard.event(1).passMillis(1_000).all(Close.class)).isEmpty();
      }

      assertThat(shard.event(1).passMillis(1_000).all(Close.class)).containsExactly(new Close(1));
    }

    @Test
    void aPredecessorThatIsHeldBackIsNotClosedBeforeItCouldBeReadToItsEnd() {
      Drill shard = Drill.handedOver();

      for (int i = 0; i < 60; i++) {
        assertThat(shard.hold(1).frame(2).passMillis(1_000).all(Close.class)).isEmpty();
      }

      shard.frame(1);
      assertThat(shard.passMillis(9_999).all(Close.class)).isEmpty();
      assertThat(shard.passMillis(1).all(Close.class)).containsExactly(new Close(1));
    }

    @Test
    void aPredecessorIsPingedAndThatItHadBeenDeadBeforeIsAGap() {
      Drill shard = Drill.succeeded();
      assertThat(shard.all(Ping.class)).containsExactly(new Ping(1));
      long live = shard.now;

      assertThat(shard.passMillis(6_999).all(Close.class)).isEmpty();
      assertThat(shard.passMillis(1).actions)
          .containsSubsequence(
              new Blind(Drill.START, Cause.SILENT), new Read(2, live), new Close(1));
      assertThat(shard.reports(Kind.DISCONNECTED)).hasSize(1);
      assertThat(shard.state.blindSince()).isZero();
    }

    @Test
    void aPredecessorThatEndsWithoutAnAnswerLeavesAGap() {
      Drill shard = Drill.succeeded();
      long live = shard.now;

      shard.passMillis(50).closed(1, Cause.DROPPED);

      assertThat(shard.actions)
          .containsSubsequence(new Blind(Drill.START, Cause.DROPPED), new Read(2, live));
    }

    @Test
    void theBacklogOfAPredecessorThatWasHeldBackIsReadHoweverLongThatTakes() {
      Drill shard = Drill.succeeded();
      for (int i = 0; i < 20; i++) {
        assertThat(shard.hold(1).passMillis(1_000).all(Close.class)).isEmpty();
      }
      for (int i = 0; i < 40; i++) {
        assertThat(shard.event(1).frame(2).passMillis(1_000).all(Close.class)).isEmpty();
      }

      assertThat(shard.signOfLife(1).frame(2).passMillis(10_000).all(Close.class))
          .containsExactly(new Close(1));
      assertThat(shard.blind).isEmpty();
    }

    @Test
    void aPredecessorThatGoesOnWithoutAnAnswerIsClosedAfterAMinute() {
      Drill shard = Drill.succeeded();

      for (int i = 0; i < 59; i++) {
        assertThat(shard.event(1).frame(2).passMillis(1_000).all(Close.class)).isEmpty();
      }

      assertThat(shard.event(1).frame(2).passMillis(1_000).all(Close.class))
          .containsExactly(new Close(1));
      // It may have lagged behind by all that time
      assertThat(shard.blind).containsExactly(new Blind(Drill.START, Cause.SILENT));
    }

    @Test
    void aPredecessorThatTheServerClosesIsNoLoss() {
      Drill shard = Drill.handedOver().closed(1, Cause.DROPPED);

      assertThat(shard.phases()).containsExactly(LIVE);
      assertThat(shard.reports(Kind.DISCONNECTED)).isEmpty();
    }

    @Test
    void aPredecessorIsReadAgainWhenItsSuccessorIsLost() {
      Drill shard = Drill.handedOver().passMillis(500);

      shard.closed(2, Cause.TAKEN_OVER);

      assertThat(shard.phases()).containsExactly(LIVE, NEW);
      assertThat(shard.state.blindSince()).isZero();
      assertThat(shard.passMillis(30_000).all(Close.class)).isEmpty();
    }

    @Test
    void whenBothAreLostTheGapBeginsWithTheLaterOne() {
      Drill shard = Drill.handedOver().passMillis(500).closed(2, Cause.TAKEN_OVER);
      shard.passMillis(100).frame(1);
      long lastFrame = shard.now;

      shard.passMillis(20).closed(1, Cause.DROPPED);

      assertThat(shard.state.blindSince()).isEqualTo(lastFrame);
      assertThat(shard.phases()).containsExactly(NEW, NEW);
      assertThat(shard.channel(4).reuses()).isEqualTo(1);
    }

    @Test
    void aPredecessorThatWasTakenIsNotReadAgain() {
      Drill shard = Drill.handedOver().noticed(1, Cause.TAKEN_OVER);

      shard.closed(2, Cause.DROPPED);

      assertThat(shard.state.reading()).isFalse();
      assertThat(shard.state.blindSince()).isPositive();
    }

    @Test
    void otherTopicsAreReadByAHandOver() {
      Drill shard = Drill.live().on(new ShardEvent.TopicsChanged());

      assertThat(shard.actions).containsExactly(new AskRotation(1, Cause.TOPICS_CHANGED));
    }

    @Test
    void topicsThatChangeWhileASuccessorOpensAreNotForgotten() {
      Drill shard = Drill.live().granted(1, Cause.CHANNEL_AGE).on(new ShardEvent.TopicsChanged());

      shard.opened(2).signOfLife(2);

      assertThat(shard.all(AskRotation.class))
          .containsExactly(new AskRotation(2, Cause.TOPICS_CHANGED));
    }

    @Test
    void topicsThatChangeBeforeGoingBackToAChannelAreReadByAHandOverAfterwards() {
      Drill shard = Drill.live().closed(1, Cause.DROPPED).on(new ShardEvent.TopicsChanged());
      assertThat(shard.channel(2).reuses()).isEqualTo(1);

      shard.passMillis(2_000).opened(2).signOfLife(2);

      assertThat(shard.all(AskRotation.class))
          .containsExactly(new AskRotation(2, Cause.TOPICS_CHANGED));
    }
  }

  @Nested
  class BackingOff {

    @Test
    void aServerThatAcceptsAndDropsIsMetByGrowingWaits() {
      Drill shard = Drill.live();
      shard.random = 0.999;

      for (int i = 1; i <= 8; i++) {
        shard.closed(shard.state.nextNumber() - 1, Cause.DROPPED);
        assertThat(shard.state.backoff().failures()).isEqualTo(i);
        int next = shard.state.nextNumber() - 1;
        assertThat(shard.channel(next).openAt() - shard.now)
            .isBetween(i == 1 ? 0 : Math.min(1_000L << i - 1, 30_000L), 30_000L);
        shard.passMillis(120_000).opened(next).signOfLife(next);
      }
    }

    @Test
    void eachTenSecondsOfBeingLiveForgiveOneFailure() {
      Drill shard = new Drill().on(new ShardEvent.Started(new Attempts(3, 0)));
      shard.opened(1).signOfLife(1);

      assertThat(shard.passMillis(9_999).state.backoff().failures()).isEqualTo(3);
      assertThat(shard.passMillis(1).state.backoff().failures()).isEqualTo(2);
      assertThat(shard.passMillis(9_999).frame(1).state.backoff().failures()).isEqualTo(2);
      assertThat(shard.passMillis(10_001).state.backoff())
          .extracting(Backoff::failures)
          .isEqualTo(0);
    }

    @Test
    void shortLivesAddUpUntilTheyForgiveAFailure() {
      Drill shard =
          Drill.live().passMillis(6_000).frame(1).closed(1, Cause.DROPPED).passMillis(2_000);
      assertThat(shard.state.backoff().failures()).isEqualTo(1);
      shard.opened(2).signOfLife(2);

      assertThat(shard.passMillis(3_999).state.backoff().failures()).isEqualTo(1);
      assertThat(shard.passMillis(1).state.backoff().failures()).isZero();
    }

    @Test
    void aConnectionThatWasLiveForTenSecondsIsFollowedAtOnceWhateverCameBefore() {
      Drill shard = new Drill().on(new ShardEvent.Started(new Attempts(30, 0)));
      shard.random = 0.999;
      shard.opened(1).signOfLife(1).passMillis(10_000).frame(1);

      shard.closed(1, Cause.DROPPED);

      assertThat(shard.channel(2).openAt() - shard.now).isBetween(0L, 250L);
      shard.passMillis(250).failed(2, UNAVAILABLE);
      assertThat(shard.channel(3).openAt() - shard.now).isBetween(0L, 250L);
      shard.passMillis(250).failed(3, UNAVAILABLE);
      assertThat(shard.channel(4).openAt() - shard.now).isBetween(1_900L, 2_100L);
    }

    @Test
    void theTimeThatAConnectionLivedCountsAsWaited() {
      Drill shard = new Drill().on(new ShardEvent.Started(new Attempts(2, 0)));
      shard.random = 0.999;
      shard.opened(1).signOfLife(1).passMillis(3_000).frame(1);

      shard.closed(1, Cause.DROPPED);

      assertThat(shard.channel(2).openAt() - shard.now).isBetween(1_100L, 1_200L);
    }

    @Test
    void dropsEveryFourSecondsCostLittleMoreThanTheirRoundTrips() {
      Drill shard = Drill.live().passMillis(30_000).frame(1);
      long blind = 0;

      for (int drop = 0; drop < 5; drop++) {
        int live = shard.state.nextNumber() - 1;
        shard.closed(live, Cause.DROPPED);
        long lost = shard.now;
        int next = live + 1;
        shard.passMillis(shard.channel(next).openAt() - lost).opened(next).signOfLife(next);
        blind += shard.now - lost;
        shard.passMillis(Math.max(0, 4_000 - (shard.now - lost))).frame(next);
      }

      // Five times the jitter before the first attempt is 5 x 125 ms
      assertThat(blind).isLessThanOrEqualTo(1_000);
    }

    /** How long a fault of that length blinds a shard whose channel is gone, in milliseconds. */
    private static long blind(long faultMillis, SplittableRandom chance) {
      Drill shard = Drill.live().passMillis(30_000).frame(1);
      long lost = shard.now;
      shard.random = chance.nextDouble();
      shard.closed(1, Cause.TAKEN_OVER);
      boolean failedOnce = false;
      while (!shard.state.reading()) {
        ChannelState next = shard.state.successor().orElseThrow();
        if (next.phase() == NEW) {
          shard.random = chance.nextDouble();
          shard.passMillis(Math.max(1, next.openAt() - shard.now));
        } else if (!failedOnce || shard.now < lost + faultMillis) {
          failedOnce = true;
          shard.random = chance.nextDouble();
          shard.passMillis(ROUND_TRIP).failed(next.number(), UNAVAILABLE);
        } else {
          shard.passMillis(ROUND_TRIP).opened(next.number()).signOfLife(next.number());
        }
      }
      return shard.now - lost;
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 2_000, 20_000})
    void aFaultBlindsForNoMoreThanHalfAsLongAgainAsItMust(long faultMillis) {
      SplittableRandom chance = new SplittableRandom(faultMillis);
      // An attempt that fails and one that succeeds, each with the jitter before it
      long least = faultMillis + 2 * 300;

      double mean =
          LongStream.range(0, 500).map(i -> blind(faultMillis, chance)).average().orElseThrow();

      assertThat(mean / least).isLessThanOrEqualTo(1.5);
    }

    @Test
    void aFightOverAChannelTakesNoMoreThanSixNewOnesAMinute() {
      Drill shard = Drill.live();
      shard.random = 0;
      int created = 3;
      for (int earlier = 0; earlier < created; earlier++) {
        shard.budget.charge(true);
      }

      for (long end = shard.now + 60_000; shard.now < end; ) {
        int live = shard.state.nextNumber() - 1;
        shard.closed(live, Cause.TAKEN_OVER);
        while (shard.channel(live + 1).phase() != OPENING && shard.now < end) {
          shard.passMillis(10);
        }
        if (shard.now < end) {
          created++;
          shard.opened(live + 1).signOfLife(live + 1);
        }
      }

      assertThat(created).isEqualTo(6);
      assertThat(shard.reports(Kind.RETRYING))
          .anyMatch(report -> report.sentence().startsWith("All of the 20 attempts a minute"));
    }

    @Test
    void theStablePredecessorDoesNotResetTheBackoffOfItsFailingSuccessor() {
      Drill shard = Drill.live();
      shard.random = 0.999;
      for (int i = 0; i < 120; i++) {
        shard.passMillis(30_000).signOfLife(1);
      }
      shard.granted(1, Cause.CHANNEL_AGE);
      long start = shard.now;
      int attempts = 1;

      while (shard.now < start + 3_600_000) {
        ChannelState coming = shard.state.successor().orElseThrow();
        if (coming.phase() == OPENING) {
          shard.failed(coming.number(), UNAVAILABLE);
        }
        attempts += shard.frame(1).passMillis(1_000).all(Open.class).size();
      }

      assertThat(attempts).isLessThan(130);
      assertThat(shard.state.reading()).isTrue();
    }

    @Test
    void aMinuteOfErrorsSeesNoMoreThanAHandfulOfAttempts() {
      Drill shard = Drill.started();
      int attempts = 1;

      while (shard.now < Drill.START + 60_000) {
        ChannelState coming = shard.state.successor().orElseThrow();
        if (coming.phase() == OPENING) {
          shard.passMillis(ROUND_TRIP).failed(coming.number(), UNAVAILABLE);
        }
        attempts += shard.passMillis(10).all(Open.class).size();
      }

      // After 0, 2, 6, 14 and 30 s
      assertThat(attempts).isEqualTo(5);
    }
  }

  @Nested
  class Stopping {

    @Test
    void everythingIsClosedAndNothingIsPlanned() {
      Drill shard = Drill.handedOver().granted(2, Cause.TOPICS_CHANGED);

      shard.on(new ShardEvent.Stopped());

      assertThat(shard.actions)
          .containsExactly(new Close(1), new Close(2), new Close(3), new ShardAction.Finish());
      assertThat(shard.state.channels()).isEmpty();
      assertThat(shard.wakeAt).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void aSocketThatOpensAfterwardsIsClosed() {
      Drill shard = Drill.started().on(new ShardEvent.Stopped());

      shard.opened(1);

      assertThat(shard.actions).containsExactly(new Close(1));
    }

    @Test
    void nothingElseMattersAfterwards() {
      Drill shard = Drill.live().on(new ShardEvent.Stopped());

      for (ShardEvent event :
          List.of(
              new ShardEvent.Started(Attempts.NONE),
              new ShardEvent.Woke(),
              new ShardEvent.SignOfLife(1),
              new ShardEvent.SocketClosed(1, Cause.DROPPED),
              new ShardEvent.OpenFailed(1, UNAVAILABLE),
              new ShardEvent.TopicsChanged(),
              new ShardEvent.RotationGranted(1, Cause.CHANNEL_AGE))) {
        assertThat(shard.on(event).actions).as("after %s", event).isEmpty();
      }
    }

    @Test
    void aGapThatIsOpenThenStaysOpen() {
      Drill shard = Drill.live().closed(1, Cause.DROPPED).passMillis(100);

      shard.on(new ShardEvent.Stopped());

      assertThat(shard.blind).hasSize(1);
      assertThat(shard.all(Read.class)).isEmpty();
    }
  }
}
