package dev.caravan.simulator.fault;

import dev.caravan.simulator.Globs;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The faults that wait for their occasion. */
public final class Faults {

  private static final int MOST = 1_000;

  private static final class Armed {
    private final int id;
    private final Fault fault;
    private final Pattern pattern;
    private int seen;
    private int struck;

    private Armed(int id, Fault fault) {
      this.id = id;
      this.fault = fault;
      this.pattern = Globs.compile(fault.match());
    }

    private boolean spent() {
      return fault.times() > 0 && struck >= fault.times();
    }
  }

  private final List<Armed> armed = new ArrayList<>();
  private final SplittableRandom random;
  private int lastId;
  private boolean events;

  public Faults(long seed) {
    random = new SplittableRandom(seed);
  }

  public int add(Fault fault) {
    if (armed.size() == MOST) {
      throw new IllegalStateException(
          "There are already " + MOST + " faults; remove some before adding more.");
    }
    armed.add(new Armed(++lastId, fault));
    events |= fault.on() == Fault.On.EVENT;
    return lastId;
  }

  public boolean remove(int id) {
    return armed.removeIf(one -> one.id == id);
  }

  public void clear() {
    armed.clear();
    events = false;
  }

  /** Whether anything can go effect with an event; asked for every single one. */
  public boolean spoilEvents() {
    return events;
  }

  /** The first fault that strikes on this occasion. */
  public Optional<Fault> strike(Fault.On on, String... names) {
    return armed.stream()
        .filter(one -> one.fault.on() == on && !one.spent())
        .filter(one -> Stream.of(names).anyMatch(name -> one.pattern.matcher(name).matches()))
        .filter(this::strikes)
        .findFirst()
        .map(one -> one.fault);
  }

  private boolean strikes(Armed one) {
    one.seen++;
    if (one.seen <= one.fault.skip()) {
      return false;
    }
    if (one.fault.rate() < 1 && random.nextDouble() >= one.fault.rate()) {
      return false;
    }
    one.struck++;
    return true;
  }

  /** All faults by id. */
  public Map<Integer, Fault> all() {
    Map<Integer, Fault> all = new TreeMap<>();
    armed.forEach(one -> all.put(one.id, one.fault));
    return all;
  }

  public int struck(int id) {
    return armed.stream().filter(one -> one.id == id).mapToInt(one -> one.struck).sum();
  }
}
