package dev.caravan.demo;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * For compressing at a third of the cost. The Kafka client's lz4 library uses its native code by
 * itself only in the system class loader, where Quarkus applications are not, and otherwise the
 * slowest of its three implementations; once the native code is loaded it is used anywhere.
 */
public final class NativeLz4 {

  private static final Logger LOG = LoggerFactory.getLogger(NativeLz4.class);

  private NativeLz4() {}

  /** Loads the native code if this machine lets us; without it everything works, but slower. */
  public static void load() {
    try {
      // By name: it comes with the Kafka client, which does not offer it to compile against
      Class.forName("net.jpountz.util.Native").getMethod("load").invoke(null);
    } catch (ReflectiveOperationException | LinkageError e) {
      LOG.debug("Compressing without native code", e);
    }
  }
}
