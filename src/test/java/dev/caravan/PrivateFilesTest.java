package dev.caravan;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrivateFilesTest {

  @TempDir Path directory;

  @Test
  void anInterruptKeepsNothingFromBeingWritten() throws IOException {
    Path file = directory.resolve("gap.json");

    Thread.currentThread().interrupt();
    PrivateFiles.replace(file, "{}".getBytes(StandardCharsets.UTF_8), true);

    assertThat(Thread.interrupted()).isTrue();
    assertThat(file).hasContent("{}");
  }
}
