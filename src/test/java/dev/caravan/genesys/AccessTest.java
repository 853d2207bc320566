package dev.caravan.genesys;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.channel.ShardStatus;
import dev.caravan.cluster.Logins;
import dev.caravan.cluster.Reach;
import dev.caravan.topic.TopicSharder;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AccessTest {

  private static final TopicSharder.Shard EAST = new TopicSharder.Shard(1, "east", List.of("v2.e"));
  private static final TopicSharder.Shard WEST = new TopicSharder.Shard(2, "west", List.of("v2.w"));

  private final Map<String, Boolean> tried = new HashMap<>();
  private final Set<Integer> read = new HashSet<>();
  private final Set<Integer> dealt = new HashSet<>();
  private final Map<String, String> troubles = new HashMap<>();
  private final Set<String> canElsewhere = new HashSet<>();
  private boolean listingFails;
  private long now = 1_000_000;

  private final Access access =
      new Access(
          new Access.Readers() {
            @Override
            public List<ClientStatus> statuses() {
              return List.of(status(EAST), status(WEST));
            }

            @Override
            public Map<String, Boolean> canLogIn() {
              return new HashMap<>(tried);
            }

            @Override
            public boolean knows(String client) {
              return Set.of("east", "west").contains(client);
            }

            @Override
            public boolean isRead(int shard) {
              return read.contains(shard);
            }
          },
          canElsewhere::contains,
          () -> listingFails);

  private ClientStatus status(TopicSharder.Shard shard) {
    boolean reads = read.contains(shard.number());
    ShardStatus its =
        new ShardStatus(
            shard.number(),
            1,
            reads ? ShardStatus.Health.FLOWING : ShardStatus.Health.BLIND,
            "",
            List.of(),
            0,
            0,
            reads ? 0 : 1,
            reads);
    return new ClientStatus(
        shard.client(),
        dealt.contains(shard.number()) ? List.of(its) : List.of(),
        Optional.ofNullable(troubles.get(shard.client())));
  }

  private Reach reachAfter(long millis) {
    access.reach(now);
    now += millis;
    return access.reach(now);
  }

  @Test
  void whoReadsReachesGenesysCloud() {
    dealt.addAll(Set.of(1, 2));
    read.add(2);

    assertThat(reachAfter(0)).isEqualTo(Reach.YES);
  }

  @Test
  void whoIsToReadAndHasReadNothingForLongDoesNot() {
    dealt.add(1);

    assertThat(reachAfter(Access.UNREACHED_MILLIS - 1)).isEqualTo(Reach.UNKNOWN);
    now++;
    assertThat(access.reach(now)).isEqualTo(Reach.NO);
    read.add(1);
    assertThat(access.reach(now)).isEqualTo(Reach.YES);
    read.remove(1);
    assertThat(access.reach(now)).as("counted anew").isEqualTo(Reach.UNKNOWN);
  }

  @Test
  void whoHasNothingToReadIsNotKnownToUnlessItIsToListAndCannot() {
    assertThat(reachAfter(Access.UNREACHED_MILLIS)).isEqualTo(Reach.UNKNOWN);

    listingFails = true;

    assertThat(reachAfter(Access.UNREACHED_MILLIS)).isEqualTo(Reach.NO);
  }

  @Test
  void whatAClientThatCannotLogInDoesNotReadSaysNothing() {
    dealt.addAll(Set.of(1, 2));
    troubles.put("east", "refused");
    read.add(2);

    assertThat(reachAfter(Access.UNREACHED_MILLIS)).isEqualTo(Reach.YES);
  }

  @Test
  void whoCannotLogInWithAnyClientIsOfNoUseIfAnotherCanLogInWithOne() {
    troubles.putAll(Map.of("east", "refused", "west", "refused"));
    tried.putAll(Map.of("east", false, "west", false));
    assertThat(reachAfter(Access.UNREACHED_MILLIS)).isEqualTo(Reach.UNKNOWN);

    canElsewhere.add("west");

    assertThat(reachAfter(Access.UNREACHED_MILLIS)).isEqualTo(Reach.NO);
  }

  @Test
  void whatIsNotReadAsItsClientCannotLogInIsToldAndWhatIsReadIsNot() {
    tried.putAll(Map.of("east", false, "west", false));
    read.add(2);

    Logins logins = access.logins(List.of(EAST, WEST), now);

    assertThat(logins.can()).containsOnly(Map.entry("east", false), Map.entry("west", false));
    assertThat(logins.unread()).containsExactly(1);
  }

  @Test
  void aClientThatThisInstanceDoesNotHaveCannotLogInHereAlsoAfterItsShardHasGone() {
    TopicSharder.Shard other = new TopicSharder.Shard(3, "north", List.of("v2.n"));

    assertThat(access.logins(List.of(other), now).unread()).containsExactly(3);

    assertThat(access.logins(List.of(), now).can()).containsEntry("north", false);
  }

  @Test
  void aClientWithoutATokenForLongIsLeftToAnotherThatHasOne() {
    access.logins(List.of(EAST), now);
    now += Access.UNREACHED_MILLIS;
    assertThat(access.logins(List.of(EAST), now).can()).as("nobody has").doesNotContainKey("east");

    canElsewhere.add("east");
    assertThat(access.logins(List.of(EAST), now).can()).containsEntry("east", false);
    assertThat(access.logins(List.of(), now).can())
        .as("it has none yet")
        .containsEntry("east", false);
    tried.put("east", true);

    assertThat(access.logins(List.of(), now).can()).containsEntry("east", true);
    tried.clear();
    assertThat(access.logins(List.of(EAST), now).can())
        .as("counted anew")
        .doesNotContainKey("east");
  }
}
