package dev.caravan.command;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** For finding what lies beside the program: the build's output and the shipped routes. */
public final class Home {

  private Home() {}

  /** The folder of the project; the launcher names it, otherwise it is where we were started. */
  public static Path path() {
    return Path.of(System.getProperty("caravan.home", "")).toAbsolutePath();
  }

  /** The java program that runs this very process. */
  public static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  /**
   * How the program is started, as this one was: the path of java, its flags, the program.
   *
   * @param flags more for the JVM, which count before those that this one was started with
   */
  public static List<String> command(String... flags) {
    List<String> command = new ArrayList<>(List.of(java()));
    command.addAll(jvmFlags());
    command.addAll(List.of(flags));
    String archive = System.getProperty("caravan.archive");
    command.addAll(
        archive == null
            ? List.of("-jar", jar().toString())
            : program(archive, System.getProperty("java.class.path")));
    return command;
  }

  /**
   * What tells Java to run the program from a class path.
   *
   * @param archive the flag for an archive of classes; empty if there is none
   */
  public static List<String> program(String archive, String classPath) {
    List<String> program = new ArrayList<>();
    if (!archive.isEmpty()) {
      program.add(archive);
    }
    program.addAll(
        List.of(
            "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
            // What the manifest of Quarkus' own launcher asks for
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
            "-cp",
            classPath,
            "dev.caravan.cli.Caravan"));
    return program;
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
