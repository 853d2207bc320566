package dev.caravan.channel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.channel.ShardReport.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds for a shard whatever happens to it, in whatever order, sensible or not. */
@Tag("slow")
class ShardMachinePropertiesTest {

  private static final int RUNS = 100;
  private static final int EVENTS = 400;
  private static final Cause[] NOTICES = {
    Cause.SOCKET_CLOSING, Cause.TAKEN_OVER, Cause.TOKEN_REVOKED
  };

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void theRulesHoldForAnySequenceOfEvents(long seed) {
    for (int run = 0; run < RUNS; run++) {
      new Story(seed * 1_000_003 + run).tell();
    }
  }

  /** One random life, checked after each event. */
  private static final class Story {

    private final long seed;
    private final Random dice;
    private final Drill shard = new Drill();
    private final Map<Integer, Cause> lostBy = new HashMap<>();
    private final Set<Integer> usedAgain = new HashSet<>();
    private final List<Long> attempts = new ArrayList<>();
    private final List<Long> creations = new ArrayList<>();
    private long mustBeCovered;

    Story(long seed) {
      this.seed = seed;
      this.dice = new Random(seed);
    }

    void tell() {
      happens(new ShardEvent.Started(Attempts.NONE));
      for (int i = 0; i < EVENTS; i++) {
        shard.random = dice.nextDouble();
        if (dice.nextInt(3) == 0) {
          long target = shard.now + dice.nextInt(dice.nextInt(8) == 0 ? 100_000 : 3_000);
          while (shard.wakeAt <= target) {
            shard.now = shard.wakeAt;
            happens(new ShardEvent.Woke());
          }
          shard.now = target;
        }
        shard.state.channels().stream()
            .filter(c -> c.socketOpenAt() > 0 && dice.nextBoolean())
            .forEach(c -> read(c.number()));
        happens(randomEvent());
      }
      happens(new ShardEvent.Stopped());
      assertThat(shard.state.channels()).isEmpty();
    }

    private void read(int channel) {
      if (dice.nextInt(10) == 0) {
        shard.hold(channel);
      } else {
        shard.frame(channel);
      }
    }

    private ShardEvent randomEvent() {
      List<ChannelState> channels = shard.state.channels();
      int number =
          channels.isEmpty() || dice.nextInt(20) == 0
              ? dice.nextInt(shard.state.nextNumber() + 2)
              : channels.get(dice.nextInt(channels.size())).number();
      return switch (dice.nextInt(12)) {
        case 0, 1, 2 ->
            new ShardEvent.SocketOpened(
                number, shard.now + dice.nextInt(600_000), Cause.CHANNEL_AGE);
        case 3, 4, 5 -> new ShardEvent.SignOfLife(number);
        case 6 -> new ShardEvent.OpenFailed(number, randomFailure());
        case 7 ->
            new ShardEvent.SocketClosed(
                number, dice.nextInt(4) == 0 ? Cause.TAKEN_OVER : Cause.DROPPED);
        case 8 -> new ShardEvent.Noticed(number, NOTICES[dice.nextInt(NOTICES.length)]);
        case 9, 10 -> new ShardEvent.RotationGranted(number, Cause.CHANNEL_AGE);
        default ->
            dice.nextInt(10) == 0
                ? new ShardEvent.Started(Attempts.NONE)
                : new ShardEvent.TopicsChanged();
      };
    }

    private Failure randomFailure() {
      Failure.Kind[] kinds = Failure.Kind.values();
      return new Failure(
          kinds[dice.nextInt(kinds.length)],
          "It failed.",
          Duration.ofSeconds(dice.nextInt(5) == 0 ? dice.nextInt(60) : 0),
          dice.nextInt(7));
    }

    private void happens(ShardEvent event) {
      ShardState before = shard.state;
      shard.on(event);
      Supplier<String> where =
          () -> "seed " + seed + ", " + event + " in " + before + " gave " + shard.actions;

      oneSuccessorAtATime(where);
      alwaysAPlan(event, where);
      noSuccessorWithoutReason(before, event, where);
      predecessorsOutliveTheirSuccessorsBirth(before, event, where);
      channelsAreUsedAgainOnceAndOnlyAfterADropOrSilence(before, event, where);
      blindnessIsRecorded(before, where);
      backoffIsBounded(where);
      aNewFaultIsFollowedAtOnce(before, event, where);
      attemptsStayWithinTheBudget(where);
    }

    private void aNewFaultIsFollowedAtOnce(
        ShardState before, ShardEvent event, Supplier<String> where) {
      if (!(event instanceof ShardEvent.SocketClosed closed) || before.stopped()) {
        return;
      }
      boolean lived =
          before
              .channel(closed.number())
              .filter(c -> c.trusted(Phase.LIVE) && shard.now - c.liveAt() >= 10_000)
              .isPresent();
      boolean back = closed.cause() == Cause.DROPPED;
      if (lived && (back || before.successor().isEmpty())) {
        ChannelState next = shard.state.last(c -> c.coming() && c.goesBack() == back).orElseThrow();
        assertThat(next.phase() == Phase.OPENING || next.openAt() - shard.now <= 250)
            .as(where)
            .isTrue();
      }
    }

