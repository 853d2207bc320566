package dev.caravan.settings;

import dev.caravan.network.Region;
import dev.caravan.settings.SettingsTable.Setting;
import dev.caravan.settings.SettingsTable.Setting.HoldsUp;
import io.smallrye.config.ConfigSourceContext;
import io.smallrye.config.ConfigSourceFactory;
import io.smallrye.config.ConfigValue;
import io.smallrye.config.PropertiesConfigSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
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
    return SettingsTable.all().stream()
            .anyMatch(it -> it.secret() && it.variable().equals(variable))
        || OauthClients.isOne(variable)
        || isOfKafka(variable)
            && KafkaProperties.isSecret(
                Setting.plain(variable).substring(KafkaProperties.ANY.length()));
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
    Reading reading = new Reading(context);
    if (reading.value(BUILDING).isPresent()) {
      return List.of(shipped);
    }
    reading.all();
    return List.of(
        shipped,
        new PropertiesConfigSource(
            EnvironmentFilter.literal(reading.derived), DERIVED, ABOVE_THE_ENVIRONMENT),
        new PropertiesConfigSource(
            EnvironmentFilter.literal(reading.corrected), CORRECTED, ABOVE_EVERYTHING));
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

  /** The settings while they are read, and what is wrong with them. */
  private static final class Reading {

    private final ConfigSourceContext context;
    private final Map<String, String> derived = new HashMap<>();
    private final Map<String, String> corrected = new HashMap<>();
    private final List<Mistake> mistakes = new ArrayList<>();

    private record Mistake(HoldsUp holdsUp, String sentence) {}

    private Reading(ConfigSourceContext context) {
      this.context = context;
    }

    private void all() {
      value(EnvironmentFilter.UNREADABLE)
          .map(
              "The file %s. Nothing of what it sets holds; correct it, or take it away."::formatted)
          .ifPresent(sentence -> mistake(HoldsUp.SENDING, sentence));
      SettingsTable.all().forEach(this::correct);
      secrets().forEach(this::fromFile);
      clients();
      standby();
      hosts();
      kafka();
      derived.put(
          "quarkus.log.console.json.enabled",
          String.valueOf("json".equals(corrected.get("caravan.log.format"))));
      for (int i = 0; i < mistakes.size(); i++) {
        derived.put(EACH_MISTAKE + i, mistakes.get(i).sentence());
      }
      tell(MISTAKE, Set.of(HoldsUp.READING));
      tell(LATER_MISTAKE, Set.of(HoldsUp.SENDING, HoldsUp.NOTHING));
      tell(KAFKA_MISTAKE, Set.of(HoldsUp.SENDING));
    }

    private void mistake(HoldsUp holdsUp, String sentence) {
      mistakes.add(new Mistake(holdsUp, sentence));
    }

    private void tell(String property, Set<HoldsUp> which) {
      String sentences =
          mistakes.stream()
              .filter(mistake -> which.contains(mistake.holdsUp()))
              .map(Mistake::sentence)
              .collect(Collectors.joining(" "));
      if (!sentences.isEmpty()) {
        derived.put(property, sentences);
      }
    }

    /** The default for a setting that is empty or cannot be used, as far as it is harmless. */
    private void correct(Setting setting) {
      Optional<String> given = value(setting.name());
      Optional<String> mistake = given.flatMap(setting::mistake);
      mistake.ifPresent(sentence -> mistake(setting.holdsUp(), sentence));
      boolean isEmpty = stripped(setting.name()).filter(String::isEmpty).isPresent();
      if (mistake.isPresent() && setting.holdsUp() != HoldsUp.SENDING
          || isEmpty && !setting.shipped().isEmpty()) {
        corrected.put(setting.name(), setting.shipped());
      } else {
        // Without the white space around it
        given.ifPresent(value -> corrected.put(setting.name(), value));
      }
    }

    private void fromFile(Setting secret) {
      Optional<Path> file =
          value(secret.name() + ".file")
              .map(Path::of)
              .or(
                  () ->
                      value("caravan.secrets.dir")
                          .map(folder -> Path.of(folder, secret.variable()))
                          .filter(Files::isRegularFile));
      if (value(secret.name()).isEmpty() && file.isPresent()) {
        readInto(derived, secret.name(), file.get(), secret.holdsUp());
      }
    }

    /** The OAuth clients; what is set of those with names may come from files, too. */
    private void clients() {
      Map<String, String> named = set(OauthClients::isOne);
      value("caravan.secrets.dir").ifPresent(folder -> clientsIn(Path.of(folder), named));
      fromFiles(named, HoldsUp.NOTHING);
      derived.putAll(
          OauthClients.usable(
              named,
              known("genesys.client.id"),
              known("genesys.client.secret"),
              sentence -> mistake(HoldsUp.NOTHING, sentence)));
    }

    /** What the names of the files in a folder of secrets say. */
    private static void clientsIn(Path folder, Map<String, String> named) {
      try (Stream<Path> files = Files.list(folder)) {
        for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
          String name = Setting.plain(file.getFileName().toString()) + ".file";
          if (OauthClients.isOne(name)) {
            named.putIfAbsent(name, file.toString());
          }
        }
      } catch (IOException | UncheckedIOException e) {
        // There need not be one; a secret that is lacking is told as such
        return;
      }
    }

    /**
     * In the place of the name of a file with a secret puts the secret, unless that is set, too.
     */
    private void fromFiles(Map<String, String> set, HoldsUp holdsUp) {
      for (String name : List.copyOf(set.keySet())) {
        String secret = name.replaceFirst("\\.file$", "");
        if (!secret.equals(name) && isSecret(Setting.variable(secret))) {
          Path file = Path.of(set.remove(name));
          if (!set.containsKey(secret)) {
            readInto(set, secret, file, holdsUp);
          }
        }
      }
    }

    /** Who stands by is another instance. */
    private void standby() {
      if (value("caravan.standby").filter("1"::equals).isPresent()
          && value("caravan.cluster").isEmpty()) {
        mistake(
            HoldsUp.READING,
            "CARAVAN_STANDBY is 1, and CARAVAN_CLUSTER is not set: it is another instance that"
                + " stands by. Set both, or neither, and restart.");
      }
    }

    private void hosts() {
      Optional<String> login = host("genesys.login.url");
      Optional<String> api = host("genesys.api.url");
      Region region;
      try {
        region = Region.of(value("genesys.region").orElse("mypurecloud.com"));
      } catch (IllegalArgumentException e) {
        if (login.isEmpty() || api.isEmpty()) {
          mistake(HoldsUp.READING, e.getMessage());
        }
        region = new Region("invalid");
      }
      corrected.put("genesys.login.url", login.orElse(region.loginUrl()).replaceAll("/+$", ""));
      corrected.put("genesys.api.url", api.orElse(region.apiUrl()).replaceAll("/+$", ""));
    }

    private Optional<String> host(String name) {
      return Optional.ofNullable(corrected.get(name)).filter(it -> !it.isEmpty());
    }

    /** What is set of Kafka's properties by their own names may come from files, too. */
    private void kafka() {
      Map<String, String> any = set(name -> name.startsWith(KafkaProperties.ANY));
      fromFiles(any, HoldsUp.SENDING);
      KafkaProperties.make(this::known, any, sentence -> mistake(HoldsUp.SENDING, sentence))
          .forEach((name, value) -> derived.put(KafkaProperties.PREFIX + name, value));
    }

    private void readInto(Map<String, String> values, String name, Path file, HoldsUp holdsUp) {
      try {
        values.put(name, read(file));
      } catch (IOException e) {
        mistake(
            holdsUp,
            "%1$s cannot be read from the file %2$s: %3$s. Correct the file, or set %1$s itself."
                .formatted(Setting.variable(name), file, why(e)));
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

    /** What is set under names of such a plain form, by that form. */
    private Map<String, String> set(Predicate<String> which) {
      Map<String, String> set = new TreeMap<>();
      context
          .iterateNames()
          .forEachRemaining(
              name -> {
                String plain = Setting.plain(name);
                if (which.test(plain)) {
                  value(plain).or(() -> value(name)).ifPresent(it -> set.put(plain, it));
                }
              });
      return set;
    }

    /** What was set, or read from a file. */
    private Optional<String> known(String name) {
      return value(name).or(() -> Optional.ofNullable(derived.get(name)));
    }

    private Optional<String> value(String name) {
      return stripped(name).filter(text -> !text.isEmpty());
    }

    private Optional<String> stripped(String name) {
      return Optional.ofNullable(context.getValue(name))
          .map(ConfigValue::getValue)
          .map(String::strip);
    }
  }
}
