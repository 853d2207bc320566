package dev.caravan.spool;

import java.nio.file.Path;
import java.time.Duration;

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

  /** Says which option is wrong, and how. */
  static void notNegative(String option, Duration value) {
    if (value.isNegative()) {
      throw new IllegalArgumentException(
          "The spool option %s must not be negative, but is %s.".formatted(option, value));
    }
  }
}
