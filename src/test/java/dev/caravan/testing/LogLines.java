package dev.caravan.testing;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** For tests of what a class says in the log: the lines of that class while this is open. */
public final class LogLines extends Handler implements AutoCloseable {

  private final List<String> lines = new CopyOnWriteArrayList<>();
  private final Logger logger;
  private final Level before;

  public LogLines(String className) {
    this.logger = Logger.getLogger(className);
    this.before = logger.getLevel();
    // A command that another test ran may have left the others less to say
    logger.setLevel(Level.INFO);
    logger.addHandler(this);
  }

  /** As they would be written, oldest first. */
  public List<String> lines() {
    return List.copyOf(lines);
  }

  @Override
  public void publish(LogRecord line) {
    lines.add(line.getMessage());
  }

  @Override
  public void flush() {
    // nothing is held back
  }

  @Override
  public void close() {
    logger.removeHandler(this);
    logger.setLevel(before);
  }
}
