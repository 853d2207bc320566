package dev.caravan.dryrun;

import dev.caravan.routes.RouteFolder;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.camel.AsyncCallback;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.NamedNode;
import org.apache.camel.Processor;
import org.apache.camel.model.CatchDefinition;
import org.apache.camel.model.ProcessorDefinition;
import org.apache.camel.model.ProcessorDefinitionHelper;
import org.apache.camel.model.RecipientListDefinition;
import org.apache.camel.model.RoutingSlipDefinition;
import org.apache.camel.model.SendDefinition;
import org.apache.camel.model.StopDefinition;
import org.apache.camel.model.ToDynamicDefinition;
import org.apache.camel.spi.InterceptStrategy;
import org.apache.camel.support.AsyncProcessorConverterHelper;
import org.apache.camel.support.processor.DelegateAsyncProcessor;

/** Notes which steps an event reaches, so that it can be told which step dropped it. */
public final class StepTrace implements InterceptStrategy {

  private final Set<ProcessorDefinition<?>> reached =
      Collections.synchronizedSet(new LinkedHashSet<>());

  /**
   * A step of a route file.
   *
   * @param id as written there, or made by Camel
   * @param label what it does, such as {@code filter[genesys-media{voice}]}
   * @param place file and line
   */
  public record Step(String id, String label, String route, String place) {

    static Step of(ProcessorDefinition<?> step) {
      return new Step(
          String.valueOf(step.getId()),
          String.valueOf(step.getLabel()),
          String.valueOf(ProcessorDefinitionHelper.getRouteId(step)),
          RouteFolder.place(step));
    }

    @Override
    public String toString() {
      return "%s of route %s (%s)".formatted(id, route, place);
    }
  }

  @Override
  public Processor wrapProcessorInInterceptors(
      CamelContext context, NamedNode definition, Processor target, Processor nextTarget) {
    return definition instanceof ProcessorDefinition<?> step
        ? new DelegateAsyncProcessor(AsyncProcessorConverterHelper.convert(target)) {
          @Override
          public boolean process(Exchange exchange, AsyncCallback callback) {
            reached.add(step);
            return super.process(exchange, callback);
          }
        }
        : target;
  }

  /** Another event begins. */
  void begin() {
    reached.clear();
  }

  /** Where the event is, or was last. */
  Optional<Step> last() {
    List<ProcessorDefinition<?>> steps = steps();
    return steps.isEmpty() ? Optional.empty() : Optional.of(Step.of(steps.get(steps.size() - 1)));
  }

  /**
   * The steps that kept the event from all that would have sent it on: those that ended it, and
   * those that hold a step that sends and did not let it in. Of one inside of another, the inner.
   */
  List<Step> dropping() {
    List<ProcessorDefinition<?>> steps = steps();
    List<ProcessorDefinition<?>> dropping =
        steps.stream().filter(step -> isDropping(step, steps)).toList();
    return dropping.stream()
        .filter(step -> Collections.disjoint(inside(step.getOutputs()), dropping))
        .map(Step::of)
        .toList();
  }

  private List<ProcessorDefinition<?>> steps() {
    synchronized (reached) {
      return List.copyOf(reached);
    }
  }

  private static boolean isDropping(
      ProcessorDefinition<?> step, Collection<ProcessorDefinition<?>> reached) {
    return step instanceof StopDefinition
        || inside(step.getOutputs()).stream()
            .filter(StepTrace::sends)
            .anyMatch(it -> !reached.contains(it));
  }

  private static boolean sends(ProcessorDefinition<?> step) {
    return step instanceof SendDefinition<?> send
        ? !String.valueOf(send.getEndpointUri()).startsWith("log:")
        : step instanceof ToDynamicDefinition
            || step instanceof RecipientListDefinition<?>
            || step instanceof RoutingSlipDefinition<?>;
  }

  /** What is done after a failure only does not count. */
  private static List<ProcessorDefinition<?>> inside(List<ProcessorDefinition<?>> steps) {
    return steps.stream()
        .filter(step -> !(step instanceof CatchDefinition))
        .<ProcessorDefinition<?>>flatMap(
            step -> Stream.concat(Stream.of(step), inside(step.getOutputs()).stream()))
        .toList();
  }
}
