package dev.caravan.simulator;

import java.time.Duration;

/**
 * How the stand-in behaves on the wire, above all where nobody outside Genesys knows for sure. What
 * is documented or, failing that, reported stands in {@code usual.json}.
 *
 * @param heartbeat pause between heartbeats on every socket; zero for none
 * @param closingGrace time between {@code v2.system.socket_closing} and the close
 * @param channelOf whose a channel is; the documentation ties it to its token
 * @param expiredToken what a call with an expired token is answered with
 * @param unknownChannelHandshake HTTP status for a handshake on a channel that is not there
 * @param takeoverCode close code for the socket that a second one on its channel replaces
 * @param evictionCode close code when the channel itself is taken away
 * @param expiryCode close code when channel or token come to their end
 * @param announceEviction whether the victim first hears {@code no_longer_subscribed}
 * @param announceRevocation whether a socket first hears {@code token_revoked}
 * @param announceSubscriptions whether a socket hears {@code v2.subscription.updated} when what its
 *     channel is subscribed to has changed
 * @param expiresMoves whether {@code expires} in a channel listing moves when a subscription renews
 *     it
 * @param deleteStatus answer to deleting all subscriptions: 200 or 204
 * @param subscribeByFrame whether {@code {"message":"subscribe"}} over the socket is understood
 * @param slowReader what happens to a reader that does not keep up
 * @param recheckPermissions whether a permission taken away ends running subscriptions
 * @param unknownIds whether a topic about a user or queue that does not exist is accepted
 * @param guessedRules whether topics that are thought to need EventBridge, or the user's own token,
 *     are refused
 * @param ignoreErrors whether {@code ignoreErrors} is heeded; if not, one bad topic has all refused
 * @param compression whether per-message compression is offered on the socket
 * @param fragmentBytes events longer than this are sent as several fragments
 * @param dataLakeLag how far what jobs can read lies behind
 */
public record Behaviour(
    Duration heartbeat,
    Duration closingGrace,
    Owner channelOf,
    String expiredToken,
    int unknownChannelHandshake,
    int takeoverCode,
    int evictionCode,
    int expiryCode,
    boolean announceEviction,
    boolean announceRevocation,
    boolean announceSubscriptions,
    boolean expiresMoves,
    int deleteStatus,
    boolean subscribeByFrame,
    SlowReader slowReader,
    boolean recheckPermissions,
    boolean unknownIds,
    boolean guessedRules,
    boolean ignoreErrors,
    boolean compression,
    int fragmentBytes,
    Duration dataLakeLag) {

  /** Whose a channel is. */
  public enum Owner {
    TOKEN,
    CLIENT
  }

  /** What happens to a reader that does not keep up. */
  public enum SlowReader {
    /** Its socket is closed with 1011. */
    CLOSE,
    /** Frames it cannot take are thrown away. */
    SKIP,
    /** The contact centre waits for it: for measuring, never seen in the wild. */
    WAIT
  }
}
