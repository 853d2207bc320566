package dev.caravan.socket;

import java.time.Duration;

/**
 * What a socket puts up with before it gives up.
 *
 * @param connectTimeout from the first packet to the end of the WebSocket handshake, DNS and TLS
 *     included
 * @param closeTimeout how long the peer may take to answer our close before the TCP connection is
 *     cut
 * @param maxMessageBytes the largest message taken, in one frame or in fragments; a larger one
 *     closes the socket with 1009
 */
public record SocketLimits(Duration connectTimeout, Duration closeTimeout, int maxMessageBytes) {

  /** Good for most servers. */
  public static final SocketLimits DEFAULT =
      new SocketLimits(Duration.ofSeconds(10), Duration.ofSeconds(5), 8 * 1024 * 1024);
}
