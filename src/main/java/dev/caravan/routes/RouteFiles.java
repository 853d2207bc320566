package dev.caravan.routes;

import dev.caravan.background.BackgroundHealthCheck;
import dev.caravan.background.BackgroundTask;
import dev.caravan.background.SteadyClock;
import dev.caravan.command.DataFolder;
import dev.caravan.genesys.GenesysComponent;
import dev.caravan.health.ConditionHealthCheck;
import dev.caravan.health.ConditionHealthCheck.Condition;
import dev.caravan.kafka.CaravanKafkaComponent;
import dev.caravan.settings.EnvironmentFilter;
import dev.caravan.settings.SettingsSource;
import io.quarkus.arc.Unremovable;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.health.api.HealthType;
import io.smallrye.health.registry.HealthRegistries;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Named;
import jakarta.inject.Singleton;
import java.io.Closeable;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.ScheduledExecutorService;
import org.apache.camel.CamelContext;
import org.apache.camel.component.direct.DirectComponent;
import org.apache.camel.component.kafka.KafkaComponent;
import org.apache.camel.health.HealthCheckRegistry;
import org.apache.camel.model.ModelCamelContext;
import org.apache.camel.quarkus.main.events.AfterStart;
import org.apache.camel.quarkus.main.events.BeforeStop;
import org.eclipse.microprofile.config.ConfigProvider;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has the user's route files loaded when Camel has started, and tells health how that went. What is
 * wrong with a file is said in one line and in health, and takes along only the routes of that
 * file.
 */
@ApplicationScoped
public class RouteFiles {

  private static final Logger LOG = LoggerFactory.getLogger(RouteFiles.class);
  private static final Duration AGAIN = RouteReload.AGAIN;

  private final RouteFolder folder;
  private final Path data;
  private final boolean reload;
  private volatile Optional<GenesysComponent> genesys = Optional.empty();
  private volatile Optional<RouteReload> edits = Optional.empty();
  private volatile Optional<ScheduledExecutorService> again = Optional.empty();
  private volatile Optional<String> problem = Optional.of("The routes are not loaded yet.");
  private volatile Optional<String> dataProblem = Optional.empty();

  /** Until the process ends: what it began may write until then. */
  private Optional<Closeable> taken = Optional.empty();

  RouteFiles(
      @ConfigProperty(name = "caravan.routes.dir") String folder,
      @ConfigProperty(name = "caravan.data.dir") String data,
      @ConfigProperty(name = "caravan.routes.reload") boolean reload) {
    this.reload = reload;
    this.folder = new RouteFolder(Path.of(folder));
    this.data = Path.of(data);
  }

  /**
   * An edit that is not at work, what no route does any more and what may cost events are no reason
   * to be taken out of service: what reads and what sends tell themselves if they do not.
   */
  private Condition condition() {
    return new Condition(
        isReplacing() ? "blind" : "broken",
        problem().or(this::unread).stream().toList(),
        edits.filter(loaded -> problem.isEmpty()).map(RouteReload::degraded).orElse(List.of()),
        Map.of());
  }

  /** What an operator must do before all of the routes can run; empty once they do. */
  private Optional<String> problem() {
    return dataProblem.isPresent()
        ? Optional.empty()
        : problem.or(() -> edits.flatMap(RouteReload::broken));
  }

  private Optional<String> dataProblem() {
    return dataProblem.or(() -> edits.flatMap(RouteReload::dataProblem));
  }

  private boolean isReplacing() {
    return edits.filter(RouteReload::isReplacing).isPresent();
  }

  Optional<String> away(String input) {
    return edits.flatMap(watch -> watch.away(input));
  }

  /** Why nothing is read from Genesys Cloud although routes could run; empty if something is. */
  private Optional<String> unread() {
    if (genesys.filter(GenesysComponent::isRead).isPresent() || dataProblem().isPresent()) {
      return Optional.empty();
    }
    String why =
        isReplacing()
            ? "The route that reads is being replaced, which takes a moment."
            : edits
                .flatMap(watch -> watch.ended().sentence(RouteFolder.READING))
                .or(() -> edits.flatMap(RouteReload::problem))
                .orElse(
                    "No route that runs begins with %s. Put such a file (receive.camel.yaml) into %s; without one of that name the shipped one runs from the next start on."
                        .formatted(RouteFolder.READING, folder));
    return Optional.of("Nothing is read from Genesys Cloud. " + why);
  }

