package dev.caravan.channel;

import dev.caravan.frame.CopyPairing;
import dev.caravan.frame.EnvelopeReader;
import dev.caravan.frame.Frame;
import java.util.function.LongSupplier;

/**
 * Sorts what the sockets of a replica bring, on the shard's frame queue: events go on unless
 * another socket of the shard has brought them, and what the server says about the socket itself is
 * handed back.
 */
final class ReplicaFrames {

  private final Replica replica;
  private final CopyPairing pairing;
  private final ShardListener listener;
  private final LongSupplier clock;
  private final EnvelopeReader reader = new EnvelopeReader();
  private volatile long lastEventAt;
  private volatile long lastFrameAt;

  ReplicaFrames(Replica replica, CopyPairing pairing, ShardListener listener, LongSupplier clock) {
    this.replica = replica;
    this.pairing = pairing;
    this.listener = listener;
    this.clock = clock;
  }

  /** What other sockets bring from now on may come on this channel's, too. */
  void expect(int channel) {
    end(channel);
    pairing.join(replica.unique(channel));
  }

  /** All that was sent on this channel's socket before then has come. */
  void proven(int channel, long until) {
    pairing.proven(replica.unique(channel), until);
  }

  /** Nothing more comes on this channel's socket. */
  void end(int channel) {
    pairing.leave(replica.unique(channel), clock.getAsLong());
  }

  /**
   * One message.
   *
   * @return what it turned out to be
   */
  Frame take(int channel, byte[] body, boolean binary) {
    long now = clock.getAsLong();
    lastFrameAt = now;
    Frame frame =
        binary ? new Frame.Unreadable("is binary; Genesys Cloud sends text") : reader.read(body);
    if (frame instanceof Frame.Control said && said.kind().isSignOfLife()) {
      pairing.signOfLife(replica.unique(channel), now);
    } else if (frame instanceof Frame.Notification event) {
      lastEventAt = now;
      if (pairing.firstSight(replica.unique(channel), event.id(), now)) {
        listener.notification(replica.shard(), event, body);
      } else {
        listener.pairedOff(replica.shard());
      }
    } else if (frame instanceof Frame.Unreadable unreadable) {
      listener.unreadable(replica.shard(), body, unreadable.reason());
    }
    return frame;
  }

  /** When the last event came; 0 if none did. */
  long lastEventAt() {
    return lastEventAt;
  }

  /** When the last frame of any kind came; 0 if none did. */
  long lastFrameAt() {
    return lastFrameAt;
  }
}
