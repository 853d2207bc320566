package dev.caravan.spool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caravan.spool.SpoolStore.Extent;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.h2.mvstore.DataUtils;
import org.h2.mvstore.MVStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SegmentFileTest {

  private static final OutOfMemoryError NO_HEAP = new OutOfMemoryError("Java heap space");

  static Stream<Throwable> tooSmallHeaps() {
    return Stream.of(
        NO_HEAP,
        DataUtils.newMVStoreException(DataUtils.ERROR_INTERNAL, "panic", NO_HEAP),
        DataUtils.newMVStoreException(DataUtils.ERROR_CLOSED, "closed", NO_HEAP),
        new IllegalStateException(NO_HEAP));
  }

  @ParameterizedTest
  @MethodSource("tooSmallHeaps")
  void aHeapThatIsTooSmallIsNotTakenForADamagedFile(Throwable failure) {
    assertThatThrownBy(() -> SegmentFile.guarded(() -> fail(failure)))
        .isExactlyInstanceOf(IOException.class)
        .hasMessageContaining("heap of the program is too small");
  }

  @ParameterizedTest
  @MethodSource("damage")
  void whatTheStoreCannotMakeSenseOfIsDamage(RuntimeException failure) {
    assertThatThrownBy(() -> SegmentFile.guarded(() -> fail(failure)))
        .isInstanceOf(DamagedStoreException.class);
  }

  static Stream<RuntimeException> damage() {
    return Stream.of(
        DataUtils.newMVStoreException(DataUtils.ERROR_FILE_CORRUPT, "corrupt"),
        new IndexOutOfBoundsException("a length that cannot be"));
  }

  @Test
  void manyCommitsMakeFewSegments(@TempDir Path folder) throws Exception {
    try (SpoolFixture spool = new SpoolFixture(SpoolFixture.settings(folder))) {
      for (int commit = 0; commit < 100; commit++) {
        spool.appendCommitted(20 * commit, 20 * (commit + 1));
      }
    }

    SegmentFile file = SegmentFile.open(folder.resolve("events.mv"));
    List<Extent> segments = new ArrayList<>();
    file.forEach(segments::add);
    file.close();
    int bytes = 2_000 * SpoolFixture.LENGTH;
    assertThat(segments).hasSizeBetween(bytes / 256_000, bytes / 192_000 + 1);
  }

  @Test
  void aSegmentIsThereUntilItIsRemovedAlsoAfterOpeningAgain(@TempDir Path folder) throws Exception {
    Path path = folder.resolve("file");
    SegmentFile file = SegmentFile.open(path);
    for (int first = 1; first <= 100; first++) {
      file.put(extent(first), bytes(first));
    }
    file.put(extent(100), bytes(7));
    for (int first = 1; first <= 70; first++) {
      file.remove(extent(first));
    }
    file.commit(Fsync.NEVER);
    file.close();

    file = SegmentFile.open(path);
    List<Long> found = new ArrayList<>();
    file.forEach(extent -> found.add(extent.first()));

    assertThat(found).hasSize(30).startsWith(100L).endsWith(71L);
    assertThat(file.get(extent(71))).isEqualTo(bytes(71));
    assertThat(file.get(extent(100))).isEqualTo(bytes(7));
    assertThat(file.get(extent(70))).isEmpty();
    file.close();
  }

  @Test
  void whatIsRemovedIsNotKeptByAnybody(@TempDir Path folder) throws Exception {
    Path path = folder.resolve("file");
    for (int round = 0; round < 3; round++) {
      SegmentFile file = SegmentFile.open(path);
      for (int first = 1; first <= 50; first++) {
        file.put(extent(first), bytes(first));
      }
      file.commit(Fsync.NEVER);
      for (int first = 1; first <= 50; first++) {
        file.remove(extent(first));
      }
      file.commit(Fsync.NEVER);
      file.close();
    }
    SegmentFile.open(path).close();

    try (MVStore store = MVStore.open(path.toString())) {
      assertThat(store.getMapNames()).containsExactly("index");
    }
  }

  @Test
  void spaceIsUsedAgain(@TempDir Path folder) throws Exception {
    SegmentFile file = SegmentFile.open(folder.resolve("file"));
    for (int first = 1; first <= 1_000; first++) {
      file.put(extent(first), new byte[100_000]);
      if (first > 50) {
        file.remove(extent(first - 50));
      }
      file.commit(Fsync.NEVER);
    }

    assertThat(file.size()).isLessThan(25_000_000);
    file.close();
  }

  private static Extent extent(long first) {
    return new Extent(first, first, 1, 100, first, first);
  }

  private static byte[] bytes(int fill) {
    byte[] bytes = new byte[100];
    Arrays.fill(bytes, (byte) fill);
    return bytes;
  }

  private static Object fail(Throwable failure) {
    if (failure instanceof Error error) {
      throw error;
    }
    throw (RuntimeException) failure;
  }
}
