package dev.caravan.demo;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

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
  private final Map<Kind, Long> counts =
      new TreeMap<>(Comparator.comparing(Kind::topic).thenComparing(Kind::media));
  private Map<Kind, Long> before = Map.of();
  private Duration shownAt = Duration.ZERO;
  private int linesToRedraw;

  public DemoScreen(PrintWriter out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  /** What is counted together. */
  private record Kind(String topic, String media) {}

  /** A record arrived. */
  synchronized void count(String topic, String media) {
    counts.merge(new Kind(topic, media), 1L, Long::sum);
  }

  synchronized void say(String format, Object... arguments) {
    out.printf(format + "%n", arguments);
    out.flush();
    linesToRedraw = 0; // what stands above a said line stays
  }

  /** Shows the counts if it is time to. */
  synchronized void show(String bridge, Duration elapsed) {
    Duration since = elapsed.minus(shownAt);
    if (since.compareTo(terminal ? TERMINAL_INTERVAL : PLAIN_INTERVAL) < 0) {
      return;
    }
    if (terminal) {
      draw(table(bridge, elapsed, since));
    } else {
      out.println(line(bridge, elapsed));
      out.flush();
    }
    before = Map.copyOf(counts);
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

  private List<String> table(String bridge, Duration elapsed, Duration since) {
    List<String> lines = new ArrayList<>();
    lines.add(ROW.formatted("KAFKA TOPIC", "MEDIA", "RECORDS", "A SECOND"));
    counts.forEach(
        (kind, records) -> {
          double rate = (records - before.getOrDefault(kind, 0L)) * 1000.0 / since.toMillis();
          lines.add(
              ROW.formatted(
                  kind.topic(), kind.media(), "%,d".formatted(records), "%.1f".formatted(rate)));
        });
    lines.add(
        cut(
            "%d:%02d  %,d records, the bridge is %s"
                .formatted(elapsed.toMinutes(), elapsed.toSecondsPart(), total(), bridge)));
    return lines;
  }

  private String line(String bridge, Duration elapsed) {
    List<String> all = new ArrayList<>();
    counts.forEach((kind, n) -> all.add("%s[%s]=%d".formatted(kind.topic(), kind.media(), n)));
    return "%3d s  %d records  %s  bridge: %s"
        .formatted(elapsed.toSeconds(), total(), String.join("  ", all), bridge);
  }

  /** A line that wrapped would count as two, and the table would creep down the screen. */
  private static String cut(String line) {
    return line.length() <= TERMINAL_COLUMNS ? line : line.substring(0, TERMINAL_COLUMNS - 1) + "…";
  }

  private long total() {
    return counts.values().stream().mapToLong(Long::longValue).sum();
  }
}
