package dev.caravan.channel.gap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.caravan.channel.Attempts;
import dev.caravan.channel.Replica;
import dev.caravan.testing.LogLines;
import dev.caravan.testing.MutableClock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GapLedgerTest {

  private static final Instant NOON = Instant.parse("2026-11-22T12:00:00Z");
  private static final Replica ONE = new Replica("receive", 0, 0);
  private static final Replica TWIN = new Replica("receive", 0, 1);
  private static final Replica OTHER = new Replica("receive", 1, 0);
  private static final List<String> AB = List.of("a", "b");

  @TempDir Path folder;
  private final MutableClock clock = new MutableClock(NOON);
  private GapLedger ledger;

  private static Instant at(long seconds) {
    return NOON.plusSeconds(seconds);
  }

  /** The process ends without a word, and the next one starts. */
  private void restart(long seconds, List<String> topics) {
    clock.turnTo(at(seconds));
    ledger = GapLedger.open(folder, clock);
    ledger.started("receive");
    ledger.wanted("receive", topics);
  }

  /** Of both topics, from a second before 10 s until 12 s. */
  private Gap closedGap() {
    startReading();
    ledger.blind(ONE, at(10), "dropped");
    return reads(ONE, 12, AB).get(0);
  }

  private List<Gap> reads(Replica replica, long seconds, List<String> topics) {
    clock.turnTo(at(seconds));
    return ledger.reading(replica, at(seconds), topics, "topics-changed");
  }

  private void startReading() {
    start(AB);
    reads(ONE, 1, AB);
  }

  private void start(List<String> topics) {
    restart(0, topics);
  }

  private static Instant lastBefore(Instant read) {
    return read.minus(GapLedger.UNDER_WAY);
  }

  /** The only one of them, of what was not read from then until then. */
  private static Gap one(List<Gap> gaps, long from, long to) {
    Gap gap = oneFrom(gaps, from);
    assertThat(gap.to()).isEqualTo(at(to));
    return gap;
  }

  private static Gap oneFrom(List<Gap> gaps, long from) {
    assertThat(gaps).hasSize(1);
    assertThat(gaps.get(0).from()).isEqualTo(lastBefore(at(from)));
    return gaps.get(0);
  }

  @Test
  void asLongAsThePlanIsNotKnownWhatAReplicaGivesUpIsAGap() {
    ledger = GapLedger.open(folder, clock);
    ledger.started("receive");
    reads(ONE, 1, AB);
    reads(OTHER, 1, List.of("c"));

    reads(ONE, 5, List.of("a"));
    ledger.finished(OTHER, "topics-changed");

    assertThat(ledger.missing()).containsExactlyInAnyOrder("b", "c");
    ledger.wanted("receive", AB);
    assertThat(ledger.missing()).containsExactly("b");
  }

  @Test
  void whoIsKilledBeforeItsFirstChannelIsKnownToReadHasAGapSinceThatWasOpen() {
    start(AB);
    clock.turnTo(at(3));
    ledger.opened(ONE, AB);

    restart(10, AB);

    assertThat(one(reads(ONE, 12, AB), 3, 12).topics()).containsExactlyInAnyOrderElementsOf(AB);
  }

  @Test
  void whatWasOpenedAndIsNotNeededAnyMoreHasNoGap() {
    start(AB);
    ledger.opened(ONE, AB);
    ledger.opened(OTHER, List.of("c"));
    ledger.finished(ONE, "topics-changed");
    ledger.finished(OTHER, "topics-changed");

    restart(10, List.of("a", "b", "c"));

    assertThat(ledger.missing()).isEmpty();
  }

  @Test
  void whoOpensAnotherAfterALossKeepsTheGapThatHasBegun() {
    startReading();
    ledger.blind(ONE, at(5), "dropped");
    clock.turnTo(at(8));
    ledger.opened(ONE, AB);

    restart(10, AB);

    oneFrom(reads(ONE, 12, AB), 5);
  }

  @Test
  void whatHasAGapIsNotNotedAgainWithAnotherTopicThatIsOpen() {
    List<String> three = List.of("a", "b", "c");
    start(three);
    reads(ONE, 1, AB);
    ledger.blind(ONE, at(5), "dropped");
    clock.turnTo(at(8));
    ledger.opened(ONE, AB);

    restart(10, three);

    assertThat(ledger.missing()).containsExactlyInAnyOrderElementsOf(AB);
  }

  @Test
  void whatAReplicaHasReadCountsWhenItIsNoLongerNeededAndNotWhenItEnds() {
    startReading();
    ledger.readUntil(ONE, at(5));
    clock.turnTo(at(30));

    ledger.finished(ONE, "topics-changed");

    oneFrom(reads(OTHER, 40, AB), 5);
  }

  @Test
  void whatAnotherInstanceHasTakenOverIsNoGapNotEvenAfterARestartOrWhenItComesBack() {
    startReading();

    ledger.handedOver(ONE);
    ledger.finished(ONE, "topics-changed");
    restart(60, AB);

    assertThat(ledger.missing()).isEmpty();
    assertThat(reads(ONE, 90, AB)).isEmpty();
  }

  @Test
  void whatAnotherInstanceReadBeforeItEndedIsAGapSinceThen() {
    start(AB);
    clock.turnTo(at(30));

    ledger.inherited(0, at(20), AB);

    assertThat(one(reads(ONE, 33, AB), 20, 33).cause()).isEqualTo(GapLedger.INSTANCE_ENDED);
  }

  @Test
  void whatIsReadHereByNowWasNotReadBetweenTheTwoOnly() {
    start(AB);
    reads(ONE, 25, List.of("a"));
    clock.turnTo(at(60));

    assertThat(one(ledger.inherited(0, at(20), AB), 20, 25).topics()).containsExactly("a");
    assertThat(ledger.missing()).containsExactly("b");
  }

  @Test
  void whatWasReadHereBeforeTheOtherEndedHasNoGap() {
    start(AB);
    reads(ONE, 25, AB);

    assertThat(ledger.inherited(0, at(26), AB)).isEmpty();
    assertThat(ledger.missing()).isEmpty();
  }

  // ---- standing by

  @Test
  void whoStandsByHasNoGapAndNothingOfItIsOnDisk() {
    start(AB);
    ledger.standsBy(ONE, at(1), AB);
    ledger.standsByBlind(ONE, at(5));
    assertThat(ledger.missing()).isEmpty();
    ledger.standsBy(ONE, at(7), AB);
    ledger.save();

    restart(60, AB);

    assertThat(ledger.missing()).isEmpty();
    assertThat(ledger.unreported()).isEmpty();
  }

  @Test
  void whoTakesOverWhatItHasReadAllAlongHasNoGap() {
    start(AB);
    ledger.standsBy(ONE, at(1), AB);
    clock.turnTo(at(40));

    ledger.takesOver(ONE, at(30));

    assertThat(ledger.inherited(0, at(30), AB)).isEmpty();
    assertThat(ledger.missing()).isEmpty();
    restart(60, AB);
    assertThat(ledger.missing())
        .as("from now on it is on record")
        .containsExactlyInAnyOrder("a", "b");
    assertThat(reads(ONE, 61, AB))
        .allSatisfy(gap -> assertThat(gap.from()).isEqualTo(lastBefore(at(30))));
  }

  @Test
  void whatOneThatTakesOverReadsEndsTheGapsOfIts() {
    startReading();
    ledger.reading(ONE, at(20), List.of("a"), "topics-changed");
    assertThat(ledger.missing()).containsExactly("b");
    ledger.standsBy(OTHER, at(30), List.of("b"));

    assertThat(one(ledger.takesOver(OTHER, at(35)), 20, 30).topics()).containsExactly("b");

    assertThat(ledger.missing()).isEmpty();
  }

  @Test
  void whatOneThatTakesOverHasReadAllTheWhileWasNoGap() {
    startReading();
    ledger.standsBy(OTHER, at(10), List.of("b"));
    ledger.reading(ONE, at(20), List.of("a"), "topics-changed");

    assertThat(ledger.takesOver(OTHER, at(35))).isEmpty();

    assertThat(ledger.missing()).isEmpty();
    assertThat(ledger.unreported()).isEmpty();
  }

  @Test
  void whatOneThatStoodByReadDoesNotCountAfterItsReaderStopped() {
    start(AB);
    ledger.standsBy(ONE, at(1), AB);
    ledger.standsByBlind(ONE, at(5));
    ledger.standsBy(ONE, at(6), AB);
    ledger.stopped(ONE.reader(), GapLedger.ROUTE_EDITED);
    ledger.started(ONE.reader());
    ledger.wanted(ONE.reader(), AB);
    ledger.standsBy(ONE, at(40), AB);

    ledger.takesOver(ONE, at(30));

    one(ledger.inherited(0, at(30), AB), 30, 40);
  }

  @Test
  void whoTakesOverWithABreakSinceTheOtherReadHasThatAsItsGap() {
    start(AB);
    ledger.standsBy(ONE, at(1), AB);
    ledger.standsByBlind(ONE, at(10));
    ledger.standsBy(ONE, at(12), AB);
    ledger.standsByBlind(ONE, at(33));
    ledger.standsBy(ONE, at(36), AB);
    clock.turnTo(at(40));

    ledger.takesOver(ONE, at(30));

    one(ledger.inherited(0, at(30), AB), 33, 36);
    assertThat(ledger.missing()).isEmpty();
  }

  @Test
  void whatOneThatTakesOverCouldNotKeepIsAGap() {
    start(AB);
    ledger.standsBy(ONE, at(1), AB);
    clock.turnTo(at(40));

    ledger.standsBySince(ONE, at(34));
    ledger.takesOver(ONE, at(30));

    one(ledger.inherited(0, at(30), AB), 30, 34);
  }

  @Test
  void whoBeganToReadAfterTheOtherEndedHasAGapUntilThen() {
    start(AB);
    ledger.standsBy(ONE, at(35), AB);
    clock.turnTo(at(40));

    ledger.takesOver(ONE, at(30));

    one(ledger.inherited(0, at(30), AB), 30, 35);
  }

  @Test
  void whatOneThatStoodByReadDoesNotCountOnceItDoesNotAnyMore() {
    start(AB);
    ledger.standsBy(ONE, at(1), AB);
    clock.turnTo(at(38));
    ledger.handedOver(ONE);
    reads(ONE, 40, AB);

    assertThat(ledger.inherited(0, at(30), AB))
        .singleElement()
        .satisfies(gap -> assertThat(gap.to()).isEqualTo(at(40)));
  }

  @Test
  void theGapOfAnInstanceThatComesBackIsToldByTheOneThatTookOver() {
    startReading();
    restart(60, AB);

    assertThat(ledger.recordedElsewhere(3, List.of("a"), at(1))).isEmpty();

    assertThat(ledger.missing()).containsExactly("b");
    restart(61, AB);
    assertThat(ledger.missing()).containsExactly("b");
    assertThat(ledger.unreported()).isEmpty();
  }

  @Test
  void aGapThatBeganBeforeTheOneThatTookOverKnowsIsToldUntilThen() {
    startReading();
    reads(ONE, 10, List.of("a"));
    ledger.readUntil(ONE, at(30));
    ledger.save();
    restart(60, AB);

    assertThat(one(ledger.recordedElsewhere(3, AB, at(30)), 10, 30).topics()).containsExactly("b");
    assertThat(ledger.missing()).isEmpty();
  }

  @Test
  void ifTheOneThatTookOverKnowsNothingOfTheTimeBeforeTheGapIsOverThen() {
    startReading();
    restart(60, AB);

    assertThat(ledger.readElsewhere(3, List.of("a")))
        .singleElement()
        .satisfies(gap -> assertThat(gap.to()).isEqualTo(at(60)));
    assertThat(ledger.missing()).containsExactly("b");
  }

  @Test
  void aFirstStartHasNoGap() {
    start(AB);

    assertThat(reads(ONE, 30, AB)).isEmpty();
    assertThat(ledger.notBackfilled()).isEmpty();
  }

  @Test
  void aLostSocketIsAGapUntilTheTopicsAreReadAgain() {
    startReading();

    ledger.blind(ONE, at(10), "dropped");
    assertThat(ledger.notBackfilled()).isEmpty();

    Gap gap = one(reads(ONE, 12, AB), 10, 12);
    assertThat(gap.cause()).isEqualTo("dropped");
    assertThat(gap.topics()).containsExactlyElementsOf(AB);
    assertThat(ledger.unreported()).isEqualTo(ledger.notBackfilled()).hasSize(1);
  }

  @Test
  void whatIsTakenFromAReplicaThatReadsOnIsAGapOfThatAlone() {
    startReading();
    ledger.readUntil(ONE, at(20));

    assertThat(ledger.unsubscribed(ONE, at(10), List.of("b"), List.of("a"))).isEmpty();
    assertThat(ledger.missing()).containsExactly("b");

    isTaken(reads(ONE, 30, AB), 10, 30);
    assertThat(ledger.missing()).isEmpty();
  }

  /** Of b alone. */
  private static void isTaken(List<Gap> gaps, long from, long to) {
    Gap gap = one(gaps, from, to);
    assertThat(gap.topics()).containsExactly("b");
    assertThat(gap.cause()).isEqualTo(GapLedger.UNSUBSCRIBED);
  }

  @Test
  void whatAnotherReplicaReadsIsNoGapWhenItIsTakenFromOne() {
    startReading();
    reads(TWIN, 1, AB);

    ledger.unsubscribed(ONE, at(10), List.of("b"), List.of("a"));

    assertThat(ledger.missing()).isEmpty();
    ledger.blind(TWIN, at(20), "dropped");
    assertThat(ledger.missing()).containsExactly("b");
  }

  @Test
  void whatTheOtherReplicaBeganToReadLaterIsAGapUntilThen() {
    startReading();
    reads(TWIN, 15, AB);
    clock.turnTo(at(20));

    isTaken(ledger.unsubscribed(ONE, at(10), List.of("b"), List.of("a")), 10, 15);
    assertThat(ledger.missing()).isEmpty();
  }

  @Test
  void whatWasTakenBeforeTheReplicaReadOnWasNotReadBeforeEither() {
    startReading();
    ledger.blind(ONE, at(20), "dropped");
    reads(ONE, 22, AB);

    ledger.unsubscribed(ONE, at(10), List.of("b"), List.of("a"));

    isTaken(reads(ONE, 30, AB), 10, 30);
  }

  @Test
  void whatWasTakenBeforeAHandOverIsAGapUntilThat() {
    startReading();
    reads(ONE, 20, AB);

    isTaken(ledger.unsubscribed(ONE, at(10), List.of("b"), AB), 10, 20);
    assertThat(ledger.missing()).isEmpty();
  }

  @Test
  void whatWasTakenStaysAGapThroughARestart() {
    startReading();
    ledger.readUntil(ONE, at(20));
    ledger.save();
    ledger.unsubscribed(ONE, at(10), List.of("b"), List.of("a"));

    restart(60, AB);

    assertThat(reads(ONE, 63, AB))
        .extracting(Gap::cause, Gap::from, Gap::topics)
        .containsExactlyInAnyOrder(
            tuple(GapLedger.UNSUBSCRIBED, lastBefore(at(10)), List.of("b")),
            tuple(GapLedger.RESTART, lastBefore(at(20)), List.of("a")));
  }

  @Test
  void whatIsTakenFromOneThatReadsNothingIsNoNews() {
    start(AB);

    assertThat(ledger.unsubscribed(ONE, at(10), List.of("b"), List.of("a"))).isEmpty();
    assertThat(ledger.missing()).isEmpty();
  }

  @Test
  void theTimeInWhichTheProcessDidNotRunIsAGap() {
    startReading();
    ledger.readUntil(ONE, at(20));
    ledger.save();

    restart(60, AB);

    assertThat(one(reads(ONE, 63, AB), 20, 63).cause()).isEqualTo(GapLedger.RESTART);
  }

  @Test
  void aGapThatLastsWhenTheProcessIsKilledGoesOnWithItsIdAndItsCause() {
    startReading();
    ledger.blind(ONE, at(10), "dropped");

    restart(60, AB);
    restart(90, AB);

    assertThat(oneFrom(reads(ONE, 100, AB), 10).cause()).isEqualTo("dropped");
  }

  @Test
  void severalRestartsBeforeAnythingIsReadAreOneGap() {
    startReading();

    restart(60, AB);
    restart(120, AB);

    assertThat(reads(ONE, 130, AB)).hasSize(1);
  }

  @Test
  void topicsThatMovedToAnotherShardKeepTheirGap() {
    start(List.of("a", "b", "c"));
    reads(ONE, 1, List.of("a", "b"));
    reads(OTHER, 1, List.of("c"));

    restart(60, List.of("a", "b", "c"));

    assertThat(reads(ONE, 61, List.of("c", "a")))
        .extracting(Gap::topics)
        .containsExactlyInAnyOrder(List.of("a"), List.of("c"));
    assertThat(reads(OTHER, 62, List.of("b")))
        .extracting(Gap::topics)
        .containsExactly(List.of("b"));
    assertThat(ledger.notBackfilled()).extracting(Gap::id).doesNotHaveDuplicates().hasSize(3);
  }

  @Test
  void topicsThatWereAddedBetweenTwoRunsHaveNoGap() {
    startReading();

    restart(60, List.of("a", "b", "new"));

    assertThat(reads(ONE, 61, List.of("a", "b", "new")))
        .extracting(Gap::topics)
        .containsExactly(AB);
  }

  @Test
  void theGapOfATopicThatIsGivenUpIsToldAndOneMoreIfItComesBack() {
    startReading();
    ledger.blind(ONE, at(10), "dropped");
    clock.turnTo(at(20));

    ledger.wanted("receive", List.of("b"));

    assertThat(ledger.unreported())
        .extracting(Gap::cause, Gap::topics, Gap::from, Gap::to)
        .containsExactly(tuple("dropped", List.of("a"), lastBefore(at(10)), at(20)));
    assertThat(ledger.missing()).containsExactly("b");
    reads(ONE, 25, List.of("b"));

    ledger.wanted("receive", AB);
    assertThat(ledger.missing()).containsExactly("a");
    assertThat(reads(ONE, 40, AB))
        .extracting(Gap::cause, Gap::topics, Gap::from, Gap::to)
        .containsExactly(tuple(GapLedger.GIVEN_UP, List.of("a"), lastBefore(at(20)), at(40)));
  }

  @Test
  void aTopicThatWasReadUntilItWasGivenUpHasAGapIfItComesBackAfterARestart() {
    startReading();
    clock.turnTo(at(20));
    ledger.readUntil(ONE, at(18));
    ledger.wanted("receive", List.of("a"));
    assertThat(reads(ONE, 21, List.of("a"))).isEmpty();
    assertThat(ledger.missing()).isEmpty();

    restart(60, List.of("a"));
    assertThat(ledger.missing()).containsExactly("a");
    reads(ONE, 61, List.of("a"));
    ledger.wanted("receive", AB);

    assertThat(reads(ONE, 91, AB))
        .extracting(Gap::cause, Gap::topics, Gap::from, Gap::to)
        .containsExactly(tuple(GapLedger.GIVEN_UP, List.of("b"), lastBefore(at(18)), at(91)));
  }

  @Test
  void aTopicThatComesBackBeforeItsChannelGaveItUpHasNone() {
    startReading();
    ledger.wanted("receive", List.of("a"));

    ledger.wanted("receive", AB);

    assertThat(ledger.missing()).isEmpty();
    assertThat(reads(ONE, 20, AB)).isEmpty();
  }

  @Test
  void whatWasGivenUpLongAgoIsNewWhenItComesBack() {
    startReading();
    ledger.wanted("receive", List.of("a"));
    reads(ONE, 2, List.of("a"));
    clock.turnTo(NOON.plus(GapLedger.REMEMBERED).plusSeconds(3));

    ledger.wanted("receive", AB);

    assertThat(ledger.missing()).isEmpty();
    assertThat(names()).noneMatch(name -> name.startsWith("given-up-"));
  }

  @Test
  void whatWasGivenUpAtTooManyTimesIsRememberedSinceTheEarliest() {
    List<String> many = IntStream.range(0, 200).mapToObj(i -> "t" + i).toList();
    start(many);
    reads(ONE, 1, many);
    for (int gone = 1; gone < many.size(); gone++) {
      clock.turnTo(at(gone));
      ledger.wanted("receive", many.subList(gone, many.size()));
      reads(ONE, gone, many.subList(gone, many.size()));
    }
    assertThat(names()).filteredOn(name -> name.startsWith("given-up-")).hasSizeLessThan(150);

    ledger.wanted("receive", many);

    assertThat(ledger.missing()).hasSize(199);
    assertThat(reads(ONE, 300, many)).hasSizeLessThan(150);
  }

  @Test
  void aTopicThatAnotherReplicaReadsHasNoGap() {
    startReading();
    reads(TWIN, 1, AB);

    ledger.blind(ONE, at(10), "dropped");
    assertThat(reads(ONE, 12, AB)).isEmpty();

    ledger.blind(ONE, at(20), "dropped");
    ledger.blind(TWIN, at(21), "dropped");
    assertThat(reads(ONE, 25, AB)).extracting(Gap::from).containsExactly(lastBefore(at(21)));
  }

  @Test
  void whatTwoReplicasMissedWhileOneOfThemWasNotYetFoundDeadIsAGapThatIsOver() {
    startReading();
    reads(TWIN, 1, AB);
    ledger.blind(ONE, at(10), "silent");
    reads(ONE, 41, AB);

    assertThat(one(ledger.blind(TWIN, at(30), "silent"), 30, 41).topics()).isEqualTo(AB);
    assertThat(ledger.missing()).isEmpty();
    assertThat(ledger.unreported()).hasSize(1);
  }

  @Test
  void eachTimeThatTheOtherReplicaWasAwayWhileOneWasDeadIsAGap() {
    startReading();
    reads(TWIN, 1, AB);
    for (int lost = 10; lost <= 20; lost += 10) {
      assertThat(ledger.blind(TWIN, at(lost), "dropped")).isEmpty();
      assertThat(reads(TWIN, lost + 3, AB)).isEmpty();
    }

    assertThat(ledger.blind(ONE, at(5), "silent"))
        .extracting(gap -> List.of(gap.from(), gap.to()))
        .containsExactly(List.of(lastBefore(at(10)), at(13)), List.of(lastBefore(at(20)), at(23)));
  }

  @Test
  void whatAReplicaTookOverLaterWasNotReadByItBefore() {
    startReading();
    reads(OTHER, 1, List.of("c"));
    reads(OTHER, 20, List.of("b", "c"));

    List<Gap> over = ledger.blind(ONE, at(10), "silent");

    assertThat(over).extracting(Gap::topics).containsExactly(List.of("b"));
    assertThat(over).extracting(Gap::to).containsExactly(at(20));
    assertThat(ledger.missing()).containsExactly("a");
  }

  @Test
  void aReplicaThatWasDeadWhenItsSuccessorCameHasAGapUntilThen() {
    startReading();
    reads(ONE, 40, AB);

    assertThat(ledger.blind(ONE, at(10), "silent")).isEmpty();

    assertThat(reads(ONE, 40, AB))
        .extracting(gap -> List.of(gap.from(), gap.to()))
        .containsExactly(List.of(lastBefore(at(10)), at(40)));
  }

  @Test
  void whatTwoReplicasMissedBeforeAKillIsAGapOfItsOwn() {
    startReading();
    ledger.readUntil(ONE, at(5));
    reads(TWIN, 8, AB);
    ledger.readUntil(TWIN, at(12));
    ledger.save();

    restart(20, AB);

    assertThat(ledger.notBackfilled())
        .extracting(gap -> List.of(gap.from(), gap.to()))
        .containsExactly(List.of(lastBefore(at(5)), at(8)));
    assertThat(reads(ONE, 21, AB)).extracting(Gap::from).containsExactly(lastBefore(at(12)));
  }

  /** The machine starts anew. */
  private void boot(String id, long seconds) {
    clock.turnTo(at(seconds));
    ledger = GapLedger.open(folder, clock, id);
    ledger.started("receive");
    ledger.wanted("receive", AB);
  }

  @Test
  void afterAPowerCutWhatMayNotHaveReachedTheDiskBelongsToTheGapWhicheverChannelReadIt() {
    boot("first", 0);
    reads(ONE, 1, List.of("a"));
    reads(ONE, 70, List.of("a"));
    reads(OTHER, 1, List.of("b"));
    ledger.readUntil(ONE, at(80));
    ledger.readUntil(OTHER, at(80));
    ledger.save();

    boot("second", 200);

    assertThat(reads(ONE, 210, AB))
        .hasSize(2)
        .extracting(Gap::from)
        .containsOnly(lastBefore(at(80).minus(GapFiles.NOT_ON_DISK)));
  }

  @Test
  void afterAPowerCutAGapThatLastsBeginsBeforeWhatMayNotHaveReachedTheDisk() {
    boot("first", 0);
    reads(ONE, 1, List.of("a"));
    reads(OTHER, 1, List.of("b"));
    ledger.readUntil(OTHER, at(80));
    ledger.save();
    ledger.blind(ONE, at(75), "dropped");

    boot("second", 200);

    assertThat(reads(ONE, 210, List.of("a")))
        .extracting(Gap::cause, Gap::from)
        .containsExactly(tuple("dropped", at(80).minus(GapFiles.NOT_ON_DISK)));
    ledger.blind(ONE, at(230), "dropped");

    boot("third", 300);

    assertThat(reads(ONE, 310, List.of("a")))
        .extracting(Gap::from)
        .containsExactly(lastBefore(at(230)).minus(GapFiles.NOT_ON_DISK));
  }

  @Test
  void ofTwoReplicasTheLastToReadCountsAfterAKill() {
    startReading();
    reads(TWIN, 1, AB);
    ledger.readUntil(ONE, at(5));
    ledger.readUntil(TWIN, at(8));
    ledger.save();

    restart(20, AB);

    assertThat(reads(TWIN, 21, AB)).extracting(Gap::from).containsExactly(lastBefore(at(8)));
  }

  @Test
  void whatAHandOverLeavesOutIsAGapOnlyWhileSomebodyWantsIt() {
    startReading();
    reads(ONE, 10, List.of("a"));
    assertThat(reads(OTHER, 12, List.of("b")))
        .extracting(Gap::topics)
        .containsExactly(List.of("b"));

    ledger.wanted("receive", List.of("a"));
    reads(OTHER, 20, List.of("a"));
    assertThat(ledger.missing()).isEmpty();
  }

  @Test
  void aClockThatWasSetBackMakesNeitherANegativeNorAMissingGap() {
    start(AB);
    reads(ONE, 3_600, AB);
    ledger.readUntil(ONE, at(3_600));
    ledger.save();

    restart(60, AB);

    assertThat(one(reads(ONE, 65, AB), 60, 65).length()).isPositive();
  }

  @Test
  void aClockThatIsSetBackDuringAGapDoesNotMakeItNegative() {
    start(AB);
    reads(ONE, 3_600, AB);
    ledger.blind(ONE, at(3_600), "dropped");

    assertThat(reads(ONE, 60, AB)).extracting(Gap::length).allMatch(length -> !length.isNegative());
  }

  @Test
  void aGapIsKnownWithTheSameIdUntilItIsToldAndSettled() {
    Gap gap = closedGap();

    restart(20, AB);
    assertThat(ledger.unreported()).containsExactly(gap);
    ledger.reported(gap.id());
    restart(30, AB);
    assertThat(ledger.unreported()).isEmpty();
    assertThat(ledger.notBackfilled()).containsExactly(gap);
    ledger.backfilled(gap.id());
    restart(40, AB);
    assertThat(ledger.notBackfilled()).isEmpty();
  }

  @Test
  void whatIsLostOnTheWayIsOneGapOfItsCauseUntilItMayHaveBeenTold() {
    start(AB);
    ledger.lost("spool-full", at(1), at(5), 64);
    ledger.lost("spool-full", at(5), at(9), 64);
    ledger.lost("dead-letter-lost", at(7), at(7), 1);

    assertThat(ledger.unreported())
        .extracting(Gap::cause, Gap::from, Gap::to, Gap::lost)
        .containsExactly(
            tuple("spool-full", at(1), at(9), 128L), tuple("dead-letter-lost", at(7), at(7), 1L));
    assertThat(ledger.notBackfilled()).isEmpty();

    List<Gap> told = ledger.unreported();
    ledger.lost("spool-full", at(9), at(12), 3);
    ledger.lost("spool-full", at(12), at(13), 4);
    assertThat(ledger.unreported()).isEqualTo(told);

    restart(20, AB);
    assertThat(ledger.unreported()).containsExactlyInAnyOrderElementsOf(told);
    told.forEach(gap -> ledger.reported(gap.id()));
    assertThat(ledger.unreported())
        .extracting(Gap::from, Gap::to, Gap::lost)
        .containsExactly(tuple(at(9), at(13), 7L));
    ledger.reported(ledger.unreported().get(0).id());
    assertThat(names()).noneMatch(name -> name.startsWith("gap-"));
  }

  @Test
  void ofTooManyGapsTheOldestThatIsToldGoesAndUntoldOnesAreToldAsOne() {
    start(AB);
    for (int i = 0; i <= GapLedger.MOST_WAITING; i++) {
      reads(ONE, 10 * i + 1, AB);
      ledger.blind(ONE, at(10 * i + 5), "dropped");
    }
    reads(ONE, 100_000, AB);

    assertThat(ledger.unreported()).hasSize(GapLedger.MOST_WAITING);
    assertThat(names()).filteredOn(name -> name.startsWith("gap-")).hasSize(500);
    Gap oldest = ledger.unreported().get(0);
    assertThat(oldest.from()).isEqualTo(lastBefore(at(5)));
    assertThat(oldest.to()).isEqualTo(at(21));
    assertThat(oldest.topics()).containsExactlyElementsOf(AB);
    assertThat(ledger.unreported().get(1).from()).isEqualTo(lastBefore(at(25)));

    Gap told = ledger.unreported().get(7);
    ledger.reported(told.id());
    ledger.blind(ONE, at(100_010), "dropped");
    reads(ONE, 100_020, AB);

    assertThat(ledger.unreported()).hasSize(GapLedger.MOST_WAITING).contains(oldest);
    assertThat(ledger.notBackfilled()).hasSize(GapLedger.MOST_WAITING).doesNotContain(told);
  }

  @Test
  void readersWhoseNamesAreAlikeHaveFilesOfTheirOwn() {
    ledger = GapLedger.open(folder, clock);
    for (String reader : List.of("receive-a", "receive.a")) {
      ledger.started(reader);
      ledger.reading(new Replica(reader, 0, 0), at(1), List.of(reader), "start");
    }
    clock.turnTo(at(60));
    ledger = GapLedger.open(folder, clock);
    for (String reader : List.of("receive-a", "receive.a")) {
      ledger.started(reader);
    }
    for (String reader : List.of("receive-a", "receive.a")) {
      ledger.wanted(reader, List.of(reader));
      assertThat(ledger.reading(new Replica(reader, 0, 0), at(60), List.of(reader), "start"))
          .as(reader)
          .hasSize(1);
    }
  }

  @Test
  void whatAnEarlierVersionCalledOtherwiseIsFound() throws IOException {
    Replica replica = new Replica("receive-a", 0, 0);
    ledger = GapLedger.open(folder, clock);
    ledger.started("receive-a");
    ledger.wanted("receive-a", AB);
    ledger.reading(replica, at(1), AB, "start");
    ledger.readUntil(replica, at(20));
    ledger.attempts(replica, new Attempts(3, at(200).toEpochMilli()));
    ledger.save();
    Files.move(
        folder.resolve("strand-" + replica.key() + ".json"),
        folder.resolve("strand-receive_a-0-0.json"));
    Path times = folder.resolve("reading.json");
    String named = GapJson.read(Files.readAllBytes(times)).toString();
    Files.writeString(times, named.replace(replica.key(), "receive_a-0-0"));

    clock.turnTo(at(60));
    ledger = GapLedger.open(folder, clock);
    ledger.started("receive-a");
    ledger.wanted("receive-a", AB);

    assertThat(ledger.attempts(replica)).isEqualTo(new Attempts(3, at(200).toEpochMilli()));
    oneFrom(ledger.reading(replica, at(60), AB, "start"), 20);
    assertThat(names())
        .contains("strand-" + replica.key() + ".json")
        .doesNotContain("strand-receive_a-0-0.json");
  }

  @Test
  void damagedTimesAreSetAsideAndTheGapBeginsWhatAPowerCutMayTakeBeforeTheyWereWritten() {
    startReading();
    damage("reading.json", at(50));

    restart(60, AB);

    assertThat(reads(ONE, 61, AB))
        .extracting(Gap::from)
        .containsExactly(lastBefore(at(50).minus(GapFiles.NOT_ON_DISK)));
    assertThat(names()).contains("reading.json.damaged-20261122T120100.000Z");
  }

  @Test
  void damagedTopicsMeanAGapOfAllThatIsWanted() {
    startReading();
    damage("strand-receive-0-0.json", at(30));

    restart(60, List.of("a", "b", "c"));

    Gap gap = oneFrom(reads(ONE, 61, List.of("a", "b", "c")), 1);
    assertThat(gap.cause()).isEqualTo(GapLedger.DAMAGED);
    assertThat(gap.topics()).containsExactly("a", "b", "c");
    restart(90, AB);
    assertThat(reads(ONE, 91, AB)).hasSize(1);
  }

  @Test
  void damagedTopicsAndTimesMeanAGapSinceTheyWereWritten() {
    startReading();
    damage("strand-receive-0-0.json", at(30));
    damage("reading.json", at(40));

    restart(60, AB);

    assertThat(reads(ONE, 61, AB))
        .extracting(Gap::from)
        .containsExactly(lastBefore(at(30)).minus(GapFiles.NOT_ON_DISK));
  }

  @Test
  void aGapIsToldWhicheverBitOfItsFileIsFlippedAndWhereverItIsCutOff() throws IOException {
    Gap gap = closedGap();
    String name = "gap-" + gap.id() + ".json";
    byte[] whole = Files.readAllBytes(folder.resolve(name));
    List<byte[]> spoiled = new ArrayList<>();
    for (int at = 0; at < whole.length; at++) {
      if (at % 16 == 0) {
        spoiled.add(Arrays.copyOf(whole, at));
      }
      byte[] flipped = whole.clone();
      flipped[at] ^= (byte) (1 << at % 8);
      spoiled.add(flipped);
    }

    for (byte[] content : spoiled) {
      delete(folder);
      Files.write(folder.resolve(name), content);
      restart(60, AB);
      reads(ONE, 61, AB);

      assertThat(ledger.unreported()).isEqualTo(ledger.notBackfilled()).hasSize(1);
      Gap told = ledger.unreported().get(0);
      assertThat(told.id()).isEqualTo(gap.id());
      assertThat(told.from()).isEqualTo(gap.from());
      assertThat(told.to()).isAfterOrEqualTo(gap.to());
      assertThat(told.topics()).containsExactlyInAnyOrderElementsOf(gap.topics());
    }
  }

  @Test
  void aDamagedGapIsNotHiddenBehindTheRestart() {
    Gap gap = closedGap();
    damage("gap-" + gap.id() + ".json", at(13));

    try (LogLines log = new LogLines(GapFiles.class.getName())) {
      restart(60, AB);

      assertThat(log.lines())
          .singleElement()
          .satisfies(
              line ->
                  assertThat(line)
                      .contains(gap.id() + ".json is damaged")
                      .contains("All topics are taken to be not read since " + gap.from()));
    }
    assertThat(reads(ONE, 61, AB))
        .extracting(Gap::from, Gap::cause)
        .containsExactlyInAnyOrder(
            tuple(gap.from(), GapLedger.DAMAGED), tuple(lastBefore(at(12)), GapLedger.RESTART));
    assertThat(names()).contains("gap-" + gap.id() + ".json.damaged-20261122T120100.000Z");
  }

  @Test
  void aDamagedGapIsToldEvenIfTheNextRunsAreKilledBeforeTheyKnowTheirTopics() {
    startReading();
    ledger.blind(ONE, at(10), "dropped");
    damage("gap-20261122T120009Z-0.json", at(10));
    for (int run = 1; run < 3; run++) {
      clock.turnTo(at(20 + run));
      GapLedger.open(folder, clock).started("receive");
    }

    restart(60, AB);

    assertThat(reads(ONE, 61, AB))
        .extracting(Gap::id, Gap::from, Gap::cause)
        .containsExactly(tuple("20261122T120009Z-0", at(9), GapLedger.DAMAGED));
    restart(90, AB);
    assertThat(reads(ONE, 91, AB)).extracting(Gap::cause).containsExactly(GapLedger.RESTART);
  }

  @Test
  void ofSeveralDamagedFilesTheGapThatBeganFirstStandsForAll() {
    start(AB);
    damage("gap-20261122T120005Z-0.json", at(30));
    damage("gap-20261122T120002.5Z-0.json", at(20));
    damage("gap-20261122T120003Z-1-2.json", at(20));

    restart(60, AB);

    assertThat(reads(ONE, 61, AB)).extracting(Gap::id).containsExactly("20261122T120003Z-1-2");
    assertThat(ledger.unreported()).hasSize(1);
    restart(90, AB);
    assertThat(ledger.unreported()).hasSize(1);
  }

  @Test
  void eachReadersTopicsMayHaveBeenInADamagedGap() {
    start(AB);
    damage("gap-20261122T120005Z-0.json", at(30));
    clock.turnTo(at(60));
    ledger = GapLedger.open(folder, clock);
    ledger.started("receive");
    ledger.started("second");
    ledger.wanted("receive", AB);
    ledger.wanted("second", List.of("c"));

    assertThat(reads(ONE, 61, AB)).flatExtracting(Gap::topics).containsExactlyElementsOf(AB);
    assertThat(reads(new Replica("second", 0, 0), 62, List.of("c")))
        .flatExtracting(Gap::topics)
        .containsExactly("c");
  }

  @Test
  void healthIsToldWhileTheDiskDoesNotAnswer() throws Exception {
    ledger = GapLedger.open(folder, clock);
    ledger.wanted("receive", AB);
    ledger.wanted("mine", List.of("b", "c"));

    // As a thread that waits for the disk does
    synchronized (ledger) {
      assertThat(
              CompletableFuture.supplyAsync(
                      () -> ledger.trouble().isPresent() ? -1 : ledger.alsoWanted("mine"))
                  .get(10, TimeUnit.SECONDS))
          .isEqualTo(1);
    }
  }

  @Test
  void aFolderThatCannotBeWrittenIsSaidAndTheLedgerGoesOnInMemory() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "in the way");
    ledger = GapLedger.open(file, clock);
    ledger.started("receive");
    ledger.wanted("receive", AB);
    reads(ONE, 1, AB);
    ledger.blind(ONE, at(10), "dropped");

    assertThat(reads(ONE, 12, AB)).hasSize(1);
    assertThat(ledger.trouble())
        .hasValueSatisfying(s -> assertThat(s).contains("cannot be written"));

    Files.delete(file);
    ledger.save();
    assertThat(ledger.trouble()).isEmpty();
    assertThat(GapLedger.open(file, clock).notBackfilled()).hasSize(1);
  }

  @Test
  void thousandsOfTopicsInManyShardsAreRecordedInAMoment() {
    List<String> many = IntStream.range(0, 1_000).mapToObj(i -> "v2.users." + i).toList();
    start(many);
    for (int shard = 0; shard < 18; shard++) {
      reads(new Replica("receive", shard, 0), 1, many);
    }
    restart(60, many);

    assertThat(reads(ONE, 61, many)).hasSize(1);
  }

  private void damage(String name, Instant written) {
    try {
      Path file = folder.resolve(name);
      Files.writeString(file, "{\"until\":");
      Files.setLastModifiedTime(file, FileTime.from(written));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
  }

  private List<String> names() {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void whatAttemptsCameToIsKnownAfterARestart() {
    start(AB);
    ledger.attempts(ONE, new Attempts(3, at(90).toEpochMilli()));
    ledger.attempts(TWIN, new Attempts(1, at(5).toEpochMilli()));
    ledger.attempts(TWIN, Attempts.NONE);

    restart(10, AB);

    assertThat(ledger.attempts(ONE)).isEqualTo(new Attempts(3, at(90).toEpochMilli()));
    assertThat(ledger.attempts(TWIN)).isEqualTo(Attempts.NONE);
  }

  @Test
  void aReaderThatStopsReadsNothingUntilItStartsAgain() {
    startReading();
    ledger.readUntil(ONE, at(10));
    clock.turnTo(at(12));

    ledger.stopped("receive", GapLedger.ROUTE_EDITED);
    ledger.started("receive");
    ledger.wanted("receive", AB);

    assertThat(oneFrom(reads(ONE, 15, AB), 10).cause()).isEqualTo(GapLedger.ROUTE_EDITED);
  }

  @Test
  void aRouteThatIsEditedKeepsItsCauseThoughTheProcessEndsMeanwhile() {
    startReading();
    ledger.stopped("receive", GapLedger.ROUTE_EDITED);

    restart(30, AB);

    assertThat(reads(ONE, 40, AB)).extracting(Gap::cause).containsExactly(GapLedger.ROUTE_EDITED);
  }

  @Test
  void aReaderThatIsGoneDoesNotHideWhatAnotherMisses() {
    start(AB);
    Replica gone = new Replica("gone", 0, 0);
    ledger.started("gone");
    ledger.wanted("gone", AB);
    reads(gone, 1, AB);
    reads(ONE, 1, AB);

    ledger.stopped("gone", GapLedger.ROUTE_EDITED);
    ledger.blind(ONE, at(10), "dropped");

    assertThat(reads(ONE, 15, AB)).extracting(Gap::cause).containsExactly("dropped");
  }
}
