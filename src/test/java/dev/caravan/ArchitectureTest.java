package dev.caravan;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.caravan.testing.Pages;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The walls of the house: which room may use which. */
class ArchitectureTest {

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.caravan");

  private static final List<String> GROUND_FLOOR =
      List.of("network", "socket", "session", "event", "topic", "gap", "spool", "kafka");
  private static final List<String> MIDDLE_FLOOR = List.of("channel", "cluster", "simulator");
  private static final List<String> TOP_FLOOR = List.of("genesys", "cli", "status");

  /** Below all floors: any room may use it, and it uses none. */
  private static final String BASEMENT = "dev.caravan.background..";

  /** Any room may ask it. */
  private static final String SETTINGS = "dev.caravan.settings..";

  private static final List<String> UPPER_FLOORS =
      Stream.concat(MIDDLE_FLOOR.stream(), TOP_FLOOR.stream()).toList();

  private static String[] packages(List<String> rooms) {
    return rooms.stream().map(room -> "dev.caravan." + room + "..").toArray(String[]::new);
  }

  @Test
  void roomsFormNoCircles() {
    slices().matching("dev.caravan.(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  /**
   * An arrow for each room that uses another; those of the top floor and to the basement are told.
   */
  @Test
  void theDrawingOfTheRoomsIsTrue() {
    Set<String> used =
        CLASSES.stream()
            .flatMap(type -> type.getDirectDependenciesFromSelf().stream())
            .map(use -> room(use.getOriginClass()) + " --> " + room(use.getTargetClass()))
            .filter(arrow -> arrow.matches("(?!cli )([a-z]+) --> (?!\\1$|background)[a-z]+"))
            .collect(Collectors.toSet());
    String page = Pages.text(Path.of("docs/architecture.md"));

    assertThat(page.lines().map(String::strip).filter(line -> line.matches("[a-z]+ --> [a-z]+")))
        .containsExactlyInAnyOrderElementsOf(used);
    assertThat(CLASSES.stream().map(ArchitectureTest::room).filter(room -> !room.isEmpty()))
        .allMatch(page::contains)
        .allMatch(room -> Pages.text(Path.of("CONTRIBUTING.md")).contains("| `" + room + "` |"));
  }

  private static String room(JavaClass type) {
    String name = type.getPackageName();
    return name.startsWith("dev.caravan.") ? name.split("\\.")[2] : "";
  }

  @Test
  void groundFloorRoomsDoNotUseEachOther() {
    slices()
        .matching("dev.caravan.(" + String.join("|", GROUND_FLOOR) + ")..")
        .should()
        .notDependOnEachOther()
        // It judges for the spool what will pass
        .ignoreDependency(
            resideInAPackage("dev.caravan.kafka"), nameMatching("dev.caravan.spool.Failure.*"))
        .check(CLASSES);
  }

  @Test
  void groundFloorUsesNothingAboveIt() {
    noClasses()
        .that()
        .resideInAnyPackage(packages(GROUND_FLOOR))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(packages(UPPER_FLOORS))
        .check(CLASSES);
  }

  @Test
  void basementUsesNoRoom() {
    noClasses()
        .that()
        .resideInAPackage(BASEMENT)
        .should()
        .dependOnClassesThat(resideInAPackage("dev.caravan..").and(not(resideInAPackage(BASEMENT))))
        .check(CLASSES);
  }

  @Test
  void settingsUseNothingButTheNamesOfRegionsAndTheFormOfProxies() {
    noClasses()
        .that()
        .resideInAPackage(SETTINGS)
        .should()
        .dependOnClassesThat(
            resideInAPackage("dev.caravan..")
                .and(not(resideInAPackage(SETTINGS)))
                .and(not(resideInAPackage("dev.caravan.network")))
                .and(not(nameMatching("dev.caravan.session.Region"))))
        .check(CLASSES);
  }

  @Test
  void middleFloorUsesNothingAboveIt() {
    noClasses()
        .that()
        .resideInAnyPackage(packages(MIDDLE_FLOOR))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(packages(TOP_FLOOR))
        .check(CLASSES);
  }

  @Test
  void onlyTheCatalogueIsSharedWithTheSimulator() {
    noClasses()
        .that()
        .resideInAPackage("dev.caravan.simulator..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "dev.caravan.socket..",
            "dev.caravan.session..",
            "dev.caravan.event..",
            "dev.caravan.gap..",
            "dev.caravan.spool..",
            "dev.caravan.kafka..",
            "dev.caravan.channel..",
            "dev.caravan.cluster..")
        .check(CLASSES);
  }

  @Test
  void onlyTheCommandLineStartsTheSimulator() {
    noClasses()
        .that()
        .resideOutsideOfPackages("dev.caravan.cli..", "dev.caravan.simulator..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("dev.caravan.simulator..")
        .check(CLASSES);
  }

  @Test
  void nothingRunsAgainAndAgainButWhereItsFailuresAreTold() {
    noClasses()
        .that()
        .resideOutsideOfPackages(BASEMENT, "dev.caravan.simulator..")
        .should()
        .callMethodWhere(
            describe(
                "schedules for ever",
                call ->
                    call.getTarget().getOwner().isAssignableTo(ScheduledExecutorService.class)
                            && call.getName().startsWith("scheduleWith")
                        || call.getName().equals("scheduleAtFixedRate")))
        .check(CLASSES);
  }

  /**
   * Those that need the wall clock, each for a reason of the table "Time" in docs/design.md.
   * Whatever is an interval or a timeout takes a steady clock.
   */
  private static final Set<String> ASK_THE_WALL_CLOCK =
      Set.of(
          "dev.caravan.background.SteadyClock",
          "dev.caravan.cli.DryRun",
          "dev.caravan.cli.ReplayCommand",
          "dev.caravan.cli.ReplayDesk",
          "dev.caravan.cli.Sample",
          "dev.caravan.cli.SpoolWatch",
          "dev.caravan.genesys.CamelChannelOpener",
          "dev.caravan.genesys.Failures",
          "dev.caravan.genesys.GapsConsumer",
          "dev.caravan.genesys.GenesysComponent",
          "dev.caravan.genesys.HttpAnswer",
          "dev.caravan.genesys.NotificationsConsumer",
          "dev.caravan.genesys.ReadAgain",
          "dev.caravan.genesys.SignalsConsumer",
          "dev.caravan.kafka.PatientProducer",
          "dev.caravan.spool.Spool$Time");

  @Test
  void nobodyElseAsksTheWallClock() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.caravan.simulator..")
        .and(describe("have no reason to", type -> !ASK_THE_WALL_CLOCK.contains(type.getName())))
        .should()
        .callMethodWhere(
            describe(
                "asks the wall clock",
                call -> {
                  String owner = call.getTargetOwner().getName();
                  return owner.equals("java.lang.System")
                          && call.getName().equals("currentTimeMillis")
                      || owner.startsWith("java.time.") && call.getName().equals("now")
                      || owner.equals("java.time.Clock") && call.getName().startsWith("system");
                }))
        .check(CLASSES);
  }

  @Test
  void onlyComponentsKnowCamel() {
    noClasses()
        .that()
        .resideOutsideOfPackages(
            "dev.caravan.genesys..",
            "dev.caravan.spool..",
            "dev.caravan.kafka..",
            "dev.caravan.socket..",
            "dev.caravan.cli..",
            BASEMENT)
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.apache.camel..")
        .check(CLASSES);
  }

  @Test
  void theLogOfTheSpoolKnowsNothingOfTheSpoolNorOfCamel() {
    noClasses()
        .that()
        .resideInAPackage("dev.caravan.spool.log..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("dev.caravan.spool", "org.apache.camel..")
        .check(CLASSES);
  }

  @Test
  void spoolAndGenesysKnowNothingOfEachOther() {
    noClasses()
        .that()
        .resideInAPackage("dev.caravan.genesys..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("dev.caravan.spool..")
        .check(CLASSES);
  }

  @Test
  void pureRoomsDoNoInputOrOutput() {
    noClasses()
        .that()
        .resideInAnyPackage("dev.caravan.event..", "dev.caravan.topic..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("java.net..", "java.nio.file..", "io.vertx..", "org.apache.kafka..")
        .check(CLASSES);
  }

  @Test
  void everyClassHasARoom() {
    classes()
        .that()
        .resideInAPackage("dev.caravan..")
        .should()
        .resideInAnyPackage(packages(GROUND_FLOOR))
        .orShould()
        .resideInAnyPackage(packages(UPPER_FLOORS))
        .orShould()
        .resideInAnyPackage("dev.caravan", SETTINGS, BASEMENT)
        .check(CLASSES);
  }
}
