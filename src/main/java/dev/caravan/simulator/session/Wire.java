package dev.caravan.simulator.session;

import io.netty.channel.ChannelOption;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.WebSocketFrameType;
import io.vertx.core.http.impl.ws.WebSocketFrameImpl;
import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.Arrays;

/**
 * What no well-behaved server does, and its API therefore does not offer: resetting a connection,
 * no longer reading from it. It also writes frames that already are UTF-8 without decoding them
 * first.
 */
public final class Wire {

  private Wire() {}

  /** Writes a text message, in several fragments if it is longer than one may be. */
  static void writeText(ServerWebSocket socket, byte[] utf8, int longestFragment) {
    if (utf8.length <= longestFragment) {
      socket.writeFrame(new WebSocketFrameImpl(WebSocketFrameType.TEXT, utf8, true));
      return;
    }
    for (int from = 0; from < utf8.length; from += longestFragment) {
      int to = Math.min(from + longestFragment, utf8.length);
      WebSocketFrameType type =
          from == 0 ? WebSocketFrameType.TEXT : WebSocketFrameType.CONTINUATION;
      socket.writeFrame(
          new WebSocketFrameImpl(type, Arrays.copyOfRange(utf8, from, to), to == utf8.length));
    }
  }

  /** Lets a call wait, and goes on with it then. */
  public static void delay(RoutingContext context, Duration by, Runnable goesOn) {
    context.request().pause();
    context
        .vertx()
        .setTimer(
            Math.max(1, by.toMillis()),
            due -> {
              context.request().resume();
              goesOn.run();
            });
  }

  /** Ends a connection with a TCP reset: the peer sees no close frame, only an error. */
  public static void reset(HttpConnection connection) {
    io.netty.channel.Channel channel = ((ConnectionBase) connection).channel();
    if (channel.eventLoop().inEventLoop()) {
      reset(channel);
    } else {
      channel.eventLoop().execute(() -> reset(channel));
    }
  }

  private static void reset(io.netty.channel.Channel channel) {
    channel.config().setOption(ChannelOption.SO_LINGER, 0);
    channel.unsafe().closeForcibly();
  }

  /** Stops reading, so that pings, closes and everything else the peer says go unheard. */
  static void goDeaf(HttpConnection connection) {
    ((ConnectionBase) connection).channel().config().setAutoRead(false);
  }
}
