package dev.caravan.genesys;

import dev.caravan.genesys.connect.CallException;
import dev.caravan.genesys.connect.Clients;
import dev.caravan.genesys.connect.SessionBean;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.camel.CamelContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Knows which OAuth clients can log in. One whose login is refused (a wrong secret, a client that
 * was disabled) gets nothing to read as long as another can; it is tried again by and by, as its
 * session allows. What may pass by itself, such as a login that cannot be reached, is no reason.
 */
final class ClientLogins {

  private static final Logger LOG = LoggerFactory.getLogger(ClientLogins.class);

  private final CamelContext context;
  private final Clients clients;
  private List<String> before;

  ClientLogins(CamelContext context, Clients clients) {
    this.context = context;
    this.clients = clients;
    this.before = clients.all();
  }

  /** Has each log in that has no token, and waits for it; nothing if there is only one. */
  void tryAll() {
    if (clients.areSeveral()) {
      // If the login is away, it is so for all of them
      for (String client : clients.all()) {
        if (!logIn(client)) {
          return;
        }
      }
    }
  }

  /** Whether there was an answer. */
  private boolean logIn(String client) {
    try {
      session(client).token();
      return true;
    } catch (CallException e) {
      // Told when it is looked at, if it is a refusal
      LOG.debug("The OAuth client {} has no token", client, e);
      return e.kind() == CallException.Kind.REFUSED;
    }
  }

  /** Those that can log in, as far as is known; all if none can. */
  List<String> present() {
    return clients.present(context);
  }

  /** Why a client cannot log in, as a sentence; empty if it can, or if there is only one. */
  Optional<String> trouble(String client) {
    return clients.areSeveral() ? session(client).refusal() : Optional.empty();
  }

  /** What an operator should know about a client that can log in, as a sentence. */
  Optional<String> warning(String client, int channels) {
    return session(client)
        .warning(channels)
        .map(it -> clients.areSeveral() ? "OAuth client " + client + ": " + it : it);
  }

  /** Which can log in, as far as was tried; nothing if there is only one. */
  Map<String, Boolean> known() {
    Map<String, Boolean> known = new HashMap<>();
    if (clients.areSeveral()) {
      clients
          .all()
          .forEach(client -> session(client).canLogIn().ifPresent(it -> known.put(client, it)));
    }
    return known;
  }

  /**
   * Looks again, which may take as long as a login.
   *
   * @param shared whether other instances read, too
   * @return whether others can log in than at the last look
   */
  synchronized boolean look(boolean shared) {
    clients.all().stream().filter(client -> trouble(client).isPresent()).forEach(this::logIn);
    List<String> present =
        clients.all().stream().filter(client -> trouble(client).isEmpty()).toList();
    for (String client : clients.all()) {
      boolean was = before.contains(client);
      if (was && !present.contains(client)) {
        LOG.error("{} {}", cannot(client, shared), trouble(client).orElse(""));
      } else if (!was && present.contains(client)) {
        LOG.info("The OAuth client {} can log in again.", client);
      }
    }
    boolean changed = !present.equals(before);
    before = present;
    return changed;
  }

  /** That a client cannot log in, and who reads its topics. */
  static String cannot(String client, boolean shared) {
    return shared
        ? "The OAuth client %s cannot log in here; its topics are read by an instance at which it can, or with the other clients as far as they have room."
            .formatted(client)
        : "The OAuth client %s cannot log in; the others read its topics as far as they have room."
            .formatted(client);
  }

  private SessionBean session(String client) {
    return SessionBean.of(context, clients, client);
  }
}