  /** Camel finds it by its name. */
  @Produces
  @Singleton
  @Unremovable
  @Named("direct")
  DirectComponent calls() {
    return new FailFastDirectComponent(this::isReplacing, this::away);
  }

  /** The same. */
  @Produces
  @Singleton
  @Unremovable
  @Named("kafka")
  KafkaComponent kafka() {
    return new CaravanKafkaComponent();
  }

  void load(@Observes AfterStart started) {
    HealthCheckRegistry health = HealthCheckRegistry.get(started.getCamelContext());
    genesys =
        Optional.of(started.getCamelContext().getComponent("genesys", GenesysComponent.class));
    health.register(new ConditionHealthCheck("route-files", this::condition));
    health.register(new ConditionHealthCheck("data-folder", () -> Condition.of(dataProblem())));
    Optional<String> mistake =
        ConfigProvider.getConfig().getOptionalValue(SettingsSource.LATER_MISTAKE, String.class);
    health.register(new ConditionHealthCheck("settings", () -> Condition.of(mistake)));
    mistake.ifPresent(LOG::error);
    ConfigProvider.getConfig()
        .getOptionalValue(EnvironmentFilter.LEFT_ASIDE, String.class)
        .map(EnvironmentFilter::sentence)
        .ifPresent(LOG::warn);
    // Camel has it for liveness, too, and the health of the whole would list it twice
    HealthRegistries.getRegistry(HealthType.READINESS).remove("context");
    load(started.getCamelContext());
  }

  void load(CamelContext context) {
    if (tryToLoad(context)) {
      return;
    }
    ScheduledExecutorService executor =
        context.getExecutorServiceManager().newSingleThreadScheduledExecutor(this, "routes-start");
    again = Optional.of(executor);
    BackgroundHealthCheck.of(context)
        .watch(
            BackgroundTask.every(
                AGAIN,
                "loading the route files",
                executor,
                () -> {
                  if (tryToLoad(context)) {
                    context.getExecutorServiceManager().shutdown(executor);
                  }
                }));
  }

  /** What routes and the threads that they begin call finds its classes in the extra jars, too. */
  private boolean tryToLoad(CamelContext context) {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    try {
      thread.setContextClassLoader(ExtraComponents.loader(ConfigProvider.getConfig()));
      DataFolder.require(data);
      if (taken.isEmpty()) {
        taken = Optional.of(DataFolder.take(data));
      }
      DataFolder.keepPrivate(data);
      RouteReload loading =
          new RouteReload(
              (ModelCamelContext) context, folder, RouteFiles::tryOut, reload, new SteadyClock());
      // Before it begins: routes that run by then may call others that do not run yet
      edits = Optional.of(loading);
      loading.begin();
      problem = Optional.empty();
      dataProblem = Optional.empty();
      unread().ifPresent(LOG::warn);
      loading.start();
      return true;
    } catch (Exception | Error e) {
      edits = Optional.empty();
      // One that was told to stop meanwhile need not start
      if (context.getStatus().isStarted()) {
        failed(e);
      }
      return false;
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  private static void tryOut(SortedMap<Path, String> texts) throws Exception {
    SmallRyeConfig config = ConfigProvider.getConfig().unwrap(SmallRyeConfig.class);
    CheckedRoutes.of(config, Map.of(), RouteFolder.resources(texts)).close();
  }

  private void failed(Throwable failure) {
    String sentence =
        "%s%s It is tried again every %d s."
            .formatted(StartFailure.sentence(failure), folder.where(failure), AGAIN.toSeconds());
    if (!problem.equals(Optional.of(sentence))) {
      LOG.error(sentence);
      LOG.debug("The routes were not started", failure);
    }
    dataProblem = Optional.of(sentence).filter(it -> DataFolder.isCauseOf(failure));
    problem = Optional.of(sentence);
  }

  /** Camel would wait for what is still to come. */
  void stop(@Observes BeforeStop stopping) {
    again.ifPresent(
        // An interrupt could hit a spool that is being opened
        waiting -> stopping.getCamelContext().getExecutorServiceManager().shutdown(waiting));
    edits.ifPresent(RouteReload::stop);
  }
}
