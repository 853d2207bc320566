package dev.caravan.cluster;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Deals shards to slots so that instances differ by one shard at most. What has a slot keeps it,
 * but for what is moved for the sake of balance.
 */
final class Dealing {

  private final Map<Integer, String> owners;
  private final Map<Integer, String> readers;
  private final TreeMap<Integer, Integer> slots = new TreeMap<>();

  /**
   * @param owners the instance that has each slot; slots that nobody has are absent
   * @param readers the instance that reads each shard at present, as far as it is there
   */
  private Dealing(Map<Integer, String> owners, Map<Integer, String> readers) {
    this.owners = owners;
    this.readers = readers;
  }

  /**
   * The slot of each shard.
   *
   * @param shards all there are
   * @param before their slots until now
   * @param quiet whether no shard is on its way from one instance to another: only then one is
   *     moved that costs a hand-over
   */
  static Map<Integer, Integer> deal(
      Set<Integer> shards,
      Map<Integer, Integer> before,
      Map<Integer, String> owners,
      Map<Integer, String> readers,
      boolean quiet) {
    Dealing dealing = new Dealing(owners, readers);
    before.forEach(
        (shard, slot) -> {
          if (shards.contains(shard)) {
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

  private int fresh(int shard) {
    Optional<String> reader = Optional.ofNullable(readers.get(shard)).filter(owners::containsValue);
    return slotOf(reader.orElseGet(() -> loads().get(0)));
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

  private void balance(boolean quiet) {
    boolean mayMove = quiet;
    for (int step = 0; step < slots.size(); step++) {
      List<String> loads = loads();
      String least = loads.get(0);
      String most = loads.get(loads.size() - 1);
      if (load().get(most) - load().get(least) <= 1) {
        return;
      }
      List<Integer> candidates =
          slots.keySet().stream()
              .filter(shard -> most.equals(owners.get(slots.get(shard))))
              .toList();
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
}
