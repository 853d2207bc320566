package dev.caravan.channel.gap;

import java.util.Comparator;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gaps that are over, until they are reported and their backfill has ended, also in vain. Their
 * number is bounded: the oldest that is reported goes first; if none is, the two oldest become one,
 * so that no interval is left unreported. Of losses of the same cause one is being reported, and
 * all that come meanwhile wait as one more.
 */
final class WaitingGaps {

  private static final Logger LOG = LoggerFactory.getLogger(WaitingGaps.class);

  private final GapFiles files;
  private final Map<String, Entry> waiting = new LinkedHashMap<>();

  /** Losses that may have been reported: they stay as they are. */
  private final Set<String> handedOut = new HashSet<>();

  /** A gap that is over, and whether its signal and its backfill are dealt with. */
  record Entry(Gap gap, boolean reported, boolean backfilled) {}

  WaitingGaps(GapFiles files) {
    this.files = files;
  }

  void takeUp(Entry entry) {
    waiting.put(entry.gap().id(), entry);
    if (entry.gap().isLoss()) {
      handedOut.add(entry.gap().id());
    }
  }

  void lost(Gap loss) {
    Optional<Gap> gathering =
        waiting.values().stream()
            .map(Entry::gap)
            .filter(gap -> gap.isLoss() && gap.cause().equals(loss.cause()))
            .filter(gap -> !handedOut.contains(gap.id()))
            .findFirst();
    Gap all = gathering.map(before -> before.and(loss, before.id())).orElse(loss);
    // Many may come at once; what is handed out is forced to the disk
    put(new Entry(all, false, true), gathering.isEmpty());
  }

  void add(Gap gap) {
    put(new Entry(gap, false, false));
    while (waiting.size() > GapLedger.MOST_WAITING) {
      Optional<Entry> reported = waiting.values().stream().filter(Entry::reported).findFirst();
      reported.ifPresentOrElse(this::giveUp, this::mergeOldest);
    }
  }

  boolean knows(String id) {
    return waiting.containsKey(id);
  }

  List<Gap> unreported() {
    Set<String> causes = new HashSet<>();
    List<Gap> unreported =
        oldestFirst(
            entry ->
                !entry.reported() && (!entry.gap().isLoss() || causes.add(entry.gap().cause())));
    for (Gap gap : unreported) {
      if (gap.isLoss() && handedOut.add(gap.id())) {
        put(new Entry(gap, false, true));
      }
    }
    return unreported;
  }

  void reported(String id) {
    entry(id).ifPresent(entry -> put(new Entry(entry.gap(), true, entry.backfilled())));
  }

  List<Gap> notBackfilled() {
    return oldestFirst(entry -> !entry.backfilled());
  }

  void backfilled(String id) {
    entry(id).ifPresent(entry -> put(new Entry(entry.gap(), entry.reported(), true)));
  }

  private List<Gap> oldestFirst(Predicate<Entry> wanted) {
    return waiting.values().stream()
        .filter(wanted)
        .map(Entry::gap)
        .sorted(Comparator.comparing(Gap::from))
        .toList();
  }

  private Optional<Entry> entry(String id) {
    return Optional.ofNullable(waiting.get(id));
  }

  private void put(Entry entry) {
    put(entry, true);
  }

  private void put(Entry entry, boolean forced) {
    String id = entry.gap().id();
    if (entry.reported() && entry.backfilled()) {
      waiting.remove(id);
      handedOut.remove(id);
      files.forget(id);
    } else {
      waiting.put(id, entry);
      files.waiting(entry, forced);
    }
  }

  /**
   * As one gap they say more than is true, but nothing less. It goes to the end, so that the next
   * ones are merged before it is again.
   */
  private void mergeOldest() {
    Iterator<Gap> gaps =
        waiting.values().stream().map(Entry::gap).filter(gap -> !gap.isLoss()).iterator();
    Gap one = gaps.next();
    Gap other = gaps.next();
    Gap both = one.and(other, one.id() + "+");
    LOG.warn(
        "The gaps {} and {} are reported as one, {}, from {} to {}: more than {} gaps wait for their"
            + " signals to be taken.",
        one.id(),
        other.id(),
        both.id(),
        both.from(),
        both.to(),
        GapLedger.MOST_WAITING);
    put(new Entry(both, false, false));
    put(new Entry(one, true, true));
    put(new Entry(other, true, true));
  }

  private void giveUp(Entry reported) {
    Gap gap = reported.gap();
    LOG.warn(
        "The gap {} of {} topics from {} to {} ({}) is given up: more than {} gaps wait to be filled.",
        gap.id(),
        gap.topics().size(),
        gap.from(),
        gap.to(),
        gap.cause(),
        GapLedger.MOST_WAITING);
    put(new Entry(gap, true, true));
  }
}
