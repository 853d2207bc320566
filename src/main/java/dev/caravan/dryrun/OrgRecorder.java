package dev.caravan.dryrun;

import dev.caravan.command.CommandFailure;
import dev.caravan.command.Deadline;
import dev.caravan.genesys.Survey;
import dev.caravan.genesys.connect.CallException;
import dev.caravan.routes.CheckedRoutes;
import dev.caravan.routes.RouteFolder;
import dev.caravan.routes.StartFailure;
import dev.caravan.settings.SettingsSource;
import dev.caravan.topic.SelectorException;
import io.smallrye.config.SmallRyeConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.camel.builder.RouteBuilder;

/**
 * Records what Genesys Cloud sends, over a channel of its own and through the user's control
 * routes, as the bridge reads it.
 */
public final class OrgRecorder {

  private static final String TOPICS = "genesys.topics";
  private static final String READER = "record";
  private static final String UNREADABLE = "record-unreadable";

  private final SmallRyeConfig config;
  private final String topics;
  private final RouteFolder folder;

  /** Of a selector; without one of what the bridge reads. */
  public OrgRecorder(SmallRyeConfig config, Optional<String> selector) {
    this.config = config;
    this.topics = selector.orElseGet(() -> config.getValue(TOPICS, String.class));
    this.folder = new RouteFolder(Path.of(config.getValue("caravan.routes.dir", String.class)));
  }

  /** Records until it is enough or the time is over; {@code begun} is told when reading begins. */
  public void record(Recording recording, Duration length, Runnable begun) throws Exception {
    CommandFailure.ifPresent(config.getOptionalValue(SettingsSource.MISTAKE, String.class));
    try (CheckedRoutes routes = build()) {
      survey(routes);
      // However it ends, the channel is left empty
      Thread release = new Thread(routes::close, "record-end");
      Runtime.getRuntime().addShutdownHook(release);
      try {
        RouteBuilder.addRoutes(routes.context(), route -> read(route, recording));
        routes.context().getRouteController().startRoute(UNREADABLE);
        routes.context().getRouteController().startRoute(READER);
        begun.run();
        recording.await(Deadline.in(length));
      } finally {
        Runtime.getRuntime().removeShutdownHook(release);
      }
    }
  }

  private CheckedRoutes build() {
    try {
      return CheckedRoutes.of(
          config, Map.of(TOPICS, topics), RouteFolder.resources(folder.contents().texts()));
    } catch (CommandFailure e) {
      throw e;
    } catch (Exception | Error e) {
      throw new CommandFailure(
          "Genesys Cloud is called through the routes. "
              + StartFailure.sentence(e)
              + folder.where(e),
          e);
    }
  }

  private void survey(CheckedRoutes routes) {
    try (Survey survey = new Survey(routes.context())) {
      String client = survey.clients().get(0);
      survey.login(client);
      if (survey.plan(topics, List.of(client)).topics().isEmpty()) {
        throw new CommandFailure(
            "Nothing matches %s: the org has no such queue or user, or the OAuth client may not see it."
                .formatted(topics));
      }
    } catch (CallException e) {
      throw new CommandFailure(e.getMessage(), e);
    } catch (SelectorException e) {
      throw new CommandFailure("The topics cannot be followed. " + e.getMessage(), e);
    }
  }

  /** Reads as the bridge does, and leaves out what it cannot read. */
  private static void read(RouteBuilder route, Recording recording) {
    route.from("direct:" + UNREADABLE).routeId(UNREADABLE).stop();
    route
        .from(
            "genesys:notifications?topics=#property:"
                + TOPICS
                + "&deadLetters=direct:"
                + UNREADABLE)
        .routeId(READER)
        .process(event -> recording.add(event.getMessage().getBody(byte[].class)));
  }
}
