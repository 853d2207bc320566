package dev.caravan.genesys;

import dev.caravan.channel.Phase;
import dev.caravan.channel.ShardStatus;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;

/**
 * How an OAuth client is.
 *
 * @param name of the client in the settings
 * @param shards what is read with it
 * @param trouble why it cannot log in, as a sentence
 */
public record ClientStatus(String name, List<ShardStatus> shards, Optional<String> trouble) {

  public int channels() {
    return (int)
        shards.stream()
            .flatMap(shard -> shard.phases().stream())
            .filter(phase -> phase != Phase.NEW)
            .count();
  }

  public boolean reads(int shard) {
    return shards.stream().anyMatch(its -> its.number() == shard);
  }

  ClientStatus without(IntPredicate which) {
    return new ClientStatus(
        name, shards.stream().filter(shard -> !which.test(shard.number())).toList(), trouble);
  }

  /** The worst of its shards, as a word; broken if it cannot log in, idle if it reads nothing. */
  String state() {
    ShardStatus.Health worst =
        shards.stream()
            .map(ShardStatus::health)
            .reduce(ShardStatus.Health::worse)
            .orElse(ShardStatus.Health.IDLE);
    return (trouble.isPresent() ? ShardStatus.Health.BROKEN : worst).label();
  }

  /** What several readers tell of one client. */
  static ClientStatus of(String name, List<ClientStatus> all) {
    List<ClientStatus> its = all.stream().filter(one -> one.name().equals(name)).toList();
    return new ClientStatus(
        name,
        its.stream().flatMap(one -> one.shards().stream()).toList(),
        its.stream().flatMap(one -> one.trouble().stream()).findFirst());
  }
}
