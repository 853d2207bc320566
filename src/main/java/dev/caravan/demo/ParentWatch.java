package dev.caravan.demo;

import java.io.IOException;
import java.io.InputStream;

/**
 * For a child process that must not outlive its parent: the parent holds the other end of standard
 * input, and the operating system closes it however the parent ends, {@code kill -9} included.
 */
public final class ParentWatch {

  private ParentWatch() {}

  public static void onParentGone(InputStream fromParent, Runnable action) {
    Thread watch =
        new Thread(
            () -> {
              awaitEnd(fromParent);
              action.run();
            },
            "parent-watch");
    watch.setDaemon(true);
    watch.start();
  }

  private static void awaitEnd(InputStream fromParent) {
    try {
      int next = fromParent.read();
      while (next >= 0) {
        next = fromParent.read();
      }
    } catch (IOException brokenPipe) {
      // A pipe that cannot be read means the same as one that ended: nobody holds the other end.
      return;
    }
  }
}
