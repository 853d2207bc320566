package dev.caravan.demo;

import dev.caravan.command.CommandFailure;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Finds ports on the loopback address that a child process can listen on. None is given twice, as a
 * child may need seconds until it listens; and each process begins elsewhere, so that two of them
 * find different ones at the same time.
 */
public final class FreePorts {

  // Below what Linux and macOS hand out for outgoing connections. A client that keeps calling a
  // port of that range while nobody listens can end up connected to itself, and holds the port.
  private static final int FIRST = 20_000;
  private static final int LAST = 32_000;
  private static final int ATTEMPTS = 200;

  private static final int APART = 601;
  private static final AtomicInteger NEXT =
      new AtomicInteger((int) (ProcessHandle.current().pid() % (LAST - FIRST) * APART));

  private FreePorts() {}

  public static int next() {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      int port = FIRST + Math.floorMod(NEXT.getAndIncrement(), LAST - FIRST);
      if (isFree(port)) {
        return port;
      }
    }
    throw new CommandFailure(
        "No free port found between %d and %d after %d attempts. End some programs and try again."
            .formatted(FIRST, LAST, ATTEMPTS));
  }

  /** The wanted port if it can be had; any free one for 0. */
  public static int claim(int wanted, String purpose, String remedy) {
    if (wanted == 0) {
      return next();
    }
    if (!isFree(wanted)) {
      throw new CommandFailure(
          "Port %d, wanted for %s, is in use by another program. %s"
              .formatted(wanted, purpose, remedy));
    }
    return wanted;
  }

  static boolean isFree(int port) {
    return canBind(InetAddress.getLoopbackAddress(), port) && canBind(null, port);
  }

  private static boolean canBind(InetAddress address, int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(address, port));
      return true;
    } catch (IOException taken) {
      return false;
    }
  }
}
