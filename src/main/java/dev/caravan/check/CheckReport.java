package dev.caravan.check;

import java.io.PrintWriter;

/**
 * For telling what a check found, a line each, and whether anything keeps the bridge from running.
 */
public final class CheckReport {

  private final PrintWriter out;
  private int failures;

  public CheckReport(PrintWriter out) {
    this.out = out;
  }

  void part(String title) {
    out.println(title);
  }

  /** Something is as it must be. */
  void ok(String format, Object... arguments) {
    line("ok", format, arguments);
  }

  /** Something may not be as it was meant, but the bridge runs. */
  void note(String format, Object... arguments) {
    line("note", format, arguments);
  }

  /** Something keeps the bridge from running; the sentence says what to do. */
  void failed(String format, Object... arguments) {
    failures++;
    line("FAILED", format, arguments);
  }

  /** Something could not be looked at, because something else failed. */
  void skipped(String format, Object... arguments) {
    line("-", format, arguments);
  }

  /** The last line, which says it all; true if the bridge would run. */
  boolean end() {
    out.println();
    out.println(
        failures == 0
            ? "The bridge would run."
            : "The bridge would not run: %d thing%s to mend, marked FAILED above."
                .formatted(failures, failures == 1 ? "" : "s"));
    return failures == 0;
  }

  /** Without arguments it is no format, but the sentence. */
  private void line(String mark, String format, Object... arguments) {
    out.printf("  %-7s %s%n", mark, arguments.length == 0 ? format : format.formatted(arguments));
    out.flush();
  }
}
