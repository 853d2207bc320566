package dev.caravan.road;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.caravan.simulator.fault.Action;
import dev.caravan.simulator.fault.Fault;
import dev.caravan.testing.Bridge;
import dev.caravan.testing.FaultyProxy;
import dev.caravan.testing.FaultyProxy.Direction;
import dev.caravan.testing.Ledger.Gap;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whatever ends a socket or spoils a call, done while numbered events flow through a network that
 * fails on command: a successor is found, what is missing lies inside the gap on record, nothing
 * comes twice, and nobody learns a secret. Prints the lines that docs/reliability.md shows.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RoadFaultsIT {

  private static final Logger LOG = LoggerFactory.getLogger(RoadFaultsIT.class);

  /**
   * With -Dcaravan.faults=shipped the delays are those that ship, and each fault finds a connection
   * that has lived for long. Otherwise they are a tenth and less, so that a build has time for it.
   */
  private static final boolean SHIPPED = "shipped".equals(System.getProperty("caravan.faults"));

  /**
   * In a build fewer than for the figures, as each costs four processes time: -Dcaravan.rate=200.
   */
  private static final int PER_SECOND = Integer.getInteger("caravan.rate", SHIPPED ? 200 : 50);

  /** One attempt after a loss, by design: up to 250 ms of jitter, and its round trips. */
  private static final Duration ATTEMPT = Duration.ofMillis(300);

  /** A socket that is open but dead is noticed after that, by design. */
  private static final Duration NOTICED = Duration.ofSeconds(42);

  private static final String TOKEN = "POST /oauth/token";
  private static final String CHANNEL = "POST /api/v2/notifications/channels";
  private static final String SUBSCRIBE = CHANNEL + "/{id}/subscriptions";
  private static final Action REVOKE = new Action.RevokeToken(Action.Target.ALL);
  private static final Action NEW_CHANNEL = new Action.Close(1000);
  private static final Action RESET = new Action.Reset(Action.Target.ALL);

  /** Channel ids and tokens as the stand-in makes them. */
  private static final Pattern CREDENTIAL =
      Pattern.compile("streaming-\\d-\\w+|\\b[A-Za-z0-9_-]{86}\\b");

  private static final Duration ASKED = Duration.ofSeconds(1);

  /**
   * An OAuth client has 6 new channels a minute. The start takes one, a fault three at most, and of
   * each two that a fault takes the stand-in may have answered one only: after the start and one
   * that was answered there is room for a fault.
   */
  private static final int NEW_CHANNELS = 2;

  private FaultyProxy network;
  private Road road;
  private NumberedEvents events;
  private Bridge.Settings settings;
  private long startedAtMillis;

  @BeforeAll
  void open(@TempDir Path folder) {
    network = FaultyProxy.start();
    road = Road.in(folder);
    network.to(road.genesys().port());
    String throughIt = "http://127.0.0.1:" + network.port();
    settings =
        road.settings()
            .with("GENESYS_LOGIN_URL", throughIt)
            .with("GENESYS_API_URL", throughIt)
            .with("GENESYS_BACKFILL", "false");
    if (SHIPPED) {
      settings = shipped(settings);
    }
    start();
    road.until(() -> road.signals("CONNECTED").size() == 1);
    events =
        new NumberedEvents(road.genesys())
            .reading(road.kafka())
            .every(Duration.ofSeconds(1).dividedBy(PER_SECOND));
    events.start(List.of(Road.TOPIC));
  }

  private static Bridge.Settings shipped(Bridge.Settings settings) {
    return settings
        .with("GENESYS_RETRY_INITIAL_DELAY", "2s")
        .with("GENESYS_RETRY_MAXIMUM_DELAY", "30s")
        .with("GENESYS_BREAKER_FAILURE_RATE", "100")
        .with("GENESYS_BREAKER_WAIT", "2");
  }

  private void start() {
    road.start(settings).awaitReady();
    startedAtMillis = System.currentTimeMillis();
  }

  /** Has lived for long, and has made no more than a few new channels in the last minute. */
  @BeforeEach
  void owesNothing() {
    road.until(() -> gapsIn("BACKFILLED").containsAll(gapsIn("GAP")));
    if (SHIPPED) {
      pass(Duration.ofSeconds(25));
      return;
    }
    long since = Math.max(startedAtMillis, System.currentTimeMillis() - 60_000);
    long made =
        road.genesys().calls().stream()
            .filter(call -> call.name().equals(CHANNEL) && call.atMillis() > since)
            .count();
    if (made > NEW_CHANNELS) {
      // A minute takes longer than another start, which has not made any
      int told = road.signals("BACKFILLED").size();
      start();
      road.until(
          () ->
              road.signals("BACKFILLED").size() > told
                  && gapsIn("BACKFILLED").containsAll(gapsIn("GAP")));
    }
  }

  @AfterAll
  void close() {
    events.close();
    road.close();
    network.close();
  }

  @AfterEach
  void mend() {
    network.delay(0);
    road.genesys().disarm();
  }

  /**
   * A fault, by name, and the cause that the signals give.
   *
   * @param least how long nothing can be read whatever one does
   */
  private record Blow(String name, String cause, Duration least, Consumer<RoadFaultsIT> strike) {
    private Blow(String name, String cause, Consumer<RoadFaultsIT> strike) {
      this(name, cause, ATTEMPT, strike);
    }

    /** The same if it lasts for so long by itself. */
    private Blow lasting(Duration time) {
      return new Blow(name, cause, time.plus(ATTEMPT), strike);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private static Blow blow(String name, String cause, Action action, Fault... faults) {
    return new Blow(
        name,
        cause,
        on -> {
          Stream.of(faults).forEach(on.road.genesys()::arm);
          on.road.genesys().perform(action);
        });
  }

  /** One of each kind. */
  static Stream<Blow> blows() {
    return Stream.of(
        blow("close 1000", "taken-over", NEW_CHANNEL),
        blow("TCP reset (1006)", "dropped", RESET),
        new Blow(
                "nothing comes from Genesys Cloud, the socket stays open",
                "silent",
                on -> on.network.swallow(Direction.TO_CLIENT))
            .lasting(NOTICED),
        blow("evicted by a 21st channel", "taken-over", new Action.Evict(Action.Target.ALL)),
        blow("404 to the handshake", "dropped", RESET, handshake(404, Fault.Effect.STATUS)),
        blow("429 to the channel, 1 s", "taken-over", NEW_CHANNEL, busy(CHANNEL)).lasting(ASKED),
        blow("500 to the subscriptions", "taken-over", NEW_CHANNEL, once(SUBSCRIBE, 500)),
        blow("502 to the token", "token-revoked", REVOKE, once(TOKEN, 502)),
        blow("the channel's answer is lost", "taken-over", NEW_CHANNEL, lost(CHANNEL)),
        blow("the subscriptions' is rubbish", "taken-over", NEW_CHANNEL, broken(SUBSCRIBE)));
  }

  static Stream<Blow> otherBlows() {
    return Stream.of(
        blow("close 1001", "dropped", new Action.Close(1001)),
        blow("close 1011", "dropped", new Action.Close(1011)),
        blow("close 1012", "dropped", new Action.Close(1012)),
        new Blow("TCP reset in mid-frame", "dropped", on -> on.network.cutNext()),
        new Blow(
                "connecting takes 3 s",
                "dropped",
                on -> {
                  on.network.delay(3_000);
                  on.road.genesys().perform(RESET);
                })
            .lasting(Duration.ofSeconds(3)),
        blow("another client takes the channel", "taken-over", takenOver()),
        blow("the channel expires", "dropped", new Action.ExpireChannel(Action.Target.ALL)),
        blow("the token is revoked", "token-revoked", REVOKE),
        blow("away for 2 s", "dropped", new Action.Outage(Duration.ofSeconds(2)))
            .lasting(Duration.ofSeconds(2)),
        blow("503 to the handshake", "dropped", RESET, handshake(503, Fault.Effect.STATUS)),
        blow("1011 after the handshake", "dropped", RESET, handshake(1011, Fault.Effect.CLOSE)),
        blow("reset in the handshake", "dropped", RESET, handshake(0, Fault.Effect.RESET)),
        blow("429 to the subscriptions, 1 s", "taken-over", NEW_CHANNEL, busy(SUBSCRIBE))
            .lasting(ASKED),
        blow("429 to the token, 1 s", "token-revoked", REVOKE, busy(TOKEN)).lasting(ASKED),
        blow("503 to the channel", "taken-over", NEW_CHANNEL, once(CHANNEL, 503)),
        blow("404 to the subscriptions", "taken-over", NEW_CHANNEL, once(SUBSCRIBE, 404)),
        blow("401 to the channel", "taken-over", NEW_CHANNEL, once(CHANNEL, 401)),
        blow("the channel's answer is rubbish", "taken-over", NEW_CHANNEL, broken(CHANNEL)),
        blow("the token's is rubbish", "token-revoked", REVOKE, broken(TOKEN)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("blows")
  void whatIsMissingLiesInsideTheGapOnRecord(Blow blow) {
    strike(blow);
  }

  @Tag("long")
  @ParameterizedTest(name = "{0}")
  @MethodSource("otherBlows")
  void soItDoesWithAnyOther(Blow blow) {
    strike(blow);
  }

  private void strike(Blow blow) {
    int first = events.sent();
    int signals = road.signals().size();
    int told = road.signals("BACKFILLED").size();
    flows();

    blow.strike.accept(this);

    // The last of the signals about a loss: that nothing is read again
    road.until(() -> road.signals("BACKFILLED").size() > told);
    List<Integer> missing = settle(blow.name, first, blow.least);
    List<JsonNode> since = road.signals().subList(signals, road.signals().size());
    assertThat(since)
        .extracting(signal -> signal.path("type").asText())
        .containsExactly("DISCONNECTED", "CONNECTED", "GAP", "BACKFILLED");
    assertThat(since).extracting(signal -> signal.path("cause").asText()).containsOnly(blow.cause);
    List<Gap> gaps = road.gaps();
    assertThat(events.outsideGaps(missing, gaps.subList(gaps.size() - 1, gaps.size()))).isEmpty();
    events.assertNothingRepeated();
    nobodyLearnsASecret();
  }

  @Test
  void anEndThatIsAnnouncedAMinuteAheadLosesNothing() {
    int first = events.sent();
    int signals = road.signals().size();
    int handedOver = road.signals("HANDED_OVER").size();
    flows();

    road.genesys()
        .perform(new Action.SocketClosing(Action.Target.ALL, Duration.ofMinutes(1), false, 1001));

    road.until(() -> road.signals("HANDED_OVER").size() > handedOver);
    List<Integer> missing = settle("socket_closing, a minute ahead", first, Duration.ZERO);
    assertThat(road.signals().subList(signals, road.signals().size()))
        .singleElement()
        .extracting(signal -> signal.path("cause").asText())
        .isEqualTo("socket-closing");
    assertThat(missing).isEmpty();
    events.assertNothingRepeated();
    nobodyLearnsASecret();
    // The old socket is read until it is quiet, and what strikes next would strike it, too
    road.until(() -> road.genesys().openSockets() == 1);
  }

  /** What was sent before the new channel was there comes on the old one, and comes late. */
  @Test
  void aHandOverWhileAFifthOfWhatEachSocketBringsIsLateLosesAndRepeatsNothing() {
    int first = events.sent();
    int handedOver = road.signals("HANDED_OVER").size();
    Duration late = Duration.ofSeconds(3);
    road.genesys()
        .arm(Fault.of(Fault.On.EVENT, "*", Fault.Effect.DELAY).atRate(0.2).withDelay(late));
    pass(late);

    road.genesys()
        .perform(new Action.SocketClosing(Action.Target.ALL, Duration.ofMinutes(1), false, 1001));

    road.until(() -> road.signals("HANDED_OVER").size() > handedOver);
    road.until(() -> road.genesys().openSockets() == 1);
    road.genesys().disarm();
    pass(late);
    List<Integer> missing = settle("a hand-over, a fifth 3 s late", first, Duration.ZERO);
    assertThat(missing).isEmpty();
    events.assertNothingRepeated();
  }

  @Test
  void anEndThatIsAnnouncedTooLateIsAGapOnRecord() {
    int first = events.sent();
    int told = road.gaps().size();
    int connected = road.signals("CONNECTED").size() + road.signals("HANDED_OVER").size();
    flows();

    road.genesys().perform(new Action.SocketClosing(Action.Target.ALL, Duration.ZERO, false, 1001));

    road.until(
        () -> road.signals("CONNECTED").size() + road.signals("HANDED_OVER").size() > connected);
    List<Integer> missing = settle("socket_closing, no time ahead", first, ATTEMPT);
    List<Gap> gaps = road.gaps();
    assertThat(events.outsideGaps(missing, gaps.subList(told, gaps.size()))).isEmpty();
    events.assertNothingRepeated();
    road.until(() -> road.genesys().openSockets() == 1);
  }

  @Test
  void aSocketThatCanOnlyBeReadLosesNothing() {
    int first = events.sent();
    flows();

    network.swallow(Direction.TO_SERVER);

    List<Integer> missing = settle("nothing reaches Genesys Cloud", first, Duration.ZERO);
    assertThat(missing).isEmpty();
    events.assertNothingRepeated();
  }

  // ---- faults that follow each other

  /** Several faults, and how long nothing can be read because of them all. */
  private record Sequence(String name, Duration least, Consumer<RoadFaultsIT> strike) {
    @Override
    public String toString() {
      return name;
    }
  }

  /**
   * Those that blind for long whatever one does only with the delays that ship: a build has no time
   * for them, and the attempts of a minute do not suffice for a backoff of a tenth.
   */
  static Stream<Sequence> sequences() {
    return allSequences().filter(it -> SHIPPED || it.least.compareTo(NOTICED.dividedBy(3)) < 0);
  }

  private static Stream<Sequence> allSequences() {
    return Stream.of(
        new Sequence("drops every 4 s, five times", ATTEMPT.multipliedBy(5), on -> on.drops(5)),
        new Sequence(
            "two drops, then three 429s of 3 s",
            ATTEMPT.multipliedBy(3).plusSeconds(9),
            on -> {
              on.drops(2);
              on.road
                  .genesys()
                  .arm(Fault.status(CHANNEL, 429).withRetryAfter(Duration.ofSeconds(3)).times(3));
              on.road.genesys().perform(NEW_CHANNEL);
            }),
        new Sequence(
            "a dead socket after three drops",
            ATTEMPT.multipliedBy(4).plus(NOTICED),
            on -> {
              on.drops(3);
              on.network.swallow(Direction.TO_CLIENT);
              on.pass(NOTICED);
            }),
        new Sequence(
            "503 to the channel for 20 s, then a drop",
            ATTEMPT.multipliedBy(2).plusSeconds(20),
            on -> {
              on.road.genesys().arm(Fault.status(CHANNEL, 503));
              on.road.genesys().perform(NEW_CHANNEL);
              on.pass(Duration.ofSeconds(20));
              on.road.genesys().disarm();
              on.road.bridge().awaitReady();
              on.pass(Duration.ofSeconds(11));
              on.road.genesys().perform(RESET);
            }),
        new Sequence(
            "the token revoked during a 429 of 3 s",
            ATTEMPT.plusSeconds(3),
            on -> {
              on.road
                  .genesys()
                  .arm(Fault.status(CHANNEL, 429).withRetryAfter(Duration.ofSeconds(3)).times(1));
              on.road.genesys().perform(NEW_CHANNEL);
              on.pass(Duration.ofSeconds(1));
              on.road.genesys().perform(REVOKE);
            }));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("sequences")
  @Tag("long")
  void noFaultPaysForTheOneBefore(Sequence sequence) {
    pass(Duration.ofSeconds(SHIPPED ? 0 : 11));
    int first = events.sent();
    flows();

    sequence.strike.accept(this);

    pass(Duration.ofSeconds(1));
    List<Integer> missing = settle(sequence.name, first, sequence.least);
    assertThat(missing).isNotEmpty();
    events.assertNothingRepeated();
    road.until(() -> road.genesys().openSockets() == 1);
  }

  private void drops(int times) {
    for (int i = 0; i < times; i++) {
      road.genesys().perform(RESET);
      pass(Duration.ofSeconds(4));
    }
  }

  private void pass(Duration time) {
    long end = System.nanoTime() + time.toNanos();
    road.until(() -> System.nanoTime() >= end);
  }

  // ---- what was sent and what arrived

  private void flows() {
    int before = events.sent();
    road.until(() -> events.sent() > before + PER_SECOND / 4);
  }

  /** What came of the events from this one on, when those that are sent now have arrived. */
  private List<Integer> settle(String what, int first, Duration least) {
    road.bridge().awaitReady();
    flows();
    int from = events.sent();
    flows();
    int last = events.sent() - 1;
    // All partitions: one may be slower than another
    road.until(() -> events.missing(from, last + 1).isEmpty());
    List<Integer> missing = events.missing(first, last);
    Duration blind = Duration.ofMillis(missing.size() * 1_000L / PER_SECOND);
    LOG.info(
        "| {} | {} of {} | {} | {} | {} |",
        what,
        missing.size(),
        last - first,
        events.repeated(),
        String.format(Locale.ROOT, "%.2f s", blind.toMillis() / 1_000.0),
        least.isZero()
            ? "–"
            : String.format(Locale.ROOT, "%.1f", (double) blind.toMillis() / least.toMillis()));
    // No stopwatch: what fails here is a wait that nothing asked for
    assertThat(blind).isLessThan(least.multipliedBy(2).plusSeconds(SHIPPED ? 30 : 5));
    return missing;
  }

  /** The ids of the gaps that signals of a type name. */
  private Set<String> gapsIn(String type) {
    return road.signals(type).stream()
        .map(signal -> signal.path("gap").asText())
        .collect(Collectors.toSet());
  }

  private void nobodyLearnsASecret() {
    String basic =
        Base64.getEncoder()
            .encodeToString(
                (Road.CLIENT + ":" + Road.SECRET).getBytes(StandardCharsets.ISO_8859_1));
    String told =
        String.join(
            "\n",
            road.bridge().log(),
            road.bridge().readiness().text(),
            road.bridge().liveness().text(),
            road.bridge().metrics(),
            road.signals().toString());
    assertThat(told.lines())
        .noneMatch(line -> line.contains(Road.SECRET) || line.contains(basic))
        .noneMatch(line -> CREDENTIAL.matcher(line).find());
    assertThat(road.bridge().logLines()).filteredOn(line -> !Road.isOneOfOurs(line)).isEmpty();
  }

  // ---- faults

  private static Action takenOver() {
    return new Action.NoLongerSubscribed(Action.Target.ALL, true);
  }

  private static Fault handshake(int status, Fault.Effect wrong) {
    return Fault.of(Fault.On.HANDSHAKE, "*", wrong).withStatus(status).times(1);
  }

  private static Fault busy(String call) {
    return Fault.status(call, 429).withRetryAfter(ASKED).times(1);
  }

  private static Fault once(String call, int status) {
    return Fault.status(call, status).times(1);
  }

  private static Fault lost(String call) {
    return Fault.of(Fault.On.CALL, call, Fault.Effect.LOST_ANSWER).times(1);
  }

  private static Fault broken(String call) {
    return Fault.of(Fault.On.CALL, call, Fault.Effect.BROKEN_ANSWER).times(1);
  }
}
