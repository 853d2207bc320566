package dev.caravan.settings;

import dev.caravan.network.Region;
import dev.caravan.settings.Setting.HoldsUp;
import io.smallrye.config.ConfigSourceContext;
import io.smallrye.config.ConfigSourceFactory;
import io.smallrye.config.ConfigValue;
import io.smallrye.config.PropertiesConfigSource;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.eclipse.microprofile.config.spi.ConfigSource;

/**
 * Settings that follow from other settings: the hosts from the region, secrets from files, and the
 * properties of Kafka's clients from {@code KAFKA_…}. It is also the one place where settings are
 * checked: a variable that is empty counts as not set, and a value that cannot be used becomes a
 * sentence: in {@link #MISTAKE}, with which nothing is read, or, if it is about what stands behind
 * the spool, in {@link #LATER_MISTAKE}, with which everything is read and spooled.
 *
 * <p>A secret {@code X} may come from the variable {@code X}, from the file that {@code X_FILE}
 * names, or from a file of that name in the folder {@code CARAVAN_SECRETS_DIR}.
 */
public final class SettingsSource implements ConfigSourceFactory {

  /** Property that holds the sentences about settings that reading needs; absent if all is well. */
  public static final String MISTAKE = "caravan.mistake";

  /** The same, of settings that reading can do without. */
  public static final String LATER_MISTAKE = "caravan.mistake.later";

  /** All of them, a property for each: its name starts like this. */
  public static final String EACH_MISTAKE = "caravan.mistakes.";

  /** Those with which nothing may be sent, since it could reach another cluster or topic. */
  public static final String KAFKA_MISTAKE = "caravan.mistake.kafka";

  /** Set by the build alone. What is derived there would become part of the jar. */
  private static final String BUILDING = "caravan.building";

  /** Not for people: the image and its start use it. */
  private static final Set<String> OF_THE_IMAGE = Set.of("CARAVAN_STAND_IN");

  private static final String SHIPPED = "shipped settings";
  private static final String DERIVED = "derived settings";
  private static final String CORRECTED = "corrected settings";
  private static final Set<String> OWN_SOURCES = Set.of(SHIPPED, DERIVED, CORRECTED);
  private static final int BELOW_EVERYTHING = 50;
  private static final int SHIPPED_WITH_THE_PROGRAM = 250;
  private static final int ABOVE_THE_ENVIRONMENT = 310;
  private static final int ABOVE_EVERYTHING = 1_000;
  private static final long LARGEST_SECRET_BYTES = 64 * 1024;

  /** The variables whose values are secrets, or next to secrets. */
  public static Set<String> secretVariables() {
    return SettingsTable.all().stream()
        .filter(Setting::secret)
        .map(Setting::variable)
        .collect(Collectors.toSet());
  }

  /** All variables that mean something, those of the files of secrets included. */
  public static Set<String> variables() {
    Set<String> names = new TreeSet<>(OF_THE_IMAGE);
    SettingsTable.all().forEach(setting -> names.add(setting.variable()));
    secrets().forEach(secret -> names.add(secret.variable() + "_FILE"));
    return names;
  }

  /** Whether a variable sets a property of Kafka's clients by its own name. */
  public static boolean isOfKafka(String variable) {
    return variable.startsWith(Setting.variable(KafkaProperties.ANY));
  }

  /** Whether a value is not to be shown. */
  public static boolean isSecret(String variable) {
    return secretVariables().contains(variable)
        || OauthClients.isOne(variable)
        || isOfKafka(variable)
            && KafkaProperties.isSecret(
                variable
                    .substring(KafkaProperties.ANY.length())
                    .toLowerCase(Locale.ROOT)
                    .replace('_', '.'));
  }

  /** Those that may come from files. */
  private static Stream<Setting> secrets() {
    return SettingsTable.all().stream()
        .filter(Setting::secret)
        .filter(setting -> setting.where() != Setting.Where.LAUNCHER)
        .filter(setting -> setting.where() != Setting.Where.UNDER_A_NAME);
  }

  /** Whether what a source says was not set by anybody, but comes with the program. */
  public static boolean isOwn(ConfigSource source) {
    return OWN_SOURCES.stream().anyMatch(source.getName()::contains)
        || source.getOrdinal() <= SHIPPED_WITH_THE_PROGRAM;
  }

