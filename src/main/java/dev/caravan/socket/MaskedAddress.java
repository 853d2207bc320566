package dev.caravan.socket;

import java.net.URI;

/** Speaks of an address without giving away its path, which may be a credential. */
record MaskedAddress(URI address) {

  /** Shorter parts of a path are words, not secrets. */
  private static final int SHORTEST_SECRET = 8;

  String server() {
    return address.getHost() + ":" + address.getPort();
  }

  @Override
  public String toString() {
    return server();
  }

  /** What others said, without any longer part of the path or query in it. */
  String maskIn(String text) {
    String masked = text == null ? "" : text;
    String pathAndQuery = address.getPath() + "/" + address.getQuery();
    for (String part : pathAndQuery.split("[/?&=]")) {
      if (part.length() >= SHORTEST_SECRET) {
        masked = masked.replace(part, "***");
      }
    }
    return masked;
  }
}
