package dev.caravan.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.command.Home;
import dev.caravan.settings.SettingsTable;
import dev.caravan.settings.SettingsTable.Setting;
import dev.caravan.testing.Bridge;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The script that people type, in a project of its own with a java and a mvn that only tell. */
class LauncherTest {

  private static final String ENDS = "-XX:+ExitOnOutOfMemoryError";

  private static final String JAVA_17 =
      """
      #!/bin/sh
      case $* in *-version) echo 'openjdk version "17.0.15" 2025-04-15' >&2; exit ;; esac
      for last in "$@"; do :; done
      echo "java $*"
      """;

  private static final String ARCHIVES =
      JAVA_17 + "case \" $* \" in *' rehearse '*) echo >\"$last\" ;; esac\n";

  @TempDir private Path project;
  private Path jar;

  @BeforeEach
  void layOut() throws IOException {
    Path script = Files.copy(Path.of("caravan"), project.resolve("caravan"));
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
    jar = project.resolve("target/quarkus-app/quarkus-run.jar");
    write("pom.xml", "");
    write("src/main/java/A.java", "");
    program("jdk/bin/java", JAVA_17);
    program(
        "bin/mvn",
        """
        #!/bin/sh
        echo "mvn $*"
        mkdir -p %1$s/target/quarkus-app
        touch %1$s/target/quarkus-app/quarkus-run.jar %1$s/target/broker.classpath
        """
            .formatted(project));
  }

  @Test
  void buildsWhatIsMissingAndSaysHowLongThatTakes() throws Exception {
    String output = launch("topics", "two words");

    assertThat(output)
        .contains("caravan: Building. It takes about a minute", "package")
        .containsPattern(
            "java .*-Dcaravan.home=" + project + ".* dev.caravan.cli.Caravan topics two words");
  }

  @Test
  void doesNotBuildAgainWhatIsBuilt() throws Exception {
    launch("--help");

    assertThat(launch("--help")).contains("--help").doesNotContain("Building", "mvn");
  }

  @Test
  void buildsAgainWhenASourceHasChanged() throws Exception {
    launch("--help");
    changeSource();

    assertThat(launch("--help")).contains("Building");
  }

  private void changeSource() throws IOException {
    Files.setLastModifiedTime(
        project.resolve("src/main/java/A.java"), FileTime.from(Instant.now().plusSeconds(60)));
  }

  @Test
  void aFailedBuildIsASentenceAndNothingIsStarted() throws Exception {
    program("bin/mvn", "#!/bin/sh\necho '[ERROR] no luck'\nexit 1\n");

    assertThat(launch("demo"))
        .contains("[ERROR] no luck", "caravan: The build failed; the lines above say why.")
        .doesNotContain("java ");
  }

  @Test
  void anOldJavaIsASentence() throws Exception {
    program("jdk/bin/java", "#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n");

    assertThat(launch("demo"))
        .isEqualTo(
            "caravan: Java 11 is too old. Install a JDK, version 17 or newer,"
                + " or set JAVA_HOME to one.\n");
  }

  @Test
  void noJavaIsASentence() throws Exception {
    Files.delete(project.resolve("jdk/bin/java"));

    assertThat(launch("demo")).startsWith("caravan: Java is not installed");
  }

  @Test
  void nativeLibrariesAreAllowedWhereJavaWouldWarnOfThem() throws Exception {
    assertThat(launch("--help")).doesNotContain("--enable-native-access");
    program("jdk/bin/java", JAVA_17.replace("17.0.15", "25.0.1"));

    assertThat(launch("--help"))
        .containsPattern("java .*--enable-native-access=ALL-UNNAMED .* -cp ");
  }

