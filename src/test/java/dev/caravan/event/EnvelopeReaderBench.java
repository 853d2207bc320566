package dev.caravan.event;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * Measures what reading one envelope costs, for small (presence, 0.6 KB) and middling
 * (conversation, 3.6 KB) frames. Not a test: run its main.
 */
final class EnvelopeReaderBench {

  private static final int TOPICS = 1_000;
  private static final int ROUND = 200_000;

  private EnvelopeReaderBench() {}

  public static void main(String[] args) {
    EnvelopeReader reader = new EnvelopeReader();
    byte[][] small = frames(600);
    byte[][] middling = frames(3_600);
    for (int round = 0; round < 6; round++) {
      report(reader, small, "presence    ");
      report(reader, middling, "conversation");
    }
  }

  private static void report(EnvelopeReader reader, byte[][] frames, String name) {
    long checksum = 0;
    // Processor time, so that a busy machine does not count against the reader.
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long start = threads.getCurrentThreadCpuTime();
    for (int i = 0; i < ROUND; i++) {
      Frame.Notification read = (Frame.Notification) reader.read(frames[i % frames.length]);
      checksum += read.id().high() + read.key().length();
    }
    long nanos = (threads.getCurrentThreadCpuTime() - start) / ROUND;
    System.out.printf(
        Locale.ROOT,
        "%s %5d bytes: %6d ns/frame, %6.0f MB/s (%x)%n",
        name,
        frames[0].length,
        nanos,
        frames[0].length * 1e3 / nanos,
        checksum);
  }

  private static byte[][] frames(int size) {
    byte[][] frames = new byte[TOPICS][];
    for (int i = 0; i < TOPICS; i++) {
      String id = String.format(Locale.ROOT, "9ed7d9f6-0c59-4360-ac54-%012x", i);
      String frame = size < 1_000 ? SampleFrames.presence(id) : SampleFrames.conversation(id, size);
      frames[i] = frame.getBytes(StandardCharsets.UTF_8);
    }
    return frames;
  }
}
