package dev.caravan.channel;

import dev.caravan.topic.TopicCombiner;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a listing of a channel's subscriptions tells: which of its topics somebody else has taken
 * away, or Genesys Cloud has dropped. A listing is not believed lightly, since what it lacks is
 * told as a gap: a topic is lost if two listings in a row lack it, and only if one had it before,
 * on whichever channel of the shard. Who calls whom, and when, is decided elsewhere.
 */
final class SubscriptionChecks {

  private static final Logger LOG = LoggerFactory.getLogger(SubscriptionChecks.class);

  /** So many listings that failed in a row are told. */
  private static final int TOLD_AFTER = 10;

  private final int shard;
  private boolean othersTold;
  private int notListed;

  /** Topics that Genesys Cloud is known to list. */
  private final Set<String> everListed = new HashSet<>();

  /**
   * What a listing tells.
   *
   * @param lost topics that the channel is not subscribed to any more
   * @param since when it was, for the last time that is known
   * @param doubtful whether a second listing has to tell of others
   * @param others how many topics it is subscribed to besides, which were never asked for
   */
  record Finding(List<String> lost, long since, boolean doubtful, int others) {}

  SubscriptionChecks(int shard) {
    this.shard = shard;
  }

  /** What a channel is subscribed to could not be listed. */
  void notListed() {
    if (++notListed == TOLD_AFTER) {
      LOG.warn(
          "Shard {}. What its channel is subscribed to could not be listed {} times in a row:"
              + " should another program take some of it away, nobody notices.",
          shard,
          TOLD_AFTER);
    }
  }

  /** Once: it does no harm, as long as there is room. */
  private void tellOfOthers(int count) {
    if (count > 0 && !othersTold) {
      othersTold = true;
      LOG.warn(
          "Shard {}. Its channel is subscribed to {} topics that this bridge did not ask for: another"
              + " program uses the channels of this OAuth client. Give each program an OAuth client"
              + " of its own.",
          shard,
          count);
    }
  }

  /**
   * A channel was listed.
   *
   * @param known all that is wanted of it, or was asked for
   * @param entities what was listed; names of topics differ in case at times
   */
  Finding listed(Channel channel, List<String> known, Set<String> entities, long askedAt) {
    notListed = 0;
    Set<String> listed =
        TopicCombiner.singles(entities)
            .map(SubscriptionChecks::lower)
            .collect(Collectors.toCollection(HashSet::new));
    everListed.retainAll(TopicCombiner.singles(known).collect(Collectors.toSet()));
    channel.begin(askedAt);
    long since = channel.verifiedAt;
    List<String> lost = new ArrayList<>();
    Set<String> doubted = new HashSet<>();
    for (String topic : TopicCombiner.singles(channel.topics).toList()) {
      if (listed.contains(lower(topic))) {
        everListed.add(topic);
      } else if (channel.doubted.contains(topic)) {
        lost.add(topic);
      } else if (everListed.contains(topic)) {
        doubted.add(topic);
      }
    }
    channel.verifiedAt = doubted.isEmpty() ? askedAt : since;
    channel.doubted = doubted;
    TopicCombiner.singles(known).map(SubscriptionChecks::lower).forEach(listed::remove);
    tellOfOthers(listed.size());
    return new Finding(lost, since, !doubted.isEmpty(), listed.size());
  }

  private static String lower(String topic) {
    return topic.toLowerCase(Locale.ROOT);
  }
}
