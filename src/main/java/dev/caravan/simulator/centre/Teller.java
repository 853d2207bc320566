package dev.caravan.simulator.centre;

/** Passes on what the contact centre has to tell. */
public interface Teller {

  /** Whether anybody hears this single topic; if not, nothing needs to be said. */
  boolean heard(String topicName);

  /** Whether anybody may hear a topic that begins with these segments; false spares the asking. */
  default boolean hearsUnder(String segments) {
    return true;
  }

  /**
   * Says it.
   *
   * @param topicName the single topic
   * @param body the event body
   * @param correlationId id of the change; all topics that tell of it share it
   */
  void tell(String topicName, Body body, String correlationId);
}
