package dev.caravan.simulator.session;

import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.ServerWebSocket;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** One WebSocket of a channel, and what has been done to it. */
public final class Socket {

  private final int number;
  private final Channel channel;
  private final ServerWebSocket peer;
  private final HttpConnection connection;
  private final List<Long> timers = new ArrayList<>();
  private final Deque<Publisher.Parcel> held = new ArrayDeque<>();
  private boolean heartbeats = true;
  private boolean mute;
  private boolean deaf;
  private boolean closed;

  Socket(int number, Channel channel, ServerWebSocket peer, HttpConnection connection) {
    this.number = number;
    this.channel = channel;
    this.peer = peer;
    this.connection = connection;
  }

  /** Counts from 1. */
  int number() {
    return number;
  }

  public Channel channel() {
    return channel;
  }

  public ServerWebSocket peer() {
    return peer;
  }

  HttpConnection connection() {
    return connection;
  }

  boolean open() {
    return !closed && !peer.isClosed();
  }

  void closed() {
    closed = true;
  }

  boolean mute() {
    return mute;
  }

  /** From now on nothing said to it leaves the house. */
  public void goMute() {
    mute = true;
  }

  boolean deaf() {
    return deaf;
  }

  public void goDeaf() {
    deaf = true;
    Wire.goDeaf(connection);
  }

  public boolean heartbeats() {
    return heartbeats;
  }

  public void heartbeats(boolean on) {
    heartbeats = on;
  }

  /** Parcels that wait to be overtaken. */
  Deque<Publisher.Parcel> held() {
    return held;
  }

  public List<Long> timers() {
    return timers;
  }

  @Override
  public String toString() {
    return "Socket[" + number + " of channel " + channel.number() + "]";
  }
}
