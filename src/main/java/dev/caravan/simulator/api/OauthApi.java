package dev.caravan.simulator.api;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.caravan.simulator.OauthClient;
import dev.caravan.simulator.SimulatorClock;
import dev.caravan.simulator.World;
import dev.caravan.simulator.centre.Json;
import dev.caravan.simulator.session.ApiError;
import dev.caravan.simulator.session.Token;
import dev.caravan.simulator.session.Tokens;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;

/** {@code POST /oauth/token} for client credentials, by Basic authentication or form fields. */
public final class OauthApi {

  private record Credentials(String id, String secret) {}

  private final Tokens tokens;
  private final SimulatorClock clock;
  private final RateLimiter limiter;

  public OauthApi(World world) {
    tokens = world.tokens();
    clock = world.clock();
    limiter = new RateLimiter(world.options().limits().loginsPerMinute());
  }

  public void mount(Routes routes) {
    routes.on("POST /oauth/token", this::token);
  }

  private void token(Call call) {
    Optional<Credentials> given = credentials(call.request());
    RateLimiter.Standing standing =
        limiter.count(given.map(Credentials::id).orElse(""), clock.wallNow());
    if (standing.exceeded()) {
      throw ApiError.rateLimited(standing.resetSeconds());
    }
    Optional<OauthClient> client =
        given.flatMap(
            known ->
                Optional.ofNullable(tokens.client(known.id()))
                    .filter(one -> one.secret().equals(known.secret())));
    if (client.isEmpty()) {
      call.answer(400, refusal("invalid_client", "client not found"));
      return;
    }
    String grant = call.request().getFormAttribute("grant_type");
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
