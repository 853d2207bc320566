package dev.caravan.channel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.channel.gap.Gap;
import dev.caravan.channel.gap.GapLedger;
import dev.caravan.frame.Frame;
import dev.caravan.testing.ManualExecutor;
import dev.caravan.testing.MutableClock;
import dev.caravan.topic.Plan;
import dev.caravan.topic.Refusals;
import dev.caravan.topic.TopicSharder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What is not read is on record: whatever is planned, opened, lost and stopped, in whatever order,
 * the topics that no trusted LIVE socket brings are those of which a gap lasts; and whenever no
 * socket brought a topic, whatever was believed then, a gap tells so in the end.
 */
@Tag("slow")
class CoveragePropertiesTest {

  /** For each seed; more of them at night: -Dcaravan.stories=100. */
  private static final int RUNS = Integer.getInteger("caravan.stories", 40);

  private static final int EVENTS = 250;
  private static final String READER = "receive";
  private static final List<String> TOPICS = List.of("a", "b", "c", "d", "e", "f", "g");

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"1,1", "2,1", "3,1", "4,2", "5,2"})
  void whatNoTrustedSocketBringsHasAGapThatLasts(long seed, int redundancy) throws Exception {
    // Not a folder, so that the ledger stays in memory
    Path nowhere = Files.writeString(folder.resolve("file"), "").resolve("gaps");
    for (int run = 0; run < RUNS; run++) {
      new Story(seed * 1_000_003 + run, redundancy, nowhere).tell();
    }
  }

  /** A channel as the server has it, and its socket. */
  private static final class Socket implements ChannelLink {
    private final Story story;
    private final ChannelOpener.Order order;
    private List<String> subscribed;
    private boolean silent;
    private boolean ended;
    private long endedAt;
    private boolean answers;
    private long pingedAt;
    private long provenUntil;
    private long lastFrameAt;

    Socket(Story story, ChannelOpener.Order order, List<String> subscribed) {
      this.story = story;
      this.order = order;
      this.subscribed = subscribed;
    }

    boolean brings(String topic) {
      return !silent && !ended && subscribed.contains(topic);
    }

    @Override
    public void ping() {
      pingedAt = story.control.now();
      if (answers) {
        story.control.execute(() -> story.brings(this, Stage.PONG));
      }
    }

    @Override
    public void prove() {
      ping();
    }

    @Override
    public void close() {
      ended = true;
      endedAt = story.control.now();
      story.sockets.remove(this);
    }

    @Override
    public void cut() {
      close();
    }

    @Override
    public OptionalLong ponged() {
      provenUntil = pingedAt;
      return OptionalLong.empty();
    }

    @Override
    public long handedOnUntil() {
      return lastFrameAt;
    }

    @Override
    public Reading reading() {
      return new Reading(lastFrameAt, lastFrameAt, false, provenUntil);
    }
  }

  /** One random life of all shards together, checked after each thing that happens. */
  private static final class Story implements ChannelOpener, ShardListener {
    private final long seed;
    private final Random dice;
    private final ManualExecutor control = new ManualExecutor(1_000_000);
    private final MutableClock wall = new MutableClock(Instant.ofEpochMilli(1_000_000));
    private final GapLedger ledger;
    private final ChannelGroup group;
    private final TopicSharder sharder = new TopicSharder(2);
    private final List<Order> waiting = new ArrayList<>();
    private final List<Socket> sockets = new ArrayList<>();
    private final List<Socket> everOpened = new ArrayList<>();
    private final Set<String> read = new HashSet<>();

    /** Since when no socket has brought a topic, and when none did before. */
    private final Map<String, Long> missingSince = new HashMap<>();

    private final Map<String, List<long[]>> missed = new HashMap<>();
    private final NavigableMap<Long, List<String>> happened = new TreeMap<>();
    private Plan plan = Plan.NOTHING;
    private Set<String> wanted = Set.of();

    Story(long seed, int redundancy, Path folder) {
      this.seed = seed;
      this.dice = new Random(seed);
      this.ledger = GapLedger.open(folder, wall);
      this.group =
          new ChannelGroup(
              READER,
              Timings.defaults(),
              dice::nextDouble,
              redundancy,
              control,
              control::now,
              this,
              this,
              new AttemptBudget(control::now),
              ConcurrentHashMap.newKeySet());
    }

    void tell() {
      ledger.started(READER);
      plans();
      for (int i = 0; i < EVENTS; i++) {
        happens();
        if (dice.nextInt(3) > 0) {
          passes(dice.nextInt(6) == 0 ? dice.nextInt(60_000) : dice.nextInt(1_500));
        }
      }
      settles();
      // What was rejected before is subscribed now
      List.copyOf(sockets).forEach(socket -> ends(socket, Cause.TAKEN_OVER));
      settles();
      assertThat(ledger.missing()).as(this::story).isEmpty();
      missed.forEach((topic, times) -> times.forEach(time -> isOnRecord(topic, time)));
      group.stop();
      passes(0);
      assertThat(covered()).isEmpty();
    }

    /** All goes well, until whatever is dead is found to be. */
    private void settles() {
      for (int i = 0; i < 120; i++) {
        while (!waiting.isEmpty()) {
          opens(waiting.remove(0), true);
        }
        List.copyOf(sockets).forEach(socket -> brings(socket, Stage.HEARTBEAT));
        passes(1_000);
      }
    }

    private void isOnRecord(String topic, long[] time) {
      List<Gap> gaps =
          ledger.notBackfilled().stream().filter(gap -> gap.topics().contains(topic)).toList();
      long at = time[0];
      for (boolean found = true; at < time[1] && found; ) {
        long from = at;
        OptionalLong to =
            gaps.stream()
                .filter(gap -> gap.from().toEpochMilli() <= from && gap.to().toEpochMilli() > from)
                .mapToLong(gap -> gap.to().toEpochMilli())
                .max();
        found = to.isPresent();
        at = to.orElse(at);
      }
      assertThat(at)
          .as(
              () ->
                  "%s from %d to %d in %s %s"
                      .formatted(
                          topic, time[0], time[1], gaps, story(time[0] - 20_000, time[1] + 5_000)))
          .isGreaterThanOrEqualTo(time[1]);
    }

    private void happens() {
      switch (dice.nextInt(20)) {
        case 0, 1 -> plans();
        case 2, 3, 4, 5, 6, 7 -> opens();
        case 8 -> fails();
        case 9, 10 -> ends();
        case 11, 12 -> isTold(dice.nextBoolean() ? "socket_closing" : "no_longer_subscribed");
        case 13 -> fallsSilent();
        default -> List.copyOf(sockets).forEach(socket -> brings(socket, Stage.HEARTBEAT));
      }
      holds();
    }

    private void plans() {
      List<String> topics = new ArrayList<>(TOPICS);
      topics.removeIf(topic -> dice.nextInt(3) == 0);
      plan = sharder.plan(plan, topics, Refusals.NONE);
      wanted = new HashSet<>(topics);
      missed.keySet().retainAll(wanted);
      missingSince.keySet().retainAll(wanted);
      note("plan " + plan);
      // As the consumer does, and not on the control thread, where more may be waiting
      ledger.wanted(READER, topics);
      holds();
      group.read(plan.shards());
    }

    private void opens() {
      if (!waiting.isEmpty()) {
        opens(waiting.remove(dice.nextInt(waiting.size())), false);
      }
    }

    private void opens(Order order, boolean well) {
      List<String> subscribed = new ArrayList<>(order.topics());
      if (order.reuse().isPresent()) {
        // The server still has what it had, whoever asks for what by now
        subscribed = ((Socket) order.reuse().get()).subscribed;
      } else if (!well && dice.nextInt(4) == 0) {
        subscribed.removeIf(topic -> dice.nextBoolean());
      }
      Socket socket = new Socket(this, order, List.copyOf(subscribed));
      socket.lastFrameAt = control.now();
      socket.answers = well || dice.nextInt(4) > 0;
      sockets.add(socket);
      everOpened.add(socket);
      note("opens " + order.number() + " of " + order.shard().replica() + subscribed);
      order.shard().connecting(order.number());
      List<String> told = order.reuse().isPresent() ? order.topics() : subscribed;
      long life = !well && dice.nextInt(4) == 0 ? 20_000 : 72_000_000;
      order.shard().opened(order.number(), socket, told, control.now() + life, Cause.CHANNEL_AGE);
      if (well || dice.nextBoolean()) {
        brings(socket, Stage.HEARTBEAT);
      }
      read.forEach(this::looksFor);
    }

    private void fails() {
      if (!waiting.isEmpty()) {
        Order order = waiting.remove(dice.nextInt(waiting.size()));
        note("fails " + order.number() + " of " + order.shard().replica());
        Failure failure = Failure.unavailable("It failed.");
        Failure gone = new Failure(Failure.Kind.CHANNEL_GONE, "It is gone.", Duration.ZERO, 1);
        order.shard().failed(order.number(), dice.nextBoolean() ? failure : gone);
      }
    }

    private void ends() {
      if (!sockets.isEmpty()) {
        ends(
            sockets.get(dice.nextInt(sockets.size())),
            dice.nextInt(4) == 0 ? Cause.TAKEN_OVER : Cause.DROPPED);
      }
    }

    private void ends(Socket socket, Cause cause) {
      socket.close();
      note("ends " + socket.order.number() + " of " + socket.order.shard().replica());
      socket.order.shard().closed(socket.order.number(), cause);
      read.forEach(this::looksFor);
    }

    private void isTold(String what) {
      if (!sockets.isEmpty()) {
        Socket socket = sockets.get(dice.nextInt(sockets.size()));
        note(what + " to " + socket.order.number() + " of " + socket.order.shard().replica());
        brings(socket, Stage.system(what));
        socket.silent |= what.equals("no_longer_subscribed");
      }
    }

    private void fallsSilent() {
      if (!sockets.isEmpty()) {
        Socket socket = sockets.get(dice.nextInt(sockets.size()));
        socket.silent = true;
        note("silent " + socket.order.number() + " of " + socket.order.shard().replica());
      }
    }

    private void brings(Socket socket, String frame) {
      if (!socket.silent && !socket.ended) {
        socket.lastFrameAt = control.now();
        byte[] body = frame.getBytes(StandardCharsets.UTF_8);
        socket.order.shard().frame(socket.order.number(), body, false, () -> {});
      }
    }

    /** Runs what waits on the control thread, and checks at each of its steps. */
    private void passes(long millis) {
      long end = control.now() + millis;
      do {
        long step = Math.min(500, end - control.now());
        wall.turnTo(Instant.ofEpochMilli(control.now() + step));
        control.pass(Duration.ofMillis(step));
        holds();
        group.shards().forEach(this::notes);
      } while (control.now() < end);
    }

    private void notes(Shard shard) {
      shard
          .handedOnUntil()
          .ifPresent(at -> ledger.readUntil(shard.replica(), Instant.ofEpochMilli(at)));
    }

    /** What the server sends on trusted sockets, not what somebody believes to have subscribed. */
    private Set<String> covered() {
      // Once its end has been heard of, it is not trusted again
      everOpened.removeIf(
          socket -> socket.ended && socket.endedAt < control.now() && !isTrusted(socket));
      Set<String> covered = new HashSet<>();
      everOpened.stream()
          .filter(Story::isTrusted)
          .forEach(socket -> covered.addAll(socket.subscribed));
      return covered;
    }

    private static boolean isTrusted(Socket socket) {
      return socket.order.shard().trusts(socket.order.number());
    }

    private void holds() {
      Set<String> covered = covered();
      covered.stream().filter(wanted::contains).forEach(read::add);
      Set<String> missing = new TreeSet<>(read);
      missing.retainAll(wanted);
      missing.removeAll(covered);
      assertThat(new TreeSet<>(ledger.missing())).as(this::story).isEqualTo(missing);
      read.forEach(this::looksFor);
    }

    private void looksFor(String topic) {
      if (!wanted.contains(topic)) {
        return;
      }
      if (sockets.stream().noneMatch(socket -> socket.brings(topic))) {
        missingSince.putIfAbsent(topic, control.now());
      } else if (missingSince.containsKey(topic)) {
        long[] time = {missingSince.remove(topic), control.now()};
        missed.computeIfAbsent(topic, none -> new ArrayList<>()).add(time);
      }
    }

    private void note(String what) {
      happened.computeIfAbsent(control.now(), now -> new ArrayList<>()).add(what);
    }

    private String story() {
      return story(control.now() - 20_000, Long.MAX_VALUE);
    }

    /** What happened around this time, a line for each moment. */
    private String story(long from, long to) {
      StringBuilder story = new StringBuilder("seed " + seed);
      happened
          .subMap(from, to)
          .forEach((at, what) -> story.append("\n").append(at).append(' ').append(what));
      return story.toString();
    }

    // ---- what the group asks for and tells

    @Override
    public void open(Order order) {
      waiting.add(order);
    }

    @Override
    public void cancel(Order order) {
      waiting.remove(order);
    }

    @Override
    public void subscribe(
        Shard shard, int number, ChannelLink link, List<String> topics, boolean again) {
      if (dice.nextInt(4) == 0) {
        note("does not subscribe " + topics + " to " + number + " of " + shard.replica());
        shard.notSubscribed(number);
        return;
      }
      List<String> more = topics.stream().filter(topic -> dice.nextBoolean()).toList();
      Socket socket = (Socket) link;
      if (socket.answers && !socket.silent && !socket.ended) {
        List<String> all = new ArrayList<>(socket.subscribed);
        all.addAll(more);
        socket.subscribed = List.copyOf(all);
      }
      note("subscribes " + more + " to " + number + " of " + shard.replica());
      shard.subscribed(number, more);
      read.forEach(this::looksFor);
    }

    @Override
    public void listSubscriptions(Shard shard, int number, ChannelLink link) {
      shard.notListed(number);
    }

    @Override
    public void dropToken(ChannelLink link) {}

    @Override
    public void notification(int shard, Frame.Notification event, byte[] body) {}

    @Override
    public void unreadable(int shard, byte[] body, String reason) {}

    @Override
    public void opened(Replica replica, List<String> topics) {
      ledger.opened(replica, topics);
    }

    @Override
    public void reading(Replica replica, List<String> topics, long since) {
      note(replica + " reads " + topics + " since " + since);
      ledger.reading(replica, Instant.ofEpochMilli(since), topics, "topics-changed");
      // It may be lost again before the next check
      topics.stream().filter(wanted::contains).forEach(read::add);
    }

    @Override
    public void unsubscribed(Replica replica, List<String> topics, List<String> reads, long since) {
      note(replica + " has not read " + topics + " since " + since);
      ledger.unsubscribed(replica, Instant.ofEpochMilli(since), topics, reads);
    }

    @Override
    public void blind(Replica replica, long since, Cause cause) {
      note(replica + " is blind since " + since + ": " + cause);
      ledger.blind(replica, Instant.ofEpochMilli(since), cause.label());
    }

    @Override
    public void finished(Replica replica) {
      ledger.finished(replica, "topics-changed");
    }

    @Override
    public Attempts earlier(Replica replica) {
      return Attempts.NONE;
    }

    @Override
    public void attempts(Replica replica, Attempts now) {}

    @Override
    public void pong(int shard, long millis) {}

    @Override
    public void report(Replica replica, ShardReport report) {}

    @Override
    public void ignored(Frame.Kind kind) {}

    @Override
    public void pairedOff(int shard) {}
  }
}
