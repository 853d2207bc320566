package dev.caravan.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.background.BackgroundHealthCheck;
import dev.caravan.spool.SpoolComponent;
import dev.caravan.spool.SpoolStatus;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.camel.component.kafka.KafkaClientFactory;
import org.apache.camel.component.kafka.KafkaComponent;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What looks again and again does not end with its first failure. */
class WatchesTest {

  private final DefaultCamelContext context = new DefaultCamelContext();
  private final AtomicInteger looks = new AtomicInteger();
  private volatile boolean begun;

  @AfterEach
  void stop() {
    context.stop();
  }

  private void throwTheFirstTime() {
    if (begun && looks.incrementAndGet() == 1) {
      throw new NoClassDefFoundError("once");
    }
  }

  private void lookedAgainAfterOneFailure() {
    await().until(() -> looks.get() > 1);
    assertThat(BackgroundHealthCheck.of(context).call().getDetails()).containsEntry("failures", 1L);
  }

  @Test
  void spools() {
    context.addComponent(
        "spool",
        new SpoolComponent() {
          @Override
          public List<SpoolStatus> statuses() {
            throwTheFirstTime();
            return super.statuses();
          }
        });

    begun = true;
    new SpoolWatch(new SimpleMeterRegistry()).begin(context);

    lookedAgainAfterOneFailure();
  }

  @Test
  void rightsToTopics() {
    context.addComponent(
        "kafka",
        new KafkaComponent() {
          @Override
          public KafkaClientFactory getKafkaClientFactory() {
            throwTheFirstTime();
            return super.getKafkaClientFactory();
          }
        });

    begun = true;
    new DeadLetterWatch(Duration.ofMillis(1)).begin(context);

    lookedAgainAfterOneFailure();
  }
}
