package dev.caravan.genesys;

import dev.caravan.channel.ShardStatus;
import dev.caravan.cluster.Logins;
import dev.caravan.cluster.Reach;
import dev.caravan.topic.TopicSharder;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * What of Genesys Cloud this one of several instances can reach, and with which OAuth clients: the
 * others deal by that. To be asked on one thread.
 */
final class Access {

  /** Who is to read and has read nothing for so long does not reach Genesys Cloud. */
  static final long UNREACHED_MILLIS = 20_000;

  interface Readers {

    List<ClientStatus> statuses();

    /** Which clients can log in here, as far as was tried; the map is the caller's. */
    Map<String, Boolean> canLogIn();

    boolean knows(String client);

    boolean isRead(int shard);
  }

  private final Readers readers;
  private final Predicate<String> elsewhere;
  private final BooleanSupplier listingFails;

  private final Set<String> strangers = new HashSet<>();

  /** Since when each OAuth client has had no token here while it was to read something. */
  private final Map<String, Long> blindSince = new HashMap<>();

  /** Since when nothing is read that is to be read; 0 if that is not so. */
  private long unreachedSince;

  /**
   * @param listingFails whether this instance is to find out what is to be read, and cannot
   */
  Access(Readers readers, Predicate<String> elsewhere, BooleanSupplier listingFails) {
    this.readers = readers;
    this.elsewhere = elsewhere;
    this.listingFails = listingFails;
  }

  /**
   * What is to be read with a client that cannot log in does not count. If none can here and one
   * can elsewhere, this instance is of no use.
   */
  Reach reach(long now) {
    List<ClientStatus> clients = readers.statuses();
    List<ShardStatus> all =
        clients.stream()
            .filter(client -> client.trouble().isEmpty())
            .flatMap(client -> client.shards().stream())
            .toList();
    boolean reads = all.stream().anyMatch(ShardStatus::isRead);
    boolean useless =
        clients.stream().allMatch(client -> client.trouble().isPresent())
            && clients.stream()
                .flatMap(client -> client.shards().stream())
                .noneMatch(ShardStatus::isRead)
            && readers.canLogIn().keySet().stream().anyMatch(elsewhere);
    if (reads || all.isEmpty() && !useless && !listingFails.getAsBoolean()) {
      unreachedSince = 0;
      return reads ? Reach.YES : Reach.UNKNOWN;
    }
    unreachedSince = unreachedSince == 0 ? now : unreachedSince;
    return now - unreachedSince < UNREACHED_MILLIS ? Reach.UNKNOWN : Reach.NO;
  }

  Logins logins(Collection<TopicSharder.Shard> ours, long now) {
    Map<String, Boolean> can = readers.canLogIn();
    ours.stream()
        .map(TopicSharder.Shard::client)
        .filter(client -> !readers.knows(client))
        .forEach(strangers::add);
    strangers.forEach(client -> can.put(client, false));
    cutOff(ours, can.keySet(), now).forEach(client -> can.put(client, false));
    return new Logins(
        can,
        ours.stream()
            .filter(shard -> !can.getOrDefault(shard.client(), true))
            .map(TopicSharder.Shard::number)
            .filter(shard -> !readers.isRead(shard))
            .collect(Collectors.toSet()));
  }

  /**
   * Those that have had no token here for long while they were to read, though nobody refuses them.
   * Whoever has a token is to read that.
   */
  private Set<String> cutOff(Collection<TopicSharder.Shard> ours, Set<String> known, long now) {
    // One that has no token yet stays, although none of its shards is here any more
    blindSince.keySet().removeAll(known);
    ours.stream()
        .filter(shard -> !known.contains(shard.client()))
        .filter(shard -> !readers.isRead(shard.number()))
        .forEach(shard -> blindSince.putIfAbsent(shard.client(), now));
    return blindSince.keySet().stream()
        .filter(client -> now - blindSince.get(client) >= UNREACHED_MILLIS)
        .filter(elsewhere)
        .collect(Collectors.toSet());
  }
}
