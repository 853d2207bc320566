package dev.caravan.genesys.connect;

import dev.caravan.channel.ChannelLink;
import dev.caravan.channel.Reading;
import dev.caravan.socket.ClientSocket;
import dev.caravan.socket.ClientSocketEndpoint;
import dev.caravan.socket.CloseReason;
import dev.caravan.socket.FrameQueue;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A channel's open socket, as the shard sees it. */
final class SocketLink implements ChannelLink {

  private static final Logger LOG = LoggerFactory.getLogger(SocketLink.class);
  private static final int MOST_PINGS = 16;

  private static final String PING = "{\"message\":\"ping\"}";

  private final ClientSocket socket;
  private final ClientSocketEndpoint endpoint;
  private final FrameQueue queue;
  private final LongSupplier clock;
  private final Optional<String> channel;
  private final Runnable left;
  private final long answeredWithinNanos;
  private final ConcurrentLinkedDeque<Long> pings = new ConcurrentLinkedDeque<>();
  private Optional<Long> proof = Optional.empty();
  private long provenUntil;
  private volatile Rotation rotation;
  private volatile Optional<Token> token = Optional.empty();

  /**
   * @param left is called when we have closed the channel
   * @param answeredWithin what was not answered while all that came for so long was read at once is
   *     not answered any more, if more comes
   */
  SocketLink(
      ClientSocket socket,
      ClientSocketEndpoint endpoint,
      FrameQueue queue,
      LongSupplier clock,
      Optional<String> channel,
      Runnable left,
      Duration answeredWithin) {
    this.socket = socket;
    this.endpoint = endpoint;
    this.queue = queue;
    this.clock = clock;
    this.channel = channel;
    this.left = left;
    this.answeredWithinNanos = answeredWithin.toNanos();
  }

  /** Where the channel's socket is opened; the channel can be used again through it. */
  ClientSocketEndpoint endpoint() {
    return endpoint;
  }

  /** By which token the channel was made, if that was told, and when its successor is due. */
  void made(Optional<Token> by, Rotation due) {
    this.token = by;
    this.rotation = due;
  }

  Rotation rotation() {
    return rotation;
  }

  Optional<Token> token() {
    return token;
  }

  Optional<String> channel() {
    return channel;
  }

  @Override
  public void ping() {
    forgetUnanswered();
    if (pings.size() >= MOST_PINGS) {
      // No answer to any of them: one more would be answered as the wrong one
      return;
    }
    Long sent = System.nanoTime();
    pings.addLast(sent);
    socket
        .sendText(PING)
        .exceptionally(
            failure -> {
              // No pong answers it. The watchdog finds the socket dead when nothing comes
              pings.remove(sent);
              LOG.debug("A ping could not be sent: {}", failure.getMessage());
              return null;
            });
  }

  @Override
  public void prove() {
    forgetUnanswered();
    if (pings.isEmpty()) {
      ping();
    }
  }

  /**
   * Pongs do not say which ping they answer: each that was sent after one without an answer would
   * wait for the answer of the next one.
   */
  private void forgetUnanswered() {
    Long oldest = pings.peekFirst();
    OptionalLong heard = socket.liveness().lastFrameNanos();
    if (oldest == null || heard.isEmpty() || socket.liveness().pausedSinceNanos().isPresent()) {
      return;
    }
    long freely = socket.liveness().readFreelySinceNanos();
    long answered = (freely - oldest > 0 ? freely : oldest) + answeredWithinNanos;
    OptionalLong waiting = queue.oldestNanos();
    boolean handedOn = waiting.isEmpty() || waiting.getAsLong() - answered > 0;
    if (handedOn && heard.getAsLong() - answered > 0) {
      pings.clear();
    }
  }

  @Override
  public OptionalLong ponged() {
    Optional<Long> sent = Optional.ofNullable(pings.pollFirst());
    if (sent.isEmpty()) {
      return OptionalLong.empty();
    }
    provenUntil = at(sent.get());
    if (sent.equals(proof)) {
      socket.liveness().caughtUp(sent.get());
      proof = Optional.empty();
    }
    return OptionalLong.of(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - sent.get()));
  }

  /**
   * Frames come in order, so a pong proves that what was sent before its ping has been read. It is
   * asked for only after a hold; before, what was read last was sent just before.
   */
  @Override
  public long handedOnUntil() {
    forgetUnanswered();
    boolean catchingUp =
        socket.liveness().behindSinceNanos().isPresent()
            && socket.liveness().pausedSinceNanos().isEmpty();
    if (catchingUp && proof.filter(pings::contains).isEmpty() && pings.size() < MOST_PINGS) {
      ping();
      proof = Optional.ofNullable(pings.peekLast());
    }
    long read = reading().lastFrameAt();
    OptionalLong oldest = queue.oldestNanos();
    return oldest.isEmpty() ? read : Math.min(read, at(oldest.getAsLong()));
  }

  private long at(long nanos) {
    return clock.getAsLong() - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - nanos);
  }

  @Override
  public void cut() {
    socket.cut();
  }

  @Override
  public void close() {
    socket.close(CloseReason.NORMAL, "");
    left.run();
  }

  @Override
  public long endsAt() {
    return rotation == null ? Long.MAX_VALUE : rotation.end();
  }

  @Override
  public Reading reading() {
    long now = clock.getAsLong();
    OptionalLong last = socket.liveness().lastFrameNanos();
    long lastFrameAt = last.isEmpty() ? 0 : at(last.getAsLong());
    // What its peer has sent since then may not be read yet, because its reading was held
    OptionalLong behind = socket.liveness().behindSinceNanos();
    if (behind.isPresent()) {
      lastFrameAt = Math.min(lastFrameAt, at(behind.getAsLong()));
    }
    boolean held = socket.liveness().pausedSinceNanos().isPresent();
    return new Reading(
        lastFrameAt, now - socket.liveness().silence().toMillis(), held, provenUntil);
  }
}
