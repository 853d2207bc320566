package dev.caravan.genesys.connect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.caravan.genesys.GenesysConstants;
import java.time.Duration;
import java.time.Instant;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpStatusRuleTest {

  private static final String CHANNEL = "streaming-2-aa5h48uk0srhpugh2994klj918";
  private static final String SECRET = "QXb7zKfR1nPq0-veryLongBearerTokenValue_9183x";

  private final CamelContext context = new DefaultCamelContext();
  private final HttpStatusRule answer = new HttpStatusRule();

  HttpStatusRuleTest() {
    SessionBean session = new SessionBean();
    session.setCamelContext(context);
    context.getRegistry().bind(SessionBean.NAME, session);
  }

  /** The answer of a call to the Platform API. */
  private Exchange api(int status, String body) {
    Exchange exchange = login(status, body);
    exchange.setProperty(
        GenesysConstants.TOKEN, new Token(SECRET, Instant.EPOCH, Duration.ofDays(1)));
    return exchange;
  }

  /** The answer of the login endpoint. */
  private Exchange login(int status, String body) {
    Exchange exchange = new DefaultExchange(context);
    exchange.getMessage().setHeader(Exchange.HTTP_RESPONSE_CODE, status);
    exchange.getMessage().setBody(body);
    return exchange;
  }

  private CallException failure(Exchange exchange) {
    return catchThrowableOfType(CallException.class, () -> answer.process(exchange));
  }

  @ParameterizedTest
  @ValueSource(ints = {200, 201, 202, 204})
  void anySuccessPasses(int status) {
    Exchange exchange = api(status, "{\"id\":1}");

    assertThatCode(() -> answer.process(exchange)).doesNotThrowAnyException();
    assertThat(exchange.getMessage().getBody()).isEqualTo("{\"id\":1}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " \n"})
  void aSuccessWithoutABodyIsAnEmptyObject(String body) {
    Exchange exchange = api(204, body);

    answer.process(exchange);

    assertThat(exchange.getMessage().getBody()).isEqualTo("{}");
  }

  @ParameterizedTest
  @CsvSource({
    "301, REFUSED",
    "400, REFUSED",
    "401, UNAUTHORISED",
    "403, REFUSED",
    "404, NOT_FOUND",
    "405, REFUSED",
    "408, UNAVAILABLE",
    "409, REFUSED",
    "413, REFUSED",
    "415, REFUSED",
    "429, UNAVAILABLE",
    "500, UNAVAILABLE",
    "501, UNAVAILABLE",
    "502, UNAVAILABLE",
    "503, UNAVAILABLE",
    "504, UNAVAILABLE",
    "599, UNAVAILABLE"
  })
  void aStatusOfTheApiSaysWhatFollows(int status, CallException.Kind kind) {
    assertThat(failure(api(status, "")).kind()).isEqualTo(kind);
    assertThat(failure(api(status, "")).status()).isEqualTo(status);
    assertThat(failure(api(status, ""))).hasMessageContaining(String.valueOf(status));
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 401, 403, 404})
  void whateverTheLoginEndpointRefusesIsForTheOperator(int status) {
    assertThat(failure(login(status, "{\"error\":\"invalid_client\"}")))
        .hasFieldOrPropertyWithValue("kind", CallException.Kind.REFUSED)
        .hasMessageContaining("invalid_client")
        .hasMessageContaining("Check GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET and GENESYS_REGION");
  }

  @ParameterizedTest
  @ValueSource(ints = {408, 429, 500, 503})
  void aLoginEndpointThatIsBusyIsAskedAgain(int status) {
    assertThat(failure(login(status, "")))
        .hasFieldOrPropertyWithValue("kind", CallException.Kind.UNAVAILABLE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"Retry-After", "retry-after", "RETRY-AFTER"})
  void retryAfterIsReadInAnyCase(String name) {
    Exchange exchange = api(429, "");
    exchange.getMessage().setHeader(name, " 42 ");

    assertThat(failure(exchange).retryAfter()).isEqualTo(Duration.ofSeconds(42));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "soon", "-5", "1.5", "99999999999", "Wed, 21 Oct 2015 07:28:00 GMT"})
  void aRetryAfterThatAsksForNothingIsNone(String value) {
    Exchange exchange = api(503, "");
    exchange.getMessage().setHeader("Retry-After", value);

    assertThat(failure(exchange).retryAfter()).isEqualTo(Duration.ZERO);
  }

  @ParameterizedTest
  @CsvSource({
    "org.user.rate, 300, 300, true",
    "token.rate.per.minute, 300, 300, false",
    "token.rate.per.minute, 20, 300, true",
    "org.app.user.rate.per.minute, 300, 300, false",
    "org.app.user.rate.per.minute, 20, 300, false"
  })
  void aLimitIsOneOfTheOrganisationIfItIsNeitherTheTokensNorTheClients(
      String limit, int count, int allowed, boolean ofAll) {
    String body = "{\"limit\":{\"key\":\"%s\"}}".formatted(limit);
    Exchange exchange = api(429, body);
    exchange.getMessage().setHeader("inin-ratelimit-count", count);
    exchange.getMessage().setHeader("inin-ratelimit-allowed", allowed);

    assertThat(HttpStatusRule.isOfAll(exchange, body)).isEqualTo(ofAll);
  }

  @Test
  void aRetryAfterMayBeADate() {
    Instant now = Instant.parse("2026-10-21T07:27:30Z");

    assertThat(HttpStatusRule.retryAfter("Wed, 21 Oct 2026 07:28:00 GMT", now))
        .isEqualTo(Duration.ofSeconds(30));
    assertThat(HttpStatusRule.retryAfter("Wednesday, 21-Oct-26 07:28:00 GMT", now))
        .isEqualTo(Duration.ofSeconds(30));
  }

  /** This machine's may be an hour ahead of it, or behind. */
  @ParameterizedTest
  @ValueSource(strings = {"Date", "date"})
  void aDateIsByTheClockOfWhoeverAnswers(String name) {
    Exchange exchange = api(429, "");
    exchange.getMessage().setHeader(name, "Wed, 21 Oct 2015 07:27:30 GMT");
    exchange.getMessage().setHeader("Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT");

    assertThat(failure(exchange).retryAfter()).isEqualTo(Duration.ofSeconds(30));

    exchange.getMessage().setHeader(name, "yesterday");
    assertThat(failure(exchange).retryAfter()).as("by our own").isEqualTo(Duration.ZERO);
  }

  @Test
  void codeAndMessageOfTheErrorAreQuoted() {
    String body =
        "{\"message\":\"Too many subscriptions\","
            + "\"code\":\"notification.subscription.too.many.subscriptions\",\"status\":400}";

    assertThat(failure(api(400, body)))
        .hasMessage(
            "Genesys Cloud refused (400: notification.subscription.too.many.subscriptions, Too many"
                + " subscriptions).");
    assertThat(failure(api(403, body))).hasMessageContaining(SessionBean.CHECK_PERMISSIONS);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{",
        "{\"code\":",
        "<html>Bad gateway</html>",
        "null",
        "[1]",
        "{\"code\":{}}",
        "{}"
      })
  void aBodyThatIsNoErrorDoesNotHideTheStatus(String body) {
    assertThat(failure(api(502, body))).hasMessage("Genesys Cloud answered 502.");
    assertThat(failure(api(403, body)))
        .hasFieldOrPropertyWithValue("kind", CallException.Kind.REFUSED);
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 401, 403, 404, 429, 500})
  void noIdAndNoSecretIsQuoted(int status) {
    String body =
        "{\"code\":\"not.found\",\"message\":\"No channel "
            + CHANNEL
            + " for wss://streaming.mypurecloud.com/channels/"
            + CHANNEL
            + " of v2.users.7b5a5a2e-1c2d-4e5f-8a9b-0c1d2e3f4a5b.presence with Bearer "
            + SECRET
            + "\"}";

    for (Exchange exchange : new Exchange[] {api(status, body), login(status, body)}) {
      assertThat(failure(exchange).toString())
          .contains("not.found")
          .doesNotContain(CHANNEL)
          .doesNotContain("aa5h48uk0srhpugh2994klj918")
          .doesNotContain(SECRET)
          .doesNotContain("7b5a5a2e");
    }
  }

  @Test
  void aLongMessageIsCut() {
    String body = "{\"message\":\"" + "word ".repeat(1_000) + "\"}";

    assertThat(failure(api(500, body)).getMessage()).hasSizeLessThan(350);
  }

  @Test
  void aTokenThatIsNotAcceptedIsNotUsedAgain() {
    assertThat(failure(api(401, "{\"code\":\"bad.credentials\"}")))
        .hasFieldOrPropertyWithValue("kind", CallException.Kind.UNAUTHORISED)
        .hasMessage("Genesys Cloud did not accept the token (401: bad.credentials).");
  }

  @Test
  void aMissingChannelIsNotFound() {
    assertThat(failure(api(404, "{\"code\":\"not.found\"}")))
        .hasFieldOrPropertyWithValue("kind", CallException.Kind.NOT_FOUND);
  }
}
