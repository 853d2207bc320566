package dev.caravan.background;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.apache.camel.AsyncCallback;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.model.RouteDefinition;
import org.apache.camel.support.AsyncProcessorSupport;
import org.apache.camel.support.ExpressionAdapter;
import org.apache.camel.support.service.ServiceSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(value = 5, unit = TimeUnit.MINUTES)
class FailedStepTest {

  private static final String BAD = "bad";

  private final DefaultCamelContext context = new DefaultCamelContext();
  private final List<String> reached = new CopyOnWriteArrayList<>();
  private ProducerTemplate template;

  /** A way in which a route of the user may come upon an error. */
  private record Way(String name, UnaryOperator<RouteDefinition> steps) {
    @Override
    public String toString() {
      return name;
    }
  }

  /** For the method of a bean. */
  public static final class Masking {
    /** Too deep for some bodies. */
    public String mask(String body) {
      throwIfBad(body);
      return body;
    }
  }

  private static final class Parsing extends ServiceSupport
      implements org.apache.camel.spi.DataFormat {
    @Override
    public void marshal(Exchange exchange, Object graph, OutputStream stream) {
      throwIfBad(graph);
    }

    @Override
    public Object unmarshal(Exchange exchange, InputStream stream) {
      throwIfBad(exchange.getIn().getBody(String.class));
      return exchange.getIn().getBody();
    }
  }

  private static void throwIfBad(Object body) {
    if (BAD.equals(body)) {
      throw new StackOverflowError("a payload");
    }
  }

  private static ExpressionAdapter expression() {
    return new ExpressionAdapter() {
      @Override
      public Object evaluate(Exchange exchange) {
        String body = exchange.getIn().getBody(String.class);
        throwIfBad(body);
        return body;
      }
    };
  }

  static Stream<Way> ways() {
    return Stream.of(
        new Way("a processor", it -> it.process(e -> throwIfBad(e.getIn().getBody(String.class)))),
        new Way("a method of a bean", it -> it.bean(new Masking(), "mask")),
        new Way("an expression", it -> it.setBody(expression())),
        new Way("a data format", it -> it.unmarshal(new Parsing())),
        new Way("a component", it -> it.to("direct:called")),
        new Way(
            "a step of a block",
            it ->
                (RouteDefinition)
                    it.filter(body -> true)
                        .process(e -> throwIfBad(e.getIn().getBody(String.class)))
                        .end()),
        new Way(
            "a step behind one that ended on another thread",
            it ->
                it.process(new Elsewhere())
                    .process(e -> throwIfBad(e.getIn().getBody(String.class)))));
  }

  /** Ends on another thread. */
  private static final class Elsewhere extends AsyncProcessorSupport {
    private final Executor other = Executors.newCachedThreadPool();

    @Override
    public boolean process(Exchange exchange, AsyncCallback callback) {
      other.execute(() -> callback.done(false));
      return false;
    }
  }

  @BeforeEach
  void open() {
    FailedStep.noteIn(context);
    context.start();
    template = context.createProducerTemplate();
  }

  @AfterEach
  void close() {
    context.stop();
  }

  private void route(UnaryOperator<RouteDefinition> steps) throws Exception {
    context.addRoutes(
        new RouteBuilder() {
          @Override
          public void configure() {
            steps
                .apply(from("direct:in").errorHandler(noErrorHandler()))
                .process(exchange -> reached.add(exchange.getIn().getBody(String.class)));
            from("direct:called")
                .errorHandler(noErrorHandler())
                .process(exchange -> throwIfBad(exchange.getIn().getBody(String.class)));
          }
        });
  }

  @ParameterizedTest
  @MethodSource("ways")
  void anErrorIsAFailureOfItsExchangeAndOfNoOther(Way way) throws Exception {
    route(way.steps());

    Exchange bad = template.send("direct:in", exchange -> exchange.getIn().setBody(BAD));
    Exchange good = template.send("direct:in", exchange -> exchange.getIn().setBody("good"));

    assertThat(FailedStep.thrown(bad.getException())).isInstanceOf(StackOverflowError.class);
    assertThat(FailedStep.where(bad, "r")).startsWith(" at step ");
    assertThat(good.getException()).isNull();
    assertThat(reached).containsExactly("good");
  }

  @Test
  void whatEndsTwiceGoesOnOnce() throws Exception {
    route(
        it ->
            it.process(
                new AsyncProcessorSupport() {
                  @Override
                  public boolean process(Exchange exchange, AsyncCallback callback) {
                    callback.done(true);
                    callback.done(true);
                    return true;
                  }
                }));

    template.sendBody("direct:in", "good");

    assertThat(reached).containsExactly("good");
  }
}
