package dev.caravan;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The walls of the house: which room may use which. */
class ArchitectureTest {

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.caravan");

  private static final String[] GROUND_FLOOR = {
    "socket", "session", "event", "topic", "gap", "spool", "kafka"
  };

  @Test
  void roomsFormNoCircles() {
    slices().matching("dev.caravan.(*)..").should().beFreeOfCycles().check(CLASSES);
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
  void groundFloorUsesNothingAboveIt() {
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
        .check(CLASSES);
  }

  @Test
  void middleFloorUsesNothingAboveIt() {
    noClasses()
        .that()
        .resideInAnyPackage(
            "dev.caravan.channel..", "dev.caravan.cluster..", "dev.caravan.simulator..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("dev.caravan.genesys..", "dev.caravan.cli..", "dev.caravan.status..")
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
  void onlyComponentsKnowCamel() {
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
            "dev.caravan.status..")
        .check(CLASSES);
  }
}
