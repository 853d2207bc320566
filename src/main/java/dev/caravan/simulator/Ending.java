package dev.caravan.simulator;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** How a channel's socket learns that its time is over, and is then closed. */
final class Ending {

  private final Sockets sockets;
  private final Ids ids;
  private final Behaviour behaviour;
  private final String organizationId;

  Ending(Sockets sockets, Ids ids, Behaviour behaviour, String organizationId) {
    this.sockets = sockets;
    this.ids = ids;
    this.behaviour = behaviour;
    this.organizationId = organizationId;
  }

  /** Somebody created a channel too many and this one had to go. */
  void evicted(Channel channel) {
    sockets
        .of(channel)
        .ifPresent(
            socket -> {
              if (behaviour.announceEviction()) {
                sockets.say(
                    socket, system(channel, "no_longer_subscribed", "another_channel_subscribed"));
              }
              sockets.close(socket, behaviour.evictionCode(), "");
            });
  }

  /** Its token was taken away. */
  void revoked(Channel channel) {
    sockets
        .of(channel)
        .ifPresent(
            socket -> {
              if (behaviour.announceRevocation()) {
                sockets.say(socket, system(channel, "token_revoked", "user_tokens_revoked"));
              }
              sockets.close(socket, behaviour.evictionCode(), "");
            });
  }

  /** Its day, or its token's life, is over. */
  void expired(Channel channel) {
    sockets.of(channel).ifPresent(socket -> sockets.close(socket, behaviour.expiryCode(), ""));
  }

  private byte[] system(Channel channel, String type, String reason) {
    ObjectNode body =
        Json.object()
            .put("channelId", channel.id())
            .put("systemTopicType", type)
            .put("correlationId", ids.uuid())
            .put("organizationId", organizationId)
            .put("oauthClientId", channel.clientId())
            .put("reason", reason);
    return Frames.event("v2.system." + type + "." + channel.id(), body, ids.uuid());
  }
}
