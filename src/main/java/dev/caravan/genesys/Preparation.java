package dev.caravan.genesys;

import dev.caravan.channel.ChannelGroup;
import dev.caravan.channel.ShardStatus.Health;
import dev.caravan.session.CallException;
import dev.caravan.session.UnavailableException;
import dev.caravan.topic.Expansion;
import dev.caravan.topic.Listing;
import dev.caravan.topic.SelectorException;
import dev.caravan.topic.SelectorParser;
import dev.caravan.topic.TopicCatalogue;
import dev.caravan.topic.TopicCombiner;
import dev.caravan.topic.TopicSelector;
import dev.caravan.topic.TopicSharder;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out what to subscribe: reads the selectors, lists what they need, fills in the ids,
 * combines and shards. It is run again after a failure, and now and then to find new queues and
 * users.
 */
final class Preparation {

  private static final Logger LOG = LoggerFactory.getLogger(Preparation.class);

  /** The sentence before the first run has come to an end. */
  static final String NOT_YET = "Not connected yet: finding out what to subscribe.";

  private static final Duration AFTER_OUTAGE = Duration.ofSeconds(15);
  private static final Duration AFTER_REFUSAL = Duration.ofMinutes(5);

  private final GenesysConfiguration configuration;
  private final Directory directory;
  private final Consumer<Signal> signals;
  private final TopicCatalogue catalogue = TopicCatalogue.shipped();
  private final Found found = new Found();
  private Set<String> before = Set.of();
  private List<TopicSharder.Shard> shards = List.of();
  private volatile Health health = Health.BLIND;
  private volatile Optional<String> problem = Optional.of(NOT_YET);

  /**
   * What came of a run.
   *
   * @param plan what to read from now on; empty if that could not be found out
   * @param again when to run again; empty for never
   */
  record Outcome(Optional<List<TopicSharder.Shard>> plan, Optional<Duration> again) {}

  Preparation(GenesysConfiguration configuration, Directory directory, Consumer<Signal> signals) {
    this.configuration = configuration;
    this.directory = directory;
    this.signals = signals;
  }

  /** What keeps the topics from being read, for the operator. */
  Optional<String> problem() {
    return problem;
  }

  /** How bad that is. */
  Health health() {
    return health;
  }

  /** Whether there is something to read already. */
  boolean planned() {
    return !shards.isEmpty();
  }

  /**
   * @param mistake a setting that cannot work, as a sentence; empty if there is none
   */
  Outcome run(String mistake) {
    if (!mistake.isEmpty()) {
      return broken(mistake, Optional.empty());
    }
    try {
      return plan();
    } catch (SelectorException e) {
      return broken(
          "GENESYS_TOPICS cannot be followed. " + e.getMessage() + " Correct it and restart.",
          Optional.empty());
    } catch (UnavailableException e) {
      Duration wait = longer(AFTER_OUTAGE, e.retryAfter());
      return troubled(Health.BLIND, "Cannot list queues and users. " + e.getMessage(), wait);
    } catch (CallException e) {
      return troubled(Health.BROKEN, e.getMessage(), AFTER_REFUSAL);
    } catch (RuntimeException e) {
      LOG.error("Finding out what to subscribe failed in a way that nobody foresaw", e);
      return troubled(Health.BROKEN, "Finding out what to subscribe failed: " + e, AFTER_REFUSAL);
    }
  }

