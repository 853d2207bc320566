package dev.caravan.spool;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.stream.Stream;
import org.h2.mvstore.DataUtils;
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

  private static Object fail(Throwable failure) {
    if (failure instanceof Error error) {
      throw error;
    }
    throw (RuntimeException) failure;
  }
}
