package dev.caravan.check;

import dev.caravan.network.Proxies;
import dev.caravan.settings.EnvironmentFilter;
import dev.caravan.settings.OauthClients;
import dev.caravan.settings.SettingsSource;
import dev.caravan.settings.SettingsTable;
import dev.caravan.settings.SettingsTable.Setting;
import io.smallrye.config.SmallRyeConfig;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.StreamSupport;
import org.eclipse.microprofile.config.spi.ConfigSource;

/**
 * For telling how the settings were understood: never a secret's value, and no value that fails.
 */
public record SettingsCheck(CheckReport report) {

  /** A secret only as far as a login stands in it. */
  private static final String PROXY = "HTTPS_PROXY";

  /** What somebody set, and where, as people call it; empty for the environment. */
  private record Given(String value, String source) {}

  public void run(SmallRyeConfig config) {
    Map<String, Given> given = given(config);
    List<String> mistakes =
        StreamSupport.stream(config.getPropertyNames().spliterator(), false)
            .filter(name -> name.startsWith(SettingsSource.EACH_MISTAKE))
            .sorted()
            .map(name -> config.getValue(name, String.class))
            .toList();
    Set<String> known = SettingsSource.variables();
    SortedSet<String> hidden = new TreeSet<>();
    SettingsTable.all().stream()
        .filter(Setting::secret)
        .filter(
            setting ->
                config
                    .getOptionalValue(setting.name(), String.class)
                    .filter(value -> !value.isBlank())
                    .isPresent())
        .forEach(setting -> hidden.add(setting.variable()));
    given.forEach(
        (name, is) -> {
          if (SettingsSource.isSecret(name) && !name.equals(PROXY)) {
            hidden.add(name);
          } else if (isMeant(known, name)
              && mistakes.stream().noneMatch(it -> it.startsWith(name + " "))) {
            report.ok("%s=%s%s", name, visible(name, is.value()), is.source());
            hidden.remove(name);
          }
        });
    if (!hidden.isEmpty()) {
      report.ok("Set, and not shown: %s.", String.join(", ", hidden));
    }
    if (given.isEmpty() && hidden.isEmpty()) {
      report.note("None is set; the defaults are used.");
    }
    given.keySet().stream()
        .filter(name -> !isMeant(known, name))
        .forEach(
            name ->
                report.note(
                    "%s is no setting of Caravan; it matters only if your routes use it.", name));
    config
        .getOptionalValue(EnvironmentFilter.LEFT_ASIDE, String.class)
        .ifPresent(names -> report.note(EnvironmentFilter.sentence(names)));
    mistakes.forEach(report::failed);
  }

  private static boolean isMeant(Set<String> known, String name) {
    return known.contains(name) || SettingsSource.isOfKafka(name) || OauthClients.isOne(name);
  }

  /** What is set by others than the program itself, by its variable; the highest source counts. */
  private static Map<String, Given> given(SmallRyeConfig config) {
    Map<String, Given> given = new TreeMap<>();
    Set<String> known = SettingsSource.variables();
    for (ConfigSource source : config.getConfigSources()) {
      if (SettingsSource.isOwn(source)) {
        continue;
      }
      for (String name : source.getPropertyNames()) {
        String value = source.getValue(name);
        String variable = Setting.variable(name);
        boolean ours =
            name.matches("(GENESYS|KAFKA|CARAVAN)_\\w+|(genesys|kafka|caravan)\\.[\\w.-]+")
                || known.contains(variable);
        if (ours && value != null && !value.isBlank()) {
          // As it is read: with what it refers to
          String text = config.getOptionalValue(name, String.class).orElse(value);
          given.putIfAbsent(variable, new Given(text, from(source)));
        }
      }
    }
    // Of the launcher, which passes them on as properties
    given
        .keySet()
        .removeAll(
            Set.of("CARAVAN_HOME", "CARAVAN_JVM_FLAGS", "CARAVAN_ARCHIVE", "CARAVAN_COMMAND"));
    return given;
  }

  private static String from(ConfigSource source) {
    String name = source.getName();
    if (name.contains(".env")) {
      return " (from .env)";
    }
    if (name.contains("application.properties")) {
      return " (from config/application.properties)";
    }
    return name.contains("SysProp") ? " (from -D)" : "";
  }

  private static String visible(String name, String value) {
    if (name.equals(PROXY)) {
      return Proxies.of(value, "")
          .proxy()
          .map(proxy -> "http://" + (proxy.login().isPresent() ? "…@" : "") + proxy)
          .orElse("");
    }
    return value.replaceAll("//[^/@]*@", "//…@").replaceAll("\\p{Cntrl}", "?");
  }
}
