package dev.caravan.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** What a process has cost so far, from Linux's {@code /proc}. */
final class ProcessCost {

  /** Linux counts processor time in hundredths of a second on every machine there is today. */
  private static final long MICROS_PER_TICK = 10_000;

  private ProcessCost() {}

  /** Processor time of all threads, user and system. */
  static long cpuMicros(long pid) throws IOException {
    String stat = Files.readString(Path.of("/proc", String.valueOf(pid), "stat"));
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * MICROS_PER_TICK;
  }

  /** Resident memory now ({@code VmRSS}) or at its highest ({@code VmHWM}). */
  static String megabytes(long pid, String field) throws IOException {
    List<String> lines = Files.readAllLines(Path.of("/proc", String.valueOf(pid), "status"));
    for (String line : lines) {
      if (line.startsWith(field + ":")) {
        long kilobytes = Long.parseLong(line.replaceAll("\\D", ""));
        return String.format(Locale.ROOT, "%.0f MB", kilobytes * 1024 / 1e6);
      }
    }
    return "unknown";
  }

  /** Tells the kernel to forget the highest value; without effect where that is not allowed. */
  static void forgetHighest(long pid) throws IOException {
    Path refs = Path.of("/proc", String.valueOf(pid), "clear_refs");
    if (Files.isWritable(refs)) {
      Files.writeString(refs, "5");
    }
  }
}
