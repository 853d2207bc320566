package dev.caravan.simulator.fault;

import dev.caravan.simulator.centre.Json;
import java.util.Locale;
import java.util.Set;

/**
 * Something that goes wrong by itself, once, so many times, or at a rate.
 *
 * @param on what it spoils
 * @param match for calls {@code METHOD /path}, for events the topic name; {@code *} stands for
 *     anything
 * @param wrong what goes wrong
 * @param skip so many matching occasions go well first
 * @param times how often it strikes; 0 for ever
 * @param rate share of the matching occasions it strikes at, all of them if unset
 * @param status HTTP status, or close code where a socket is closed
 * @param retryAfterSeconds the {@code Retry-After} header; 0 for none
 * @param code the error code in the body; empty for the usual one
 * @param delayMillis how long things take
 * @param bytes how large a frame gets
 */
public record Fault(
    On on,
    String match,
    Wrong wrong,
    int skip,
    int times,
    Double rate,
    int status,
    int retryAfterSeconds,
    String code,
    long delayMillis,
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
  public enum Wrong {
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

  private static final Set<Wrong> FOR_CALLS =
      Set.of(
          Wrong.STATUS,
          Wrong.DELAY,
          Wrong.RESET,
          Wrong.HANG,
          Wrong.LOST_ANSWER,
          Wrong.BROKEN_ANSWER,
          Wrong.EMPTY_LISTING,
          Wrong.HALF_LISTING);
  private static final Set<Wrong> FOR_HANDSHAKES =
      Set.of(Wrong.STATUS, Wrong.DELAY, Wrong.RESET, Wrong.HANG, Wrong.CLOSE);
  private static final Set<Wrong> FOR_EVENTS =
      Set.of(
          Wrong.DELAY,
          Wrong.DUPLICATE,
          Wrong.REORDER,
          Wrong.DROP,
          Wrong.MALFORMED,
          Wrong.BINARY,
          Wrong.UNKNOWN_TOPIC,
          Wrong.HUGE);

  public Fault {
    if (on == null || wrong == null) {
      throw new IllegalArgumentException("A fault needs 'on' and 'wrong'.");
    }
    match = match == null || match.isEmpty() ? "*" : match;
    code = code == null ? "" : code;
    rate = rate == null ? 1 : rate;
    if (!(rate >= 0 && rate <= 1)) {
      throw new IllegalArgumentException("The 'rate' of a fault is a share from 0 to 1.");
    }
    status = status == 0 ? (wrong == Wrong.CLOSE ? 1011 : 503) : status;
    bytes = bytes == 0 ? 1 << 20 : bytes;
    Set<Wrong> possible =
        switch (on) {
          case CALL -> FOR_CALLS;
          case HANDSHAKE -> FOR_HANDSHAKES;
          case EVENT -> FOR_EVENTS;
        };
    if (!possible.contains(wrong)) {
      throw new IllegalArgumentException(
          "A fault on "
              + on.name().toLowerCase(Locale.ROOT)
              + " cannot be "
              + wrong
              + "; it can be one of "
              + possible.stream().sorted().toList()
              + ".");
    }
  }

  /** Strikes every time. */
  public static Fault of(On on, String match, Wrong wrong) {
    return new Fault(on, match, wrong, 0, 0, 1.0, 0, 0, "", 0, 0);
  }

  /** A call answered with an error. */
  public static Fault status(String match, int status) {
    return new Fault(On.CALL, match, Wrong.STATUS, 0, 0, 1.0, status, 0, "", 0, 0);
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

  public Fault retryAfter(int seconds) {
    return Json.with(this, "retryAfterSeconds", seconds);
  }

  public Fault delay(long millis) {
    return Json.with(this, "delayMillis", millis);
  }
}
