package dev.caravan.spool;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.h2.mvstore.DataUtils;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.MVStoreException;
import org.h2.mvstore.RandomAccessStore;
import org.h2.mvstore.type.LongDataType;

/**
 * Keeps records in an H2 MVStore, many to a segment, one segment to a page.
 *
 * <p>Keys run downwards from minus one, and a tiny entry stands below them all: so a new segment
 * splits off that entry's small page and no large page is ever written twice. All commits happen
 * here, the store's own background thread is off: nothing but {@link #commit} and {@link #compact}
 * writes, and chunks out of use may be overwritten at once.
 */
final class MvSpoolStore implements SpoolStore {

  /** A segment that has grown to this is not added to by a later commit. */
  static final int SEAL_BYTES = 64 * 1024;

  /** No segment of several records is larger than this and one record. */
  static final int MAX_SEGMENT_BYTES = 256 * 1024;

  private static final int PAGE_SPLIT_BYTES = 16 * 1024;
  private static final int CACHE_MEGABYTES = 4;
  private static final long VERIFY_BYTES = 256L * 1024 * 1024;
  private static final long COMPACT_SLACK_BYTES = 4L * 1024 * 1024;
  private static final int COMPACT_FILL_RATE = 75;
  private static final long COMPACT_MOVE_BYTES = 16L * 1024 * 1024;
  private static final long BELOW_ALL = Long.MIN_VALUE;
  private static final int EXTENT_LENGTH = 8 + 4 + 4 + 8 + 8;

  private final MVStore store;
  private final MVMap<Long, byte[]> segments;
  private final MVMap<Long, byte[]> index;
  private final Watermark watermark;
  private final Fsync fsync;
  private final Duration keep;
  private final Clock clock;

  private final TreeMap<Long, Extent> extents = new TreeMap<>();
  private final Deque<Kept> kept = new ArrayDeque<>();
  private final SegmentWriter open = new SegmentWriter();
  private boolean openIsDirty;
  private long acknowledged;
  private long last;
  private long records;
  private long bytes;
  private long keptBytes;

  private record Kept(Extent extent, long sinceMillis) {}

  private MvSpoolStore(
      MVStore store, Watermark watermark, Fsync fsync, Duration keep, Clock clock) {
    this.store = store;
    this.watermark = watermark;
    this.fsync = fsync;
    this.keep = keep;
    this.clock = clock;
    MVMap.Builder<Long, byte[]> type =
        new MVMap.Builder<Long, byte[]>()
            .keyType(LongDataType.INSTANCE)
            .valueType(SegmentType.INSTANCE);
    this.segments = store.openMap("segments", type);
    this.index = store.openMap("index", type);
    this.acknowledged = watermark.mark().acknowledged();
  }

  /** Opens the file, or makes a new one; what is there has been looked at when this returns. */
  static MvSpoolStore open(Path file, Watermark watermark, Fsync fsync, Duration keep, Clock clock)
      throws IOException {
    return guarded(
        () -> {
          MVStore store =
              new MVStore.Builder()
                  .fileName(file.toString())
                  .autoCommitDisabled()
                  .autoCommitBufferSize(0)
                  .pageSplitSize(PAGE_SPLIT_BYTES)
                  .cacheSize(CACHE_MEGABYTES)
                  .open();
          try {
            store.setVersionsToKeep(0);
            store.setRetentionTime(0);
            MvSpoolStore opened = new MvSpoolStore(store, watermark, fsync, keep, clock);
            opened.load();
            return opened;
          } catch (RuntimeException | AssertionError e) {
            store.closeImmediately();
            throw e;
          }
        });
  }

  private void load() {
    segments.putIfAbsent(BELOW_ALL, new byte[0]);
    for (Map.Entry<Long, byte[]> entry : index.entrySet()) {
      ByteBuffer value = ByteBuffer.wrap(entry.getValue());
      long lastOfExtent = value.getLong();
      add(
          new Extent(
              -entry.getKey(),
              lastOfExtent,
              value.getInt(),
              value.getInt(),
              value.getLong(),
              value.getLong()));
    }
    last = Math.max(acknowledged, extents.isEmpty() ? 0 : extents.lastEntry().getValue().last());
    letGo();
    verify();
  }

