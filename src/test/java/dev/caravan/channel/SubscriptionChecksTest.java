package dev.caravan.channel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.channel.SubscriptionChecks.Finding;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SubscriptionChecksTest {

  private static final String USER = "v2.users.7b5a5a2e-1c2d-4e5f-8a9b-0c1d2e3f4a5b";
  private static final String PRESENCE = USER + ".presence";
  private static final String STATUS = USER + ".routingStatus";
  private static final String BOTH = USER + "?presence&routingStatus";
  private static final String OTHER = "v2.users.8c5a5a2e-1c2d-4e5f-8a9b-0c1d2e3f4a5b.presence";

  private final SubscriptionChecks checks = new SubscriptionChecks(0);
  private Channel channel = channel(10);

  private static Channel channel(long begunAt) {
    Channel channel = new Channel();
    channel.topics = List.of(PRESENCE, STATUS, OTHER);
    channel.begin(begunAt);
    return channel;
  }

  private Finding listed(long at, String... entities) {
    return checks.listed(channel, List.of(BOTH, OTHER), Set.of(entities), at);
  }

  @Test
  void whatIsListedIsThereCombinedOrNotAndWhateverTheCase() {
    assertThat(listed(20, BOTH, OTHER.toUpperCase(Locale.ROOT)))
        .isEqualTo(new Finding(List.of(), 10, false, 0));
    assertThat(listed(30, PRESENCE, STATUS, OTHER)).isEqualTo(new Finding(List.of(), 20, false, 0));
    assertThat(channel.verifiedAt).isEqualTo(30);
  }

  @Test
  void whatTwoListingsInARowLackIsLostSinceItWasListedLast() {
    listed(20, BOTH, OTHER);

    assertThat(listed(30, PRESENCE, OTHER)).isEqualTo(new Finding(List.of(), 20, true, 0));
    assertThat(listed(33, PRESENCE, OTHER)).isEqualTo(new Finding(List.of(STATUS), 20, false, 0));
  }

  @Test
  void aListingThatIsShortOnceOrTwiceInDifferentWaysTakesNothingAway() {
    listed(20, BOTH, OTHER);

    assertThat(listed(30).lost()).isEmpty();
    assertThat(listed(33, BOTH, OTHER).doubtful()).isFalse();
    assertThat(listed(40, BOTH).lost()).isEmpty();
    assertThat(listed(43, OTHER)).isEqualTo(new Finding(List.of(), 33, true, 0));
    assertThat(listed(46, BOTH, OTHER).lost()).isEmpty();
  }

  @Test
  void whatNoListingHasEverHadIsNotMissed() {
    listed(20, OTHER);

    assertThat(listed(30, OTHER).doubtful()).isFalse();
    assertThat(listed(33, OTHER).lost()).isEmpty();
  }

  @Test
  void whatAListingOfTheChannelBeforeHadIsMissedAtOnce() {
    listed(20, BOTH, OTHER);
    channel = channel(25);

    assertThat(listed(30, BOTH).doubtful()).isTrue();
    assertThat(listed(33, BOTH)).isEqualTo(new Finding(List.of(OTHER), 25, false, 0));
  }

  @Test
  void whatIsLostAndAskedForAgainIsMissedAgain() {
    listed(20, BOTH, OTHER);
    listed(30, BOTH);
    listed(33, BOTH);
    channel.topics = List.of(PRESENCE, STATUS);
    assertThat(listed(36, BOTH, OTHER).others()).isZero();
    channel.topics = List.of(PRESENCE, STATUS, OTHER);

    assertThat(listed(40, BOTH).doubtful()).isTrue();
    assertThat(listed(43, BOTH)).isEqualTo(new Finding(List.of(OTHER), 36, false, 0));
  }

  @Test
  void whatWasNeverAskedForIsCounted() {
    assertThat(listed(20, BOTH, OTHER, OTHER.replace("presence", "activity")).others()).isOne();
  }
}