    private void attemptsStayWithinTheBudget(Supplier<String> where) {
      shard.all(ShardAction.Open.class).stream()
          .filter(open -> !open.free())
          .forEach(
              open -> {
                attempts.add(shard.now);
                if (open.reuses() == 0) {
                  creations.add(shard.now);
                }
              });
      attempts.removeIf(at -> at <= shard.now - 60_000);
      creations.removeIf(at -> at <= shard.now - 60_000);
      assertThat(attempts).as(where).hasSizeLessThanOrEqualTo(20);
      assertThat(creations).as(where).hasSizeLessThanOrEqualTo(6);
    }

    private void oneSuccessorAtATime(Supplier<String> where) {
      for (boolean back : new boolean[] {true, false}) {
        assertThat(
                shard.state.channels().stream()
                    .filter(c -> c.coming() && c.goesBack() == back)
                    .count())
            .as(where)
            .isLessThanOrEqualTo(1);
      }
      assertThat(shard.state.channels().stream().filter(c -> c.trusted(Phase.LIVE)).count())
          .as(where)
          .isLessThanOrEqualTo(1);
    }

    private void alwaysAPlan(ShardEvent event, Supplier<String> where) {
      if (shard.state.stopped()) {
        return;
      }
      boolean liveOrComing =
          shard.state.channels().stream().anyMatch(c -> c.coming() || c.trusted(Phase.LIVE));
      assertThat(liveOrComing).as(where).isTrue();
      assertThat(shard.wakeAt).as(where).isGreaterThan(shard.now).isLessThan(Long.MAX_VALUE);
    }

    private void noSuccessorWithoutReason(
        ShardState before, ShardEvent event, Supplier<String> where) {
      if (shard.state.nextNumber() == before.nextNumber()) {
        return;
      }
      boolean granted =
          event instanceof ShardEvent.RotationGranted || event instanceof ShardEvent.Started;
      boolean failure =
          shard.all(ShardAction.Report.class).stream()
              .map(report -> report.report().kind())
              .anyMatch(
                  kind ->
                      kind == Kind.DISCONNECTED || kind == Kind.RETRYING || kind == Kind.BROKEN);
      assertThat(granted || failure).as(where).isTrue();
    }

    private void predecessorsOutliveTheirSuccessorsBirth(
        ShardState before, ShardEvent event, Supplier<String> where) {
      if (event instanceof ShardEvent.Stopped) {
        return;
      }
      for (ShardAction.Close close : shard.all(ShardAction.Close.class)) {
        boolean wasRead = before.channel(close.number()).filter(ChannelState::reading).isPresent();
        if (wasRead) {
          assertThat(shard.state.channels().stream().anyMatch(c -> c.trusted(Phase.LIVE)))
              .as(where)
              .isTrue();
        }
      }
    }

    private void channelsAreUsedAgainOnceAndOnlyAfterADropOrSilence(
        ShardState before, ShardEvent event, Supplier<String> where) {
      if (event instanceof ShardEvent.SocketClosed e
          && before.channel(e.number()).filter(c -> c.trusted(Phase.LIVE)).isPresent()) {
        lostBy.put(e.number(), e.cause());
      }
      shard.all(ShardAction.Cut.class).forEach(cut -> lostBy.put(cut.number(), Cause.SILENT));
      for (ShardAction.Open open : shard.all(ShardAction.Open.class)) {
        if (open.reuses() != 0) {
          assertThat(lostBy.get(open.reuses())).as(where).isIn(Cause.DROPPED, Cause.SILENT);
          assertThat(usedAgain).as(where).doesNotContain(open.reuses());
        }
      }
      // Once it was LIVE again, it is that one which may be gone back to
      shard.state.channels().stream()
          .filter(c -> c.goesBack() && !c.coming())
          .forEach(c -> usedAgain.add(c.reuses()));
    }

    private void blindnessIsRecorded(ShardState before, Supplier<String> where) {
      if (before.reading() && !shard.state.reading() && !shard.state.stopped()) {
        mustBeCovered =
            before.channels().stream()
                .filter(ChannelState::reading)
                .mapToLong(c -> Math.max(c.liveAt(), shard.reading(c.number()).lastFrameAt()))
                .max()
                .orElseThrow();
        assertThat(shard.all(ShardAction.Blind.class)).as(where).hasSize(1);
        assertThat(shard.state.blindSince())
            .as(where)
            .isPositive()
            .isLessThanOrEqualTo(mustBeCovered);
      }
      if (!before.reading() && shard.state.reading()) {
        assertThat(shard.all(ShardAction.Read.class)).as(where).isNotEmpty();
      }
      assertThat(shard.state.blindSince() > 0 && shard.state.reading()).as(where).isFalse();
    }

    private void backoffIsBounded(Supplier<String> where) {
      for (ShardAction.Report report : shard.all(ShardAction.Report.class)) {
        if (report.report().kind() == Kind.RETRYING) {
          long wait = report.report().to() - report.report().from();
          assertThat(wait).as(where).isBetween(0L, 66_000L);
        }
      }
      shard
          .state
          .successor()
          .filter(c -> c.phase() == Phase.NEW)
          .ifPresent(c -> assertThat(c.openAt() - shard.now).as(where).isLessThan(300_001));
    }
  }
}
