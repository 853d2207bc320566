package dev.caravan.genesys.backfill;

import dev.caravan.background.BackgroundHealthCheck;
import dev.caravan.background.BackgroundTask;
import dev.caravan.background.FailedStep;
import dev.caravan.channel.Backoff;
import dev.caravan.channel.Timings;
import dev.caravan.channel.gap.Gap;
import dev.caravan.channel.gap.GapLedger;
import dev.caravan.genesys.ClientStatus;
import dev.caravan.genesys.GenesysComponent;
import dev.caravan.genesys.GenesysConfiguration;
import dev.caravan.genesys.GenesysConstants;
import dev.caravan.genesys.GenesysEndpoint;
import dev.caravan.genesys.backfill.BackfillPlan.Read;
import dev.caravan.genesys.connect.CallException;
import dev.caravan.genesys.connect.Failures;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;
import org.apache.camel.support.DefaultConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * {@code genesys:gaps}: for each gap that is over, one exchange per kind of what can be read again
 * (header {@code CamelGenesysRead}). States of users come at once and one after the other;
 * conversations come when analytics has caught up, one gap after the other. The backfill of a gap
 * ends when all of its exchanges have ended, also in vain, and the signal that says so is
 * committed: if the bridge ends before, the gap is read from the start after the next one.
 */
public final class GapsConsumer extends DefaultConsumer {

  private static final Logger LOG = LoggerFactory.getLogger(GapsConsumer.class);

  /** Analytics must not be asked about the last minute (Genesys Cloud's blog of 2022-04-21). */
  private static final Duration LEAST_DELAY = Duration.ofMinutes(1);

  /** After so many attempts at a reading, each with the retries of its calls, it has failed. */
  private static final int MOST_ATTEMPTS = 8;

  private static final CallException UNFORESEEN =
      CallException.unavailable("Reading it failed unexpectedly; see the log.");

  private final GenesysConfiguration configuration;
  private final Timings timings;
  private final Clock clock = Clock.systemUTC();
  private final BackgroundTask task = new BackgroundTask("reading again what gaps hold");
  private final Set<String> underWay = ConcurrentHashMap.newKeySet();
  private final Set<BackfillProgress> readings = ConcurrentHashMap.newKeySet();
  private ScheduledExecutorService states;
  private ScheduledExecutorService conversations;

  public GapsConsumer(GenesysEndpoint endpoint, Processor processor) {
    super(endpoint, processor);
    this.configuration = endpoint.getConfiguration();
    this.timings = configuration.timings();
  }

  private GenesysComponent component() {
    return ((GenesysEndpoint) getEndpoint()).component();
  }

  @Override
  protected void doStart() throws Exception {
    super.doStart();
    states = worker("genesys-backfill-states");
    conversations = worker("genesys-backfill-conversations");
    component().ledger().notBackfilled().forEach(component().gaps()::publish);
    component().gaps().read(this::take);
    BackgroundHealthCheck.of(getEndpoint().getCamelContext()).watch(task);
  }

  private ScheduledExecutorService worker(String name) {
    return getEndpoint()
        .getCamelContext()
        .getExecutorServiceManager()
        .newSingleThreadScheduledExecutor(this, name);
  }

  @Override
  protected void doStop() throws Exception {
    component().gaps().readNoMore();
    task.stop();
    readings.forEach(BackfillProgress::stop);
    // Built, but never started, if another route could not be
    if (states != null) {
      getEndpoint().getCamelContext().getExecutorServiceManager().shutdownNow(states);
      getEndpoint().getCamelContext().getExecutorServiceManager().shutdownNow(conversations);
    }
    underWay.clear();
    super.doStop();
  }

  // ---- what is to be read

  private void take(Gap gap) {
    if (underWay.add(gap.id()) && !task.run(() -> begin(gap))) {
      underWay.remove(gap.id());
    }
  }

  private void begin(Gap gap) {
    BackfillPlan plan = BackfillPlan.of(gap.topics());
    Optional<String> whyNot = plan.whyNothing(configuration.isBackfill());
    if (whyNot.isPresent()) {
      tell(gap, BackfillRun.not(gap, whyNot.get()));
    } else {
      BackfillRun run = new BackfillRun(gap, plan);
      plan.reads().forEach(read -> schedule(run, read, 1, delay(gap, read)));
    }
  }

  private Duration delay(Gap gap, Read read) {
    if (read != Read.CONVERSATIONS) {
      return Duration.ZERO;
    }
    Instant due = gap.to().plus(longer(configuration.getDelay(), LEAST_DELAY));
    return longer(Duration.between(clock.instant(), due), Duration.ZERO);
  }

  private static Duration longer(Duration one, Duration other) {
    return one.compareTo(other) > 0 ? one : other;
  }

  private void schedule(BackfillRun run, Read read, int attempt, Duration delay) {
    ScheduledExecutorService worker = read == Read.CONVERSATIONS ? conversations : states;
    schedule(worker, delay.plusMillis(1), () -> attempt(run, read, attempt));
  }

