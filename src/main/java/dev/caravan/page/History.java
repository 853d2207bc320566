package dev.caravan.page;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What the charts show: the numbers of the last hour, one sample every {@link #EVERY_SECONDS}. In
 * memory only. Safe for use by several threads.
 */
final class History {

  static final int EVERY_SECONDS = 4;
  static final int MOST_SAMPLES = 3600 / EVERY_SECONDS;

  /** Of series that routes or Genesys Cloud name. */
  private static final int MOST_SERIES = 24;

  /** A number of each series at one time; the groups are the charts. */
  record Sample(long at, Map<String, Map<String, Double>> groups) {

    /** What the page shows of a moment, as far as charts show it. */
    static Sample of(Status status) {
      Map<String, Map<String, Double>> groups = new TreeMap<>();
      groups.put("media", rates(status.events()));
      groups.put("topics", rates(status.kafka().topics()));
      groups.put(
          "latency",
          Map.of(
              "median", status.kafka().medianSeconds() * 1000,
              "slowest of 100", status.kafka().slowestSeconds() * 1000));
      Map<String, Double> waiting = new TreeMap<>();
      Map<String, Double> age = new TreeMap<>();
      for (Status.SpoolPart spool : status.spools()) {
        waiting.put(spool.name(), (double) spool.records() + spool.parked());
        age.put(spool.name(), spool.oldestSeconds());
      }
      groups.put("depth", waiting);
      groups.put("age", age);
      Map<String, Double> left = new TreeMap<>();
      status.clients().stream()
          .filter(client -> client.restLeft() >= 0)
          .forEach(client -> left.put(client.name(), (double) client.restLeft()));
      groups.put("rest", left);
      return new Sample(status.at(), groups);
    }

    private static Map<String, Double> rates(List<Status.Rate> rates) {
      Map<String, Double> values = new TreeMap<>();
      rates.stream()
          .limit(MOST_SERIES)
          .forEach(rate -> values.put(rate.name(), Math.round(rate.perSecond() * 100) / 100.0));
      return values;
    }
  }

  /**
   * One chart's numbers.
   *
   * @param series a value for each of the times; null where there was none
   */
  record Chart(List<Long> at, Map<String, List<Double>> series) {}

  private final Deque<Sample> samples = new ArrayDeque<>();

  synchronized void add(Sample sample) {
    samples.addLast(sample);
    if (samples.size() > MOST_SAMPLES) {
      samples.removeFirst();
    }
  }

  /** All there is, by chart. */
  synchronized Map<String, Chart> charts() {
    List<Long> times = samples.stream().map(Sample::at).toList();
    Map<String, Set<String>> names = new TreeMap<>();
    for (Sample sample : samples) {
      sample
          .groups()
          .forEach(
              (group, values) ->
                  names
                      .computeIfAbsent(group, any -> new LinkedHashSet<>())
                      .addAll(values.keySet()));
    }
    Map<String, Chart> charts = new TreeMap<>();
    names.forEach(
        (group, series) -> {
          Map<String, List<Double>> columns = new LinkedHashMap<>();
          series.forEach(name -> columns.put(name, column(group, name)));
          charts.put(group, new Chart(times, columns));
        });
    return charts;
  }

  private List<Double> column(String group, String series) {
    return samples.stream()
        .map(sample -> sample.groups().getOrDefault(group, Map.of()).get(series))
        .toList();
  }
}
