package dev.caravan.event;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.function.IntFunction;

/**
 * Measures what reading one envelope costs, for small (presence, 0.6 KB) and middling
 * (conversation, 3.6 KB) frames, and for conversations whose attributes have names never seen
 * before. Not a test: run its main.
 */
final class EnvelopeReaderBench {

  private static final int FRAMES = 20_000;
  private static final int ROUND = 100_000;

  private EnvelopeReaderBench() {}

  public static void main(String[] args) {
    EnvelopeReader reader = new EnvelopeReader();
    byte[][] small = frames(i -> SampleFrames.presence(id(i)));
    byte[][] middling = frames(i -> SampleFrames.conversation(id(i), 3_600));
    byte[][] novel =
        frames(
            i ->
                SampleFrames.conversation(id(i), 3_600)
                    .replace("attribute.1\"", "attribute.x" + i + "\"")
                    .replace("attribute.2\"", "attribute.y" + i + "\""));
    for (int round = 0; round < 6; round++) {
      report(reader, small, "presence                ");
      report(reader, middling, "conversation            ");
      report(reader, novel, "conversation, new names ");
    }
  }

  private static void report(EnvelopeReader reader, byte[][] frames, String name) {
    // Processor time, so that a busy machine does not count against the reader.
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long thread = Thread.currentThread().getId();
    long allocated = threads.getThreadAllocatedBytes(thread);
    long start = threads.getCurrentThreadCpuTime();
    long checksum = 0;
    for (int i = 0; i < ROUND; i++) {
      Frame.Notification read = (Frame.Notification) reader.read(frames[i % frames.length]);
      checksum += read.id().high() + read.key().length();
    }
    long nanos = (threads.getCurrentThreadCpuTime() - start) / ROUND;
    System.out.printf(
        Locale.ROOT,
        "%s %5d bytes: %6d ns/frame, %6.0f MB/s, %6d bytes allocated (%x)%n",
        name,
        frames[0].length,
        nanos,
        frames[0].length * 1e3 / nanos,
        (threads.getThreadAllocatedBytes(thread) - allocated) / ROUND,
        checksum);
  }

  /** A thousand entities that come again and again. */
  private static String id(int frame) {
    return String.format(Locale.ROOT, "9ed7d9f6-0c59-4360-ac54-%012x", frame % 1_000);
  }

  private static byte[][] frames(IntFunction<String> frame) {
    byte[][] frames = new byte[FRAMES][];
    for (int i = 0; i < FRAMES; i++) {
      frames[i] = frame.apply(i).getBytes(StandardCharsets.UTF_8);
    }
    return frames;
  }
}
