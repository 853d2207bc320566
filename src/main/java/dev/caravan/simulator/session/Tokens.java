package dev.caravan.simulator.session;

import dev.caravan.simulator.Ids;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** The tokens that were issued and what became of them. */
public final class Tokens {

  private static final int REMEMBERED = 10_000;

  private final Map<String, Token> byValue = new LinkedHashMap<>();
  private final Ids ids;
  private int issued;

  public Tokens(Ids ids) {
    this.ids = ids;
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

  boolean alive(Token token, Instant now) {
    return token.aliveAt(now) && byValue.get(token.value()) == token;
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