  /** Reads what is still to be handed out, so that damage is known now and not in the middle. */
  private void verify() {
    long left = VERIFY_BYTES;
    for (Extent extent : extents.values()) {
      if (extent.last() > acknowledged && left > 0) {
        left -= extent.bytes();
        try {
          SegmentReader.check(bytesOf(extent));
        } catch (IOException e) {
          throw DataUtils.newMVStoreException(DataUtils.ERROR_FILE_CORRUPT, e.getMessage(), e);
        }
      }
    }
  }

  @Override
  public void append(List<SpoolRecord> added) throws IOException {
    guarded(
        () -> {
          for (SpoolRecord record : added) {
            open.add(record);
            openIsDirty = true;
            last = record.sequence();
            if (open.length() >= MAX_SEGMENT_BYTES) {
              putOpen();
              open.reset();
            }
          }
          return null;
        });
  }

  /** Takes over a whole segment from a damaged file. */
  void adopt(byte[] segmentBytes, Segment segment) throws IOException {
    guarded(
        () -> {
          put(
              segmentBytes,
              new Extent(
                  segment.first(),
                  segment.last(),
                  segment.count(),
                  segmentBytes.length,
                  segment.oldestMillis(),
                  segment.newestMillis()));
          last = Math.max(last, segment.last());
          return null;
        });
  }

  private void putOpen() {
    if (openIsDirty) {
      byte[] segment = open.toBytes(acknowledged, clock.millis());
      put(
          segment,
          new Extent(
              open.first(),
              open.last(),
              open.count(),
              segment.length,
              open.oldestMillis(),
              open.newestMillis()));
      openIsDirty = false;
    }
  }

  private void put(byte[] segment, Extent extent) {
    segments.put(-extent.first(), segment);
    index.put(
        -extent.first(),
        ByteBuffer.allocate(EXTENT_LENGTH)
            .putLong(extent.last())
            .putInt(extent.count())
            .putInt(extent.bytes())
            .putLong(extent.oldestMillis())
            .putLong(extent.newestMillis())
            .array());
    add(extent);
  }

  private void add(Extent extent) {
    Extent before = extents.put(extent.first(), extent);
    records += extent.count() - (before == null ? 0 : before.count());
    bytes += extent.bytes() - (before == null ? 0 : before.bytes());
  }

  @Override
  public List<SpoolRecord> read(long fromSequence) throws IOException {
    Map.Entry<Long, Extent> entry = extents.floorEntry(fromSequence);
    if (entry == null || entry.getValue().last() < fromSequence) {
      entry = extents.higherEntry(fromSequence);
    }
    if (entry == null) {
      return List.of();
    }
    Extent extent = entry.getValue();
    byte[] segment = guarded(() -> bytesOf(extent));
    try {
      List<SpoolRecord> found = SegmentReader.read(segment).records();
      return found.stream().filter(record -> record.sequence() >= fromSequence).toList();
    } catch (IOException e) {
      throw new DamagedStoreException(e.getMessage(), e);
    }
  }

  private byte[] bytesOf(Extent extent) {
    byte[] segment = segments.get(-extent.first());
    return segment == null ? new byte[0] : segment;
  }

  @Override
  public void ack(long upToSequence) throws IOException {
    if (upToSequence > acknowledged) {
      acknowledged = upToSequence;
      last = Math.max(last, acknowledged);
      guarded(
          () -> {
            letGo();
            return null;
          });
    }
  }

  private void letGo() {
    for (Extent extent = firstWaiting();
        extent != null && extent.last() <= acknowledged;
        extent = firstWaiting()) {
      forgetOpen(extent);
      records -= extent.count();
      bytes -= extent.bytes();
      if (keep.isZero()) {
        remove(extent);
      } else {
        kept.add(new Kept(extent, clock.millis()));
        keptBytes += extent.bytes();
      }
    }
  }

