package dev.caravan.genesys.connect;

import java.util.Locale;
import java.util.function.Consumer;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;

/**
 * The routes of {@code control.camel.yaml} by which Genesys Cloud is called: what they do is
 * written there, and for what they are called here.
 */
public enum ControlRoute {
  /** Opens a channel: creates it, subscribes its topics, connects its socket. */
  OPEN,
  /** Goes back to a channel whose socket was lost. */
  REOPEN,
  SUBSCRIBE,
  SUBSCRIPTIONS,
  /** Deletes the subscriptions of a channel that is not used any more. */
  RELEASE,
  CHANNELS,
  /** Reads all pages of a listing of the Platform API. */
  LIST,
  /** Makes any call of the Platform API. */
  API;

  /** Calls Genesys Cloud as an OAuth client; the answer has its failure, if it failed. */
  Exchange call(
      ProducerTemplate template, Clients clients, String client, Consumer<Exchange> request) {
    return template.request(
        "direct:genesys-" + name().toLowerCase(Locale.ROOT),
        exchange -> {
          clients.by(client, exchange);
          request.accept(exchange);
        });
  }

  /**
   * The same, where a failure ends what it is for.
   *
   * @throws CallException if the call did not succeed
   */
  public Exchange answer(
      ProducerTemplate template, Clients clients, String client, Consumer<Exchange> request) {
    Exchange answer = call(template, clients, client, request);
    if (answer.getException() != null) {
      throw Failures.asCallException(answer.getException(), "Genesys Cloud");
    }
    return answer;
  }
}
