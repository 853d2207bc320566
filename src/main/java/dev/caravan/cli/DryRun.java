package dev.caravan.cli;

import dev.caravan.background.FailedStep;
import dev.caravan.genesys.EventHeaders;
import dev.caravan.kafka.KafkaHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.camel.Consumer;
import org.apache.camel.Endpoint;
import org.apache.camel.Exchange;
import org.apache.camel.InvalidPayloadException;
import org.apache.camel.Message;
import org.apache.camel.Processor;
import org.apache.camel.Producer;
import org.apache.camel.Route;
import org.apache.camel.component.kafka.KafkaConstants;
import org.apache.camel.model.ModelCamelContext;
import org.apache.camel.model.ProcessorDefinition;
import org.apache.camel.spi.EndpointStrategy;
import org.apache.camel.support.DefaultConsumer;
import org.apache.camel.support.DefaultEndpoint;
import org.apache.camel.support.DefaultProducer;

/**
 * Finds out what the routes make of an event without sending it anywhere: all that is outside of
 * the routes is taken by something that only notes what comes, and what comes to a spool goes on
 * with the route that takes from it.
 */
final class DryRun implements EndpointStrategy {

  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final int MOST_ROUTES = 10;
  private static final String REASON = "caravan-reason";

  /** What is made of nothing but the event; everything else is outside. */
  private static final Set<String> INSIDE =
      Set.of("direct", "log", "bean", "class", "language", "dataformat", "validator", "xslt");

  private final EventHeaders headers = new EventHeaders("urn:check", Clock.systemUTC());
  private final SortedSet<String> topics = new TreeSet<>();
  private final SortedSet<String> reached = new TreeSet<>();
  private List<Sent> sent = List.of();

  private record Sent(String uri, Object body, Map<String, Object> headers) {}

  /**
   * What comes of an event.
   *
   * @param lost whether it becomes a dead letter
   * @param sure whether nothing outside of the routes has a say in that
   */
  record Outcome(String sentence, boolean lost, boolean sure) {}

  private static final class Findings {
    private final List<String> parts = new ArrayList<>();
    private boolean lost;
    private boolean sure = true;
    private int routes;
  }

  /** Sends one event through the routes; they must have been built with this. */
  Outcome of(ModelCamelContext context, Sample sample) throws Exception {
    Findings found = new Findings();
    for (Route route : routes(context, "genesys:notifications")) {
      Exchange event = route.getEndpoint().createExchange();
      event.getMessage().setBody(sample.body());
      headers.set(event.getMessage(), sample.event(), "check");
      follow(context, route, event, found);
    }
    if (found.parts.isEmpty()) {
      found.parts.add("is filtered out");
    }
    return new Outcome(
        "%s %s.".formatted(sample.name(), String.join(", ", found.parts)),
        found.lost && found.sure,
        found.sure);
  }

  private static List<Route> routes(ModelCamelContext context, String input) {
    return context.getRoutes().stream()
        .filter(route -> EndedWork.plain(route.getEndpoint().getEndpointUri()).equals(input))
        .toList();
  }

  private void follow(ModelCamelContext context, Route route, Exchange event, Findings found)
      throws Exception {
    if (++found.routes > MOST_ROUTES) {
      return;
    }
    List<Sent> mine = pass(route, event);
    for (Sent one : mine) {
      String uri = EndedWork.plain(one.uri());
      if (uri.startsWith("kafka:")) {
        found.parts.add(kafka(uri, one.headers()));
        reached.add(one.uri());
        if (!isElsewhere(one.uri())) {
          topics.add(topic(uri, one.headers()));
        }
      } else if (!uri.startsWith("spool:")) {
        found.sure = false;
        found.parts.add("would go to %s:…, which was not called".formatted(scheme(uri)));
      } else if (one.headers().containsKey(REASON)) {
        found.lost = true;
        found.parts.add("becomes a dead letter");
      } else {
        for (Route next : routes(context, uri)) {
          Exchange taken = next.getEndpoint().createExchange();
          taken.getMessage().setBody(one.body());
          taken.getMessage().setHeaders(new HashMap<>(one.headers()));
          follow(context, next, taken, found);
        }
      }
    }
    if (event.getException() != null) {
      found.lost = true;
      found.parts.add(
          "becomes a dead letter: %s%s%s"
              .formatted(
                  event.getException().getClass().getSimpleName(),
                  FailedStep.where(event, route.getRouteId()),
                  place(context, event)));
    }
  }

