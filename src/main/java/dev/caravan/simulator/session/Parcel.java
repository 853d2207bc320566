package dev.caravan.simulator.session;

import dev.caravan.simulator.LedgerEntry;

/**
 * An event packed for one socket.
 *
 * @param topicName its topic as subscribed, whatever the frame says
 * @param correlationId id of the change it tells of
 * @param frame what goes over the wire
 * @param binary whether in a binary frame
 * @param outcome what the ledger says once it is written
 */
record Parcel(
    String topicName,
    String correlationId,
    byte[] frame,
    boolean binary,
    LedgerEntry.Outcome outcome) {

  Parcel spoilt(byte[] newFrame, boolean inBinary) {
    return new Parcel(topicName, correlationId, newFrame, inBinary, LedgerEntry.Outcome.SPOILED);
  }

  Parcel refilled(byte[] newFrame) {
    return new Parcel(topicName, correlationId, newFrame, binary, outcome);
  }
}
