package dev.caravan.simulator;

import dev.caravan.background.BackgroundTask;
import dev.caravan.simulator.centre.Body;
import dev.caravan.simulator.centre.Day;
import dev.caravan.simulator.centre.Teller;
import dev.caravan.simulator.fault.Act;
import dev.caravan.simulator.session.Oddities;
import dev.caravan.simulator.session.Publisher;
import java.util.Optional;

/** Lets the contact centre's day go by at the wanted speed. */
final class Shift {

  private static final long TICK_MILLIS = 20;
  private static final long NOBODY_LISTENS_MILLIS = 50;
  private static final int MOST_AT_ONCE = 2_000;
  private static final int SLICE = 64;

  private final World world;
  private final Day day;
  private final BackgroundTask ticking = new BackgroundTask("the day of the contact centre");
  private Traffic traffic = Traffic.NONE;
  private long dayAtChange;
  private long wallAtChange;
  private int generation;
  private Optional<Flooder> flooding = Optional.empty();

  Shift(World world) {
    this.world = world;
    day =
        new Day(
            world.organization(),
            world.options().seed(),
            world.options().centre().conversationsPerAgentHour(),
            world.clock().wallNow().toEpochMilli(),
            teller(world.publisher()));
  }

  private static Teller teller(Publisher publisher) {
    return new Teller() {
      @Override
      public boolean heard(String topicName) {
        return publisher.heard(topicName);
      }

      @Override
      public boolean hearsUnder(String segments) {
        return publisher.heardUnder(segments);
      }

      @Override
      public void tell(String topicName, Body body, String correlationId) {
        publisher.publish(topicName, body.bytes(), correlationId);
      }
    };
  }

  Day day() {
    return day;
  }

  void work(Traffic wanted) {
    traffic = wanted;
    dayAtChange = day.now();
    wallAtChange = world.clock().wallNow().toEpochMilli();
    int mine = ++generation;
    if (traffic.on()) {
      world.vertx().runOnContext(go -> tick(mine));
    }
  }

  /** Schedules the next tick, also after one that failed. */
  private void tick(int mine) {
    if (mine == generation && !ticking.run(() -> advance(mine))) {
      world.vertx().setTimer(TICK_MILLIS, due -> tick(mine));
    }
  }

  private void advance(int mine) {
    if (traffic.flatOut()) {
      flatOut(mine);
      return;
    }
    long passed = world.clock().wallNow().toEpochMilli() - wallAtChange;
    boolean caughtUp = day.runUntil(dayAtChange + (long) (passed * traffic.speed()), MOST_AT_ONCE);
    if (caughtUp) {
      world.vertx().setTimer(TICK_MILLIS, due -> tick(mine));
    } else {
      world.vertx().runOnContext(again -> tick(mine));
    }
  }

  private void flatOut(int mine) {
    if (world.sockets().none()) {
      world.vertx().setTimer(NOBODY_LISTENS_MILLIS, due -> tick(mine));
      return;
    }
    for (int i = 0; i < SLICE && world.sockets().keepUp(); i++) {
      day.runNext();
    }
    if (world.sockets().keepUp()) {
      world.vertx().runOnContext(again -> tick(mine));
    } else {
      world.vertx().setTimer(1, due -> tick(mine));
    }
  }

  /** Floods every subscribed conversation topic with ready-made events, instead of any flood. */
  void flood(Act.Flood flood) {
    Flooder flooder = new Flooder(world, flood);
    for (String topic : world.subscriptions().heardTopics()) {
      if (topic.endsWith(".conversations")) {
        flooder.add(topic, Oddities.conversationOf(flood.bytes()));
      }
    }
    if (flooder.empty()) {
      throw new IllegalArgumentException(
          "Nobody is subscribed to a topic that ends in .conversations, so there is nothing to"
              + " flood.");
    }
    flooding.ifPresent(Flooder::stop);
    flooding = Optional.of(flooder);
    flooder.start();
  }

  /** Stops whatever goes on by itself. */
  void stop() {
    work(Traffic.NONE);
    flooding.ifPresent(Flooder::stop);
  }
}
