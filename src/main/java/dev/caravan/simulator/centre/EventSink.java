package dev.caravan.simulator.centre;

/** Takes the events of the contact centre. */
public interface EventSink {

  /** Whether anybody is subscribed to this single topic; if not, no event need be made. */
  boolean heard(String topicName);

  /** Whether anybody may hear a topic that begins with these segments; false spares the asking. */
  default boolean hearsUnder(String segments) {
    return true;
  }

  /** Publishes an event; all topics that tell of one change share its correlation id. */
  void publish(String topicName, Body body, String correlationId);
}
