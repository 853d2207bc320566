package dev.caravan.genesys.connect;

import dev.caravan.genesys.GenesysComponent;
import dev.caravan.genesys.GenesysConstants;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.support.CamelContextHelper;

/**
 * Counts the calls to Genesys Cloud by what they are for and how they end, and tells what is left
 * of the token's budget as Genesys Cloud itself counts it.
 */
public final class RestMeters {

  private static final String CLIENT = "client";

  private final AtomicReference<MeterRegistry> registry =
      new AtomicReference<>(new SimpleMeterRegistry());

  /** What is left to the token of each client, by its name. */
  private final Map<String, AtomicInteger> left = new ConcurrentHashMap<>();

  /** The meters of an exchange's context. */
  static RestMeters of(Exchange exchange) {
    return exchange.getContext().getComponent("genesys") instanceof GenesysComponent component
        ? component.rest()
        : new RestMeters();
  }

  public void bind(CamelContext context, Clients clients) {
    MeterRegistry found = CamelContextHelper.findSingleByType(context, MeterRegistry.class);
    if (found == null) {
      return;
    }
    registry.set(found);
    for (String client : clients.all()) {
      Gauge.builder("caravan.rest.budget.left", left(client), AtomicInteger::get)
          .description("Calls left to the token in this minute, by the last answer; -1 if unknown")
          .tag(CLIENT, client)
          .strongReference(true)
          .register(found);
    }
  }

  private AtomicInteger left(String client) {
    return left.computeIfAbsent(client, name -> new AtomicInteger(-1));
  }

  /** A call was answered. */
  void answered(Exchange exchange, int status) {
    Message message = exchange.getMessage();
    Integer count = message.getHeader("inin-ratelimit-count", Integer.class);
    Integer allowed = message.getHeader("inin-ratelimit-allowed", Integer.class);
    if (count != null && allowed != null) {
      left(Clients.name(exchange)).set(Math.max(0, allowed - count));
    }
    count(exchange, outcome(status));
  }

  /** A call was not answered, or not made since the circuit breaker is open. */
  void unanswered(Exchange exchange, boolean made) {
    count(exchange, made ? "no-answer" : "breaker-open");
  }

  private static String outcome(int status) {
    if (status >= 200 && status < 300) {
      return "ok";
    }
    if (status == 429) {
      return "too-many";
    }
    return HttpAnswer.saysNotNow(status) ? "unavailable" : "refused";
  }

  private void count(Exchange exchange, String outcome) {
    Counter.builder("caravan.rest.calls")
        .description("Calls to the REST API of Genesys Cloud")
        .tag("purpose", purpose(exchange))
        .tag("outcome", outcome)
        .tag(CLIENT, Clients.name(exchange))
        .register(registry.get())
        .increment();
  }

  /** What a call is for, unless its route says so: a word from a short list. */
  private static String purpose(Exchange exchange) {
    String said = exchange.getProperty(GenesysConstants.PURPOSE, String.class);
    if (said != null) {
      return said;
    }
    if (exchange.getProperty(GenesysConstants.TOKEN) == null) {
      return "login";
    }
    return exchange.getProperty(GenesysConstants.LISTING) == null ? "channel" : "listing";
  }

  /** So many records came of a reading. */
  public void backfilled(String read, int records) {
    Counter.builder("caravan.backfill.records")
        .description("What was read again after gaps")
        .tag("read", read)
        .register(registry.get())
        .increment(records);
  }

  /** The backfill of a gap has ended. */
  public void gap(boolean backfilled) {
    Counter.builder("caravan.backfill.gaps")
        .description("Gaps of which the backfill has ended")
        .tag("backfilled", backfilled ? "yes" : "no")
        .register(registry.get())
        .increment();
  }
}
