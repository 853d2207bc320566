package dev.caravan.genesys;

import dev.caravan.channel.gap.GapLedger;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.apache.camel.CamelContext;
import org.apache.camel.ExchangePattern;
import org.apache.camel.Message;
import org.apache.camel.ProducerTemplate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends what could not be read or sent to the dead-letter endpoint: the bytes, and why. What that
 * does not take either is lost: it is counted, and told as a gap and in health.
 */
final class DeadLetters implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(DeadLetters.class);
  private static final long TELL_EVERY = 1_000;

  static final String LOST = "dead-letter-lost";

  private static final Duration REMEMBERED = Duration.ofHours(1);

  private final ProducerTemplate template;
  private final String endpointUri;
  private final Runnable counter;
  private final Clock clock;
  private final AtomicLong sent = new AtomicLong();

  // Guarded by this
  private long lost;
  private long noted;
  private Instant firstLost = Instant.MIN;
  private Instant lastLost = Instant.MIN;

  DeadLetters(CamelContext context, String endpointUri, Runnable counter, Clock clock) {
    this.template = context.createProducerTemplate();
    this.endpointUri = endpointUri;
    this.counter = counter;
    this.clock = clock;
  }

  /** Sends one frame and waits until it is taken, so that nothing that follows overtakes a stop. */
  void send(byte[] body, String reason, Consumer<Message> headers) {
    Throwable failure;
    try {
      failure =
          template
              .send(
                  endpointUri,
                  letter -> {
                    letter.setPattern(ExchangePattern.InOnly);
                    letter.getIn().setBody(body);
                    headers.accept(letter.getIn());
                    letter.getIn().setHeader(GenesysConstants.REASON, reason);
                  })
              .getException();
    } catch (RuntimeException | Error e) {
      // Such as an endpoint that does not exist, or whose classes are not there
      failure = e;
    }
    if (failure != null) {
      long soFar = lost();
      if (soFar % TELL_EVERY == 1) {
        LOG.error(
            "A dead letter of {} bytes ({}) was not taken by {} and is lost ({} so far): {}.",
            body.length,
            reason,
            endpointUri,
            soFar,
            failure.getClass().getSimpleName());
      }
    } else {
      long soFar = sent.incrementAndGet();
      if (soFar % TELL_EVERY == 1) {
        LOG.warn(
            "A frame of {} bytes went to the dead letters ({} so far): {}.",
            body.length,
            soFar,
            reason);
      }
    }
  }

  private synchronized long lost() {
    Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
    firstLost = lost == noted ? now : firstLost;
    lastLost = now;
    lost++;
    counter.run();
    return lost;
  }

  /** Puts what was lost since it did so last into the ledger, as a gap that nothing can fill. */
  synchronized void note(GapLedger ledger) {
    if (lost > noted) {
      ledger.lost(LOST, firstLost, lastLost, lost - noted);
      noted = lost;
    }
  }

  synchronized Optional<String> trouble() {
    return lost == 0 || clock.instant().isAfter(lastLost.plus(REMEMBERED))
        ? Optional.empty()
        : Optional.of(
            "%d %s lost: neither the route nor the dead letters took %s, the last at %s. The log says why."
                .formatted(
                    lost,
                    lost == 1 ? "frame was" : "frames were",
                    lost == 1 ? "it" : "them",
                    lastLost));
  }

  @Override
  public void close() {
    template.stop();
  }
}
