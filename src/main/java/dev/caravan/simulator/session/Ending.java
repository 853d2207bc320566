package dev.caravan.simulator.session;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.caravan.simulator.Ids;
import dev.caravan.simulator.api.Json;
import dev.caravan.simulator.fault.Behaviour;

/** What a channel's socket learns of its own fate: that something changed, or that it is closed. */
public final class Ending {

  private final Sockets sockets;
  private final Ids ids;
  private final Behaviour behaviour;
  private final String organizationId;

  public Ending(Sockets sockets, Ids ids, Behaviour behaviour, String organizationId) {
    this.sockets = sockets;
    this.ids = ids;
    this.behaviour = behaviour;
    this.organizationId = organizationId;
  }

  /** Somebody created a channel too many and this one had to go. */
  public void evicted(Channel channel) {
    if (behaviour.announceEviction()) {
      tellNoLongerSubscribed(channel);
    }
    close(channel, behaviour.evictionCode());
  }

  /** Its token was taken away. */
  public void revoked(Channel channel) {
    if (behaviour.announceRevocation()) {
      tell(channel, "token_revoked", "user_tokens_revoked");
    }
    close(channel, behaviour.evictionCode());
  }

  /** Its day, or its token's life, is over. */
  public void expired(Channel channel) {
    close(channel, behaviour.expiryCode());
  }

  public void tellNoLongerSubscribed(Channel channel) {
    tell(channel, "no_longer_subscribed", "another_channel_subscribed");
  }

  /** What a channel is subscribed to has been changed. */
  public void subscriptionsChanged(Channel channel) {
    if (behaviour.announceSubscriptions()) {
      tellSubscriptionUpdated(channel);
    }
  }

  public void tellSubscriptionUpdated(Channel channel) {
    say(channel, "v2.subscription.updated", system(channel, "subscription_changed"));
  }

  void close(Channel channel, int code) {
    sockets.of(channel).ifPresent(socket -> sockets.close(socket, code, ""));
  }

  private void tell(Channel channel, String type, String reason) {
    String topic = "v2.system." + type + "." + channel.id();
    say(channel, topic, system(channel, type).put("reason", reason));
  }

  private ObjectNode system(Channel channel, String type) {
    return Json.object()
        .put("channelId", channel.id())
        .put("systemTopicType", type)
        .put("correlationId", ids.uuid())
        .put("organizationId", organizationId)
        .put("oauthClientId", channel.clientId());
  }

  private void say(Channel channel, String topic, ObjectNode body) {
    sockets
        .of(channel)
        .ifPresent(socket -> sockets.say(socket, Frames.event(topic, body, ids.uuid())));
  }
}
