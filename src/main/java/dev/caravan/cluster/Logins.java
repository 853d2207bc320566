package dev.caravan.cluster;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which OAuth clients can log in at an instance; empty if there is only one.
 *
 * @param can by the client's name, as far as it was tried or the instance has no such client
 * @param unread shards that the instance is to read with a client that cannot, and does not
 */
public record Logins(Map<String, Boolean> can, Set<Integer> unread) {

  /** There is only one client. */
  public static final Logins NONE = new Logins(Map.of(), Set.of());

  public Logins {
    can = Map.copyOf(can);
    unread = Set.copyOf(unread);
  }

  /** Whether a client cannot log in here. */
  boolean refuses(String client) {
    return !can.getOrDefault(client, true);
  }

  /**
   * Those of some clients that can be given something to read: each that can log in at any
   * instance, or of which none says that it cannot. All of them if that leaves nobody.
   *
   * @param told by each instance that may read
   */
  static List<String> present(List<String> clients, Collection<Logins> told) {
    List<String> present =
        clients.stream()
            .filter(
                client ->
                    told.stream().anyMatch(its -> its.can().getOrDefault(client, false))
                        || told.stream().noneMatch(its -> its.refuses(client)))
            .toList();
    return present.isEmpty() ? clients : present;
  }
}
