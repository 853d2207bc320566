package dev.caravan.simulator.session;

import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.ServerWebSocket;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** One WebSocket of a channel, and what has been done to it. */
public final class Socket {

  /** Counts from 1. */
  final int number;

  private final Channel channel;
  private final ServerWebSocket peer;
  final HttpConnection connection;

  /** Parcels that wait to be overtaken. */
  final Deque<Publisher.Parcel> held = new ArrayDeque<>();

  private final List<Long> timers = new ArrayList<>();
  boolean heartbeats = true;

  /** Nothing said to it leaves the house. */
  boolean mute;

  boolean deaf;
  boolean closed;

  Socket(int number, Channel channel, ServerWebSocket peer, HttpConnection connection) {
    this.number = number;
    this.channel = channel;
    this.peer = peer;
    this.connection = connection;
  }

  public Channel channel() {
    return channel;
  }

  public ServerWebSocket peer() {
    return peer;
  }

  boolean open() {
    return !closed && !peer.isClosed();
  }

  public void goMute() {
    mute = true;
  }

  public void goDeaf() {
    deaf = true;
    Wire.goDeaf(connection);
  }

  public void heartbeats(boolean on) {
    heartbeats = on;
  }

  public List<Long> timers() {
    return timers;
  }

  @Override
  public String toString() {
    return "Socket[" + number + " of channel " + channel.number() + "]";
  }
}
