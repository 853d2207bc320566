package dev.caravan.genesys;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.caravan.session.NotFoundException;
import dev.caravan.session.RefusedException;
import dev.caravan.session.UnauthorisedException;
import dev.caravan.session.UnavailableException;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;

/**
 * Reads the answer of an HTTP call: 2xx passes with its body as text; anything else becomes a
 * {@link dev.caravan.session.CallException} that says what follows from it. What is quoted of an
 * error body is its code and its message, never ids.
 */
public final class HttpAnswer implements Processor {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int LONGEST_QUOTE = 300;

  @Override
  public void process(Exchange exchange) throws IOException {
    int status = exchange.getMessage().getHeader(Exchange.HTTP_RESPONSE_CODE, 0, Integer.class);
    String body = exchange.getMessage().getBody(String.class);
    if (status >= 200 && status < 300) {
      exchange.getMessage().setBody(body == null || body.isBlank() ? "{}" : body);
      return;
    }
    String said = quote(body);
    boolean login = exchange.getProperty(GenesysConstants.TOKEN) == null;
    switch (status) {
      case 401 -> {
        SessionBean.of(exchange.getContext()).forget(exchange);
        String sentence = "Genesys Cloud did not accept the token (401" + said + ").";
        if (login) {
          throw new RefusedException(sentence + SessionBean.CHECK_CREDENTIALS, status);
        }
        throw new UnauthorisedException(sentence);
      }
      case 404 -> throw new NotFoundException("Genesys Cloud does not know it (404" + said + ").");
      default -> {
        if (saysNotNow(status)) {
          throw new UnavailableException(
              "Genesys Cloud answered " + status + said + ".", status, retryAfter(exchange));
        }
        throw new RefusedException(
            "Genesys Cloud refused ("
                + status
                + said
                + ")."
                + (login ? SessionBean.CHECK_CREDENTIALS : SessionBean.CHECK_PERMISSIONS),
            status);
      }
    }
  }

  /** Whether a status means that the same call may succeed later. */
  static boolean saysNotNow(int status) {
    return status == 408 || status == 429 || status >= 500;
  }

  private static Duration retryAfter(Exchange exchange) {
    for (Map.Entry<String, Object> header : exchange.getMessage().getHeaders().entrySet()) {
      if (header.getKey().equalsIgnoreCase("Retry-After")) {
        String seconds = String.valueOf(header.getValue()).strip();
        if (seconds.matches("\\d{1,6}")) {
          return Duration.ofSeconds(Long.parseLong(seconds));
        }
      }
    }
    return Duration.ZERO;
  }

  /** Code and message of an error body, as ": code, message"; empty if there are none. */
  private static String quote(String body) throws IOException {
    if (body == null || !body.stripLeading().startsWith("{")) {
      return "";
    }
    JsonNode error = JSON.readTree(body);
    String code = error.path("code").asText(error.path("error").asText(""));
    String message = error.path("message").asText(error.path("error_description").asText(""));
    String text = (code.isEmpty() ? "" : ": " + code) + (message.isEmpty() ? "" : ", " + message);
    String clean = text.replaceAll("streaming-[\\w-]+", "…");
    return clean.length() > LONGEST_QUOTE ? clean.substring(0, LONGEST_QUOTE) + "…" : clean;
  }
}
