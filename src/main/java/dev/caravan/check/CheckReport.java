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
    line("ok", format.formatted(arguments));
  }

  /** Something may not be as it was meant, but the bridge runs. */
  void note(String sentence) {
    line("note", sentence);
  }

  /** Something keeps the bridge from running; the sentence says what to do. */
  void failed(String sentence) {
    failures++;
    line("FAILED", sentence);
  }

  /** Something could not be looked at, because something else failed. */
  void skipped(String sentence) {
    line("-", sentence);
  }

  boolean passed() {
    return failures == 0;
  }

  /** The last line, which says it all. */
  void end() {
    out.println();
    if (failures == 0) {
      out.println("The bridge would run.");
    } else {
      out.printf(
          "The bridge would not run: %d thing%s to mend, marked FAILED above.%n",
          failures, failures == 1 ? "" : "s");
    }
    out.flush();
  }

  private void line(String mark, String sentence) {
    out.printf("  %-7s %s%n", mark, sentence);
    out.flush();
  }
}
