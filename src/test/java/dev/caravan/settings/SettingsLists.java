package dev.caravan.settings;

import dev.caravan.settings.SettingsTable.Setting;
import dev.caravan.settings.SettingsTable.Setting.Where;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The lists of settings in files that people read, made from the table. After a change of the table
 * {@link #main} writes them.
 */
final class SettingsLists {

  private static final int WIDTH = 100;
  private static final Map<String, String> OF_COMPOSE =
      Map.of("KAFKA_BOOTSTRAP_SERVERS", "kafka:19092");
  private static final Map<String, String> HEADS =
      Map.of(
          "GENESYS",
          "# --- Genesys Cloud",
          "KAFKA",
          "# --- Kafka: the one of the compose file, or yours (then start with: docker compose up -d"
              + " --no-deps caravan)",
          "CARAVAN",
          "# --- The bridge");

  private SettingsLists() {}

  /** A file with a list in it: between the line that begins it and the one that follows it. */
  record ListInFile(Path file, String before, String after, String list) {

    String inFile() throws IOException {
      String text = Files.readString(file);
      int from = text.indexOf(before) + before.length();
      return text.substring(from, text.indexOf(after, from));
    }

    private void write() throws IOException {
      String text = Files.readString(file);
      int from = text.indexOf(before) + before.length();
      Files.writeString(
          file, text.substring(0, from) + list + text.substring(text.indexOf(after, from)));
    }
  }

  static Stream<ListInFile> all() {
    return Stream.of(
        new ListInFile(
            Path.of("docs/settings.md"),
            "| name | meaning | default |\n|---|---|---|\n",
            "\nAny other property",
            settingsPage()),
        new ListInFile(
            Path.of(".env.example"),
            "secrets/README.md.\n\n",
            "# --- The container\n",
            environmentFile()),
        new ListInFile(
            Path.of("docker-compose.yml"),
            "      # Handed on only if they are set\n",
            "    volumes:\n",
            compose()));
  }

  private static String settingsPage() {
    return SettingsTable.all().stream()
        .map(
            setting ->
                "| `%s` | %s | %s |\n"
                    .formatted(
                        setting.variable(),
                        setting.meaning(),
                        setting.shipped().isEmpty() ? "–" : "`" + setting.shipped() + "`"))
        .collect(Collectors.joining());
  }

  private static String environmentFile() {
    StringBuilder lines = new StringBuilder();
    String group = "";
    for (Setting setting : SettingsTable.all()) {
      if (setting.where() == Where.FIXED_IN_THE_IMAGE) {
        continue;
      }
      String name = setting.variable();
      // What has no prefix of ours belongs to what stands before it
      String prefix = name.substring(0, name.indexOf('_'));
      String of = HEADS.containsKey(prefix) ? prefix : group.isEmpty() ? "GENESYS" : group;
      if (!of.equals(group)) {
        lines.append(group.isEmpty() ? "" : "\n").append(HEADS.get(of)).append('\n');
        group = of;
      }
      lines.append(wrapped(setting.meaning()));
      lines.append("#%s=%s\n".formatted(name, OF_COMPOSE.getOrDefault(name, setting.shipped())));
    }
    return lines.append('\n').toString();
  }

  private static String wrapped(String meaning) {
    String text = meaning.substring(0, 1).toUpperCase() + meaning.substring(1).replace("`", "");
    StringBuilder lines = new StringBuilder("#");
    int column = 1;
    for (String word : text.replace("`", "").split(" ")) {
      if (column + 1 + word.length() > WIDTH) {
        lines.append("\n#");
        column = 1;
      }
      lines.append(' ').append(word);
      column += 1 + word.length();
    }
    return lines.append('\n').toString();
  }

  private static String compose() {
    return SettingsTable.all().stream()
        .filter(setting -> setting.where() != Where.FIXED_IN_THE_IMAGE)
        .filter(setting -> setting.where() != Where.UNDER_A_NAME)
        .map(Setting::variable)
        .filter(name -> !OF_COMPOSE.containsKey(name))
        .map("      %s:\n"::formatted)
        .collect(Collectors.joining());
  }

  public static void main(String[] arguments) throws IOException {
    for (ListInFile list : all().toList()) {
      list.write();
    }
  }
}
