package dev.caravan.settings;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.settings.SettingsLists.ListInFile;
import dev.caravan.settings.SettingsTable.Setting;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SettingsTableTest {

  static Stream<ListInFile> lists() {
    return SettingsLists.all();
  }

  @ParameterizedTest
  @MethodSource("lists")
  void everyListOfSettingsIsTheTable(ListInFile list) throws IOException {
    assertThat(list.inFile()).as("%s; SettingsLists writes it", list.file()).isEqualTo(list.list());
  }

  @Test
  void everyNameIsThereOnce() {
    assertThat(SettingsTable.all()).extracting(Setting::variable).doesNotHaveDuplicates();
  }

  @Test
  void everyDefaultIsAValueThatTheSettingMayHave() {
    assertThat(SettingsTable.all())
        .filteredOn(setting -> !setting.shipped().isEmpty())
        .allSatisfy(setting -> assertThat(setting.mistake(setting.shipped())).isEmpty());
  }

  @Test
  void whatTheProgramRefersToIsInTheTable() throws IOException {
    Set<String> referred = new TreeSet<>();
    Properties shipped = new Properties();
    try (InputStream in = getClass().getResourceAsStream("/application.properties")) {
      shipped.load(in);
    }
    for (Object value : shipped.values()) {
      Matcher reference = Pattern.compile("\\$\\{([a-z.-]+)}").matcher(value.toString());
      while (reference.find()) {
        referred.add(reference.group(1));
      }
    }
    try (Stream<Path> routes = Files.list(Path.of("routes"))) {
      for (Path route : routes.toList()) {
        Matcher reference = Pattern.compile("\\{\\{([a-z.-]+)}}").matcher(Files.readString(route));
        while (reference.find()) {
          referred.add(reference.group(1));
        }
      }
    }

    assertThat(referred).isNotEmpty();
    assertThat(SettingsTable.all().stream().map(Setting::name).collect(Collectors.toSet()))
        .containsAll(referred);
  }
}
