package dev.caravan.settings;

import io.smallrye.config.DotEnvConfigSourceProvider;
import io.smallrye.config.EnvConfigSource;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.smallrye.config.SmallRyeConfigBuilderCustomizer;
import io.smallrye.config.SysPropConfigSource;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.eclipse.microprofile.config.spi.ConfigSource;

/**
 * Keeps the variables of the environment (and of {@code .env}) from reaching Quarkus and Camel,
 * which end the process if they do not like one, and may change what the bridge promises. Who wants
 * to set an option of theirs can do so in {@code config/application.properties} or by {@code -D}.
 */
public final class EnvironmentFilter implements SmallRyeConfigBuilderCustomizer {

  /** Names nothing: what stands behind the colon of a reference to it counts. */
  private static final String NOTHING = "caravan.nothing";

  /** After those of Quarkus, which ask for the environment as it is. */
  private static final int LAST = Integer.MAX_VALUE;

  private static final Pattern OF_FRAMEWORKS =
      Pattern.compile(
          // A profile may stand before it: %dev.quarkus.log.level
          "(?:_[A-Z0-9]+_)?"
              + "(?:QUARKUS|CAMEL|SMALLRYE|MP|OTEL|IO_SMALLRYE|PLATFORM_QUARKUS|CONFIG_ORDINAL|CARAVAN_(?:MISTAKES?|BUILDING|KAFKA))"
              + "(?:_.*)?");

  /**
   * Property that holds the names of the variables that were left aside; absent if there is none.
   */
  public static final String LEFT_ASIDE = "caravan.left-aside";

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
    return value.replace("$", "$$").replaceAll("(\\\\+)\\$", "\\${" + NOTHING + ":$1}\\$");
  }

  /** As Docker Compose reads the same file. */
  private static String unquoted(String value) {
    String text = value.strip();
    return text.matches("(?s)'.*'|\".*\"") && text.length() > 1
        ? text.substring(1, text.length() - 1)
        : text;
  }

  private static Map<String, String> filtered(
      Map<String, String> variables, Set<String> leftAside) {
    Map<String, String> filtered = new HashMap<>();
    variables.forEach(
        (name, value) -> {
          if (isLeftAside(name)) {
            leftAside.add(name);
          } else {
            filtered.put(name, value);
          }
        });
    return filtered;
  }

  /** A source of variables with the name of the file, so that it can be told where one is set. */
  private static final class DotEnv extends EnvConfigSource {

    private static final long serialVersionUID = 1L;
    private final String name;

    private DotEnv(Map<String, String> values, ConfigSource file) {
      super(values, file.getOrdinal());
      this.name = file.getName();
    }

    @Override
    public String getName() {
      return name;
    }
  }

  private static boolean isLeftAside(String name) {
    String form = name.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "_");
    return OF_FRAMEWORKS.matcher(form).matches();
  }

  @Override
  public void configBuilder(SmallRyeConfigBuilder builder) {
    if (!builder.isAddDefaultSources() && !builder.isAddSystemSources()) {
      return;
    }
    builder.setAddDefaultSources(false).setAddSystemSources(false).setAddPropertiesSources(true);
    SortedSet<String> leftAside = new TreeSet<>();
    Map<String, String> environment = new HashMap<>();
    filtered(System.getenv(), leftAside)
        .forEach((name, value) -> environment.put(name, literal(value)));
    builder.withSources(
        new SysPropConfigSource(), new EnvConfigSource(environment, EnvConfigSource.ORDINAL));
    for (ConfigSource dotEnv :
        new DotEnvConfigSourceProvider().getConfigSources(builder.getClassLoader())) {
      Map<String, String> values = new HashMap<>();
      filtered(dotEnv.getProperties(), leftAside)
          .forEach((name, value) -> values.put(name, literal(unquoted(value))));
      builder.withSources(new DotEnv(values, dotEnv));
    }
    if (!leftAside.isEmpty()) {
      builder.withSources(
          new PropertiesConfigSource(
              Map.of(LEFT_ASIDE, String.join(", ", leftAside)),
              "variables left aside",
              EnvConfigSource.ORDINAL));
    }
  }

  @Override
  public int priority() {
    return LAST;
  }
}
