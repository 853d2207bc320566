package dev.caravan.replay;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.caravan.background.BackgroundHealthCheck;
import dev.caravan.background.BackgroundTask;
import dev.caravan.background.BackgroundThreads;
import dev.caravan.command.CommandFailure;
import dev.caravan.replay.ReplayFiles.Answer;
import dev.caravan.replay.ReplayFiles.Request;
import dev.caravan.spool.Replay;
import dev.caravan.spool.Spool;
import dev.caravan.spool.SpoolComponent;
import dev.caravan.spool.SpoolEndpoint;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.stream.Collectors;
import org.apache.camel.CamelContext;
import org.apache.camel.Route;
import org.apache.camel.quarkus.main.events.AfterStart;
import org.apache.camel.quarkus.main.events.BeforeStop;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** In the running bridge: does what {@code replay} asks for, one request at a time. */
@ApplicationScoped
public class ReplayRequests {

  private static final Logger LOG = LoggerFactory.getLogger(ReplayRequests.class);
  private static final Duration LOOK_EVERY = Duration.ofMillis(500);

  private final ReplayFiles files;
  private final String keep;
  private volatile Optional<ScheduledExecutorService> looking = Optional.empty();
  private Optional<Work> work = Optional.empty();
  private boolean troubled;

  private record Work(String id, Request request, Spool spool, Replay replay) {}

  public ReplayRequests(
      @ConfigProperty(name = "caravan.data.dir") String data,
      @ConfigProperty(name = "caravan.replay.keep") String keep) {
    this.files = new ReplayFiles(Path.of(data));
    this.keep = keep;
  }

  public void open(@Observes AfterStart started) {
    open(started.getCamelContext());
  }

  public void open(CamelContext context) {
    ScheduledExecutorService executor =
        context
            .getExecutorServiceManager()
            .newSingleThreadScheduledExecutor(this, "replay-requests");
    looking = Optional.of(executor);
    executor.execute(this::clear);
    BackgroundTask task =
        BackgroundTask.every(
            LOOK_EVERY, "looking for requests for replays", executor, () -> look(context));
    BackgroundHealthCheck.of(context).watch(task);
  }

  /** Not interrupted: an interrupt in the middle of reading would close the spool's file. */
  void close(@Observes BeforeStop stopping) {
    looking.ifPresent(
        executor ->
            BackgroundThreads.finish(
                stopping.getCamelContext(), executor, "looking for requests for replays"));
  }

  /** Who asked an earlier bridge has given up by now. */
  private void clear() {
    try {
      files.forgetAll();
    } catch (RuntimeException e) {
      LOG.warn("Requests for replays of an earlier run could not be deleted: {}", e.getMessage());
    }
  }

  private void look(CamelContext context) {
    try {
      if (work.isPresent()) {
        goOn(work.get());
      }
      for (String id : files.requests()) {
        if (files.answer(id).isEmpty()) {
          begin(context, id);
        }
      }
      troubled = false;
    } catch (AccessDeniedException e) {
      // Such a data folder is told of by itself, and nobody can ask for a replay in it
      LOG.debug("Replays cannot be asked for", e);
    } catch (IOException e) {
      if (!troubled) {
        LOG.warn(
            "A replay that was asked for cannot be dealt with: {}. It is tried again.",
            e.toString());
      }
      troubled = true;
    }
  }

  private void begin(CamelContext context, String id) throws IOException {
    try {
      Optional<Request> asked = files.request(id);
      if (asked.isEmpty()) {
        return;
      }
      Request request = asked.get();
      work = Optional.of(begin(context, id, request));
      files.answer(id, new Answer(Answer.SENDING, 0, "", ""));
      LOG.info(
          "Replaying through route {} what was read since {}, at most {} a second.",
          request.route(),
          request.since(),
          request.perSecond());
    } catch (CommandFailure e) {
      refuse(id, e.getMessage());
    } catch (JsonProcessingException | RuntimeException e) {
      // Others who ask are not to wait for it
      LOG.warn("A request for a replay cannot be understood: {}", e.getClass().getSimpleName());
      refuse(
          id,
          "The bridge cannot understand the request. Use the replay command of the bridge's version.");
    }
  }

