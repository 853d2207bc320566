package dev.caravan.settings;

import dev.caravan.settings.Setting.HoldsUp;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

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

  /**
   * In the form of {@link #plain}: a name may have dots in it, where a variable has underscores.
   */
  private static final Pattern PLAIN = Pattern.compile("genesys\\.clients\\.(.+)\\.(id|secret)");

  private static final Pattern FILE =
      Pattern.compile("(genesys\\.clients\\..+\\.(?:id|secret))\\.file");

  private static final Pattern NAME = Pattern.compile("[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?");

  /** What is known of one of them. */
  private record Given(Optional<String> id, Optional<String> secret) {}

  private OauthClients() {}

  /** A name of a variable or property as one of its kind is compared. */
  static String plain(String name) {
    return name.toLowerCase(Locale.ROOT).replace('_', '.').replace('-', '.');
  }

  /** Whether a variable or property is about a client with a name. */
  public static boolean isOne(String name) {
    String plain = plain(name);
    return PLAIN.matcher(plain).matches() || FILE.matcher(plain).matches();
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
   * Which of them can be used.
   *
   * @param settings what is set, by plain name, without that of the default client
   * @param id of the default client
   * @param secret of the default client
   * @param derived gets the properties
   */
  static void read(
      Map<String, String> settings,
      Optional<String> id,
      Optional<String> secret,
      Map<String, String> derived,
      List<Mistake> mistakes) {
    Map<String, Given> named = new TreeMap<>();
    settings.forEach(
        (plain, value) -> {
          Matcher parts = PLAIN.matcher(plain);
          if (parts.matches()) {
            named.merge(
                parts.group(1).replace('.', '-'),
                parts.group(2).equals("id")
                    ? new Given(Optional.of(value), Optional.empty())
                    : new Given(Optional.empty(), Optional.of(value)),
                (one, other) -> new Given(one.id().or(other::id), one.secret().or(other::secret)));
          }
        });
    Map<String, Given> all = new LinkedHashMap<>();
    if (named.isEmpty() || id.isPresent() || secret.isPresent()) {
      all.put(DEFAULT, new Given(id, secret));
    }
    Optional.ofNullable(named.remove(DEFAULT))
        .ifPresent(
            taken ->
                tell(
                    mistakes,
                    "GENESYS_CLIENTS_DEFAULT_ID names a client as the one of GENESYS_CLIENT_ID is"
                        + " called. Give it another name and restart."));
    all.putAll(named);
    List<String> usable = new ArrayList<>();
    Map<String, String> byId = new HashMap<>();
    all.forEach(
        (name, client) -> {
          Optional<String> mistake =
              named.isEmpty() ? Optional.empty() : mistake(name, client, byId, usable.size());
          mistake.ifPresentOrElse(
              sentence -> tell(mistakes, sentence),
              () -> {
                usable.add(name);
                if (!name.equals(DEFAULT)) {
                  derived.put(property(name, "id"), client.id().orElseThrow());
                  derived.put(property(name, "secret"), client.secret().orElseThrow());
                }
              });
        });
    derived.put(NAMES, usable.isEmpty() ? DEFAULT : String.join(",", usable));
  }

  private static Optional<String> mistake(
      String name, Given client, Map<String, String> byId, int before) {
    String variables = variables(name);
    if (!NAME.matcher(name).matches()) {
      return Optional.of(
          "%s_ID has a name of a client that it may not have: at most 30 letters, digits and"
                  .formatted(variables.length() > 60 ? variables.substring(0, 60) + "…" : variables)
              + " underscores, none of them at an end. Correct it and restart.");
    }
    if (client.id().isEmpty() || client.secret().isEmpty()) {
      String lacks = variables + (client.id().isEmpty() ? "_ID" : "_SECRET");
      String has = variables + (client.id().isEmpty() ? "_SECRET" : "_ID");
      return Optional.of(
          "%s is set without %s. Set both and restart.%s".formatted(has, lacks, LEFT_OUT));
    }
    String same = byId.putIfAbsent(client.id().get(), name);
    if (same != null) {
      return Optional.of(
          "%s_ID is the id that %s_ID has, too. An OAuth client has 20 channels, however many names"
                  .formatted(variables, variables(same))
              + " it has: make another one and restart."
              + LEFT_OUT);
    }
    return before < MOST
        ? Optional.empty()
        : Optional.of(
            "%s_ID is beyond the %d OAuth clients that there may be.%s"
                .formatted(variables, MOST, LEFT_OUT));
  }

  private static void tell(List<Mistake> mistakes, String sentence) {
    mistakes.add(new Mistake(HoldsUp.NOTHING, sentence));
  }

  /** Those of a list of names that can be read from the files of a folder. */
  static List<String> among(Stream<String> files) {
    return files.filter(file -> PLAIN.matcher(plain(file)).matches()).sorted().toList();
  }
}
