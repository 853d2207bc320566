package dev.caravan.cluster;

import dev.caravan.cluster.ControlRecord.Acknowledged;
import dev.caravan.cluster.ControlRecord.Answered;
import dev.caravan.cluster.ControlRecord.Gone;
import dev.caravan.cluster.ControlRecord.Handed;
import dev.caravan.cluster.ControlRecord.Left;
import dev.caravan.cluster.ControlRecord.Live;
import dev.caravan.cluster.ControlRecord.Member;
import dev.caravan.cluster.ControlRecord.Offer;
import dev.caravan.cluster.ControlRecord.Plan;
import dev.caravan.cluster.ControlRecord.Probe;
import dev.caravan.cluster.ControlRecord.Standby;
import dev.caravan.cluster.ControlRecord.Topics;
import dev.caravan.cluster.ControlRecord.Until;
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
 * @param topics the latest subscriptions of each shard
 * @param live who reads each shard, or under which epoch it was left
 * @param liveAt when that was heard
 * @param overwritten shards of which another record than the one that counts was heard last: who
 *     starts later may know only that one
 * @param until until when each shard was read, by whomever
 * @param members who is there
 * @param heardAt when each of them was heard last, in milliseconds of the steady clock; absent if
 *     it was not since we listen
 * @param gone who has said that it ends; whoever is not among the members may only not have been
 *     heard yet
 * @param offers which shards may be taken over
 * @param handed the epoch of the last take-over of each shard that the one before has answered
 * @param standby who stands by for the reader of each shard
 * @param contactSince since when we have heard ourselves without a break
 * @param contactAt when we heard ourselves last
 * @param ledAt when whoever has slot 0 was heard last
 */
