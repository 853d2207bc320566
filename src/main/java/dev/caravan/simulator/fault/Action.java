package dev.caravan.simulator.fault;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.databind.JsonNode;
import dev.caravan.simulator.OauthClient;
import dev.caravan.simulator.centre.Json;
import java.time.Duration;
import java.util.List;

/**
 * Something a test or scenario makes happen now. In JSON and YAML the kind stands under {@code
 * type}, and {@code target} chooses whom it befalls.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Action.Close.class, name = "close"),
  @JsonSubTypes.Type(value = Action.Reset.class, name = "reset"),
  @JsonSubTypes.Type(value = Action.HalfOpen.class, name = "halfOpen"),
  @JsonSubTypes.Type(value = Action.Heartbeats.class, name = "heartbeats"),
  @JsonSubTypes.Type(value = Action.SocketClosing.class, name = "socketClosing"),
  @JsonSubTypes.Type(value = Action.NoLongerSubscribed.class, name = "noLongerSubscribed"),
  @JsonSubTypes.Type(value = Action.SubscriptionUpdated.class, name = "subscriptionUpdated"),
  @JsonSubTypes.Type(value = Action.TakeSubscriptions.class, name = "takeSubscriptions"),
  @JsonSubTypes.Type(value = Action.Evict.class, name = "evict"),
  @JsonSubTypes.Type(value = Action.ExpireChannel.class, name = "expireChannel"),
  @JsonSubTypes.Type(value = Action.RevokeToken.class, name = "revokeToken"),
  @JsonSubTypes.Type(value = Action.ExpireToken.class, name = "expireToken"),
  @JsonSubTypes.Type(value = Action.SetClient.class, name = "setClient"),
  @JsonSubTypes.Type(value = Action.ForbidTopics.class, name = "forbidTopics"),
  @JsonSubTypes.Type(value = Action.AllowTopics.class, name = "allowTopics"),
  @JsonSubTypes.Type(value = Action.Staff.class, name = "staff"),
  @JsonSubTypes.Type(value = Action.SkipTime.class, name = "skipTime"),
  @JsonSubTypes.Type(value = Action.Frame.class, name = "frame"),
  @JsonSubTypes.Type(value = Action.Emit.class, name = "emit"),
  @JsonSubTypes.Type(value = Action.Outage.class, name = "outage"),
  @JsonSubTypes.Type(value = Action.AddFault.class, name = "fault"),
  @JsonSubTypes.Type(value = Action.ClearFaults.class, name = "clearFaults"),
  @JsonSubTypes.Type(value = Action.SetTraffic.class, name = "traffic"),
  @JsonSubTypes.Type(value = Action.Flood.class, name = "flood")
})
public sealed interface Action {

  /**
   * Whom an action befalls.
   *
   * @param channel number of a channel; 0 for all
   * @param client id of an OAuth client; empty for all
   */
  record Target(int channel, String client) {

    /** Everybody. */
    public static final Target ALL = new Target(0, "");

    public Target {
      client = client == null ? "" : client;
    }

    public boolean chooses(int candidate, String candidateClient) {
      return (channel == 0 || channel == candidate) && choosesClient(candidateClient);
    }

    public boolean choosesClient(String candidate) {
      return client.isEmpty() || client.equals(candidate);
    }
  }

  /** Something that befalls some or all sockets, channels or tokens. */
  sealed interface Aimed extends Action {

    /** Null for everybody. */
    Target target();

    default Target aim() {
      return target() == null ? Target.ALL : target();
    }
  }

  /** Closes sockets with a code. */
  record Close(Target target, int code, String reason) implements Aimed {
    public Close {
      code = code == 0 ? 1001 : code;
      reason = reason == null ? "" : reason;
    }

    public Close(int code) {
      this(Target.ALL, code, "");
    }
  }

  /** Resets the TCP connections of sockets: no close frame, the peer sees 1006. */
  record Reset(Target target) implements Aimed {}

  /**
   * Lets sockets look alive while they are not; in both directions unless one is chosen.
   *
   * @param out nothing said to them leaves any more, heartbeats included
   * @param in nothing they say is heard any more, pings and closes included
   */
  record HalfOpen(Target target, boolean out, boolean in) implements Aimed {
    public HalfOpen {
      if (!out && !in) {
        out = true;
        in = true;
      }
    }
  }

  /** Stops or resumes heartbeats; pings are still answered. */
  record Heartbeats(Target target, boolean on) implements Aimed {}

  /**
   * Announces maintenance and then closes.
   *
   * @param grace time until the close; unset for the usual one, zero for none at all
   * @param never whether the announced close never comes
   * @param code its code
   */
  record SocketClosing(Target target, Duration grace, boolean never, int code) implements Aimed {
    public SocketClosing {
      code = code == 0 ? 1001 : code;
    }
  }

  /** Tells sockets that another channel took their place; the channel stays. */
  record NoLongerSubscribed(Target target, boolean close) implements Aimed {}

  /** Tells sockets that what their channel is subscribed to has changed. */
  record SubscriptionUpdated(Target target) implements Aimed {}

  /**
   * Takes subscriptions from channels, as a call of another program does that uses the same OAuth
   * client.
   *
   * @param topics which; a combined one goes as a whole, by its own name or that of a topic in it;
   *     all if unset
   * @param announced whether sockets hear {@code v2.subscription.updated}
   */
  record TakeSubscriptions(Target target, List<String> topics, boolean announced) implements Aimed {
    public TakeSubscriptions {
      topics = topics == null ? List.of() : List.copyOf(topics);
    }
  }

  /** Takes channels away as if a 21st had been created. */
  record Evict(Target target) implements Aimed {}

  /** Ends the day of channels. */
  record ExpireChannel(Target target) implements Aimed {}

  /** Takes tokens away as an administrator does. */
  record RevokeToken(Target target) implements Aimed {}

  /** Ends the life of tokens. */
  record ExpireToken(Target target) implements Aimed {}

  /** Adds an OAuth client or changes its secret, token life or missing permissions. */
  record SetClient(OauthClient client) implements Action {}

  /** Forbids topics, whoever asks; {@code *} stands for anything. */
  record ForbidTopics(List<String> topics, boolean endRunning) implements Action {
    public ForbidTopics {
      topics = List.copyOf(topics);
    }
  }

  /** Allows again what was forbidden. */
  record AllowTopics() implements Action {}

  /**
   * From now on so many agents and queues are there, the first of those of the start; the others
   * are in no listing.
   */
  record Staff(int agents, int queues) implements Action {
    public Staff {
      if (agents < 0 || queues < 0) {
        throw new IllegalArgumentException("There cannot be less than no 'agents' or 'queues'.");
      }
    }
  }

  /** Makes tokens and channels older at once. */
  record SkipTime(Duration by) implements Action {}

  /**
   * Sends a frame that is no event.
   *
   * @param kind what is wrong with it
   * @param bytes its size where that matters
   * @param text what it says, for {@link Kind#RAW}
   */
  record Frame(Target target, Kind kind, int bytes, String text) implements Aimed {

    /** What is wrong with a frame. */
    public enum Kind {
      RAW,
      MALFORMED,
      BINARY,
      HUGE,
      DEEP,
      UNKNOWN_TOPIC,
      NO_TOPIC,
      EMPTY
    }

    public Frame {
      text = text == null ? "" : text;
      bytes = bytes == 0 ? 1 << 20 : bytes;
      if (kind == null) {
        throw new IllegalArgumentException("A frame needs a 'kind'.");
      }
    }
  }

  /** Sends an event of one's own to everybody subscribed to its topic. */
  record Emit(String topicName, JsonNode eventBody, String correlationId) implements Action {
    public Emit {
      if (topicName == null || topicName.isEmpty() || topicName.matches(".*[\"\\\\\\p{Cntrl}].*")) {
        throw new IllegalArgumentException("An event needs a 'topicName' without quotes.");
      }
      eventBody = eventBody == null ? Json.object() : eventBody;
      correlationId = correlationId == null ? "" : correlationId;
    }
  }

  /** Refuses connections for a while, after resetting those there are. */
  record Outage(Duration length) implements Action {}

  /** Arms a fault. */
  record AddFault(Fault fault) implements Action {}

  /** Removes all faults. */
  record ClearFaults() implements Action {}

  /**
   * Starts, stops or changes the speed of the contact centre.
   *
   * @param on whether it works; it does if unset
   * @param speed as in {@link dev.caravan.simulator.Traffic}; real time if unset
   */
  record SetTraffic(Boolean on, Double speed) implements Action {
    public SetTraffic {
      on = on == null || on;
      speed = speed == null ? 1.0 : speed;
    }
  }

  /**
   * Sends ready-made events on every subscribed conversation topic.
   *
   * @param frames how many in all
   * @param framesPerSecond how fast; 0 for as fast as the readers take them
   * @param bytes size of each frame
   */
  record Flood(long frames, int framesPerSecond, int bytes) implements Action {
    public Flood {
      bytes = bytes == 0 ? 3_600 : bytes;
      if (frames < 1) {
        throw new IllegalArgumentException("A flood needs at least one frame.");
      }
    }
  }
}
