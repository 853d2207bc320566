package dev.caravan.background;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.camel.AggregationStrategy;
import org.apache.camel.AsyncCallback;
import org.apache.camel.AsyncProcessor;
import org.apache.camel.Exchange;
import org.apache.camel.ExchangePropertyKey;
import org.apache.camel.Processor;
import org.apache.camel.processor.MulticastProcessor;
import org.apache.camel.processor.aggregate.UseLatestAggregationStrategy;
import org.apache.camel.support.processor.DelegateAsyncProcessor;
import org.apache.camel.support.service.ServiceHelper;
import org.apache.camel.support.service.ServiceSupport;

/**
 * Keeps the failure of a branch, whatever the user's strategy makes of what came of the branches:
 * most of Camel's own forget it, and the exchange would have ended well with a target that has not
 * got it.
 */
final class BranchFailures extends ServiceSupport implements AggregationStrategy {

  private final AggregationStrategy strategy;

  BranchFailures(AggregationStrategy strategy) {
    this.strategy = strategy;
  }

  /** The same step, be it one that has branches and a strategy that may forget failures. */
  static AsyncProcessor keptBy(AsyncProcessor step, Processor target) {
    return target instanceof MulticastProcessor branches
            && branches.getAggregationStrategy() != null
            && branches.getAggregationStrategy().getClass() != UseLatestAggregationStrategy.class
        ? new Keeping(step, branches)
        : step;
  }

  private static final class Keeping extends DelegateAsyncProcessor {
    private final MulticastProcessor branches;
    private final BranchFailures failures;

    private Keeping(AsyncProcessor step, MulticastProcessor branches) {
      super(step);
      this.branches = branches;
      this.failures = new BranchFailures(branches.getAggregationStrategy());
    }

    /** Camel prefers the strategy that the exchange has for a step, and removes it afterwards. */
    @Override
    public boolean process(Exchange exchange, AsyncCallback callback) {
      Map<Object, Object> strategies = new ConcurrentHashMap<>();
      Map<?, ?> others = exchange.getProperty(ExchangePropertyKey.AGGREGATION_STRATEGY, Map.class);
      if (others != null) {
        strategies.putAll(others);
      }
      strategies.put(branches, failures);
      exchange.setProperty(ExchangePropertyKey.AGGREGATION_STRATEGY, strategies);
      return super.process(exchange, callback);
    }
  }

  @Override
  public Exchange aggregate(Exchange before, Exchange branch) {
    return aggregate(before, branch, null);
  }

  @Override
  public Exchange aggregate(Exchange before, Exchange branch, Exchange input) {
    if (input != null) {
      UnsentStep.sent(input);
    }
    // Before the strategy takes it away
    Throwable failure =
        Optional.ofNullable(before)
            .flatMap(FailedStep::failure)
            .or(() -> FailedStep.failure(branch))
            .orElse(null);
    Exchange whole = strategy.aggregate(before, branch, input);
    if (failure == null) {
      return whole;
    }
    Exchange failed = whole == null ? branch : whole;
    if (failed.getException() == null) {
      failed.setException(failure);
    }
    return failed;
  }

  @Override
  protected void doStart() {
    ServiceHelper.startService(strategy);
  }

  @Override
  protected void doStop() {
    ServiceHelper.stopService(strategy);
  }

  @Override
  public boolean canPreComplete() {
    return strategy.canPreComplete();
  }

  @Override
  public boolean preComplete(Exchange before, Exchange branch) {
    return strategy.preComplete(before, branch);
  }

  @Override
  public void onCompletion(Exchange whole) {
    strategy.onCompletion(whole);
  }

  @Override
  public void onCompletion(Exchange whole, Exchange input) {
    strategy.onCompletion(whole, input);
  }

  @Override
  public void timeout(Exchange before, int index, int total, long timeoutMillis) {
    strategy.timeout(before, index, total, timeoutMillis);
  }
}
