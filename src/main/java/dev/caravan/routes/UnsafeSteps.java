package dev.caravan.routes;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.camel.model.AggregateDefinition;
import org.apache.camel.model.CircuitBreakerDefinition;
import org.apache.camel.model.DelayDefinition;
import org.apache.camel.model.DynamicRouterDefinition;
import org.apache.camel.model.EnrichDefinition;
import org.apache.camel.model.ExpressionNode;
import org.apache.camel.model.ExpressionSubElementDefinition;
import org.apache.camel.model.LogDefinition;
import org.apache.camel.model.ModelCamelContext;
import org.apache.camel.model.MulticastDefinition;
import org.apache.camel.model.OnExceptionDefinition;
import org.apache.camel.model.ProcessorDefinition;
import org.apache.camel.model.ProcessorDefinitionHelper;
import org.apache.camel.model.RecipientListDefinition;
import org.apache.camel.model.ResequenceDefinition;
import org.apache.camel.model.RouteConfigurationDefinition;
import org.apache.camel.model.RouteDefinition;
import org.apache.camel.model.RoutingSlipDefinition;
import org.apache.camel.model.SendDefinition;
import org.apache.camel.model.SplitDefinition;
import org.apache.camel.model.StopDefinition;
import org.apache.camel.model.ThreadsDefinition;
import org.apache.camel.model.ThrottleDefinition;
import org.apache.camel.model.ToDefinition;
import org.apache.camel.model.ToDynamicDefinition;
import org.apache.camel.model.TryDefinition;
import org.apache.camel.model.WireTapDefinition;
import org.apache.camel.model.language.ConstantExpression;
import org.apache.camel.model.language.ExpressionDefinition;
import org.apache.camel.model.language.SimpleExpression;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the steps of the user's routes with which an event counts as safe before it is: a route
 * that reads or that takes from a spool has ended well as soon as such a step has handed the event
 * on. Also finds what a route is said to share and nobody gives, which Camel passes over.
 */
final class UnsafeSteps {

  private static final Logger LOG = LoggerFactory.getLogger(UnsafeSteps.class);
  private static final String HANDS_ON = "(?:seda|vm|disruptor|disruptor-vm|stub):";

  /** Written as {@code RAW(…)}, too. */
  private static final Pattern TOPICS = Pattern.compile("[?&]topics=(?:RAW\\()?([^&)]+)");

  private static final String NO_ACKNOWLEDGEMENT = "requestRequiredAcks=0";

  private final ModelCamelContext context;
  private final Map<String, RouteDefinition> byInput = new HashMap<>();
  private final Map<String, RouteConfigurationDefinition> shared = new HashMap<>();
  private final SortedSet<String> found = new TreeSet<>();
  private final Set<RouteDefinition> visited = new HashSet<>();

  private UnsafeSteps(ModelCamelContext context) {
    this.context = context;
    context.getRouteDefinitions().forEach(route -> byInput.put(input(route), route));
    context
        .getRouteConfigurationDefinitions()
        .forEach(configuration -> shared.put(configuration.getId(), configuration));
  }

  /** A sentence for each such step, with file and line; the routes must have been built. */
  static List<String> warnings(ModelCamelContext context) {
    UnsafeSteps review = new UnsafeSteps(context);
    for (RouteDefinition route : context.getRouteDefinitions()) {
      String input = review.input(route);
      if (input.startsWith("spool:")) {
        review.look(route, true);
      } else if (input.startsWith("genesys:")) {
        review.look(route, false);
      }
      review.lookForShared(route);
    }
    review.lookForReadTwice();
    return List.copyOf(review.found);
  }

  private String input(RouteDefinition route) {
    return RemovedRoutes.plain(resolved(String.valueOf(route.getEndpointUrl())));
  }

  /** This route, and those that it calls. */
  private void look(RouteDefinition route, boolean ofSpool) {
    if (!visited.add(route)) {
      return;
    }
    List<ProcessorDefinition<?>> steps = new ArrayList<>(route.getOutputs());
    Optional.ofNullable(shared.get(route.getRouteConfigurationId()))
        .ifPresent(configuration -> steps.addAll(configuration.getOnExceptions()));
    for (ProcessorDefinition<?> step : all(steps)) {
      List<String> uris = uris(step).map(this::resolved).toList();
      String early = ofSpool ? "the spool lets go of an event" : "an event counts as spooled";
      Stream.concat(
              Stream.concat(
                  reason(step, early).stream(),
                  Stream.of(
                          early
                              + " that Kafka has not taken, as "
                              + step.getShortName()
                              + " says all is well")
                      .filter(reason -> ofSpool && swallows(step))),
              uris.stream().flatMap(uri -> reason(step, uri, early, ofSpool).stream()))
          .forEach(
              reason ->
                  found.add(
                      "%s: %s in route %s. Only what has ended well when the route ends is safe; send to several endpoints one after the other, or with multicast."
                          .formatted(RouteFolder.place(step), reason, route.getRouteId())));
      uris.stream()
          .filter(uri -> uri.startsWith("direct:"))
          .map(RemovedRoutes::plain)
          .map(byInput::get)
          .filter(Objects::nonNull)
          .forEach(called -> look(called, ofSpool));
    }
  }

