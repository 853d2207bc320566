package dev.caravan.demo;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** How many records arrived, by Kafka topic and media type. */
final class DemoCounts {

  /** A line of the table. */
  record Row(String topic, String media, long records) {}

  private record Key(String topic, String media) {}

  private final Map<Key, Long> counts = new HashMap<>();

  void add(String topic, String media) {
    counts.merge(new Key(topic, media), 1L, Long::sum);
  }

  List<Row> rows() {
    return counts.entrySet().stream()
        .map(it -> new Row(it.getKey().topic(), it.getKey().media(), it.getValue()))
        .sorted(Comparator.comparing(Row::topic).thenComparing(Row::media))
        .toList();
  }

  long total() {
    return counts.values().stream().mapToLong(Long::longValue).sum();
  }
}
