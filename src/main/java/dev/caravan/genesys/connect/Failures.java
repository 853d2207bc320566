package dev.caravan.genesys.connect;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.caravan.channel.Failure;
import dev.caravan.network.ProxyRefusedException;
import dev.caravan.socket.SocketOpenException;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import javax.net.ssl.SSLException;
import org.apache.camel.CamelExchangeException;
import org.apache.camel.Exchange;
import org.apache.camel.component.direct.DirectConsumerNotAvailableException;

/** Says what a failed exchange means: what follows from it, and in words for the operator. */
public final class Failures {

  private static final int DEEPEST_CAUSE = 20;

  private Failures() {}

  /**
   * The outermost cause of this type, or null. What Camel caught before, and keeps with what it
   * caught now as suppressed, is none: it is over.
   */
  static <T extends Throwable> T causeOf(Class<T> type, Throwable failure) {
    Throwable cause = failure;
    while (cause != null && !type.isInstance(cause)) {
      cause = cause.getCause();
    }
    return type.cast(cause);
  }

  /** The innermost cause, or one that is deep enough. */
  public static Throwable root(Throwable failure) {
    Throwable root = failure;
    for (int depth = 0; root.getCause() != null && depth < DEEPEST_CAUSE; depth++) {
      root = root.getCause();
    }
    return root;
  }

  /** What a failed opening means for the shard. */
  static Failure of(Exchange exchange) {
    CallException call = asCallException(exchange.getException(), "Genesys Cloud");
    int redeliveries =
        exchange.getMessage().getHeader(Exchange.REDELIVERY_COUNTER, 0, Integer.class);
    Failure.Kind kind =
        switch (call.kind()) {
          case UNAVAILABLE -> Failure.Kind.UNAVAILABLE;
          case NOT_FOUND -> Failure.Kind.CHANNEL_GONE;
          case UNAUTHORISED, REFUSED -> Failure.Kind.REFUSED;
        };
    boolean made =
        redeliveries > 0
            || causeOf(CallNotPermittedException.class, exchange.getException()) == null;
    return new Failure(kind, call.getMessage(), call.retryAfter(), made ? redeliveries + 1 : 0);
  }

  /** The failure as a call's; one that nobody classified counts as unavailable. */
  public static CallException asCallException(Throwable failure, String whom) {
    CallException known = causeOf(CallException.class, failure);
    if (known != null && known.kind() == CallException.Kind.UNAUTHORISED) {
      return CallException.refused(
          known.getMessage()
              + " A new token was not accepted either."
              + SessionBean.CHECK_PERMISSIONS,
          known.status(),
          failure);
    }
    if (known != null) {
      return known;
    }
    DirectConsumerNotAvailableException noRoute =
        causeOf(DirectConsumerNotAvailableException.class, failure);
    if (noRoute != null) {
      String which = noRoute.getMessage().replaceAll("(?s)\\. Exchange.*", "");
      return CallException.refused(
          "A control route is missing (" + which + "). Restore it in routes/control.camel.yaml.",
          0,
          failure);
    }
    ProxyRefusedException proxy = causeOf(ProxyRefusedException.class, failure);
    if (proxy != null) {
      return proxy.isPassing()
          ? CallException.unavailable(proxy.getMessage(), proxy.status(), Duration.ZERO)
          : CallException.refused(proxy.getMessage(), proxy.status(), failure);
    }
    return CallException.unavailable(sentence(failure, whom));
  }

  private static String sentence(Throwable failure, String whom) {
    if (causeOf(CallNotPermittedException.class, failure) != null) {
      return "The circuit breaker is open after repeated failures; " + whom + " is left alone.";
    }
    UnknownHostException unknown = causeOf(UnknownHostException.class, failure);
    if (unknown != null) {
      return ("The host name cannot be resolved (%s). Check GENESYS_REGION, the DNS of this machine,"
              + " and HTTPS_PROXY where there is a proxy.")
          .formatted(unknown.getMessage());
    }
    ConnectException refused = causeOf(ConnectException.class, failure);
    if (refused != null) {
      return "Cannot connect to " + whom + " (" + refused.getMessage() + ").";
    }
    SSLException tls = causeOf(SSLException.class, failure);
    if (tls != null) {
      return ("No TLS connection to %s (%s). Where a proxy opens TLS, its certificates belong into"
              + " GENESYS_CA_FILE.")
          .formatted(whom, tls.getMessage());
    }
    Throwable root = root(failure);
    String upper = whom.substring(0, 1).toUpperCase(Locale.ROOT) + whom.substring(1);
    if (root instanceof JsonProcessingException) {
      return upper + " answered with something that is not JSON.";
    }
    if (root instanceof SocketTimeoutException) {
      return upper + " did not answer in time.";
    }
    if (root instanceof IOException) {
      return "The connection to " + whom + " broke before the answer was complete.";
    }
    if (root instanceof CamelExchangeException) {
      return "The call to " + whom + " failed in its route.";
    }
    return "The call to " + whom + " failed (" + root.getClass().getSimpleName() + ").";
  }

  static CallException ofSocket(SocketOpenException failure) {
    int status = failure.status().orElse(0);
    if (Set.of(401, 403, 404, 410).contains(status)) {
      return CallException.notFound("The channel is not known any more. " + failure.getMessage());
    }
    Duration wait =
        failure
            .retryAfter()
            .map(text -> HttpStatusRule.retryAfter(text, failure.date()))
            .orElse(Duration.ZERO);
    return CallException.unavailable(failure.getMessage(), status, wait, failure);
  }
}
