package dev.caravan.command;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** For finding what lies beside the program: the build's output and the shipped routes. */
public final class Home {

  private Home() {}

  /** The folder of the project; the launcher names it, otherwise it is where we were started. */
  public static Path path() {
    return Path.of(System.getProperty("caravan.home", "")).toAbsolutePath();
  }

  /** What tells Java to run the program, after its flags; the launcher says how it did that. */
  public static List<String> program() {
    String given = System.getProperty("caravan.program", "");
    return given.isEmpty() ? List.of("-jar", jar().toString()) : List.of(given);
  }

  /** The program itself, to be started a second time. */
  public static Path jar() {
    Path jar = path().resolve("target/quarkus-app/quarkus-run.jar");
    if (!Files.exists(jar)) {
      throw new CommandFailure(
          "The program is not built: %s is missing. Build it with: mvn -Dmaven.test.skip=true package"
              .formatted(jar));
    }
    return jar;
  }

  /** From Java 24 on: flags without which the use of native libraries is warned of. */
  public static List<String> nativeAccess() {
    return Runtime.version().feature() >= 24
        ? List.of("--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow")
        : List.of();
  }

  /** The flags that the launcher gave this JVM, for those that we start. */
  public static List<String> jvmFlags() {
    return List.of(
        System.getProperty("caravan.jvm.flags", "-XX:+UseSerialGC -XX:+ExitOnOutOfMemoryError")
            .split("\\s+"));
  }
}
