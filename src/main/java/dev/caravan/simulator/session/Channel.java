package dev.caravan.simulator.session;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One notification channel: its life, whose it is and what it is subscribed to. */
public final class Channel {

  private final int number;
  private final String id;
  private final Token token;
  private final Instant announcedExpiry;
  private final Map<String, List<String>> topics = new LinkedHashMap<>();
  private Instant expires;
  private Instant lastUsed;
  private boolean connected;

  Channel(int number, String id, Token token, Instant now, Instant expires) {
    this.number = number;
    this.id = id;
    this.token = token;
    this.expires = expires;
    this.announcedExpiry = expires;
    this.lastUsed = now;
  }

  /** Counts from 1 and is safe to show; the id is a credential. */
  public int number() {
    return number;
  }

  public String id() {
    return id;
  }

  public Token token() {
    return token;
  }

  public String clientId() {
    return token.clientId();
  }

  public Instant expires() {
    return expires;
  }

  public Instant announcedExpiry() {
    return announcedExpiry;
  }

  Instant lastUsed() {
    return lastUsed;
  }

  public boolean connected() {
    return connected;
  }

  public void connected(boolean now) {
    connected = now;
  }

  public void use(Instant now) {
    lastUsed = now;
  }

  void renew(Instant until) {
    expires = until;
  }

  /** Subscribed topics as they were asked for, each with the single topics it stands for. */
  public Map<String, List<String>> topics() {
    return topics;
  }

  @Override
  public String toString() {
    return "Channel[" + number + "]";
  }
}
