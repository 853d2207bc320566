package dev.caravan.simulator.centre;

import java.util.function.Supplier;

/**
 * What was last written of a party, or of a conversation without its parties. Most changes of a
 * conversation change one party only, so that the others need not be written again.
 */
final class Fragment {

  private long state;
  private byte[] text;

  /**
   * The text as UTF-8 JSON, written anew only if anything has changed.
   *
   * @param current a number that is another one as soon as anything has
   * @param keep whether it will be asked for again
   * @param writer writes it
   */
  byte[] text(long current, boolean keep, Supplier<JsonText> writer) {
    if (text != null && state == current) {
      return text;
    }
    byte[] written = writer.get().bytes();
    if (keep) {
      text = written;
      state = current;
    }
    return written;
  }

  void forget() {
    text = null;
  }
}
