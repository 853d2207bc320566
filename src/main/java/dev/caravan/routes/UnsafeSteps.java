package dev.caravan.routes;

import dev.caravan.background.DeadLetterChannel;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.camel.model.CircuitBreakerDefinition;
import org.apache.camel.model.ExpressionNode;
import org.apache.camel.model.ExpressionSubElementDefinition;
import org.apache.camel.model.ModelCamelContext;
import org.apache.camel.model.OnExceptionDefinition;
import org.apache.camel.model.ProcessorDefinition;
import org.apache.camel.model.ProcessorDefinitionHelper;
import org.apache.camel.model.RedeliveryPolicyDefinition;
import org.apache.camel.model.RouteConfigurationDefinition;
import org.apache.camel.model.RouteDefinition;
import org.apache.camel.model.SendDefinition;
import org.apache.camel.model.ToDynamicDefinition;
import org.apache.camel.model.TryDefinition;
import org.apache.camel.model.WireTapDefinition;
import org.apache.camel.model.errorhandler.DeadLetterChannelDefinition;
import org.apache.camel.model.errorhandler.DefaultErrorHandlerDefinition;
import org.apache.camel.model.language.ConstantExpression;
import org.apache.camel.model.language.SimpleExpression;
import org.apache.camel.spi.BeanIntrospection;
import org.apache.camel.support.PatternHelper;
import org.apache.camel.support.PluginHelper;
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
  private final BeanIntrospection introspection;
  private final Map<String, RouteDefinition> byInput = new HashMap<>();
  private final SortedSet<String> found = new TreeSet<>();
  private final Set<RouteDefinition> visited = new HashSet<>();

  private UnsafeSteps(ModelCamelContext context) {
    this.context = context;
    this.introspection = PluginHelper.getBeanIntrospection(context);
    context.getRouteDefinitions().forEach(route -> byInput.put(input(route), route));
  }

  /** A sentence for each such step, with file and line; the routes must have been built. */
  static List<String> warnings(ModelCamelContext context) {
    UnsafeSteps review = new UnsafeSteps(context);
    for (RouteDefinition route : context.getRouteDefinitions()) {
      String input = review.input(route);
      Stream.of(Input.values())
          .filter(kind -> input.startsWith(kind.uri))
          .findFirst()
          .ifPresent(kind -> review.look(route, kind));
      review.lookForShared(route);
    }
    review.lookForReadTwice();
    return List.copyOf(review.found);
  }

  /** What a route begins with, and what it does when the route has ended well. */
  private enum Input {
    SPOOL("spool:", "the spool lets go of an event"),
    /** What is noted is told again after a restart unless it was told. */
    SIGNALS("genesys:signals", "a signal counts as told"),
    READING("genesys:", "an event counts as spooled");

    private final String uri;
    private final String early;

    Input(String uri, String early) {
      this.uri = uri;
      this.early = early;
    }
  }

  private String input(RouteDefinition route) {
    return RemovedRoutes.plain(resolved(String.valueOf(route.getEndpointUrl())));
  }

  /** This route, and those that it calls. */
  private void look(RouteDefinition route, Input input) {
    if (!visited.add(route)) {
      return;
    }
    DeadLetterChannel.of(context, route).ifPresent(handler -> look(route, handler, input));
    if (route.getErrorHandlerFactory() instanceof DefaultErrorHandlerDefinition handler
        && triesAgain(handler.getRedeliveryPolicy())) {
      found(route, tryingAgain("errorHandler", input), route);
    }
    List<ProcessorDefinition<?>> steps = new ArrayList<>(route.getOutputs());
    // A route that was built before what it shares has none of it yet
    context.getRouteConfigurationDefinitions().stream()
        .filter(configuration -> isOf(route, configuration))
        .map(RouteConfigurationDefinition::getOnExceptions)
        .forEach(steps::addAll);
    for (ProcessorDefinition<?> step : all(steps)) {
      reason(step, input).ifPresent(reason -> found(step, reason, route));
      if (input == Input.SPOOL && swallows(step)) {
        String all = " that Kafka has not taken, as " + step.getShortName() + " says all is well";
        found(step, input.early + all, route);
      }
      uris(step)
          .map(this::resolved)
          .forEach(
              uri -> {
                reason(uri, waits(step, uri), input)
                    .ifPresent(reason -> found(step, reason, route));
                RouteDefinition called = byInput.get(RemovedRoutes.plain(uri));
                if (uri.startsWith("direct:") && called != null) {
                  look(called, input);
                }
              });
    }
  }

  private static boolean isOf(RouteDefinition route, RouteConfigurationDefinition configuration) {
    String patterns = route.getRouteConfigurationId();
    return patterns == null || configuration.getId() == null
        ? patterns == null && configuration.getId() == null
        : PatternHelper.matchPatterns(configuration.getId(), patterns.split(","));
  }

  private void found(ProcessorDefinition<?> place, String reason, RouteDefinition route) {
    found.add(
        "%s: %s in route %s. Only what has ended well when the route ends is safe; send to several endpoints one after the other, or with multicast."
            .formatted(RouteFolder.place(place), reason, route.getRouteId()));
  }

  /** What Kafka cannot take now does not come to it, and what does is given up on purpose. */
  private void look(RouteDefinition route, DeadLetterChannelDefinition handler, Input input) {
    String uri = resolved(String.valueOf(handler.getDeadLetterUri()));
    reason(uri, waitsAlways(uri), input).ifPresent(reason -> found(route, reason, route));
    if (uri.startsWith("log:")) {
      found(route, input.early + " that fails, as deadLetterChannel only logs it", route);
    } else if (!"false".equals(handler.getDeadLetterHandleNewException())) {
      found(
          route,
          "%s that fails and that %s has not taken either (set deadLetterHandleNewException: false)"
              .formatted(input.early, uri.replaceFirst("\\?.*", "")),
          route);
    }
  }

  private static boolean triesAgain(OnExceptionDefinition failure) {
    return triesAgain(failure.getRedeliveryPolicyType()) || failure.getRetryWhile() != null;
  }

  private static boolean triesAgain(RedeliveryPolicyDefinition policy) {
    return policy != null
        && policy.getMaximumRedeliveries() != null
        && !policy.getMaximumRedeliveries().equals("0")
        && !"true".equals(policy.getDisableRedelivery());
  }

  private static String tryingAgain(String what, Input input) {
    return what
        + " takes events out of their order when it tries one again (take maximumRedeliveries away%s)"
            .formatted(input == Input.SPOOL ? ": the spool tries again, in order" : "");
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
  private Optional<String> reason(ProcessorDefinition<?> step, Input input) {
    String name = step.getShortName();
    if (isOver(step, name)) {
      return Optional.of(
          input.early + " when the timeout of " + name + " is over, whatever was sent");
    }
    String reason =
        switch (name) {
          case "wireTap" -> "nothing waits for what wireTap sends to";
          case "onCompletion" ->
              isIdle(step.getOutputs()) ? null : "nothing waits for what onCompletion does";
          case "aggregate", "resequence" -> input.early + " that " + name + " holds in memory";
          case "onException" ->
              triesAgain((OnExceptionDefinition) step) ? tryingAgain(name, input) : null;
          default -> null;
        };
    return Optional.ofNullable(reason).or(() -> passedBy(step, input)).or(() -> disorder(step));
  }

  private boolean isOver(ProcessorDefinition<?> step, String name) {
    return List.of("multicast", "split", "recipientList").contains(name)
        && !is(step, "timeout", "null|0");
  }

  /** Whether this is what stands in the file for an option of the step. */
  private boolean is(ProcessorDefinition<?> step, String option, String value) {
    return String.valueOf(introspection.getOrElseProperty(step, option, null, false))
        .matches(value);
  }

  /** Some let an event pass once, be it delivered then or not. */
  private Optional<String> passedBy(ProcessorDefinition<?> step, Input input) {
    if (input != Input.SPOOL) {
      return Optional.empty();
    }
    String remedy =
        switch (step.getShortName()) {
          case "sample" -> "";
          case "idempotentConsumer" ->
              is(step, "skipDuplicate", "false")
                  ? null
                  : is(step, "removeOnFailure", "false")
                      ? " (take removeOnFailure away)"
                      : is(step, "eager", "false") ? null : " (set eager: false)";
          default -> null;
        };
    return Optional.ofNullable(remedy)
        .map(
            mend ->
                "%s that is handed out again, as %s lets it pass once%s"
                    .formatted(input.early, step.getShortName(), mend));
  }

  /** The next event of a key comes as soon as a step goes on in another thread. */
  private Optional<String> disorder(ProcessorDefinition<?> step) {
    String remedy =
        switch (step.getShortName()) {
          case "threads" -> "";
          case "delay" -> is(step, "asyncDelayed", "false") ? null : " (set asyncDelayed: false)";
          case "throttle" -> is(step, "asyncDelayed", "true") ? " (take asyncDelayed away)" : null;
          case "multicast", "split", "recipientList" ->
              is(step, "parallelProcessing", "true") ? " (take parallelProcessing away)" : null;
          default -> null;
        };
    return Optional.ofNullable(remedy)
        .map(mend -> step.getShortName() + " takes events out of their order" + mend);
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
                step.getShortName().matches("log|stop|(set|remove|choice|when|otherwise).*")
                    || step instanceof SendDefinition<?> send
                        && resolved(String.valueOf(send.getEndpointUri())).startsWith("log:"));
  }

  private static Optional<String> reason(String uri, boolean waits, Input input) {
    String plain = uri.replaceFirst("\\?.*", "");
    if (uri.matches("(?s)" + HANDS_ON + ".*") && !waits) {
      return Optional.of(input.early + " that is handed on to " + plain);
    }
    // What reads need not wait: until it is on disk it is not noted as read
    if (input != Input.READING && uri.startsWith("spool:") && !uri.contains("waitForCommit=true")) {
      return Optional.of(
          input.early + " before " + plain + " has it on disk (set waitForCommit: true)");
    }
    if (uri.startsWith("kafka:") && uri.contains(NO_ACKNOWLEDGEMENT)) {
      return Optional.of(input.early + " before Kafka has it (" + NO_ACKNOWLEDGEMENT + ")");
    }
    return Optional.empty();
  }

  /** Whether the step goes on only when what it was handed on to has ended. */
  private boolean waits(ProcessorDefinition<?> step, String uri) {
    boolean asks =
        step.getShortName().equals("enrich")
            || step.getShortName().equals("to") && is(step, "pattern", "InOut");
    return waitsAlways(uri) || asks && !uri.contains("waitForTaskToComplete=Never");
  }

  private static boolean waitsAlways(String uri) {
    return uri.contains("waitForTaskToComplete=Always");
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
    if (id != null
        && !id.matches(".*[*,].*")
        && context.getRouteConfigurationDefinitions().stream()
            .noneMatch(shared -> id.equals(shared.getId()))) {
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
    return step instanceof ExpressionNode node
            && step.getShortName().matches("enrich|recipientList|routingSlip|dynamicRouter")
            && (node.getExpression() instanceof ConstantExpression
                || node.getExpression() instanceof SimpleExpression)
        ? Stream.ofNullable(node.getExpression().getExpression())
            .flatMap(
                it ->
                    step.getShortName().equals("enrich") ? Stream.of(it) : Stream.of(it.split(",")))
        : Stream.empty();
  }

  private String resolved(String uri) {
    String whole = uri.strip();
    try {
      whole = context.resolvePropertyPlaceholders(whole);
    } catch (IllegalArgumentException e) {
      LOG.debug("What a placeholder stands for is not known: {}", e.getMessage());
    }
    return whole.replace("://", ":");
  }
}
