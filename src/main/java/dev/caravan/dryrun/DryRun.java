package dev.caravan.dryrun;

import dev.caravan.background.FailedStep;
import dev.caravan.command.CommandFailure;
import dev.caravan.dryrun.Passage.DeadLetter;
import dev.caravan.dryrun.Passage.Dropped;
import dev.caravan.dryrun.Passage.End;
import dev.caravan.dryrun.Passage.NotTaken;
import dev.caravan.dryrun.Passage.Outside;
import dev.caravan.dryrun.Passage.Sent;
import dev.caravan.dryrun.StepTrace.Step;
import dev.caravan.frame.Frame;
import dev.caravan.genesys.EventHeaders;
import dev.caravan.genesys.GenesysConstants;
import dev.caravan.kafka.KafkaHeaders;
import dev.caravan.routes.RemovedRoutes;
import dev.caravan.routes.RouteFolder;
import dev.caravan.spool.SpoolConstants;
import dev.caravan.spool.log.RecordHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.apache.camel.CamelContext;
import org.apache.camel.Consumer;
import org.apache.camel.Endpoint;
import org.apache.camel.Exchange;
import org.apache.camel.ExchangePropertyKey;
import org.apache.camel.InvalidPayloadException;
import org.apache.camel.Message;
import org.apache.camel.Processor;
import org.apache.camel.Producer;
import org.apache.camel.Route;
import org.apache.camel.component.kafka.KafkaEndpoint;
import org.apache.camel.component.kafka.KafkaProducer;
import org.apache.camel.model.ModelCamelContext;
import org.apache.camel.model.ProcessorDefinition;
import org.apache.camel.spi.EndpointStrategy;
import org.apache.camel.support.DefaultConsumer;
import org.apache.camel.support.DefaultEndpoint;
import org.apache.camel.support.DefaultProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Finds out what the routes make of an event without sending it anywhere: all that is outside of
 * the routes is taken by something that only notes what comes, and what comes to a spool goes on
 * with the route that takes from it. What goes to Kafka is made a record as Camel makes it.
 */
public final class DryRun implements EndpointStrategy {

  private static final int MOST_ROUTES = 10;

  /** What is made of nothing but the event; everything else is outside. */
  private static final Set<String> INSIDE =
      Set.of("direct", "log", "bean", "class", "language", "dataformat", "validator", "xslt");

  private final Supplier<Duration> patience;
  private final EventHeaders headers;
  private final StepTrace trace = new StepTrace();
  private final SortedSet<String> topics = new TreeSet<>();
  private final SortedSet<String> reached = new TreeSet<>();
  private ModelCamelContext context;
  private List<Taken> taken = List.of();
  private long sequence;

  /** What came to something outside, or to a spool; records if that is Kafka. */
  private record Taken(
      String uri, Object body, Map<String, Object> headers, List<ProducerRecord<?, ?>> records) {}

  /** One event on its way. */
  private static final class Journey {
    private final List<End> ends = new ArrayList<>();
    private int routes;
    private Optional<Step> overlooked = Optional.empty();
    private String failure = "";
  }

  /**
   * @param source the value of {@code ce_source}
   * @param patience how long a route may take for the event that begins
   */
  public DryRun(String source, Supplier<Duration> patience) {
    this.patience = patience;
    this.headers = new EventHeaders(source, Clock.systemUTC());
  }

  /** Puts itself into a Camel of which the routes are still to be built. */
  public void prepare(CamelContext camel) {
    context = (ModelCamelContext) camel;
    context.getCamelContextExtension().registerEndpointCallback(this);
    context.getCamelContextExtension().addInterceptStrategy(trace);
  }

  /** Sends one event through the routes. */
  public Passage of(Frame.Notification event, byte[] frame, String id) throws Exception {
    Journey journey = new Journey();
    trace.begin();
    for (Route route : routes(RouteFolder.READING)) {
      Exchange exchange = route.getEndpoint().createExchange();
      exchange.getMessage().setBody(frame);
      headers.set(exchange.getMessage(), event, id);
      follow(route, exchange, journey);
    }
    if (journey.ends.isEmpty()) {
      List<Step> dropping = trace.dropping();
      journey.ends.add(
          journey.overlooked.isPresent() || dropping.isEmpty()
              ? new Dropped(journey.overlooked.or(trace::last).stream().toList(), journey.failure)
              : new Dropped(dropping, ""));
    }
    return new Passage(journey.ends);
  }

  /** Those that begin there. */
  List<Route> routes(String input) {
    return context.getRoutes().stream()
        .filter(route -> RemovedRoutes.plain(route.getEndpoint().getEndpointUri()).equals(input))
        .toList();
  }

  private void follow(Route route, Exchange event, Journey journey) throws Exception {
    if (++journey.routes > MOST_ROUTES) {
      return;
    }
    for (Taken one : pass(route, event)) {
      String uri = RemovedRoutes.plain(one.uri());
      if (uri.startsWith("kafka:")) {
        reached.add(uri);
        for (ProducerRecord<?, ?> record : one.records()) {
          journey.ends.add(new Sent(one.uri(), record));
          if (!isElsewhere(one.uri())) {
            topics.add(record.topic());
          }
        }
      } else if (!uri.startsWith("spool:")) {
        journey.ends.add(new Outside(scheme(uri)));
      } else if (one.headers().containsKey(GenesysConstants.REASON)) {
        journey.ends.add(
            new DeadLetter("", String.valueOf(one.headers().get(GenesysConstants.REASON))));
      } else {
        goOn(uri, one, journey);
      }
    }
    Throwable failure = FailedStep.thrown(event.getException());
    Optional<Step> step =
        FailedStep.id(event)
            .map(id -> (ProcessorDefinition<?>) context.getProcessorDefinition(id))
            .map(Step::of);
    if (failure != null) {
      journey.ends.add(
          new DeadLetter(
              failure.getClass().getSimpleName()
                  + FailedStep.where(event, route.getRouteId())
                  + step.map(it -> " (" + it.place() + ")").orElse(""),
              String.valueOf(failure.getMessage())));
    } else if (event.getProperty(ExchangePropertyKey.EXCEPTION_CAUGHT)
        instanceof Throwable caught) {
      journey.overlooked = step;
      journey.failure = FailedStep.thrown(caught).getClass().getSimpleName();
    }
  }

