package dev.caravan.spool;

import java.nio.ByteBuffer;
import org.h2.mvstore.WriteBuffer;
import org.h2.mvstore.type.BasicDataType;

/** Sequences as keys of an MVMap. */
final class SequenceType extends BasicDataType<Long> {

  static final SequenceType INSTANCE = new SequenceType();

  private SequenceType() {}

  @Override
  public int getMemory(Long value) {
    return Long.BYTES;
  }

  /** If the size of either keys or values is estimated, MVStore does not count replaced values. */
  @Override
  public boolean isMemoryEstimationAllowed() {
    return false;
  }

  @Override
  public int compare(Long one, Long other) {
    return Long.compare(one, other);
  }

  @Override
  public void write(WriteBuffer buffer, Long value) {
    buffer.putLong(value);
  }

  @Override
  public Long read(ByteBuffer buffer) {
    return buffer.getLong();
  }

  @Override
  public Long[] createStorage(int size) {
    return new Long[size];
  }
}