  private Extent firstWaiting() {
    Map.Entry<Long, Extent> first =
        kept.isEmpty()
            ? extents.firstEntry()
            : extents.higherEntry(kept.getLast().extent().first());
    return first == null ? null : first.getValue();
  }

  private void forgetOpen(Extent extent) {
    if (!openIsDirty && open.first() == extent.first()) {
      open.reset();
    }
  }

  private void remove(Extent extent) {
    extents.remove(extent.first());
    segments.remove(-extent.first());
    index.remove(-extent.first());
  }

  @Override
  public void trimKept(long maxBytes) throws IOException {
    guarded(
        () -> {
          long cutoff = clock.millis() - keep.toMillis();
          while (!kept.isEmpty()
              && (kept.getFirst().sinceMillis() < cutoff || keptBytes > Math.max(0, maxBytes))) {
            Extent oldest = kept.removeFirst().extent();
            keptBytes -= oldest.bytes();
            remove(oldest);
          }
          return null;
        });
  }

  @Override
  public Optional<Extent> dropOldest() throws IOException {
    Extent oldest = firstWaiting();
    if (oldest == null) {
      return Optional.empty();
    }
    return guarded(
        () -> {
          forgetOpen(oldest);
          records -= oldest.count();
          bytes -= oldest.bytes();
          remove(oldest);
          acknowledged = Math.max(acknowledged, oldest.last());
          return Optional.of(oldest);
        });
  }

  @Override
  public void commit() throws IOException {
    guarded(
        () -> {
          putOpen();
          if (open.length() >= SEAL_BYTES) {
            open.reset();
          }
          if (store.commit() >= 0 && fsync == Fsync.COMMIT) {
            store.sync();
          }
          return null;
        });
    watermark.write(acknowledged, last, clock.millis());
  }

  @Override
  public void compact(int budgetMillis) throws IOException {
    if (fileBytes() > (bytes + keptBytes) * 3 / 2 + COMPACT_SLACK_BYTES) {
      guarded(
          () -> {
            store.compactFile(budgetMillis);
            if (store.getFileStore() instanceof RandomAccessStore file) {
              file.compactMoveChunks(COMPACT_FILL_RATE, COMPACT_MOVE_BYTES, store);
            }
            return null;
          });
    }
  }

  @Override
  public Size size() {
    Extent first = firstWaiting();
    long partly =
        first == null ? 0 : Math.min(first.count(), Math.max(0, acknowledged - first.first() + 1));
    return new Size(
        records - partly,
        bytes,
        keptBytes,
        fileBytes(),
        acknowledged,
        last,
        first == null ? 0 : first.oldestMillis());
  }

  private long fileBytes() {
    return store.isClosed() ? 0 : store.getFileStore().size();
  }

  @Override
  public void close() throws IOException {
    guarded(
        () -> {
          store.close();
          return null;
        });
  }

  @Override
  public void abandon() {
    store.closeImmediately();
  }

  private static <T> T guarded(Supplier<T> call) throws IOException {
    try {
      return call.get();
    } catch (MVStoreException e) {
      throw switch (e.getErrorCode()) {
        case DataUtils.ERROR_FILE_LOCKED ->
            new IOException("The spool's file is in use by another process.", e);
        case DataUtils.ERROR_WRITING_FAILED ->
            new IOException("The spool's file cannot be written: " + rootOf(e) + ".", e);
        case DataUtils.ERROR_CLOSED -> new IOException("The spool's file was closed.", e);
        default -> new DamagedStoreException("The spool's file is damaged.", e);
      };
    } catch (RuntimeException | AssertionError e) {
      throw new DamagedStoreException("The spool's file is damaged.", e);
    }
  }

  private static String rootOf(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.getMessage();
  }
}