  private static void schedule(ScheduledExecutorService worker, Duration delay, Runnable step) {
    try {
      worker.schedule(step, delay.toMillis(), TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      LOG.debug("A gap is not filled now: the bridge is stopping");
    }
  }

  // ---- reading it

  private void attempt(BackfillRun run, Read read, int attempt) {
    if (!task.run(() -> carryOut(run, read, attempt)) && isRunAllowed()) {
      failed(run, read, attempt, UNFORESEEN);
    }
  }

  private void carryOut(BackfillRun run, Read read, int attempt) {
    Optional<CallException> refusal = Optional.empty();
    // What one OAuth client may not read another may
    for (String client : clients(run.gap())) {
      BackfillProgress progress = new BackfillProgress();
      Optional<Throwable> failure = read(run, read, progress, client);
      if (progress.isStopped() || !isRunAllowed()) {
        return;
      }
      if (failure.isEmpty()) {
        component().metrics().backfilled(read.label(), progress.records());
        ended(run, read, attempt, progress);
        return;
      }
      LOG.debug("A reading failed", failure.get());
      CallException why = Failures.asCallException(failure.get(), "Genesys Cloud");
      if (why.kind() != CallException.Kind.REFUSED) {
        failed(run, read, attempt, why);
        return;
      }
      refusal = refusal.or(() -> Optional.of(why));
    }
    failed(run, read, attempt, refusal.orElseThrow());
  }

  private List<String> clients(Gap gap) {
    List<String> present = component().clients().present(getEndpoint().getCamelContext());
    return inOrder(present, component().clientStatuses(), gap.shard());
  }

  /** First who reads the topics of the gap: others may be told less without a refusal. */
  static List<String> inOrder(List<String> clients, List<ClientStatus> statuses, int shard) {
    List<String> readers =
        statuses.stream().filter(it -> it.reads(shard)).map(ClientStatus::name).toList();
    return clients.stream()
        .sorted(Comparator.comparing(client -> !readers.contains(client)))
        .toList();
  }

  private Optional<Throwable> read(
      BackfillRun run, Read read, BackfillProgress progress, String client) {
    readings.add(progress);
    Exchange exchange = exchange(run, read, progress);
    component().clients().by(client, exchange);
    try {
      getProcessor().process(exchange);
    } catch (Exception e) {
      exchange.setException(e);
    } finally {
      readings.remove(progress);
    }
    Optional<Throwable> failure = FailedStep.failure(exchange);
    releaseExchange(exchange, false);
    return failure;
  }

  private void ended(BackfillRun run, Read read, int attempt, BackfillProgress progress) {
    boolean more = run.backfilled(read, progress.records(), progress.backfilled());
    if (!progress.isCalled() || run.unread(read).isEmpty()) {
      run.ended(read).ifPresent(outcome -> tell(run.gap(), outcome));
      return;
    }
    String sentence = run.sentence(read);
    if (more) {
      failed(run, read, attempt, CallException.odd(sentence));
    } else {
      run.failed(read, sentence).ifPresent(outcome -> tell(run.gap(), outcome));
    }
  }

  private void failed(BackfillRun run, Read read, int attempt, CallException why) {
    if (why.kind() == CallException.Kind.UNAVAILABLE && attempt < MOST_ATTEMPTS) {
      Duration pause = pause(attempt, why);
      String sentence =
          "Shard %d. What was missed in the gap %s (%s) could not be read again. %s That is tried %d times at most, next in %d s."
              .formatted(
                  run.gap().shard(),
                  run.gap().id(),
                  read.label(),
                  why.getMessage(),
                  MOST_ATTEMPTS,
                  pause.toSeconds());
      LOG.atLevel(attempt == 1 ? Level.WARN : Level.DEBUG).log(sentence);
      schedule(run, read, attempt + 1, pause);
    } else {
      run.failed(read, why.getMessage()).ifPresent(outcome -> tell(run.gap(), outcome));
    }
  }

  private Duration pause(int attempt, CallException why) {
    long millis =
        Backoff.after(attempt).delayMillis(timings, () -> ThreadLocalRandom.current().nextDouble());
    return longer(Duration.ofMillis(millis), why.retryAfter());
  }

  private Exchange exchange(BackfillRun run, Read read, BackfillProgress progress) {
    Exchange exchange = createExchange(false);
    exchange.setProperty(GenesysConstants.BACKFILL, progress);
    exchange.getIn().setHeader(GenesysConstants.READ, read.label());
    if (read == Read.CONVERSATIONS) {
      ConversationQuery query = new ConversationQuery(run.gap(), run.plan(), configuration);
      exchange.setProperty(GenesysConstants.QUERY, query);
      exchange.setProperty(GenesysConstants.INTERVAL, query.interval());
      exchange.setProperty(GenesysConstants.FILTERS, query.filters());
    } else {
      exchange.getIn().setBody(run.unread(read));
    }
    return exchange;
  }

  /** The backfill ends when its signal is committed; what was read must be committed before. */
  private void tell(Gap gap, BackfillRun.Outcome outcome) {
    schedule(
        states,
        GapLedger.UNDER_WAY,
        () -> {
          LOG.atLevel(outcome.filled() ? Level.INFO : Level.WARN).log(outcome.signal().sentence());
          component().metrics().backfillEnded(outcome.filled());
          component().signals().publish(outcome.signal());
          underWay.remove(gap.id());
        });
  }
}
