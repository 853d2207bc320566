package dev.caravan.frame;

import java.util.List;
import java.util.Set;

/**
 * The few facts of an event body from which medium and key are told; texts are empty where the body
 * does not say. Most bear the name of their field.
 *
 * @param userId {@code user.id}, else {@code userId}
 * @param groupMediaTypes {@code group.mediaType} and {@code results[].mediaType}, as they come
 * @param busy the media of a conversation summary whose counters are not all zero
 * @param sessions the entries of the participants' media arrays, in document order
 * @param participants the participants that carry a state or type of their own, in document order
 */
public record BodyFacts(
    String id,
    String conversationId,
    String userId,
    String mediaType,
    String messageType,
    List<String> groupMediaTypes,
    Set<Media> busy,
    List<Party> sessions,
    List<Party> participants) {

  /** An event body that says nothing we look for. */
  public static final BodyFacts NONE =
      new BodyFacts("", "", "", "", "", List.of(), Set.of(), List.of(), List.of());

  /**
   * One party of a conversation on one medium.
   *
   * @param media the medium of its array; UNKNOWN for a participant that is a party itself
   * @param messageType the party's {@code type}, or empty
   * @param connectedNanos when it connected, in nanoseconds of the epoch; {@link IsoTime#NEVER} if
   *     it has not
   * @param over whether it has ended
   */
  public record Party(Media media, String messageType, long connectedNanos, boolean over) {

    /**
     * Whether this party, which comes later in the document, says more about the present than
     * {@code earlier} does: who is still there before who has left, then who connected last.
     */
    boolean outranks(Party earlier) {
      if (over != earlier.over) {
        return !over;
      }
      return connectedNanos >= earlier.connectedNanos;
    }
  }
}
