package dev.caravan.demo;

import dev.caravan.command.CommandFailure;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * For running a program beside this one: its output goes to a file, it ends when this process ends
 * (see {@link #onParentGone}), and Ctrl-C in the terminal does not reach it, so that we decide the
 * order in which things stop.
 */
public final class ChildProcess {

  private static final int LONGEST_LOG_READ = 64 * 1024;

  private final Process process;
  private final Path log;

  private ChildProcess(Process process, Path log) {
    this.process = process;
    this.log = log;
  }

  /**
   * Starts a program with exactly these variables, in the folder of its log: a {@code .env} that
   * lies where we were started is not meant for it.
   */
  static ChildProcess start(List<String> command, Map<String, String> environment, Path log) {
    // An ignored signal stays ignored across exec, and a JVM leaves it so.
    List<String> shielded =
        new ArrayList<>(List.of("/bin/sh", "-c", "trap '' INT HUP; exec \"$@\"", "caravan-child"));
    shielded.addAll(command);
    ProcessBuilder builder = new ProcessBuilder(shielded);
    builder.environment().clear();
    builder.environment().putAll(environment);
    builder.directory(log.getParent().toFile());
    builder.redirectErrorStream(true);
    builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    try {
      return new ChildProcess(builder.start(), log);
    } catch (IOException e) {
      throw new CommandFailure(
          "Could not start %s: %s".formatted(command.get(0), e.getMessage()), e);
    }
  }

  long pid() {
    return process.pid();
  }

  boolean isRunning() {
    return process.isAlive();
  }

  /** Waits, but no longer than {@code most}; true when the process has ended. */
  boolean awaitEnd(Duration most) {
    try {
      return process.waitFor(most.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return !process.isAlive();
    }
  }

  /** Asks the process to end, and ends it by force when it takes longer than {@code patience}. */
  void stop(Duration patience) {
    // Not process.destroy(), which closes the pipe, too: that means to the child that we are gone
    process.toHandle().destroy();
    if (!awaitEnd(patience)) {
      kill();
    }
  }

  /** Ends the process as {@code kill -9} does. */
  void kill() {
    process.destroyForcibly();
    awaitEnd(Duration.ofSeconds(30));
  }

  List<String> lastLogLines(int most) {
    try {
      byte[] bytes = Files.readAllBytes(log);
      int from = Math.max(0, bytes.length - LONGEST_LOG_READ);
      List<String> lines =
          new String(bytes, from, bytes.length - from, StandardCharsets.UTF_8).lines().toList();
      return lines.subList(Math.max(0, lines.size() - most), lines.size());
    } catch (IOException e) {
      throw new UncheckedIOException("Could not read " + log, e);
    }
  }

  /**
   * For the child itself: the parent holds the other end of its standard input, and the operating
   * system closes that however the parent ends, {@code kill -9} included.
   */
  public static void onParentGone(InputStream fromParent, Runnable action) {
    Thread watch =
        new Thread(
            () -> {
              try {
                fromParent.transferTo(OutputStream.nullOutputStream());
              } catch (IOException brokenPipe) {
                // It means the same as one that ended: nobody holds the other end
              }
              action.run();
            },
            "parent-watch");
    watch.setDaemon(true);
    watch.start();
  }
}
