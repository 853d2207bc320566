package dev.caravan.frame;

import dev.caravan.frame.BodyFacts.Party;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Why a frame is read as it is, in words for people. No event needs it.
 *
 * @param frame what it is read as
 * @param family where events of its kind tell their medium; empty if it is no event
 * @param media what told the medium; empty if it is no event
 * @param key where the key was found; empty if it is no event
 */
public record Explanation(Frame frame, String family, String media, String key) {

  /** Explains what the bridge would read. */
  public static Explanation of(byte[] frame) {
    String[] words = {"", "", ""};
    Frame read =
        new EnvelopeReader()
            .read(
                frame,
                (topic, body) -> {
                  words[0] = family(topic);
                  words[1] = media(topic, body);
                  words[2] = topic.keyPlace(body);
                });
    return read instanceof Frame.Notification
        ? new Explanation(read, words[0], words[1], words[2])
        : new Explanation(read, "", "", "");
  }

  private static String family(TopicTraits topic) {
    return switch (topic.family()) {
      case CONTROL -> "";
      case DETAIL_EVENT -> "detail events, which name their medium in a field";
      case ANALYTICS -> "statistics, which name the media of their groups";
      case COUNTERS -> "counters, a set for each medium";
      case ONE_MEDIUM -> "conversations on topics of one medium, which their last word names";
      case ANY_MEDIUM -> "conversations of any medium, an array of each participant for each";
      case CHAT_ROOM -> "chat rooms";
      case TRANSCRIPTION -> "transcripts";
      case OTHER -> "other events, which have no medium unless a field names one";
    };
  }

  private static String media(TopicTraits topic, BodyFacts body) {
    return switch (topic.family()) {
      case CONTROL -> "";
      case DETAIL_EVENT, OTHER -> field(body, "so it has none");
      case CHAT_ROOM -> field(body, "and a chat room is of a chat");
      case TRANSCRIPTION -> field(body, "and a transcript is of a call");
      case ANALYTICS -> groups(body);
      case COUNTERS -> counters(body.busy());
      case ONE_MEDIUM -> suffix(topic.suffix(), body);
      case ANY_MEDIUM -> sessions(body.sessions());
    };
  }

  private static String field(BodyFacts body, String otherwise) {
    return body.mediaType().isEmpty()
        ? "eventBody has no mediaType, " + otherwise
        : "eventBody.mediaType is " + body.mediaType();
  }

  private static String groups(BodyFacts body) {
    return body.groupMediaTypes().isEmpty()
        ? field(body, "nor has a group of it, so it has none")
        : "the groups' mediaType is "
            + body.groupMediaTypes().stream().distinct().collect(Collectors.joining(", "));
  }

  private static String counters(Set<Media> busy) {
    return busy.isEmpty()
        ? "no counter is above zero, so it has none"
        : "the counters of these are above zero; the first is primary";
  }

  private static String suffix(Media suffix, BodyFacts body) {
    boolean more = body.sessions().stream().anyMatch(session -> session.media() != suffix);
    return "the topic ends in the word for it"
        + (more ? "; the participants have arrays of the others" : "");
  }

  private static String sessions(List<Party> sessions) {
    if (sessions.isEmpty()) {
      return "no participant has an array of any medium, so it has none";
    }
    Party current = MediaRule.current(sessions);
    long over = sessions.stream().filter(Party::over).count();
    return "of %d sessions, %d of them over, the one of %s decides: of those that are %s it %s"
        .formatted(
            sessions.size(),
            over,
            current.media(),
            current.over() ? "over, as all are," : "not over",
            current.connectedNanos() == IsoTime.NEVER
                ? "comes last, and none of them has connected"
                : "connected last, at " + Instant.ofEpochSecond(0, current.connectedNanos()));
  }
}