  private List<Sent> pass(Route route, Exchange event) throws Exception {
    List<Sent> mine = Collections.synchronizedList(new ArrayList<>());
    sent = mine;
    CompletableFuture<Void> done =
        CompletableFuture.runAsync(
            () -> {
              try {
                route.getConsumer().getProcessor().process(event);
              } catch (Exception e) {
                event.setException(e);
              }
            });
    try {
      done.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new CommandFailure(
          "Route %s takes longer than %d s for an event"
              .formatted(route.getRouteId(), PATIENCE.toSeconds()));
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
    return List.copyOf(mine);
  }

  private static String kafka(String uri, Map<String, Object> headers) {
    String topic = topic(uri, headers);
    Object key = headers.get(KafkaConstants.KEY);
    return "goes to %s, %s".formatted(topic, key == null ? "without a key" : "key " + key);
  }

  private static String topic(String uri, Map<String, Object> headers) {
    return headers
        .getOrDefault(KafkaConstants.OVERRIDE_TOPIC, uri.substring("kafka:".length()))
        .toString();
  }

  /** Whether an endpoint names a cluster of its own. */
  static boolean isElsewhere(String uri) {
    return uri.matches("kafka:.*[?&]brokers=.*");
  }

  /** The Kafka topics that were reached so far. */
  SortedSet<String> topics() {
    return topics;
  }

  /** The endpoints of Kafka that were reached so far. */
  SortedSet<String> reached() {
    return reached;
  }

  /** Sends something with these headers from an input on, only to see which topics it reaches. */
  void probe(ModelCamelContext context, String input, Map<String, Object> with) throws Exception {
    for (Route route : routes(context, input)) {
      Exchange event = route.getEndpoint().createExchange();
      event.getMessage().setBody("{}".getBytes(StandardCharsets.UTF_8));
      event.getMessage().setHeaders(new HashMap<>(with));
      follow(context, route, event, new Findings());
    }
  }

  private static String place(ModelCamelContext context, Exchange event) {
    ProcessorDefinition<?> step =
        FailedStep.id(event)
            .map(id -> (ProcessorDefinition<?>) context.getProcessorDefinition(id))
            .orElse(null);
    return step == null ? "" : " (" + EarlyRelease.place(step) + ")";
  }

  private static String scheme(String uri) {
    return uri.substring(0, Math.max(0, uri.indexOf(':')));
  }

  @Override
  public Endpoint registerEndpoint(String uri, Endpoint endpoint) {
    return INSIDE.contains(scheme(uri)) ? endpoint : new Outside(uri, endpoint);
  }

  /** Stands in the place of an endpoint. */
  private final class Outside extends DefaultEndpoint {

    private Outside(String uri, Endpoint real) {
      super(uri, null);
      setCamelContext(real.getCamelContext());
    }

    @Override
    public Producer createProducer() {
      return new DefaultProducer(this) {
        @Override
        public void process(Exchange exchange) throws InvalidPayloadException {
          Message message = exchange.getMessage();
          boolean bytes = getEndpointUri().matches("(spool|kafka):.*");
          Object body = message.getBody();
          Map<String, Object> headers = new HashMap<>(message.getHeaders());
          if (getEndpointUri().startsWith("kafka:")) {
            KafkaHeaders.translate(headers);
          }
          sent.add(
              new Sent(
                  getEndpointUri(),
                  bytes && body != null ? message.getMandatoryBody(byte[].class) : body,
                  headers));
        }
      };
    }

    @Override
    public Consumer createConsumer(Processor processor) {
      return new DefaultConsumer(this, processor);
    }
  }
}
