package dev.caravan.bench;

import dev.caravan.command.Folders;
import dev.caravan.testing.Bridge;
import java.awt.Color;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler;

/**
 * How cost grows with what there is to carry: figures and plots of docs/growth. Run it with {@code
 * bench/growth}; see docs/performance.md.
 */
final class GrowthBench {

  // Held, since levels of loggers that nobody holds are forgotten
  private static final Logger KAFKA_LOG = Logger.getLogger("org.apache.kafka");

  private static final Path FOLDER = Path.of("docs/growth");
  private static final int FRAME_BYTES = 3_600;
  private static final int RATE = 1_000;
  private static final int WARM_UP_SECONDS = 20;
  private static final int SECONDS = 15;

  /** One of the figures that are taken for each value of what grows. */
  private record Column(String name, String unit) {}

  private static final Column CPU = new Column("CPU", "µs an event");
  private static final Column RESIDENT = new Column("resident", "MB");

  /** Takes the figures for one value. */
  private interface Measurement {
    List<Double> of(int value) throws Exception;
  }

  /** Something that grows. */
  private record Growth(
      String of, List<Integer> values, List<Column> columns, Measurement measurement) {}

  private GrowthBench() {}

  private static Map<String, Growth> all() {
    Map<String, Growth> all = new LinkedHashMap<>();
    all.put(
        "shards",
        new Growth(
            "shards, at 1,000 events/s",
            List.of(1, 5, 18),
            List.of(CPU, RESIDENT),
            shards -> steady(0, 18, shards, 1, false)));
    all.put(
        "topics",
        new Growth(
            "topics, a shard for each thousand, at 1,000 events/s",
            List.of(10, 100, 1_000, 5_000, 17_000),
            List.of(CPU, RESIDENT),
            topics -> steady(0, topics, (topics + 999) / 1_000, 1, false)));
    all.put(
        "redundancy",
        new Growth(
            "sockets of each of five shards, at 1,000 events/s",
            List.of(1, 2),
            List.of(CPU, RESIDENT),
            redundancy -> steady(0, 5, 5, redundancy, false)));
    all.put(
        "instances",
        new Growth(
            "instances that share six shards (0: no cluster), all together, at 1,000 events/s",
            List.of(0, 1, 2, 3),
            List.of(CPU, RESIDENT),
            instances -> steady(instances, 6, 6, 1, false)));
    all.put(
        "standby",
        new Growth(
            "instances that share six shards and stand by, all together, at 1,000 events/s",
            List.of(2, 3),
            List.of(CPU, RESIDENT),
            instances -> steady(instances, 6, 6, 1, true)));
    all.put(
        "frame-bytes",
        new Growth(
            "bytes of a frame, in a flood",
            List.of(500, 3_600, 16_000, 64_000),
            List.of(CPU, RESIDENT),
            bytes ->
                flood(
                    new LoadFrames(bytes),
                    Math.max(4_000, Math.min(300_000, 800_000_000 / bytes)))));
    all.put(
        "keys",
        new Growth(
            "conversations that take turns, each a Kafka key, in a flood",
            List.of(10, 1_000, 100_000, 1_000_000),
            List.of(CPU, RESIDENT),
            keys -> flood(new LoadFrames(FRAME_BYTES, keys), Math.max(300_000, keys))));
    all.put(
        "waiting",
        new Growth(
            "records of 400 bytes that wait in a spool's log",
            List.of(10_000, 100_000, 1_000_000, 10_000_000),
            List.of(
                new Column("append", "µs CPU a record"),
                new Column("read", "µs CPU a record"),
                new Column("open", "s"),
                new Column("heap", "MB")),
            GrowthBench::log));
    return all;
  }

  public static void main(String[] arguments) throws Exception {
    KAFKA_LOG.setLevel(Level.SEVERE);
    Map<String, Growth> all = all();
    List<String> named = arguments.length == 0 ? List.copyOf(all.keySet()) : List.of(arguments);
    if (!all.keySet().containsAll(named)) {
      throw new IllegalArgumentException("Usage: bench/growth " + all.keySet());
    }
    Files.createDirectories(FOLDER);
    for (String name : named) {
      Growth growth = all.get(name);
      System.out.println(growth.of());
      List<List<Double>> rows = new ArrayList<>();
      for (int value : growth.values()) {
        List<Double> row = growth.measurement().of(value);
        System.out.printf("  %,d: %s%n", value, told(growth.columns(), row));
        rows.add(row);
      }
      Files.writeString(FOLDER.resolve(name + ".csv"), csv(name, growth, rows));
      draw(name, growth, rows);
    }
    System.exit(0);
  }

  // ---- measurements

