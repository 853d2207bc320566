package dev.caravan.bench;

import dev.caravan.command.Folders;
import dev.caravan.testing.Bridge;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What a benchmark of the road measures, and with what: its command line. */
record Options(
    List<String> modes,
    int frameBytes,
    int warmUp,
    int frames,
    int rounds,
    List<Integer> rates,
    int seconds,
    int starts,
    int kafkaLag,
    Map<String, String> settings,
    String java,
    List<String> jvmFlags,
    String jar,
    String routes) {

  private static final List<String> MODES = List.of("startup", "throughput", "latency");

  /**
   * @param command what people call, for the message that says how
   * @param defaults of the numbers, by their names
   */
  static Options of(String command, String[] arguments, Map<String, String> defaults) {
    Map<String, String> given = new HashMap<>(defaults);
    List<String> modes = new ArrayList<>();
    for (String argument : arguments) {
      if (argument.startsWith("--")) {
        String[] pair = argument.substring(2).split("=", 2);
        given.put(pair[0], pair.length > 1 ? pair[1] : "");
      } else {
        modes.add(argument);
      }
    }
    Options options =
        new Options(
            modes.isEmpty() ? MODES : modes,
            number(given, "frame-bytes"),
            number(given, "warm-up"),
            number(given, "frames"),
            number(given, "rounds"),
            Arrays.stream(take(given, "rate", "").split(",")).map(Integer::valueOf).toList(),
            number(given, "seconds"),
            number(given, "starts"),
            number(given, "kafka-lag"),
            settings(take(given, "with", "")),
            take(given, "java", Path.of(System.getProperty("java.home"), "bin/java").toString()),
            List.of(take(given, "jvm", Bridge.SHIPPED_FLAGS).strip().split("\\s+")),
            take(given, "jar", ""),
            given.containsKey("no-spool")
                ? withoutSpool(take(given, "routes", "routes"), given.remove("no-spool"))
                : take(given, "routes", "routes"));
    if (!given.isEmpty() || !MODES.containsAll(options.modes)) {
      throw new IllegalArgumentException(
          ("Usage: %s [startup] [throughput] [latency] [--frames=200000] [--rounds=3]"
                  + " [--warm-up=150000] [--frame-bytes=3600] [--rate=1000,5000] [--seconds=30]"
                  + " [--starts=3] [--kafka-lag=25] [--with=NAME=value,...] [--no-spool]"
                  + " [--java=...] [--jvm=\"flags\"] [--jar=...] [--routes=...]")
              .formatted(command));
    }
    return options;
  }

  boolean measures(String mode) {
    return modes.contains(mode);
  }

  /** The bridge as it is to be measured, yet without anything to connect to. */
  Bridge.Settings bridge() {
    Bridge.Settings bridge =
        Bridge.settings()
            .java(java, jvmFlags)
            // As the launcher sets it
            .with("MALLOC_ARENA_MAX", "2")
            .with("CARAVAN_ROUTES_DIR", Path.of(routes).toAbsolutePath().toString());
    settings.forEach(bridge::with);
    // Else as the launcher starts it, with its classes from an archive
    return jar.isEmpty() ? bridge : bridge.jar(jar);
  }

  /** The same routes, but what is received goes straight on to Kafka. */
  private static String withoutSpool(String routes, String none) {
    try {
      Path copy = Path.of("target", "bench-routes" + none);
      Folders.delete(copy);
      Files.createDirectories(copy);
      try (Stream<Path> files = Files.list(Path.of(routes))) {
        for (Path file : files.toList()) {
          String text =
              Files.readString(file)
                  .replaceFirst(
                      "(?s)from:\\n      uri: spool:events\\n.*?      steps:",
                      "from:\n      uri: direct:events\n      steps:")
                  .replace("uri: spool:events", "uri: direct:events");
          Files.writeString(copy.resolve(file.getFileName()), text);
        }
      }
      return copy.toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<String, String> settings(String text) {
    Map<String, String> settings = new HashMap<>();
    for (String setting : text.isEmpty() ? new String[0] : text.split(",")) {
      settings.put(
          setting.substring(0, setting.indexOf('=')), setting.substring(setting.indexOf('=') + 1));
    }
    return settings;
  }

  private static String take(Map<String, String> given, String name, String otherwise) {
    String value = given.remove(name);
    return value == null ? otherwise : value;
  }

  private static int number(Map<String, String> given, String name) {
    return Integer.parseInt(take(given, name, ""));
  }
}
