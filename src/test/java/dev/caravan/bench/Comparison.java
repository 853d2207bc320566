package dev.caravan.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Figures of the floor and the bridge, measured in turn, as tables in Markdown: medians, and the
 * least and the most of all rounds in brackets.
 */
final class Comparison {

  /** What took less for each frame is not worth a line. */
  private static final double LEAST_MICROS = 0.5;

  /** Who is compared. */
  enum Program {
    FLOOR,
    BRIDGE
  }

  /** Whether less of it or more of it is better. */
  enum Better {
    LESS,
    MORE
  }

  private record Row(Better better, List<Double> floor, List<Double> bridge) {

    Row(Better better) {
      this(better, new ArrayList<>(), new ArrayList<>());
    }

    /** Round by round, so that a slow minute of the machine is in both; above 1 is dearer. */
    List<Double> ratios() {
      List<Double> ratios = new ArrayList<>();
      for (int i = 0; i < Math.min(floor.size(), bridge.size()); i++) {
        double ratio = bridge.get(i) / floor.get(i);
        ratios.add(better == Better.LESS ? ratio : 1 / ratio);
      }
      return ratios;
    }
  }

  private final Map<String, Row> rows = new LinkedHashMap<>();

  /** By program and thread, then by load. */
  private final Map<String, Map<String, List<Double>>> threads = new TreeMap<>();

  private final Set<String> loads = new LinkedHashSet<>();

  void add(Program program, String figure, Better better, double value) {
    Row row = rows.computeIfAbsent(figure, name -> new Row(better));
    (program == Program.FLOOR ? row.floor : row.bridge).add(value);
  }

  /** Notes what each thread took for a frame. */
  void add(Program program, String load, Map<String, Double> threadMillis, int frames) {
    loads.add(load);
    threadMillis.forEach(
        (thread, millis) ->
            threads
                .computeIfAbsent(name(program) + ": " + thread, name -> new LinkedHashMap<>())
                .computeIfAbsent(load, name -> new ArrayList<>())
                .add(millis * 1e3 / frames));
  }

  private static String name(Program program) {
    return program.name().toLowerCase(Locale.ROOT);
  }

  String table() {
    StringBuilder table =
        new StringBuilder("| figure | floor | bridge | ratio |\n|---|---|---|---|\n");
    rows.forEach(
        (figure, row) ->
            table.append(line(figure, spread(row.floor), spread(row.bridge), ratio(row.ratios()))));
    return table.toString();
  }

  /** Which thread took which part of the processor time. */
  String threadTable() {
    StringBuilder table =
        new StringBuilder(line("thread, µs a frame", loads.toArray(String[]::new)));
    table.append("|---".repeat(loads.size() + 1)).append("|\n");
    threads.forEach(
        (thread, byLoad) -> {
          if (byLoad.values().stream().anyMatch(micros -> median(micros) >= LEAST_MICROS)) {
            table.append(
                line(
                    thread,
                    loads.stream()
                        .map(load -> byLoad.getOrDefault(load, List.of()))
                        .map(micros -> micros.isEmpty() ? "–" : number(median(micros)))
                        .toArray(String[]::new)));
          }
        });
    return table.toString();
  }

  private static String line(String first, String... rest) {
    return "| " + first + " | " + String.join(" | ", rest) + " |\n";
  }

  private static String ratio(List<Double> ratios) {
    if (ratios.isEmpty() || ratios.stream().anyMatch(ratio -> !Double.isFinite(ratio))) {
      return "–";
    }
    String spread = spread(ratios);
    String middle = spread.split(" ")[0];
    return median(ratios) > 1 ? "**" + middle + "**" + spread.substring(middle.length()) : spread;
  }

  /** The median, and in brackets between what the values lie. */
  static String spread(List<Double> values) {
    if (values.isEmpty()) {
      return "–";
    }
    List<Double> sorted = values.stream().sorted().toList();
    String middle = number(median(values));
    return values.size() == 1
        ? middle
        : "%s (%s – %s)"
            .formatted(middle, number(sorted.get(0)), number(sorted.get(sorted.size() - 1)));
  }

  private static double median(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }

  private static String number(double value) {
    return String.format(
        Locale.ROOT, value >= 100 ? "%,.0f" : value >= 10 ? "%.1f" : "%.2f", value);
  }
}
