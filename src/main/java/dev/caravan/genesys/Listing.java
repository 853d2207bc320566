package dev.caravan.genesys;

import dev.caravan.background.BackgroundHealthCheck;
import dev.caravan.channel.ShardStatus.Health;
import dev.caravan.genesys.connect.CamelChannelOpener;
import dev.caravan.topic.Plan;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.camel.CamelContext;

/**
 * Finds out what is to be read for as long as that is this instance's to do: always if it is alone,
 * and in terms if several share an organisation.
 */
final class Listing {

  private final CamelContext context;
  private final Preparation preparation;
  private final Function<PreparationLoop.Reader, PreparationLoop> loops;
  private final Supplier<String> mistake;
  private final BiConsumer<Plan, Boolean> reads;
  private final BooleanSupplier running;
  private final Duration most;
  private volatile PreparationLoop loop;
  private volatile boolean leading;

  /** Changes whenever another instance finds out what is to be read, or this one again. */
  private volatile int term;

  /**
   * @param loops makes the loop of a term
   * @param mistake a setting that cannot work, as a sentence; empty if there is none
   * @param reads takes what is to be read, and whether that is all
   * @param most the longest that the first run may wait for its turn
   */
  Listing(
      CamelContext context,
      Preparation preparation,
      Function<PreparationLoop.Reader, PreparationLoop> loops,
      Supplier<String> mistake,
      BiConsumer<Plan, Boolean> reads,
      BooleanSupplier running,
      Duration most) {
    this.context = context;
    this.preparation = preparation;
    this.loops = loops;
    this.mistake = mistake;
    this.reads = reads;
    this.running = running;
    this.most = most;
    this.loop = begin();
  }

  private PreparationLoop begin() {
    int its = term;
    PreparationLoop begun =
        loops.apply(
            new PreparationLoop.Reader(
                mistake,
                // The ledger hears of the whole plan only: until then each topic may be wanted
                plan -> take(plan, false, its),
                plan -> take(plan, true, its),
                () -> running.getAsBoolean() && its == term));
    BackgroundHealthCheck.of(context).watch(begun.task());
    return begun;
  }

  private void take(Plan plan, boolean whole, int its) {
    if (its == term) {
      reads.accept(plan, whole);
    }
  }

  /** This instance finds out what is to be read from now on. */
  void start() {
    leading = true;
    loop.start(most);
  }

  /** It does in the place of another, or does not any more. */
  void lead(Optional<Plan> goesOnFrom, CamelChannelOpener opener) {
    term++;
    leading = goesOnFrom.isPresent();
    goesOnFrom.ifPresent(
        plan -> {
          loop.stop();
          loop = begin();
          PreparationLoop begins = loop;
          // What was begun in an earlier term may have to end first
          opener.background(
              () -> {
                preparation.goOnFrom(plan);
                begins.start(most);
              });
        });
  }

  void stop() {
    loop.stop();
    leading = false;
  }

  /** Has what is known dealt anew; may take as long as a login. */
  void dealAnew() {
    loop.dealAnew();
  }

  /** Whether it is, and does not reach Genesys Cloud. */
  boolean isUnavailable() {
    return leading && preparation.unavailable();
  }

  /** What keeps topics from being read, if this instance is alone. */
  Optional<NotificationsHealthCheck.Problem> problem() {
    return preparation
        .problem()
        .map(it -> new NotificationsHealthCheck.Problem(preparation.health(), it));
  }

  /**
   * The same, as far as it is for this instance of several to find out.
   *
   * @param readOn whether what was planned before is read all the same
   */
  Optional<NotificationsHealthCheck.Problem> problem(boolean readOn) {
    boolean counts = !readOn || preparation.planned() || preparation.health() == Health.BROKEN;
    return problem().filter(any -> leading && counts);
  }
}
