package dev.caravan.channel;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A shard on paper: its machine, a clock that is turned by hand, and fixed randomness. */
final class Drill {

  static final long START = 1_000_000;
  static final long FAR = START + Duration.ofHours(20).toMillis();

  final Timings timings = Timings.defaults();
  final Map<Integer, Reading> readings = new HashMap<>();
  final List<ShardReport> reports = new ArrayList<>();
  final List<ShardAction.Blind> blind = new ArrayList<>();
  final AttemptBudget budget = new AttemptBudget(() -> this.now);
  double random = 0.5;
  long now = START;
  ShardState state = ShardState.initial();
  List<ShardAction> actions = List.of();
  long wakeAt = Long.MAX_VALUE;
  private final ShardMachine machine = new ShardMachine(timings, () -> random);

  Drill on(ShardEvent event) {
    ShardMachine.Step step = machine.next(state, event, readings, budget.room(), now);
    state = step.state();
    actions = step.actions();
    wakeAt = step.wakeAt();
    all(ShardAction.Open.class).stream()
        .filter(open -> !open.free())
        .forEach(open -> budget.charge(open.reuses() == 0));
    all(ShardAction.Blind.class).forEach(blind::add);
    all(ShardAction.Report.class).forEach(report -> reports.add(report.report()));
    return this;
  }

  /** Lets time pass, waking when asked to, and gathers the actions of all that. */
  Drill pass(Duration time) {
    long end = now + time.toMillis();
    List<ShardAction> gathered = new ArrayList<>();
    while (wakeAt <= end) {
      now = wakeAt;
      on(new ShardEvent.Woke());
      gathered.addAll(actions);
    }
    now = end;
    on(new ShardEvent.Woke());
    gathered.addAll(actions);
    actions = gathered;
    return this;
  }

  Drill passMillis(long millis) {
    return pass(Duration.ofMillis(millis));
  }

  /** The answer to the last ping is read on this channel's socket, and what came before it. */
  Drill frame(int channel) {
    readings.put(channel, new Reading(now, now, false, now));
    return this;
  }

  /** A frame of any other kind is read on this channel's socket. */
  Drill event(int channel) {
    readings.put(channel, new Reading(now, now, false, reading(channel).provenUntil()));
    return this;
  }

  /** From now on the reading of this channel is held back. */
  Drill hold(int channel) {
    Reading before = reading(channel);
    readings.put(channel, new Reading(before.lastFrameAt(), now, true, before.provenUntil()));
    return this;
  }

  Reading reading(int channel) {
    return readings.getOrDefault(channel, Reading.NONE);
  }

  Drill opened(int channel) {
    return on(new ShardEvent.SocketOpened(channel, FAR, Cause.CHANNEL_AGE));
  }

  Drill signOfLife(int channel) {
    return frame(channel).on(new ShardEvent.SignOfLife(channel));
  }

  Drill closed(int channel, Cause cause) {
    return on(new ShardEvent.SocketClosed(channel, cause));
  }

  Drill failed(int channel, Failure failure) {
    return on(new ShardEvent.OpenFailed(channel, failure));
  }

  Drill noticed(int channel, Cause notice) {
    return frame(channel).on(new ShardEvent.Noticed(channel, notice));
  }

  Drill granted(int channel, Cause cause) {
    return on(new ShardEvent.RotationGranted(channel, cause));
  }

  /** It was read for ten seconds, and its socket was dropped so long ago. */
  static Drill dropped(long millis) {
    return live().passMillis(10_000).frame(1).closed(1, Cause.DROPPED).passMillis(millis);
  }

  static Drill started() {
    return new Drill().on(new ShardEvent.Started(Attempts.NONE));
  }

  /** A shard whose first channel is LIVE. */
  static Drill live() {
    return started().opened(1).signOfLife(1);
  }

  /** A shard whose channel 2 is LIVE while channel 1 is RETIRING and has answered. */
  static Drill handedOver() {
    return succeeded().signOfLife(1);
  }

  /** A shard whose channel 2 is LIVE while channel 1 is RETIRING and says nothing. */
  static Drill succeeded() {
    return live()
        .pass(Duration.ofSeconds(20))
        .granted(1, Cause.CHANNEL_AGE)
        .opened(2)
        .signOfLife(2);
  }

  ChannelState channel(int number) {
    return state.channel(number).orElseThrow();
  }

  List<Phase> phases() {
    return state.channels().stream().map(ChannelState::phase).toList();
  }

  <T extends ShardAction> List<T> all(Class<T> type) {
    return actions.stream().filter(type::isInstance).map(type::cast).toList();
  }

  List<ShardReport> reports(ShardReport.Kind kind) {
    return reports.stream().filter(report -> report.kind() == kind).toList();
  }
}
