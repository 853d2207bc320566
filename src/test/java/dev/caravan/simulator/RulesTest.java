package dev.caravan.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caravan.simulator.api.RateLimiter;
import dev.caravan.simulator.fault.Action;
import dev.caravan.simulator.fault.Scenario;
import dev.caravan.simulator.session.Channel;
import dev.caravan.simulator.session.Channels;
import dev.caravan.simulator.session.Token;
import dev.caravan.simulator.session.Tokens;
import dev.caravan.testing.MutableClock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The rules behind the API, by a clock that only moves when told. */
class RulesTest {

  private static final Instant START = Instant.parse("2026-11-21T09:00:00Z");

  private final MutableClock wall = new MutableClock(START);
  private final SimulatorClock clock = new SimulatorClock(wall, 1);
  private final Ids ids = new Ids(1);
  private final Tokens tokens = new Tokens(ids, List.of());
  private final Channels channels = new Channels(SimulatorOptions.defaults(), clock, ids, tokens);

  private Token token(Duration life) {
    return tokens.issue("demo", clock.now(), life);
  }

  private void pass(Duration time) {
    wall.pass(time);
  }

  @Test
  void aChannelLivesADayAfterItsLastSubscription() {
    Channel channel = channels.create(token(Duration.ofHours(48)));
    pass(Duration.ofHours(20));
    channels.subscribe(channel, Map.of("t", List.of("t")));
    pass(Duration.ofHours(23));
    assertThat(channels.findAlive(channel.id())).isPresent();

    pass(Duration.ofHours(1));

    assertThat(channels.findAlive(channel.id())).isEmpty();
    assertThat(channels.removeEnded()).containsExactly(channel);
    assertThat(channels.heard("t")).isFalse();
  }

  @Test
  void aChannelEndsWithItsToken() {
    Channel channel = channels.create(token(Duration.ofHours(1)));

    pass(Duration.ofMinutes(61));

    assertThat(channels.removeEnded()).containsExactly(channel);
  }

  @Test
  void unconnectedChannelsGoFirstAndThenTheLeastUsed() {
    Token token = token(Duration.ofHours(24));
    List<Channel> created = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      pass(Duration.ofSeconds(1));
      created.add(channels.create(token));
    }
    created.get(0).connected(true);
    created.get(1).connected(true);
    created.get(2).use(clock.now());

    channels.create(token);
    assertThat(channels.evict("demo")).containsExactly(created.get(3));

