package dev.caravan.demo;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a demo shows: on a terminal a table that is drawn over itself every second, elsewhere a line
 * every five seconds.
 */
public final class DemoScreen {

  private static final Duration TERMINAL_INTERVAL = Duration.ofSeconds(1);
  private static final Duration PLAIN_INTERVAL = Duration.ofSeconds(5);
  private static final int TERMINAL_COLUMNS = 80;
  private static final String ROW = "%-36s %-12s %10s %10s";

  private final PrintWriter out;
  private final boolean terminal;
  private Map<DemoCounts.Row, Long> before = Map.of();
  private Duration shownAt = Duration.ZERO;
  private int linesToRedraw;

  public DemoScreen(PrintWriter out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  synchronized void say(String format, Object... arguments) {
    out.printf(format + "%n", arguments);
    out.flush();
    linesToRedraw = 0; // what stands above a said line stays
  }

  /** Shows the counts if it is time to. */
  synchronized void show(DemoCounts counts, String bridge, Duration elapsed) {
    Duration since = elapsed.minus(shownAt);
    if (since.compareTo(terminal ? TERMINAL_INTERVAL : PLAIN_INTERVAL) < 0) {
      return;
    }
    if (terminal) {
      draw(table(counts, bridge, elapsed, since));
    } else {
      out.println(line(counts, bridge, elapsed));
      out.flush();
    }
    before =
        counts.rows().stream().collect(Collectors.toMap(DemoScreen::key, DemoCounts.Row::records));
    shownAt = elapsed;
  }

  private void draw(List<String> lines) {
    if (linesToRedraw > 0) {
      out.printf("\u001b[%dA", linesToRedraw);
    }
    lines.forEach(line -> out.printf("%s\u001b[K%n", line));
    out.flush();
    linesToRedraw = lines.size();
  }

  private List<String> table(DemoCounts counts, String bridge, Duration elapsed, Duration since) {
    List<String> lines = new ArrayList<>();
    lines.add(ROW.formatted("KAFKA TOPIC", "MEDIA", "RECORDS", "A SECOND"));
    for (DemoCounts.Row row : counts.rows()) {
      long news = row.records() - before.getOrDefault(key(row), 0L);
      lines.add(
          ROW.formatted(
              row.topic(),
              row.media(),
              "%,d".formatted(row.records()),
              "%.1f".formatted(news * 1000.0 / since.toMillis())));
    }
    lines.add(
        cut(
            "%d:%02d  %,d records, the bridge is %s"
                .formatted(elapsed.toMinutes(), elapsed.toSecondsPart(), counts.total(), bridge)));
    return lines;
  }

  private static String line(DemoCounts counts, String bridge, Duration elapsed) {
    return "%3d s  %d records  %s  bridge: %s"
        .formatted(
            elapsed.toSeconds(),
            counts.total(),
            counts.rows().stream()
                .map(row -> "%s[%s]=%d".formatted(row.topic(), row.media(), row.records()))
                .collect(Collectors.joining("  ")),
            bridge);
  }

  /** A line that wrapped would count as two, and the table would creep down the screen. */
  private static String cut(String line) {
    return line.length() <= TERMINAL_COLUMNS ? line : line.substring(0, TERMINAL_COLUMNS - 1) + "…";
  }

  private static DemoCounts.Row key(DemoCounts.Row row) {
    return new DemoCounts.Row(row.topic(), row.media(), 0);
  }
}