  @Override
  public Iterable<ConfigSource> getConfigSources(ConfigSourceContext context) {
    ConfigSource shipped =
        new PropertiesConfigSource(SettingsTable.shipped(), SHIPPED, BELOW_EVERYTHING);
    if (value(context, BUILDING).isPresent()) {
      return List.of(shipped);
    }
    List<Mistake> mistakes = new ArrayList<>();
    value(context, EnvironmentFilter.UNREADABLE)
        .map("The file %s. Nothing of what it sets holds; correct it, or take it away."::formatted)
        .ifPresent(sentence -> mistakes.add(new Mistake(HoldsUp.SENDING, sentence)));
    Map<String, String> corrected = corrected(context, mistakes);
    Map<String, String> derived = new HashMap<>();
    Map<String, String> secrets = secrets(context, mistakes);
    derived.putAll(secrets);
    clients(context, secrets, derived, mistakes);
    standby(context, mistakes);
    corrected.putAll(hosts(context, corrected, mistakes));
    kafka(context, secrets, derived, mistakes);
    derived.put(
        "quarkus.log.console.json.enabled",
        String.valueOf("json".equals(corrected.get("caravan.log.format"))));
    for (int i = 0; i < mistakes.size(); i++) {
      derived.put(EACH_MISTAKE + i, mistakes.get(i).sentence());
    }
    tell(derived, MISTAKE, mistakes, Set.of(HoldsUp.READING));
    tell(derived, LATER_MISTAKE, mistakes, Set.of(HoldsUp.SENDING, HoldsUp.NOTHING));
    tell(derived, KAFKA_MISTAKE, mistakes, Set.of(HoldsUp.SENDING));
    return List.of(
        shipped,
        new PropertiesConfigSource(literal(derived), DERIVED, ABOVE_THE_ENVIRONMENT),
        new PropertiesConfigSource(literal(corrected), CORRECTED, ABOVE_EVERYTHING));
  }

  /** So that a dollar in a value, as in a password, stands for itself. */
  private static Map<String, String> literal(Map<String, String> values) {
    Map<String, String> literal = new HashMap<>();
    values.forEach((name, value) -> literal.put(name, EnvironmentFilter.literal(value)));
    return literal;
  }

  private static void tell(
      Map<String, String> derived, String name, List<Mistake> mistakes, Set<HoldsUp> which) {
    String sentences =
        mistakes.stream()
            .filter(mistake -> which.contains(mistake.holdsUp()))
            .map(Mistake::sentence)
            .collect(Collectors.joining(" "));
    if (!sentences.isEmpty()) {
      derived.put(name, sentences);
    }
  }

  /** The default for every setting that is empty, and for those whose value cannot be used. */
  private static Map<String, String> corrected(
      ConfigSourceContext context, List<Mistake> mistakes) {
    Map<String, String> corrected = new HashMap<>();
    for (Setting setting : SettingsTable.all()) {
      Optional<String> given = value(context, setting.name());
      Optional<Mistake> mistake = given.flatMap(setting::mistake);
      mistake.ifPresent(mistakes::add);
      if (mistake.isPresent() && setting.isHarmless()
          || isEmpty(context, setting.name()) && !setting.shipped().isEmpty()) {
        corrected.put(setting.name(), setting.shipped());
      } else {
        // Without the white space around it
        given.ifPresent(value -> corrected.put(setting.name(), value));
      }
    }
    return corrected;
  }

  /** The OAuth clients; what is set of those with names may come from files, too. */
  private static void clients(
      ConfigSourceContext context,
      Map<String, String> secrets,
      Map<String, String> derived,
      List<Mistake> mistakes) {
    Map<String, String> named = new TreeMap<>();
    Map<String, Path> files = new TreeMap<>();
    value(context, "caravan.secrets.dir")
        .map(Path::of)
        .ifPresent(folder -> clientsIn(folder).forEach(files::put));
    context
        .iterateNames()
        .forEachRemaining(
            name -> {
              if (OauthClients.isOne(name)) {
                String plain = OauthClients.plain(name);
                Optional<String> value = value(context, plain).or(() -> value(context, name));
                if (plain.endsWith(".file")) {
                  value.ifPresent(
                      file -> files.put(plain.replaceFirst("\\.file$", ""), Path.of(file)));
                } else {
                  value.ifPresent(it -> named.put(plain, it));
                }
              }
            });
    files.forEach(
        (plain, file) -> {
          if (!named.containsKey(plain)) {
            readInto(named, plain, plain, file, HoldsUp.NOTHING, mistakes);
          }
        });
    OauthClients.read(
        named,
        value(context, "genesys.client.id")
            .or(() -> Optional.ofNullable(secrets.get("genesys.client.id"))),
        value(context, "genesys.client.secret")
            .or(() -> Optional.ofNullable(secrets.get("genesys.client.secret"))),
        derived,
        mistakes);
  }

  /** Who stands by is another instance. */
  private static void standby(ConfigSourceContext context, List<Mistake> mistakes) {
    boolean on = value(context, "caravan.standby").filter("1"::equals).isPresent();
    if (on && value(context, "caravan.cluster").isEmpty()) {
      mistakes.add(
          new Mistake(
              HoldsUp.READING,
              "CARAVAN_STANDBY is 1, and CARAVAN_CLUSTER is not set: it is another instance that"
                  + " stands by. Set both, or neither, and restart."));
    }
  }

  /** What the names of the files in a folder of secrets say. */
  private static Map<String, Path> clientsIn(Path folder) {
    Map<String, Path> found = new TreeMap<>();
    try (Stream<Path> files = Files.list(folder)) {
      OauthClients.among(files.filter(Files::isRegularFile).map(it -> it.getFileName().toString()))
          .forEach(name -> found.put(OauthClients.plain(name), folder.resolve(name)));
    } catch (IOException | java.io.UncheckedIOException e) {
      // There need not be one; a secret that is lacking is told as such
      return Map.of();
    }
    return found;
  }

