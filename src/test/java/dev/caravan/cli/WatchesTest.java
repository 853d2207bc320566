package dev.caravan.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.background.BackgroundHealthCheck;
import dev.caravan.genesys.GenesysComponent;
import dev.caravan.health.KafkaHealth;
import dev.caravan.health.SpoolHealth;
import dev.caravan.replay.ReplayFiles;
import dev.caravan.replay.ReplayRequests;
import dev.caravan.spool.Spool;
import dev.caravan.spool.SpoolComponent;
import dev.caravan.spool.SpoolStatus;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.component.kafka.KafkaClientFactory;
import org.apache.camel.component.kafka.KafkaComponent;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What looks again and again does not end with its first failure. */
@Tag("slow")
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
    new SpoolHealth(new SimpleMeterRegistry()).begin(context);

    lookedAgainAfterOneFailure();
  }

  @Test
  void theLedgerAsksTheSpoolsWhatIsInMemoryOnly() throws Exception {
    AtomicReference<Supplier<Duration>> asked = new AtomicReference<>();
    context.addComponent(
        "spool",
        new SpoolComponent() {
          @Override
          public Duration uncommittedFor() {
            return Duration.ofSeconds(7);
          }
        });
    context.addComponent(
        "genesys",
        new GenesysComponent() {
          @Override
          public void uncommittedFor(Supplier<Duration> time) {
            asked.set(time);
          }
        });

    new SpoolHealth(new SimpleMeterRegistry()).begin(context);

    assertThat(asked.get().get()).isEqualTo(Duration.ofSeconds(7));
  }

  @Test
  void deadLetters() {
    context.addComponent(
        "genesys",
        new GenesysComponent() {
          @Override
          public long eventsRead() {
            throwTheFirstTime();
            return super.eventsRead();
          }
        });

    new KafkaHealth(Duration.ofMillis(1)).begin(context);
    begun = true;

    lookedAgainAfterOneFailure();
  }

  @Test
  void requestsForReplays(@TempDir Path data) throws Exception {
    ReplayFiles asking = new ReplayFiles(data);
    ReplayRequests desk = new ReplayRequests(data.toString(), "0");
    SpoolComponent spoilt =
        new SpoolComponent() {
          @Override
          public Optional<Spool> spool(String name) {
            throwTheFirstTime();
            return super.spool(name);
          }
        };
    spoilt.getConfiguration().setDirectory(data.resolve("spool").toString());
    context.addComponent("spool", spoilt);
    context.addRoutes(
        new RouteBuilder() {
          @Override
          public void configure() {
            from("spool:events").routeId("forward").to("mock:kafka");
          }
        });
    context.start();
    desk.open(context);
    begun = true;
    // What an earlier run left is deleted first
    await()
        .until(
            () -> {
              if (asking.answer("a").isEmpty()) {
                asking.ask("a", new ReplayFiles.Request("forward", "1h", 10));
              }
              return asking.answer("a").isPresent();
            });

    lookedAgainAfterOneFailure();
    assertThat(asking.answer("a").orElseThrow().sentence()).contains("Nothing is kept for route");
  }

  @Test
  void aRequestThatCannotBeUnderstoodKeepsNoOtherFromItsAnswer(@TempDir Path data)
      throws Exception {
    ReplayFiles asking = new ReplayFiles(data);
    new ReplayRequests(data.toString(), "0").open(context);
    // What an earlier run left is deleted first
    await()
        .until(
            () -> {
              for (String id : List.of("a", "b", "c")) {
                if (asking.answer(id).isEmpty()) {
                  asking.ask(id, new ReplayFiles.Request("b".equals(id) ? "none" : null, null, 10));
                }
              }
              Files.writeString(data.resolve("replay/c.request"), "{");
              return asking.answer("a").isPresent()
                  && asking.answer("b").isPresent()
                  && asking.answer("c").isPresent();
            });

    assertThat(asking.answer("c").orElseThrow().sentence()).contains("cannot understand");
    assertThat(BackgroundHealthCheck.of(context).call().getDetails()).containsEntry("failures", 0L);
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
    new KafkaHealth(Duration.ofMillis(1)).begin(context);

    lookedAgainAfterOneFailure();
  }
}