  private Outcome plan() {
    SelectorParser.Parsed parsed = new SelectorParser(catalogue).parse(configuration.getTopics());
    if (before.isEmpty()) {
      parsed.warnings().forEach(LOG::warn);
    }
    Map<Listing, List<Listing.Entity>> listings = directory.listFor(parsed.selectors());
    Found.Result result = found.take(parsed.selectors(), listings);
    Expansion expansion = result.expansion();
    String unmatched =
        expansion.unmatched().stream().map(TopicSelector::text).collect(Collectors.joining(", "));
    if (expansion.topics().isEmpty()) {
      return troubled(
          Health.BROKEN,
          "Nothing matches "
              + unmatched
              + ": the org has no such queue or user, or the OAuth client may not see it (its role"
              + " needs routing:queue:view and directory:user:view in the right divisions).",
          result.doubted() ? AFTER_OUTAGE : AFTER_REFUSAL);
    }
    if (!unmatched.isEmpty() && before.isEmpty()) {
      LOG.warn(
          "Nothing matches {}. The other topics go on; it is looked at again later.", unmatched);
    }
    List<String> subscriptions = new TopicCombiner(catalogue).combine(expansion.topics());
    shards = new TopicSharder(configuration.getTopicsPerChannel()).reshard(shards, subscriptions);
    tell(expansion.topics(), subscriptions.size());
    Optional<Duration> again = refresh(parsed.selectors());
    return new Outcome(
        Optional.of(withinBudget()), result.doubted() ? Optional.of(AFTER_OUTAGE) : again);
  }

  /** Topics without a wildcard need no listing, so there is nothing to look for again. */
  private Optional<Duration> refresh(List<TopicSelector> selectors) {
    boolean never = configuration.getRefresh().isZero() || Expansion.needs(selectors).isEmpty();
    return never ? Optional.empty() : Optional.of(configuration.getRefresh());
  }

  private void tell(List<String> now, int subscriptions) {
    int topics = now.size();
    Set<String> gone = new HashSet<>(before);
    Set<String> all = Set.copyOf(now);
    gone.removeAll(all);
    boolean same = topics == before.size() && gone.isEmpty();
    givenUp(gone.size(), before.size());
    before = all;
    if (same) {
      return;
    }
    int channels = shards.size() * configuration.getRedundancy();
    String sentence =
        "Subscribing "
            + topics
            + " topics as "
            + subscriptions
            + " subscriptions on "
            + channels
            + (channels == 1 ? " channel." : " channels.");
    LOG.info(sentence);
    signals.accept(Signal.of("EXPANDED").count(topics).sentence(sentence));
  }

  private void givenUp(int count, int of) {
    if (count > 0) {
      String sentence =
          count
              + " of "
              + of
              + " topics are not subscribed any more: nothing that Genesys Cloud lists now fits"
              + " them.";
      LOG.warn(sentence);
      signals.accept(Signal.of("TOPICS_GIVEN_UP").count(count).sentence(sentence));
    }
  }

  private List<TopicSharder.Shard> withinBudget() {
    int redundancy = configuration.getRedundancy();
    int most = ChannelGroup.mostShards(redundancy);
    if (shards.size() <= most) {
      problem = Optional.empty();
      return shards;
    }
    int left = shards.stream().skip(most).mapToInt(shard -> shard.subscriptions().size()).sum();
    String twice =
        redundancy == 1
            ? " Subscribe less, or combine topics of the same user or queue."
            : " Subscribe less, or set GENESYS_REDUNDANCY to 1: with 2 every topic takes two"
                + " channels.";
    broken(
        left
            + " subscriptions are not being read: they need "
            + shards.size() * redundancy
            + " channels, and an OAuth client has "
            + ChannelGroup.MOST_CHANNELS
            + ", of which "
            + ChannelGroup.SPARE_CHANNELS
            + " are kept for hand-overs."
            + twice,
        Optional.empty());
    return shards.subList(0, most);
  }

  private Outcome broken(String sentence, Optional<Duration> again) {
    health = Health.BROKEN;
    problem = Optional.of(sentence);
    signals.accept(Signal.of("BROKEN").sentence(sentence));
    return new Outcome(Optional.empty(), again);
  }

  /** What is read already goes on being read; the trouble is only with finding more. */
  private Outcome troubled(Health how, String sentence, Duration again) {
    String next = sentence + " Next attempt in " + again.toSeconds() + " s.";
    if (planned()) {
      LOG.warn("The list of topics was not refreshed. {}", next);
      return new Outcome(Optional.empty(), Optional.of(again));
    }
    if (how == Health.BROKEN) {
      return broken(next, Optional.of(again));
    }
    health = how;
    problem = Optional.of(next);
    return new Outcome(Optional.empty(), Optional.of(again));
  }

  private static Duration longer(Duration one, Duration other) {
    return one.compareTo(other) > 0 ? one : other;
  }
}
