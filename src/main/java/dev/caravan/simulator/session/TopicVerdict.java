package dev.caravan.simulator.session;

import dev.caravan.simulator.api.ApiError;
import java.util.List;

/** What becomes of one single topic that somebody asks for. */
sealed interface TopicVerdict {

  /** It may be subscribed to. */
  record Permitted() implements TopicVerdict {}

  /**
   * It may not.
   *
   * @param error what a call without {@code ignoreErrors} is answered with
   * @param missingPermissions what the client lacks, if that is the reason
   */
  record Rejected(ApiError error, List<String> missingPermissions) implements TopicVerdict {}
}
