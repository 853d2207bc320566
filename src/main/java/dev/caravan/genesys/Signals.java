package dev.caravan.genesys;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Passes signals from the notifications consumer to whoever reads {@code genesys:signals}. Signals
 * that come before anybody reads them wait, up to {@value #MOST_WAITING}; the oldest goes first.
 */
final class Signals {

  private static final int MOST_WAITING = 1_000;

  private final ArrayDeque<Signal> waiting = new ArrayDeque<>();
  private Optional<Consumer<Signal>> reader = Optional.empty();

  synchronized void publish(Signal signal) {
    if (reader.isPresent()) {
      reader.get().accept(signal);
      return;
    }
    if (waiting.size() == MOST_WAITING) {
      waiting.removeFirst();
    }
    waiting.addLast(signal);
  }

  synchronized void read(Consumer<Signal> by) {
    reader = Optional.of(by);
    List<Signal> late = new ArrayList<>(waiting);
    waiting.clear();
    late.forEach(by);
  }

  synchronized void readNoMore() {
    reader = Optional.empty();
  }
}