  private static boolean isEmpty(ConfigSourceContext context, String name) {
    ConfigValue value = context.getValue(name);
    return value != null && value.getValue() != null && value.getValue().isBlank();
  }

  private static Map<String, String> secrets(ConfigSourceContext context, List<Mistake> mistakes) {
    Map<String, String> secrets = new LinkedHashMap<>();
    Optional<Path> folder = value(context, "caravan.secrets.dir").map(Path::of);
    for (Setting secret : secrets().toList()) {
      String variable = secret.variable();
      Optional<Path> file =
          value(context, secret.name() + ".file")
              .map(Path::of)
              .or(() -> folder.map(f -> f.resolve(variable)).filter(Files::isRegularFile));
      if (value(context, secret.name()).isEmpty() && file.isPresent()) {
        readInto(secrets, secret.name(), secret.name(), file.get(), secret.holdsUp(), mistakes);
      }
    }
    return secrets;
  }

  private static void readInto(
      Map<String, String> values,
      String name,
      String setting,
      Path file,
      HoldsUp holdsUp,
      List<Mistake> mistakes) {
    try {
      values.put(name, read(file));
    } catch (IOException e) {
      mistakes.add(
          new Mistake(
              holdsUp,
              "%1$s cannot be read from the file %2$s: %3$s. Correct the file, or set %1$s itself."
                  .formatted(Setting.variable(setting), file, why(e))));
    }
  }

  private static String read(Path file) throws IOException {
    if (Files.size(file) > LARGEST_SECRET_BYTES) {
      throw new IOException("it is too large for a secret");
    }
    String secret = DotEnv.withoutMark(Files.readString(file)).strip();
    if (secret.isEmpty()) {
      throw new IOException("it is empty");
    }
    return secret;
  }

  static String why(IOException failure) {
    if (failure instanceof NoSuchFileException) {
      return "there is no such file";
    }
    if (failure instanceof AccessDeniedException) {
      return "this process may not read it";
    }
    return failure instanceof CharacterCodingException ? "it is no text" : failure.getMessage();
  }

  private static Map<String, String> hosts(
      ConfigSourceContext context, Map<String, String> corrected, List<Mistake> mistakes) {
    Optional<String> login = host(context, corrected, "genesys.login.url");
    Optional<String> api = host(context, corrected, "genesys.api.url");
    Region region;
    try {
      region = Region.of(value(context, "genesys.region").orElse("mypurecloud.com"));
    } catch (IllegalArgumentException e) {
      if (login.isEmpty() || api.isEmpty()) {
        mistakes.add(new Mistake(HoldsUp.READING, e.getMessage()));
      }
      region = new Region("invalid");
    }
    return Map.of(
        "genesys.login.url", login.orElse(region.loginUrl()).replaceAll("/+$", ""),
        "genesys.api.url", api.orElse(region.apiUrl()).replaceAll("/+$", ""));
  }

  private static Optional<String> host(
      ConfigSourceContext context, Map<String, String> corrected, String name) {
    return value(context, name)
        .map(given -> corrected.getOrDefault(name, given))
        .filter(it -> !it.isEmpty());
  }

  private static void kafka(
      ConfigSourceContext context,
      Map<String, String> secrets,
      Map<String, String> derived,
      List<Mistake> mistakes) {
    KafkaProperties properties =
        KafkaProperties.of(
            name -> value(context, name).or(() -> Optional.ofNullable(secrets.get(name))),
            any(context, mistakes),
            Path.of("").toAbsolutePath());
    properties.made().forEach((name, value) -> derived.put(KafkaProperties.PREFIX + name, value));
    mistakes.addAll(properties.mistakes());
  }

  /** What is set of Kafka's properties by their own names; secrets from files, too. */
  private static Map<String, String> any(ConfigSourceContext context, List<Mistake> mistakes) {
    Map<String, String> any = new TreeMap<>();
    context
        .iterateNames()
        .forEachRemaining(
            name -> {
              String property = name.toLowerCase(Locale.ROOT).replace('_', '.').replace('-', '.');
              if (property.startsWith(KafkaProperties.ANY)) {
                value(context, property)
                    .or(() -> value(context, name))
                    .ifPresent(
                        value -> any.put(property.substring(KafkaProperties.ANY.length()), value));
              }
            });
    for (String name : List.copyOf(any.keySet())) {
      String secret = name.replaceFirst("\\.file$", "");
      if (!secret.equals(name) && KafkaProperties.isSecret(secret)) {
        String file = any.remove(name);
        readInto(
            any, secret, KafkaProperties.ANY + secret, Path.of(file), HoldsUp.SENDING, mistakes);
      }
    }
    return any;
  }

  private static Optional<String> value(ConfigSourceContext context, String name) {
    ConfigValue value = context.getValue(name);
    return Optional.ofNullable(value)
        .map(ConfigValue::getValue)
        .map(String::strip)
        .filter(text -> !text.isEmpty());
  }
}
