package dev.caravan.channel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.channel.ChannelOpener.Order;
import dev.caravan.channel.ShardStatus.Health;
import dev.caravan.frame.CopyPairing;
import dev.caravan.topic.TopicSharder;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ChannelGroupTest {

  private final Stage stage = new Stage();
  private ChannelGroup group = stage.group(1);

  private static TopicSharder.Shard shard(int number, String... topics) {
    return new TopicSharder.Shard(number, List.of(topics));
  }

  private void read(TopicSharder.Shard... shards) {
    group.read(List.of(shards));
    stage.control.settle();
  }

  private void readLive(int shards) {
    read(
        IntStream.range(0, shards)
            .mapToObj(n -> shard(n, "t" + n))
            .toArray(TopicSharder.Shard[]::new));
    List.copyOf(stage.orders).forEach(stage::live);
  }

  private long opening() {
    return group.shards().stream().filter(Shard::handingOver).count();
  }

  @Test
  void eachShardGetsAChannelOfItsOwn() {
    read(shard(0, "a"), shard(1, "b"));

    assertThat(stage.orders).extracting(order -> order.topics().get(0)).containsExactly("a", "b");
    assertThat(group.status()).extracting(ShardStatus::number).containsExactly(0, 1);
  }

  @Test
  void aNewPlanLeavesAloneWhatIsTheSame() {
    read(shard(0, "a"), shard(1, "b"), shard(2, "c"));
    List.copyOf(stage.orders).forEach(stage::live);

    read(shard(0, "a"), shard(1, "d"), shard(3, "e"));

    assertThat(stage.orders.subList(3, stage.orders.size()))
        .extracting(Order::topics)
        .containsExactlyInAnyOrder(List.of("d"), List.of("e"));
    assertThat(stage.links.get("0/1").closed).isFalse();
    assertThat(stage.links.get("2/1").closed).isTrue();
    assertThat(group.shards()).extracting(Shard::number).containsExactly(0, 1, 3);
  }

  @Test
  void oneShardHandsOverAtATime() {
    readLive(3);
    group.read(List.of(shard(0, "x"), shard(1, "y"), shard(2, "z")));
    stage.control.settle();
    assertThat(stage.orders).hasSize(4);

    for (int done = 4; done <= 6; done++) {
      stage.pass(Duration.ofSeconds(1));
      assertThat(stage.orders).hasSize(done);
      stage.live(stage.order(done - 1));
      stage.brings(stage.order(done - 4), Stage.PONG);
      // The others wait until the old channel is closed
      stage.pass(stage.timings.drainLate().minusMillis(500));
      assertThat(opening()).isEqualTo(1);
      stage.pass(Duration.ofMillis(500));
    }

    stage.pass(Duration.ofSeconds(5));
    assertThat(stage.orders).hasSize(6);
  }

  @Test
  void twoMayHandOverAtOnceWhenTheirSocketsAreAboutToBeClosed() {
    readLive(4);

    for (int i = 0; i < 4; i++) {
      stage.brings(stage.order(i), Stage.system("socket_closing"));
    }
    assertThat(stage.orders).hasSize(6);

    stage.live(stage.order(4));
    stage.live(stage.order(5));
    stage.pass(Duration.ofSeconds(4));
    assertThat(stage.orders).hasSize(8);
  }

  @Test
  void eighteenBusySocketsThatAreAboutToBeClosedAreHandedOverWithinTheirMinute() {
    readLive(18);
    for (int i = 0; i < 18; i++) {
      stage.brings(stage.order(i), Stage.system("socket_closing"));
    }

    int taken = 18;
    for (int tenth = 0; tenth < 550; tenth++) {
      stage.links.values().forEach(link -> link.lastFrameAt = stage.control.now());
      stage.pass(Duration.ofMillis(100));
      for (; taken < stage.orders.size(); taken++) {
        stage.live(stage.order(taken));
        stage.brings(stage.firstOf(stage.order(taken).shard()), Stage.PONG);
      }
    }

    assertThat(stage.kinds().stream().filter(ShardReport.Kind.HANDED_OVER::equals)).hasSize(18);
    assertThat(stage.kinds()).doesNotContain(ShardReport.Kind.DISCONNECTED);
  }

  @Test
  void eighteenSocketsWhoseTokenEndsInTwoAndAHalfMinutesAreHandedOverBefore() {
    readLive(18);
    long end = stage.control.now() + Duration.ofSeconds(150).toMillis();
    stage.links.values().forEach(link -> link.endsAt = end);
    group.read(IntStream.range(0, 18).mapToObj(n -> shard(n, "u" + n)).toList());
    stage.control.settle();

    int taken = 18;
    while (stage.control.now() < end) {
      stage.links.values().forEach(link -> link.lastFrameAt = stage.control.now());
      stage.pass(Duration.ofMillis(100));
      for (; taken < stage.orders.size(); taken++) {
        stage.live(stage.order(taken));
        stage.brings(stage.firstOf(stage.order(taken).shard()), Stage.PONG);
      }
    }

    assertThat(stage.kinds().stream().filter(ShardReport.Kind.HANDED_OVER::equals)).hasSize(18);
  }

  @ParameterizedTest
  @EnumSource(
      value = Cause.class,
      names = {"DROPPED", "SILENT"})
  void anOutageOfFiveSecondsIsOverForEighteenShardsSoonAfterIt(Cause cause) {
    readLive(18);
    stage.pass(Duration.ofSeconds(20));
    if (cause == Cause.DROPPED) {
      List.copyOf(stage.orders).forEach(order -> stage.ends(order, cause));
    } else {
      stage.pass(Duration.ofSeconds(22));
    }
    long lost = stage.control.now();
    Failure nobody = Failure.unavailable("Cannot be reached.").reaching(Failure.Reached.NOBODY);

    int taken = 18;
    while (stage.control.now() < lost + 15_000) {
      stage.pass(Duration.ofMillis(50));
      for (; taken < stage.orders.size(); taken++) {
        Order order = stage.order(taken);
        assertThat(order.reuse()).isPresent();
        if (stage.control.now() < lost + 5_000) {
          order.shard().failed(order.number(), nobody);
        } else {
          stage.live(order);
        }
      }
    }

    assertThat(group.status()).extracting(ShardStatus::health).doesNotContain(Health.BLIND);
    assertThat(stage.links.values()).noneMatch(link -> link.closed);
    assertThat(stage.links.values().stream().filter(link -> link.wasCut))
        .hasSize(cause == Cause.SILENT ? 18 : 0);
  }

  @Test
  void aShardWhoseSuccessorBacksOffDoesNotKeepTheOthersWaiting() {
    readLive(2);
    group.read(List.of(shard(0, "x"), shard(1, "y")));
    stage.control.settle();
    Order refused = stage.order(2);

    refused.shard().failed(refused.number(), Failure.refused("No."));
    stage.pass(Duration.ofSeconds(2));

    assertThat(stage.orders).hasSize(4);
    assertThat(stage.order(3).shard()).isNotSameAs(refused.shard());
  }

  @Test
  void stopClosesEverything() {
    readLive(3);

    group.stop();
    stage.control.settle();

    assertThat(stage.links.values()).allMatch(link -> link.closed);
  }

  private void readTwice(int shards) {
    group = stage.group(2);
    readLive(shards);
  }

  @Test
  void withRedundancyEachShardIsReadByTwoChannelsAndAnEventPassesOnce() {
    readTwice(2);
    assertThat(stage.orders)
        .extracting(order -> order.topics().get(0))
        .containsExactly("t0", "t0", "t1", "t1");

    stage.brings(stage.order(0), Stage.presence("a"));
    stage.brings(stage.order(1), Stage.presence("a"));
    stage.brings(stage.order(1), Stage.presence("b"));
    stage.brings(stage.order(0), Stage.presence("b"));
    stage.brings(stage.order(2), Stage.presence("a"));

    assertThat(stage.events).hasSize(3);
    assertThat(stage.pairedOff).isEqualTo(2);
  }

  @Test
  void withRedundancyACopyThatNeverCameDoesNotSwallowAnEventAfterALoss() {
    readTwice(1);
    stage.brings(stage.order(0), Stage.presence("a"));
    stage.ends(stage.order(0), Cause.DROPPED);

    stage.pass(CopyPairing.LAG.plusMillis(1));
    stage.brings(stage.order(1), Stage.presence("a"));

    assertThat(stage.events).hasSize(2);
  }

  @Test
  void withRedundancyALostSocketLosesAndRepeatsNothing() {
    readTwice(1);
    stage.brings(stage.order(0), Stage.presence("a"));
    stage.brings(stage.order(1), Stage.presence("b"));

    stage.ends(stage.order(0), Cause.DROPPED);
    stage.brings(stage.order(1), Stage.presence("a"));
    stage.brings(stage.order(1), Stage.presence("c"));

    assertThat(stage.events).hasSize(3);
    assertThat(group.status())
        .singleElement()
        .satisfies(
            status -> {
              assertThat(status.health()).isEqualTo(ShardStatus.Health.FLOWING);
              assertThat(status.blindMillis()).isZero();
              assertThat(status.sentence())
                  .contains("Only 1 of 2 channels is read. The other: Not reading");
            });
    stage.ends(stage.order(1), Cause.DROPPED);
    assertThat(group.status())
        .extracting(ShardStatus::health)
        .containsExactly(ShardStatus.Health.BLIND);
    assertThat(stage.ledger).containsSubsequence("blind dropped", "blind dropped");
  }

  @Test
  void theTwoChannelsOfAShardNeverHandOverAtTheSameTime() {
    readTwice(1);

    stage.brings(stage.order(0), Stage.system("socket_closing"));
    stage.brings(stage.order(1), Stage.system("socket_closing"));
    assertThat(stage.orders).hasSize(3);

    stage.live(stage.order(2));
    stage.pass(Duration.ofSeconds(4));
    assertThat(stage.orders).hasSize(4);
    assertThat(stage.order(3).shard()).isSameAs(stage.order(1).shard());
  }

  @Test
  void twoChannelsKeptFreeAreHalfAsManyShards() {
    assertThat(ChannelGroup.mostShards(1)).isEqualTo(18);
    assertThat(ChannelGroup.mostShards(2)).isEqualTo(9);
  }
}
