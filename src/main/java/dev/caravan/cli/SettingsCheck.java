package dev.caravan.cli;

import dev.caravan.SettingsSource;
import io.smallrye.config.SmallRyeConfig;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/**
 * For telling how the settings were understood: never a secret's value, and no value that fails.
 */
final class SettingsCheck {

  private final CheckReport report;

  SettingsCheck(CheckReport report) {
    this.report = report;
  }

  void run(SmallRyeConfig config, Map<String, String> environment) {
    Set<String> secrets = SettingsSource.secretVariables();
    Set<String> known = SettingsSource.variables();
    Set<String> given = new TreeSet<>(environment.keySet());
    given.removeIf(name -> !name.matches("(GENESYS|KAFKA|CARAVAN)_.*"));
    given.removeIf(name -> environment.get(name).isBlank());

    List<String> mistakes =
        StreamSupport.stream(config.getPropertyNames().spliterator(), false)
            .filter(name -> name.startsWith(SettingsSource.EACH_MISTAKE))
            .sorted()
            .map(name -> config.getValue(name, String.class))
            .toList();
    List<String> open =
        given.stream()
            .filter(name -> known.contains(name) && !secrets.contains(name))
            .filter(name -> mistakes.stream().noneMatch(it -> it.startsWith(name + " ")))
            .toList();
    for (String name : open) {
      report.ok("%s=%s", name, visible(environment.get(name)));
    }
    String hidden =
        secrets.stream()
            .sorted()
            .filter(name -> isSet(config, name))
            .collect(Collectors.joining(", "));
    if (!hidden.isEmpty()) {
      report.ok("Set, and not shown: %s.", hidden);
    }
    if (given.isEmpty()) {
      report.note("None is set; the defaults are used.");
    }
    for (String name : given) {
      if (!known.contains(name)) {
        report.note(
            "%s is no setting of Caravan; it matters only if your routes use it.".formatted(name));
      }
    }
    mistakes.forEach(report::failed);
  }

  private static boolean isSet(SmallRyeConfig config, String variable) {
    String property = variable.toLowerCase(java.util.Locale.ROOT).replace('_', '.');
    return config
        .getOptionalValue(property, String.class)
        .filter(value -> !value.isBlank())
        .isPresent();
  }

  private static String visible(String value) {
    return value.replaceAll("//[^/@]*@", "//…@").replaceAll("\\p{Cntrl}", "?");
  }
}
