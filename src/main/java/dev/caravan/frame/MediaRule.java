package dev.caravan.frame;

import dev.caravan.frame.BodyFacts.Party;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Decides which media an event is about, from its topic and the facts of its body alone.
 *
 * <p>Topics and bodies come in families that say it in different places; the first row that fits
 * wins: detail events and analytics name it in a field, conversation counters by which of them
 * count, conversation topics by their suffix or by the participants' media arrays. An event of a
 * family without media has an empty set, which is not the same as an unknown medium.
 */
public final class MediaRule {

  private MediaRule() {}

  /**
   * What the rule found.
   *
   * @param all in the order of {@link Media}; empty if the event has no medium or does not tell
   * @param primary the medium of the most recently connected party that is not over; UNKNOWN if
   *     {@code all} is empty
   * @param messageType lower-case, or empty
   */
  public record Result(Set<Media> all, Media primary, String messageType) {
    static final Result NONE = new Result(Set.of(), Media.UNKNOWN, "");
  }

  /** The media of an event of this topic, of whose body this was read. */
  public static Result apply(TopicTraits topic, BodyFacts body) {
    return switch (topic.family()) {
      case CONTROL -> Result.NONE;
      case DETAIL_EVENT, OTHER -> byField(body, Media.UNKNOWN);
      case TRANSCRIPTION -> byField(body, Media.VOICE);
      case CHAT_ROOM -> byField(body, Media.CHAT);
      case ANALYTICS -> byGroup(body);
      case COUNTERS -> byCounters(body);
      case ONE_MEDIUM -> bySuffix(topic.suffix(), body);
      case ANY_MEDIUM -> bySessions(body);
    };
  }

  private static Result byField(BodyFacts body, Media otherwise) {
    Media medium = body.mediaType().isEmpty() ? otherwise : Media.named(body.mediaType());
    String messageType = lower(body.messageType());
    if (medium == Media.UNKNOWN && body.mediaType().isEmpty()) {
      return messageType.isEmpty() ? Result.NONE : new Result(Set.of(), Media.UNKNOWN, messageType);
    }
    return new Result(Media.ofBits(medium.bit()), medium, messageType);
  }

  private static Result byGroup(BodyFacts body) {
    Media first = Media.UNKNOWN;
    int bits = 0;
    for (String type : body.groupMediaTypes()) {
      Media medium = Media.named(type);
      first = bits == 0 ? medium : first;
      bits |= medium.bit();
    }
    if (!body.mediaType().isEmpty()) {
      Media medium = Media.named(body.mediaType());
      first = bits == 0 ? medium : first;
      bits |= medium.bit();
    }
    return new Result(Media.ofBits(bits), first, lower(body.messageType()));
  }

  private static Result byCounters(BodyFacts body) {
    return body.busy().isEmpty()
        ? Result.NONE
        : new Result(body.busy(), body.busy().iterator().next(), "");
  }

  private static Result bySuffix(Media suffix, BodyFacts body) {
    int bits = suffix.bit();
    for (Party session : body.sessions()) {
      bits |= session.media().bit();
    }
    String messageType = suffix == Media.MESSAGE ? messageType(body.participants()) : "";
    return new Result(Media.ofBits(bits), suffix, messageType);
  }

  private static Result bySessions(BodyFacts body) {
    if (body.sessions().isEmpty()) {
      return Result.NONE;
    }
    int bits = 0;
    for (Party session : body.sessions()) {
      bits |= session.media().bit();
    }
    Party current = current(body.sessions());
    String messageType =
        (bits & Media.MESSAGE.bit()) == 0
            ? ""
            : messageType(
                body.sessions().stream().filter(s -> s.media() == Media.MESSAGE).toList());
    return new Result(Media.ofBits(bits), current.media(), messageType);
  }

  /** The party that decides: of those that are not over the one that connected last. */
  static Party current(List<Party> parties) {
    Party current = parties.get(0);
    for (Party party : parties) {
      if (party.outranks(current)) {
        current = party;
      }
    }
    return current;
  }

  /** The type the current party tells, else the first that any party tells. */
  private static String messageType(List<Party> parties) {
    if (parties.isEmpty()) {
      return "";
    }
    String type = current(parties).messageType();
    for (int i = 0; type.isEmpty() && i < parties.size(); i++) {
      type = parties.get(i).messageType();
    }
    return lower(type);
  }

  private static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }
}