  /** As the spool hands it out, with the headers that can be stored. */
  private void goOn(String spool, Taken one, Journey journey) throws Exception {
    List<Route> next = routes(spool);
    if (next.isEmpty()) {
      journey.ends.add(new NotTaken("stays in " + spool + ", from which no route takes"));
    }
    for (Route route : next) {
      Exchange handedOut = route.getEndpoint().createExchange();
      handedOut.getMessage().setBody(one.body());
      handedOut.getMessage().setHeaders(RecordHeaders.of(one.headers(), lost -> {}).toMap());
      handedOut.getMessage().setHeader(SpoolConstants.SEQUENCE, ++sequence);
      handedOut.getMessage().setHeader(SpoolConstants.APPENDED_AT, Clock.systemUTC().millis());
      follow(route, handedOut, journey);
    }
  }

  private List<Taken> pass(Route route, Exchange event) throws Exception {
    List<Taken> mine = Collections.synchronizedList(new ArrayList<>());
    taken = mine;
    CompletableFuture<Void> done =
        CompletableFuture.runAsync(
            () -> {
              try {
                route.getConsumer().getProcessor().process(event);
              } catch (Exception e) {
                event.setException(e);
              }
            });
    long most = patience.get().toMillis();
    try {
      done.get(most, TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new CommandFailure(
          "Route %s takes longer than %.1f s for an event%s"
              .formatted(
                  route.getRouteId(),
                  most / 1000.0,
                  trace.last().map(step -> ", at step " + step).orElse("")));
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
    return List.copyOf(mine);
  }

  /** Whether an endpoint names a cluster of its own. */
  public static boolean isElsewhere(String uri) {
    return uri.matches("kafka:.*[?&]brokers=.*");
  }

  /** The Kafka topics that were reached so far. */
  public SortedSet<String> topics() {
    return topics;
  }

  /** The endpoints of Kafka that were reached so far, without their options. */
  public SortedSet<String> reached() {
    return reached;
  }

  /** Sends something with these headers from an input on, only to see which topics it reaches. */
  public void probe(String input, Map<String, Object> with) throws Exception {
    for (Route route : routes(input)) {
      Exchange event = route.getEndpoint().createExchange();
      event.getMessage().setBody("{}".getBytes(StandardCharsets.UTF_8));
      event.getMessage().setHeaders(new HashMap<>(with));
      follow(route, event, new Journey());
    }
  }

  private static String scheme(String uri) {
    return uri.substring(0, Math.max(0, uri.indexOf(':')));
  }

  @Override
  public Endpoint registerEndpoint(String uri, Endpoint endpoint) {
    return INSIDE.contains(scheme(uri)) ? endpoint : new Elsewhere(uri, endpoint);
  }

  /** Makes records as Camel does, and has no client to send them with. */
  private static final class Records extends KafkaProducer {

    private Records(KafkaEndpoint endpoint) {
      super(endpoint);
    }

    private List<ProducerRecord<?, ?>> of(Exchange exchange) {
      Message message = exchange.getMessage();
      KafkaHeaders.translate(message.getHeaders());
      List<ProducerRecord<?, ?>> records = new ArrayList<>();
      if (getEndpoint().getConfiguration().isUseIterator()
          && message.getBody() instanceof Iterable<?>) {
        createRecordIterable(exchange, message).forEachRemaining(it -> records.add(it.getValue()));
      } else {
        records.add(createRecord(exchange, message));
      }
      records.forEach(this::refuseWhatIsNoBytes);
      return records;
    }

    /** Which Camel leaves to Kafka's serializer. */
    private void refuseWhatIsNoBytes(ProducerRecord<?, ?> record) {
      String serializer = getEndpoint().getConfiguration().getValueSerializer();
      if (serializer.equals(ByteArraySerializer.class.getName())
          && record.value() != null
          && !(record.value() instanceof byte[])) {
        throw new SerializationException(
            "A %s is neither bytes nor text: marshal it before it goes to Kafka"
                .formatted(record.value().getClass().getSimpleName()));
      }
    }
  }

  /** Stands in the place of an endpoint. */
  private final class Elsewhere extends DefaultEndpoint {

    private final Optional<Records> kafka;

    private Elsewhere(String uri, Endpoint real) {
      super(uri, null);
      setCamelContext(real.getCamelContext());
      kafka =
          real instanceof KafkaEndpoint endpoint
              ? Optional.of(new Records(endpoint))
              : Optional.empty();
    }

    @Override
    public Producer createProducer() {
      return new DefaultProducer(this) {
        @Override
        public void process(Exchange exchange) throws InvalidPayloadException {
          Message message = exchange.getMessage();
          List<ProducerRecord<?, ?>> records = kafka.map(it -> it.of(exchange)).orElse(List.of());
          boolean bytes = getEndpointUri().startsWith("spool:") && message.getBody() != null;
          taken.add(
              new Taken(
                  getEndpointUri(),
                  bytes ? message.getMandatoryBody(byte[].class) : message.getBody(),
                  new HashMap<>(message.getHeaders()),
                  records));
        }
      };
    }

    @Override
    public Consumer createConsumer(Processor processor) {
      return new DefaultConsumer(this, processor);
    }
  }
}
