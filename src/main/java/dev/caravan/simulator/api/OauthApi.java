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
import java.util.Objects;

/** {@code POST /oauth/token} for client credentials, by Basic authentication or form fields. */
public final class OauthApi {

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
    String[] idAndSecret = credentials(call.request()).split(":", 2);
    RateLimiter.Standing standing = limiter.count(idAndSecret[0], clock.wallNow());
    if (standing.exceeded()) {
      throw ApiError.rateLimited(standing.resetSeconds());
    }
    OauthClient client = tokens.client(idAndSecret[0]);
    if (client == null || idAndSecret.length < 2 || !client.secret().equals(idAndSecret[1])) {
      call.answer(400, refusal("invalid_client", "client not found"));
      return;
    }
    String grant = call.request().getFormAttribute("grant_type");
    if (!"client_credentials".equals(grant)) {
      call.answer(400, refusal("unsupported_grant_type", "grant type not supported"));
      return;
    }
    Duration life = client.tokenLife();
    Token token = tokens.issue(client.id(), clock.now(), life);
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

  /** Id and secret with a colon between them. */
  private static String credentials(HttpServerRequest request) {
    String header = request.getHeader(HttpHeaders.AUTHORIZATION);
    if (header == null || !header.regionMatches(true, 0, "Basic ", 0, 6)) {
      return Objects.toString(request.getFormAttribute("client_id"), "")
          + ":"
          + Objects.toString(request.getFormAttribute("client_secret"), "");
    }
    try {
      return new String(
          Base64.getDecoder().decode(header.substring(6).trim()), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException notBase64) {
      return "";
    }
  }
}
