package dev.caravan.spool.log;

import java.io.Closeable;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads through a log, from file to file, and past what is damaged. */
final class Cursor implements Closeable {

  static final int READ_AHEAD = 256 * 1024;

  private final SegmentedLog log;
  private Segment segment;
  private SegmentReader file;
  private long offset;
  private long seen;
  private long seenMillis;
  private long next;

  /** Stands at or before the frame that holds this sequence or follows it. */
  Cursor(SegmentedLog log, Segment segment, long sequence) throws IOException {
    this.log = log;
    this.segment = segment;
    this.file = new SegmentReader(segment.path(), READ_AHEAD, log.takeBuffer());
    Segment.Place place = segment.placeOf(sequence);
    this.offset = place.offset();
    this.seen = place.sequence() - 1;
    this.next = sequence;
  }

  /** Whole frames of records, until they are so many bytes or there are no more. */
  List<LogRecord> read(int maxBytes) throws IOException {
    List<LogRecord> records = new ArrayList<>();
    long bytes = 0;
    try {
      for (Frame frame = find(); frame != null; frame = bytes < maxBytes ? find() : null) {
        if (frame.last() >= next) {
          file.records(frame, offset, next, records);
          bytes += frame.length();
          next = frame.last() + 1;
        }
        offset += frame.length();
        seen = frame.last();
        seenMillis = frame.newestMillis();
      }
      return records;
    } catch (FileNotFoundException e) {
      throw e;
    } catch (IOException e) {
      if (segment.givesUpAt(offset)) {
        segment.damaged(0);
      }
      throw e;
    }
  }

  /** The next whole frame, where the cursor stands then; null if there is none now. */
  private Frame find() throws IOException {
    while (true) {
      offset = segment.readable(offset);
      // Asked for first: what has a file behind it does not grow any more.
      Optional<Segment> behind = log.behind(segment);
      SegmentedLog.SegmentInfo info = segment.info();
      if (offset >= info.fileBytes()) {
        if (behind.isEmpty()) {
          missing(info.last(), log.now());
          return null;
        }
        open(behind.get());
      } else {
        Frame frame = file.head(offset, info.fileBytes());
        boolean follows = frame != null && frame.first() > seen;
        if (follows && (frame.last() < next || file.isWhole(frame, offset))) {
          missing(frame.previous(), Instant.ofEpochMilli(frame.oldestMillis()));
          return frame;
        }
        segment.damaged(0);
        offset =
            frame != null ? offset + frame.length() : file.search(offset + 1, info.fileBytes());
      }
    }
  }

  private void missing(long upTo, Instant before) {
    if (upTo > seen) {
      log.lost(seen + 1, upTo, Instant.ofEpochMilli(seenMillis), before);
      seen = upTo;
    }
  }

  private void open(Segment other) throws IOException {
    SegmentReader opened;
    try {
      opened = new SegmentReader(other.path(), READ_AHEAD, file.buffer());
    } catch (FileNotFoundException e) {
      log.vanished(other, other.base(), e);
      return;
    }
    file.close();
    file = opened;
    segment = other;
    offset = Segment.HEAD_LENGTH;
  }

  @Override
  public void close() throws IOException {
    log.giveBack(file.buffer());
    file.close();
  }
}