record ControlView(
    Plan plan,
    long planAt,
    Map<Integer, Topics> topics,
    Map<Integer, Live> live,
    Map<Integer, Long> liveAt,
    Set<Integer> overwritten,
    Map<Integer, Until> until,
    Map<String, Member> members,
    Map<String, Long> heardAt,
    Set<String> gone,
    Map<Integer, Offer> offers,
    Map<Integer, Long> handed,
    Map<Integer, Beside> standby,
    long contactSince,
    long contactAt,
    long ledAt) {

  /**
   * Who stands by for the reader of a shard.
   *
   * @param warm whether it could take over
   * @param at when that was heard last
   * @param warmAt when it could last, or when it was heard first if it never could
   */
  record Beside(String by, boolean warm, long at, long warmAt) {}

  /** Who has not been heard for so long, while we heard ourselves, has ended. */
  static final long DEAD_AFTER_MILLIS = 5_000;

  /** We have no contact with the control topic if we have not heard ourselves for so long. */
  static final long CONTACT_MILLIS = 3_500;

  static final long NEVER = Long.MIN_VALUE / 2;

  private static final String NOBODY = "";

  static final ControlView EMPTY =
      new ControlView(
          Plan.NONE, NEVER, Map.of(), Map.of(), Map.of(), Set.of(), Map.of(), Map.of(), Map.of(),
          Set.of(), Map.of(), Map.of(), Map.of(), NEVER, NEVER, NEVER);

  /**
   * With one record more.
   *
   * @param fresh whether it was written since we listen, and not read from the past
   */
  ControlView with(ControlRecord told, String me, boolean fresh, long now) {
    ControlView next = fresh && !(told instanceof Gone) ? heard(told.by(), me, now) : this;
    if (told instanceof Plan other) {
      return other.epoch() >= plan.epoch() ? next.withPlan(other, now) : next;
    } else if (told instanceof Topics some) {
      return next.copy(
          plan, planAt, put(topics, some.shard(), some), live, liveAt, until, offers, handed);
    } else if (told instanceof Live other) {
      return next.withLive(other, now);
    } else if (told instanceof Left left) {
      return next.withLive(new Live(NOBODY, left.shard(), left.epoch(), false, 0), now);
    } else if (told instanceof Until some) {
      Until before = until.get(some.shard());
      boolean left = reader(some.shard()).isEmpty() && epoch(some.shard()) > some.epoch();
      return !left && (before == null || before.epoch() <= some.epoch())
          ? next.copy(
              plan, planAt, topics, live, liveAt, put(until, some.shard(), some), offers, handed)
          : next;
    } else if (told instanceof Offer offer) {
      return next.copy(
          plan, planAt, topics, live, liveAt, until, put(offers, offer.shard(), offer), handed);
    } else if (told instanceof Handed some) {
      return some.last()
          ? next.copy(
              plan,
              planAt,
              topics,
              live,
              liveAt,
              until,
              offers,
              put(handed, some.shard(), some.epoch()))
          : next;
    } else if (told instanceof Member member) {
      Set<String> others = new HashSet<>(gone);
      others.remove(member.by());
      return next.withMembers(put(members, member.by(), member), others);
    } else if (told instanceof Standby some) {
      return next.withStandby(some, fresh, now);
    } else if (told instanceof Probe || told instanceof Acknowledged || told instanceof Answered) {
      return next;
    }
    Map<String, Member> others = new HashMap<>(members);
    others.remove(told.by());
    Set<String> ended = new HashSet<>(gone);
    ended.add(told.by());
    return next.withMembers(others, ended);
  }

  /** What was read before a shard was left is nobody's gap: its number may be used again. */
  private ControlView withLive(Live other, long now) {
    int shard = other.shard();
    if (epoch(shard) >= other.epoch()) {
      return other.equals(live.get(shard)) ? this : withOverwritten(shard, true);
    }
    Map<Integer, Until> known = new HashMap<>(until);
    if (other.by().equals(NOBODY)) {
      known.remove(shard);
    }
    return withOverwritten(shard, false)
        .copy(
            plan,
            planAt,
            topics,
            put(live, shard, other),
            put(liveAt, shard, now),
            known,
            offers,
            handed);
  }

  private ControlView heard(String who, String me, long now) {
    boolean here = who.equals(me);
    Member member = members.get(who);
    boolean leads = member != null && !member.leaving() && member.slots().contains(0);
    return among(
        members,
        put(heardAt, who, now),
        gone,
        standby,
        here && !contact(now) ? now : contactSince,
        here ? now : contactAt,
        leads ? now : ledAt);
  }

  /** Whether we hear what we tell. */
  boolean contact(long now) {
    return now - contactAt <= CONTACT_MILLIS;
  }

  /**
   * Whether this instance is there, as far as can be told: without contact all are. What one reads
   * may be heard before what one is.
   */
  boolean alive(String who, long now) {
    if (gone.contains(who) || !members.containsKey(who) && !heardAt.containsKey(who)) {
      return false;
    }
    return !contact(now) || silentMillis(who, now) <= DEAD_AFTER_MILLIS;
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
    return Optional.ofNullable(standby.get(shard))
        .filter(beside -> beside.warm() && now - beside.at() <= DEAD_AFTER_MILLIS)
        .map(Beside::by)
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
    return Optional.ofNullable(live.get(shard)).filter(some -> !some.by().equals(NOBODY));
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

  /** Under which epoch whoever takes the shard reads it, as far as we have heard. */
  long nextEpoch(int shard) {
    long told = Optional.ofNullable(until.get(shard)).map(Until::epoch).orElse(0L);
    return Math.max(told, Math.max(0, epoch(shard))) + 1;
  }

  /** The latest epoch of the shard; -1 if nobody ever read it. */
  long epoch(int shard) {
    return Optional.ofNullable(live.get(shard)).map(Live::epoch).orElse(-1L);
  }

  /** Until when the shard was read, if whoever read it has not left it on purpose; 0 otherwise. */
  long lastRead(int shard) {
    boolean left = live.containsKey(shard) && reader(shard).isEmpty();
    Until last = until.get(shard);
    return left || last == null ? 0 : last.millis();
  }

  /**
   * The subscriptions of a shard of the plan. If those that it means are not there, the latest: who
   * wrote them may have ended before it could write the next plan.
   */
  Optional<Topics> planned(int shard) {
    return Optional.ofNullable(topics.get(shard))
        .filter(some -> plan.versions().containsKey(shard));
  }

  /** The epoch of the plan, if all that it names is there; 0 otherwise. */
  long known() {
    return topics.keySet().containsAll(plan.slots().keySet()) ? plan.epoch() : 0;
  }

  private ControlView withPlan(Plan other, long now) {
    return copy(other, now, topics, live, liveAt, until, offers, handed);
  }

  /**
   * Of two the first one counts, as long as it is heard; but one that could take over counts before
   * one that could not.
   */
  private ControlView withStandby(Standby told, boolean fresh, long now) {
    Beside before = standby.get(told.shard());
    boolean same = before != null && before.by().equals(told.by());
    boolean held = before != null && fresh && now - before.at() <= DEAD_AFTER_MILLIS;
    if (!same && held && (before.warm() || !told.warm())) {
      return this;
    }
    long warmAt = same && !told.warm() ? before.warmAt() : now;
    Beside beside = new Beside(told.by(), told.warm(), now, warmAt);
    return among(
        members, heardAt, gone, put(standby, told.shard(), beside), contactSince, contactAt, ledAt);
  }

  private ControlView withMembers(Map<String, Member> others, Set<String> ended) {
    return among(others, heardAt, ended, standby, contactSince, contactAt, ledAt);
  }

  /** The same of the shards; of the instances, this. */
  private ControlView among(
      Map<String, Member> members,
      Map<String, Long> heardAt,
      Set<String> gone,
      Map<Integer, Beside> standby,
      long contactSince,
      long contactAt,
      long ledAt) {
    return new ControlView(
        plan,
        planAt,
        topics,
        live,
        liveAt,
        overwritten,
        until,
        members,
        heardAt,
        gone,
        offers,
        handed,
        standby,
        contactSince,
        contactAt,
        ledAt);
  }

  /** The same of the instances; of the shards, this. */
  private ControlView copy(
      Plan plan,
      long planAt,
      Map<Integer, Topics> topics,
      Map<Integer, Live> live,
      Map<Integer, Long> liveAt,
      Map<Integer, Until> until,
      Map<Integer, Offer> offers,
      Map<Integer, Long> handed) {
    return copy(plan, planAt, topics, live, liveAt, overwritten, until, offers, handed);
  }

  ControlView withOverwritten(int shard, boolean is) {
    if (overwritten.contains(shard) == is) {
      return this;
    }
    Set<Integer> others = new HashSet<>(overwritten);
    others.remove(shard);
    if (is) {
      others.add(shard);
    }
    return copy(plan, planAt, topics, live, liveAt, others, until, offers, handed);
  }

  private ControlView copy(
      Plan plan,
      long planAt,
      Map<Integer, Topics> topics,
      Map<Integer, Live> live,
      Map<Integer, Long> liveAt,
      Set<Integer> overwritten,
      Map<Integer, Until> until,
      Map<Integer, Offer> offers,
      Map<Integer, Long> handed) {
    return new ControlView(
        plan,
        planAt,
        topics,
        live,
        liveAt,
        overwritten,
        until,
        members,
        heardAt,
        gone,
        offers,
        handed,
        standby,
        contactSince,
        contactAt,
        ledAt);
  }

  private static <K, V> Map<K, V> put(Map<K, V> map, K key, V value) {
    Map<K, V> more = new HashMap<>(map);
    more.put(key, value);
    return more;
  }
}
