package dev.caravan.settings;

import dev.caravan.settings.SettingsTable.Setting;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The OAuth clients that are set: the one without a name, called {@value #DEFAULT}, and those of
 * {@code GENESYS_CLIENTS_<NAME>_ID} and {@code _SECRET}. What is wrong with one of them keeps no
 * other from reading: it is told, and that one is left out.
 */
public final class OauthClients {

  /** The property that names those that can be used, separated by commas. */
  public static final String NAMES = "genesys.clients";

  /** The client that is set without a name. */
  static final String DEFAULT = "default";

  /** More than an organisation has; each is a label of metrics. */
  static final int MOST = 50;

  private static final String LEFT_OUT = " It is left out, and the other clients read.";

  /** In plain form: a name may have dots in it, where a variable has underscores. */
  private static final Pattern PLAIN =
      Pattern.compile("genesys\\.clients\\.(.+)\\.(id|secret)(\\.file)?");

  private static final Pattern NAME = Pattern.compile("[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?");

  private OauthClients() {}

  /** Whether a variable or property is about a client with a name. */
  public static boolean isOne(String name) {
    return PLAIN.matcher(Setting.plain(name)).matches();
  }

  /** What the variables of a client begin with, such as {@code GENESYS_CLIENTS_EMEA}. */
  public static String variables(String client) {
    return client.equals(DEFAULT)
        ? "GENESYS_CLIENT"
        : Setting.variable("genesys.clients." + client);
  }

  /** The property of a client. */
  public static String property(String client, String what) {
    return client.equals(DEFAULT)
        ? "genesys.client." + what
        : "genesys.clients." + client + "." + what;
  }

  /**
   * Properties of those that can be used.
   *
   * @param settings what is set of those with names, by plain name
   * @param id of the default client, as is the secret
   */
  static Map<String, String> usable(
      Map<String, String> settings,
      Optional<String> id,
      Optional<String> secret,
      Consumer<String> mistakes) {
    Map<String, Map<String, String>> named = new TreeMap<>();
    settings.forEach(
        (plain, value) -> {
          Matcher parts = PLAIN.matcher(plain);
          if (parts.matches()) {
            named
                .computeIfAbsent(parts.group(1).replace('.', '-'), name -> new HashMap<>())
                .put(parts.group(2), value);
          }
        });
    if (named.remove(DEFAULT) != null) {
      mistakes.accept(
          "GENESYS_CLIENTS_DEFAULT_ID names a client as the one of GENESYS_CLIENT_ID is called. Give"
              + " it another name and restart.");
    }
    Map<String, Map<String, String>> all = new LinkedHashMap<>();
    if (named.isEmpty() || id.isPresent() || secret.isPresent()) {
      all.put(DEFAULT, new HashMap<>());
      id.ifPresent(it -> all.get(DEFAULT).put("id", it));
      secret.ifPresent(it -> all.get(DEFAULT).put("secret", it));
    }
    all.putAll(named);
    Map<String, String> derived = new HashMap<>();
    List<String> usable = new ArrayList<>();
    Map<String, String> byId = new HashMap<>();
    all.forEach(
        (name, client) -> {
          Optional<String> mistake =
              named.isEmpty() ? Optional.empty() : mistake(name, client, byId, usable.size());
          mistake.ifPresent(mistakes);
          if (mistake.isEmpty()) {
            usable.add(name);
            if (!name.equals(DEFAULT)) {
              client.forEach((what, value) -> derived.put(property(name, what), value));
            }
          }
        });
    derived.put(NAMES, usable.isEmpty() ? DEFAULT : String.join(",", usable));
    return derived;
  }

  private static Optional<String> mistake(
      String name, Map<String, String> client, Map<String, String> byId, int before) {
    String variables = variables(name);
    if (!NAME.matcher(name).matches()) {
      return Optional.of(
          "%s_ID has a name of a client that it may not have: at most 30 letters, digits and underscores, none of them at an end. Correct it and restart."
              .formatted(variables.length() > 60 ? variables.substring(0, 60) + "…" : variables));
    }
    if (client.size() < 2) {
      boolean hasId = client.containsKey("id");
      return Optional.of(
          "%1$s_%2$s is set without %1$s_%3$s. Set both and restart.%4$s"
              .formatted(variables, hasId ? "ID" : "SECRET", hasId ? "SECRET" : "ID", LEFT_OUT));
    }
    String same = byId.putIfAbsent(client.get("id"), name);
    if (same != null) {
      return Optional.of(
          "%s_ID is the id that %s_ID has, too. An OAuth client has 20 channels, however many names it has: make another one and restart.%s"
              .formatted(variables, variables(same), LEFT_OUT));
    }
    return before < MOST
        ? Optional.empty()
        : Optional.of(
            "%s_ID is beyond the %d OAuth clients that there may be.%s"
                .formatted(variables, MOST, LEFT_OUT));
  }
}
