package dev.caravan.cli;

import dev.caravan.command.CommandFailure;
import dev.caravan.command.Deadline;
import dev.caravan.dryrun.Expectations;
import dev.caravan.dryrun.Expectations.Case;
import dev.caravan.dryrun.FrameTrial;
import dev.caravan.dryrun.Passage;
import dev.caravan.dryrun.RecordedFrame;
import dev.caravan.dryrun.TryReport;
import dev.caravan.routes.RouteFolder;
import dev.caravan.settings.Settings;
import io.smallrye.config.SmallRyeConfig;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** For seeing what an edited route does before it does it. */
@Command(
    name = "try",
    description = {
      "Sends recorded frames through your routes, and tells what becomes of each.",
      "It asks neither Genesys Cloud nor Kafka and sends nothing. It tells whether a",
      "frame is kept or dropped, and by which step; Kafka topic, key and headers; and",
      "what the routes changed in the body. It takes up to three seconds, on a busy",
      "machine up to ten. Exit code 1: an event becomes a dead letter, or a case of",
      "--expect is not met."
    },
    footer = {
      "",
      "Examples: frames of every kind; your own; a test of your routes",
      "  ${ROOT-COMMAND-NAME} try",
      "  ${ROOT-COMMAND-NAME} try frames.jsonl --watch",
      "  ${ROOT-COMMAND-NAME} try frames.jsonl --expect expected.yaml"
    })
final class TryCommand extends CaravanCommand {

  private static final String WAITING = "-- Waiting for an edit; Ctrl-C ends it.";

  /** Three seconds, but for the end. */
  private static final Duration LONGEST = Duration.ofMillis(2_600);

  /** What the program took before it came here counts, but for a JVM that is older. */
  private static final Duration LONGEST_START = Duration.ofSeconds(1);

  /** If that leaves less, the machine is so busy that three seconds are too few. */
  private static final Duration AT_LEAST = Duration.ofMillis(1_200);

  private static final Duration BUSY = Duration.ofSeconds(10);

  private static final Duration LOOK_EVERY = Duration.ofMillis(300);

  @Parameters(
      arity = "0..1",
      paramLabel = "FILE",
      description =
          "The frames, one a line, as record writes them. Default: some of every kind, which come"
              + " with the program.")
  private Optional<Path> file = Optional.empty();

  @Option(
      names = "--expect",
      paramLabel = "FILE",
      description =
          "Hold the routes against these cases (see docs/cookbook), and fail if one is not met.")
  private Optional<Path> expected = Optional.empty();

  @Option(
      names = "--watch",
      description = "Do it again whenever a route, the frames or the cases are edited.")
  private boolean watch;

  @Override
  public Integer call() {
    // Whatever there is to say of the routes is said here
    Logs.errorsToConsole(isVerbose());
    if (watch) {
      return watch();
    }
    Duration start = Duration.ofMillis(ManagementFactory.getRuntimeMXBean().getUptime());
    Duration counted = start.compareTo(LONGEST_START) < 0 ? start : LONGEST_START;
    return run(LONGEST.minus(counted)) ? Caravan.OK : Caravan.FAILED;
  }

  /** Looks for edits again and again, until nobody reads what is told of them. */
  private int watch() {
    List<String> seen = List.of();
    while (!out().checkError() && !Thread.currentThread().isInterrupted()) {
      try {
        List<String> now = files();
        if (!now.equals(seen)) {
          seen = now;
          run(LONGEST);
          out().println(WAITING);
        }
      } catch (Exception | Error e) {
        out().println(e instanceof CommandFailure ? e.getMessage() : e);
        out().println(WAITING);
      }
      LockSupport.parkNanos(LOOK_EVERY.toNanos());
    }
    return Caravan.OK;
  }

  /** All that the outcome depends on. */
  private List<String> files() {
    List<String> texts = new ArrayList<>();
    try {
      String folder = Settings.read().getValue("caravan.routes.dir", String.class);
      texts.add(new RouteFolder(Path.of(folder)).contents().toString());
    } catch (CommandFailure e) {
      texts.add(e.getMessage());
    }
    for (Path path : List.of(file, expected).stream().flatMap(Optional::stream).toList()) {
      try {
        texts.add(Files.readString(path));
      } catch (IOException e) {
        texts.add(e.toString());
      }
    }
    return texts;
  }

  /** Whether all is well. */
  private boolean run(Duration most) {
    Deadline whole = Deadline.in(most);
    SmallRyeConfig config = Settings.read();
    List<RecordedFrame> frames = file.map(RecordedFrame::in).orElseGet(RecordedFrame::shipped);
    Optional<List<Case>> cases = expected.map(it -> Expectations.in(it, frames));
    try (FrameTrial trial = new FrameTrial(config)) {
      // A test fails for what the routes do, and not because the machine is slow
      boolean slow = cases.isPresent() || whole.left().compareTo(AT_LEAST) < 0;
      Deadline end = slow ? Deadline.in(BUSY) : whole;
      return cases.isPresent() ? hold(trial, cases.get(), end) : tell(trial, frames, end);
    }
  }

  private boolean tell(FrameTrial trial, List<RecordedFrame> frames, Deadline end) {
    TryReport report = new TryReport(out());
    int tried = trial.of(frames, end, report::tell);
    return report.end() & isWhole(tried, frames.size(), "frames");
  }

  private boolean hold(FrameTrial trial, List<Case> cases, Deadline end) {
    List<RecordedFrame> frames = cases.stream().map(Case::frame).toList();
    List<Passage> passages = new ArrayList<>();
    int tried = trial.of(frames, end, it -> passages.add(it.passage()));
    int unmet = 0;
    for (int i = 0; i < tried; i++) {
      List<String> wrong = cases.get(i).unmet(passages.get(i));
      unmet += wrong.isEmpty() ? 0 : 1;
      out().printf("  %-7s %s%n", wrong.isEmpty() ? "ok" : "FAILED", cases.get(i).name());
      wrong.forEach(line -> out().printf("          %s%n", line.replaceAll("\\p{Cntrl}", "?")));
    }
    out().printf("%d of %d cases are met.%n", tried - unmet, cases.size());
    return unmet == 0 & isWhole(tried, cases.size(), "cases");
  }

  private boolean isWhole(int tried, int all, String what) {
    if (tried < all) {
      err()
          .printf(
              "%d of %d %s were not tried: the time was over. Try fewer at once.%n",
              all - tried, all, what);
    }
    return tried == all;
  }
}
