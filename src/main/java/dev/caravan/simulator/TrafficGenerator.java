package dev.caravan.simulator;

import dev.caravan.background.BackgroundTask;
import dev.caravan.simulator.centre.Day;
import dev.caravan.simulator.centre.Organization;
import dev.caravan.simulator.fault.Action;
import dev.caravan.simulator.session.Frames;
import java.util.List;
import java.util.Optional;

/** What the contact centre sends by itself: its day, at the wanted speed, or a flood of events. */
final class TrafficGenerator {

  private static final long TICK_MILLIS = 20;
  private static final long NOBODY_LISTENS_MILLIS = 50;
  private static final int MOST_AT_ONCE = 2_000;
  private static final int SLICE = 64;
  private static final long FLOOD_SLICE_MILLIS = 5;
  private static final int FLOOD_SLICE_FRAMES = 256;
  private static final long FLOOD_CORRELATION = 0xf100d00000000000L;

  private final World world;
  private final Day day;
  private final BackgroundTask ticking = new BackgroundTask("the day of the contact centre");
  private final BackgroundTask flooding = new BackgroundTask("the flood of events");
  private Traffic traffic = Traffic.NONE;
  private long dayAtChange;
  private long wallAtChange;
  private int generation;
  private Optional<Flood> flood = Optional.empty();

  TrafficGenerator(World world) {
    this.world = world;
    day = world.day();
  }

  void work(Traffic wanted) {
    traffic = wanted;
    dayAtChange = day.now();
    wallAtChange = world.clock().wallNow().toEpochMilli();
    int mine = ++generation;
    if (traffic.on()) {
      in(0, () -> tick(mine));
    }
  }

  /** Schedules the next tick, also after one that failed. */
  private void tick(int mine) {
    if (mine == generation && !ticking.run(() -> advance(mine))) {
      in(TICK_MILLIS, () -> tick(mine));
    }
  }

  private void advance(int mine) {
    in(traffic.flatOut() ? flatOut() : inTime(), () -> tick(mine));
  }

  private void in(long millis, Runnable deed) {
    if (millis == 0) {
      world.vertx().runOnContext(go -> deed.run());
    } else {
      world.vertx().setTimer(millis, due -> deed.run());
    }
  }

  private long inTime() {
    long passed = world.clock().wallNow().toEpochMilli() - wallAtChange;
    long until = dayAtChange + (long) (passed * traffic.speed());
    return day.runUntil(until, MOST_AT_ONCE) ? TICK_MILLIS : 0;
  }

  private long flatOut() {
    if (world.sockets().none()) {
      return NOBODY_LISTENS_MILLIS;
    }
    for (int i = 0; i < SLICE && world.sockets().keepUp(); i++) {
      day.runNext();
    }
    return world.sockets().keepUp() ? 0 : 1;
  }

  /** Floods every subscribed conversation topic with ready-made events, instead of any flood. */
  void flood(Action.Flood wanted) {
    List<String> topics =
        world.channels().heardTopics().stream()
            .filter(topic -> topic.endsWith(".conversations"))
            .toList();
    if (topics.isEmpty()) {
      throw new IllegalArgumentException(
          "Nobody is subscribed to a topic that ends in .conversations, so there is nothing to"
              + " flood.");
    }
    Flood next = new Flood(wanted, topics);
    flood = Optional.of(next);
    in(1, next::slice);
  }

  /** A flood under way: the same body for every topic in turn, each time with an id of its own. */
  private final class Flood {

    private final List<String> topics;
    private final byte[] body;
    private final long frames;
    private final double framesPerSlice;
    private double credit;
    private long sent;

    Flood(Action.Flood wanted, List<String> topics) {
      this.topics = topics;
      body = Frames.conversationOf(wanted.bytes());
      frames = wanted.frames();
      framesPerSlice = wanted.framesPerSecond() * FLOOD_SLICE_MILLIS / 1000.0;
    }

    /** Schedules the next slice, also after one that failed. */
    void slice() {
      if (flood.orElse(null) == this && !flooding.run(this::send)) {
        in(FLOOD_SLICE_MILLIS, this::slice);
      }
    }

    private void send() {
      credit = Math.min(credit + framesPerSlice, Math.max(1, 20 * framesPerSlice));
      int most = framesPerSlice == 0 ? FLOOD_SLICE_FRAMES : (int) credit;
      int now = 0;
      while (now < most && sent < frames && world.sockets().keepUp()) {
        String topic = topics.get((int) (sent % topics.size()));
        world.publisher().publish(topic, body, Organization.uuid(FLOOD_CORRELATION, sent));
        now++;
        sent++;
      }
      credit -= now;
      if (sent >= frames) {
        return;
      }
      in(framesPerSlice > 0 ? FLOOD_SLICE_MILLIS : now > 0 ? 0 : 1, this::slice);
    }
  }

  /** Stops whatever goes on by itself. */
  void stop() {
    work(Traffic.NONE);
    flood = Optional.empty();
  }
}
