package dev.caravan.simulator.centre;

import java.util.function.Supplier;

/**
 * What was last written of a party. Most changes of a conversation change one party only, so that
 * the others need not be written again.
 */
final class Fragment {

  private long state;
  private byte[] text;

  /** The party as UTF-8 JSON, written anew only if anything about it has changed. */
  byte[] text(Conversation conversation, Party party, Supplier<JsonText> writer) {
    long current = party.state(conversation);
    if (text != null && state == current) {
      return text;
    }
    byte[] written = writer.get().bytes();
    if (!conversation.over()) {
      text = written;
      state = current;
    }
    return written;
  }

  void forget() {
    text = null;
  }
}
