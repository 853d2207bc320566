package dev.caravan.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.cluster.Cluster.Forwarded;
import dev.caravan.cluster.ClusterState.Stage;
import dev.caravan.cluster.ControlRecord.Gone;
import dev.caravan.cluster.ControlRecord.Handed;
import dev.caravan.cluster.ControlRecord.Left;
import dev.caravan.cluster.ControlRecord.Live;
import dev.caravan.cluster.ControlRecord.Member;
import dev.caravan.cluster.ControlRecord.Offer;
import dev.caravan.cluster.ControlRecord.Plan;
import dev.caravan.cluster.ControlRecord.Probe;
import dev.caravan.cluster.ControlRecord.Standby;
import dev.caravan.cluster.ControlRecord.Topics;
import dev.caravan.cluster.ControlRecord.Until;
import dev.caravan.frame.EventId;
import dev.caravan.topic.TopicSharder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClusterMachineTest {

  private static final String ME = "me";
  private static final String OTHER = "other";
  private static final long KNOWN = 1_690_000_000_000L;
  private static final TopicSharder.Shard SHARD = new TopicSharder.Shard(1, List.of("v2.a"));

  private ClusterState state = ClusterState.initial(ME, Map.of());
  private List<ClusterAction> actions = List.of();
  private long now = 1_000_000;
  private Reach reach = Reach.YES;

  private void take(ClusterEvent event) {
    ClusterMachine.Step step = ClusterMachine.next(state, event, now);
    state = step.state();
    actions = step.actions();
  }

  private void hear(ControlRecord told) {
    take(new ClusterEvent.Heard(told, true));
  }

  /** Time passes, while we hear ourselves and, if it is there, the other. */
  private void pass(long millis, boolean otherIsThere) {
    for (long passed = 0; passed < millis; passed += 1_000) {
      now += 1_000;
      if (otherIsThere) {
        hear(member(OTHER));
      }
      hear(member(ME, state.slots()));
      tick();
    }
  }

  /** So many seconds pass, each of which we hear this, too. */
  private void passHearing(int seconds, boolean otherIsThere, ControlRecord... told) {
    for (int second = 0; second < seconds; second++) {
      Stream.of(told).forEach(this::hear);
      pass(1_000, otherIsThere);
    }
  }

  /** A second passes, and only that we are there is heard. */
  private void passOneSecond() {
    now += 1_000;
    hear(member(ME));
  }

  private void tick() {
    take(new ClusterEvent.Tick(reach, false));
  }

  private void assertInOrder(ClusterAction... some) {
    assertThat(actions).containsSubsequence(some);
  }

  private Member member(String who) {
    return member(who, Set.of(who.equals(ME) ? 7 : 5));
  }

  private Member member(String who, Set<Integer> slots) {
    return new Member(
        who,
        slots,
        false,
        who.equals(ME) ? reach : Reach.YES,
        Map.of(),
        Logins.NONE,
        state.view().plan().epoch());
  }

  /** Shard 1 lies in a slot. */
  private void plan(int slot, int moving) {
    hear(new Topics(OTHER, "v", SHARD));
    hear(new Plan(OTHER, 1, Map.of(1, slot), Map.of(1, "v"), true, moving));
  }

  /** We have slot 7, and hear ourselves. */
  private void begin() {
    take(new ClusterEvent.CaughtUp());
    take(new ClusterEvent.Assigned(Set.of(7)));
    hear(member(ME));
  }

  private void beginWithSlotZero() {
    take(new ClusterEvent.CaughtUp());
    hear(member(ME, Set.of(0)));
    take(new ClusterEvent.Assigned(Set.of(0)));
  }

  private void stoodStillWhileItOpened() {
    begin();
    plan(7, -1);
    now += 9_000;
    take(new ClusterEvent.StoodStill());
  }

  private void reading() {
    begin();
    plan(7, -1);
    take(new ClusterEvent.Opened(1));
    hear(new Live(ME, 1, 1, false, 0));
    assertThat(stage()).isEqualTo(Stage.READING);
  }

  /** We read shard 1 and do not have its slot any more: it may move. */
  private void offering() {
    reading();
    take(new ClusterEvent.Assigned(Set.of(9)));
    plan(7, 1);
  }

  private void otherReads() {
    begin();
    hear(member(OTHER));
    hear(new Live(OTHER, 1, 4, false, KNOWN));
  }

  private Stage stage() {
    return state.ours(1).map(ClusterState.Ours::stage).orElse(null);
  }

  private ClusterAction only(Class<? extends ClusterAction> kind) {
    return actions.stream().filter(kind::isInstance).findFirst().orElse(null);
  }

  // ---- to open

  @Test
  void aShardInOneOfOurSlotsThatNobodyReadsIsOpened() {
    begin();

    plan(7, -1);

    assertThat(actions).contains(new ClusterAction.Open(SHARD, false, 0));
  }

  @Test
  void aShardInAnotherSlotIsNotOpened() {
    begin();

    plan(8, -1);

    assertThat(only(ClusterAction.Open.class)).isNull();
  }

  @Test
  void nothingIsOpenedBeforeAllThatWasToldHasBeenHeard() {
    take(new ClusterEvent.Assigned(Set.of(7)));

    plan(7, -1);

    assertThat(only(ClusterAction.Open.class)).isNull();
  }

  @Test
  void whoeverOpensWhatADeadInstanceReadKnowsSinceWhenNobodyHasReadIt() {
    take(new ClusterEvent.Heard(member(OTHER), false));
    take(new ClusterEvent.Heard(new Live(OTHER, 1, 4, false, KNOWN), false));
    take(new ClusterEvent.Heard(new Until(OTHER, 1, 4, 1_700_000_000_000L), false));
    begin();
    hear(new Topics(THIRD, "v", SHARD));
    dealtToUs();
    assertThat(only(ClusterAction.Open.class)).isNull();

    pass(Timings.DEAD_AFTER_MILLIS, false);
    assertThat(stage()).isNull();
    passOneSecond();

    assertThat(actions).contains(new ClusterAction.Open(SHARD, false, 1_700_000_000_000L));
  }

  @Test
  void whoHasEndedInGoodOrderNeedNotBeWaitedFor() {
    otherReads();
    plan(7, -1);

    hear(new Gone(OTHER));

    assertThat(only(ClusterAction.Open.class)).isNotNull();
  }

  @Test
  void withoutContactNobodyCountsAsDead() {
    otherReads();
    plan(7, -1);

    now += 600_000;
    tick();

    assertThat(only(ClusterAction.Open.class)).isNull();
  }

  @Test
  void afterContactIsBackTheOthersHaveTimeToBeHeard() {
    otherReads();
    plan(7, -1);
    now += 600_000;
    pass(1_000, false);

    pass(Timings.REPLACED_AFTER_MILLIS - 1_000, false);
    assertThat(stage()).as("it may read, and is heard later").isNull();
    pass(1_000, false);

    assertThat(stage()).isEqualTo(Stage.OPENING);
  }

  /** It has ended before we have started, mostly long ago. */
  @Test
  void whoeverWasNeverHeardIsNotWaitedForUntilItsLeaseHasRunOut() {
    take(new ClusterEvent.Heard(member(OTHER), false));
    take(new ClusterEvent.Heard(new Live(OTHER, 1, 4, false, KNOWN), false));
    begin();
    hear(new Topics(THIRD, "v", SHARD));
    dealtToUs();

    pass(Timings.DEAD_AFTER_MILLIS, false);
    assertThat(stage()).isNull();
    pass(1_000, false);

    assertThat(stage()).isEqualTo(Stage.OPENING);
  }

  @Test
  void whenItIsLiveAllAreTold() {
    begin();
    plan(7, -1);

    take(new ClusterEvent.Opened(1));

    assertThat(actions).contains(new ClusterAction.Write(new Live(ME, 1, 1, false, 0)));
    assertThat(stage()).isEqualTo(Stage.READING);
  }

  // ---- to go on

  @Test
  void whoLosesTheSlotReadsOn() {
    reading();

    take(new ClusterEvent.Assigned(Set.of()));
    pass(120_000, false);

    assertThat(stage()).isEqualTo(Stage.READING);
  }

  @Test
  void whoSeesAnotherReadUnderALaterEpochStops() {
    reading();

    hear(new Live(OTHER, 1, 2, false, KNOWN));

    assertThat(actions)
        .contains(new ClusterAction.Close(1), new ClusterAction.ReadElsewhere(1, KNOWN));
    assertThat(stage()).isNull();
  }

  @Test
  void whatAnotherSaysOfAnEarlierEpochDoesNotCount() {
    reading();
    hear(new Live(ME, 1, 3, false, 0));

    hear(new Live(OTHER, 1, 2, false, KNOWN));

    assertThat(stage()).isEqualTo(Stage.READING);
  }

  @Test
  void ofTwoThatBeginUnderTheSameEpochTheFirstOneReads() {
    begin();
    hear(member(OTHER));
    plan(7, -1);
    take(new ClusterEvent.Opened(1));

    hear(new Live(OTHER, 1, 1, false, 0));
    hear(new Live(ME, 1, 1, false, 0));

    assertThat(stage()).isNull();
  }

  @Test
  void aShardThatThePlanHasNoMoreIsClosed() {
    reading();

    hear(new Plan(OTHER, 1, Map.of(), Map.of(), true, -1));

    assertThat(actions).contains(new ClusterAction.Finish(1));
  }

  @Test
  void otherTopicsAreReadOnTheSameShard() {
    reading();
    TopicSharder.Shard more = new TopicSharder.Shard(1, List.of("v2.a", "v2.b"));

    hear(new Topics(OTHER, "w", more));
    hear(new Plan(OTHER, 1, Map.of(1, 7), Map.of(1, "w"), true, -1));

    assertThat(actions).contains(new ClusterAction.Change(more));
  }

  @Test
  void aPlanOfAnEarlierEpochDoesNotCount() {
    reading();
    hear(new Plan(OTHER, 5, Map.of(1, 7), Map.of(1, "v"), true, -1));

    hear(new Plan("stale", 4, Map.of(), Map.of(), true, -1));

    assertThat(stage()).isEqualTo(Stage.READING);
  }

  @Test
  void whatThePlanNamesIsReadEvenIfItsWriterEndedBeforeItWroteTheNextOne() {
    begin();
    hear(new Topics(OTHER, "w", SHARD));

    hear(new Plan(OTHER, 1, Map.of(1, 7), Map.of(1, "v"), true, -1));

    assertThat(only(ClusterAction.Open.class)).isNotNull();
  }

  @Test
  void whoReadsWhatThePlanMeansGoesOnUntilTheNextPlanIsThere() {
    reading();

    hear(new Topics(OTHER, "w", new TopicSharder.Shard(1, List.of("v2.b"))));

    assertThat(only(ClusterAction.Change.class)).isNull();
    assertThat(stage()).isEqualTo(Stage.READING);
  }

  // ---- gaps between two instances

  @Test
  void whatTheChannelOfTheNextOneDoesNotReadIsAGapSinceItsChannelWasLive() {
    joined();
    long live = now;
    now += 3_000;
    hear(new Until(OTHER, 1, 4, 1_700_000_000_000L));

    hear(new Handed(OTHER, 1, 5, 0, true, List.of()));

    assertThat(actions).contains(new ClusterAction.Unread(1, live, 1_700_000_000_000L));
  }

  @Test
  void whatWentToAShardOfAnotherIsReadThereAfterAWhile() {
    otherReads();
    plan(5, -1);

    pass(9_000, true);
    assertThat(only(ClusterAction.ReadElsewhere.class)).isNull();
    pass(1_000, true);

    assertThat(actions).contains(new ClusterAction.ReadElsewhere(1, 0));
  }

  /** What was told before is all there is when it begins. */
  private void beginWithWhatTheOtherHasTold(long lastRead) {
    for (ControlRecord told :
        List.of(
            member(OTHER),
            new Topics(OTHER, "v", SHARD),
            new Plan(OTHER, 1, Map.of(1, 7), Map.of(1, "v"), true, -1),
            new Live(OTHER, 1, 4, false, lastRead),
            new Until(OTHER, 1, 4, KNOWN))) {
      take(new ClusterEvent.Heard(told, false));
    }
    take(new ClusterEvent.CaughtUp());
  }

  /** Its own name of before is that of another, which has ended. */
  @Test
  void whoIsStartedAgainBeforeAnybodyHasTakenOverHasAGapUntilSomebodyReads() {
    beginWithWhatTheOtherHasTold(0);
    assertThat(only(ClusterAction.ReadElsewhere.class)).isNull();
    take(new ClusterEvent.Assigned(Set.of(7)));
    hear(member(ME));
    pass(6_000, false);

    assertThat(stage()).isEqualTo(Stage.OPENING);
    hear(new Live("third", 1, 5, false, KNOWN));
    assertThat(actions).contains(new ClusterAction.ReadElsewhere(1, KNOWN));
  }

  @Test
  void whatIsReadByOneThatIsHeardIsReadElsewhere() {
    beginWithWhatTheOtherHasTold(KNOWN);
    assertThat(only(ClusterAction.ReadElsewhere.class)).isNull();

    hear(member(OTHER));

    assertThat(actions).contains(new ClusterAction.ReadElsewhere(1, KNOWN));
  }

  @Test
  void aShardThatWasLeftOnPurposeHasNoGapWhenItsNumberIsUsedAgain() {
    otherReads();
    hear(new Until(OTHER, 1, 4, 1_700_000_000_000L));
    hear(new Left(OTHER, 1, 5));

    plan(7, -1);

    assertThat(actions).contains(new ClusterAction.Open(SHARD, false, 0));
    take(new ClusterEvent.Opened(1));
    assertThat(actions).contains(new ClusterAction.Write(new Live(ME, 1, 6, false, 0)));
  }

  @Test
  void whoTakesOverFromOneThatDiesMeanwhileTellsTheGapBetweenThem() {
    joined();
    hear(new Until(OTHER, 1, 4, 1_700_000_000_000L));

    pass(Timings.HANDED_WITHIN_MILLIS - 1_000, false);
    assertThat(stage()).isEqualTo(Stage.HOLDING);
    now += 1_000;
    tick();

    assertInOrder(
        new ClusterAction.Inherit(1, 1_700_000_000_000L), new ClusterAction.Release(1, List.of()));
  }

  @Test
  void whoHandsOverWhatItDidNotReadTellsTheGapItself() {
    offering();
    hear(new Live(OTHER, 1, 2, true, KNOWN));

    take(new ClusterEvent.Drained(1));

    assertInOrder(new ClusterAction.HandOver(1, 2), new ClusterAction.ReadElsewhere(1, 0));
  }

  /** As a route that holds an event may keep it from that. */
  @Test
  void whoHasNotDrainedByThenLeavesTheShardToTheOneThatWaitsNoLonger() {
    offering();
    hear(new Live(OTHER, 1, 2, true, KNOWN));

    pass(Timings.HANDED_WITHIN_MILLIS - 1_000, true);
    assertThat(stage()).isEqualTo(Stage.DRAINING);
    pass(1_000, true);

    assertThat(stage()).isNull();
  }

  @Test
  void untilWhenAShardWasReadIsToldAsSoonAsItIs() {
    begin();
    plan(7, -1);

    take(new ClusterEvent.Opened(1));

    assertThat(actions).contains(new ClusterAction.WriteUntil(1, 1));
  }

  @Test
  void untilWhenIsToldUntilTheShardIsHandedOver() {
    offering();
    hear(new Live(OTHER, 1, 2, true, KNOWN));

    pass(1_000, true);
    assertThat(actions).contains(new ClusterAction.WriteUntil(1, 1));
    take(new ClusterEvent.Drained(1));

    assertInOrder(new ClusterAction.WriteUntil(1, 1), new ClusterAction.HandOver(1, 2));
  }

  @Test
  void untilWhenIsToldByTheLatestWhoReadWhateverItsClockShows() {
    otherReads();
    hear(new Until("ahead", 1, 3, 1_700_000_300_000L));
    hear(new Until(OTHER, 1, 4, 1_700_000_000_000L));
    hear(new Until("ahead", 1, 3, 1_700_000_301_000L));

    assertThat(state.view().shard(1).lastRead()).isEqualTo(1_700_000_000_000L);
  }

  // ---- a number that is used again

  @Test
  void whoIsSaidToReadWhatItDoesNotSaysSo() {
    reading();
    hear(new Plan(OTHER, 1, Map.of(), Map.of(), true, -1));
    take(new ClusterEvent.Assigned(Set.of(9)));

    plan(7, -1);
    tick();

    assertThat(actions).contains(new ClusterAction.Write(new Left(ME, 1, 2)));
  }

  @Test
  void whatWasLeftIsOpenedByItsOwner() {
    otherReads();
    plan(7, -1);
    assertThat(stage()).isNull();

    hear(new Left(OTHER, 1, 5));
    assertThat(stage()).isEqualTo(Stage.OPENING);
    take(new ClusterEvent.Opened(1));

    assertThat(actions).contains(new ClusterAction.Write(new Live(ME, 1, 6, false, 0)));
  }

  @Test
  void whoseEpochWasTakenByTheOneWhoLeftTakesTheNext() {
    begin();
    plan(7, -1);
    take(new ClusterEvent.Opened(1));
    hear(new Left(OTHER, 1, 1));

    pass(5_000, false);
    hear(new Live(ME, 1, state.ours(1).orElseThrow().epoch(), false, 0));

    assertThat(state.view().reader(1)).hasValueSatisfying(it -> assertThat(it.by()).isEqualTo(ME));
    assertThat(stage()).isEqualTo(Stage.READING);
  }

  // ---- a number whose last reader is gone

  @Test
  void whoReadsAShardNoMoreAsNobodyIsToSaysSo() {
    reading();

    hear(new Plan(OTHER, 1, Map.of(2, 7), Map.of(2, "v"), true, -1));
    assertThat(actions).contains(new ClusterAction.Finish(1));
    tick();

    assertThat(isWritten(new Left(ME, 1, 2))).isTrue();
  }

  /** Shard 1 is planned, shard 2 was read by the other and is not any more. */
  private void leadWithoutShardTwo(boolean whole) {
    beginWithSlotZero();
    hear(member(OTHER));
    hear(new Live(OTHER, 2, 4, false, 0));
    hear(new Until(OTHER, 2, 4, KNOWN));
    hear(new Topics(ME, "v", SHARD));
    hear(new Plan(ME, 1, Map.of(1, 0), Map.of(1, "v"), whole, -1));
  }

  @Test
  void whoPlansSaysThatWhatADeadOneReadIsReadNoMore() {
    leadWithoutShardTwo(true);
    Left left = new Left(ME, 2, 5);

    pass(20_000, true);
    assertThat(isWritten(left)).as("it says so itself").isFalse();
    pass(Timings.REPLACED_AFTER_MILLIS - 1_000, false);
    assertThat(isWritten(left)).as("it may only stand still").isFalse();
    pass(2_000, false);
    assertThat(isWritten(left)).isTrue();

    hear(left);
    assertThat(state.view().shard(2).lastRead()).isZero();
    tick();
    assertThat(isWritten(left)).isFalse();
  }

  @Test
  void whatIsNotListedYetMayBeReadAgainAndItsGapIsKept() {
    leadWithoutShardTwo(false);

    pass(30_000, false);

    assertThat(isWritten(new Left(ME, 2, 5))).isFalse();
    assertThat(state.view().shard(2).lastRead()).isEqualTo(KNOWN);
  }

  @Test
  void untilWhenANumberWasReadBeforeItWasLeftIsForgotten() {
    otherReads();
    hear(new Until(OTHER, 1, 4, KNOWN));
    hear(new Left(OTHER, 1, 5));
    hear(new Until(OTHER, 1, 4, KNOWN + 1_000));

    hear(new Live(OTHER, 1, 6, false, 0));

    assertThat(state.view().shard(1).lastRead()).isZero();
  }

  // ---- what those know who start later

  @Test
  void whoReadsSaysSoAnewIfALaterRecordDoesNotCount() {
    reading();
    pass(10_000, true);

    hear(new Live(OTHER, 1, 1, false, KNOWN));

    assertThat(isWritten(new Live(ME, 1, 2, false, 0))).isTrue();
    hear(new Live(ME, 1, 2, false, 0));
    pass(10_000, true);
    assertThat(isWritten(new Live(ME, 1, 2, false, 0))).as("once").isFalse();
    assertThat(stage()).isEqualTo(Stage.READING);
    hear(new Left(OTHER, 1, 2));
    assertThat(isWritten(new Live(ME, 1, 3, false, 0))).isTrue();
  }

  @Test
  void whoSaysAnewThatItReadsOffersUnderThatEpoch() {
    offering();
    pass(10_000, true);

    hear(new Live(OTHER, 1, 1, false, KNOWN));

    assertInOrder(
        new ClusterAction.Write(new Live(ME, 1, 2, false, 0)),
        new ClusterAction.Note(1, false),
        new ClusterAction.Note(1, true),
        new ClusterAction.Write(new Offer(ME, 1, 2)));
  }

  @Test
  void whoHoldsIsAnsweredUnderItsEpochAndSaysAnewOnlyThenThatItReads() {
    joined();
    pass(10_000, true);
    hear(new Live(THIRD, 1, 5, false, KNOWN));
    assertThat(only(ClusterAction.Write.class)).isNull();

    hear(new Handed(OTHER, 1, 5, 0, true, List.of()));
    pass(5_000, true);

    assertThat(state.ours(1).orElseThrow().epoch()).isEqualTo(6);
    assertThat(stage()).isEqualTo(Stage.READING);
  }

  private Member knowing(String who, long plan) {
    return new Member(who, Set.of(8), false, Reach.YES, Map.of(), Logins.NONE, plan);
  }

  @Test
  void whoKnowsNoPlanIsToldWhatCounts() {
    reading();
    hear(new Plan(OTHER, 7, Map.of(1, 7), Map.of(1, "v"), true, -1));
    pass(60_000, false);

    hear(knowing(THIRD, 0));

    assertInOrder(
        new ClusterAction.Write(new Topics(ME, "v", SHARD)),
        new ClusterAction.Write(new Plan(ME, 8, Map.of(1, 7), Map.of(1, "v"), true, -1)),
        new ClusterAction.Write(new Live(ME, 1, 2, false, 0)));
    hear(new Plan(ME, 8, Map.of(1, 7), Map.of(1, "v"), true, -1));
    hear(new Live(ME, 1, 2, false, 0));
    hear(knowing(THIRD, 0));
    assertThat(only(ClusterAction.Write.class)).as("it has just been told").isNull();
  }

  @Test
  void whoIsBehindForAMomentIsNotToldAgain() {
    reading();
    pass(60_000, true);
    hear(new Plan(OTHER, 7, Map.of(1, 7), Map.of(1, "v"), true, -1));

    hear(knowing(THIRD, 1));
    assertThat(only(ClusterAction.Write.class)).isNull();
    pass(Timings.TOLD_AGAIN_AFTER_MILLIS, false);
    hear(knowing(THIRD, 7));
    assertThat(only(ClusterAction.Write.class)).isNull();
    hear(knowing(THIRD, 1));

    assertThat(plan().epoch()).isEqualTo(8);
  }

  @Test
  void whoStartsWithAnEmptyControlTopicKnowsNoPlanBeforeAllIsThereThatItNames() {
    take(new ClusterEvent.CaughtUp());
    take(new ClusterEvent.Assigned(Set.of(7)));

    hear(new Plan(OTHER, 7, Map.of(1, 7), Map.of(1, "v"), true, -1));
    tick();
    assertThat(told().plan()).isZero();
    hear(new Topics(OTHER, "v", SHARD));
    tick();

    assertThat(told().plan()).isEqualTo(7);
  }

  private Member told() {
    return written(Member.class);
  }

  private <R extends ControlRecord> R written(Class<R> kind) {
    return actions.stream()
        .filter(ClusterAction.Write.class::isInstance)
        .map(action -> ((ClusterAction.Write) action).record())
        .filter(kind::isInstance)
        .map(kind::cast)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void whatWasListedWithoutKnowingThePlanIsListedAnew() {
    leading();
    hear(new Topics(OTHER, "w", new TopicSharder.Shard(2, List.of("v2.b"))));

    hear(new Plan(OTHER, 8, Map.of(1, 5, 2, 5), Map.of(1, "v", 2, "w"), true, -1));

    assertThat(actions).contains(new ClusterAction.Lead(true));
    assertThat(plan().versions()).containsOnlyKeys(1, 2);
    assertThat(plan().epoch()).isEqualTo(9);
  }

  @Test
  void whoTakesAShardWhoseReaderIsKnownByWhatItReadOnlyDoesSoUnderALaterEpoch() {
    begin();
    hear(member(OTHER));
    hear(new Until(OTHER, 1, 4, KNOWN));
    plan(7, -1);

    take(new ClusterEvent.Opened(1));

    assertThat(state.ours(1).orElseThrow().epoch()).isEqualTo(5);
  }

  // ---- who is a member of the group and is not heard

  /** The other has slot 0 and is not heard; a third is. */
  private void passWithoutPlanner(long millis) {
    for (long passed = 0; passed < millis; passed += 1_000) {
      hear(member(THIRD, Set.of(8)));
      pass(1_000, false);
    }
  }

  @Test
  void ifNobodyIsHeardWhoHasSlot0WhoeverHasTheFirstOfThoseThatAreDoesPlan() {
    begin();
    hear(member(OTHER, Set.of(0)));
    hear(member(OTHER, Set.of(0)));
    plan(8, -1);
    passWithoutPlanner(Timings.UNLED_MILLIS - 1_000);
    assertThat(state.leader()).isEmpty();

    passWithoutPlanner(2_000);

    assertThat(state.leader()).isPresent();
    assertThat(state.leader().orElseThrow().written().orElseThrow().epoch()).isEqualTo(2);
    assertThat(ClusterStatus.of(state, now, 0, Optional.empty(), "", Stream.empty()).problem())
        .contains("is not heard");
    hear(member(OTHER, Set.of(0)));
    assertThat(actions).contains(new ClusterAction.Lead(false));
  }

  @Test
  void onlyWhoeverHasTheFirstSlotPlans() {
    begin();
    hear(member(OTHER, Set.of(0)));
    plan(8, -1);

    passHearing(40, false, member(THIRD, Set.of(3)));

    assertThat(state.leader()).isEmpty();
  }

  @Test
  void whoHearsOthersAndNotItselfLeavesTheGroupUntilItDoes() {
    reading();
    for (int second = 0; second < 19; second++) {
      now += 1_000;
      hear(member(OTHER));
      tick();
      assertThat(only(ClusterAction.Join.class)).isNull();
    }
    now += 1_000;
    hear(member(OTHER));
    tick();

    assertThat(actions).contains(new ClusterAction.Join(false));
    assertThat(stage()).as("it reads on").isEqualTo(Stage.READING);
    assertThat(ClusterStatus.of(state, now, 0, Optional.empty(), "", Stream.empty()).problem())
        .contains("hear nothing of this one");
    pass(Timings.REPLACED_AFTER_MILLIS, true);
    assertThat(only(ClusterAction.Join.class)).isNull();
    pass(1_000, true);
    assertThat(actions).contains(new ClusterAction.Join(true));
  }

  @Test
  void whoHearsNobodyStaysInTheGroup() {
    reading();
    hear(member(OTHER));

    for (int second = 0; second < 60; second++) {
      now += 1_000;
      tick();
      assertThat(only(ClusterAction.Join.class)).isNull();
    }
  }

  /** We have slot 0, and have listed and planned shard 1. */
  private void leading() {
    beginWithSlotZero();
    hear(new Topics(ME, "v", SHARD));
    take(new ClusterEvent.ListedAnew(Map.of(1, "v"), true));
    hear(plan());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whoStoodStillWhileAnotherPlannedListsAnewWhicheverItHearsFirst(boolean thatItStoodStill) {
    leading();
    now += 9_000;

    if (thatItStoodStill) {
      take(new ClusterEvent.StoodStill());
    }
    hear(new Plan(OTHER, 2, Map.of(1, 5), Map.of(1, "v"), true, -1));
    if (!thatItStoodStill) {
      take(new ClusterEvent.StoodStill());
    }

    assertThat(actions).contains(new ClusterAction.Lead(true));
    assertThat(state.leader().orElseThrow().listed()).isEmpty();
  }

  @Test
  void whoStandsStillAgainAndAgainWhileNobodyElsePlansGoesOnListing() {
    hear(new Topics(OTHER, "v", SHARD));
    hear(new Plan(OTHER, 1, Map.of(1, 5), Map.of(1, "v"), true, -1));
    now += 1_000;
    beginWithSlotZero();
    assertThat(actions).contains(new ClusterAction.Lead(true));

    for (int often = 0; often < 3; often++) {
      now += 9_000;
      take(new ClusterEvent.StoodStill());
      assertThat(only(ClusterAction.Lead.class)).isNull();
      pass(5_000, false);
      assertThat(only(ClusterAction.Lead.class)).isNull();
    }
    take(new ClusterEvent.ListedAnew(Map.of(1, "v"), true));

    assertThat(state.leader().orElseThrow().listed()).isPresent();
  }

  // ---- who does not reach Genesys Cloud

  @Test
  void whoDoesNotReachGenesysCloudLeavesItsSlotsToThoseWhoDo() {
    reading();
    hear(member(OTHER));

    reach = Reach.NO;
    tick();
    assertThat(actions).contains(new ClusterAction.Join(false));
    take(new ClusterEvent.Assigned(Set.of()));
    plan(5, 1);
    assertThat(stage()).isEqualTo(Stage.OFFERED);
    reach = Reach.YES;
    tick();

    assertThat(actions).contains(new ClusterAction.Join(true));
  }

  @Test
  void whoReadsNothingAnyMoreComesBackAfterAWhile() {
    reading();
    hear(member(OTHER));
    reach = Reach.NO;
    tick();

    reach = Reach.UNKNOWN;
    pass(Timings.AWAY_MILLIS - 1_000, true);
    assertThat(only(ClusterAction.Join.class)).isNull();
    pass(1_000, true);

    assertThat(actions).contains(new ClusterAction.Join(true));
  }

  @Test
  void ifNobodyReachesGenesysCloudAllStay() {
    reading();
    hearOther(Set.of(5), Reach.NO, Logins.NONE);

    reach = Reach.NO;
    tick();

    assertThat(only(ClusterAction.Join.class)).isNull();
  }

  // ---- too many channels

  @Test
  void whoIsCutOffDoesNotTakeBackAChannelThatWasTakenFromIt() {
    reading();
    hear(member(OTHER));

    now += 11_000;
    take(new ClusterEvent.Evicted(1));
    assertThat(actions).contains(new ClusterAction.Close(1));
    tick();
    assertThat(only(ClusterAction.Open.class)).isNull();
    now += 1_000;
    hear(new Live(OTHER, 1, 2, false, KNOWN));
    pass(4_000, true);

    assertThat(stage()).isNull();
  }

  @Test
  void whatNobodyIsHeardToReadIsReadAgainEvenThen() {
    reading();
    hear(member(OTHER));
    now += 11_000;
    take(new ClusterEvent.Evicted(1));

    now += Timings.GIVEN_UP_MILLIS;
    tick();
    tick();

    assertThat(only(ClusterAction.Open.class)).isNotNull();
  }

  @Test
  void whoHearsTheOthersTakesBackWhatWasTakenFromIt() {
    reading();
    hear(member(OTHER));

    take(new ClusterEvent.Evicted(1));

    assertThat(stage()).isEqualTo(Stage.READING);
  }

  // ---- after standing still

  @Test
  void whoStoodStillForwardsNothingUntilItHasHeardAllThatWasToldOfTheShard() {
    reading();

    take(new ClusterEvent.StoodStill());
    assertInOrder(new ClusterAction.Hold(1), new ClusterAction.Write(new Probe(ME, 1, now)));
    long stoodStill = now;
    now += 100;
    hear(new Probe(ME, 1, stoodStill - 5_000));
    assertThat(stage()).isEqualTo(Stage.CHECKING);
    hear(new Probe(ME, 1, stoodStill));

    assertThat(actions).contains(new ClusterAction.Release(1, List.of()));
    assertThat(stage()).isEqualTo(Stage.READING);
  }

  @Test
  void whoWasReplacedWhileItStoodStillForwardsNothingOfWhatItHolds() {
    reading();
    take(new ClusterEvent.StoodStill());

    hear(new Live(OTHER, 1, 2, false, KNOWN));

    assertThat(actions).contains(new ClusterAction.Close(1));
    assertThat(only(ClusterAction.Release.class)).isNull();
    assertThat(stage()).isNull();
  }

  @Test
  void whoStoodStillAndHearsNothingForLongForwardsAll() {
    reading();
    take(new ClusterEvent.StoodStill());

    pass(Timings.HANDED_WITHIN_MILLIS, false);

    assertThat(stage()).isEqualTo(Stage.READING);
  }

  @Test
  void whoStoodStillTakesBackWhatItHasOffered() {
    offering();

    take(new ClusterEvent.StoodStill());

    assertInOrder(new ClusterAction.Note(1, false), new ClusterAction.Hold(1));
    assertThat(stage()).isEqualTo(Stage.CHECKING);
  }

  @Test
  void whoStoodStillForLongWhileItDrainedForwardsNothingMore() {
    offering();
    hear(new Live(OTHER, 1, 2, true, KNOWN));

    now += 9_000;
    take(new ClusterEvent.StoodStill());
    assertThat(stage()).isEqualTo(Stage.DRAINING);
    now += Timings.HANDED_WITHIN_MILLIS;
    take(new ClusterEvent.StoodStill());

    assertThat(actions).contains(new ClusterAction.HandOver(1, 2));
    assertThat(stage()).isNull();
  }

  @Test
  void whoStoodStillWhileItHeldForwardsNothingBeforeItHasHeardAllThatWasTold() {
    joined();
    hear(new Until(OTHER, 1, 4, KNOWN));

    now += 40_000;
    take(new ClusterEvent.StoodStill());
    long stoodStill = now;
    assertThat(isWritten(new Probe(ME, 1, stoodStill))).isTrue();
    hear(new Handed(OTHER, 1, 5, 0, true, List.of()));
    assertThat(only(ClusterAction.Release.class)).isNull();
    assertThat(only(ClusterAction.Inherit.class)).isNull();
    hear(new Probe(ME, 1, stoodStill));

    assertThat(actions).contains(new ClusterAction.Release(1, List.of()));
    assertThat(stage()).isEqualTo(Stage.READING);
  }

  @Test
  void whoWasReplacedWhileItHeldForwardsNothing() {
    joined();
    now += 40_000;
    take(new ClusterEvent.StoodStill());

    hear(new Handed(OTHER, 1, 5, 0, true, List.of()));
    hear(new Live(THIRD, 1, 6, false, KNOWN));

    assertThat(only(ClusterAction.Release.class)).isNull();
    assertThat(actions).contains(new ClusterAction.Close(1));
    assertThat(stage()).isNull();
  }

  @Test
  void whoStoodStillWhileItHeldWaitsForTheOneBeforeAsLongAgain() {
    joined();
    now += 40_000;
    take(new ClusterEvent.StoodStill());
    hear(new Probe(ME, 1, now));
    long stoodStill = now;

    pass(Timings.HANDED_WITHIN_MILLIS - 1_000, true);
    assertThat(stage()).isEqualTo(Stage.HOLDING);
    pass(1_000, true);

    assertThat(now - stoodStill).isEqualTo(Timings.HANDED_WITHIN_MILLIS);
    assertThat(stage()).isEqualTo(Stage.READING);
  }

  @Test
  void whoStoodStillWhileItOpenedForwardsNothingBeforeItHasHeardAllThatWasTold() {
    stoodStillWhileItOpened();
    assertInOrder(new ClusterAction.Hold(1), new ClusterAction.Write(new Probe(ME, 1, now)));
    long stoodStill = now;

    take(new ClusterEvent.Opened(1));
    assertThat(only(ClusterAction.Write.class)).isNull();
    hear(new Probe(ME, 1, stoodStill));

    assertInOrder(
        new ClusterAction.Write(new Live(ME, 1, 1, false, 0)),
        new ClusterAction.Release(1, List.of()));
    assertThat(stage()).isEqualTo(Stage.READING);
  }

  @Test
  void whoStoodStillWhileItOpenedLeavesTheShardToWhoeverReadsItByNow() {
    stoodStillWhileItOpened();
    take(new ClusterEvent.Opened(1));

    hear(member(OTHER));
    hear(new Live(OTHER, 1, 1, false, KNOWN));

    assertThat(actions).contains(new ClusterAction.Close(1));
    assertThat(only(ClusterAction.Release.class)).isNull();
    assertThat(stage()).isNull();
  }

  @Test
  void whatIsOpenedAfterAllWasHeardIsForwarded() {
    stoodStillWhileItOpened();

    hear(new Probe(ME, 1, now));
    assertThat(actions).contains(new ClusterAction.Release(1, List.of()));
    take(new ClusterEvent.Opened(1));

    assertThat(isWritten(new Live(ME, 1, 1, false, 0))).isTrue();
    assertThat(stage()).isEqualTo(Stage.READING);
  }

  // ---- to move

  /** It was withdrawn, the new owner has heard that the shard moves, and the reader has not. */
  @Test
  void whoseOldOfferIsTakenReadsToTheEndAndTellsWhatItForwards() {
    reading();

    hear(new Live(OTHER, 1, 2, true, KNOWN));

    assertInOrder(new ClusterAction.Note(1, true), new ClusterAction.Drain(1));
    assertThat(stage()).isEqualTo(Stage.DRAINING);
  }

  @Test
  void anOfferThatNobodyTakesIsMadeAnewAndNothingIsNotedForLonger() {
    offering();

    pass(Timings.MOVES_WITHIN_MILLIS - 1_000, true);
    assertThat(stage()).isEqualTo(Stage.OFFERED);
    now += 1_000;
    tick();

    assertInOrder(new ClusterAction.Note(1, true), new ClusterAction.Write(new Offer(ME, 1, 1)));
  }

  @Test
  void whatAnotherReadsIsOpenedOnlyWhenItMayMoveAndIsOffered() {
    otherReads();

    plan(7, -1);
    assertThat(stage()).isNull();
    plan(7, 1);
    assertThat(stage()).isNull();
    hear(new Offer(OTHER, 1, 4));

    assertThat(actions).contains(new ClusterAction.Open(SHARD, true, 0));
    assertThat(stage()).isEqualTo(Stage.JOINING);
  }

  @Test
  void anOfferOfAnEarlierEpochDoesNotCount() {
    otherReads();
    hear(new Offer(OTHER, 1, 3));

    plan(7, 1);

    assertThat(stage()).isNull();
  }

  @Test
  void whatIsHeldIsReleasedWhenTheOneBeforeHasToldAll() {
    joined();
    Forwarded one = new Forwarded(new EventId(1, 2), 5);
    Forwarded two = new Forwarded(new EventId(3, 4), 4);

    hear(new Handed(OTHER, 1, 5, 0, false, List.of(one)));
    assertThat(only(ClusterAction.Release.class)).isNull();
    hear(new Handed(OTHER, 1, 5, 1, true, List.of(two)));

    assertThat(actions).contains(new ClusterAction.Release(1, List.of(one, two)));
    assertThat(stage()).isEqualTo(Stage.READING);
  }

  @Test
  void whatIsToldTwiceCountsOnceAndNoPartIsMissed() {
    joined();
    Forwarded one = new Forwarded(new EventId(1, 2), 5);
    Forwarded two = new Forwarded(new EventId(3, 4), 4);

    hear(new Handed(OTHER, 1, 5, 1, true, List.of(two)));
    assertThat(stage()).isEqualTo(Stage.HOLDING);
    hear(new Handed(OTHER, 1, 5, 0, false, List.of(one)));
    hear(new Handed(OTHER, 1, 5, 0, false, List.of(one)));
    hear(new Handed(OTHER, 1, 5, 1, true, List.of(two)));

    assertThat(actions).contains(new ClusterAction.Release(1, List.of(one, two)));
  }

  @Test
  void whatWasToldOfAnotherMoveReleasesNothing() {
    joined();

    hear(new Handed(OTHER, 1, 4, 0, true, List.of()));

    assertThat(stage()).isEqualTo(Stage.HOLDING);
  }

  @Test
  void ifTheOneBeforeIsSilentAllIsForwarded() {
    joined();

    pass(Timings.HANDED_WITHIN_MILLIS, false);

    assertThat(stage()).isEqualTo(Stage.READING);
  }

  private void joined() {
    otherReads();
    plan(7, 1);
    hear(new Offer(OTHER, 1, 4));
    take(new ClusterEvent.Opened(1));
    assertThat(actions).contains(new ClusterAction.Write(new Live(ME, 1, 5, true, KNOWN)));
    hear(new Live(ME, 1, 5, true, KNOWN));
    assertThat(stage()).isEqualTo(Stage.HOLDING);
  }

  @Test
  void whoMayGiveAShardAwayNotesWhatItForwardsBeforeItOffersIt() {
    offering();

    assertInOrder(new ClusterAction.Note(1, true), new ClusterAction.Write(new Offer(ME, 1, 1)));
    assertThat(stage()).isEqualTo(Stage.OFFERED);
  }

  @Test
  void anOfferThatComesToNothingIsTakenBack() {
    offering();

    plan(7, -1);

    assertThat(actions).contains(new ClusterAction.Note(1, false));
    assertThat(stage()).isEqualTo(Stage.READING);
  }

  @Test
  void whoHasOfferedReadsToTheEndAndTellsWhatItForwarded() {
    offering();

    hear(new Live(OTHER, 1, 2, true, KNOWN));
    assertThat(actions).contains(new ClusterAction.Drain(1));
    take(new ClusterEvent.Drained(1));

    assertThat(actions).contains(new ClusterAction.HandOver(1, 2));
    assertThat(stage()).isNull();
  }

  @Test
  void whoLeavesGivesAllAway() {
    reading();

    take(new ClusterEvent.Leaving(true));
    plan(7, 1);

    assertThat(stage()).isEqualTo(Stage.OFFERED);
  }

  // ---- the owner of slot 0

  @Test
  void whoStaysAfterAllTakesItsShardsBack() {
    otherReads();
    plan(7, -1);
    pass(1_000, true);
    take(new ClusterEvent.Leaving(true));
    assertThat(state.owns(1)).isFalse();

    take(new ClusterEvent.Leaving(false));

    assertThat(state.owns(1)).isTrue();
    assertThat(isWritten(member(ME))).as("the others hear of it").isTrue();
  }

  @Test
  void theOwnerOfSlot0FindsOutWhatIsToBeReadAndDealsItOut() {
    take(new ClusterEvent.CaughtUp());
    hear(member(OTHER));
    hear(member(ME, Set.of(0)));
    take(new ClusterEvent.Assigned(Set.of(0)));
    assertThat(actions).contains(new ClusterAction.Lead(true));

    hear(new Topics(ME, "v", SHARD));
    hear(new Topics(ME, "w", new TopicSharder.Shard(2, List.of("v2.b"))));
    take(new ClusterEvent.ListedAnew(Map.of(1, "v", 2, "w"), true));

    ClusterAction.Write write = (ClusterAction.Write) only(ClusterAction.Write.class);
    assertThat(((Plan) write.record()).slots().values()).containsExactlyInAnyOrder(0, 5);
    take(new ClusterEvent.Assigned(Set.of(3)));
    assertThat(actions).contains(new ClusterAction.Lead(false));
  }

  @Test
  void aPlanIsNotWrittenBeforeTheTopicsThatItNames() {
    beginWithSlotZero();

    take(new ClusterEvent.ListedAnew(Map.of(1, "v"), true));
    assertThat(only(ClusterAction.Write.class)).isNull();
    hear(new Topics(ME, "v", SHARD));

    assertThat(only(ClusterAction.Write.class)).isNotNull();
  }

  @Test
  void whoHasNotListedYetPlansWhatTheOneBeforeWroteLast() {
    take(new ClusterEvent.CaughtUp());
    hear(member(ME, Set.of(0)));
    hear(new Topics(OTHER, "v", SHARD));
    hear(new Plan(OTHER, 1, Map.of(1, 5), Map.of(1, "v"), true, -1));
    hear(new Topics(OTHER, "w", SHARD));

    take(new ClusterEvent.Assigned(Set.of(0)));

    assertThat(plan().versions()).containsEntry(1, "w");
  }

  @Test
  void oneShardMovesAtATime() {
    take(new ClusterEvent.CaughtUp());
    hear(member(ME, Set.of(0, 1)));
    hear(member(OTHER));
    hear(new Live(OTHER, 1, 1, false, KNOWN));
    hear(new Live(OTHER, 2, 1, false, KNOWN));
    hear(new Topics(OTHER, "v", SHARD));
    hear(new Topics(OTHER, "w", new TopicSharder.Shard(2, List.of("v2.b"))));
    hear(new Plan(OTHER, 1, Map.of(1, 0, 2, 1), Map.of(1, "v", 2, "w"), true, -1));

    take(new ClusterEvent.Assigned(Set.of(0, 1)));

    Plan plan = plan();
    // One of them stays where it is read: that costs nothing
    assertThat(plan.moving()).isIn(1, 2);
    assertThat(plan.slots().get(3 - plan.moving())).isEqualTo(5);
    hear(plan);
    hear(new Live(ME, plan.moving(), 2, true, KNOWN));
    assertThat(state.view().plan().moving()).isEqualTo(plan.moving());

    hear(new Handed(OTHER, plan.moving(), 2, 0, true, List.of()));

    assertThat(plan().moving()).isEqualTo(-1);
  }

  @Test
  void whatADeadInstanceHadIsDealtToOthersBeforeTheGroupHasNoticed() {
    beginWithSlotZero();
    hear(member(OTHER));
    hear(new Topics(OTHER, "v", SHARD));
    hear(new Live(OTHER, 1, 4, false, KNOWN));
    hear(new Plan(ME, 1, Map.of(1, 5), Map.of(1, "v"), true, -1));

    pass(Timings.REPLACED_AFTER_MILLIS - 1_000, false);
    assertThat(state.view().plan().slots()).containsEntry(1, 5);
    now += 1_000;
    hear(member(ME, Set.of(0)));
    assertThat(plan().slots()).containsEntry(1, 0);
    hear(plan());

    take(new ClusterEvent.Opened(1));
    assertThat(stage()).isEqualTo(Stage.READING);
    assertThat(Timings.REPLACED_AFTER_MILLIS).isGreaterThan(Timings.LEASE_MILLIS);
  }

  /** Killed, and started anew under another name: the group gave it the same slots. */
  @Test
  void whatWasThatOfADeadInstanceAndIsThatOfAnotherSinceStaysThere() {
    beginWithSlotZero();
    hear(member("before", Set.of(5)));
    pass(Timings.REPLACED_AFTER_MILLIS, false);
    hear(member(OTHER, Set.of(5)));
    hear(new Topics(OTHER, "v", SHARD));
    hear(new Live(OTHER, 1, 4, false, KNOWN));
    hear(new Plan(ME, 1, Map.of(1, 5), Map.of(1, "v"), true, -1));

    pass(Timings.DEAD_AFTER_MILLIS + 2_000, false);

    assertThat(state.leader().orElseThrow().written()).as("it may only stand still").isEmpty();
    pass(2_000, false);
    assertThat(state.leader().orElseThrow().written().orElseThrow().slots()).containsEntry(1, 0);
  }

  @Test
  void ofTwoThatBelieveToHaveSlot0NeitherAnswersAtOnce() {
    take(new ClusterEvent.CaughtUp());
    hear(member(OTHER, Set.of(0)));
    hear(member(ME, Set.of(0)));
    take(new ClusterEvent.Assigned(Set.of(0)));
    hear(new Topics(OTHER, "v", SHARD));
    take(new ClusterEvent.ListedAnew(Map.of(1, "v"), true));
    hear(plan());

    hear(new Plan(OTHER, 2, Map.of(1, 5), Map.of(1, "v"), true, -1));
    assertThat(only(ClusterAction.Write.class)).isNull();
    now += 4_000;
    hear(member(OTHER, Set.of(0)));
    hear(member(ME, Set.of(0)));
    assertThat(only(ClusterAction.Write.class)).isNull();
    hear(member(OTHER, Set.of(5)));

    assertThat(plan().epoch()).isEqualTo(3);
  }

  @Test
  void whomTheGroupHasGivenUpPlansNothingOfItsOwnListing() {
    leading();

    take(new ClusterEvent.Lost());
    assertThat(actions).contains(new ClusterAction.Lead(true));
    TopicSharder.Shard more = new TopicSharder.Shard(2, List.of("v2.b"));
    hear(new Topics(OTHER, "w", more));
    hear(new Plan(OTHER, 2, Map.of(1, 5, 2, 5), Map.of(1, "v", 2, "w"), true, -1));

    assertThat(plan().versions()).containsOnlyKeys(1, 2);
  }

  private Plan plan() {
    return written(Plan.class);
  }

  // ---- several OAuth clients

  private static final TopicSharder.Shard WEST = new TopicSharder.Shard(1, "west", List.of("v2.w"));

  private void hearOther(Logins logins) {
    hearOther(Set.of(5), Reach.YES, logins);
  }

  private void hearOther(Set<Integer> slots, Reach its, Logins logins) {
    long plan = state.view().plan().epoch();
    hear(new Member(OTHER, slots, false, its, Map.of(), logins, plan));
  }

  /** We lead, and shard 1 of the client west lies in slot 5, which the other has. */
  private void leadWest() {
    beginWithSlotZero();
    hearOther(Logins.NONE);
    hear(new Topics(ME, "v", WEST));
    take(new ClusterEvent.ListedAnew(Map.of(1, "v"), true));
    hear(new Plan(ME, 1, Map.of(1, 5), Map.of(1, "v"), true, -1));
  }

  private int slotOfLastPlan() {
    return state.leader().orElseThrow().written().orElseThrow().slots().get(1);
  }

  @Test
  void aShardThatItsOwnerCannotReadIsDealtToAnother() {
    leadWest();
    assertThat(state.view().plan().slots()).containsEntry(1, 5);

    hearOther(new Logins(Map.of("west", false), Set.of(1)));

    assertThat(slotOfLastPlan()).isZero();
  }

  @Test
  void aShardThatIsReadStaysAlthoughItsClientCannotLogIn() {
    leadWest();
    hear(new Live(OTHER, 1, 1, false, 0));

    hearOther(new Logins(Map.of("west", false), Set.of()));
    assertThat(state.view().isRead(1, now)).isTrue();
    assertThat(only(ClusterAction.Write.class)).isNull();

    hearOther(new Logins(Map.of("west", false), Set.of(1)));
    assertThat(state.view().isRead(1, now)).isFalse();
    assertThat(slotOfLastPlan()).as("when it is not read any more, it moves").isZero();
  }

  @Test
  void whatCannotBeReadHereIsNotDealtHere() {
    leadWest();
    take(new ClusterEvent.LoggedIn(new Logins(Map.of("west", false), Set.of())));

    hearOther(new Logins(Map.of("west", false), Set.of(1)));

    assertThat(state.view().plan().slots()).containsEntry(1, 5);
    assertThat(only(ClusterAction.Write.class)).isNull();
  }

  @Test
  void whoKnowsOfOneClientOnlyIsDealtWhatThatReads() {
    state = ClusterState.initial(ME, Map.of(Cluster.CLIENTS, "hash"));
    leadWest();

    assertThat(slotOfLastPlan()).as("the other would read it with its only client").isZero();
  }

  @Test
  void whatWhoeverHasLeftTheGroupOrReachesNothingTellsOfClientsDoesNotCount() {
    Logins cannot = new Logins(Map.of("west", false), Set.of());
    begin();
    hearOther(Set.of(5), Reach.UNKNOWN, cannot);
    assertThat(state.view().logins(ME, now)).containsExactly(cannot);

    hearOther(Set.of(5), Reach.NO, cannot);
    assertThat(state.view().logins(ME, now)).isEmpty();

    hearOther(Set.of(), Reach.UNKNOWN, cannot);
    assertThat(state.view().logins(ME, now)).isEmpty();
  }

  @Test
  void whoCanLogInIsToldAtOnce() {
    begin();
    Logins logins = new Logins(Map.of("west", false), Set.of(1));

    take(new ClusterEvent.LoggedIn(logins));

    assertThat(actions)
        .contains(
            new ClusterAction.Write(
                new Member(
                    ME,
                    Set.of(7),
                    false,
                    Reach.UNKNOWN,
                    Map.of(),
                    logins,
                    state.view().plan().epoch())));
  }

  // ---- to stand by

  private static final String THIRD = "third";

  /** The other reads shard 1 of slot 5, and we have the next slot. */
  private void designated() {
    state = ClusterState.initial(ME, Map.of(), true, 1);
    begin();
    hear(member(OTHER));
    hear(new Live(OTHER, 1, 4, false, KNOWN));
    plan(5, -1);
  }

  private void standingBy() {
    designated();
    pass(Timings.STANDBY_AFTER_MILLIS, true);
    take(new ClusterEvent.Opened(1));
    pass(Timings.WARM_AFTER_MILLIS, true);
    assertThat(state.standing(1)).isPresent();
  }

  private boolean isWritten(ControlRecord told) {
    return actions.contains(new ClusterAction.Write(told));
  }

  private boolean isOpen(int shard) {
    return state.standing(shard).filter(ClusterState.Standing::isOpen).isPresent();
  }

  @Test
  void whoeverHasTheNextSlotStandsByOnceTheOneBeforeHasItsChannelClosed() {
    designated();
    assertThat(only(ClusterAction.StandBy.class)).isNull();

    pass(Timings.STANDBY_AFTER_MILLIS - 1_000, true);
    now += 1_000;
    hear(member(OTHER));

    assertThat(actions).contains(new ClusterAction.StandBy(SHARD));
    assertThat(isWritten(new Standby(ME, 1, false))).isTrue();
    assertThat(stage()).isNull();
  }

  @Test
  void withoutTheSettingNobodyStandsBy() {
    otherReads();
    plan(5, -1);

    pass(60_000, true);

    assertThat(state.standing()).isEmpty();
    assertThat(only(ClusterAction.StandBy.class)).isNull();
  }

  /** Whoever stood by would forward again all that it holds. */
  @Test
  void nobodyStandsByForOneThatDoesNotTellWhatHasReachedKafka() {
    designated();
    state =
        ClusterState.initial(ME, Map.of(Cluster.STANDBY, "1"), true, 1)
            .with(state.view())
            .withSlots(state.slots())
            .withCaughtUp();

    pass(60_000, true);
    assertThat(state.standing()).isEmpty();

    for (int second = 0; second < 6; second++) {
      pass(1_000, false);
      hear(
          new Member(
              OTHER, Set.of(5), false, Reach.YES, Map.of(Cluster.STANDBY, "1"), Logins.NONE, 1));
    }

    assertThat(isOpen(1)).isTrue();
  }

  // ---- to open ahead what may have lost its reader

  /** Without the setting: the other reads shard 1 of slot 5, is not heard any more. */
  private void missed() {
    otherReads();
    hear(new Until(OTHER, 1, 4, KNOWN));
    plan(5, -1);
    pass(Timings.REPLACED_AFTER_MILLIS, true);
    pass(Timings.DEAD_AFTER_MILLIS, false);
    assertThat(state.standing()).as("not yet").isEmpty();
    pass(1_000, false);
  }

  @Test
  void whatHasNoReaderThatIsHeardIsReadAheadAndTakenOverOnceItsLeaseHasRunOut() {
    missed();
    assertThat(actions).contains(new ClusterAction.StandBy(SHARD));
    assertThat(stage()).isNull();

    take(new ClusterEvent.Opened(1));
    pass(1_000, false);
    assertThat(isWritten(new Standby(ME, 1, true))).as("the owner of the slot may wait").isTrue();
    pass(1_000, false);
    assertThat(stage()).isNull();
    passOneSecond();

    assertThat(actions).contains(new ClusterAction.TakeOver(SHARD, KNOWN));
    assertThat(isWritten(new Live(ME, 1, 5, false, KNOWN))).isTrue();
    assertThat(stage()).isEqualTo(Stage.READING);
  }

  /** As while the group deals slots anew: each takes itself for the owner of the next one. */
  @Test
  void ofTwoThatReadAheadTheOneTakesOverThatAllHaveHeardFirst() {
    missed();
    take(new ClusterEvent.Opened(1));
    for (int second = 0; second < 4; second++) {
      now += 1_000;
      hear(new Standby(THIRD, 1, true));
      hear(new Standby(ME, 1, true));
      hear(member(ME));
    }
    assertThat(stage()).isNull();

    hear(new Live(THIRD, 1, 5, false, KNOWN));

    assertThat(stage()).isNull();
    assertThat(actions).contains(new ClusterAction.Close(1));
  }

  private void dealtToUs() {
    hear(new Plan(THIRD, 1, Map.of(1, 7), Map.of(1, "v"), true, -1));
  }

  @Test
  void whatIsDealtToWhoReadsAheadIsOpenedForGoodIfItsChannelIsNotLiveYet() {
    missed();
    pass(3_000, false);
    assertThat(stage()).as("nobody has its slot").isNull();

    dealtToUs();

    assertThat(actions).contains(new ClusterAction.TakeOver(SHARD, KNOWN));
    assertThat(only(ClusterAction.Write.class)).as("it is not read yet").isNull();
    assertThat(stage()).isEqualTo(Stage.OPENING);
    assertThat(state.standing()).isEmpty();
    take(new ClusterEvent.Opened(1));
    assertThat(isWritten(new Live(ME, 1, 5, false, KNOWN))).isTrue();
    assertThat(stage()).isEqualTo(Stage.READING);
  }

  @Test
  void whatIsReadAheadAndBlindIsOpenedForGoodByTheOwnerOfItsSlot() {
    missed();
    take(new ClusterEvent.Opened(1));
    dealtToUs();
    take(new ClusterEvent.Blind(1));
    pass(2_000, false);
    assertThat(stage()).as("its reader may only stand still").isNull();

    passOneSecond();

    assertThat(actions).contains(new ClusterAction.TakeOver(SHARD, KNOWN));
    assertThat(stage()).isEqualTo(Stage.OPENING);
  }

  @Test
  void whoOpensForGoodWhatItReadAheadLeavesItToItsReaderWhenThatIsHeardAgain() {
    missed();
    pass(3_000, false);
    dealtToUs();
    assertThat(stage()).isEqualTo(Stage.OPENING);

    hear(member(OTHER));

    assertThat(actions)
        .contains(new ClusterAction.Close(1), new ClusterAction.ReadElsewhere(1, KNOWN));
    assertThat(stage()).isNull();
  }

  @Test
  void whoStandsByAndReadsNothingOpensWhatItOwnsOnceItsReaderHasEnded() {
    designated();
    hear(new Until(OTHER, 1, 4, KNOWN));
    pass(Timings.STANDBY_AFTER_MILLIS, true);
    assertThat(state.standing(1)).isPresent();
    plan(7, -1);

    hear(new Gone(OTHER));

    assertThat(actions).contains(new ClusterAction.TakeOver(SHARD, KNOWN));
    assertThat(stage()).isEqualTo(Stage.OPENING);
  }

  @Test
  void whatWasReadAheadIsLeftToItsReaderWhenThatIsHeardAgain() {
    missed();
    take(new ClusterEvent.Opened(1));

    hear(member(OTHER));

    assertThat(actions).contains(new ClusterAction.Close(1));
    assertThat(isOpen(1)).isFalse();
    pass(60_000, true);
    assertThat(state.standing()).isEmpty();
    assertThat(stage()).isNull();
  }

  /** The reader stands still for six seconds, is there for three, and so on. */
  @Test
  void whoseReaderStandsStillAgainAndAgainIsReadAheadOnceAMinute() {
    missed();
    take(new ClusterEvent.Opened(1));
    long opened = now;
    pass(3_000, true);
    assertThat(isOpen(1)).isFalse();

    while (!isOpen(1)) {
      pass(6_000, false);
      if (!isOpen(1)) {
        pass(3_000, true);
      }
    }

    assertThat(now - opened).isBetween(Timings.GIVEN_UP_MILLIS, Timings.GIVEN_UP_MILLIS + 10_000);
  }

  @Test
  void whatAnotherHasTakenOverMeanwhileMayBeReadAheadAtOnce() {
    missed();
    pass(1_000, false);
    hear(member(THIRD, Set.of(8)));
    hear(new Live(THIRD, 1, 5, false, KNOWN));
    assertThat(actions).contains(new ClusterAction.Close(1));

    pass(Timings.DEAD_AFTER_MILLIS + 1_000, false);

    assertThat(isOpen(1)).isTrue();
  }

  @Test
  void whatMayNotBeReadAheadForAWhileIsOpenedByItsOwnerOnceTheLeaseOfItsReaderHasRunOut() {
    missed();
    pass(1_000, true);
    pass(Timings.DEAD_AFTER_MILLIS + 1_000, false);
    assertThat(isOpen(1)).isFalse();

    dealtToUs();
    pass(2_000, false);
    assertThat(stage()).isNull();
    passOneSecond();

    assertThat(actions).contains(new ClusterAction.Open(SHARD, false, KNOWN));
  }

  @Test
  void whatMayNotBeReadAheadForAWhileIsReadOnceTheLeaseOfItsReaderHasRunOutThoughNobodyPlans() {
    missed();
    pass(1_000, true);

    pass(Timings.REPLACED_AFTER_MILLIS - 1_000, false);
    assertThat(isOpen(1)).isFalse();
    pass(1_000, false);

    assertThat(isOpen(1)).isTrue();
  }

  @Test
  void whoseChannelWasTakenReadsAheadNoMoreForAWhileThoughNobodyPlans() {
    missed();
    take(new ClusterEvent.Opened(1));
    take(new ClusterEvent.Evicted(1));

    pass(Timings.GIVEN_UP_MILLIS - 1_000, false);
    assertThat(isOpen(1)).as("a channel more would end another's").isFalse();
    pass(1_000, false);

    assertThat(isOpen(1)).isTrue();
  }

  @Test
  void whoHasJustStartedReadsAheadOfOneThatItHasHeard() {
    otherReads();
    plan(5, -1);

    pass(Timings.DEAD_AFTER_MILLIS, false);
    assertThat(state.standing()).as("not yet").isEmpty();
    pass(1_000, false);

    assertThat(actions).contains(new ClusterAction.StandBy(SHARD));
  }

  @Test
  void whoReadAheadOnceIsNotKeptTo() {
    otherReads();
    hear(member(THIRD, Set.of(40)));
    hear(new Standby(THIRD, 1, true));
    plan(5, -1);

    passHearing(6, false, member(THIRD, Set.of(40)));

    assertThat(isOpen(1)).as("we have the next slot").isTrue();
  }

  /** Its reader was about to hand it over to us. */
  @Test
  void theOwnerOfASlotReadsAheadToo() {
    otherReads();
    hear(new Until(OTHER, 1, 4, KNOWN));
    plan(7, -1);

    pass(Timings.DEAD_AFTER_MILLIS + 1_000, false);
    assertThat(actions).contains(new ClusterAction.StandBy(SHARD));
    take(new ClusterEvent.Opened(1));
    pass(2_000, false);
    assertThat(stage()).as("it may only stand still").isNull();
    passOneSecond();

    assertThat(actions).contains(new ClusterAction.TakeOver(SHARD, KNOWN));
    assertThat(stage()).isEqualTo(Stage.READING);
  }

  @Test
  void whenKafkaIsBackTheOthersHaveTimeToBeHeardBeforeAnythingIsReadAhead() {
    otherReads();
    plan(5, -1);
    pass(60_000, true);
    now += 30_000;

    pass(Timings.REPLACED_AFTER_MILLIS - 1_000, false);

    assertThat(state.standing()).isEmpty();
    assertThat(stage()).isNull();
  }

  @Test
  void nothingIsReadAheadThatAnotherOwnsAndReadsAheadItself() {
    otherReads();
    hear(member(THIRD, Set.of(8)));
    plan(8, -1);

    passHearing(20, false, member(THIRD, Set.of(8)));

    assertThat(state.standing()).isEmpty();
    assertThat(stage()).isNull();
  }

  @Test
  void nothingIsReadAheadOfOneThatHasEndedInGoodOrder() {
    otherReads();
    plan(5, -1);

    hear(new Gone(OTHER));
    pass(20_000, false);

    assertThat(state.standing()).isEmpty();
  }

  /** Ten: their channels and ten more would be all. */
  private void otherReads(int shards) {
    otherReads();
    for (int shard = 1; shard <= shards; shard++) {
      hear(new Live(OTHER, shard, 4, false, KNOWN));
    }
    planOther(shards);
  }

  /** So many shards of one OAuth client, all in slot 5, which the other has. */
  private void planOther(int shards) {
    Map<Integer, Integer> slots = new HashMap<>();
    Map<Integer, String> versions = new HashMap<>();
    for (int shard = 1; shard <= shards; shard++) {
      hear(new Topics(OTHER, "v", new TopicSharder.Shard(shard, List.of("v2." + shard))));
      slots.put(shard, 5);
      versions.put(shard, "v");
    }
    hear(new Plan(OTHER, 1, slots, versions, true, -1));
  }

  @ParameterizedTest
  @CsvSource({"1, 10", "2, 5"})
  void nothingIsReadAheadThatWouldCostAChannelOfAnother(int channelsOfShard, int shards) {
    state = ClusterState.initial(ME, Map.of(), false, channelsOfShard);
    otherReads(shards);

    passHearing(20, false, member(THIRD, Set.of(0)));

    assertThat(state.standing()).as("whoever has slot 0 deals it").isEmpty();
  }

  @Test
  void fourShardsOfTwoChannelsEachAreReadAhead() {
    state = ClusterState.initial(ME, Map.of(), false, 2);
    otherReads(4);
    pass(Timings.REPLACED_AFTER_MILLIS, true);

    pass(Timings.DEAD_AFTER_MILLIS + 1_000, false);

    assertThat(state.standing()).hasSize(4);
  }

  @Test
  void ifNobodyIsThereWhoPlansAllThatIsMissedIsReadOnceItsLeaseHasRunOut() {
    otherReads(10);

    pass(Timings.REPLACED_AFTER_MILLIS - 1_000, false);
    assertThat(state.standing()).isEmpty();
    pass(2_000, false);
    assertThat(state.standing()).hasSize(10);
    take(new ClusterEvent.Opened(1));

    assertThat(stage()).isEqualTo(Stage.READING);
  }

  @Test
  void whatIsBeingReadAheadIsDealtToWhoDoes() {
    otherReads();
    hear(new Plan(OTHER, 1, Map.of(1, 5), Map.of(1, "v"), true, -1));
    hear(new Topics(OTHER, "v", SHARD));
    take(new ClusterEvent.Assigned(Set.of(0)));
    hear(member(THIRD, Set.of(6)));
    passHearing(8, false, member(THIRD, Set.of(6)), new Standby(THIRD, 1, true));
    now += 1_000;
    hear(member(ME, Set.of(0)));

    assertThat(plan().slots()).containsEntry(1, 6);
  }

  @Test
  void whoStandsByAlreadyGoesOnWhoeverHasTheNextSlot() {
    designated();
    hear(member(THIRD, Set.of(40)));
    hear(new Standby(THIRD, 1, true));

    passHearing(20, true, member(THIRD, Set.of(40)));

    assertThat(state.standing()).isEmpty();
  }

  @Test
  void theOwnerOfTheSlotStandsByOnlyIfThereIsNobodyElse() {
    designated();
    hear(member(THIRD, Set.of(6)));
    hear(new Live(THIRD, 1, 5, false, KNOWN));
    plan(7, -1);

    passHearing(8, true, member(THIRD, Set.of(6)));
    assertThat(state.standing()).as("the other can").isEmpty();
    passHearing(14, false, member(THIRD, Set.of(6)));

    assertThat(state.standing(1)).as("the other has ended").isPresent();
  }

  @Test
  void whoHasReadForLongEnoughSaysSo() {
    designated();
    pass(Timings.STANDBY_AFTER_MILLIS, true);
    take(new ClusterEvent.Opened(1));
    tick();
    assertThat(isWritten(new Standby(ME, 1, false))).isTrue();

    pass(Timings.WARM_AFTER_MILLIS, true);
    assertThat(isWritten(new Standby(ME, 1, true))).isTrue();
    take(new ClusterEvent.Blind(1));
    tick();

    assertThat(isWritten(new Standby(ME, 1, false))).isTrue();
  }

  @Test
  void whoStandsByTakesOverOnceTheLeaseOfTheReaderHasRunOut() {
    standingBy();
    hear(new Until(OTHER, 1, 4, 1_700_000_000_000L));

    pass(Timings.REPLACED_AFTER_MILLIS - 1_000, false);
    assertThat(stage()).isNull();
    passOneSecond();

    assertThat(actions).contains(new ClusterAction.TakeOver(SHARD, 1_700_000_000_000L));
    assertThat(isWritten(new Live(ME, 1, 5, false, 1_700_000_000_000L))).isTrue();
    assertThat(stage()).isEqualTo(Stage.READING);
    assertThat(state.standing()).isEmpty();
  }

  @Test
  void whoHasEndedInGoodOrderIsFollowedToo() {
    standingBy();

    hear(new Gone(OTHER));
    assertThat(only(ClusterAction.TakeOver.class)).as("its record may only be late").isNull();
    pass(Timings.REPLACED_AFTER_MILLIS - 1_000, false);
    passOneSecond();

    assertThat(only(ClusterAction.TakeOver.class)).isNotNull();
  }

  @Test
  void whoIsNotKnownYetButHeardHasNotEnded() {
    standingBy();

    hear(new Live("new", 1, 5, false, KNOWN));
    hear(new Live("new", 1, 6, false, KNOWN));

    assertThat(only(ClusterAction.TakeOver.class)).isNull();
    assertThat(state.standing(1)).as("it is read").isPresent();
    assertThat(state.view().isRead(1, now)).isTrue();
    hear(new Gone("new"));
    assertThat(state.view().isRead(1, now)).isFalse();
  }

  /** Whichever hears the other last: the first to say so stays, and the other closes. */
  @Test
  void ofTwoThatStandByTheOneThatCouldTakeOverGoesOn() {
    standingBy();
    hear(new Standby(ME, 1, true));
    hear(member(THIRD, Set.of(40)));

    hear(new Standby(THIRD, 1, false));
    hear(new Standby(THIRD, 1, true));

    assertThat(only(ClusterAction.Close.class)).isNull();
    assertThat(state.standing(1)).isPresent();
  }

  @Test
  void whoHearsThatAnotherStoodByBeforeItClosesItsChannel() {
    standingBy();
    hear(member(THIRD, Set.of(40)));
    hear(new Standby(THIRD, 1, true));

    hear(new Standby(ME, 1, false));

    assertThat(state.standing()).isEmpty();
  }

  @Test
  void whoseChannelWasTakenDoesNotForgetItWhileItIsNotToStandBy() {
    standingBy();
    take(new ClusterEvent.Evicted(1));

    // Its reader leaves it, and another begins: for a second nobody is to stand by
    hear(new Left(OTHER, 1, 5));
    pass(1_000, true);
    hear(new Live(OTHER, 1, 6, false, KNOWN));
    pass(Timings.GIVEN_UP_MILLIS - 3_000, true);

    assertThat(isOpen(1)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whoseChannelWasTakenStandsByNoMoreForAWhile(boolean readerIsThere) {
    standingBy();

    take(new ClusterEvent.Evicted(1));
    assertThat(actions).contains(new ClusterAction.Close(1));
    pass(Timings.GIVEN_UP_MILLIS - 1_000, readerIsThere);
    assertThat(isOpen(1)).isFalse();
    pass(1_000, readerIsThere);

    assertThat(isOpen(1)).isTrue();
  }

  /** With the channels of the dead one that is 21. */
  private void planSeven() {
    planOther(7);
  }

  @Test
  void whoIsCutOffFromKafkaForLongLeavesItsSecondChannelsToTheOthersIfTheyNeedThem() {
    standingBy();
    now += Timings.GIVEN_UP_MILLIS;
    tick();
    assertThat(state.standing(1)).as("there are enough").isPresent();
    pass(1_000, true);
    planSeven();

    now += Timings.GIVEN_UP_MILLIS - 1_000;
    tick();
    assertThat(state.standing(1)).isPresent();
    now += 1_000;
    tick();

    assertThat(actions).contains(new ClusterAction.Close(1));
    pass(Timings.STANDBY_AFTER_MILLIS + 2_000, true);
    assertThat(isOpen(1)).isTrue();
  }

  @Test
  void nobodyBeginsToStandByWhileTheChannelsOfADeadOneMayCount() {
    designated();
    hear(member(THIRD, Set.of(40)));
    hear(new Standby(THIRD, 1, true));
    planSeven();
    for (int second = 0; second < 59; second++) {
      pass(1_000, true);
    }
    assertThat(isOpen(1)).isFalse();

    pass(2_000, true);

    assertThat(isOpen(1)).isTrue();
  }

  @Test
  void whoCouldNotTakeOverForLongIsNotKeptTo() {
    designated();
    hear(new Standby(THIRD, 1, false));

    for (int second = 0; second < 70; second++) {
      hear(member(THIRD, Set.of(40)));
      hear(new Standby(THIRD, 1, false));
      pass(1_000, true);
      if (second < 58) {
        assertThat(isOpen(1)).isFalse();
      }
    }

    assertThat(isOpen(1)).isTrue();
  }

  @Test
  void whoStandsByGoesOnHoweverLongKafkaIsAway() {
    standingBy();
    hear(member(THIRD, Set.of(40)));
    hear(new Standby(ME, 1, true));

    for (int second = 0; second < 120; second++) {
      now += 1_000;
      tick();
      assertThat(isOpen(1)).isTrue();
    }
    pass(2_000, true);

    assertThat(isOpen(1)).isTrue();
  }

  @Test
  void whoReadsWhatNobodyCouldTakeOverForAMinuteKnows() {
    state = ClusterState.initial(ME, Map.of(), true, 1);
    reading();
    hear(member(OTHER));
    hear(new Standby(OTHER, 1, true));
    pass(Timings.COLD_FOR_MILLIS - 1_000, true);
    assertThat(state.withoutStandby(now)).isEmpty();

    passHearing(3, true, new Standby(OTHER, 1, false));
    assertThat(state.withoutStandby(now)).containsExactly(1);
    hear(new Standby(OTHER, 1, true));

    assertThat(state.withoutStandby(now)).isEmpty();
  }

  /** Its owner would only begin to open it. */
  @Test
  void whatItsReaderHasLeftIsTakenOverAtOnceByWhoStandsBy() {
    standingBy();

    hear(new Left(OTHER, 1, 5));

    assertThat(only(ClusterAction.Close.class)).isNull();
    assertThat(only(ClusterAction.TakeOver.class)).isNotNull();
    assertThat(isWritten(new Live(ME, 1, 6, false, 0))).isTrue();
  }

  @Test
  void nobodyStandsByForWhatItsOauthClientsCannotRead() {
    designated();
    pass(Timings.STANDBY_AFTER_MILLIS, true);
    assertThat(state.standing(1)).isPresent();

    take(new ClusterEvent.LoggedIn(new Logins(Map.of(SHARD.client(), false), Set.of())));

    assertThat(state.standing()).isEmpty();
  }

  @Test
  void withoutContactNobodyIsTakenOver() {
    standingBy();

    now += 600_000;
    tick();

    assertThat(only(ClusterAction.TakeOver.class)).isNull();
  }

  @Test
  void whoseChannelDoesNotReadTakesOverOnceItDoes() {
    standingBy();
    take(new ClusterEvent.Blind(1));
    pass(20_000, false);
    assertThat(stage()).isNull();

    take(new ClusterEvent.Opened(1));

    assertThat(only(ClusterAction.TakeOver.class)).isNotNull();
  }

  /** The shard waits for its turn to move to us, and whoever stood by ends with its reader. */
  @Test
  void withAStandbyTooTheOwnerReadsAheadAndForwardsOnceTheLeaseOfTheReaderHasRunOut() {
    designated();
    hear(new Until(OTHER, 1, 4, KNOWN));
    hear(member(THIRD, Set.of(40)));
    hear(new Standby(THIRD, 1, true));
    plan(7, -1);

    pass(Timings.DEAD_AFTER_MILLIS, false);
    assertThat(state.standing()).isEmpty();
    pass(1_000, false);
    assertThat(stage()).as("its reader may only stand still").isNull();
    assertThat(isOpen(1)).isTrue();
    take(new ClusterEvent.Opened(1));
    pass(2_000, false);
    assertThat(stage()).isNull();
    passOneSecond();

    assertThat(actions).contains(new ClusterAction.TakeOver(SHARD, KNOWN));
    assertThat(stage()).isEqualTo(Stage.READING);
  }

  @Test
  void whoStandsByAndReadsNothingOpensWhatItOwnsOnceTheLeaseOfItsReaderHasRunOut() {
    designated();
    plan(7, -1);
    pass(Timings.STANDBY_AFTER_MILLIS, true);
    assertThat(isOpen(1)).isTrue();

    pass(Timings.REPLACED_AFTER_MILLIS - 1_000, false);
    assertThat(stage()).isNull();
    pass(1_000, false);

    assertThat(stage()).isEqualTo(Stage.OPENING);
  }

  /** It knows what has not reached Kafka, and we would not. */
  @Test
  void theOwnerOfTheSlotLeavesTheShardToWhoStandsByForAWhile() {
    otherReads();
    plan(7, -1);
    hear(member(THIRD, Set.of(40)));
    passHearing(14, false, member(THIRD, Set.of(40)), new Standby(THIRD, 1, true));
    assertThat(only(ClusterAction.Open.class)).isNull();
    assertThat(stage()).isNull();

    hear(member(THIRD, Set.of(40)));
    hear(new Standby(THIRD, 1, true));
    pass(1_000, false);

    assertThat(stage()).isEqualTo(Stage.OPENING);
  }

  @Test
  void whoDoesNotSayAnyMoreThatItStandsByIsNotWaitedFor() {
    otherReads();
    plan(7, -1);
    hear(member(THIRD, Set.of(40)));
    hear(new Standby(THIRD, 1, true));

    passHearing(9, false, member(THIRD, Set.of(40)));

    assertThat(stage()).isEqualTo(Stage.OPENING);
  }

  @Test
  void whatAnotherReadsBeforeWeTakeItOverIsForwardedUpToThere() {
    standingBy();
    hear(member(THIRD, Set.of(40)));

    hear(new Live(THIRD, 1, 5, false, KNOWN));

    assertThat(actions).contains(new ClusterAction.Rescue(1));
    assertThat(state.standing(1)).as("and for that one we stand by").isPresent();
  }

  @Test
  void aPlannedMoveToAnotherIsNoDeath() {
    standingBy();
    hear(member(THIRD, Set.of(40)));

    hear(new Live(THIRD, 1, 5, true, KNOWN));

    assertThat(only(ClusterAction.Rescue.class)).isNull();
    assertThat(state.standing(1)).isPresent();
  }

  @Test
  void whatMovesToUsWhileWeStandByIsHeldAtOnce() {
    standingBy();
    plan(7, 1);
    assertThat(stage()).isNull();

    hear(new Offer(OTHER, 1, 4));

    assertThat(actions).contains(new ClusterAction.TakePart(1));
    assertThat(isWritten(new Live(ME, 1, 5, true, KNOWN))).isTrue();
    assertThat(only(ClusterAction.Open.class)).isNull();
    assertThat(stage()).isEqualTo(Stage.HOLDING);
    assertThat(state.standing()).isEmpty();
  }

  @Test
  void whoIsAboutToEndStandsByNoMore() {
    standingBy();

    take(new ClusterEvent.Leaving(true));

    assertThat(actions).contains(new ClusterAction.Close(1));
    assertThat(state.standing()).isEmpty();
  }

  @Test
  void whoStandsByReadsOtherTopicsWhenTheyChange() {
    standingBy();
    TopicSharder.Shard other = new TopicSharder.Shard(1, List.of("v2.b"));

    hear(new Topics(OTHER, "w", other));
    hear(new Plan(OTHER, 1, Map.of(1, 5), Map.of(1, "w"), true, -1));

    assertThat(actions).contains(new ClusterAction.Change(other));
  }

  @Test
  void whatIsNotPlannedAnyMoreIsNotReadBesideItsReader() {
    standingBy();

    hear(new Plan(OTHER, 1, Map.of(2, 5), Map.of(2, "v"), true, -1));

    assertThat(actions).contains(new ClusterAction.Close(1));
    assertThat(state.standing()).isEmpty();
  }
}
