package dev.caravan.genesys.connect;

import dev.caravan.genesys.GenesysComponent;
import dev.caravan.genesys.GenesysConstants;
import dev.caravan.topic.Plan;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The OAuth clients that read an organisation, by their names. The first one makes the calls that
 * say no client. Each has its own token, budget and breaker; what the organisation as a whole is
 * asked to leave off, all of them leave off.
 */
public final class Clients {

  private static final Logger LOG = LoggerFactory.getLogger(Clients.class);

  private final List<String> all;
  private final AtomicLong leftAloneUntil = new AtomicLong(System.nanoTime());

  public Clients(List<String> all) {
    this.all = List.copyOf(all);
  }

  static Clients of(CamelContext context) {
    return context.hasComponent("genesys") instanceof GenesysComponent component
        ? component.clients()
        : new Clients(List.of(Plan.DEFAULT_CLIENT));
  }

  public List<String> all() {
    return all;
  }

  public String first() {
    return all.get(0);
  }

  public boolean areSeveral() {
    return all.size() > 1;
  }

  /** Those whose login is not refused, as far as is known; all of them if none can log in. */
  public List<String> present(CamelContext context) {
    if (!areSeveral()) {
      return all;
    }
    List<String> present =
        all.stream()
            .filter(client -> SessionBean.of(context, this, client).refusal().isEmpty())
            .toList();
    return present.isEmpty() ? all : present;
  }

  /** Has a client make the calls of an exchange. */
  public void by(String client, Exchange exchange) {
    if (!client.equals(first())) {
      exchange.setProperty(GenesysConstants.CLIENT, client);
    }
  }

  /** The client that makes the calls of an exchange. */
  public static String name(Exchange exchange) {
    String said = exchange.getProperty(GenesysConstants.CLIENT, String.class);
    return said == null ? of(exchange.getContext()).first() : said;
  }

  /** What the names of a client's own beans and routes end with. */
  static String suffix(Exchange exchange) {
    String said = exchange.getProperty(GenesysConstants.CLIENT, String.class);
    return said == null ? "" : "-" + said;
  }

  public String suffix(String client) {
    return client.equals(first()) ? "" : "-" + client;
  }

  /** As the subject of a sentence. */
  public String subject(String client) {
    return areSeveral() ? "The OAuth client " + client : "The OAuth client";
  }

  // ---- what is asked of all of them

  /** The organisation has made too many calls: nobody makes any for so long. */
  void leaveAlone(Duration howLong) {
    if (!areSeveral()) {
      // Who was told waits
      return;
    }
    Duration wait =
        howLong.compareTo(CallException.LONGEST_WAIT) > 0 ? CallException.LONGEST_WAIT : howLong;
    long until = System.nanoTime() + wait.toNanos();
    boolean later =
        leftAloneUntil.getAndUpdate(before -> before - until > 0 ? before : until) - until < 0;
    if (later && !wait.isZero()) {
      LOG.warn(
          "Genesys Cloud asks the organisation to make no calls for {} s; all OAuth clients wait.",
          wait.toSeconds());
    }
  }

  /** Fails while nobody is to make calls, and says for how long. */
  void awaitTurn() {
    long left = leftAloneUntil.get() - System.nanoTime();
    if (left > 0) {
      throw CallException.unavailable(
          "Genesys Cloud asks the organisation to make no calls for a while.",
          0,
          Duration.ofMillis(TimeUnit.NANOSECONDS.toMillis(left) + 1));
    }
  }
}
