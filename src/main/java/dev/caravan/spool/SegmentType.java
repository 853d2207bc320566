package dev.caravan.spool;

import java.nio.ByteBuffer;
import org.h2.mvstore.DataUtils;
import org.h2.mvstore.WriteBuffer;
import org.h2.mvstore.type.BasicDataType;

/** Byte arrays as values of an MVMap; a damaged length is noticed before memory is asked for it. */
final class SegmentType extends BasicDataType<byte[]> {

  static final SegmentType INSTANCE = new SegmentType();

  private static final int ARRAY_OVERHEAD = 24;

  private SegmentType() {}

  @Override
  public int getMemory(byte[] value) {
    return value.length + ARRAY_OVERHEAD;
  }

  /** Sizes differ by so much that estimates would defeat the splitting of pages and the cache. */
  @Override
  public boolean isMemoryEstimationAllowed() {
    return false;
  }

  @Override
  public void write(WriteBuffer buffer, byte[] value) {
    buffer.putVarInt(value.length).put(value);
  }

  @Override
  public byte[] read(ByteBuffer buffer) {
    int length = DataUtils.readVarInt(buffer);
    if (length < 0 || length > buffer.remaining()) {
      throw DataUtils.newMVStoreException(
          DataUtils.ERROR_FILE_CORRUPT, "A value of {0} bytes cannot be", length);
    }
    byte[] value = new byte[length];
    buffer.get(value);
    return value;
  }

  @Override
  public byte[][] createStorage(int size) {
    return new byte[size][];
  }
}
