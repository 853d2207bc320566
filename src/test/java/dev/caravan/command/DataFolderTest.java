package dev.caravan.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caravan.testing.LogLines;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataFolderTest {

  @TempDir private Path folder;

  @Test
  void oneProcessAtATimeUsesIt() throws Exception {
    try (Closeable taken = DataFolder.take(folder)) {
      assertThatThrownBy(() -> DataFolder.take(folder))
          .hasMessageContaining("is in use by another process");
      assertThat(taken).isNotNull();
    }
    DataFolder.take(folder).close();
  }

  @Test
  void aFolderThatCanBeWrittenIsNoProblemAndStaysAsItIs() throws IOException {
    assertThat(DataFolder.problem(folder)).isEmpty();
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void aFolderThatCanBeCreatedIsNoProblemAndIsNotCreatedYet() {
    assertThat(DataFolder.problem(folder.resolve("a/b"))).isEmpty();
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void whatLiesInItIsToldWithoutTouchingIt() throws IOException {
    assertThat(DataFolder.state(folder))
        .isEqualTo(
            "Records that wait: none (0 B on disk). Gaps not closed yet: none. No bridge is running on it.");
    assertThat(folder).isEmptyDirectory();

    Path gaps = Files.createDirectory(folder.resolve("gaps"));
    for (String file : List.of("gap-1.json", "gap-2.json", "reading.json", "strand-1.json")) {
      Files.createFile(gaps.resolve(file));
    }

    assertThat(DataFolder.state(folder)).contains("Gaps not closed yet: 2.");
  }

  @Test
  void aFileInThePlaceOfTheSpoolIsNamed() throws IOException {
    Path spool = Files.createFile(folder.resolve("spool"));

    assertThat(DataFolder.problem(folder))
        .contains(
            "The data folder %s cannot be used: %s is a file, not a folder. Mend that, or set CARAVAN_DATA_DIR to a folder that this process may write to."
                .formatted(spool, spool));
  }

  @Test
  void aFileAboveTheFolderIsNamed() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));

    assertThat(DataFolder.problem(file.resolve("data")).orElseThrow())
        .contains(file + " is a file, not a folder");
  }

  @Test
  void aPlaceThatCannotBeWrittenIsToldWithoutTheNameOfAClass() {
    assertThat(DataFolder.problem(Path.of("/proc/caravan")).orElseThrow())
        .startsWith("The data folder /proc/caravan cannot be used: ")
        .doesNotContain("Exception", "java.");
    assertThat(DataFolder.why(new AccessDeniedException("/data")))
        .isEqualTo("this process may not write there");
    assertThat(DataFolder.why(new FileSystemException("/data", null, "Read-only file system")))
        .isEqualTo("Read-only file system");
  }

  @Test
  void aFolderOfAnEarlierVersionIsNarrowedAndToldOnce() throws IOException {
    Path data = wide(folder.resolve("data"), true);
    Path gap = wide(wide(data.resolve("gaps"), true).resolve("gap-1.json"), false);
    Path events = wide(wide(data.resolve("spool"), true).resolve("1.log"), false);

    try (LogLines log = new LogLines(DataFolder.class.getName())) {
      DataFolder.keepPrivate(data);
      DataFolder.keepPrivate(data);

      assertThat(log.lines()).hasSize(1);
    }
    for (Path directory : List.of(data, data.resolve("gaps"), data.resolve("spool"))) {
      assertThat(rights(directory)).isEqualTo("rwx------");
    }
    assertThat(rights(gap)).isEqualTo("rw-------");
    assertThat(rights(events)).isEqualTo("rw-------");
  }

  @Test
  void aFolderWithOtherThingsInItStaysOpenButWhatIsOursInItDoesNot() throws IOException {
    Path data = wide(folder.resolve("home"), true);
    Path foreign = wide(data.resolve("letter.txt"), false);
    Path gaps = wide(data.resolve("gaps"), true);
    Files.createSymbolicLink(gaps.resolve("link"), foreign);

    try (LogLines log = new LogLines(DataFolder.class.getName())) {
      DataFolder.keepPrivate(data);

      assertThat(log.lines())
          .filteredOn(line -> line.contains("holds other things than Caravan's"))
          .hasSize(1);
    }
    assertThat(rights(data)).isEqualTo("rwxr-xr-x");
    assertThat(rights(foreign)).isEqualTo("rw-r--r--");
    assertThat(rights(gaps)).isEqualTo("rwx------");
  }

  @Test
  void whatCannotBeNarrowedKeepsNothingElseFromIt() throws IOException {
    Path data = wide(folder.resolve("data"), true);
    List<Path> ours =
        Stream.of("spool", "gaps", "channels", "channels-north", "timeline.json.next")
            .map(data::resolve)
            .toList();
    for (Path own : ours) {
      wide(own, true);
    }
    // Not even its owner may change the rights of what lies there
    Files.createSymbolicLink(data.resolve("dead-letters"), Path.of("/proc/self/fdinfo"));

    try (LogLines log = new LogLines(DataFolder.class.getName())) {
      DataFolder.keepPrivate(data);

      assertThat(log.lines())
          .filteredOn(line -> line.contains("cannot be kept from other users"))
          .hasSize(1);
    }
    assertThat(ours).allSatisfy(own -> assertThat(rights(own)).isEqualTo("rwx------"));
    assertThat(rights(data)).isEqualTo("rwx------");
  }

  @Test
  void aNewFolderIsOpenToItsOwnerAlone() throws IOException {
    Path data = folder.resolve("a/data");

    DataFolder.keepPrivate(data);

    assertThat(rights(data)).isEqualTo("rwx------");
    assertThat(rights(data.getParent())).isNotEqualTo("rwx------");
  }

  private static Path wide(Path path, boolean directory) throws IOException {
    Path made = directory ? Files.createDirectory(path) : Files.createFile(path);
    return Files.setPosixFilePermissions(
        made, PosixFilePermissions.fromString(directory ? "rwxr-xr-x" : "rw-r--r--"));
  }

  private static String rights(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }
}
