package dev.caravan.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.testing.LogLines;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What of the libraries is kept out of the log is named as the libraries name it. */
class LogCategoriesTest {

  private static final Pattern SILENCED =
      Pattern.compile("quarkus\\.log\\.category\\.\"(.+)\"\\.level");

  private static List<String> silenced() throws IOException {
    Properties shipped = new Properties();
    try (Reader file =
        Files.newBufferedReader(Path.of("src/main/resources/application.properties"))) {
      shipped.load(file);
    }
    return shipped.stringPropertyNames().stream()
        .filter(name -> shipped.getProperty(name).equals("OFF"))
        .map(SILENCED::matcher)
        .filter(Matcher::matches)
        .map(it -> it.group(1))
        .toList();
  }

  @Test
  void aThreadThatStandsStillIsNotTold() throws Exception {
    String its =
        silenced().stream().filter(it -> it.contains("BlockedThread")).findFirst().orElseThrow();
    Vertx vertx =
        Vertx.vertx(
            new VertxOptions()
                .setMaxEventLoopExecuteTime(TimeUnit.MILLISECONDS.toNanos(1))
                .setBlockedThreadCheckInterval(5));
    CountDownLatch told = new CountDownLatch(1);
    try (LogLines log = new LogLines(its)) {
      vertx.runOnContext(
          on -> {
            try {
              told.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          });

      await()
          .untilAsserted(
              () -> assertThat(log.lines()).anyMatch(it -> it.contains("has been blocked")));
    } finally {
      told.countDown();
      vertx.close().toCompletionStage().toCompletableFuture().get(2, TimeUnit.MINUTES);
    }
  }
}
