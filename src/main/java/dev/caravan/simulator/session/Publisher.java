package dev.caravan.simulator.session;

import dev.caravan.simulator.Behaviour;
import dev.caravan.simulator.Ledger;
import dev.caravan.simulator.LedgerEntry.Outcome;
import dev.caravan.simulator.SimulatorClock;
import dev.caravan.simulator.centre.Body;
import dev.caravan.simulator.centre.EventSink;
import dev.caravan.simulator.fault.Fault;
import dev.caravan.simulator.fault.Faults;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.Optional;

/** Delivers an event to whoever is subscribed to its topic, and writes down what became of it. */
public record Publisher(
    Vertx vertx,
    Behaviour behaviour,
    SimulatorClock clock,
    Channels channels,
    Sockets sockets,
    Faults faults,
    Ledger ledger)
    implements EventSink {

  /**
   * An event packed for one socket.
   *
   * @param topicName its topic as subscribed, whatever the frame says
   * @param correlationId id of the change it tells of
   * @param frame what goes over the wire
   * @param binary whether in a binary frame
   * @param outcome what the ledger says once it is written
   */
  record Parcel(
      String topicName, String correlationId, byte[] frame, boolean binary, Outcome outcome) {

    private Parcel as(byte[] newFrame, boolean inBinary, Outcome newOutcome) {
      return new Parcel(topicName, correlationId, newFrame, inBinary, newOutcome);
    }
  }

  private static final int SERVER_ERROR = 1011;
  private static final long LONGEST_HOLD_MILLIS = 1_000;

  @Override
  public boolean heard(String topicName) {
    return channels.heard(topicName);
  }

  @Override
  public boolean hearsUnder(String segments) {
    return channels.heardUnder(segments);
  }

  @Override
  public void publish(String topicName, Body body, String correlationId) {
    publish(topicName, body.bytes(), correlationId);
  }

  /** Sends one event to every channel subscribed to its topic; returns how many there were. */
  public int publish(String topicName, byte[] body, String correlationId) {
    if (!channels.heard(topicName)) {
      return 0;
    }
    byte[] frame = Frames.event(topicName, body, correlationId);
    List<Channel> hearing = List.copyOf(channels.listeners(topicName));
    Parcel parcel = new Parcel(topicName, correlationId, frame, false, Outcome.SENT);
    for (Channel channel : hearing) {
      Optional<Socket> socket = sockets.of(channel);
      if (socket.isPresent()) {
        deliver(socket.get(), parcel);
      } else {
        note(channel, 0, parcel, Outcome.NOBODY_THERE);
      }
    }
    return hearing.size();
  }

  private void deliver(Socket socket, Parcel parcel) {
    Optional<Fault> fault =
        faults.spoilEvents() ? faults.strike(Fault.On.EVENT, parcel.topicName()) : Optional.empty();
    if (fault.isEmpty()) {
      write(socket, parcel);
      return;
    }
    switch (fault.get().effect()) {
      case DUPLICATE -> {
        write(socket, parcel);
        write(socket, parcel);
      }
      case REORDER -> {
        socket.held.add(parcel);
        vertx.setTimer(LONGEST_HOLD_MILLIS, due -> writeHeld(socket));
      }
      case DELAY ->
          vertx.setTimer(Math.max(1, fault.get().delay().toMillis()), due -> write(socket, parcel));
      case DROP -> note(socket.channel(), socket.number, parcel, Outcome.SPOILED);
      case MALFORMED ->
          write(socket, parcel.as(Frames.cutOff(parcel.frame()), false, Outcome.SPOILED));
      case BINARY -> write(socket, parcel.as(parcel.frame(), true, Outcome.SPOILED));
      case UNKNOWN_TOPIC -> write(socket, parcel.as(Frames.unknownTopic(), false, Outcome.SPOILED));
      default -> {
        byte[] filled = Frames.filledUp(parcel.frame(), fault.get().bytes());
        write(socket, parcel.as(filled, false, Outcome.SENT));
      }
    }
  }

  private void write(Socket socket, Parcel parcel) {
    Outcome outcome = onto(socket, parcel);
    note(socket.channel(), socket.number, parcel, outcome);
    if (!socket.held.isEmpty()) {
      writeHeld(socket);
    }
  }

  private void writeHeld(Socket socket) {
    for (int waiting = socket.held.size(); waiting > 0 && !socket.held.isEmpty(); waiting--) {
      Parcel parcel = socket.held.remove();
      note(socket.channel(), socket.number, parcel, onto(socket, parcel));
    }
  }

  private Outcome onto(Socket socket, Parcel parcel) {
    if (!socket.open()) {
      return Outcome.NOBODY_THERE;
    }
    if (socket.mute) {
      return Outcome.SWALLOWED;
    }
    if (behaviour.slowReader() != Behaviour.SlowReader.WAIT && socket.peer().writeQueueFull()) {
      if (behaviour.slowReader() == Behaviour.SlowReader.CLOSE) {
        sockets.drop(socket, SERVER_ERROR);
      }
      return Outcome.SKIPPED;
    }
    if (parcel.binary()) {
      socket.peer().writeFinalBinaryFrame(Buffer.buffer(parcel.frame()));
    } else {
      Wire.writeText(socket.peer(), parcel.frame(), behaviour.fragmentBytes());
    }
    return parcel.outcome();
  }

  private void note(Channel channel, int socket, Parcel parcel, Outcome outcome) {
    ledger.write(
        clock.wallNow().toEpochMilli(),
        channel.number(),
        socket,
        parcel.topicName(),
        parcel.correlationId(),
        parcel.frame().length,
        outcome);
  }
}
