package dev.caravan.genesys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.background.SteadyClock;
import dev.caravan.channel.Attempts;
import dev.caravan.channel.Cause;
import dev.caravan.channel.ChannelGroup;
import dev.caravan.channel.Replica;
import dev.caravan.channel.ShardListener;
import dev.caravan.channel.ShardReport;
import dev.caravan.channel.Timings;
import dev.caravan.channel.gap.Gap;
import dev.caravan.channel.gap.GapLedger;
import dev.caravan.frame.EnvelopeReader;
import dev.caravan.frame.Frame;
import dev.caravan.genesys.connect.CamelChannelOpener;
import dev.caravan.genesys.connect.Clients;
import dev.caravan.topic.TopicSharder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is on the record of an instance that is handed a shard. */
class SharedReadingTest {

  private static final List<String> TOPICS = List.of("v2.a", "v2.b");
  private static final TopicSharder.Shard EAST = new TopicSharder.Shard(0, "east", TOPICS);
  private static final TopicSharder.Shard WEST = new TopicSharder.Shard(0, "west", TOPICS);
  private static final Replica REPLICA = new Replica("receive", 0, 0);

  @TempDir Path folder;
  private final AtomicLong millis = new AtomicLong(1_000_000);
  private final SteadyClock clock =
      new SteadyClock(millis::get, () -> TimeUnit.MILLISECONDS.toNanos(millis.get()));
  private final List<Gap> over = new ArrayList<>();
  private final DefaultCamelContext context = new DefaultCamelContext();

  /** The test runs on it: no channel is opened meanwhile. */
  private final ScheduledExecutorService control = Executors.newSingleThreadScheduledExecutor();

  /** One for each shard that brings something. */
  private final ExecutorService threads = Executors.newCachedThreadPool();

  private GapRecorder gaps;
  private ClientReaders readers;
  private SharedReading shared;

  /** Tells the record, as the consumer does. */
  private final class Recording implements ShardListener {

    @Override
    public void notification(int shard, Frame.Notification event, byte[] body) {
      shared.notification(shard, event, body, event.correlationId());
    }

    @Override
    public void unreadable(int shard, byte[] body, String reason) {
      shared.unreadable(shard, body.length, () -> {});
    }

    @Override
    public void opened(Replica replica, List<String> topics) {
      gaps.opened(replica, topics);
    }

    @Override
    public void reading(Replica replica, List<String> topics, long since) {
      gaps.reading(replica, topics, since);
    }

    @Override
    public void unsubscribed(
        Replica replica, List<String> topics, List<String> reads, long since) {}

    @Override
    public void blind(Replica replica, long since, Cause cause) {
      gaps.blind(replica, since, cause);
    }

    @Override
    public void finished(Replica replica) {
      shared.finished(replica);
    }

    @Override
    public Attempts earlier(Replica replica) {
      return gaps.earlier(replica, clock.getAsLong());
    }

    @Override
    public void attempts(Replica replica, Attempts now) {
      gaps.attempts(replica, now);
    }

    @Override
    public void pong(int shard, long roundTrip) {}

    @Override
    public void report(Replica replica, ShardReport report) {}

    @Override
    public void ignored(Frame.Kind kind) {}

    @Override
    public void pairedOff(int shard) {}
  }

  @BeforeEach
  void start() throws Exception {
    context.start();
    GenesysEndpoint endpoint =
        context.getEndpoint("genesys:notifications?topics=none", GenesysEndpoint.class);
    NotificationsConsumer consumer = new NotificationsConsumer(endpoint, exchange -> {});
    Clients clients = new Clients(List.of("east", "west"));
    readers = new ClientReaders(context, clients, control, () -> {}, clock);
    readers.start(
        (client, refusals) -> new CamelChannelOpener(endpoint, consumer, clock, client, refusals),
        (client, opener) ->
            new ChannelGroup(
                "receive",
                Timings.defaults(),
                () -> 0,
                1,
                control,
                clock,
                opener,
                new Recording(),
                endpoint.component().of(client).budget(),
                endpoint.component().of(client).groups()));
    gaps = new GapRecorder("receive", ledger(), clock, signal -> {}, over::add, new HashMap<>());
    gaps.started();
    gaps.wanted(TOPICS);
    shared =
        new SharedReading(
            "cluster",
            Map.of(),
            false,
            1,
            new ForwardedEvents(1),
            readers,
            gaps,
            control,
            Runnable::run,
            Runnable::run,
            clock,
            (shard, read) -> {},
            () -> {},
            plan -> {},
            () -> false);
  }

