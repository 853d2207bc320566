package dev.caravan.network;

import java.io.IOException;

/** The proxy does not let a call through: the answer is its own, not that of the server behind. */
public final class ProxyRefusedException extends IOException {

  private static final int LOGIN_REQUIRED = 407;

  private final int status;

  public ProxyRefusedException(Proxies.Proxy proxy, String server, int status) {
    super(
        "The proxy %s does not let the bridge through to %s (HTTP status %d). %s"
            .formatted(
                proxy,
                server,
                status,
                status == LOGIN_REQUIRED
                    ? "Look at user and password in HTTPS_PROXY."
                    : "Look at HTTPS_PROXY and NO_PROXY, and at what the proxy allows."));
    this.status = status;
  }

  /** Whether it passes by itself, as far as the status tells. */
  public boolean isPassing() {
    return status >= 500;
  }

  public int status() {
    return status;
  }
}
