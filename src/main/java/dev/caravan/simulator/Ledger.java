package dev.caravan.simulator;

import java.util.ArrayDeque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;

/** What was sent to whom, so that a client can be held against it. Keeps the latest entries. */
public final class Ledger {

  static final int DEFAULT_CAPACITY = 500_000;
  private static final int TOPICS_COUNTED = 100_000;

  /** How often a topic was sent; lends its name to all entries, so that they share it. */
  private static final class Count {
    private final String topicName;
    private long sent;

    private Count(String topicName) {
      this.topicName = topicName;
    }
  }

  private final ArrayDeque<LedgerEntry> entries = new ArrayDeque<>();
  private final Map<String, Count> counts = new HashMap<>();
  private final Map<LedgerEntry.Outcome, Long> outcomes = new EnumMap<>(LedgerEntry.Outcome.class);
  private final int capacity;
  private long written;
  private long bytesSent;

  Ledger(int capacity) {
    this.capacity = capacity;
  }

  public void write(
      long atMillis,
      int channel,
      int socket,
      String topicName,
      String correlationId,
      int bytes,
      LedgerEntry.Outcome outcome) {
    if (entries.size() == capacity) {
      entries.removeFirst();
    }
    Count count = counts.get(topicName);
    if (count == null) {
      count = new Count(topicName);
      if (counts.size() < TOPICS_COUNTED) {
        counts.put(topicName, count);
      }
    }
    entries.addLast(
        new LedgerEntry(
            ++written, atMillis, channel, socket, count.topicName, correlationId, bytes, outcome));
    outcomes.merge(outcome, 1L, Long::sum);
    if (outcome == LedgerEntry.Outcome.SENT) {
      bytesSent += bytes;
      count.sent++;
    }
  }

  List<LedgerEntry> entries(Predicate<LedgerEntry> chosen, int limit) {
    return entries.stream().filter(chosen).limit(limit).toList();
  }

  Map<String, Long> sentByTopic() {
    Map<String, Long> sent = new TreeMap<>();
    counts.forEach(
        (topicName, count) -> {
          if (count.sent > 0) {
            sent.put(topicName, count.sent);
          }
        });
    return sent;
  }

  Map<LedgerEntry.Outcome, Long> outcomes() {
    return Map.copyOf(outcomes);
  }

  long written() {
    return written;
  }

  /** Entries no longer kept. */
  long forgotten() {
    return written - entries.size();
  }

  long bytesSent() {
    return bytesSent;
  }

  void clear() {
    entries.clear();
    counts.clear();
    outcomes.clear();
    bytesSent = 0;
  }
}
