package dev.caravan.genesys.connect;

import static dev.caravan.genesys.connect.SessionBean.CHECK_PERMISSIONS;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.caravan.genesys.GenesysConstants;
import dev.caravan.genesys.GenesysMetrics;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Processor;
import org.apache.hc.client5.http.utils.DateUtils;

/**
 * Reads the answer of an HTTP call: 2xx passes with its body as text; anything else becomes a
 * {@link CallException} that says what follows from it. What is quoted of an error body is its code
 * and its message, never ids.
 */
public final class HttpStatusRule implements Processor {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int LONGEST_QUOTE = 300;

  /** Ids of channels, users and queues, and tokens: long words with a digit in them. */
  private static final Pattern IDS = Pattern.compile("(?=[\\w-]*\\d)[\\w-]{20,}");

  @Override
  public void process(Exchange exchange) {
    if (!isOn(exchange)) {
      return;
    }
    int status = status(exchange);
    String body = exchange.getMessage().getBody(String.class);
    if (status != 401 && !saysNotNow(status) && isCall(exchange)) {
      SessionBean.of(exchange).accepted(exchange);
    }
    if (status >= 200 && status < 300) {
      exchange.getMessage().setBody(body == null || body.isBlank() ? "{}" : body);
      return;
    }
    throw failure(exchange, status, quote(body));
  }

  /**
   * The step within a circuit breaker: fails if the answer says "not now" (408, 429, 5xx), so that
   * the breaker counts just these. Every other answer passes, its body read, to be judged after the
   * breaker, which would swallow the failures that it is told to ignore.
   */
  public static void failIfNotNow(Exchange exchange) {
    if (!isOn(exchange)) {
      return;
    }
    int status = status(exchange);
    GenesysMetrics.of(exchange).answered(exchange, status);
    String body = exchange.getMessage().getBody(String.class);
    if (saysNotNow(status)) {
      if (status == 429 && isOfAll(exchange, body)) {
        Clients.of(exchange.getContext()).leaveAlone(retryAfter(exchange));
      }
      throw failure(exchange, status, quote(body));
    }
    exchange.getMessage().setBody(body);
  }

  /**
   * Whether the organisation has made too many calls, and not this token: the limit that is named
   * (limit.key) is one of the organisation, or the token has calls left. {@code org.app.} is a
   * limit of the OAuth client, whose other tokens have made the calls.
   */
  static boolean isOfAll(Exchange exchange, String body) {
    Message message = exchange.getMessage();
    Integer count = message.getHeader("inin-ratelimit-count", Integer.class);
    Integer allowed = message.getHeader("inin-ratelimit-allowed", Integer.class);
    String limit = json(body).path("limit").path("key").asText("");
    return !limit.startsWith("org.app.")
        && (count != null && allowed != null && count < allowed || limit.startsWith("org."));
  }

  private static int status(Exchange exchange) {
    return exchange.getMessage().getHeader(Exchange.HTTP_RESPONSE_CODE, 0, Integer.class);
  }

  private static CallException failure(Exchange exchange, int status, String said) {
    if (saysNotNow(status)) {
      return CallException.unavailable(
          "Genesys Cloud answered " + status + said + ".", status, retryAfter(exchange));
    }
    if (!isCall(exchange)) {
      return CallException.refused(
          "Genesys Cloud refused the credentials (%d%s).%s"
              .formatted(status, said, SessionBean.of(exchange).checkCredentials()),
          status);
    }
    return switch (status) {
      case 401 -> {
        SessionBean.of(exchange).forget(exchange);
        yield CallException.unauthorised(
            "Genesys Cloud did not accept the token (401" + said + ").");
      }
      case 404 -> CallException.notFound("Genesys Cloud does not know it (404" + said + ").");
      default ->
          CallException.refused(
              "Genesys Cloud refused (%d%s).%s"
                  .formatted(status, said, status == 403 ? CHECK_PERMISSIONS : ""),
              status);
    };
  }

  /** Whether an exchange has an answer of HTTP; the handshake of a socket has none. */
  private static boolean isOn(Exchange exchange) {
    return exchange.getMessage().getHeader(Exchange.HTTP_RESPONSE_CODE) != null;
  }

  /** A call with a token, and not the login. */
  private static boolean isCall(Exchange exchange) {
    return exchange.getProperty(GenesysConstants.TOKEN) != null;
  }

  /** Whether a status means that the same call may succeed later. */
  public static boolean saysNotNow(int status) {
    return status == 408 || status == 429 || status >= 500;
  }

  private static Duration retryAfter(Exchange exchange) {
    return header(exchange, "Retry-After")
        .map(value -> retryAfter(value, header(exchange, "Date")))
        .orElse(Duration.ZERO);
  }

  private static Optional<String> header(Exchange exchange, String name) {
    return exchange.getMessage().getHeaders().entrySet().stream()
        .filter(header -> header.getKey().equalsIgnoreCase(name))
        .map(header -> String.valueOf(header.getValue()))
        .findFirst();
  }

  /** The same, by the {@code Date} of whoever answers, if the answer tells it. */
  static Duration retryAfter(String value, Optional<String> date) {
    return retryAfter(value, date.map(DateUtils::parseStandardDate).orElseGet(Instant::now));
  }

  /**
   * The value of {@code Retry-After} as a wait: seconds, or a date (RFC 9110, 10.2.3); zero if it
   * is neither or is over.
   */
  static Duration retryAfter(String value, Instant now) {
    String text = value.strip();
    if (text.matches("\\d{1,6}")) {
      return Duration.ofSeconds(Long.parseLong(text));
    }
    Instant date = DateUtils.parseStandardDate(text);
    return date == null || !date.isAfter(now) ? Duration.ZERO : Duration.between(now, date);
  }

  /** What Genesys Cloud said, short and without ids. */
  static String withoutIds(String text) {
    String clean = IDS.matcher(text).replaceAll("…").replaceAll("\\s+", " ");
    return clean.length() > LONGEST_QUOTE ? clean.substring(0, LONGEST_QUOTE) + "…" : clean;
  }

  private static JsonNode json(String body) {
    if (body == null || !body.stripLeading().startsWith("{")) {
      return MissingNode.getInstance();
    }
    try {
      return JSON.readTree(body);
    } catch (JsonProcessingException e) {
      // An error page that only looks like JSON: the status alone has to do
      return MissingNode.getInstance();
    }
  }

  /** Code and message of an error body, as ": code, message"; empty if there are none. */
  private static String quote(String body) {
    JsonNode error = json(body);
    String code = error.path("code").asText(error.path("error").asText(""));
    String message = error.path("message").asText(error.path("error_description").asText(""));
    String text = (code.isEmpty() ? "" : ": " + code) + (message.isEmpty() ? "" : ", " + message);
    return withoutIds(text);
  }
}
