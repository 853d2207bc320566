package dev.caravan.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/** What a process has cost so far, from Linux's {@code /proc}. */
public final class ProcessCost {

  /** Linux counts processor time in hundredths of a second on every machine there is today. */
  private static final long MICROS_PER_TICK = 10_000;

  /** user, nice, system, irq, softirq and steal in the first line of /proc/stat. */
  private static final int[] BUSY = {1, 2, 3, 6, 7, 8};

  private ProcessCost() {}

  /** Processor time of all threads, user and system. */
  static long cpuMicros(long pid) throws IOException {
    String stat = Files.readString(Path.of("/proc", String.valueOf(pid), "stat"));
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * MICROS_PER_TICK;
  }

  /** Processor time of all there is on this machine, and what other machines took of it. */
  static long machineMicros() throws IOException {
    String[] fields = Files.readAllLines(Path.of("/proc/stat")).get(0).split(" +");
    return IntStream.of(BUSY).mapToLong(field -> Long.parseLong(fields[field])).sum()
        * MICROS_PER_TICK;
  }

  /** Resident memory now ({@code VmRSS}) or at its highest ({@code VmHWM}). */
  public static double megabytes(long pid, String field) throws IOException {
    List<String> lines = Files.readAllLines(Path.of("/proc", String.valueOf(pid), "status"));
    for (String line : lines) {
      if (line.startsWith(field + ":")) {
        return Long.parseLong(line.replaceAll("\\D", "")) * 1024 / 1e6;
      }
    }
    throw new IOException("There is no " + field + " of process " + pid);
  }

  /** Tells the kernel to forget the highest value; without effect where that is not allowed. */
  static void forgetHighest(long pid) throws IOException {
    Path refs = Path.of("/proc", String.valueOf(pid), "clear_refs");
    if (Files.isWritable(refs)) {
      Files.writeString(refs, "5");
    }
  }
}
