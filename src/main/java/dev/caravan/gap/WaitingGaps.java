package dev.caravan.gap;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gaps that are over, until they are told and settled. Their number is bounded: the oldest that is
 * told goes first, and one that is not told only if none is.
 */
final class WaitingGaps {

  private static final Logger LOG = LoggerFactory.getLogger(WaitingGaps.class);

  private final GapFiles files;
  private final Map<String, Entry> waiting = new LinkedHashMap<>();

  /** A gap that is over. */
  record Entry(Gap gap, boolean told, boolean settled) {}

  WaitingGaps(GapFiles files) {
    this.files = files;
  }

  /** One that the last run left. */
  void takeUp(Entry entry) {
    waiting.put(entry.gap().id(), entry);
  }

  void add(Gap gap) {
    put(new Entry(gap, false, false));
    while (waiting.size() > GapLedger.MOST_WAITING) {
      giveUpOldest();
    }
  }

  boolean knows(String id) {
    return waiting.containsKey(id);
  }

  List<Gap> untold() {
    return waiting.values().stream().filter(entry -> !entry.told()).map(Entry::gap).toList();
  }

  void told(String id) {
    entry(id).ifPresent(entry -> put(new Entry(entry.gap(), true, entry.settled())));
  }

  List<Gap> unsettled() {
    return waiting.values().stream().filter(entry -> !entry.settled()).map(Entry::gap).toList();
  }

  void settle(String id) {
    entry(id).ifPresent(entry -> put(new Entry(entry.gap(), entry.told(), true)));
  }

  private Optional<Entry> entry(String id) {
    return Optional.ofNullable(waiting.get(id));
  }

  private void put(Entry entry) {
    String id = entry.gap().id();
    if (entry.told() && entry.settled()) {
      waiting.remove(id);
      files.forget(id);
    } else {
      waiting.put(id, entry);
      files.waiting(entry);
    }
  }

  private void giveUpOldest() {
    Entry oldest =
        waiting.values().stream()
            .filter(Entry::told)
            .findFirst()
            .orElseGet(() -> waiting.values().iterator().next());
    Gap gap = oldest.gap();
    LOG.warn(
        "The gap {} of {} topics from {} to {} ({}) is given up: more than {} gaps wait {}.",
        gap.id(),
        gap.topics().size(),
        gap.from(),
        gap.to(),
        gap.cause(),
        GapLedger.MOST_WAITING,
        oldest.told() ? "to be filled" : "for their signals to be taken");
    put(new Entry(gap, true, true));
  }
}
