package dev.caravan.routes;

import dev.caravan.FileStamp;
import dev.caravan.command.CommandFailure;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the route files again and again, but none as long as nothing shows that one was written. It
 * looks at the files instead of waiting to be told: folders that are mounted into a container do
 * not tell on every system.
 */
final class RoutePoll {

  private static final Logger LOG = LoggerFactory.getLogger(RoutePoll.class);

  /** An edit may leave all as it was by which a file shows that it was written. */
  private static final Duration READ_ANEW_EVERY = Duration.ofSeconds(5);

  private final RouteFolder folder;
  private final Clock clock;

  private Optional<RouteFolder.Contents> seen = Optional.empty();

  /** As the files were before they were read for what was seen. */
  private Map<Path, FileStamp> stamps = Map.of();

  private Instant readAt = Instant.MIN;
  private boolean stable;

  /** How often in a row the files could not be read. */
  private int failures;

  private volatile Optional<String> problem = Optional.empty();

  RoutePoll(RouteFolder folder, Clock clock) {
    this.folder = folder;
    this.clock = clock;
  }

  /**
   * Reads the files for the first time.
   *
   * @throws CommandFailure if there are none, or the folder cannot be read
   */
  RouteFolder.Contents first() {
    RouteFolder.Contents contents = read(folder.stamps());
    seen = Optional.of(contents);
    return contents;
  }

  /** To be called again and again; empty if the files cannot be read. */
  Optional<RouteFolder.Contents> look() {
    RouteFolder.Contents now;
    try {
      Map<Path, FileStamp> current = folder.stamps();
      boolean anew =
          !stable
              || !current.equals(stamps)
              || seen.filter(it -> it.unreadable().isEmpty()).isEmpty()
              || !clock.instant().isBefore(readAt.plus(READ_ANEW_EVERY));
      now = anew ? read(current) : seen.get();
    } catch (CommandFailure e) {
      // A file that is just being replaced by another may be away for a moment
      if (++failures > 1) {
        cannotBeRead(e.getMessage());
      }
      return Optional.empty();
    }
    failures = 0;
    if (problem.isPresent()) {
      LOG.info("The route files in {} can be read again.", folder);
      problem = Optional.empty();
    }
    stable = seen.equals(Optional.of(now));
    seen = Optional.of(now);
    return seen;
  }

  /** Whether what was seen is the same as the last time. */
  boolean isStable() {
    return stable;
  }

  /** Why the files cannot be read, as a sentence; empty if they can. */
  Optional<String> problem() {
    return problem;
  }

  /** The stamps come first: what is written while the files are read shows at the next look. */
  private RouteFolder.Contents read(Map<Path, FileStamp> current) {
    RouteFolder.Contents contents = folder.contents();
    stamps = current;
    readAt = clock.instant();
    return contents;
  }

  private void cannotBeRead(String why) {
    String sentence = why + " The routes run on as they are.";
    if (!problem.equals(Optional.of(sentence))) {
      LOG.error(sentence);
      problem = Optional.of(sentence);
    }
  }
}