    created.forEach(channel -> channel.connected(true));
    channels.all().forEach(channel -> channel.connected(true));
    channels.create(token);
    assertThat(channels.evict("demo")).containsExactly(created.get(0));
  }

  @Test
  void channelsOfOtherClientsAreLeftAlone() {
    Token token = token(Duration.ofHours(24));
    Token other = tokens.issue("other", clock.now(), Duration.ofHours(24));
    Channel theirs = channels.create(other);
    for (int i = 0; i < 21; i++) {
      channels.create(token);
    }

    assertThat(channels.evict("demo")).hasSize(1).doesNotContain(theirs);
    assertThat(channels.evict("other")).isEmpty();
  }

  @Test
  void aTopicAskedForTwiceIsHeardOnceAndUntilBothAreGone() {
    Channel channel = channels.create(token(Duration.ofHours(24)));
    channels.subscribe(channel, Map.of("u.presence", List.of("u.presence")));
    channels.subscribe(channel, Map.of("u?presence&x", List.of("u.presence", "u.x")));
    assertThat(channels.listeners("u.presence")).containsExactly(channel);

    channels.unsubscribe(channel, List.of("u.presence"));
    assertThat(channels.heard("u.presence")).isTrue();

    channels.clear(channel);
    assertThat(channels.heard("u.presence")).isFalse();
  }

  @Test
  void theRateLimitIsCountedByTheMinute() {
    RateLimiter limiter = new RateLimiter(2);

    assertThat(limiter.count("t", clock.now())).isEqualTo(new RateLimiter.Standing(1, 2, 60));
    pass(Duration.ofMillis(18_500));
    assertThat(limiter.count("t", clock.now())).isEqualTo(new RateLimiter.Standing(2, 2, 42));
    assertThat(limiter.count("t", clock.now()).exceeded()).isTrue();
    assertThat(limiter.count("other", clock.now()).exceeded()).isFalse();

    pass(Duration.ofMinutes(1));
    assertThat(limiter.count("t", clock.now()).count()).isEqualTo(1);
  }

  @Test
  void compressedTimeIsAnnouncedByTheClientsOwnClock() {
    SimulatorClock fast = new SimulatorClock(wall, 1440);
    pass(Duration.ofSeconds(30));

    assertThat(fast.now()).isEqualTo(START.plus(Duration.ofHours(12)));
    assertThat(fast.onTheWall(START.plus(Duration.ofHours(24))))
        .isEqualTo(START.plus(Duration.ofMinutes(1)));
    assertThat(fast.onTheWall(Duration.ofHours(24))).isEqualTo(Duration.ofMinutes(1));
  }

  @Test
  void theLedgerForgetsTheOldestAndSaysSo() {
    Ledger ledger = new Ledger(2);
    for (int i = 1; i <= 3; i++) {
      ledger.write(0, 1, 1, "t", "c" + i, 10, LedgerEntry.Outcome.SENT);
    }

    assertThat(ledger.entries(any -> true, 10))
        .extracting(LedgerEntry::correlationId)
        .containsExactly("c2", "c3");
    assertThat(ledger.forgotten()).isEqualTo(1);
    assertThat(ledger.sentByTopic()).containsEntry("t", 3L);
  }

  @Test
  void theSameSeedGivesTheSameIds() {
    assertThat(new Ids(4).channel()).isEqualTo(new Ids(4).channel());
    assertThat(new Ids(4).uuid()).isNotEqualTo(new Ids(5).uuid());
  }

  @Test
  void secretsAreNotPrinted() {
    assertThat(token(Duration.ofHours(1)).toString()).isEqualTo("Token[1]");
    assertThat(new OauthClient("id", "very secret").toString()).doesNotContain("secret");
    assertThat(SimulatorOptions.defaults().withClient(new OauthClient("x", "very secret")))
        .asString()
        .doesNotContain("very secret");
  }

  @Test
  void aScenarioIsReadFromYaml() {
    Scenario scenario =
        Scenario.parse(
            """
            name: a bad afternoon
            options:
              centre: {agents: 50, queues: 4, conversationsPerAgentHour: 12}
              clients: [{id: a, secret: b, tokenLife: PT5M}]
              behaviour: {heartbeat: PT5S}
            faults:
              - {on: call, match: "POST *", effect: status, status: 429, retryAfter: PT3S, times: 2}
            timeline:
              - {at: PT10S, type: close, code: 1012}
              - {at: PT20S, every: PT5S, times: 3, type: socketClosing, target: {channel: 2}}
            """);

    assertThat(scenario.name()).isEqualTo("a bad afternoon");
    assertThat(scenario.options().centre().agents()).isEqualTo(50);
    assertThat(scenario.options().behaviour().heartbeat()).isEqualTo(Duration.ofSeconds(5));
    assertThat(scenario.options().behaviour().takeoverCode()).isEqualTo(1000);
    assertThat(scenario.options().clients().get(0).tokenLife()).isEqualTo(Duration.ofMinutes(5));
    assertThat(scenario.faults()).hasSize(1);
    assertThat(scenario.timeline().get(0))
        .isEqualTo(
            new Scenario.Step(
                Duration.ofSeconds(10), Duration.ZERO, 1, new Action.Close(null, 1012, "")));
    assertThat(scenario.timeline().get(1).times()).isEqualTo(3);
  }

  @Test
  void aScenarioWithAMistakeIsRefusedWithASentence() {
    assertThatThrownBy(() -> Scenario.parse("fault: []"))
        .hasMessageContaining("no section 'fault'");
    assertThatThrownBy(() -> Scenario.parse("timeline: [{type: dance}]"))
        .hasMessageContaining("dance");
    assertThatThrownBy(() -> Scenario.parse("options: {agents: 3}")).hasMessageContaining("agents");
  }
}
