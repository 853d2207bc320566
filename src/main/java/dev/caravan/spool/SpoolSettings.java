package dev.caravan.spool;

import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.camel.support.ObjectHelper;

/** How one spool is kept: what its component's options say, checked. */
public record SpoolSettings(
    Path directory,
    long maxBytes,
    long memoryBytes,
    Duration maxAge,
    Duration commitInterval,
    Fsync fsync,
    WhenFull whenFull,
    Duration blockTimeout,
    Duration keepAcknowledged) {

  public SpoolSettings {
    directory = directory.toAbsolutePath().normalize();
    if (maxBytes < 1 || memoryBytes < 1) {
      throw new IllegalArgumentException(
          "The spool options maxBytes and memoryBytes must be positive, but are %d and %d."
              .formatted(maxBytes, memoryBytes));
    }
    if (commitInterval.toMillis() < 1) {
      throw new IllegalArgumentException(
          "The spool option commitInterval must be a millisecond or more, but is %s."
              .formatted(commitInterval));
    }
    notNegative("maxAge", maxAge);
    notNegative("blockTimeout", blockTimeout);
    notNegative("keepAcknowledged", keepAcknowledged);
  }

  /** The options that the others have otherwise, such as {@code maxAge is PT0S, not PT2H}. */
  String difference(SpoolSettings others) {
    List<String> different = new ArrayList<>();
    for (RecordComponent option : SpoolSettings.class.getRecordComponents()) {
      Object own = ObjectHelper.invokeMethod(option.getAccessor(), this);
      Object other = ObjectHelper.invokeMethod(option.getAccessor(), others);
      if (!own.equals(other)) {
        different.add("%s is %s, not %s".formatted(option.getName(), own, other));
      }
    }
    return String.join(", ", different);
  }

  /** Says which option is wrong, and how. */
  static void notNegative(String option, Duration value) {
    if (value.isNegative()) {
      throw new IllegalArgumentException(
          "The spool option %s must not be negative, but is %s.".formatted(option, value));
    }
  }
}
