package dev.caravan.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataFolderTest {

  @TempDir private Path folder;

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
            "Records that wait: none (0 B on disk). Gaps not settled: none. No bridge is running on it.");
    assertThat(folder).isEmptyDirectory();

    Path gaps = Files.createDirectory(folder.resolve("gaps"));
    for (String file : List.of("gap-1.json", "gap-2.json", "reading.json", "strand-1.json")) {
      Files.createFile(gaps.resolve(file));
    }

    assertThat(DataFolder.state(folder)).contains("Gaps not settled: 2.");
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
}
