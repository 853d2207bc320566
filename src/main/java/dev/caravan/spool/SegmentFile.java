package dev.caravan.spool;

import dev.caravan.spool.SpoolStore.Extent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.h2.mvstore.DataUtils;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.MVStoreException;
import org.h2.mvstore.RandomAccessStore;

/**
 * Segments in an H2 MVStore, one to a page, with an index of what they are.
 *
 * <p>The store's own background thread is off: nothing but {@link #commit} and {@link #compact}
 * writes, and chunks out of use may be overwritten at once.
 */
final class SegmentFile {

  private static final int PAGE_SPLIT_BYTES = 16 * 1024;
  private static final int CACHE_MEGABYTES = 1;
  private static final int EXTENT_LENGTH = 8 + 4 + 4 + 8 + 8 + 4;
  private static final int GROUP_AT = EXTENT_LENGTH - 4;
  private static final int COMPACT_FILL_RATE = 75;
  private static final int COMPACT_WRITE_BYTES = 2 * 1024 * 1024;
  private static final long COMPACT_MOVE_BYTES = 4L * 1024 * 1024;

  private final Path path;
  private final MVStore store;
  private final SegmentGroups segments;
  private final MVMap<Long, byte[]> index;

  private SegmentFile(Path path, MVStore store) {
    this.path = path;
    this.store = store;
    this.index = store.openMap("index", SegmentGroups.mapOfBytes());
    this.segments = new SegmentGroups(store);
    index.forEach((key, entry) -> segments.found(-key, ByteBuffer.wrap(entry).getInt(GROUP_AT)));
    segments.forgetOthers();
  }

  /** Opens the file, or makes a new one. */
  static SegmentFile open(Path path) throws IOException {
    return guarded(
        () -> {
          MVStore store =
              new MVStore.Builder()
                  .fileName(path.toString())
                  .autoCommitDisabled()
                  .autoCommitBufferSize(0)
                  .pageSplitSize(PAGE_SPLIT_BYTES)
                  .cacheSize(CACHE_MEGABYTES)
                  .cacheConcurrency(1)
                  .open();
          try {
            store.setVersionsToKeep(0);
            store.setRetentionTime(0);
            return new SegmentFile(path, store);
          } catch (RuntimeException | AssertionError e) {
            store.closeImmediately();
            throw e;
          }
        });
  }

  Path path() {
    return path;
  }

  /** Calls back with all segments there are, the newest first. */
  void forEach(Consumer<Extent> extent) throws IOException {
    run(
        () -> {
          for (Map.Entry<Long, byte[]> entry : index.entrySet()) {
            ByteBuffer value = ByteBuffer.wrap(entry.getValue());
            long last = value.getLong();
            extent.accept(
                new Extent(
                    -entry.getKey(),
                    last,
                    value.getInt(),
                    value.getInt(),
                    value.getLong(),
                    value.getLong()));
          }
        });
  }

  void put(Extent extent, byte[] segment) throws IOException {
    run(
        () -> {
          int group = segments.put(extent.first(), segment);
          byte[] entry =
              ByteBuffer.allocate(EXTENT_LENGTH)
                  .putLong(extent.last())
                  .putInt(extent.count())
                  .putInt(extent.bytes())
                  .putLong(extent.oldestMillis())
                  .putLong(extent.newestMillis())
                  .putInt(group)
                  .array();
          index.put(-extent.first(), entry);
        });
  }

  byte[] get(Extent extent) throws IOException {
    return guarded(() -> segments.get(extent.first()));
  }

  void remove(Extent extent) throws IOException {
    run(
        () -> {
          segments.remove(extent.first());
          index.remove(-extent.first());
        });
  }

  void commit(Fsync fsync) throws IOException {
    run(
        () -> {
          if (store.commit() >= 0 && fsync == Fsync.COMMIT) {
            store.sync();
          }
        });
  }

  /** One step of moving what is alive together and cutting off the rest. */
  void compact() throws IOException {
    run(
        () -> {
          store.compact(COMPACT_FILL_RATE, COMPACT_WRITE_BYTES);
          if (store.getFileStore() instanceof RandomAccessStore file) {
            file.compactMoveChunks(COMPACT_FILL_RATE, COMPACT_MOVE_BYTES, store);
          }
        });
  }

  long size() {
    return store.isClosed() ? 0 : store.getFileStore().size();
  }

  /** Lets go of the file as it is. */
  void abandon() {
    store.closeImmediately();
  }

  void close() throws IOException {
    run(store::close);
  }

  private static void run(Runnable call) throws IOException {
    guarded(
        () -> {
          call.run();
          return null;
        });
  }

  /** Tells a file that is damaged from one that cannot be used now. */
  static <T> T guarded(Supplier<T> call) throws IOException {
    try {
      return call.get();
    } catch (OutOfMemoryError e) {
      throw outOfMemory(e);
    } catch (MVStoreException e) {
      if (rootCause(e) instanceof OutOfMemoryError) {
        throw outOfMemory(e);
      }
      throw switch (e.getErrorCode()) {
        case DataUtils.ERROR_FILE_LOCKED ->
            new IOException("The spool's file is in use by another process.", e);
        case DataUtils.ERROR_WRITING_FAILED ->
            new IOException(
                "The spool's file cannot be written: " + rootCause(e).getMessage() + ".", e);
        case DataUtils.ERROR_CLOSED -> new IOException("The spool's file was closed.", e);
        default -> new DamagedStoreException("The spool's file is damaged.", e);
      };
    } catch (RuntimeException | AssertionError e) {
      if (rootCause(e) instanceof OutOfMemoryError) {
        throw outOfMemory(e);
      }
      throw new DamagedStoreException("The spool's file is damaged.", e);
    }
  }

  /** What to tell of it: that is no fault of the file. */
  static IOException outOfMemory(Throwable cause) {
    return new IOException(
        "The spool's file cannot be used: the heap of the program is too small. Give it more"
            + " (-Xmx).",
        cause);
  }

  private static Throwable rootCause(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root;
  }
}
