package dev.caravan;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The walls of the house: which room may use which. */
@AnalyzeClasses(packages = "dev.caravan", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  private static final String[] GROUND_FLOOR = {
    "socket", "session", "event", "topic", "gap", "spool", "kafka"
  };

  @ArchTest
  static final ArchRule roomsFormNoCircles =
      slices().matching("dev.caravan.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule groundFloorRoomsDoNotUseEachOther =
      slices()
          .matching("dev.caravan.(" + String.join("|", GROUND_FLOOR) + ")..")
          .should()
          .notDependOnEachOther();

  @ArchTest
  static final ArchRule groundFloorUsesNothingAboveIt =
      noClasses()
          .that()
          .resideInAnyPackage(
              "dev.caravan.socket..",
              "dev.caravan.session..",
              "dev.caravan.event..",
              "dev.caravan.topic..",
              "dev.caravan.gap..",
              "dev.caravan.spool..",
              "dev.caravan.kafka..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "dev.caravan.channel..",
              "dev.caravan.cluster..",
              "dev.caravan.simulator..",
              "dev.caravan.genesys..",
              "dev.caravan.cli..",
              "dev.caravan.status..")
          .allowEmptyShould(true);

  @ArchTest
  static final ArchRule middleFloorUsesNothingAboveIt =
      noClasses()
          .that()
          .resideInAnyPackage(
              "dev.caravan.channel..", "dev.caravan.cluster..", "dev.caravan.simulator..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("dev.caravan.genesys..", "dev.caravan.cli..", "dev.caravan.status..")
          .allowEmptyShould(true);

  @ArchTest
  static final ArchRule onlyTheCatalogueIsSharedWithTheSimulator =
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
          .allowEmptyShould(true);

  @ArchTest
  static final ArchRule onlyTheCommandLineStartsTheSimulator =
      noClasses()
          .that()
          .resideOutsideOfPackages("dev.caravan.cli..", "dev.caravan.simulator..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("dev.caravan.simulator..")
          .allowEmptyShould(true);

  @ArchTest
  static final ArchRule onlyComponentsKnowCamel =
      noClasses()
          .that()
          .resideOutsideOfPackages(
              "dev.caravan.genesys..",
              "dev.caravan.spool..",
              "dev.caravan.kafka..",
              "dev.caravan.socket..",
              "dev.caravan.cli..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.apache.camel..")
          .allowEmptyShould(true);

  @ArchTest
  static final ArchRule spoolAndGenesysKnowNothingOfEachOther =
      noClasses()
          .that()
          .resideInAPackage("dev.caravan.genesys..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("dev.caravan.spool..")
          .allowEmptyShould(true);

  @ArchTest
  static final ArchRule pureRoomsDoNoInputOrOutput =
      noClasses()
          .that()
          .resideInAnyPackage("dev.caravan.event..", "dev.caravan.topic..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("java.net..", "java.nio.file..", "io.vertx..", "org.apache.kafka..")
          .allowEmptyShould(true);

  @ArchTest
  static final ArchRule everyClassHasARoom =
      classes()
          .that()
          .resideInAPackage("dev.caravan..")
          .should()
          .resideInAnyPackage(
              "dev.caravan",
              "dev.caravan.socket..",
              "dev.caravan.session..",
              "dev.caravan.event..",
              "dev.caravan.topic..",
              "dev.caravan.gap..",
              "dev.caravan.spool..",
              "dev.caravan.kafka..",
              "dev.caravan.channel..",
              "dev.caravan.cluster..",
              "dev.caravan.simulator..",
              "dev.caravan.genesys..",
              "dev.caravan.cli..",
              "dev.caravan.status..");
}