  private static List<Double> steady(
      int instances, int queues, int shards, int redundancy, boolean standby) throws Exception {
    NumberedLoad.Setting setting =
        new NumberedLoad.Setting(
            instances,
            queues,
            shards,
            redundancy,
            standby,
            RATE,
            WARM_UP_SECONDS,
            SECONDS,
            FRAME_BYTES,
            0,
            standby ? 256 : 128);
    try (NumberedLoad load = new NumberedLoad(setting)) {
      NumberedLoad.Figures figures = load.run();
      require(figures.verdict(0));
      return List.of(
          figures.cpu(), figures.megabytes().stream().mapToDouble(Double::doubleValue).sum());
    }
  }

  /** In a second flood after one as large. */
  private static List<Double> flood(LoadFrames frames, int count) throws Exception {
    try (TestBed bed = new TestBed(frames, 0)) {
      Bridge.Settings settings =
          Options.of("bench/growth", new String[0], CompareBench.DEFAULTS).bridge();
      try (TestBed.Running bridge = bed.start(settings)) {
        bed.flood(bridge, count);
        ProcessCost.forgetHighest(bridge.pid());
        TestBed.Cost cost = bed.flood(bridge, count);
        require(bed.verdict());
        return List.of(cost.program(), ProcessCost.megabytes(bridge.pid(), "VmHWM"));
      }
    }
  }

  private static List<Double> log(int records) throws IOException {
    Path directory = Files.createTempDirectory("spool-log");
    try {
      // What the compilers take is over by then
      SpoolLogBench.measure(directory.resolve("warm-up"), 300_000, 400, 200);
      SpoolLogBench.Figures figures =
          SpoolLogBench.measure(directory.resolve("log"), records, 400, 200);
      return List.of(
          figures.append(), figures.read(), figures.openSeconds(), figures.heapMegabytes());
    } finally {
      Folders.delete(directory);
    }
  }

  private static void require(String verdict) {
    if (!verdict.startsWith("Right")) {
      throw new IllegalStateException(verdict);
    }
  }

  // ---- what is written

  private static String told(List<Column> columns, List<Double> row) {
    List<String> told = new ArrayList<>();
    for (int i = 0; i < columns.size(); i++) {
      told.add(
          String.format(
              Locale.ROOT, "%s %.1f %s", columns.get(i).name(), row.get(i), columns.get(i).unit()));
    }
    return String.join(", ", told);
  }

  private static String csv(String name, Growth growth, List<List<Double>> rows) {
    StringBuilder csv = new StringBuilder(name);
    growth
        .columns()
        .forEach(column -> csv.append(",%s (%s)".formatted(column.name(), column.unit())));
    for (int i = 0; i < rows.size(); i++) {
      csv.append('\n').append(growth.values().get(i));
      rows.get(i).forEach(value -> csv.append(String.format(Locale.ROOT, ",%.2f", value)));
    }
    return csv.append('\n').toString();
  }

  /** Each figure with an axis of its own that begins at nothing. */
  private static void draw(String name, Growth growth, List<List<Double>> rows) throws IOException {
    System.setProperty("java.awt.headless", "true");
    XYChart chart =
        new XYChartBuilder().width(640).height(300).title(growth.of()).xAxisTitle(name).build();
    int least = Math.max(1, growth.values().get(0));
    int most = growth.values().get(growth.values().size() - 1);
    chart.getStyler().setChartBackgroundColor(Color.WHITE);
    chart.getStyler().setXAxisLogarithmic(most / least >= 50);
    chart.getStyler().setLegendPosition(Styler.LegendPosition.OutsideS);
    chart.getStyler().setLegendLayout(Styler.LegendLayout.Horizontal);
    chart.getStyler().setChartTitleFont(chart.getStyler().getBaseFont().deriveFont(13f));
    for (int i = 0; i < growth.columns().size(); i++) {
      Column column = growth.columns().get(i);
      int of = i;
      double[] values = rows.stream().mapToDouble(row -> row.get(of)).toArray();
      // Two of the same unit share an axis; there are two at most
      int axis = growth.columns().get(0).unit().equals(column.unit()) ? 0 : 1;
      chart
          .addSeries(
              column.name() + ", " + column.unit(),
              growth.values().stream().mapToDouble(Integer::doubleValue).toArray(),
              values)
          .setYAxisGroup(axis);
      chart.getStyler().setYAxisMin(axis, 0.0);
      chart
          .getStyler()
          .setYAxisGroupPosition(
              axis, axis == 0 ? Styler.YAxisPosition.Left : Styler.YAxisPosition.Right);
    }
    BitmapEncoder.saveBitmap(
        chart, FOLDER.resolve(name).toString(), BitmapEncoder.BitmapFormat.PNG);
  }
}