  private void refuse(String id, String why) throws IOException {
    files.answer(id, new Answer(Answer.REFUSED, 0, "", why));
  }

  private Work begin(CamelContext context, String id, Request request) {
    if (work.isPresent()) {
      throw new CommandFailure("Another replay is under way. Wait for its end, or end it.");
    }
    SpoolComponent spools = context.getComponent("spool", SpoolComponent.class);
    Instant since = Since.instant(request.since(), Instant.now());
    String name = spoolOf(context, request.route());
    Spool spool =
        spools
            .spool(name)
            .filter(Spool::keepsAcknowledged)
            .orElseThrow(() -> nothingIsKept(request.route()));
    try {
      return new Work(id, request, spool, spools.replay(name, since, request.perSecond()));
    } catch (IOException | IllegalStateException | IllegalArgumentException e) {
      throw new CommandFailure(e.getMessage(), e);
    }
  }

  private static CommandFailure nothingIsKept(String route) {
    return new CommandFailure(
        ("Nothing is kept for route %s, so nothing can be replayed. Set CARAVAN_REPLAY_KEEP to,"
                + " say, 2h and restart the bridge; from then on what was sent is kept for so"
                + " long.")
            .formatted(route));
  }

  private static String spoolOf(CamelContext context, String id) {
    Route route = context.getRoute(id);
    if (route != null && route.getEndpoint() instanceof SpoolEndpoint spool) {
      return spool.getName();
    }
    String known =
        context.getRoutes().stream()
            .filter(it -> it.getEndpoint() instanceof SpoolEndpoint)
            .map(Route::getRouteId)
            .sorted()
            .collect(Collectors.joining(", "));
    throw new CommandFailure(
        "There is no route %s that takes out of a spool. %s"
            .formatted(
                id, known.isEmpty() ? "No route does; see the log." : "Those that do: " + known));
  }

  private void goOn(Work now) throws IOException {
    Replay.Progress progress = now.replay().progress();
    if (!progress.state().isOver() && !files.isAsked(now.id())) {
      now.replay().cancel();
      return;
    }
    String sentence = progress.state().isOver() ? sentence(now, progress) : "";
    if (progress.state().isOver()) {
      work = Optional.empty();
      LOG.info(sentence);
    }
    if (files.isAsked(now.id())) {
      files.answer(
          now.id(),
          new Answer(
              state(progress),
              progress.sent(),
              progress.reached().map(Instant::toString).orElse(""),
              sentence));
    } else {
      files.forget(now.id());
    }
  }

  private static String kept(Spool.Kept span) {
    return "What is kept was read from %s to %s.".formatted(span.from(), span.to());
  }

  private static String state(Replay.Progress progress) {
    return switch (progress.state()) {
      case SENDING -> Answer.SENDING;
      case SETTLING -> Answer.SETTLING;
      case DONE -> progress.sent() == 0 ? Answer.REFUSED : Answer.DONE;
      case CANCELLED -> Answer.REFUSED;
    };
  }

  private String sentence(Work done, Replay.Progress progress) {
    Request request = done.request();
    if (progress.state() == Replay.State.CANCELLED) {
      return "The replay was ended after %d events.".formatted(progress.sent());
    }
    if (progress.sent() == 0) {
      return "Nothing was replayed: of what was read since %s nothing is kept. %s What was sent is kept for %s, less if room is needed."
          .formatted(
              request.since(),
              done.spool().kept().map(ReplayRequests::kept).orElse("Nothing else is."),
              keep);
    }
    String gone =
        progress.gone() == 0
            ? ""
            : " %d more had made room for new ones before it was their turn."
                .formatted(progress.gone());
    return "Replayed: Kafka took %d events again through route %s.%s"
        .formatted(progress.sent(), request.route(), gone);
  }
}
