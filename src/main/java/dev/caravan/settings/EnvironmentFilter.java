package dev.caravan.settings;

import dev.caravan.settings.SettingsTable.Setting;
import io.smallrye.config.EnvConfigSource;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.smallrye.config.SmallRyeConfigBuilderCustomizer;
import io.smallrye.config.SysPropConfigSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Keeps the variables of the environment (and of {@code .env}) from reaching Quarkus and Camel,
 * which end the process if they do not like one, and may change what the bridge promises. Who wants
 * to set an option of theirs can do so in {@code config/application.properties} or by {@code -D}.
 */
public final class EnvironmentFilter implements SmallRyeConfigBuilderCustomizer {

  private static final Pattern OF_FRAMEWORKS =
      Pattern.compile(
          // A profile may stand before it: %dev.quarkus.log.level
          "(?:_[A-Z0-9]+_)?"
              + "(?:QUARKUS|CAMEL|SMALLRYE|MP|OTEL|IO_SMALLRYE|PLATFORM_QUARKUS|CONFIG_ORDINAL|CARAVAN_(?:MISTAKES?|BUILDING|KAFKA))"
              + "(?:_.*)?");

  /** Those that the bridge has of its own, under the names that the field has for them. */
  private static final Set<String> OWN =
      SettingsTable.all().stream()
          .map(Setting::variable)
          .filter(OF_FRAMEWORKS.asMatchPredicate())
          .collect(Collectors.toSet());

  /** Property with the names of the variables that were left aside; absent if there is none. */
  public static final String LEFT_ASIDE = "caravan.left-aside";

  /** Property that says why {@code .env} could not be read; absent if it could. */
  static final String UNREADABLE = "caravan.mistake.env-file";

  /** For log and check. */
  public static String sentence(String names) {
    return ("%s: left aside. Options of Quarkus and Camel are not taken from the environment; they"
            + " may stand in config/application.properties.")
        .formatted(names);
  }

  /**
   * In the form in which a value stands for itself, whatever dollars are in it: a dollar is written
   * twice, and a backslash before it would make that one again.
   */
  public static String literal(String value) {
    // A reference to nothing: what stands behind the colon counts
    return value.replace("$", "$$").replaceAll("(\\\\+)\\$", "\\${caravan.nothing:$1}\\$");
  }

  static Map<String, String> literal(Map<String, String> values) {
    Map<String, String> literal = new HashMap<>(values);
    literal.replaceAll((name, value) -> literal(value));
    return literal;
  }

  private static Map<String, String> filtered(
      Map<String, String> variables, Set<String> leftAside) {
    Map<String, String> filtered = new HashMap<>(variables);
    variables.keySet().stream().filter(EnvironmentFilter::isLeftAside).forEach(leftAside::add);
    filtered.keySet().removeAll(leftAside);
    return literal(filtered);
  }

  private static boolean isLeftAside(String name) {
    String form = name.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "_");
    return OF_FRAMEWORKS.matcher(form).matches() && !OWN.contains(form);
  }

  @Override
  public void configBuilder(SmallRyeConfigBuilder builder) {
    if (!builder.isAddDefaultSources() && !builder.isAddSystemSources()) {
      return;
    }
    builder.setAddDefaultSources(false).setAddSystemSources(false).setAddPropertiesSources(true);
    SortedSet<String> leftAside = new TreeSet<>();
    Path dotEnv = Path.of(System.getProperty("user.dir"), ".env");
    builder.withSources(
        new SysPropConfigSource(),
        new EnvConfigSource(filtered(System.getenv(), leftAside), EnvConfigSource.ORDINAL));
    Map<String, String> told = new HashMap<>();
    try {
      builder.withSources(new DotEnv(filtered(DotEnv.read(dotEnv), leftAside), dotEnv));
    } catch (IOException e) {
      told.put(UNREADABLE, "%s cannot be read (%s)".formatted(dotEnv, SettingsSource.why(e)));
    }
    if (!leftAside.isEmpty()) {
      told.put(LEFT_ASIDE, String.join(", ", leftAside));
    }
    builder.withSources(
        new PropertiesConfigSource(
            literal(told), "what the filter tells", EnvConfigSource.ORDINAL));
  }

  @Override
  public int priority() {
    return Integer.MAX_VALUE; // after those of Quarkus, which ask for the environment as it is
  }
}
