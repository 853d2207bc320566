package dev.caravan.simulator.api;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Which calls were made and when, the latest kept one by one, all of them counted. */
public final class CallLog {

  private static final int KEPT = 50_000;
  private static final int NAMES_COUNTED = 1_000;

  private final ArrayDeque<CallRecord> latest = new ArrayDeque<>();
  private final Map<String, Integer> counts = new TreeMap<>();

  void write(CallRecord call) {
    if (latest.size() == KEPT) {
      latest.removeFirst();
    }
    latest.addLast(call);
    if (counts.size() < NAMES_COUNTED || counts.containsKey(call.name())) {
      counts.merge(call.name(), 1, Integer::sum);
    }
  }

  public List<CallRecord> latest() {
    return new ArrayList<>(latest);
  }

  public Map<String, Integer> counts() {
    return Map.copyOf(counts);
  }

  public void clear() {
    latest.clear();
    counts.clear();
  }
}
