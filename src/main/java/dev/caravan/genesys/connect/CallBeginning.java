package dev.caravan.genesys.connect;

import dev.caravan.genesys.backfill.BackfillProgress;
import org.apache.camel.Exchange;
import org.apache.camel.Message;

/**
 * Puts on a call what it takes, before each attempt. The parameter {@code callBefore} of the
 * template for calls names one of these methods.
 */
public final class CallBeginning {

  private static final String AUTHORIZATION = "Authorization";

  /** Client id and secret, for the call that fetches a token. */
  public void login(Exchange exchange) {
    Message message = exchange.getMessage();
    message.setHeader(AUTHORIZATION, SessionBean.of(exchange).basic());
    message.setHeader(Exchange.CONTENT_TYPE, "application/x-www-form-urlencoded");
    message.setHeader(Exchange.HTTP_METHOD, "POST");
    message.setBody("grant_type=client_credentials");
  }

  /** A token, for calls to the Platform API. */
  public void token(Exchange exchange) {
    Clients.of(exchange.getContext()).awaitTurn();
    SessionBean session = SessionBean.of(exchange);
    exchange.getMessage().setHeader(AUTHORIZATION, session.bearer(exchange));
    exchange.getMessage().setHeader(Exchange.CONTENT_TYPE, "application/json");
  }

  /** The same for calls that fill a gap, unless the bridge is stopping. */
  public void backfill(Exchange exchange) throws InterruptedException {
    BackfillProgress.called(exchange);
    token(exchange);
  }

  /**
   * What the names of the routes end with that make the calls of an exchange's OAuth client: each
   * has its own budget and breaker. Empty for the first one.
   */
  public String ofClient(Exchange exchange) {
    return Clients.suffix(exchange);
  }

  /** For what needs neither. */
  public void nothing(Exchange exchange) {}
}
