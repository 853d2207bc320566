package dev.caravan.cluster;

import dev.caravan.cluster.Cluster.Forwarded;
import dev.caravan.topic.TopicSharder;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What instances tell each other; of each key the control topic keeps the latest. */
sealed interface ControlRecord {

  /** Who wrote it; drawn anew at each start. */
  String by();

  /** What is told of one shard. */
  sealed interface OfShard extends ControlRecord {
    int shard();
  }

  /**
   * What is to be read, written by the owner of slot 0 after the {@link Topics} that it names.
   *
   * @param epoch of the writer as the owner of slot 0; one of an earlier epoch does not count
   * @param slots the slot of each shard
   * @param versions which topics of each shard are meant
   * @param whole false while the first listing goes on, and more may come
   * @param moving the one shard that may move to another instance now; -1 for none
   */
  record Plan(
      String by,
      long epoch,
      Map<Integer, Integer> slots,
      Map<Integer, String> versions,
      boolean whole,
      int moving)
      implements ControlRecord {

    static final Plan NONE = new Plan("", 0, Map.of(), Map.of(), false, -1);

    public Plan {
      slots = Map.copyOf(slots);
      versions = Map.copyOf(versions);
    }
  }

  /** The subscriptions of a shard, and the OAuth client that reads it. */
  record Topics(String by, String version, TopicSharder.Shard planned) implements OfShard {
    @Override
    public int shard() {
      return planned.number();
    }
  }

  /**
   * Whoever read the shard does not any more, and nobody else does.
   *
   * @param epoch one more than the one under which it was read
   */
  record Left(String by, int shard, long epoch) implements OfShard {}

  /**
   * Somebody reads the shard from now on.
   *
   * @param epoch one more than that of whoever read it before; the first of an epoch counts
   * @param held whether nothing is forwarded before the one who read it before tells what it
   *     forwarded
   * @param lastRead until when the shard was read before nobody did last, in epoch milliseconds:
   *     the gap since then is on record; 0 if that was not known, or nobody ever left off
   */
  record Live(String by, int shard, long epoch, boolean held, long lastRead) implements OfShard {}

  /**
   * Until when all that was sent for the shard has been read and kept.
   *
   * @param epoch under which it was read: that of a later one counts, whatever the clocks show
   * @param millis since the epoch, by the clock of whoever reads
   */
  record Until(String by, int shard, long epoch, long millis) implements OfShard {}

  /**
   * An instance is there; told every second.
   *
   * @param slots those that the group gave it
   * @param leaving whether it is about to end
   * @param reach whether it reaches Genesys Cloud
   * @param settings in which all have to agree: the name of each, and a short hash of its value
   * @param logins which OAuth clients can log in there
   * @param plan the epoch of the plan that it knows; {@link #KNOWS_ALL} if it does not tell that
   */
  record Member(
      String by,
      Set<Integer> slots,
      boolean leaving,
      Reach reach,
      Map<String, String> settings,
      Logins logins,
      long plan)
      implements ControlRecord {

    static final long KNOWS_ALL = Long.MAX_VALUE;

    public Member {
      slots = Set.copyOf(slots);
      settings = Map.copyOf(settings);
    }
  }

  /** Whoever reads the shard notes from now on what it forwards: it may be taken over. */
  record Offer(String by, int shard, long epoch) implements OfShard {}

  /**
   * What the one before has forwarded since it offered the shard; it reads it no more.
   *
   * @param epoch of the {@link Live} that it answers
   * @param part from 0; the last one says so
   */
  record Handed(String by, int shard, long epoch, int part, boolean last, List<Forwarded> forwarded)
      implements OfShard {
    public Handed {
      forwarded = List.copyOf(forwarded);
    }
  }

  /**
   * Which events of the shard Kafka has, told by whoever forwards or forwarded it, for the one that
   * stands by.
   *
   * @param epoch under which the writer reads the shard; 0 if it does not any more
   * @param settledMillis for how long all that was read before is settled, whether it reached Kafka
   *     or was left out; -1 if that is not told
   * @param forwarded those that have reached it since this was told last, by when they were read
   */
  record Acknowledged(
      String by, int shard, long epoch, long settledMillis, List<Forwarded> forwarded)
      implements OfShard {
    public Acknowledged {
      forwarded = List.copyOf(forwarded);
    }
  }

  /**
   * Who stands by for whoever reads the shard; told every second.
   *
   * @param warm whether it has read the shard for long enough to take it over
   */
  record Standby(String by, int shard, boolean warm) implements OfShard {}

  /** Whoever hears this of itself has heard all that was told of the shard before. */
  record Probe(String by, int shard, long since) implements OfShard {}

  /**
   * What Genesys Cloud answered when a channel of a shard was asked for. Of each shard the latest
   * is kept: what an earlier one told is known to those who heard it, and learnt anew by the
   * others.
   *
   * @param millis when that was, by the clock of whoever asked
   */
  record Answered(String by, int shard, long millis, Cluster.Answer answer) implements OfShard {}

  /** An instance has ended in good order. */
  record Gone(String by) implements ControlRecord {}
}
