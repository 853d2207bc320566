package dev.caravan.bench;

import dev.caravan.testing.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a Java process has allocated so far and which of its threads have worked: by what is in its
 * heap, what its collector's log says was taken out of it, and its list of threads.
 */
final class JvmProbe {

  private static final Pattern PAUSE = Pattern.compile("Pause (\\w+).* (\\d+)M->(\\d+)M\\(");
  private static final Pattern USED = Pattern.compile("total \\d+K,.*? used (\\d+)K");
  private static final Pattern THREAD =
      Pattern.compile("(?m)^\"(?:Camel .*? - )?(.*?)\" .*?\\bcpu=([\\d.]+)ms");

  /** What tells threads of a kind apart. */
  private static final Pattern NUMBER = Pattern.compile("[-#]?\\d+(?=-|$)|\\[.*]| \\|.*");

  private final Path log;
  private final Path jcmd;

  /**
   * @param log of its collector
   * @param java the program that runs it, with its tools beside it
   */
  JvmProbe(Path log, String java) {
    this.log = log;
    this.jcmd = Path.of(java).resolveSibling("jcmd");
  }

  /** What the process must be started with. */
  String flag() {
    return "-Xlog:gc:file=" + log;
  }

  /**
   * So much until now.
   *
   * @param allocated bytes
   * @param full how often all of the heap was collected
   * @param threadMillis processor time by the names of threads
   */
  record Reading(double allocated, int full, Map<String, Double> threadMillis) {

    Reading since(Reading before) {
      Map<String, Double> millis = new TreeMap<>(threadMillis);
      before.threadMillis.forEach(
          (name, earlier) -> millis.computeIfPresent(name, (same, now) -> now - earlier));
      return new Reading(allocated - before.allocated, full - before.full, millis);
    }
  }

  Reading read(long pid) throws IOException, InterruptedException {
    while (true) {
      String collections = Files.readString(log);
      double used = usedBytes(ask(pid, "GC.heap_info"));
      // Else a collection may be in the one and not in the other
      if (collections.equals(Files.readString(log))) {
        return reading(collections, used, threads(ask(pid, "Thread.print")));
      }
    }
  }

  private static Reading reading(String collections, double used, Map<String, Double> threads) {
    double allocated = used;
    int full = 0;
    Matcher pause = PAUSE.matcher(collections);
    while (pause.find()) {
      allocated +=
          (Long.parseLong(pause.group(2)) - Long.parseLong(pause.group(3))) * (double) (1 << 20);
      full += pause.group(1).equals("Full") ? 1 : 0;
    }
    return new Reading(allocated, full, threads);
  }

  private static double usedBytes(String heap) {
    return USED.matcher(heap)
        .results()
        .mapToDouble(generation -> Long.parseLong(generation.group(1)) * 1024.0)
        .sum();
  }

  private static Map<String, Double> threads(String list) {
    Map<String, Double> millis = new TreeMap<>();
    THREAD
        .matcher(list)
        .results()
        .forEach(
            thread ->
                millis.merge(
                    NUMBER.matcher(thread.group(1)).replaceAll(""),
                    Double.valueOf(thread.group(2)),
                    Double::sum));
    return millis;
  }

  private String ask(long pid, String command) throws IOException, InterruptedException {
    Command asked = Command.run(jcmd.toString(), String.valueOf(pid), command);
    if (asked.exitCode() != 0) {
      throw new IOException("jcmd did not tell " + command + " of " + pid + ": " + asked.output());
    }
    return asked.output();
  }
}
