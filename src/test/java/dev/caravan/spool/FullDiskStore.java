package dev.caravan.spool;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/** A store that reads as ever and whose commits fail while disk or heap are said to be full. */
final class FullDiskStore implements SpoolStore {

  private final SpoolStore store;
  private final AtomicBoolean diskIsFull;
  private final AtomicBoolean heapIsFull;

  FullDiskStore(SpoolStore store, AtomicBoolean diskIsFull, AtomicBoolean heapIsFull) {
    this.store = store;
    this.diskIsFull = diskIsFull;
    this.heapIsFull = heapIsFull;
  }

  @Override
  public void append(List<SpoolRecord> records) throws IOException {
    store.append(records);
  }

  @Override
  public List<SpoolRecord> read(long fromSequence) throws IOException {
    return store.read(fromSequence);
  }

  @Override
  public Optional<Long> firstSince(long millis) {
    return store.firstSince(millis);
  }

  @Override
  public Optional<Spool.Kept> kept() {
    return store.kept();
  }

  @Override
  public void ack(long upToSequence) throws IOException {
    store.ack(upToSequence);
  }

  @Override
  public void trimKept(long maxBytes) throws IOException {
    store.trimKept(maxBytes);
  }

  @Override
  public Optional<Extent> dropOldest(long olderThanMillis) throws IOException {
    return store.dropOldest(olderThanMillis);
  }

  @Override
  public void commit() throws IOException {
    if (diskIsFull.get()) {
      throw new IOException("The spool's file cannot be written: No space left on device.");
    }
    if (heapIsFull.get()) {
      throw new OutOfMemoryError("Java heap space");
    }
    store.commit();
  }

  @Override
  public void compact() throws IOException {
    store.compact();
  }

  @Override
  public Size size() {
    return store.size();
  }

  @Override
  public void abandon() {
    store.abandon();
  }

  @Override
  public void close() throws IOException {
    store.close();
  }
}
