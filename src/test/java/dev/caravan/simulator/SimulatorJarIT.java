package dev.caravan.simulator;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import dev.caravan.command.Home;
import dev.caravan.simulator.junit.Trial;
import dev.caravan.testing.Pages;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The jar of the stand-in alone, as it is handed out. */
class SimulatorJarIT {

  private static final Pattern TEST_OF_THE_PAGE =
      Pattern.compile("(?s)```java\n(import .*?class QueueWatcherTest .*?)```");
  private static final Path CLIENT =
      Path.of("src/test/resources/dev/caravan/simulator/QueueWatcher.java");

  @TempDir private Path folder;

  private static Path jar() throws IOException {
    try (Stream<Path> files = Files.list(Home.path().resolve("target"))) {
      return files
          .filter(file -> file.getFileName().toString().matches("caravan-.*-simulator\\.jar"))
          .findFirst()
          .orElseThrow(() -> new AssertionError("The build has packaged no jar of the simulator"));
    }
  }

  @Test
  void startsByItselfAndServesATokenAChannelAndASocket() throws Exception {
    Path output = folder.resolve("output.txt");
    Process standIn =
        new ProcessBuilder(Home.java(), "-jar", jar().toString(), "--port", "0")
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      Matcher url =
          await()
              .atMost(3, TimeUnit.MINUTES)
              .until(
                  () ->
                      Pattern.compile("GENESYS_LOGIN_URL=(\\S+)").matcher(Files.readString(output)),
                  Matcher::find);

      Guest guest = new Guest(url.group(1)).login();
      JsonNode channel = guest.channel();
      String topic = "v2.users." + ids(guest) + ".presence";
      guest.subscribe(channel, topic);
      Ear ear = guest.listen(channel);
      guest.post("/control/emit", "{\"topicName\":\"" + topic + "\",\"eventBody\":{\"n\":1}}");

      assertThat(ear.awaitFrame(topic).at("/eventBody/n").asInt()).isEqualTo(1);
      assertThat(Files.readString(output)).endsWith("Stop it with Ctrl-C.\n");
    } finally {
      standIn.destroyForcibly().waitFor();
    }
  }

  private static String ids(Guest guest) {
    return guest.get("/api/v2/users?pageSize=1").body().at("/entities/0/id").asText();
  }

  @Test
  void saysWhyItDoesNotStart() throws Exception {
    try (Simulator first = Simulator.start(SimulatorOptions.defaults())) {
      Process second =
          new ProcessBuilder(Home.java(), "-jar", jar().toString(), "--port", "" + first.port())
              .redirectErrorStream(true)
              .start();

      assertThat(new String(second.getInputStream().readAllBytes()))
          .isEqualTo(
              "Port %d of 127.0.0.1 is in use by another program. Name another one, or 0 for any.%n"
                  .formatted(first.port()));
      assertThat(second.waitFor()).isEqualTo(1);
    }
  }

  @Test
  void holdsNothingOfTheBridgeAndItsLibrariesOnlyUnderNamesOfItsOwn() throws IOException {
    try (JarFile jar = new JarFile(jar().toFile())) {
      assertThat(jar.stream().map(Object::toString).filter(name -> name.endsWith(".class")))
          .contains("dev/caravan/simulator/SimulatorMain.class")
          .allMatch(
              name -> name.matches("dev/caravan/(simulator/.*|topic/.*|background/.*|[^/]*)"));
    }
  }

  @Test
  void usesNothingOfCamelOrQuarkusAndHasAllThatItUses() throws IOException {
    JavaClasses all = new ClassFileImporter().importJar(new JarFile(jar().toFile()));

    classes()
        .that()
        .resideInAPackage("dev.caravan..")
        .and()
        .resideOutsideOfPackage("dev.caravan.simulator.shaded..")
        .should()
        .onlyDependOnClassesThat(
            describe(
                "are in the jar, in Java or in JUnit",
                used ->
                    all.contain(element(used).getName())
                        || used.isPrimitive()
                        || element(used)
                            .getName()
                            .matches("[a-z]+|java\\..*|org\\.junit\\.(jupiter|platform)\\..*")))
        .check(all);
  }

  private static JavaClass element(JavaClass type) {
    return type.getBaseComponentType();
  }

  @Test
  void theTestOfThePageHoldsWithTheJarAndJUnitAlone() throws Exception {
    Matcher page = TEST_OF_THE_PAGE.matcher(Pages.text(Path.of("docs/simulator.md")));
    assertThat(page.find()).isTrue();
    Path test = Files.writeString(folder.resolve("QueueWatcherTest.java"), page.group(1));
    String classPath = jar() + ":" + System.getProperty("java.class.path");
    int compiled =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                null,
                "-d",
                folder.toString(),
                "-proc:none",
                "-cp",
                classPath,
                test.toString(),
                CLIENT.toString());
    assertThat(compiled).isZero();

    URL[] places = {jar().toUri().toURL(), folder.toUri().toURL()};
    try (URLClassLoader theirs = new URLClassLoader(places, new JUnitAlone())) {
      assertThat(Trial.of(theirs.loadClass("QueueWatcherTest"))).isEmpty();
      assertThat(theirs.loadClass(Simulator.class.getName())).isNotSameAs(Simulator.class);
    }
  }

  /** Of our own class path shows only JUnit. */
  private static final class JUnitAlone extends ClassLoader {

    JUnitAlone() {
      super(ClassLoader.getPlatformClassLoader());
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
      if (name.startsWith("org.junit.") || name.startsWith("org.opentest4j.")) {
        return SimulatorJarIT.class.getClassLoader().loadClass(name);
      }
      throw new ClassNotFoundException(name);
    }
  }

  @Test
  void thePageNamesTheClientThatItsTestIsOf() {
    assertThat(List.of(Pages.text(Path.of("docs/simulator.md")).split("\n")))
        .anyMatch(line -> line.contains("(../" + CLIENT + ")"));
  }
}
