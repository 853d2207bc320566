package dev.caravan.simulator.centre;

import com.fasterxml.jackson.databind.JsonNode;

/** Receives what the contact centre has to tell: one event body for one single topic. */
@FunctionalInterface
public interface Change {

  /**
   * Takes an event.
   *
   * @param topicName the single topic
   * @param eventBody its body
   * @param correlationId id of the change; all topics that tell of it share it
   */
  void tell(String topicName, JsonNode eventBody, String correlationId);
}
