package dev.caravan.genesys.backfill;

import dev.caravan.channel.gap.Gap;
import dev.caravan.channel.gap.GapLedger;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passes gaps that are over to whoever reads {@code genesys:gaps}, each once. Gaps wait for a
 * reader, up to {@value GapLedger#MOST_WAITING}; the ledger knows them all the same.
 */
public final class Gaps {

  private static final Logger LOG = LoggerFactory.getLogger(Gaps.class);

  // Guarded by this
  private final Map<String, Gap> waiting = new LinkedHashMap<>();
  private Optional<Consumer<Gap>> reader = Optional.empty();
  private boolean everRead;

  /** A gap is over. Never blocks; a gap that waits already is not taken twice. */
  public synchronized void publish(Gap gap) {
    if (reader.isPresent()) {
      reader.get().accept(gap);
      return;
    }
    if (waiting.size() == GapLedger.MOST_WAITING && !waiting.containsKey(gap.id())) {
      String oldest = waiting.keySet().iterator().next();
      waiting.remove(oldest);
      LOG.warn("The gap {} is not filled before the next start: too many gaps wait.", oldest);
    }
    waiting.put(gap.id(), gap);
  }

  /** From now on gaps go there, those that wait first. It must not block. */
  synchronized void read(Consumer<Gap> by) {
    reader = Optional.of(by);
    everRead = true;
    waiting.values().forEach(by);
    waiting.clear();
  }

  /** Whether there is a route that fills gaps, or was: it may be edited just now. */
  public synchronized boolean wereEverRead() {
    return everRead;
  }

  synchronized void readNoMore() {
    reader = Optional.empty();
  }
}
