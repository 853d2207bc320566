package dev.caravan;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
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
import org.junit.jupiter.api.Test;

/** Which package may use which. */
class ArchitectureTest {

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.caravan");

  /**
   * From the lowest to the highest: a room uses rooms of its own floor or below it, never above.
   */
  private static final List<List<String>> FLOORS =
      List.of(
          List.of("background"),
          List.of("network", "socket", "frame", "topic"),
          List.of("channel", "cluster", "simulator", "settings"),
          List.of("spool", "genesys", "kafka"),
          List.of("command", "health", "routes", "replay"),
          List.of("check", "demo", "dryrun", "page", "cli"));

  private static final List<String> GROUND_FLOOR = FLOORS.get(1);

  private static String[] packages(List<String> rooms) {
    return rooms.stream().map(room -> "dev.caravan." + room + "..").toArray(String[]::new);
  }

  private static String[] packages(String... rooms) {
    return packages(List.of(rooms));
  }

  @Test
  void roomsFormNoCircles() {
    slices().matching("dev.caravan.(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void noRoomUsesAFloorAboveIt() {
    for (int floor = 0; floor < FLOORS.size() - 1; floor++) {
      List<String> above =
          FLOORS.subList(floor + 1, FLOORS.size()).stream().flatMap(List::stream).toList();
      noClasses()
          .that()
          .resideInAnyPackage(packages(FLOORS.get(floor)))
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(packages(above))
          .check(CLASSES);
    }
    assertThat(FLOORS.stream().flatMap(List::stream))
        .containsExactlyInAnyOrderElementsOf(
            CLASSES.stream()
                .map(ArchitectureTest::room)
                .filter(room -> !room.isEmpty())
                .collect(Collectors.toSet()));
  }

  /**
   * An arrow for each room that uses another; those from {@code cli} and those to {@code
   * background} are left out.
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
        .check(CLASSES);
  }

  @Test
  void spoolAndGenesysKnowNothingOfEachOther() {
    slices()
        .matching("dev.caravan.(spool|genesys)..")
        .should()
        .notDependOnEachOther()
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
            packages("socket", "network", "frame", "spool", "kafka", "channel", "genesys"))
        .check(CLASSES);
  }

  @Test
  void theRoomsOfTheSimulatorHaveNoCircles() {
    slices().matching("dev.caravan.simulator.(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void onlyCommandsAndTheDemoStartTheSimulator() {
    noClasses()
        .that()
        .resideOutsideOfPackages(packages("cli", "demo", "dryrun", "simulator"))
        .should()
        .dependOnClassesThat()
        .resideInAPackage("dev.caravan.simulator..")
        .check(CLASSES);
  }

  @Test
  void nothingRunsAgainAndAgainButWhereItsFailuresAreTold() {
    noClasses()
        .that()
        .resideOutsideOfPackages(packages("background", "simulator"))
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
          "dev.caravan.dryrun.DryRun",
          "dev.caravan.cli.ReplayCommand",
          "dev.caravan.replay.ReplayRequests",
          "dev.caravan.dryrun.Sample",
          "dev.caravan.health.SpoolHealth",
          "dev.caravan.genesys.connect.CamelChannelOpener",
          "dev.caravan.genesys.connect.Failures",
          "dev.caravan.genesys.EventBridgeReader",
          "dev.caravan.genesys.backfill.GapsConsumer",
          "dev.caravan.genesys.GenesysComponent",
          "dev.caravan.genesys.connect.HttpStatusRule",
          "dev.caravan.genesys.NotificationsConsumer",
          "dev.caravan.genesys.backfill.ReadAgain",
          "dev.caravan.genesys.SignalsConsumer",
          "dev.caravan.kafka.KafkaMeters",
          "dev.caravan.kafka.IsolatingProducer",
          "dev.caravan.page.StatusLoop",
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
  void whatIsNoComponentKnowsNothingOfCamel() {
    noClasses()
        .that()
        .resideInAnyPackage(
            packages("network", "frame", "topic", "channel", "cluster", "simulator", "settings"))
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
  void pureRoomsDoNoInputOrOutput() {
    noClasses()
        .that()
        .resideInAnyPackage("dev.caravan.frame..", "dev.caravan.topic..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("java.net..", "java.nio.file..", "io.vertx..", "org.apache.kafka..")
        .check(CLASSES);
  }
}
