package dev.caravan.simulator.api;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.caravan.simulator.Limits;
import dev.caravan.simulator.SimulatorClock;
import dev.caravan.simulator.session.OauthClient;
import dev.caravan.simulator.session.Token;
import dev.caravan.simulator.session.Tokens;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code POST /oauth/token} for client credentials, by Basic authentication or form fields. */
public final class OauthApi {

  private record Credentials(String id, String secret) {}

  private final Map<String, OauthClient> clients = new LinkedHashMap<>();
  private final Tokens tokens;
  private final SimulatorClock clock;
  private final RateLimiter limiter;

  public OauthApi(
      Iterable<OauthClient> clients, Tokens tokens, SimulatorClock clock, Limits limits) {
    clients.forEach(client -> this.clients.put(client.id(), client));
    this.tokens = tokens;
    this.clock = clock;
    this.limiter = new RateLimiter(limits.loginsPerMinute());
  }

  public void token(RoutingContext context) {
    Call call = Call.of(context);
    Optional<Credentials> given = credentials(context.request());
    RateLimiter.Standing standing =
        limiter.count(given.map(Credentials::id).orElse(""), clock.wallNow());
    if (standing.exceeded()) {
      call.answer(ApiError.rateLimited(standing.resetSeconds()));
      return;
    }
    Optional<OauthClient> client =
        given.flatMap(
            known ->
                Optional.ofNullable(clients.get(known.id()))
                    .filter(one -> one.secret().equals(known.secret())));
    if (client.isEmpty()) {
      call.answer(400, refusal("invalid_client", "client not found"));
      return;
    }
    String grant = context.request().getFormAttribute("grant_type");
    if (!"client_credentials".equals(grant)) {
      call.answer(400, refusal("unsupported_grant_type", "grant type not supported"));
      return;
    }
    Duration life = client.get().tokenLife();
    Token token = tokens.issue(client.get().id(), clock.now(), life);
    call.answer(
        Json.object()
            .put("access_token", token.value())
            .put("token_type", "bearer")
            .put("expires_in", Math.max(1, clock.onTheWall(life).toSeconds())));
  }

  public OauthClient client(String id) {
    return clients.get(id);
  }

  /** Refuses a call whose client has none of the permissions it needs. */
  void require(Call call, List<String> anyOf) {
    if (clients.get(call.token().clientId()).lacks().containsAll(anyOf)) {
      throw (anyOf.size() > 1
              ? ApiError.missingAnyPermission(anyOf)
              : ApiError.missingPermission(anyOf.get(0)))
          .thrown();
    }
  }

  public void put(OauthClient client) {
    clients.put(client.id(), client);
  }

  private static ObjectNode refusal(String error, String description) {
    return Json.object()
        .put("error", error)
        .put("description", description)
        .put("error_description", description);
  }

  private static Optional<Credentials> credentials(HttpServerRequest request) {
    String header = request.getHeader(HttpHeaders.AUTHORIZATION);
    if (header != null && header.regionMatches(true, 0, "Basic ", 0, 6)) {
      return decode(header.substring(6).trim());
    }
    String id = request.getFormAttribute("client_id");
    String secret = request.getFormAttribute("client_secret");
    return id == null || secret == null
        ? Optional.empty()
        : Optional.of(new Credentials(id, secret));
  }

  private static Optional<Credentials> decode(String base64) {
    try {
      String pair = new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
      int colon = pair.indexOf(':');
      return colon < 0
          ? Optional.empty()
          : Optional.of(new Credentials(pair.substring(0, colon), pair.substring(colon + 1)));
    } catch (IllegalArgumentException notBase64) {
      return Optional.empty();
    }
  }
}
