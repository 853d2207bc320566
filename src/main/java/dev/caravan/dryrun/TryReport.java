package dev.caravan.dryrun;

import dev.caravan.dryrun.FrameTrial.Tried;
import dev.caravan.dryrun.Passage.DeadLetter;
import dev.caravan.dryrun.Passage.Dropped;
import dev.caravan.dryrun.Passage.End;
import dev.caravan.dryrun.Passage.Sent;
import dev.caravan.frame.Frame;
import java.io.PrintWriter;
import java.util.List;
import java.util.stream.Collectors;

/** For telling what the routes made of each frame, and how many of them were kept. */
public final class TryReport {

  private static final int LONGEST_MESSAGE = 300;

  private final PrintWriter out;
  private int kept;
  private int dropped;
  private int deadLetters;
  private int others;
  private boolean lost;

  public TryReport(PrintWriter out) {
    this.out = out;
  }

  public void tell(Tried tried) {
    out.printf("Line %d: %s%n", tried.recorded().line(), tried.name());
    for (End end : tried.passage().ends()) {
      if (end instanceof Sent record) {
        tell(record, tried.recorded().bytes());
      } else if (end instanceof Dropped step) {
        row("dropped", step.by().isEmpty() ? "no step sends it on" : step.where());
        step.by().forEach(it -> row("", it.label()));
      } else if (end instanceof DeadLetter letter) {
        row("dead letter", letter.why().isEmpty() ? shortened(letter.message()) : letter.why());
        row("", letter.why().isEmpty() ? "" : shortened(letter.message()));
      } else {
        row("-", end.clause());
      }
    }
    count(tried);
  }

  private void count(Tried tried) {
    Passage passage = tried.passage();
    if (passage.isLost()) {
      deadLetters++;
      lost |= tried.frame() instanceof Frame.Notification;
    } else if (!passage.of(Sent.class).isEmpty()) {
      kept++;
    } else if (!passage.of(Dropped.class).isEmpty()) {
      dropped++;
    } else {
      others++;
    }
  }

  private void tell(Sent record, byte[] frame) {
    row("kept", record.record().topic());
    row("key", record.key().orElse("none"));
    row(
        "headers",
        Expectations.headers(record).entrySet().stream()
            .map(header -> header.getKey() + "=" + header.getValue())
            .collect(Collectors.joining(", ")));
    List<String> diff = BodyDiff.of(frame, record.value());
    row("body", diff.isEmpty() ? "as it came" : diff.get(0));
    diff.stream().skip(1).forEach(line -> row("", line));
  }

  private void row(String name, String text) {
    if (!name.isEmpty() || !text.isEmpty()) {
      // Without what a terminal would take for a command
      out.printf("  %-12s %s%n", name, text.replaceAll("\\p{Cntrl}", "?"));
    }
  }

  private static String shortened(String message) {
    return message.length() <= LONGEST_MESSAGE
        ? message
        : message.substring(0, LONGEST_MESSAGE) + "…";
  }

  /** The last line; true if no event became a dead letter. */
  public boolean end() {
    out.printf(
        "Kept: %d, dropped: %d, dead letters: %d%s.%n",
        kept, dropped, deadLetters, others == 0 ? "" : ", neither: " + others);
    out.flush();
    return !lost;
  }
}
