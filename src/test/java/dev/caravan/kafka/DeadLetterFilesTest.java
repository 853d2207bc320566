package dev.caravan.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.camel.Exchange;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.apache.camel.support.UnitOfWorkHelper;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeadLetterFilesTest {

  private static final Instant LONG_AGO = Instant.parse("2026-01-02T03:04:05Z");

  @TempDir private Path parent;

  private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5);
  private DeadLetterFiles files;
  private Path folder;

  @BeforeEach
  void setBounds() {
    folder = parent.resolve("letters");
    files = new DeadLetterFiles(folder, now::get);
    files.takes(new DefaultExchange(new DefaultCamelContext()), 6, 10_000);
  }

  @Test
  void aFolderThatIsNotThereHasRoom() {
    assertThat(files.hasRoom(letter(10))).isTrue();
    assertThat(folder).doesNotExist();
  }

  @Test
  void countsTwoFilesForEachLetterWithoutLooking() {
    assertThat(files.hasRoom(letter(10))).isTrue();
    assertThat(files.hasRoom(letter(10))).isTrue();
    assertThat(files.hasRoom(letter(10))).isTrue();

    assertThat(files.hasRoom(letter(10))).isFalse();
    assertThat(files.contents().full()).isTrue();
  }

  @Test
  void countsBytes() {
    assertThat(files.hasRoom(letter(8_000))).isTrue();
    assertThat(files.hasRoom(letter(8_000))).isFalse();
    assertThat(files.hasRoom(letter(0))).as("a smaller one").isTrue();
    assertThat(files.contents().full()).isFalse();
  }

  @Test
  void seesAfterAWhileThatFilesWereRemoved() throws IOException {
    write("a.json", "a.reason", "b.json", "b.reason", "c.json", "c.reason");
    assertThat(files.hasRoom(letter(10))).isFalse();

    Files.delete(folder.resolve("a.json"));
    Files.delete(folder.resolve("a.reason"));
    assertThat(files.hasRoom(letter(10))).as("not looked again yet").isFalse();
    pass(5);

    assertThat(files.hasRoom(letter(10))).isTrue();
    assertThat(files.hasRoom(letter(10))).isFalse();
  }

  @Test
  void aLetterThatIsNotWrittenYetKeepsItsPlaceAndOneThatCouldNotBeGivesItBack() throws IOException {
    write("a.json", "a.reason", "b.json", "b.reason");
    Exchange slow = letter(10);
    assertThat(files.hasRoom(slow)).isTrue();
    pass(5);
    assertThat(files.hasRoom(letter(10))).as("though its files do not lie there").isFalse();

    UnitOfWorkHelper.doneSynchronizations(slow, slow.getExchangeExtension().handoverCompletions());
    assertThat(files.hasRoom(letter(10))).as("none has been written").isTrue();
  }

  @Test
  void aLetterThatComesAgainTakesNoSecondPlace() throws IOException {
    for (int time = 0; time < 3; time++) {
      Exchange same = letter(10);
      assertThat(files.hasRoom(same)).isTrue();
      write("a.json", "a.reason");
      UnitOfWorkHelper.doneSynchronizations(
          same, same.getExchangeExtension().handoverCompletions());
    }

    assertThat(files.hasRoom(letter(10))).as("two files lie there, of six").isTrue();
    assertThat(files.contents().full()).isFalse();
  }

  @Test
  void tellsWhatLiesThereAndSinceWhen() throws IOException {
    write("a.json", "a.reason", "b.json", "b.reason");
    Files.setLastModifiedTime(folder.resolve("b.json"), FileTime.from(LONG_AGO));
    Files.createDirectory(folder.resolve("looked-at"));

    assertThat(files.contents())
        .isEqualTo(new DeadLetterFiles.Contents(folder, 2, 4, Optional.of(LONG_AGO), false));
  }

  @Test
  void isNotFullAnyMoreWhenNothingAsksForRoom() throws IOException {
    write("a.json", "a.reason", "b.json", "b.reason", "c.json", "c.reason");
    files.hasRoom(letter(10));
    pass(44);
    assertThat(files.contents().full()).isTrue();

    pass(1);
    assertThat(files.contents().full()).isFalse();
  }

  @Test
  void whatCannotBeReadHasNoRoom() throws IOException {
    Files.writeString(folder, "a file where the folder should be");

    assertThat(files.hasRoom(letter(10))).isFalse();
  }

  private void write(String... names) throws IOException {
    Files.createDirectories(folder);
    for (String name : names) {
      Files.writeString(folder.resolve(name), "x");
    }
  }

  private static Exchange letter(int bytes) {
    Exchange exchange = new DefaultExchange(new DefaultCamelContext());
    exchange.getMessage().setBody(new byte[bytes]);
    return exchange;
  }

  private void pass(long seconds) {
    now.addAndGet(Duration.ofSeconds(seconds).toNanos());
  }
}
