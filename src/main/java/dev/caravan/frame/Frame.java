package dev.caravan.frame;

import java.util.Set;

/** What one text frame from a socket turned out to be. */
public sealed interface Frame permits Frame.Notification, Frame.Control, Frame.Unreadable {

  /**
   * An event to carry to Kafka.
   *
   * @param topicName the Genesys topic as received, with concrete ids
   * @param correlationId the envelope's correlation id, or empty
   * @param id what the event looks like: the same for every copy of it
   * @param media every medium the event is about, in the order of {@link Media}; empty where the
   *     event's family has none or none could be told
   * @param primary the medium that decides where a conversation event goes; UNKNOWN if media is
   *     empty
   * @param messageType sms, whatsapp, webmessaging …, lower-case, or empty
   * @param key the entity the event is about, never empty: the Kafka key
   * @param stream the suffix of the Kafka topic
   */
  record Notification(
      String topicName,
      String correlationId,
      EventId id,
      Set<Media> media,
      Media primary,
      String messageType,
      String key,
      String stream)
      implements Frame {}

  /**
   * A frame about the channel itself. It never carries the channel's id, which is a credential.
   *
   * @param reason why, in Genesys' words ({@code another_channel_subscribed} …), or empty
   */
  record Control(Kind kind, String reason) implements Frame {

    @Override
    public String toString() {
      return "Control[" + kind + (reason.isEmpty() ? "" : ", " + reason) + "]";
    }
  }

  /**
   * A frame for the dead letters.
   *
   * @param reason a clause that completes "the frame …"; it quotes nothing of the payload
   */
  record Unreadable(String reason) implements Frame {}

  /** What a control frame tells. */
  enum Kind {
    /** The server's sign of life. */
    HEARTBEAT,
    /** The answer to our ping. */
    PONG,
    /** The server closes this socket within a minute. */
    SOCKET_CLOSING,
    /** Somebody else holds the channel now, or it was evicted. */
    NO_LONGER_SUBSCRIBED,
    /** The token that made the channel is gone. */
    TOKEN_REVOKED,
    /** The channel's subscriptions were changed. */
    SUBSCRIPTION_CHANGED,
    /** The answer to a subscribe or unsubscribe frame. */
    REPLY,
    /** A system frame this version does not know. */
    OTHER_SYSTEM;

    /** Whether the server sends it of itself or when asked, whatever happens to be subscribed. */
    public boolean isSignOfLife() {
      return this == HEARTBEAT || this == PONG;
    }
  }
}
