package dev.caravan.topic;

import java.util.List;

/**
 * A topic that Genesys Cloud is known to have.
 *
 * @param pattern its exact spelling, with {@code {id}} where ids stand
 * @param modelClass the name of its event body in every official SDK
 * @param family how its events say their medium: A media arrays, B one medium by suffix, C detail
 *     event, D analytics, E counters, F a field, G none, S system frame
 * @param transports Websocket, EventBridge …; empty if not known
 * @param permissions what a client needs, as far as known; empty says nothing
 * @param anyPermission whether one of the permissions is enough
 * @param wholeState whether an event replaces the one before whatever its medium: its body counts
 *     several media, or names the one of the moment
 * @param schema the shape of its event body
 */
public record Topic(
    String pattern,
    String modelClass,
    char family,
    List<String> transports,
    List<String> permissions,
    boolean anyPermission,
    boolean wholeState,
    Schema schema) {

  /** Whether it is known that no WebSocket can have this topic. */
  public boolean eventBridgeOnly() {
    return !transports.isEmpty()
        && transports.stream().noneMatch(t -> t.equals("Websocket") || t.equals("All"));
  }
}
