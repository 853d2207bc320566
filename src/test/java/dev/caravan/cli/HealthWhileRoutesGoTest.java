package dev.caravan.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.health.HealthCheckHelper;
import org.apache.camel.main.Main;
import org.apache.camel.model.ModelCamelContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Health is asked again and again while routes are removed and added, with the shipped settings.
 */
@Timeout(300)
@Tag("slow")
class HealthWhileRoutesGoTest {

  private static final int ROUTES = 20;
  private static final int TIMES = 50;

  private final Main main = new Main();
  private final ExecutorService editor = Executors.newSingleThreadExecutor();
  private ModelCamelContext context;

  @BeforeEach
  void start() throws IOException {
    Properties shipped = new Properties();
    try (Reader file =
        Files.newBufferedReader(Path.of("src/main/resources/application.properties"))) {
      shipped.load(file);
    }
    Properties health = new Properties();
    shipped.forEach(
        (name, value) -> {
          if (name.toString().startsWith("camel.health.")) {
            health.put(name, value);
          }
        });
    main.setOverrideProperties(health);
    main.configure().withRoutesIncludePattern("false");
    main.start();
    context = (ModelCamelContext) main.getCamelContext();
  }

  @AfterEach
  void stop() throws InterruptedException {
    editor.shutdownNow();
    assertThat(editor.awaitTermination(2, TimeUnit.MINUTES)).isTrue();
    main.stop();
  }

  private Void edit() throws Exception {
    for (int time = 0; time < TIMES; time++) {
      context.addRoutes(
          new RouteBuilder() {
            @Override
            public void configure() {
              for (int i = 0; i < ROUTES; i++) {
                from("direct:" + i).routeId("route-" + i).log("hello");
              }
            }
          });
      for (int i = 0; i < ROUTES; i++) {
        context.getRouteController().stopRoute("route-" + i);
      }
      context.removeRouteDefinitions(List.copyOf(context.getRouteDefinitions()));
    }
    return null;
  }

  @Test
  void itIsAlwaysAnswered() throws Exception {
    Future<Void> edits = editor.submit(this::edit);

    int answers = 0;
    while (!edits.isDone()) {
      assertThat(HealthCheckHelper.invoke(context)).isNotEmpty();
      answers++;
    }

    edits.get();
    assertThat(answers).isPositive();
  }
}
