package dev.caravan.simulator.fault;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.databind.JsonNode;
import dev.caravan.simulator.Traffic;
import dev.caravan.simulator.centre.Json;
import dev.caravan.simulator.session.OauthClient;
import java.time.Duration;
import java.util.List;

/**
 * Something a test or scenario makes happen now. In JSON and YAML the kind stands under {@code do},
 * and {@code whom} chooses whom it befalls.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "do")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Act.Close.class, name = "close"),
  @JsonSubTypes.Type(value = Act.Reset.class, name = "reset"),
  @JsonSubTypes.Type(value = Act.HalfOpen.class, name = "halfOpen"),
  @JsonSubTypes.Type(value = Act.Heartbeats.class, name = "heartbeats"),
  @JsonSubTypes.Type(value = Act.SocketClosing.class, name = "socketClosing"),
  @JsonSubTypes.Type(value = Act.NoLongerSubscribed.class, name = "noLongerSubscribed"),
  @JsonSubTypes.Type(value = Act.SubscriptionUpdated.class, name = "subscriptionUpdated"),
  @JsonSubTypes.Type(value = Act.Evict.class, name = "evict"),
  @JsonSubTypes.Type(value = Act.ExpireChannel.class, name = "expireChannel"),
  @JsonSubTypes.Type(value = Act.RevokeToken.class, name = "revokeToken"),
  @JsonSubTypes.Type(value = Act.ExpireToken.class, name = "expireToken"),
  @JsonSubTypes.Type(value = Act.SetClient.class, name = "setClient"),
  @JsonSubTypes.Type(value = Act.ForbidTopics.class, name = "forbidTopics"),
  @JsonSubTypes.Type(value = Act.AllowTopics.class, name = "allowTopics"),
  @JsonSubTypes.Type(value = Act.SkipTime.class, name = "skipTime"),
  @JsonSubTypes.Type(value = Act.Frame.class, name = "frame"),
  @JsonSubTypes.Type(value = Act.Emit.class, name = "emit"),
  @JsonSubTypes.Type(value = Act.Outage.class, name = "outage"),
  @JsonSubTypes.Type(value = Act.AddFault.class, name = "fault"),
  @JsonSubTypes.Type(value = Act.ClearFaults.class, name = "clearFaults"),
  @JsonSubTypes.Type(value = Act.SetTraffic.class, name = "traffic"),
  @JsonSubTypes.Type(value = Act.Flood.class, name = "flood")
})
public sealed interface Act {

  /**
   * Whom an act befalls.
   *
   * @param channel number of a channel; 0 for all
   * @param client id of an OAuth client; empty for all
   */
  record Whom(int channel, String client) {

    /** Everybody. */
    public static final Whom ALL = new Whom(0, "");

    public Whom {
      client = client == null ? "" : client;
    }

    static Whom orAll(Whom whom) {
      return whom == null ? ALL : whom;
    }

    public boolean chooses(int candidate, String candidateClient) {
      return (channel == 0 || channel == candidate) && choosesClient(candidateClient);
    }

    public boolean choosesClient(String candidate) {
      return client.isEmpty() || client.equals(candidate);
    }
  }

  /** Closes sockets with a code. */
  record Close(Whom whom, int code, String reason) implements Act {
    public Close {
      whom = Whom.orAll(whom);
      code = code == 0 ? 1001 : code;
      reason = reason == null ? "" : reason;
    }

    public Close(int code) {
      this(Whom.ALL, code, "");
    }
  }

  /** Resets the TCP connections of sockets: no close frame, the peer sees 1006. */
  record Reset(Whom whom) implements Act {
    public Reset {
      whom = Whom.orAll(whom);
    }
  }

  /**
   * Lets sockets look alive while they are not; in both directions unless one is chosen.
   *
   * @param out nothing said to them leaves any more, heartbeats included
   * @param in nothing they say is heard any more, pings and closes included
   */
  record HalfOpen(Whom whom, boolean out, boolean in) implements Act {
    public HalfOpen {
      whom = Whom.orAll(whom);
      if (!out && !in) {
        out = true;
        in = true;
      }
    }
  }

  /** Stops or resumes heartbeats; pings are still answered. */
  record Heartbeats(Whom whom, boolean on) implements Act {
    public Heartbeats {
      whom = Whom.orAll(whom);
    }
  }

  /**
   * Announces maintenance and then closes.
   *
   * @param grace time until the close; unset for the usual one, zero for none at all
   * @param never whether the announced close never comes
   * @param code its code
   */
  record SocketClosing(Whom whom, Duration grace, boolean never, int code) implements Act {
    public SocketClosing {
      whom = Whom.orAll(whom);
      code = code == 0 ? 1001 : code;
    }
  }

  /** Tells sockets that another channel took their place; the channel stays. */
  record NoLongerSubscribed(Whom whom, boolean close) implements Act {
    public NoLongerSubscribed {
      whom = Whom.orAll(whom);
    }
  }

  /** Tells sockets that what their channel is subscribed to has changed. */
  record SubscriptionUpdated(Whom whom) implements Act {
    public SubscriptionUpdated {
      whom = Whom.orAll(whom);
    }
  }

  /** Takes channels away as if a 21st had been created. */
  record Evict(Whom whom) implements Act {
    public Evict {
      whom = Whom.orAll(whom);
    }
  }

  /** Ends the day of channels. */
  record ExpireChannel(Whom whom) implements Act {
    public ExpireChannel {
      whom = Whom.orAll(whom);
    }
  }

  /** Takes tokens away as an administrator does. */
  record RevokeToken(Whom whom) implements Act {
    public RevokeToken {
      whom = Whom.orAll(whom);
    }
  }

  /** Ends the life of tokens. */
  record ExpireToken(Whom whom) implements Act {
    public ExpireToken {
      whom = Whom.orAll(whom);
    }
  }

  /** Adds an OAuth client or changes its secret, token life or missing permissions. */
  record SetClient(OauthClient client) implements Act {}

  /** Forbids topics, whoever asks; {@code *} stands for anything. */
  record ForbidTopics(List<String> topics, boolean endRunning) implements Act {
    public ForbidTopics {
      topics = List.copyOf(topics);
    }
  }

  /** Allows again what was forbidden. */
  record AllowTopics() implements Act {}

  /** Makes tokens and channels older at once. */
  record SkipTime(Duration by) implements Act {}

  /**
   * Sends a frame that is no event.
   *
   * @param kind what is wrong with it
   * @param bytes its size where that matters
   * @param text what it says, for {@link Kind#RAW}
   */
  record Frame(Whom whom, Kind kind, int bytes, String text) implements Act {

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
      whom = Whom.orAll(whom);
      text = text == null ? "" : text;
      bytes = bytes == 0 ? 1 << 20 : bytes;
      if (kind == null) {
        throw new IllegalArgumentException("A frame needs a 'kind'.");
      }
    }

    public Frame(Kind kind) {
      this(Whom.ALL, kind, 0, "");
    }
  }

  /** Sends an event of one's own to everybody subscribed to its topic. */
  record Emit(String topicName, JsonNode eventBody, String correlationId) implements Act {
    public Emit {
      if (topicName == null || topicName.isEmpty() || topicName.matches(".*[\"\\\\\\p{Cntrl}].*")) {
        throw new IllegalArgumentException("An event needs a 'topicName' without quotes.");
      }
      eventBody = eventBody == null ? Json.object() : eventBody;
      correlationId = correlationId == null ? "" : correlationId;
    }
  }

  /** Refuses connections for a while, after resetting those there are. */
  record Outage(Duration length) implements Act {}

  /** Arms a fault. */
  record AddFault(Fault fault) implements Act {}

  /** Removes all faults. */
  record ClearFaults() implements Act {}

  /**
   * Starts, stops or changes the speed of the contact centre.
   *
   * @param on whether it works; it does if unset
   * @param speed as in {@link Traffic}; real time if unset
   */
  record SetTraffic(Boolean on, Double speed) implements Act {
    public SetTraffic {
      on = on == null || on;
      speed = speed == null ? Traffic.REAL_TIME.speed() : speed;
    }
  }

  /**
   * Sends ready-made events on every subscribed conversation topic.
   *
   * @param frames how many in all
   * @param framesPerSecond how fast; 0 for as fast as the readers take them
   * @param bytes size of each frame
   */
  record Flood(long frames, int framesPerSecond, int bytes) implements Act {
    public Flood {
      bytes = bytes == 0 ? 3_600 : bytes;
      if (frames < 1) {
        throw new IllegalArgumentException("A flood needs at least one frame.");
      }
    }
  }
}
