package dev.caravan.simulator;

import dev.caravan.simulator.LedgerEntry.Outcome;
import java.util.List;
import java.util.Optional;

/** Delivers an event to whoever is subscribed to its topic, and writes down what became of it. */
final class Publisher {

  private static final int TRY_AGAIN_LATER = 1011;

  private final Subscriptions subscriptions;
  private final Sockets sockets;
  private final Ledger ledger;
  private final SimulatorClock clock;
  private final Behaviour behaviour;

  Publisher(
      Subscriptions subscriptions,
      Sockets sockets,
      Ledger ledger,
      SimulatorClock clock,
      Behaviour behaviour) {
    this.subscriptions = subscriptions;
    this.sockets = sockets;
    this.ledger = ledger;
    this.clock = clock;
    this.behaviour = behaviour;
  }

  boolean heard(String topicName) {
    return subscriptions.heard(topicName);
  }

  /** Sends one event to every channel subscribed to its topic; returns how many there were. */
  int publish(String topicName, byte[] body, String correlationId) {
    if (!subscriptions.heard(topicName)) {
      return 0;
    }
    List<Channel> channels = List.copyOf(subscriptions.listeners(topicName));
    byte[] frame = Frames.event(topicName, body, correlationId);
    long now = clock.wallNow().toEpochMilli();
    for (Channel channel : channels) {
      Optional<Socket> socket = sockets.of(channel);
      Outcome outcome = socket.map(one -> deliver(one, frame)).orElse(Outcome.NOBODY_THERE);
      ledger.write(
          now,
          channel.number(),
          socket.map(Socket::number).orElse(0),
          topicName,
          correlationId,
          frame.length,
          outcome);
    }
    return channels.size();
  }

  private Outcome deliver(Socket socket, byte[] frame) {
    if (!socket.open()) {
      return Outcome.NOBODY_THERE;
    }
    if (socket.mute()) {
      return Outcome.SWALLOWED;
    }
    if (socket.peer().writeQueueFull()) {
      switch (behaviour.slowReader()) {
        case CLOSE -> {
          sockets.close(socket, TRY_AGAIN_LATER, "");
          return Outcome.SKIPPED;
        }
        case SKIP -> {
          return Outcome.SKIPPED;
        }
        case WAIT -> {
          // whoever makes the events looks at the queue before making more
        }
      }
    }
    Wire.writeText(socket.peer(), frame);
    return Outcome.SENT;
  }
}
