package dev.caravan.genesys.connect;

import java.util.function.Consumer;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;

/**
 * The routes of {@code control.camel.yaml} by which Genesys Cloud is called: what they do is
 * written there, and for what they are called here.
 */
public enum ControlRoute {
  /** Opens a channel: creates it, subscribes its topics, connects its socket. */
  OPEN("direct:genesys-open"),
  /** Goes back to a channel whose socket was lost. */
  REOPEN("direct:genesys-reopen"),
  SUBSCRIBE("direct:genesys-subscribe"),
  SUBSCRIPTIONS("direct:genesys-subscriptions"),
  /** Deletes the subscriptions of a channel that is not used any more. */
  RELEASE("direct:genesys-release"),
  CHANNELS("direct:genesys-channels"),
  /** Reads all pages of a listing of the Platform API. */
  LIST("direct:genesys-list"),
  /** Makes any call of the Platform API. */
  API("direct:genesys-api");

  private final String uri;

  ControlRoute(String uri) {
    this.uri = uri;
  }

  /**
   * Calls Genesys Cloud as an OAuth client.
   *
   * @return what came of it, its failure included
   */
  Exchange call(
      ProducerTemplate template, Clients clients, String client, Consumer<Exchange> request) {
    return template.request(
        uri,
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
