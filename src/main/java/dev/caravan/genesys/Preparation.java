package dev.caravan.genesys;

import dev.caravan.channel.Backoff;
import dev.caravan.channel.ChannelGroup;
import dev.caravan.channel.ShardStatus.Health;
import dev.caravan.genesys.NotificationsHealthCheck.Problem;
import dev.caravan.genesys.connect.CallException;
import dev.caravan.genesys.connect.RetryDelay;
import dev.caravan.topic.Expansion;
import dev.caravan.topic.Plan;
import dev.caravan.topic.Refusals;
import dev.caravan.topic.SelectorException;
import dev.caravan.topic.SelectorParser;
import dev.caravan.topic.TopicCatalogue;
import dev.caravan.topic.TopicCombiner;
import dev.caravan.topic.TopicSelector;
import dev.caravan.topic.TopicSharder.Shard;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import java.util.function.IntPredicate;
import java.util.function.Supplier;
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

  static final String NOT_YET = "Not connected yet: finding out what to subscribe.";

  private static final String NOT_ALL_YET =
      "Not all is read yet: finding out what else to subscribe.";

  private static final Duration SECOND_LOOK = Duration.ofSeconds(15);

  /** Looking for what is new takes 40 of the 300 calls a minute at most. */
  private static final Duration PER_PAGE = Duration.ofMillis(1_500);

  private static final Duration AFTER_REFUSAL = Duration.ofMinutes(5);

  /** Longer than it takes all shards to hand over, one after the other, for what was given up. */
  private static final Duration CHANNELS_LIVE = Duration.ofHours(1);

  private record GivenUp(int shard, Instant at) {}

  private final GenesysConfiguration configuration;
  private final Directory directory;
  private final Consumer<Signal> signals;
  private final TopicCatalogue catalogue = TopicCatalogue.shipped();
  private final Found found;
  private final Supplier<Set<String>> lastRun;
  private Set<String> before = Set.of();
  private final DoubleSupplier random;
  private final Clock clock;
  private final Readers readers;
  private final Object listingTurn = new Object();
  private List<String> subscriptions = List.of();
  private int missingClients;
  private Plan plan = Plan.NOTHING;
  private final Map<String, GivenUp> givenUp = new HashMap<>();

  private boolean readOn;
  private boolean goesOn;
  private volatile int failures;
  private volatile boolean unavailable;
  private int failedRefreshes;
  private Instant failingSince = Instant.MIN;
  private volatile boolean planned;
  private volatile String listing = "";
  private volatile Optional<Problem> problem = Optional.of(new Problem(Health.BLIND, NOT_YET));
  private volatile Optional<String> stale = Optional.empty();

  /**
   * @param again when to run again; empty for never
   */
  record Outcome(Optional<Plan> plan, Optional<Duration> again) {}

  /**
   * Who reads.
   *
   * @param logIn has each of them try to log in, if there are several
   * @param present those that can log in, as far as is known; all of them if none can
   * @param refusals what each of them may not see, as far as is known
   * @param place of the route that reads, among others of this bridge
   */
  record Readers(
      List<String> all,
      Runnable logIn,
      Supplier<List<String>> present,
      Supplier<Refusals> refusals,
      IntPredicate isRead,
      ReadingRoutes.Place place) {}

  Preparation(
      GenesysConfiguration configuration,
      Directory directory,
      Readers readers,
      Consumer<Signal> signals,
      Supplier<Set<String>> lastRun,
      DoubleSupplier random,
      Clock clock) {
    this.configuration = configuration;
    this.directory = directory;
    this.readers = readers;
    this.signals = signals;
    this.lastRun = lastRun;
    this.random = random;
    this.clock = clock;
    this.found = new Found(clock);
  }

  /** What keeps topics from being read, if this instance is alone. */
  Optional<Problem> problem() {
    return problem;
  }

  /** Goes on from a plan that another instance has made: what it subscribes stays in its shard. */
  synchronized void goOnFrom(Plan other) {
    plan = other;
    planned = false;
    goesOn = !other.shards().isEmpty();
    problem = Optional.of(new Problem(Health.BLIND, NOT_YET));
    stale = Optional.empty();
    failedRefreshes = 0;
    failures = 0;
    unavailable = false;
    before = Set.of();
    readOn = !other.shards().isEmpty();
  }

  synchronized Set<String> topics() {
    return TopicCombiner.singles(plan.subscriptions()).collect(Collectors.toSet());
  }

  synchronized Set<String> wanted() {
    return TopicCombiner.singles(subscriptions).collect(Collectors.toSet());
  }

  /** Why it cannot be found out what is new; what is read already is read on. */
  Optional<String> stale() {
    return stale;
  }

  boolean planned() {
    return planned;
  }

  boolean unavailable() {
    return unavailable;
  }

  /** How far a listing is that is under way, such as "users, page 3 of 205"; empty if none is. */
  String listing() {
    return listing;
  }

  /**
   * @param mistake a setting that cannot work, as a sentence; empty if there is none
   * @param first takes, while the first listing goes on, the shards that are full already: they are
   *     all there in what it takes next, too
   */
  Outcome run(String mistake, Consumer<Plan> first) {
    if (!mistake.isEmpty()) {
      return broken(mistake, Optional.empty());
    }
    // One at a time; meanwhile what is known may be dealt anew
    synchronized (listingTurn) {
      return run(first);
    }
  }

  private Outcome run(Consumer<Plan> first) {
    try {
      Outcome outcome = prepare(first);
      failures = 0;
      unavailable = false;
      return outcome;
    } catch (SelectorException e) {
      return broken(
          "GENESYS_TOPICS cannot be followed. " + e.getMessage() + " Correct it and restart.",
          Optional.empty());
    } catch (CallException e) {
      unavailable = e.kind() == CallException.Kind.UNAVAILABLE;
      if (!unavailable) {
        return troubled(Health.BROKEN, e.getMessage(), AFTER_REFUSAL);
      }
      long wait =
          RetryDelay.millis(
              e.retryAfter(),
              e.retryAfter().isZero() ? Backoff.after(++failures) : Backoff.NONE,
              configuration.timings(),
              random);
      return troubled(
          Health.BLIND,
          "Cannot list queues and users. " + e.getMessage(),
          Duration.ofMillis(Math.max(1, wait)));
    } catch (RuntimeException e) {
      LOG.error("Finding out what to subscribe failed unexpectedly; it is tried again.", e);
      return troubled(
          Health.BROKEN,
          "Finding out what to subscribe failed with %s.".formatted(e.getClass().getSimpleName()),
          AFTER_REFUSAL);
    } finally {
      listing = "";
    }
  }

  /** A page more is listed: shards that are full need not wait for the rest. */
  private synchronized void listed(
      List<TopicSelector> selectors, Directory.Progress progress, Consumer<Plan> first) {
    listing = progress.sentence();
    int limit = configuration.getTopicsPerChannel();
    if (planned || progress.page() % Math.max(1, limit / Pages.PAGE_SIZE) != 0) {
      return;
    }
    Directory.Listed soFar = progress.soFar().get();
    List<String> known = Expansion.of(selectors, soFar.entities()).topics();
    if (!Set.copyOf(known).containsAll(topics())) {
      // Another run has known more already
      return;
    }
    Set<Integer> open = plan.shards().stream().map(Shard::number).collect(Collectors.toSet());
    List<Shard> early =
        dealt(new TopicCombiner(catalogue).combine(known)).shards().stream()
            .filter(it -> open.contains(it.number()) || it.subscriptions().size() == limit)
            .toList();
    // What is open stays open
    if (early.size() > open.size()
        && early.stream().map(Shard::number).toList().containsAll(open)) {
      found.known(selectors, soFar, readers.all().get(0));
      readFirst(early, first);
    }
  }

  private Outcome prepare(Consumer<Plan> first) {
    SelectorParser.Parsed parsed = new SelectorParser(catalogue).parse(configuration.getTopics());
    List<TopicSelector> selectors = parsed.selectors();
    if (before.isEmpty()) {
      parsed.warnings().forEach(LOG::warn);
    }
    readers.logIn().run();
    List<String> listers = readers.present().get();
    readOn(selectors, first);
    return take(
        selectors,
        directory.listFor(selectors, listers, progress -> listed(selectors, progress, first)));
  }

  private synchronized Outcome take(List<TopicSelector> selectors, Directory.Listed listings) {
    Found.Result result = found.take(selectors, listings, readers.all().get(0));
    Expansion expansion = result.expansion();
    String unmatched =
        expansion.unmatched().stream().map(TopicSelector::text).collect(Collectors.joining(", "));
    if (expansion.topics().isEmpty()) {
      return troubled(
          Health.BROKEN,
          ("Nothing matches %s: the org has no such queue or user, or the OAuth client may not see it"
                  + " (its role needs routing:queue:view and directory:user:view in the right"
                  + " divisions).")
              .formatted(unmatched),
          result.doubted() ? SECOND_LOOK : AFTER_REFUSAL);
    }
    if (!unmatched.isEmpty() && before.isEmpty()) {
      LOG.warn(
          "Nothing matches {}. The other topics go on; it is looked at again later.", unmatched);
    }
    subscriptions = new TopicCombiner(catalogue).combine(expansion.topics());
    plan = dealt(subscriptions);
    // Else it would count as a refresh that failed, if a second listing says that nothing matches
    planned |= !result.doubted();
    refreshed();
    tell(expansion.topics(), subscriptions.size());
    Optional<Duration> again = refresh(selectors, result.missing());
    judgeBudget();
    return new Outcome(Optional.of(plan), result.doubted() ? Optional.of(SECOND_LOOK) : again);
  }

  /** What was read before the start, and may still be meant, waits for no listing. */
  private synchronized void readOn(List<TopicSelector> selectors, Consumer<Plan> first) {
    if (planned || !plan.shards().isEmpty() && !readOn) {
      return;
    }
    readOn = false;
    Set<String> known = new TreeSet<>(lastRun.get());
    Set<String> meant = new LinkedHashSet<>();
    for (TopicSelector selector : selectors) {
      List<String> its = known.stream().filter(selector::mayStandFor).toList();
      // Whoever lists now may see less of it than the first client
      found.known(selector, readers.all().get(0), its);
      meant.addAll(its);
    }
    if (!meant.isEmpty()) {
      readFirst(dealt(new TopicCombiner(catalogue).combine(List.copyOf(meant))).shards(), first);
    }
  }

  private void readFirst(List<Shard> shards, Consumer<Plan> first) {
    plan = new Plan(shards);
    Health health = problem.map(Problem::health).orElse(Health.BLIND);
    problem = Optional.of(new Problem(health, NOT_ALL_YET));
    first.accept(plan);
  }

  /** Deals to those who can log in; what another reads all the same stays with it. */
  private Plan dealt(List<String> wanted) {
    List<String> present = readers.present().get();
    missingClients = readers.all().size() - present.size();
    Instant now = clock.instant();
    givenUp.values().removeIf(one -> one.at().isBefore(now.minus(CHANNELS_LIVE)));
    Map<String, Integer> earlier = new HashMap<>();
    givenUp.forEach((topic, one) -> earlier.put(topic, one.shard()));
    Plan next =
        readers
            .place()
            .plan(
                configuration.getTopicsPerChannel(),
                present,
                configuration.channelsOfShard(),
                sharder ->
                    sharder.plan(
                        plan,
                        earlier,
                        wanted,
                        readers.refusals().get(),
                        shard -> readers.isRead().test(shard.number())));
    Set<String> kept = TopicCombiner.singles(wanted).collect(Collectors.toSet());
    givenUp.keySet().removeAll(kept);
    for (Shard shard : plan.shards()) {
      TopicCombiner.singles(shard.subscriptions())
          .filter(topic -> !kept.contains(topic))
          .forEach(topic -> givenUp.put(topic, new GivenUp(shard.number(), now)));
    }
    return next;
  }

  /**
   * Deals anew what is known. Whoever goes on from another's plan knows that much of it before it
   * has listed.
   */
  synchronized boolean dealAnew() {
    if (planned) {
      int left = plan.left();
      int missing = missingClients;
      plan = dealt(subscriptions);
      if (left != plan.left() || missing != missingClients) {
        judgeBudget();
      }
    } else if (goesOn) {
      plan = dealt(plan.wanted());
    }
    return planned || goesOn;
  }

  /** Hands on what is to be read now; nothing older is handed on after that. */
  synchronized void tell(Consumer<Plan> reader) {
    reader.accept(plan);
  }

  /** Topics without a wildcard need no listing, so there is nothing to look for again. */
  private Optional<Duration> refresh(List<TopicSelector> selectors, boolean missing) {
    Duration refresh = configuration.getRefresh();
    if (refresh.isZero()) {
      return missing ? Optional.of(Found.LASTING) : Optional.empty();
    }
    if (Expansion.needs(selectors).isEmpty()) {
      return Optional.empty();
    }
    Duration least = PER_PAGE.multipliedBy(directory.pages());
    return Optional.of(refresh.compareTo(least) < 0 ? least : refresh);
  }

  private void tell(List<String> now, int subscriptions) {
    Set<String> gone = new HashSet<>(before);
    now.forEach(gone::remove);
    if (!gone.isEmpty()) {
      String sentence =
          ("%d of %d topics are not subscribed any more: nothing that Genesys Cloud lists now fits"
                  + " them.")
              .formatted(gone.size(), before.size());
      LOG.warn(sentence);
      signals.accept(Signal.of("TOPICS_GIVEN_UP").count(gone.size()).sentence(sentence));
    } else if (now.size() == before.size()) {
      return;
    }
    before = Set.copyOf(now);
    int channels = channels();
    String sentence =
        "Subscribing %d topics as %d subscriptions on %d %s."
            .formatted(now.size(), subscriptions, channels, channels == 1 ? "channel" : "channels");
    LOG.info(sentence);
    signals.accept(Signal.of("EXPANDED").count(now.size()).sentence(sentence));
  }

  private int channels() {
    return (plan.shards().size() + plan.unread().size()) * configuration.channelsOfShard();
  }

  private void judgeBudget() {
    if (plan.unread().isEmpty()) {
      problem = Optional.empty();
      return;
    }
    int each = configuration.channelsOfShard();
    List<Integer> most =
        readers.present().get().stream().map(readers.place()::mostChannels).toList();
    boolean others = most.stream().anyMatch(channels -> channels < ChannelGroup.mostShards(1));
    String away = " %d of %d OAuth clients cannot log in.";
    broken(
        ("%d subscriptions are not being read: reading all needs %d channels; %d can be used (an OAuth"
                + " client has %d, of which %d are kept for hand-overs%s).%s Add an OAuth client"
                + " (GENESYS_CLIENTS_<NAME>_ID and _SECRET), subscribe less, or %s.")
            .formatted(
                plan.left(),
                channels(),
                most.stream().mapToInt(channels -> channels / each * each).sum(),
                ChannelGroup.MOST_CHANNELS,
                ChannelGroup.SPARE_CHANNELS,
                others ? "; other routes of this bridge that read use theirs" : "",
                missingClients == 0 ? "" : away.formatted(missingClients, readers.all().size()),
                each == 1
                    ? "combine topics of the same user or queue"
                    : configuration.getRedundancy() == 1
                        ? "set CARAVAN_STANDBY to 0: with 1 every topic takes two channels"
                        : "set GENESYS_REDUNDANCY to 1: with 2 every topic takes two channels"),
        Optional.empty());
  }

  private Outcome broken(String sentence, Optional<Duration> again) {
    problem = Optional.of(new Problem(Health.BROKEN, sentence));
    signals.accept(Signal.of("BROKEN").sentence(sentence));
    return new Outcome(Optional.empty(), again);
  }

  /** What is read already goes on being read; the trouble is only with finding more. */
  private Outcome troubled(Health how, String sentence, Duration again) {
    String next = sentence + " Next attempt in " + again.toSeconds() + " s.";
    if (planned || goesOn) {
      LOG.warn("The list of topics was not refreshed. {}", next);
      notRefreshed(sentence);
    } else if (how == Health.BROKEN) {
      return broken(next, Optional.of(again));
    } else {
      problem = Optional.of(new Problem(how, next));
    }
    return new Outcome(Optional.empty(), Optional.of(again));
  }

  /** A single failure is no news: the next attempt may be soon. */
  private void notRefreshed(String sentence) {
    if (++failedRefreshes == 1) {
      failingSince = clock.instant().truncatedTo(ChronoUnit.SECONDS);
      return;
    }
    String told =
        "The list of topics cannot be refreshed since %s: new queues and users are not read. %s"
            .formatted(failingSince, sentence);
    if (stale.isEmpty()) {
      signals.accept(Signal.of("LISTING_FAILING").from(failingSince).sentence(told));
    }
    stale = Optional.of(told);
  }

  private void refreshed() {
    failedRefreshes = 0;
    if (stale.isPresent()) {
      String sentence = "The list of topics is refreshed again.";
      LOG.info(sentence);
      signals.accept(
          Signal.of("LISTING_WORKING")
              .from(failingSince)
              .to(clock.instant().truncatedTo(ChronoUnit.SECONDS))
              .sentence(sentence));
      stale = Optional.empty();
    }
  }
}