  private static Collection<ProcessorDefinition<?>> all(List<ProcessorDefinition<?>> steps) {
    Collection<ProcessorDefinition<?>> all = new ArrayList<>();
    for (ProcessorDefinition<?> step :
        ProcessorDefinitionHelper.filterTypeInOutputs(steps, ProcessorDefinition.class)) {
      all.add(step);
      if (step instanceof CircuitBreakerDefinition breaker && breaker.getOnFallback() != null) {
        all.addAll(all(breaker.getOnFallback().getOutputs()));
      }
    }
    return all;
  }

  /** What is wrong with the step wherever it sends to. */
  private static Optional<String> reason(ProcessorDefinition<?> step, String early) {
    if (step instanceof WireTapDefinition) {
      return Optional.of("nothing waits for what wireTap sends to");
    }
    if (step instanceof AggregateDefinition || step instanceof ResequenceDefinition) {
      return Optional.of(early + " that " + step.getShortName() + " holds in memory");
    }
    if (hasTimeout(step)) {
      return Optional.of(
          early + " when the timeout of " + step.getShortName() + " is over, whatever was sent");
    }
    return disorder(step);
  }

  /** The next event of a key comes as soon as a step goes on in another thread. */
  private static Optional<String> disorder(ProcessorDefinition<?> step) {
    String remedy = "";
    if (step instanceof DelayDefinition delay) {
      if ("false".equals(delay.getAsyncDelayed())) {
        return Optional.empty();
      }
      remedy = " (set asyncDelayed: false)";
    } else if (step instanceof ThrottleDefinition throttle) {
      if (!"true".equals(throttle.getAsyncDelayed())) {
        return Optional.empty();
      }
      remedy = " (take asyncDelayed away)";
    } else if (isParallel(step)) {
      remedy = " (take parallelProcessing away)";
    } else if (!(step instanceof ThreadsDefinition)) {
      return Optional.empty();
    }
    return Optional.of(step.getShortName() + " takes events out of their order" + remedy);
  }

  private static boolean isParallel(ProcessorDefinition<?> step) {
    return "true"
        .equals(
            step instanceof MulticastDefinition multicast
                ? multicast.getParallelProcessing()
                : step instanceof SplitDefinition split
                    ? split.getParallelProcessing()
                    : step instanceof RecipientListDefinition<?> list
                        ? list.getParallelProcessing()
                        : null);
  }

  /** Whether the step ends well what Kafka has not taken, without sending it elsewhere. */
  private boolean swallows(ProcessorDefinition<?> step) {
    if (step instanceof OnExceptionDefinition failure) {
      return (isTrue(failure.getHandled()) || isTrue(failure.getContinued()))
          && failure.getOnWhen() == null
          && ofKafka(failure.getExceptions())
          && isIdle(failure.getOutputs());
    }
    if (step instanceof TryDefinition attempt) {
      return sends(attempt.getOutputs())
          && attempt.getCatchClauses() != null
          && attempt.getCatchClauses().stream()
              .anyMatch(
                  failure ->
                      failure.getOnWhen() == null
                          && ofKafka(failure.getExceptions())
                          && isIdle(failure.getOutputs()));
    }
    return step instanceof CircuitBreakerDefinition breaker
        && breaker.getOnFallback() != null
        && sends(breaker.getOutputs())
        && isIdle(breaker.getOnFallback().getOutputs());
  }

  private static boolean isTrue(ExpressionSubElementDefinition condition) {
    return condition != null
        && condition.getExpressionType() != null
        && !"false".equals(condition.getExpressionType().getExpression());
  }

  private boolean ofKafka(List<String> exceptions) {
    return exceptions.stream()
        .map(name -> context.getClassResolver().resolveClass(name))
        .anyMatch(
            type ->
                type != null
                    && (type.isAssignableFrom(KafkaException.class)
                        || KafkaException.class.isAssignableFrom(type)));
  }

  private boolean sends(List<ProcessorDefinition<?>> steps) {
    return all(steps).stream()
        .flatMap(UnsafeSteps::uris)
        .map(this::resolved)
        .anyMatch(uri -> uri.startsWith("kafka:"));
  }

