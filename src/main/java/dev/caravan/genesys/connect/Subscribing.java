package dev.caravan.genesys.connect;

import dev.caravan.genesys.GenesysConstants;
import dev.caravan.topic.TopicCatalogue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;

/**
 * Subscribes the topics of a channel in a loop of the control routes: usually all with one call; if
 * that is refused because of some of them or for their number, in parts ({@link Halving}).
 */
public final class Subscribing implements Processor {

  private static final String STATE = "CamelGenesysSubscribing";

  /** The code of the 400 for more than a channel takes (Genesys Cloud's OpenAPI document). */
  private static final String TOO_MANY = "notification.subscription.too.many.subscriptions";

  private final TopicCatalogue catalogue = TopicCatalogue.shipped();

  /** By client: what one may not see another may. */
  private final Map<String, Set<String>> refusedPatterns = new ConcurrentHashMap<>();

  public void begin(Exchange exchange) {
    Collection<?> asked = exchange.getProperty(GenesysConstants.TOPICS, Collection.class);
    List<String> topics =
        asked.stream().map(topic -> ((Map<?, ?>) topic).get("id").toString()).toList();
    Set<String> refused =
        refusedPatterns.computeIfAbsent(
            Clients.suffix(exchange), client -> ConcurrentHashMap.newKeySet());
    Halving halving = new Halving(topics, catalogue::generalise, refused);
    exchange.setProperty(STATE, halving);
    exchange.setProperty(GenesysConstants.SUBSCRIPTIONS, List.of());
    exchange.setProperty(GenesysConstants.REFUSED, halving.bad());
  }

  public boolean more(Exchange exchange) {
    return !halving(exchange).next().isEmpty();
  }

  public List<Map<String, String>> topics(Exchange exchange) {
    return halving(exchange).next().stream().map(topic -> Map.of("id", topic)).toList();
  }

  /** It was subscribed: keeps what the answer says about each topic. */
  @Override
  public void process(Exchange exchange) {
    Collection<?> before = exchange.getProperty(GenesysConstants.SUBSCRIPTIONS, Collection.class);
    List<Object> entities = new ArrayList<>(before);
    Map<?, ?> answer = exchange.getMessage().getBody(Map.class);
    if (answer == null || !(answer.get("entities") instanceof Collection<?> some)) {
      throw CallException.odd("Genesys Cloud answered without the list of what it subscribed.");
    }
    entities.addAll(some);
    exchange.setProperty(GenesysConstants.SUBSCRIPTIONS, entities);
    halving(exchange).taken();
  }

  /** It was refused as a whole; what is not about topics goes on as a failure. */
  public void refused(Exchange exchange) throws Exception {
    Exception caught = exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Exception.class);
    CallException why = Failures.causeOf(CallException.class, caught);
    if (why == null || why.kind() != CallException.Kind.REFUSED) {
      throw caught;
    }
    String sentence = why.getMessage();
    if (why.status() == 413 || sentence.contains(TOO_MANY)) {
      halving(exchange).tooMuch(sentence);
    } else if (why.status() == 400 || why.status() == 403) {
      halving(exchange).refused(sentence);
    } else if (why.status() == 409) {
      throw CallException.unavailable(sentence, 409, Duration.ZERO, caught);
    } else {
      throw caught;
    }
  }

  private static Halving halving(Exchange exchange) {
    return exchange.getProperty(STATE, Halving.class);
  }
}
