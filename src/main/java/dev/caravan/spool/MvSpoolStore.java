package dev.caravan.spool;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.Optional;

/** Keeps records on disk in an H2 MVStore, many of them to a segment. */
final class MvSpoolStore implements SpoolStore {

  /**
   * A segment that has grown to this is not added to by a later commit. Each costs half a kilobyte
   * of heap, here and in MVStore, as long as it is there; a smaller one is written anew by each
   * commit.
   */
  private static final int SEAL_BYTES = 192 * 1024;

  /**
   * No segment of several records is larger than this and one record. MVStore reads pages in sizes
   * of powers of two and what lies halfway: there is room for a usual record below such a size.
   */
  private static final int MAX_SEGMENT_BYTES = (256 - 16) * 1024;

  /** What is kept is gathered to this, as each segment costs some kilobytes of its own, … */
  private static final int KEEP_FROM_BYTES = 32 * 1024;

  /** … but only for so long: then its time to be kept begins all the same. */
  private static final long GATHER_MILLIS = 60_000;

  private static final long VERIFY_BYTES = 256L * 1024 * 1024;

  /** An empty file that has grown to this is replaced: no compaction is as quick. */
  private static final long RENEW_BYTES = 4L * 1024 * 1024;

  /** Space is reused before the file grows, so only much of it makes compacting worthwhile. */
  private static final int COMPACT_FROM_RATIO = 4;

  private static final long COMPACT_SLACK_BYTES = 16L * 1024 * 1024;

  private final Watermark watermark;
  private final Fsync fsync;
  private final Duration keep;
  private final Clock clock;

  private final Extents extents = new Extents();
  private final SegmentWriter open = new SegmentWriter();
  private SegmentFile file;
  private boolean openIsDirty;
  private boolean fileChanged;
  private long acknowledged;
  private long last;

  private MvSpoolStore(
      SegmentFile file, Watermark watermark, Fsync fsync, Duration keep, Clock clock) {
    this.file = file;
    this.watermark = watermark;
    this.fsync = fsync;
    this.keep = keep;
    this.clock = clock;
    this.acknowledged = watermark.mark().acknowledged();
  }

  /** Opens the file, or makes a new one; what is there has been looked at when this returns. */
  static MvSpoolStore open(Path path, Watermark watermark, Fsync fsync, Duration keep, Clock clock)
      throws IOException {
    SegmentFile file = SegmentFile.open(path);
    try {
      MvSpoolStore store = new MvSpoolStore(file, watermark, fsync, keep, clock);
      file.forEach(store.extents::add);
      store.last = Math.max(store.acknowledged, store.extents.last());
      store.letGo();
      store.verify();
      return store;
    } catch (IOException e) {
      file.abandon();
      throw e;
    }
  }

  /** Reads what is still to be handed out, so that damage is known now and not in the middle. */
  private void verify() throws IOException {
    long left = VERIFY_BYTES;
    for (Extent extent : extents.all()) {
      if (extent.last() > acknowledged && left > 0) {
        left -= extent.bytes();
        SegmentReader.check(file.get(extent));
      }
    }
  }

  @Override
  public void append(List<SpoolRecord> added) throws IOException {
    for (SpoolRecord record : added) {
      open.add(record);
      openIsDirty = true;
      last = record.sequence();
      if (open.length() >= MAX_SEGMENT_BYTES) {
        putOpen();
        open.reset();
      }
    }
  }

  /** Takes over a whole segment from a damaged file. */
  void adopt(byte[] bytes, Segment segment) throws IOException {
    put(
        bytes,
        new Extent(
            segment.first(),
            segment.last(),
            segment.count(),
            bytes.length,
            segment.oldestMillis(),
            segment.newestMillis()));
    last = Math.max(last, segment.last());
  }

  private void putOpen() throws IOException {
    if (openIsDirty) {
      byte[] bytes = open.toBytes(acknowledged, clock.millis());
      put(
          bytes,
          new Extent(
              open.first(),
              open.last(),
              open.count(),
              bytes.length,
              open.oldestMillis(),
              open.newestMillis()));
      openIsDirty = false;
    }
  }

  private void put(byte[] bytes, Extent extent) throws IOException {
    file.put(extent, bytes);
    extents.add(extent);
  }

  @Override
  public List<SpoolRecord> read(long fromSequence) throws IOException {
    Optional<Extent> extent = extents.at(fromSequence);
    if (extent.isEmpty()) {
      return List.of();
    }
    return SegmentReader.read(file.get(extent.get())).records().stream()
        .filter(record -> record.sequence() >= fromSequence)
        .toList();
  }

