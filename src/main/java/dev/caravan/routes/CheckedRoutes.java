package dev.caravan.routes;

import dev.caravan.command.Folders;
import dev.caravan.genesys.ClientRoutes;
import dev.caravan.kafka.CaravanKafkaComponent;
import io.smallrye.config.SmallRyeConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.apache.camel.CamelContext;
import org.apache.camel.Route;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.main.SimpleMain;
import org.apache.camel.model.ModelCamelContext;
import org.apache.camel.spi.Resource;
import org.apache.camel.support.PluginHelper;

/**
 * For trying the user's routes without the bridge: builds all of them as the bridge does and starts
 * none but those that are called by others, which is how Genesys Cloud is reached. Nothing is
 * received, spooled or sent to Kafka.
 */
public final class CheckedRoutes implements AutoCloseable {

  private static final String NOWHERE = "127.0.0.1:9";
  private static final int DRY_STOP_MILLIS = 200;

  private final Path spool;
  private final CamelContext context = new DefaultCamelContext();
  private final SimpleMain main = new SimpleMain(context);

  private CheckedRoutes(SmallRyeConfig config, Map<String, String> instead, Path spool) {
    this.spool = spool;
    ExtraComponents.findIn(context, config);
    Properties properties = new Properties();
    for (String name : config.getPropertyNames()) {
      if (name.matches("(genesys|kafka|caravan|camel\\.component)\\..*|(https|no)\\.proxy")) {
        Optional.ofNullable(config.getConfigValue(name).getValue())
            .filter(value -> !value.isEmpty())
            .ifPresent(value -> properties.setProperty(name, value));
      }
    }
    // A running bridge holds its folder, and Kafka is looked at elsewhere
    properties.setProperty("caravan.data.dir", spool.toString());
    properties.setProperty("camel.component.spool.directory", spool.toString());
    properties.setProperty("camel.component.kafka.brokers", NOWHERE);
    properties.setProperty("kafka.bootstrap.servers", NOWHERE);
    // Somebody is waiting: what fails is told, and not tried again
    properties.setProperty("genesys.retry.attempts", "0");
    properties.setProperty("camel.main.routes-include-pattern", "false");
    properties.setProperty("camel.main.auto-startup", "false");
    properties.setProperty("camel.main.source-location-enabled", "true");
    properties.setProperty("camel.main.auto-configuration-log-summary", "false");
    properties.putAll(instead);
    // Above what the environment says, which Camel would read by itself
    main.setInitialProperties(properties);
    main.setOverrideProperties(properties);
    context.setAutoStartup(false);
    context.addComponent("kafka", new CaravanKafkaComponent());
    main.setDefaultPropertyPlaceholderLocation("false");
  }

  /**
   * Builds the routes of these files together.
   *
   * @param instead settings that count instead of those in the configuration
   * @throws Exception what {@link StartFailure} makes a sentence of
   */
  public static CheckedRoutes of(
      SmallRyeConfig config, Map<String, String> instead, List<Resource> files) throws Exception {
    return of(
        config,
        instead,
        files,
        Optional.empty(),
        route -> route.getEndpoint().getEndpointUri().startsWith("direct:"));
  }

  /**
   * The same, and starts all of them.
   *
   * @param outside puts something in the place of all that is outside of the routes, before any is
   *     built
   */
  public static CheckedRoutes dry(
      SmallRyeConfig config, List<Resource> files, Consumer<CamelContext> outside)
      throws Exception {
    return of(config, Map.of(), files, Optional.of(outside), route -> true);
  }

  private static CheckedRoutes of(
      SmallRyeConfig config,
      Map<String, String> instead,
      List<Resource> files,
      Optional<Consumer<CamelContext>> outside,
      Predicate<Route> started)
      throws Exception {
    CheckedRoutes routes =
        new CheckedRoutes(config, instead, Files.createTempDirectory("caravan-check-"));
    try {
      routes.main.build();
      routes.main.start();
      outside.ifPresent(
          run -> {
            run.accept(routes.context);
            // A step that takes for ever has been told by then
            routes.context.getShutdownStrategy().setTimeUnit(TimeUnit.MILLISECONDS);
            routes.context.getShutdownStrategy().setTimeout(DRY_STOP_MILLIS);
          });
      PluginHelper.getRoutesLoader(routes.context).loadRoutes(files);
      ClientRoutes.add((ModelCamelContext) routes.context);
      for (Route route : routes.context.getRoutes()) {
        if (started.test(route)) {
          routes.context.getRouteController().startRoute(route.getRouteId());
        }
      }
      return routes;
    } catch (Exception | Error e) {
      routes.close();
      throw e;
    }
  }

  /** What is wrong with each file by itself, with its place; empty if all can be read. */
  public static List<String> mistakes(List<Resource> files) {
    List<String> mistakes = new ArrayList<>();
    for (Resource file : files) {
      CamelContext alone = new DefaultCamelContext();
      try {
        PluginHelper.getRoutesLoader(alone).loadRoutes(file);
      } catch (Exception | Error e) {
        mistakes.add(StartFailure.sentence(e));
      } finally {
        alone.stop();
      }
    }
    return mistakes;
  }

  public CamelContext context() {
    return context;
  }

  public List<String> warnings() {
    return UnsafeSteps.warnings((ModelCamelContext) context);
  }

  public int count() {
    return context.getRoutesSize();
  }

  @Override
  public void close() {
    main.stop();
    context.stop();
    Folders.delete(spool);
  }
}
