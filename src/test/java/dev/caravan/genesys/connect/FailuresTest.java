package dev.caravan.genesys.connect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.caravan.channel.Failure;
import dev.caravan.socket.ClientSocketComponent;
import dev.caravan.socket.CloseReason;
import dev.caravan.socket.FrameQueue;
import dev.caravan.socket.QueueLimits;
import dev.caravan.socket.SocketListener;
import dev.caravan.socket.SocketOpenException;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import java.net.ConnectException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLHandshakeException;
import org.apache.camel.CamelContext;
import org.apache.camel.CamelExecutionException;
import org.apache.camel.Exchange;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.apache.camel.support.service.ServiceHelper;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("slow")
class FailuresTest {

  private static final String CHANNEL = "streaming-2-aa5h48uk0srhpugh2994klj918";

  private final CamelContext context = new DefaultCamelContext();
  private final Exchange exchange = new DefaultExchange(context);

  private Failure of(Exception failure) {
    exchange.setException(new CamelExecutionException("in the route", exchange, failure));
    return Failures.of(exchange);
  }

  @Test
  void anUnavailableServiceIsTriedAgainAfterWhatItAskedFor() {
    exchange.getMessage().setHeader(Exchange.REDELIVERY_COUNTER, 5);

    Failure failure = of(CallException.unavailable("Answered 429.", 429, Duration.ofSeconds(42)));

    assertThat(failure)
        .isEqualTo(
            new Failure(Failure.Kind.UNAVAILABLE, "Answered 429.", Duration.ofSeconds(42), 6));
  }

  @Test
  void whatIsNotKnownIsGone() {
    assertThat(of(CallException.notFound("Gone.")).kind()).isEqualTo(Failure.Kind.CHANNEL_GONE);
  }

  @Test
  void aRefusalIsForTheOperator() {
    assertThat(of(CallException.refused("No.", 403)).kind()).isEqualTo(Failure.Kind.REFUSED);
  }

  @Test
  void aTokenThatWasNotAcceptedBeforeTheLoginFailedRefusesNothing() {
    Exception login = CallException.unavailable("The login failed.", 0, Duration.ofSeconds(1));
    login.addSuppressed(CallException.unauthorised("Not accepted (401)."));

    assertThat(of(login).kind()).isEqualTo(Failure.Kind.UNAVAILABLE);
  }

  @Test
  void aSecondTokenThatIsNotAcceptedIsForTheOperatorToo() {
    Failure failure = of(CallException.unauthorised("Not accepted (401)."));

    assertThat(failure.kind()).isEqualTo(Failure.Kind.REFUSED);
    assertThat(failure.sentence()).contains("A new token was not accepted either.");
  }

  @Test
  void aHostThatCannotBeResolvedNamesItselfAndTheRemedy() {
    Failure failure = of(new UnknownHostException("api.mypurecloud.xy"));

    assertThat(failure.kind()).isEqualTo(Failure.Kind.UNAVAILABLE);
    assertThat(failure.sentence())
        .isEqualTo(
            "The host name cannot be resolved (api.mypurecloud.xy). Check GENESYS_REGION, the"
                + " DNS of this machine, and HTTPS_PROXY where there is a proxy.");
  }

  @Test
  void aRefusedConnectionAndAFailedHandshakeAreSaid() {
    assertThat(of(new ConnectException("Connection refused")).sentence())
        .isEqualTo("Cannot connect to Genesys Cloud (Connection refused).");
    assertThat(of(new SSLHandshakeException("certificate_unknown")).sentence())
        .isEqualTo(
            "No TLS connection to Genesys Cloud (certificate_unknown). Where a proxy opens TLS, its certificates belong into GENESYS_CA_FILE.");
  }

  @Test
  void anOpenBreakerIsSaid() {
    CircuitBreaker breaker = CircuitBreaker.ofDefaults("test");

    assertThat(of(CallNotPermittedException.createCallNotPermittedException(breaker)).sentence())
        .startsWith("The circuit breaker is open");
  }

  @Test
  void anythingElseIsNamedByItsKindNotItsWords() {
    Failure failure =
        of(new IllegalStateException("GET https://api/channels/" + CHANNEL + " failed"));

    assertThat(failure.kind()).isEqualTo(Failure.Kind.UNAVAILABLE);
    assertThat(failure.sentence())
        .isEqualTo("The call to Genesys Cloud failed (IllegalStateException).");
  }

  @Test
  void aMissingControlRouteIsForTheOperator() {
    context.start();
    Exchange answer =
        context.createProducerTemplate().request("direct:genesys-open?block=false", e -> {});

    Failure failure = Failures.of(answer);

    assertThat(failure.kind()).isEqualTo(Failure.Kind.REFUSED);
    assertThat(failure.sentence())
        .contains("direct://genesys-open")
        .endsWith("Restore it in routes/control.camel.yaml.");
    context.stop();
  }

  @Test
  void aHandshakeThatFindsNobodyReachedNobody() throws Exception {
    DefaultCamelContext camel = new DefaultCamelContext();
    ClientSocketComponent sockets = new ClientSocketComponent(camel);
    FrameQueue queue = new FrameQueue(camel, "test-queue", QueueLimits.DEFAULT);
    ServiceHelper.startService(sockets, queue);
    int closed;
    try (ServerSocket server = new ServerSocket(0)) {
      closed = server.getLocalPort();
    }
    SocketListener nobody =
        new SocketListener() {
          @Override
          public void onFrame(byte[] frame, boolean binary) {}

          @Override
          public void onClosed(CloseReason reason) {}
        };
    try {
      URI there = URI.create("ws://127.0.0.1:" + closed + "/");
      CompletionStage<?> opened = sockets.endpoint(there, Map.of()).open(queue, nobody).opened();

      ExecutionException failure =
          catchThrowableOfType(
              ExecutionException.class,
              () -> opened.toCompletableFuture().get(2, TimeUnit.MINUTES));
      Exchange exchange = new DefaultExchange(camel);
      exchange.setException(Failures.ofSocket((SocketOpenException) failure.getCause()));

      assertThat(CamelChannelOpener.reached(exchange)).isEqualTo(Failure.Reached.NOBODY);
    } finally {
      ServiceHelper.stopService(queue, sockets);
      camel.stop();
    }
  }
}