  @Override
  public Optional<Long> firstSince(long millis) {
    return extents.all().stream()
        .filter(extent -> extent.newestMillis() >= millis)
        .findFirst()
        .map(Extent::first);
  }

  @Override
  public Optional<Spool.Kept> kept() {
    LongSummaryStatistics times = new LongSummaryStatistics();
    extents.all().stream()
        .filter(extent -> extent.last() <= acknowledged)
        .forEach(
            extent -> {
              times.accept(extent.oldestMillis());
              times.accept(extent.newestMillis());
            });
    return times.getCount() == 0
        ? Optional.empty()
        : Optional.of(
            new Spool.Kept(
                Instant.ofEpochMilli(times.getMin()), Instant.ofEpochMilli(times.getMax())));
  }

  @Override
  public void ack(long upToSequence) throws IOException {
    if (upToSequence > acknowledged) {
      acknowledged = upToSequence;
      last = Math.max(last, acknowledged);
      letGo();
    }
    if (extents.all().isEmpty() && !openIsDirty && file.size() > RENEW_BYTES) {
      renew();
    }
  }

  /** Begins with a new file, now that nothing in the old one is needed any more. */
  private void renew() throws IOException {
    watermark.write(acknowledged, last, clock.millis());
    watermark.force();
    file.abandon();
    Files.delete(file.path());
    file = SegmentFile.open(file.path());
  }

  private void letGo() throws IOException {
    for (Optional<Extent> first = firstDone(); first.isPresent(); first = firstDone()) {
      Extent extent = first.get();
      if (!keep.isZero() && stillGrows(extent)) {
        return;
      }
      forgetOpen(extent);
      if (keep.isZero()) {
        extents.removeFirstWaiting(extent);
        remove(extent);
      } else {
        extents.keepFirstWaiting(extent, clock.millis());
      }
    }
  }

  private boolean stillGrows(Extent extent) {
    return open.first() == extent.first()
        && open.length() < KEEP_FROM_BYTES
        && clock.millis() - extent.oldestMillis() < GATHER_MILLIS;
  }

  private void remove(Extent extent) throws IOException {
    file.remove(extent);
    fileChanged = true;
  }

  private Optional<Extent> firstDone() {
    return extents.firstWaiting().filter(extent -> extent.last() <= acknowledged);
  }

  private void forgetOpen(Extent extent) {
    if (!openIsDirty && open.first() == extent.first()) {
      open.reset();
    }
  }

  @Override
  public void trimKept(long maxBytes) throws IOException {
    letGo();
    long cutoff = clock.millis() - keep.toMillis();
    for (Optional<Extent> old = extents.removeKept(cutoff, maxBytes);
        old.isPresent();
        old = extents.removeKept(cutoff, maxBytes)) {
      remove(old.get());
    }
  }

  @Override
  public Optional<Extent> dropOldest(long olderThanMillis) throws IOException {
    Optional<Extent> oldest =
        extents.firstWaiting().filter(extent -> extent.newestMillis() < olderThanMillis);
    if (oldest.isPresent()) {
      Extent extent = oldest.get();
      forgetOpen(extent);
      extents.removeFirstWaiting(extent);
      remove(extent);
      acknowledged = Math.max(acknowledged, extent.last());
    }
    return oldest;
  }

  @Override
  public void commit() throws IOException {
    if (extents.all().isEmpty() && !openIsDirty && !fileChanged) {
      return;
    }
    // First, so that segments that are gone are never taken for lost ones.
    watermark.write(acknowledged, watermark.mark().committed(), clock.millis());
    putOpen();
    if (open.length() >= SEAL_BYTES) {
      open.reset();
    }
    file.commit(fsync);
    fileChanged = false;
    watermark.write(acknowledged, last, clock.millis());
  }

  @Override
  public void compact() throws IOException {
    long alive = extents.waitingBytes() + extents.keptBytes();
    if (file.size() > alive * COMPACT_FROM_RATIO + COMPACT_SLACK_BYTES) {
      file.compact();
    }
  }

  @Override
  public Size size() {
    Optional<Extent> first = extents.firstWaiting();
    long partly =
        first.map(e -> Math.min(e.count(), Math.max(0, acknowledged - e.first() + 1))).orElse(0L);
    return new Size(
        extents.waitingRecords() - partly,
        extents.waitingBytes(),
        extents.keptBytes(),
        file.size(),
        acknowledged,
        last,
        first.map(Extent::oldestMillis).orElse(0L));
  }

  @Override
  public void abandon() {
    file.abandon();
  }

  @Override
  public void close() throws IOException {
    try {
      watermark.write(acknowledged, last, clock.millis());
    } finally {
      file.close();
    }
  }
}
