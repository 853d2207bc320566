package dev.caravan.genesys.backfill;

import dev.caravan.channel.gap.Gap;
import dev.caravan.genesys.Signal;
import dev.caravan.genesys.backfill.BackfillPlan.Read;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** How far the filling of one gap is: what is still to be read, what was, and what could not be. */
final class BackfillRun {

  private final Gap gap;
  private final BackfillPlan plan;

  // Guarded by this
  private final Set<Read> missing = EnumSet.noneOf(Read.class);
  private final Map<Read, Set<String>> unread = new EnumMap<>(Read.class);
  private final Map<Read, Integer> counts = new EnumMap<>(Read.class);
  private final Map<Read, String> failures = new EnumMap<>(Read.class);

  /**
   * @param filled whether all that can be read again was
   */
  record Outcome(boolean filled, Signal signal) {}

  BackfillRun(Gap gap, BackfillPlan plan) {
    this.gap = gap;
    this.plan = plan;
    missing.addAll(plan.reads());
    missing.forEach(what -> unread.put(what, new LinkedHashSet<>(plan.users(what))));
  }

  Gap gap() {
    return gap;
  }

  BackfillPlan plan() {
    return plan;
  }

  synchronized List<String> unread(Read what) {
    return List.copyOf(unread.get(what));
  }

  /** How many of the users no answer has held yet, as a sentence. */
  synchronized String sentence(Read what) {
    int asked = plan.users(what).size();
    int left = unread.get(what).size();
    return "%d of %d users are missing from the answers.".formatted(left, asked);
  }

  /**
   * These records are committed. Whether to ask for the others: an answer that left some out may be
   * whole the next time.
   */
  synchronized boolean backfilled(Read what, int records, Set<String> users) {
    int all = counts.merge(what, records, Integer::sum);
    unread.get(what).removeIf(user -> users.contains(user.toLowerCase(Locale.ROOT)));
    return !unread.get(what).isEmpty() && (records > 0 || all == 0);
  }

  /** Returns the outcome if this was the last reading. */
  synchronized Optional<Outcome> failed(Read what, String why) {
    failures.put(what, why);
    return ended(what);
  }

  /** Nothing more is asked for. Returns the outcome if this was the last reading. */
  synchronized Optional<Outcome> ended(Read what) {
    missing.remove(what);
    return missing.isEmpty() ? Optional.of(outcome()) : Optional.empty();
  }

  private Outcome outcome() {
    List<String> read = new ArrayList<>();
    counts.forEach(
        (what, count) -> {
          if (count > 0 || !failures.containsKey(what)) {
            read.add(count + " " + what.plural());
          }
        });
    List<String> why = new ArrayList<>();
    failures.forEach((what, sentence) -> why.add(what.label() + ": " + sentence));
    String sentence = read.isEmpty() ? "Nothing was read again." : list(read) + " were read again.";
    if (!why.isEmpty()) {
      sentence += " Not read again: " + String.join(" ", why);
    }
    if (plan.lost() > 0) {
      sentence +=
          " The events of %d other topics in this gap cannot be read again.".formatted(plan.lost());
    }
    return outcome(gap, String.join(" ", why), sentence);
  }

  private static String list(List<String> parts) {
    int last = parts.size() - 1;
    return last == 0
        ? parts.get(0)
        : String.join(", ", parts.subList(0, last)) + " and " + parts.get(last);
  }

  static Outcome not(Gap gap, String because) {
    return outcome(gap, because, "Nothing was read again: " + because);
  }

  private static Outcome outcome(Gap gap, String whyNot, String sentence) {
    boolean filled = whyNot.isEmpty();
    Signal signal =
        Signal.of("BACKFILLED", gap)
            .backfilled(filled ? "yes" : "no, because " + whyNot)
            .sentence(
                "Shard %d. The gap from %s to %s: %s"
                    .formatted(gap.shard(), gap.from(), gap.to(), sentence));
    return new Outcome(filled, signal);
  }
}
