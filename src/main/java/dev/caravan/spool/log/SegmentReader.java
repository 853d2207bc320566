package dev.caravan.spool.log;

import java.io.Closeable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/** Finds and reads the frames of one file, through a buffer that reads ahead. For one thread. */
final class SegmentReader implements Closeable {

  /** CARAVLOG. */
  private static final long MAGIC = 0x43415241_564C4F47L;

  private static final int VERSION = 1;
  static final int BYTES_KEPT = 512 * 1024;

  private final RandomAccessFile file;
  private final int readAhead;
  private byte[] buffer;
  private long bufferAt;
  private int buffered;

  SegmentReader(Path path, int readAhead) throws IOException {
    this(path, readAhead, new byte[readAhead]);
  }

  /**
   * @param buffer of no other reader, and of {@code readAhead} bytes at least
   */
  SegmentReader(Path path, int readAhead, byte[] buffer) throws IOException {
    this.file = new RandomAccessFile(path.toFile(), "r");
    this.readAhead = readAhead;
    this.buffer = buffer;
  }

  /** For the next reader, when this one is done. */
  byte[] buffer() {
    return buffer;
  }

  /** What every file begins with. */
  static byte[] head() {
    ByteBuffer head = ByteBuffer.allocate(Segment.HEAD_LENGTH);
    head.putLong(MAGIC).putInt(VERSION);
    return head.putInt(Frame.checksum(head.array(), 0, 12)).array();
  }

  long length() throws IOException {
    return file.length();
  }

  /** Whether the file begins as it should; throws if a later version wrote it. */
  boolean hasHead(Path path) throws IOException {
    int at = load(0, Segment.HEAD_LENGTH, file.length());
    if (at < 0) {
      return false;
    }
    ByteBuffer head = ByteBuffer.wrap(buffer, at, Segment.HEAD_LENGTH);
    long magic = head.getLong();
    int version = head.getInt();
    boolean whole = magic == MAGIC && head.getInt() == Frame.checksum(buffer, at, 12);
    if (whole && version != VERSION) {
      throw new IOException(
          ("The file %s is of format %d, and this version knows format %d only. Run the version"
                  + " that wrote it until nothing waits, or give this one a folder of its own.")
              .formatted(path, version, VERSION));
    }
    return whole;
  }

  /** The frame at this offset, or null if there is none that ends before the limit. */
  Frame head(long offset, long limit) throws IOException {
    int at = load(offset, Frame.HEAD_LENGTH, limit);
    Frame frame = at < 0 ? null : Frame.at(buffer, at);
    return frame != null && frame.length() <= limit - offset ? frame : null;
  }

  /** Whether the body of this frame is as it was written. */
  boolean isWhole(Frame frame, long offset) throws IOException {
    int at = load(offset, frame.length(), offset + frame.length());
    return at >= 0 && frame.isWhole(buffer, at);
  }

  /** Adds the records of a frame that is whole, from this sequence on. */
  void records(Frame frame, long offset, long fromSequence, List<LogRecord> records)
      throws IOException {
    int at = load(offset, frame.length(), offset + frame.length());
    FrameReader.read(frame, buffer, at, fromSequence, records);
  }

  /** Where the next head of a frame may be, from this offset on; the limit if nowhere. */
  long search(long from, long limit) throws IOException {
    byte mark = (byte) (Frame.MAGIC >>> 56);
    long offset = from;
    while (offset + Frame.HEAD_LENGTH <= limit) {
      int at = load(offset, Frame.HEAD_LENGTH, limit);
      if (at < 0) {
        break;
      }
      int end = buffered - Frame.HEAD_LENGTH;
      for (int i = at; i <= end; i++) {
        if (buffer[i] == mark && Frame.at(buffer, i) != null) {
          return offset + (i - at);
        }
      }
      offset += end - at + 1;
    }
    return limit;
  }

  /**
   * Has these bytes in the buffer, and some behind them; says where, or -1 if they do not exist.
   */
  private int load(long offset, int length, long limit) throws IOException {
    long skip = offset - bufferAt;
    if (skip >= 0 && skip + length <= buffered) {
      return (int) skip;
    }
    if (offset + length > limit) {
      return -1;
    }
    int kept = skip >= 0 && skip < buffered ? (int) (buffered - skip) : 0;
    byte[] target = buffer;
    if (buffer.length < length || buffer.length > BYTES_KEPT && length <= BYTES_KEPT) {
      target = new byte[Math.max(length, readAhead)];
    }
    System.arraycopy(buffer, buffered - kept, target, 0, kept);
    buffer = target;
    bufferAt = offset;
    buffered = kept;
    int wanted = (int) Math.min(Math.max(length, readAhead), limit - offset);
    buffered += read(offset + kept, kept, length - kept, wanted - kept);
    return buffered >= length ? 0 : -1;
  }

  /** Reads ahead, unless that is what fails. */
  private int read(long at, int into, int needed, int wanted) throws IOException {
    try {
      return FileOperations.readFully(file, at, buffer, into, wanted);
    } catch (IOException e) {
      return FileOperations.readFully(file, at, buffer, into, needed);
    }
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
