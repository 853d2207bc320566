package dev.caravan.genesys.connect;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.caravan.background.SteadyClock;
import dev.caravan.channel.Backoff;
import dev.caravan.channel.Timings;
import dev.caravan.genesys.GenesysConstants;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.apache.camel.CamelContextAware;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;

/**
 * The session as a bean for routes: fetches the token through a route, and puts it on calls. It is
 * found in the registry as {@value #NAME}.
 */
public final class SessionBean extends GenesysSession implements CamelContextAware {

  public static final String NAME = "genesysSession";

  static final String CHECK_PERMISSIONS =
      " Give the OAuth client a role with the permissions that the topics need.";

  /** It answers with the fields of a token, as JSON or as a map. */
  private static final String TOKEN_ROUTE = "direct:genesys-token";

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String CALL = "CamelGenesysCall";
  private CamelContext camelContext;
  private String clientName;
  private String variables = "GENESYS_CLIENT";
  private String clientId = "";
  private String clientSecret = "";
  private Timings timings = Timings.defaults();

  public SessionBean() {
    super(new SteadyClock());
  }

  /** The session of the OAuth client that makes an exchange's calls. */
  static SessionBean of(Exchange exchange) {
    return of(exchange.getContext(), Clients.suffix(exchange));
  }

  public static SessionBean of(CamelContext context, Clients clients, String client) {
    return of(context, clients.suffix(client));
  }

  private static SessionBean of(CamelContext context, String suffix) {
    String name = NAME + suffix;
    SessionBean bean = context.getRegistry().lookupByNameAndType(name, SessionBean.class);
    if (bean == null) {
      throw CallException.refused(
          "There is no bean " + name + ". Restore it in routes/control.camel.yaml.", 0);
    }
    return bean;
  }

  /** The OAuth client's name, if it is not the first. */
  public void setClientName(String clientName) {
    this.clientName = clientName;
  }

  /** What the variables begin with that set id and secret, such as GENESYS_CLIENT. */
  public void setVariables(String variables) {
    this.variables = variables;
  }

  String checkCredentials() {
    return " Check %1$s_ID, %1$s_SECRET and GENESYS_REGION: they must name an OAuth client of the"
            .formatted(variables)
        + " grant type Client Credentials in this org.";
  }

  /** What an operator should know while so many channels are read with the token, in sentences. */
  public Optional<String> warning(int channels) {
    Optional<String> tooShort = life().flatMap(life -> Token.tooShort(life, channels));
    return Stream.of(warning(), tooShort)
        .flatMap(Optional::stream)
        .reduce((one, other) -> one + " " + other);
  }

  public void setClientId(String clientId) {
    this.clientId = clientId.strip();
  }

  public void setClientSecret(String clientSecret) {
    this.clientSecret = clientSecret.strip();
  }

  /** With the waits after failed logins, unless there is a Retry-After. */
  public void setTimings(Timings timings) {
    this.timings = timings;
  }

  @Override
  public void setCamelContext(CamelContext camelContext) {
    this.camelContext = camelContext;
  }

  @Override
  public CamelContext getCamelContext() {
    return camelContext;
  }

  public String basic() {
    String pair = clientId + ":" + clientSecret;
    return "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
  }

  /** The value of the Authorization header of a call; remembers on the exchange what it was. */
  public String bearer(Exchange exchange) {
    // A channel answers only to the token that made it
    Token token = exchange.getProperty(GenesysConstants.AS, Token.class);
    if (token == null) {
      token = token();
    }
    exchange.setProperty(GenesysConstants.TOKEN, token);
    String path = exchange.getMessage().getHeader(Exchange.HTTP_PATH, "", String.class);
    exchange.setProperty(
        CALL,
        exchange.getMessage().getHeader(Exchange.HTTP_METHOD)
            + HttpStatusRule.withoutIds(" " + path));
    return "Bearer " + token.value();
  }

  void forget(Exchange exchange) {
    if (exchange.getProperty(GenesysConstants.TOKEN) instanceof Token used) {
      drop(used, exchange.getProperty(CALL, "", String.class));
    }
  }

  /** The exchange's last call was answered otherwise than that its token is not accepted. */
  void accepted(Exchange exchange) {
    if (exchange.getProperty(GenesysConstants.TOKEN) instanceof Token used) {
      accepted(used, exchange.getProperty(CALL, "", String.class));
    }
  }

  /** The login is not an attempt at a channel, so its first failure is made up for at once. */
  @Override
  Duration backoff(int failures) {
    return Duration.ofMillis(
        Backoff.after(failures - 1)
            .delayMillis(timings, () -> ThreadLocalRandom.current().nextDouble()));
  }

  @Override
  Token fetch() {
    if (clientId.isEmpty() || clientSecret.isEmpty()) {
      throw CallException.refused(
          "No credentials: set %1$s_ID and %1$s_SECRET (or …_FILE) to an OAuth client of the grant"
                  .formatted(variables)
              + " type Client Credentials.",
          0);
    }
    try (ProducerTemplate template = camelContext.createProducerTemplate(1)) {
      Exchange answer =
          template.request(
              TOKEN_ROUTE, login -> login.setProperty(GenesysConstants.CLIENT, clientName));
      if (answer.getException() != null) {
        throw Failures.asCallException(answer.getException(), "the login endpoint");
      }
      Object body = answer.getMessage().getBody();
      Map<?, ?> fields =
          body instanceof String text ? JSON.readValue(text, Map.class) : (Map<?, ?>) body;
      if (fields != null
          && fields.get("access_token") instanceof String value
          && !value.isBlank()) {
        return new Token(value, now(), Token.lifeOf(fields.get("expires_in")));
      }
      throw CallException.odd("The login endpoint answered without access_token.");
    } catch (IOException e) {
      throw Failures.asCallException(e, "the login endpoint");
    }
  }
}
