package dev.caravan.cluster;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiPredicate;

/**
 * Deals shards to slots so that instances differ by one shard at most, as far as each may read what
 * it would get. What has a slot keeps it, but for what is moved for the sake of balance, and what
 * its owner may not read and does not.
 */
final class Dealing {

  private final Map<Integer, String> owners;
  private final Map<Integer, String> readers;
  private final BiPredicate<Integer, String> may;
  private final TreeMap<Integer, Integer> slots = new TreeMap<>();

  /**
   * @param owners the instance that has each slot; slots that nobody has are absent
   * @param readers the instance that reads each shard at present, as far as it is there
   */
  private Dealing(
      Map<Integer, String> owners, Map<Integer, String> readers, BiPredicate<Integer, String> may) {
    this.owners = owners;
    this.readers = readers;
    this.may = may;
  }

  /**
   * The slot of each shard.
   *
   * @param shards all there are
   * @param before their slots until now
   * @param quiet whether no shard is on its way from one instance to another: only then one is
   *     moved that costs a hand-over
   * @param may whether an instance can read a shard; one that none can stays where it is
   */
  static Map<Integer, Integer> deal(
      Set<Integer> shards,
      Map<Integer, Integer> before,
      Map<Integer, String> owners,
      Map<Integer, String> readers,
      boolean quiet,
      BiPredicate<Integer, String> may) {
    Dealing dealing = new Dealing(owners, readers, may);
    before.forEach(
        (shard, slot) -> {
          if (shards.contains(shard) && dealing.keeps(shard, owners.get(slot))) {
            dealing.slots.put(shard, slot);
          }
        });
    if (owners.isEmpty()) {
      return dealing.slots;
    }
    new TreeSet<>(shards).forEach(shard -> dealing.slots.computeIfAbsent(shard, dealing::fresh));
    dealing.balance(quiet);
    return Map.copyOf(dealing.slots);
  }

  /** What it reads it keeps; otherwise another that can read it is to have it, if there is one. */
  private boolean keeps(int shard, String owner) {
    return owner == null
        || owner.equals(readers.get(shard))
        || may.test(shard, owner)
        || owners.values().stream().noneMatch(other -> may.test(shard, other));
  }

  private int fresh(int shard) {
    Optional<String> reader = Optional.ofNullable(readers.get(shard)).filter(owners::containsValue);
    List<String> loads = loads();
    return slotOf(
        reader
            .or(() -> loads.stream().filter(owner -> may.test(shard, owner)).findFirst())
            .orElseGet(() -> loads.get(0)));
  }

  /** Instances with how many shards are theirs, those with fewest first. */
  private List<String> loads() {
    Map<String, Integer> loads = load();
    return loads.keySet().stream()
        .sorted(
            Comparator.<String, Integer>comparing(loads::get)
                .thenComparing(Comparator.naturalOrder()))
        .toList();
  }

  private Map<String, Integer> load() {
    Map<String, Integer> loads = new HashMap<>();
    owners.values().forEach(owner -> loads.put(owner, 0));
    slots
        .values()
        .forEach(
            slot ->
                Optional.ofNullable(owners.get(slot))
                    .ifPresent(owner -> loads.merge(owner, 1, Integer::sum)));
    return loads;
  }

  /** The emptiest slot of an instance. */
  private int slotOf(String owner) {
    Comparator<Integer> byLoad =
        Comparator.comparing(
            slot -> slots.values().stream().filter(other -> other.equals(slot)).count());
    return owners.entrySet().stream()
        .filter(entry -> entry.getValue().equals(owner))
        .map(Map.Entry::getKey)
        .min(byLoad.thenComparing(Comparator.naturalOrder()))
        .orElseThrow();
  }

  /** Two instances that differ by more than one shard, and what the one may give to the other. */
  private record Pair(String least, List<Integer> candidates) {}

  private void balance(boolean quiet) {
    boolean mayMove = quiet;
    for (int step = 0; step < slots.size(); step++) {
      Optional<Pair> pair = pair();
      if (pair.isEmpty()) {
        return;
      }
      String least = pair.get().least();
      List<Integer> candidates = pair.get().candidates();
      // One that the other reads still costs nothing, nor does one that nobody reads
      Optional<Integer> free =
          candidates.stream()
              .filter(
                  shard -> {
                    String reader = readers.get(shard);
                    return reader == null || reader.equals(least);
                  })
              .max(Comparator.comparing((Integer shard) -> least.equals(readers.get(shard))));
      if (free.isPresent()) {
        slots.put(free.get(), slotOf(least));
      } else if (mayMove) {
        slots.put(candidates.get(candidates.size() - 1), slotOf(least));
        mayMove = false;
      } else {
        return;
      }
    }
  }

  /** Those that differ most, of those of which the one may read something of the other. */
  private Optional<Pair> pair() {
    Map<String, Integer> load = load();
    List<String> loads = loads();
    for (int last = loads.size() - 1; last > 0; last--) {
      String most = loads.get(last);
      List<Integer> its =
          slots.keySet().stream()
              .filter(shard -> most.equals(owners.get(slots.get(shard))))
              .toList();
      for (String least : loads) {
        List<Integer> candidates = its.stream().filter(shard -> may.test(shard, least)).toList();
        if (load.get(most) - load.get(least) > 1 && !candidates.isEmpty()) {
          return Optional.of(new Pair(least, candidates));
        }
      }
    }
    return Optional.empty();
  }
}