  @Test
  void memoryIsGivenBackWhereJavaCan() throws Exception {
    String option = "-XX:TrimNativeHeapInterval=5000";
    assertThat(launch("run")).contains(" " + option + " ");
    program(
        "jdk/bin/java",
        JAVA_17.replace(
            "case $* in", "case $* in *Trim*) echo 'Unrecognized VM option' >&2; exit 1 ;;"));

    assertThat(launch("run"))
        .contains("java -XX:+UseSerialGC")
        .doesNotContain("Trim", "Unrecognized");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "much",
        "128mb",
        "1.5g",
        "-1m",
        "m",
        "512",
        "134217728",
        "16m",
        "031m",
        "2000g",
        "9999999999g"
      })
  void forAnAmountOfMemoryThatIsNoneTheDefaultStandsInWithASentence(String heap) throws Exception {
    for (Path script : scripts()) {
      assertThat(run("env", "CARAVAN_HEAP=" + heap, script.toString(), "run"))
          .contains(
              "caravan: CARAVAN_HEAP is \"%s\", but it must be %s. The bridge runs with 128m.\n"
                  .formatted(heap, heap().kind().allowed()))
          .contains(" -Xmx128m ");
      assertThat(heap().kind().fits()).rejects(heap);
    }
  }

  private static Setting heap() {
    return SettingsTable.all().stream()
        .filter(setting -> setting.variable().equals("CARAVAN_HEAP"))
        .findFirst()
        .orElseThrow();
  }

  /** The launcher, and the start of the image, which finds its java by the path. */
  private List<Path> scripts() throws IOException {
    program("bin/java", JAVA_17);
    return List.of(project.resolve("caravan"), Path.of("docker/bin/caravan").toAbsolutePath());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "32m", "128m", "1g", "262144k", "2G", "1024g"})
  void anAmountOfMemoryIsPassedOn(String heap) throws Exception {
    for (Path script : scripts()) {
      assertThat(run("env", "CARAVAN_HEAP=" + heap, script.toString(), "run"))
          .contains("-Xmx" + (heap.isEmpty() ? "128m" : heap) + " ")
          .doesNotContain("CARAVAN_HEAP");
    }
  }

  @Test
  void whatIsSetInTheEnvFileIsPassedOnUnlessTheEnvironmentSaysOtherwise() throws Exception {
    write(
        ".env", "#CARAVAN_HEAP=1m\nCARAVAN_HEAP=64m # small\nCARAVAN_JAVA_OPTIONS='-Da=b -Dc=d'\n");

    assertThat(launch("run")).contains("-Xmx64m ", " -Da=b -Dc=d ");
    assertThat(run("env", "CARAVAN_HEAP=2g", project.resolve("caravan").toString(), "run"))
        .contains("-Xmx2g ", " -Da=b ");
    write(".env", "export CARAVAN_HEAP=\"much\"\r\n");
    assertThat(launch("run")).contains("caravan: CARAVAN_HEAP is \"much\", but it must be");
    write(".env", "\uFEFFCARAVAN_HEAP=64m\n");
    assertThat(launch("run")).contains("-Xmx64m ");
  }

  @Test
  void everyJavaThatIsShippedEndsWhenItsHeapIsTooSmall() throws Exception {
    assertThat(launch("run")).contains(ENDS);
    assertThat(String.join(" ", Home.jvmFlags())).contains(ENDS);
    for (String file :
        List.of(
            "docker/bin/caravan",
            "bench/road",
            "bench/compare",
            "bench/outage",
            "bench/soak",
            "bench/cluster",
            "bench/growth",
            "src/main/java/dev/caravan/demo/LocalBroker.java")) {
      assertThat(Path.of(file)).content().contains(ENDS);
    }
  }

  /** They stand in three files, as the launcher and the image are each to be one alone. */
  @Test
  void whatIsMeasuredHasTheFlagsOfWhatIsShipped() throws Exception {
    for (Path script : scripts()) {
      assertThat(run(script.toString(), "run").split("\\s+"))
          .contains(Bridge.SHIPPED_FLAGS.split(" "));
    }
  }

  @Test
  void worksThroughALinkFromAnotherFolder() throws Exception {
    Path link =
        Files.createSymbolicLink(
            Files.createDirectory(project.resolve("elsewhere")).resolve("c"),
            Path.of("../caravan"));

    assertThat(run(link.toString(), "--help")).contains("-Dcaravan.home=" + project);
  }

  @Test
  void classesAreArchivedWithEachBuildForThisVeryJava() throws Exception {
    archiving();

    assertThat(launch("topics"))
        .contains("caravan: Preparing faster starts.")
        .containsPattern("\njava .* rehearse --option ArchiveClassesAtExit " + archive("17.0.15"))
        .containsPattern("\njava .* -XX:SharedArchiveFile=" + archive("17.0.15") + " .* topics\n$");
    assertThat(launch("run"))
        .doesNotContain("rehearse")
        .contains(
            " -XX:SharedArchiveFile=" + archive("17.0.15") + " ",
            " -Dcaravan.archive=-XX:SharedArchiveFile=" + archive("17.0.15") + " ");
    program("jdk/bin/java", ARCHIVES.replace("17.0.15", "25.0.1"));
    assertThat(launch("run")).doesNotContain("rehearse", "SharedArchive", "AOT");

    changeSource();
    assertThat(launch("demo"))
        .contains(" rehearse --option AOTCacheOutput " + archive("25.0.1"))
        .containsPattern("java -Xms32m .* -XX:AOTCache=" + archive("25.0.1") + " .* demo\n$");
  }

  @Test
  void anArchiveThatDoesNotFitIsLeftAside() throws Exception {
    archiving();
    launch("run");
    write(".env", "CARAVAN_JAVA_OPTIONS=-XX:SharedArchiveFile=own.jsa\n");
    assertThat(launch("run")).contains("own.jsa").doesNotContain(archive("17.0.15").toString());
    Files.delete(project.resolve(".env"));
    Files.setLastModifiedTime(jar, FileTime.from(Instant.now().plusSeconds(60)));

    assertThat(launch("run")).doesNotContain("SharedArchiveFile");
  }

  @Test
  void whereNothingCanBeArchivedTheBridgeStartsAllTheSame() throws Exception {
    program("jdk/bin/java", JAVA_17 + "case \" $* \" in *' rehearse '*) exit 1 ;; esac\n");

    assertThat(launch("run"))
        .containsPattern(
            "rehearse .*\ncaravan: Starts are not faster; all else works.\njava .* run\n$")
        .doesNotContain("SharedArchiveFile");
  }

  @Test
  void whoeverInterruptsTheArchivingGetsNoBridge() throws Exception {
    program("jdk/bin/java", JAVA_17 + "case \" $* \" in *' rehearse '*) exit 130 ;; esac\n");

    assertThat(launch("run")).contains("rehearse").doesNotContain("Caravan run");
  }

  private Path archive(String release) {
    return project.resolve("target/caravan-" + release + ".jsa");
  }

  private void archiving() throws IOException {
    program("jdk/bin/java", ARCHIVES);
  }

  private String launch(String... arguments) throws Exception {
    String[] command = new String[arguments.length + 1];
    command[0] = project.resolve("caravan").toString();
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    return run(command);
  }

  private String run(String... command) throws Exception {
    Path output = project.resolve("output.txt");
    ProcessBuilder builder = new ProcessBuilder(command);
    builder
        .environment()
        .putAll(
            Map.of(
                "JAVA_HOME",
                project.resolve("jdk").toString(),
                "PATH",
                project.resolve("bin") + ":/usr/bin:/bin"));
    builder.directory(project.toFile());
    builder.redirectErrorStream(true).redirectOutput(output.toFile());
    Process process = builder.start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return Files.readString(output);
  }

  private void program(String name, String text) throws IOException {
    Path file = write(name, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private Path write(String name, String text) throws IOException {
    Path file = project.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text, StandardCharsets.UTF_8);
  }
}