  /** None of these steps does anything but look at the event. */
  private boolean isIdle(List<ProcessorDefinition<?>> steps) {
    return all(steps).stream()
        .allMatch(
            step ->
                step instanceof LogDefinition
                    || step instanceof StopDefinition
                    || step.getShortName().matches("(set|remove|choice|when|otherwise).*")
                    || step instanceof SendDefinition<?> send
                        && resolved(String.valueOf(send.getEndpointUri())).startsWith("log:"));
  }

  private static boolean hasTimeout(ProcessorDefinition<?> step) {
    String timeout =
        step instanceof MulticastDefinition multicast
            ? multicast.getTimeout()
            : step instanceof SplitDefinition split
                ? split.getTimeout()
                : step instanceof RecipientListDefinition<?> list ? list.getTimeout() : null;
    return timeout != null && !timeout.equals("0");
  }

  private static Optional<String> reason(
      ProcessorDefinition<?> step, String uri, String early, boolean ofSpool) {
    String plain = uri.replaceFirst("\\?.*", "");
    if (uri.matches("(?s)" + HANDS_ON + ".*") && !waits(step, uri)) {
      return Optional.of(early + " that is handed on to " + plain);
    }
    // What reads need not wait: until it is on disk it is not noted as read
    if (ofSpool && uri.startsWith("spool:") && !uri.contains("waitForCommit=true")) {
      return Optional.of(early + " before " + plain + " has it on disk (set waitForCommit: true)");
    }
    if (uri.startsWith("kafka:") && uri.contains(NO_ACKNOWLEDGEMENT)) {
      return Optional.of(early + " before Kafka has it (" + NO_ACKNOWLEDGEMENT + ")");
    }
    return Optional.empty();
  }

  /** Whether the step goes on only when what it was handed on to has ended. */
  private static boolean waits(ProcessorDefinition<?> step, String uri) {
    boolean asks =
        step instanceof EnrichDefinition
            || step instanceof ToDefinition to && "InOut".equals(to.getPattern());
    return uri.contains("waitForTaskToComplete=Always")
        || asks && !uri.contains("waitForTaskToComplete=Never");
  }

  /** Each would give an event an id of its own. */
  private void lookForReadTwice() {
    Map<String, RouteDefinition> readers = new HashMap<>();
    for (RouteDefinition route : context.getRouteDefinitions()) {
      if (input(route).equals(RouteFolder.READING)) {
        for (String topic : topics(route)) {
          RouteDefinition other = readers.putIfAbsent(topic, route);
          if (other != null && other != route) {
            found.add(
                "%s: route %s reads %s, and so does route %s: each event of it comes twice, with two ids. Take one of the two files away, or let them read different topics."
                    .formatted(
                        RouteFolder.place(route), route.getRouteId(), topic, other.getRouteId()));
          }
        }
      }
    }
  }

  private Set<String> topics(RouteDefinition route) {
    Matcher set = TOPICS.matcher(String.valueOf(route.getEndpointUrl()));
    return set.find()
        ? Stream.of(
                resolved(set.group(1).replaceFirst("^#property:(.+)$", "{{$1}}")).split("[\\s,]+"))
            .collect(Collectors.toSet())
        : Set.of();
  }

  private void lookForShared(RouteDefinition route) {
    String id = route.getRouteConfigurationId();
    if (id != null && !id.contains("*") && !id.contains(",") && !shared.containsKey(id)) {
      found.add(
          "%s: no file has the routeConfiguration %s of route %s, so its failures are handled as Camel does by default."
              .formatted(RouteFolder.place(route), id, route.getRouteId()));
    }
  }

  /** Where a step sends to, as far as that is written there. */
  private static Stream<String> uris(ProcessorDefinition<?> step) {
    if (step instanceof WireTapDefinition) {
      return Stream.empty();
    }
    if (step instanceof ToDynamicDefinition dynamic) {
      return Stream.ofNullable(dynamic.getUri());
    }
    if (step instanceof SendDefinition<?> send) {
      return Stream.ofNullable(send.getEndpointUri());
    }
    if (step instanceof EnrichDefinition enrich) {
      return written(enrich);
    }
    if (step instanceof RecipientListDefinition<?>
        || step instanceof RoutingSlipDefinition<?>
        || step instanceof DynamicRouterDefinition<?>) {
      return written((ExpressionNode) step).flatMap(list -> Stream.of(list.split(",")));
    }
    return Stream.empty();
  }

  private static Stream<String> written(ExpressionNode step) {
    ExpressionDefinition expression = step.getExpression();
    return expression instanceof ConstantExpression || expression instanceof SimpleExpression
        ? Stream.ofNullable(expression.getExpression())
        : Stream.empty();
  }

  private String resolved(String uri) {
    String whole = uri.strip();
    try {
      whole = context.resolvePropertyPlaceholders(whole);
    } catch (IllegalArgumentException e) {
      LOG.debug("What a placeholder stands for is not known", e);
    }
    return whole.replace("://", ":");
  }
}
