package dev.caravan.cluster;

import dev.caravan.cluster.Cluster.Forwarded;
import dev.caravan.cluster.ControlRecord.Topics;
import dev.caravan.cluster.ControlRecord.Until;
import dev.caravan.topic.Plan;
import dev.caravan.topic.TopicSharder;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries out what {@link ClusterMachine} decides, and says so in the log; on the control thread.
 */
final class ClusterActions {

  private static final Logger LOG = LoggerFactory.getLogger(ClusterActions.class);

  private final ShardReader reader;
  private final Consumer<ControlRecord> topic;
  private final GroupMember group;
  private final HandedOver handed;
  private final Runnable leads;
  private final LongSupplier clock;

  ClusterActions(
      ShardReader reader,
      Consumer<ControlRecord> topic,
      GroupMember group,
      HandedOver handed,
      Runnable leads,
      LongSupplier clock) {
    this.reader = reader;
    this.topic = topic;
    this.group = group;
    this.handed = handed;
    this.leads = leads;
    this.clock = clock;
  }

  void carryOut(ClusterAction action, ClusterState state) {
    if (!(action instanceof ClusterAction.Write) && !(action instanceof ClusterAction.WriteUntil)) {
      LOG.debug("{}: {}", state.me(), summary(action));
    }
    if (action instanceof ClusterAction.Write write) {
      topic.accept(write.record());
    } else if (action instanceof ClusterAction.WriteUntil until) {
      reader
          .until(until.shard())
          .ifPresent(
              millis -> topic.accept(new Until(state.me(), until.shard(), until.epoch(), millis)));
    } else if (action instanceof ClusterAction.Open open) {
      open(open);
    } else if (action instanceof ClusterAction.Inherit inherit) {
      Instant lastRead = Instant.ofEpochMilli(inherit.lastRead());
      planned(inherit.shard(), state).ifPresent(shard -> reader.inherit(shard, lastRead));
    } else if (action instanceof ClusterAction.Unread unread) {
      Optional<Instant> lastRead = instant(unread.lastRead());
      planned(unread.shard(), state)
          .ifPresent(shard -> reader.unread(shard, unread.since(), lastRead));
    } else if (action instanceof ClusterAction.StandBy standBy) {
      LOG.info(
          "Shard {} is read here, too, should the instance that forwards it end.",
          standBy.shard().number());
      reader.standBy(standBy.shard());
    } else if (action instanceof ClusterAction.TakeOver takeOver) {
      LOG.warn(
          "The instance that read shard {} has ended. This one takes its place, with what was kept"
              + " here for that.",
          takeOver.shard().number());
      reader.takeOver(takeOver.shard(), instant(takeOver.lastRead()));
    } else if (action instanceof ClusterAction.TakePart takePart) {
      LOG.info("Shard {} is handed over to this instance.", takePart.shard());
      reader.takePart(takePart.shard());
    } else if (action instanceof ClusterAction.Rescue rescue) {
      LOG.warn(
          "Another instance reads shard {}, whose reader had ended. What had not reached Kafka"
              + " before is forwarded here.",
          rescue.shard());
      reader.rescue(rescue.shard());
    } else if (action instanceof ClusterAction.Change change) {
      reader.change(change.shard());
    } else if (action instanceof ClusterAction.Close close) {
      LOG.info("Shard {} is not read here any more.", close.shard());
      reader.close(close.shard());
    } else if (action instanceof ClusterAction.Finish finish) {
      LOG.info("Shard {} is not part of the plan any more.", finish.shard());
      reader.finish(finish.shard());
    } else if (action instanceof ClusterAction.Note note) {
      reader.note(note.shard(), note.on());
    } else if (action instanceof ClusterAction.Hold hold) {
      reader.hold(hold.shard());
    } else if (action instanceof ClusterAction.Drain drain) {
      reader.drain(drain.shard());
    } else if (action instanceof ClusterAction.HandOver hand) {
      handOver(hand);
    } else if (action instanceof ClusterAction.Release release) {
      LOG.info(
          "Shard {} is forwarded here from now on; the instance before has told {} events.",
          release.shard(),
          release.forwarded().size());
      reader.release(release.shard(), release.forwarded());
    } else if (action instanceof ClusterAction.ReadElsewhere elsewhere) {
      Optional<Instant> lastRead = instant(elsewhere.lastRead());
      planned(elsewhere.shard(), state).ifPresent(shard -> reader.readElsewhere(shard, lastRead));
    } else if (action instanceof ClusterAction.Join join) {
      LOG.warn(
          switch (state.self().away()) {
            case NO -> "This instance takes shards again.";
            case IS_NOT_HEARD ->
                "The other instances hear nothing of this one, which does hear them: it leaves its"
                    + " shards to them.";
            case HEARS_NOTHING ->
                "This instance hears nothing of the control topic, though Kafka takes what it writes"
                    + " there: it leaves the group.";
            case REACHES_NOTHING ->
                "This instance does not reach Genesys Cloud, and others do: it leaves its shards"
                    + " to them.";
          });
      group.join(join.on());
    } else if (action instanceof ClusterAction.Lead lead) {
      lead(lead.on(), state);
    } else if (action instanceof ClusterAction.Want want) {
      reader.want(want.subscriptions());
    }
  }

  private static String summary(ClusterAction action) {
    String all = action.toString();
    return all.length() < 200 ? all : all.substring(0, 200);
  }

  private static Optional<TopicSharder.Shard> planned(int shard, ClusterState state) {
    return state.view().planned(shard).map(Topics::planned);
  }

  private static Optional<Instant> instant(long millis) {
    return millis == 0 ? Optional.empty() : Optional.of(Instant.ofEpochMilli(millis));
  }

  private void open(ClusterAction.Open open) {
    Optional<Instant> lastRead = instant(open.lastRead());
    LOG.info(
        "Shard {} is opened here{}.",
        open.shard().number(),
        open.held()
            ? ", while another instance still reads it"
            : lastRead.map(at -> "; it was last read at " + at).orElse(""));
    reader.open(open.shard(), open.held(), lastRead);
  }

  private void handOver(ClusterAction.HandOver hand) {
    List<Forwarded> forwarded = reader.stopForwarding(hand.shard());
    handed.write(hand.shard(), hand.epoch(), forwarded, clock.getAsLong());
    LOG.info(
        "Shard {} is handed over; {} events were forwarded meanwhile.",
        hand.shard(),
        forwarded.size());
    reader.close(hand.shard());
  }

  private void lead(boolean on, ClusterState state) {
    LOG.info(
        on
            ? "This instance finds out what is to be read, for all."
            : "Another instance finds out what is to be read.");
    leads.run();
    reader.lead(
        on,
        new Plan(
            state.view().plan().slots().keySet().stream()
                .sorted()
                .flatMap(shard -> planned(shard, state).stream())
                .toList()));
  }
}
