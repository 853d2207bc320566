package dev.caravan.cli;

import dev.caravan.command.CommandFailure;
import dev.caravan.command.DataFolder;
import dev.caravan.command.Deadline;
import dev.caravan.replay.ReplayFiles;
import dev.caravan.replay.ReplayFiles.Answer;
import dev.caravan.replay.Since;
import dev.caravan.settings.Settings;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** For sending again what Kafka took already, after a route was changed. */
@Command(
    name = "replay",
    description = {
      "Lets the running bridge send again what it has sent to Kafka.",
      "The events go through the route as it is now, with the same ce_id and the header",
      "genesys-origin: replay, behind what is new. It needs CARAVAN_REPLAY_KEEP on the bridge",
      "and, here, the same CARAVAN_DATA_DIR. Ctrl-C ends the replay, not the bridge."
    },
    footer = {
      "",
      "Examples:",
      "  ${ROOT-COMMAND-NAME} replay --since 1h --route forward",
      "  ${ROOT-COMMAND-NAME} replay --since 2026-11-22T08:00:00Z --rate 200/s",
      "  docker compose exec caravan bin/caravan replay --since 30m"
    })
public final class ReplayCommand extends CaravanCommand {

  private static final Duration ANSWER_WITHIN = Duration.ofSeconds(15);
  private static final Duration LOOK_EVERY = Duration.ofMillis(300);
  private static final Duration TELL_EVERY = Duration.ofSeconds(5);
  private static final int HIGHEST_RATE = 100_000;

  @Option(
      names = "--since",
      paramLabel = "TIME",
      required = true,
      description =
          "Replay what was read so long ago or later (30m, 1h30m), or at this time or later"
              + " (2026-11-22T08:00:00Z).")
  private String since;

  @Option(
      names = "--route",
      paramLabel = "ID",
      defaultValue = "forward",
      description = "The route to send through; it must take out of a spool. Default: forward.")
  private String route;

  @Option(
      names = "--rate",
      paramLabel = "N/s",
      defaultValue = "1000/s",
      description = "At most so many events a second. Default: 1000/s.")
  private String rate;

  @Override
  public Integer call() {
    Logs.errorsOnly();
    Instant from = Since.instant(since, Instant.now());
    int perSecond = perSecond(rate);
    Path data = Path.of(Settings.read().getValue("caravan.data.dir", String.class));
    ReplayFiles files = new ReplayFiles(data);
    String id = UUID.randomUUID().toString();
    Thread giveUp = new Thread(() -> forget(files, id));
    try {
      files.ask(id, new ReplayFiles.Request(route, from.toString(), perSecond));
      Runtime.getRuntime().addShutdownHook(giveUp);
      return follow(files, id, data, from);
    } catch (IOException e) {
      throw new CommandFailure(
          "The data folder %s cannot be used: %s. Set CARAVAN_DATA_DIR to the bridge's, and run this as the same user."
              .formatted(data.toAbsolutePath().normalize(), DataFolder.why(e)),
          e);
    } finally {
      forget(files, id);
    }
  }

  private int follow(ReplayFiles files, String id, Path data, Instant from) throws IOException {
    Deadline answer = Deadline.in(ANSWER_WITHIN);
    Deadline untilTold = Deadline.in(TELL_EVERY);
    Deadline silence = Deadline.in(TELL_EVERY);
    Optional<Answer> last = Optional.empty();
    while (true) {
      Optional<Answer> now = files.answer(id);
      if (now.isEmpty() && (last.isPresent() || answer.isPast())) {
        throw silent(data, last);
      }
      if (now.isPresent() && last.isEmpty() && now.get().state().equals(Answer.SENDING)) {
        out().printf("Replaying through route %s what was read since %s …%n", route, from);
      }
      if (!now.equals(last)) {
        silence = Deadline.in(TELL_EVERY);
        last = now;
      }
      if (last.isPresent() && !last.get().sentence().isEmpty()) {
        return ended(last.get());
      }
      if (last.isPresent() && untilTold.isPast()) {
        untilTold = Deadline.in(TELL_EVERY);
        tell(last.get(), silence.isPast());
      }
      LockSupport.parkNanos(LOOK_EVERY.toNanos());
    }
  }

  private int ended(Answer answer) {
    if (answer.state().equals(Answer.REFUSED)) {
      throw new CommandFailure(answer.sentence());
    }
    out().println(answer.sentence());
    return Caravan.OK;
  }

  private void tell(Answer answer, boolean silent) {
    String reached =
        answer.reached().isEmpty()
            ? ""
            : ", up to what was read at "
                + Instant.parse(answer.reached()).truncatedTo(ChronoUnit.SECONDS);
    String waits =
        silent
            ? "; it waits: Kafka has not taken what is before it. The bridge's log and health say why"
            : "";
    out().printf(Locale.ROOT, "  %,d events sent%s%s%n", answer.sent(), reached, waits);
  }

  private static CommandFailure silent(Path data, Optional<Answer> last) {
    return new CommandFailure(
        last.map(
                answer ->
                    "The bridge ended after %d events were sent. Start it, and replay what was read since %s."
                        .formatted(answer.sent(), answer.reached()))
            .orElse(
                "No running bridge answers in %s. Start it (./caravan run), or set CARAVAN_DATA_DIR to the data folder of the one that runs; in Docker: docker compose exec caravan bin/caravan replay …"
                    .formatted(data.toAbsolutePath().normalize())));
  }

  private static void forget(ReplayFiles files, String id) {
    try {
      files.forget(id);
    } catch (IOException e) {
      // The bridge deletes what is left when it starts
      return;
    }
  }

  static int perSecond(String text) {
    String number = text.endsWith("/s") ? text.substring(0, text.length() - 2) : text;
    if (!number.matches("\\d{1,9}")) {
      throw new CommandFailure(
          "--rate is \"%s\", but it must be a number of events a second, such as 500/s."
              .formatted(text));
    }
    return Numbers.between("--rate", Integer.parseInt(number), 1, HIGHEST_RATE);
  }
}
