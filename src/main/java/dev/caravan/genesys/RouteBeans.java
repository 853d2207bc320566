package dev.caravan.genesys;

import dev.caravan.channel.Timings;
import dev.caravan.genesys.backfill.ConversationPages;
import dev.caravan.genesys.backfill.ReadAgain;
import dev.caravan.genesys.connect.CallBeginning;
import dev.caravan.genesys.connect.Clients;
import dev.caravan.genesys.connect.HttpStatusRule;
import dev.caravan.genesys.connect.RetryDelay;
import dev.caravan.genesys.connect.SessionBean;
import dev.caravan.genesys.connect.Subscribing;
import dev.caravan.settings.OauthClients;
import java.time.Duration;
import java.util.Locale;
import org.apache.camel.CamelContext;
import org.apache.camel.Processor;
import org.apache.camel.spi.Registry;

/**
 * The beans that the shipped routes name. A bean of the same name in a route file takes the place
 * of one of them; what it needs to know it is told there.
 */
final class RouteBeans {

  private RouteBeans() {}

  static void bind(CamelContext context, Clients clients) {
    Registry registry = context.getRegistry();
    Timings timings =
        Timings.retrying(
            duration(context, "{{genesys.retry.initial-delay:2s}}"),
            duration(context, "{{genesys.retry.maximum-delay:30s}}"));

    for (String client : clients.all()) {
      SessionBean session = new SessionBean();
      session.setCamelContext(context);
      session.setClientName(client.equals(clients.first()) ? null : client);
      session.setVariables(OauthClients.variables(client));
      session.setClientId(secret(context, client, "id"));
      session.setClientSecret(secret(context, client, "secret"));
      session.setTimings(timings);
      registry.bind(SessionBean.NAME + clients.suffix(client), session);
    }

    registry.bind("genesysCall", new CallBeginning());
    registry.bind("genesysAvailable", (Processor) HttpStatusRule::failIfNotNow);
    registry.bind("genesysAccepted", new HttpStatusRule());

    registry.bind("genesysBackoff", new RetryDelay(timings));
    int attempts = Integer.parseInt(text(context, "{{genesys.retry.attempts:20}}"));
    registry.bind("genesysRetry", RetryDelay.retries(attempts));
    registry.bind("genesysRetryAsRenewed", RetryDelay.retries(0));

    String source = text(context, "{{genesys.api.url:}}");
    registry.bind("genesys-eventbridge", new EventBridgeReader(source));
    registry.bind("genesysSubscribing", new Subscribing());
    registry.bind("genesysPages", new Pages());
    registry.bind("genesysConversationPages", new ConversationPages());
    for (ReadAgain.Kind kind : ReadAgain.Kind.values()) {
      String name = "genesys-" + kind.name().toLowerCase(Locale.ROOT).replace('_', '-');
      registry.bind(name, new ReadAgain(kind, source));
    }
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
