package dev.caravan.genesys;

import dev.caravan.genesys.backfill.ConversationPages;
import dev.caravan.genesys.backfill.ReadAgain;
import dev.caravan.genesys.backfill.ReadAgain.Kind;
import dev.caravan.genesys.connect.CallBeginning;
import dev.caravan.genesys.connect.Clients;
import dev.caravan.genesys.connect.HttpAnswer;
import dev.caravan.genesys.connect.RetryDelay;
import dev.caravan.genesys.connect.RetryRule;
import dev.caravan.genesys.connect.SessionBean;
import dev.caravan.genesys.connect.Subscribing;
import dev.caravan.settings.OauthClients;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import org.apache.camel.CamelContext;
import org.apache.camel.spi.Registry;

/**
 * The beans that the shipped routes name. A bean of the same name in a route file takes the place
 * of one of them.
 */
final class RouteBeans {

  private static final Map<Kind, String> READ_AGAIN =
      new EnumMap<>(
          Map.of(
              Kind.PRESENCE, "genesys-presence",
              Kind.ROUTING_STATUS, "genesys-routing-status",
              Kind.ADHERENCE, "genesys-adherence",
              Kind.CONVERSATION, "genesys-conversation"));

  private RouteBeans() {}

  static void bind(CamelContext context, Clients clients) {
    Registry registry = context.getRegistry();
    Duration initialDelay = duration(context, "{{genesys.retry.initial-delay:2s}}");
    Duration maximumDelay = duration(context, "{{genesys.retry.maximum-delay:30s}}");

    for (String client : clients.all()) {
      SessionBean session = new SessionBean();
      session.setCamelContext(context);
      session.setClientName(client.equals(clients.first()) ? null : client);
      session.setVariables(OauthClients.variables(client));
      session.setClientId(secret(context, client, "id"));
      session.setClientSecret(secret(context, client, "secret"));
      session.setInitialDelay(initialDelay);
      session.setMaximumDelay(maximumDelay);
      registry.bind(SessionBean.NAME + clients.suffix(client), session);
    }

    registry.bind("genesysCall", new CallBeginning());
    registry.bind("genesysAvailable", HttpAnswer.beforeBreaker());
    registry.bind("genesysAccepted", new HttpAnswer());

    RetryDelay backoff = new RetryDelay();
    backoff.setInitialDelay(initialDelay);
    backoff.setMaximumDelay(maximumDelay);
    registry.bind("genesysBackoff", backoff);
    int attempts = Integer.parseInt(text(context, "{{genesys.retry.attempts:20}}"));
    registry.bind("genesysRetry", new RetryRule(attempts));
    registry.bind("genesysRetryAsRenewed", new RetryRule(0));

    registry.bind(
        "genesys-eventbridge", new EventBridgeReader(text(context, "{{genesys.api.url:}}")));
    registry.bind("genesysSubscribing", new Subscribing());
    registry.bind("genesysPages", new Pages());
    registry.bind("genesysConversationPages", new ConversationPages());
    READ_AGAIN.forEach(
        (kind, name) -> {
          ReadAgain bean = new ReadAgain();
          bean.setKind(kind);
          bean.setSource(text(context, "{{genesys.api.url:}}"));
          registry.bind(name, bean);
        });
  }

  private static String text(CamelContext context, String setting) {
    return context.resolvePropertyPlaceholders(setting);
  }

  private static String secret(CamelContext context, String client, String what) {
    return text(context, "{{" + OauthClients.property(client, what) + ":}}");
  }

  private static Duration duration(CamelContext context, String setting) {
    return context.getTypeConverter().convertTo(Duration.class, text(context, setting));
  }
}