  @AfterEach
  void stop() throws Exception {
    readers.stop(this);
    await().alias("all frame queues have ended").until(() -> threads("genesys-shard").isEmpty());
    control.shutdownNow();
    threads.shutdownNow();
    context.stop();
  }

  /** Those of the context that do this. */
  private List<String> threads(String what) {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.contains("(" + context.getName() + ")") && name.contains(what))
        .toList();
  }

  private GapLedger ledger() {
    return GapLedger.open(folder, Clock.fixed(Instant.ofEpochMilli(millis.get()), ZoneOffset.UTC));
  }

  private void onControlThread(Runnable test) throws Exception {
    control.submit(test).get(1, TimeUnit.MINUTES);
  }

  /** The process ends without a word, and the next one reads what this one did. */
  private List<Gap> gapsAfterAKill() {
    millis.set(1_060_000);
    GapLedger next = ledger();
    next.started("receive");
    next.wanted("receive", TOPICS);
    return next.reading(REPLICA, clock.instant(), TOPICS, "topics-changed");
  }

  @Test
  void whatWasHeldIsNotOnRecordAsKept() throws Exception {
    onControlThread(
        () -> {
          shared.open(EAST, true, Optional.empty());
          gaps.reading(REPLICA, TOPICS, 1_002_000);
          millis.set(1_010_000);
          shared.unread(EAST, 1_003_000, Optional.empty());

          assertThat(gapsAfterAKill())
              .singleElement()
              .extracting(gap -> gap.from().toEpochMilli())
              .isEqualTo(1_002_000L);
        });
  }

  /** Ended in the second after a hand-over. */
  @Test
  void whatTheOneBeforeHasReadIsNoGapThoughItWasHeldHere() throws Exception {
    onControlThread(
        () -> {
          shared.open(EAST, true, Optional.empty());
          gaps.reading(REPLICA, TOPICS, 1_002_000);
          millis.set(1_010_000);
          shared.unread(EAST, 1_003_000, Optional.of(Instant.ofEpochMilli(1_009_000)));

          assertThat(gapsAfterAKill())
              .singleElement()
              .extracting(gap -> gap.from().toEpochMilli())
              .isEqualTo(1_008_000L);
        });
  }

  @Test
  void aShardThatIsHeldStaysOffOurRecordThoughItsClientChanges() throws Exception {
    onControlThread(
        () -> {
          shared.open(EAST, true, Optional.empty());
          gaps.reading(REPLICA, TOPICS, 1_002_000);

          shared.change(WEST);
          gaps.reading(REPLICA, TOPICS, 1_004_000);
          shared.change(EAST);
          gaps.reading(REPLICA, TOPICS, 1_006_000);

          assertThat(over).isEmpty();
          assertThat(gapsAfterAKill()).isEmpty();
        });
  }

  /** As when the process stood still, and all that it reads is held. */
  @Test
  void allShardsTogetherHoldNoMoreThanAPartOfTheMemory() throws Exception {
    byte[] large = new byte[20_000_000];
    byte[] frame = "{\"topicName\":\"v2.a\",\"eventBody\":{}}".getBytes(StandardCharsets.UTF_8);
    Frame.Notification event = (Frame.Notification) new EnvelopeReader().read(frame);
    int fits = (int) (Runtime.getRuntime().maxMemory() / 4 / large.length) + 1;
    List<TopicSharder.Shard> all =
        IntStream.rangeClosed(0, fits)
            .mapToObj(number -> new TopicSharder.Shard(number, "east", List.of("v2.a" + number)))
            .toList();
    onControlThread(() -> all.forEach(shard -> shared.open(shard, true, Optional.empty())));
    Function<TopicSharder.Shard, CompletableFuture<Void>> bring =
        shard ->
            CompletableFuture.runAsync(
                () -> shared.notification(shard.number(), event, large, "id"), threads);
    CompletableFuture.allOf(
            all.subList(0, fits).stream().map(bring).toArray(CompletableFuture[]::new))
        .get(1, TimeUnit.MINUTES);

    CompletableFuture<Void> more = bring.apply(all.get(fits));
    await()
        .during(Duration.ofSeconds(10))
        .atMost(Duration.ofMinutes(1))
        .until(() -> !more.isDone());
    onControlThread(() -> shared.release(0, List.of()));

    more.get(1, TimeUnit.MINUTES);
  }
}
