package dev.caravan.simulator;

/**
 * One event that was due on one channel.
 *
 * @param sequence counts from 1 over all channels
 * @param atMillis when, by the wall clock
 * @param channel number of the channel
 * @param socket number of the socket, 0 if the channel had none
 * @param topicName the single topic
 * @param correlationId id of the change; its copies on other topics carry the same one
 * @param bytes length of the frame
 * @param outcome what became of it
 */
public record LedgerEntry(
    long sequence,
    long atMillis,
    int channel,
    int socket,
    String topicName,
    String correlationId,
    int bytes,
    Outcome outcome) {

  /** What became of an event. */
  public enum Outcome {
    /** Handed to the socket. */
    SENT,
    /** Subscribed, but no socket was open: Genesys Cloud keeps nothing. */
    NOBODY_THERE,
    /** The socket was half-open: written by the sender, read by nobody. */
    SWALLOWED,
    /** The reader was too slow. */
    SKIPPED,
    /** A fault withheld it or made it unreadable. */
    SPOILED
  }
}
