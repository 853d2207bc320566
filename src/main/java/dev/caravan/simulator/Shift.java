package dev.caravan.simulator;

import dev.caravan.simulator.centre.SimpleDay;

/** Lets the contact centre's day go by at the wanted speed. */
final class Shift {

  private static final long STEP_MILLIS = 200;

  private final World world;
  private final SimpleDay day;
  private Traffic traffic = Traffic.NONE;
  private long timer = -1;

  Shift(World world) {
    this.world = world;
    day =
        new SimpleDay(
            world.organization(),
            world.options().seed(),
            (topic, body, correlation) -> {
              if (world.publisher().heard(topic)) {
                world.publisher().publish(topic, Json.bytes(body), correlation);
              }
            });
  }

  void work(Traffic wanted) {
    world.vertx().cancelTimer(timer);
    traffic = wanted;
    if (traffic.on()) {
      timer = world.vertx().setPeriodic(STEP_MILLIS, tick -> day.next(world.clock().now()));
    }
  }

  /** Floods every subscribed conversation topic with ready-made events. */
  void flood(Act.Flood flood) {
    Flooder flooder = new Flooder(world.vertx(), world.publisher(), this::readersKeepUp, flood);
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
    flooder.start();
  }

  private boolean readersKeepUp() {
    return world.sockets().at(Act.Whom.ALL).stream()
        .allMatch(socket -> !socket.open() || socket.mute() || !socket.peer().writeQueueFull());
  }
}
