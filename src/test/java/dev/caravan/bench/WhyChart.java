package dev.caravan.bench;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** Draws the figures of {@link WhyBench} as a picture: what was heard, and what was called. */
final class WhyChart {

  private static final int WIDTH = 860;
  private static final int LEFT = 60;
  private static final int RIGHT = 30;
  private static final int PANEL = 150;
  private static final String NAIVE = "#c2410c";
  private static final String BRIDGE = "#0f5fa8";

  private final List<int[]> rows;

  private WhyChart(List<int[]> rows) {
    this.rows = rows;
  }

  /** An SVG of the figures, which are a CSV with a heading. */
  static String draw(String csv) {
    return new WhyChart(
            csv.lines()
                .skip(1)
                .map(line -> Arrays.stream(line.split(",")).mapToInt(Integer::parseInt).toArray())
                .toList())
        .svg();
  }

  private String svg() {
    int height = 2 * PANEL + 130;
    StringBuilder svg = new StringBuilder();
    svg.append(
        """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13" fill="#333">
        <rect width="100%%" height="100%%" fill="#fff"/>
        <circle cx="%d" cy="16" r="5" fill="%s"/><text x="%d" y="20">naive client</text>
        <circle cx="%d" cy="16" r="5" fill="%s"/><text x="%d" y="20">bridge</text>
        """
            .formatted(WIDTH, height, LEFT + 4, NAIVE, LEFT + 14, LEFT + 124, BRIDGE, LEFT + 134));
    panel(svg, 60, "of the events of a second, heard", 2, 3, WhyBench.RATE);
    int most = rows.stream().mapToInt(row -> Math.max(row[4], row[5])).max().orElse(1);
    panel(svg, 60 + PANEL + 50, "calls a second", 4, 5, Math.max(1, most));
    return svg.append("</svg>\n").toString();
  }

  private void panel(StringBuilder svg, int top, String title, int naive, int bridge, int most) {
    int bottom = top + PANEL;
    svg.append("<text x=\"%d\" y=\"%d\">%s</text>%n".formatted(LEFT, top - 12, title));
    for (int value : new int[] {0, most}) {
      double y = y(bottom, value, most);
      svg.append(
          line(
              "<path d=\"M%d %.1fH%d\" stroke=\"#ccc\"/><text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%d</text>",
              LEFT, y, WIDTH - RIGHT, LEFT - 8, y + 4, value));
    }
    for (int second = 0; second <= rows.size(); second += 15) {
      svg.append(
          line(
              "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%d s</text>",
              x(second), bottom + 18, second));
    }
    curve(svg, bottom, naive, most, NAIVE);
    curve(svg, bottom, bridge, most, BRIDGE);
  }

  private void curve(StringBuilder svg, int bottom, int column, int most, String colour) {
    StringBuilder path = new StringBuilder();
    IntStream.range(0, rows.size())
        .forEach(
            i ->
                path.append(
                    String.format(
                        Locale.ROOT,
                        "%s%.1f %.1fH%.1f",
                        i == 0 ? "M" : "L",
                        x(i),
                        y(bottom, rows.get(i)[column], most),
                        x(i + 1))));
    svg.append(
        "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"1.8\"/>%n"
            .formatted(path, colour));
  }

  private double x(int second) {
    return LEFT + (WIDTH - LEFT - RIGHT) * (double) second / rows.size();
  }

  private static double y(int bottom, int value, int most) {
    return bottom - PANEL * (double) value / most;
  }

  private static String line(String format, Object... values) {
    return String.format(Locale.ROOT, format, values) + "\n";
  }
}
