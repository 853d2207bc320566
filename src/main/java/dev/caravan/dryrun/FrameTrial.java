package dev.caravan.dryrun;

import dev.caravan.command.CommandFailure;
import dev.caravan.command.Deadline;
import dev.caravan.dryrun.Passage.DeadLetter;
import dev.caravan.dryrun.Passage.End;
import dev.caravan.dryrun.Passage.NotTaken;
import dev.caravan.frame.EnvelopeReader;
import dev.caravan.frame.Frame;
import dev.caravan.routes.CheckedRoutes;
import dev.caravan.routes.RouteFolder;
import dev.caravan.routes.StartFailure;
import io.smallrye.config.SmallRyeConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.apache.camel.spi.Resource;

/** Sends recorded frames through the user's routes, which run without Genesys Cloud and Kafka. */
public final class FrameTrial implements AutoCloseable {

  private static final Duration A_MOMENT = Duration.ofMillis(200);

  private final EnvelopeReader reader = new EnvelopeReader();
  private final DryRun run;
  private final CheckedRoutes routes;
  private volatile Deadline end = Deadline.in(A_MOMENT);

  /** A frame, what it says, and what becomes of it. */
  public record Tried(RecordedFrame recorded, Frame frame, Passage passage) {

    /** What it is, for people. */
    String name() {
      return frame instanceof Frame.Notification event
          ? new Sample(event, recorded.bytes()).name()
          : frame instanceof Frame.Control ? "a frame about the socket" : "a frame that is none";
    }
  }

  /** Builds the routes, or fails with a sentence. */
  public FrameTrial(SmallRyeConfig config) {
    RouteFolder folder =
        new RouteFolder(Path.of(config.getValue("caravan.routes.dir", String.class)));
    run = new DryRun(config.getValue("genesys.api.url", String.class), this::patience);
    routes = build(config, folder);
    if (run.routes(RouteFolder.READING).isEmpty()) {
      close();
      throw new CommandFailure(
          "No route in %s begins with %s, so nothing would be read."
              .formatted(folder, RouteFolder.READING));
    }
  }

  private CheckedRoutes build(SmallRyeConfig config, RouteFolder folder) {
    RouteFolder.Contents contents = folder.contents();
    if (!contents.unreadable().isEmpty()) {
      throw new CommandFailure(
          String.join(" ", contents.unreadable().values().stream().distinct().toList()));
    }
    RouteFolder.resources(contents.texts()); // No id stands in two of them
    List<Resource> files = RouteFolder.resources(folder.forEvents(contents.texts()));
    try {
      return CheckedRoutes.dry(config, files, run::prepare);
    } catch (Exception | Error e) {
      throw new CommandFailure(
          StartFailure.sentence(e)
                  .replace("The bridge could not start: ", "The routes cannot be built: ")
              + folder.where(e),
          e);
    }
  }

  /** Tries one frame after the other; says how many were tried before the end. */
  public int of(List<RecordedFrame> frames, Deadline end, Consumer<Tried> heard) {
    this.end = end;
    int tried = 0;
    while (tried < frames.size() && !end.isPast()) {
      heard.accept(of(frames.get(tried++)));
    }
    return tried;
  }

  /** All that is left, for one event. */
  private Duration patience() {
    Duration left = end.left();
    return left.compareTo(A_MOMENT) < 0 ? A_MOMENT : left;
  }

  private Tried of(RecordedFrame recorded) {
    Frame frame = reader.read(recorded.bytes());
    if (frame instanceof Frame.Notification event) {
      return new Tried(recorded, frame, passage(event, recorded));
    }
    End end =
        frame instanceof Frame.Control control
            ? new NotTaken("is no event, but %s: no route gets it".formatted(control.kind()))
            : new DeadLetter("the frame " + ((Frame.Unreadable) frame).reason(), "");
    return new Tried(recorded, frame, new Passage(List.of(end)));
  }

  private Passage passage(Frame.Notification event, RecordedFrame recorded) {
    try {
      return run.of(event, recorded.bytes(), "%032x".formatted(recorded.line()));
    } catch (CommandFailure e) {
      throw new CommandFailure("Line %d: %s.".formatted(recorded.line(), e.getMessage()), e);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    routes.close();
  }
}
