package dev.caravan.simulator.session;

import dev.caravan.simulator.Ids;
import dev.caravan.simulator.OauthClient;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** The clients that may log in, the tokens issued to them, and what became of those. */
public final class Tokens {

  private static final int REMEMBERED = 10_000;

  private final Map<String, OauthClient> clients = new HashMap<>();
  private final Map<String, Token> byValue = new LinkedHashMap<>();
  private final Ids ids;
  private int issued;

  public Tokens(Ids ids, List<OauthClient> clients) {
    this.ids = ids;
    clients.forEach(this::put);
  }

  public OauthClient client(String id) {
    return clients.get(id);
  }

  /** Adds a client or replaces the one of the same id. */
  public void put(OauthClient client) {
    clients.put(client.id(), client);
  }

  public Token issue(String clientId, Instant now, Duration life) {
    Token token = new Token(++issued, ids.token(), clientId, now.plus(life));
    byValue.put(token.value(), token);
    if (byValue.size() > REMEMBERED) {
      byValue.remove(byValue.keySet().iterator().next());
    }
    return token;
  }

  /** The token of that value, alive or expired; a revoked one is gone. */
  public Optional<Token> find(String value) {
    return Optional.ofNullable(byValue.get(value));
  }

  /** Takes the chosen tokens away, as an administrator does. */
  public List<Token> revoke(Predicate<Token> chosen) {
    List<Token> gone = byValue.values().stream().filter(chosen).toList();
    gone.forEach(token -> byValue.remove(token.value()));
    return gone;
  }

  /** Ends the life of the chosen tokens now, as the passing of time does. */
  public List<Token> expire(Predicate<Token> chosen, Instant now) {
    List<Token> ended = byValue.values().stream().filter(chosen).toList();
    ended.forEach(
        token ->
            byValue.put(
                token.value(), new Token(token.number(), token.value(), token.clientId(), now)));
    return ended;
  }

  public Collection<Token> all() {
    return List.copyOf(byValue.values());
  }

  public int issued() {
    return issued;
  }
}
