package dev.caravan.cluster;

import dev.caravan.cluster.ControlRecord.Gone;
import dev.caravan.cluster.ControlRecord.Live;
import dev.caravan.cluster.ControlRecord.Member;
import dev.caravan.cluster.ControlRecord.OfShard;
import dev.caravan.cluster.ControlRecord.Plan;
import dev.caravan.cluster.ControlRecord.Topics;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What the control topic says, as a value. All instances see the records of a shard in the same
 * order, and so agree on who reads it.
 *
 * @param plan what is to be read
 * @param planAt when that was heard
 * @param shards what is known of each shard of which anything was told
 * @param members who is there
 * @param heardAt when each of them was heard last, in milliseconds of the steady clock; absent if
 *     it was not since we listen
 * @param gone who has said that it ends; whoever is not among the members may only not have been
 *     heard yet
 * @param contactSince since when we have heard ourselves without a break
 * @param contactAt when we heard ourselves last
 * @param ledAt when whoever has slot 0 was heard last
 */
record ControlView(
    Plan plan,
    long planAt,
    Map<Integer, KnownShard> shards,
    Map<String, Member> members,
    Map<String, Long> heardAt,
    Set<String> gone,
    long contactSince,
    long contactAt,
    long ledAt) {

  static final long NEVER = Long.MIN_VALUE / 2;

  static final ControlView EMPTY =
      new ControlView(
          Plan.NONE, NEVER, Map.of(), Map.of(), Map.of(), Set.of(), NEVER, NEVER, NEVER);

  /**
   * With one record more.
   *
   * @param fresh whether it was written since we listen, and not read from the past
   */
  ControlView with(ControlRecord told, String me, boolean fresh, long now) {
    ControlView next = fresh && !(told instanceof Gone) ? heard(told.by(), me, now) : this;
    if (told instanceof Plan other) {
      return other.epoch() >= plan.epoch() ? next.withPlan(other, now) : next;
    } else if (told instanceof OfShard some) {
      return next.with(some.shard(), shard(some.shard()).with(some, fresh, now));
    }
    Map<String, Member> there = new HashMap<>(members);
    Set<String> ended = new HashSet<>(gone);
    if (told instanceof Member member) {
      there.put(member.by(), member);
      ended.remove(member.by());
    } else {
      there.remove(told.by());
      ended.add(told.by());
    }
    return next.withMembers(there, ended);
  }

  /** What is known of a shard; nothing of one of which nothing was told. */
  KnownShard shard(int number) {
    return shards.getOrDefault(number, KnownShard.NOTHING);
  }

  private ControlView heard(String who, String me, long now) {
    boolean here = who.equals(me);
    Member member = members.get(who);
    boolean leads = member != null && !member.leaving() && member.slots().contains(0);
    return new ControlView(
        plan,
        planAt,
        shards,
        members,
        put(heardAt, who, now),
        gone,
        here && !contact(now) ? now : contactSince,
        here ? now : contactAt,
        leads ? now : ledAt);
  }

  /** Whether we hear what we tell. */
  boolean contact(long now) {
    return now - contactAt <= Timings.CONTACT_MILLIS;
  }

  /**
   * Whether this instance is there, as far as can be told: without contact all are. What one reads
   * may be heard before what one is.
   */
  boolean alive(String who, long now) {
    if (gone.contains(who) || !members.containsKey(who) && !heardAt.containsKey(who)) {
      return false;
    }
    return !contact(now) || silentMillis(who, now) <= Timings.DEAD_AFTER_MILLIS;
  }

  /**
   * What the others tell of OAuth clients that may be given something to read. Who has left the
   * group, or reaches nothing, is not asked.
   */
  List<Logins> logins(String me, long now) {
    return members.values().stream()
        .filter(member -> !member.by().equals(me) && !member.leaving())
        .filter(member -> !member.slots().isEmpty() && member.reach() != Reach.NO)
        .filter(member -> alive(member.by(), now))
        .map(Member::logins)
        .toList();
  }

  /**
   * Who could take over the shard, as far as it is there and has said so within the last seconds.
   */
  Optional<String> couldTakeOver(int shard, long now) {
    return shard(shard)
        .standby()
        .filter(beside -> beside.warm() && now - beside.at() <= Timings.DEAD_AFTER_MILLIS)
        .map(KnownShard.Beside::by)
        .filter(who -> alive(who, now));
  }

  /** For how long an instance was not heard while we heard ourselves. */
  long silentMillis(String who, long now) {
    return now - Math.max(heardAt.getOrDefault(who, NEVER), contactSince);
  }

  /** Whether an instance was heard since we have heard ourselves without a break. */
  boolean isHeardSinceContact(String who) {
    return heardAt.getOrDefault(who, NEVER) >= contactSince;
  }

  /** Whether an instance has ended, so that what it read may be read by others. */
  boolean hasEnded(String who, long now, long silentForMillis) {
    return contact(now) && silentMillis(who, now) >= silentForMillis;
  }

  /** Who reads the shard; empty if nobody ever did, or whoever did has left it. */
  Optional<Live> reader(int shard) {
    return shard(shard).reader();
  }

  /** Whether the shard is read, as far as those who do have told. */
  boolean isRead(int shard, long now) {
    return reader(shard).filter(live -> isRead(live, now)).isPresent();
  }

  private boolean isRead(Live live, long now) {
    Member member = members.get(live.by());
    return alive(live.by(), now)
        && (member == null || !member.logins().unread().contains(live.shard()));
  }

  /**
   * For how long nobody was heard who has slot 0, while we heard ourselves. Its owner by the group
   * may be unable to tell.
   */
  long unledMillis(long now) {
    return now - Math.max(ledAt, contactSince);
  }

  /** For how long a shard is read as it is, or was left; 0 if neither was told. */
  long millisSinceLive(int shard, long now) {
    KnownShard its = shard(shard);
    return its.live().isPresent() ? now - its.liveAt() : 0;
  }

  /**
   * The subscriptions of a shard of the plan. If those that it means are not there, the latest: who
   * wrote them may have ended before it could write the next plan.
   */
  Optional<Topics> planned(int shard) {
    return shard(shard).topics().filter(some -> plan.versions().containsKey(shard));
  }

  /** The epoch of the plan, if all that it names is there; 0 otherwise. */
  long known() {
    return plan.slots().keySet().stream().allMatch(shard -> shard(shard).topics().isPresent())
        ? plan.epoch()
        : 0;
  }

  /** Whether this is the record that counts, as it was heard. */
  boolean counts(Live told) {
    return shard(told.shard()).live().filter(live -> live == told).isPresent();
  }

  ControlView withOverwritten(int shard) {
    return with(shard, shard(shard).withOverwritten(true));
  }

  private ControlView with(int number, KnownShard shard) {
    return new ControlView(
        plan,
        planAt,
        put(shards, number, shard),
        members,
        heardAt,
        gone,
        contactSince,
        contactAt,
        ledAt);
  }

  private ControlView withPlan(Plan other, long now) {
    return new ControlView(
        other, now, shards, members, heardAt, gone, contactSince, contactAt, ledAt);
  }

  private ControlView withMembers(Map<String, Member> others, Set<String> ended) {
    return new ControlView(
        plan, planAt, shards, others, heardAt, ended, contactSince, contactAt, ledAt);
  }

  private static <K, V> Map<K, V> put(Map<K, V> map, K key, V value) {
    Map<K, V> more = new HashMap<>(map);
    more.put(key, value);
    return more;
  }
}
