package dev.caravan.simulator.fault;

import dev.caravan.simulator.centre.Json;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;

/**
 * Something that goes wrong by itself, once, so many times, or at a rate.
 *
 * @param on what it spoils
 * @param match for calls {@code METHOD /path}, for events the topic name; {@code *} stands for
 *     anything
 * @param effect what goes wrong
 * @param skip so many matching occasions go well first
 * @param times how often it strikes; 0 for ever
 * @param rate share of the matching occasions it strikes at, all of them if unset
 * @param status HTTP status, or close code where a socket is closed
 * @param retryAfter the {@code Retry-After} header, in whole seconds; zero for none
 * @param code the error code in the body; empty for the usual one
 * @param delay how long things take
 * @param bytes how large a frame gets
 */
public record Fault(
    On on,
    String match,
    Effect effect,
    int skip,
    int times,
    Double rate,
    int status,
    Duration retryAfter,
    String code,
    Duration delay,
    int bytes) {

  /** What a fault spoils. */
  public enum On {
    /** A REST call or a login. */
    CALL,
    /** A WebSocket handshake. */
    HANDSHAKE,
    /** An event on its way to one socket. */
    EVENT
  }

  /** What goes wrong. */
  public enum Effect {
    /** The call or handshake is answered with an error. */
    STATUS,
    /** The call, handshake or event takes its time; later events overtake a late one. */
    DELAY,
    /** The connection is reset before anything is done. */
    RESET,
    /** There never is an answer. */
    HANG,
    /** The call is done, but the connection is reset instead of answering. */
    LOST_ANSWER,
    /** The call is done, but the answer breaks off in the middle of its body. */
    BROKEN_ANSWER,
    /** A listing is answered with 200, as if there were nothing to list. */
    EMPTY_LISTING,
    /** Every second entity is missing from a page of a listing, which says nothing of it. */
    HALF_LISTING,
    /** The handshake succeeds and the socket is closed at once. */
    CLOSE,
    /** The event is sent twice. */
    DUPLICATE,
    /** The event changes places with the next one on the same socket. */
    REORDER,
    /** The event is never sent. */
    DROP,
    /** The event's frame is not JSON. */
    MALFORMED,
    /** The event comes in a binary frame. */
    BINARY,
    /** The event comes under a topic name nobody knows. */
    UNKNOWN_TOPIC,
    /** The event's frame is filled up to so many bytes. */
    HUGE
  }

  private static final Set<Effect> FOR_CALLS = EnumSet.range(Effect.STATUS, Effect.HALF_LISTING);
  private static final Set<Effect> FOR_HANDSHAKES =
      EnumSet.of(Effect.STATUS, Effect.DELAY, Effect.RESET, Effect.HANG, Effect.CLOSE);
  private static final Set<Effect> FOR_EVENTS = EnumSet.range(Effect.DUPLICATE, Effect.HUGE);

  static {
    FOR_EVENTS.add(Effect.DELAY);
  }

  public Fault {
    if (on == null || effect == null) {
      throw new IllegalArgumentException("A fault needs 'on' and 'effect'.");
    }
    match = match == null || match.isEmpty() ? "*" : match;
    code = code == null ? "" : code;
    rate = rate == null ? 1 : rate;
    retryAfter = retryAfter == null ? Duration.ZERO : retryAfter;
    delay = delay == null ? Duration.ZERO : delay;
    if (!(rate >= 0 && rate <= 1)) {
      throw new IllegalArgumentException("The 'rate' of a fault is a share from 0 to 1.");
    }
    status = status == 0 ? (effect == Effect.CLOSE ? 1011 : 503) : status;
    bytes = bytes == 0 ? 1 << 20 : bytes;
    Set<Effect> possible =
        switch (on) {
          case CALL -> FOR_CALLS;
          case HANDSHAKE -> FOR_HANDSHAKES;
          case EVENT -> FOR_EVENTS;
        };
    if (!possible.contains(effect)) {
      throw new IllegalArgumentException(
          "A fault on %s cannot be %s; it can be one of %s."
              .formatted(
                  Json.name(on), Json.name(effect), possible.stream().map(Json::name).toList()));
    }
  }

  /** Strikes every time. */
  public static Fault of(On on, String match, Effect effect) {
    return new Fault(on, match, effect, 0, 0, 1.0, 0, null, "", null, 0);
  }

  /** A call answered with an error. */
  public static Fault status(String match, int status) {
    return new Fault(On.CALL, match, Effect.STATUS, 0, 0, 1.0, status, null, "", null, 0);
  }

  public Fault times(int howOften) {
    return Json.with(this, "times", howOften);
  }

  /** Lets so many occasions go well first. */
  public Fault after(int occasions) {
    return Json.with(this, "skip", occasions);
  }

  public Fault atRate(double share) {
    return Json.with(this, "rate", share);
  }

  public Fault withStatus(int newStatus) {
    return Json.with(this, "status", newStatus);
  }

  public Fault withRetryAfter(Duration wait) {
    return Json.with(this, "retryAfter", wait);
  }

  public Fault withDelay(Duration late) {
    return Json.with(this, "delay", late);
  }
}
