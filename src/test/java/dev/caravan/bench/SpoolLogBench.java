package dev.caravan.bench;

import dev.caravan.command.Folders;
import dev.caravan.spool.log.LogRecord;
import dev.caravan.spool.log.RecordHeaders;
import dev.caravan.spool.log.SegmentedLog;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What the log of a spool costs by itself, without routes and Kafka: {@code bench/log}. */
final class SpoolLogBench {

  private static final long SEGMENT_BYTES = 16L * 1024 * 1024;
  private static final int READ_BYTES = 512 * 1024;

  private final Path directory;
  private final int records;
  private final byte[] body;
  private final RecordHeaders headers;

  private SpoolLogBench(Path directory, int records, int bytes) {
    this.directory = directory;
    this.records = records;
    this.body = body(bytes);
    this.headers =
        RecordHeaders.of(
            Map.of(
                "kafka.TOPIC", "genesys.conversations",
                "kafka.KEY", "2ba9fd4c-9dd7-4d3f-a3f3-3c1f4c1f7ba0",
                "ce_id", "8b1fb5a0c94f4e0e9d5e6c3f2a1b0c9d",
                "ce_type", "v2.routing.queues.conversations",
                "ce_time", "2026-03-01T12:00:00.000Z"),
            name -> {});
  }

  private static byte[] body(int bytes) {
    StringBuilder text = new StringBuilder();
    while (text.length() < bytes) {
      text.append("{\"id\":\"participant-").append(text.length() * 7919L % 99_991).append("\"},");
    }
    return text.substring(0, bytes).getBytes(StandardCharsets.UTF_8);
  }

  public static void main(String[] arguments) throws Exception {
    Map<String, Integer> options =
        LongRun.numbers(
            arguments,
            Map.of("--records", 500_000, "--bytes", 3_600, "--batch", 200, "--rounds", 3));
    Path directory = Files.createTempDirectory("spool-log");
    try {
      for (int round = 1; round <= options.get("--rounds"); round++) {
        Figures figures =
            measure(
                directory.resolve(Integer.toString(round)),
                options.get("--records"),
                options.get("--bytes"),
                options.get("--batch"));
        System.out.printf(
            "append   %.2f µs CPU a record (all threads), %,.0f records/s; %.2f bytes written for each byte%n",
            figures.append(), figures.appendedPerSecond(), figures.writtenPerByte());
        System.out.printf(
            "open     %.2f s for %,.0f MB; %.1f MB of heap%n",
            figures.openSeconds(), figures.fileMegabytes(), figures.heapMegabytes());
        System.out.printf(
            "read     %.2f µs CPU a record (all threads), %,.0f records/s%n",
            figures.read(), figures.readPerSecond());
      }
    } finally {
      Folders.delete(directory);
    }
  }

  /**
   * What the log cost.
   *
   * @param append microseconds of processor time a record
   * @param read the same, to read a record and let go of it
   * @param writtenPerByte bytes that were written for each byte of body and headers
   * @param openSeconds until it was open with all records in it
   */
  record Figures(
      double append,
      double appendedPerSecond,
      double writtenPerByte,
      double openSeconds,
      double fileMegabytes,
      double heapMegabytes,
      double read,
      double readPerSecond) {}

  static Figures measure(Path directory, int records, int bytes, int batch) throws IOException {
    return new SpoolLogBench(directory, records, bytes).run(batch);
  }

  private Figures run(int batch) throws IOException {
    Files.createDirectories(directory);
    long written = writtenBytes();
    long cpu = cpuNanos();
    long begun = System.nanoTime();
    double append;
    double appended;
    try (SegmentedLog log = open()) {
      for (long next = 1; next <= records; next += batch) {
        log.append(batch(next, (int) Math.min(batch, records - next + 1)));
      }
      append = microsEach(cpu);
      appended = perSecond(begun);
    }
    double each = (double) (writtenBytes() - written) / records / (body.length + headers.weight());

    long before = heapBytes();
    begun = System.nanoTime();
    try (SegmentedLog log = open()) {
      double open = (System.nanoTime() - begun) / 1e9;
      double heap = (heapBytes() - before) / 1e6;
      double file = log.fileBytes() / 1e6;
      cpu = cpuNanos();
      begun = System.nanoTime();
      long count = 0;
      for (List<LogRecord> read = log.read(1, READ_BYTES); !read.isEmpty(); ) {
        count += read.size();
        long last = read.get(read.size() - 1).sequence();
        log.deleteUpTo(last);
        read = log.read(last + 1, READ_BYTES);
      }
      if (count != records) {
        throw new IllegalStateException("Read %d of %d".formatted(count, records));
      }
      return new Figures(
          append, appended, each, open, file, heap, microsEach(cpu), perSecond(begun));
    }
  }

  private double microsEach(long cpuBefore) {
    return (cpuNanos() - cpuBefore) / 1e3 / records;
  }

  private double perSecond(long begun) {
    return records / ((System.nanoTime() - begun) / 1e9);
  }

  private List<LogRecord> batch(long first, int size) {
    List<LogRecord> batch = new ArrayList<>(size);
    long now = System.currentTimeMillis();
    for (int i = 0; i < size; i++) {
      batch.add(new LogRecord(first + i, now, body, headers));
    }
    return batch;
  }

  private SegmentedLog open() throws IOException {
    return SegmentedLog.open(
        new SegmentedLog.Options(directory, "bench", SEGMENT_BYTES, false, Clock.systemUTC()),
        0,
        0);
  }

  private static long cpuNanos() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }

  private static long heapBytes() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }

  private static long writtenBytes() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/io")).stream()
        .filter(line -> line.startsWith("wchar:"))
        .mapToLong(line -> Long.parseLong(line.substring("wchar:".length()).strip()))
        .sum();
  }
}
