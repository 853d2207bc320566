package dev.caravan.spool;

import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

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
    Map<String, Object> theirs = others.options();
    return options().entrySet().stream()
        .filter(option -> !option.getValue().equals(theirs.get(option.getKey())))
        .map(
            option ->
                "%s is %s, not %s"
                    .formatted(option.getKey(), option.getValue(), theirs.get(option.getKey())))
        .collect(Collectors.joining(", "));
  }

  private Map<String, Object> options() {
    Map<String, Object> options = new LinkedHashMap<>();
    options.put("directory", directory);
    options.put("maxBytes", maxBytes);
    options.put("memoryBytes", memoryBytes);
    options.put("maxAge", maxAge);
    options.put("commitInterval", commitInterval);
    options.put("fsync", fsync);
    options.put("whenFull", whenFull);
    options.put("blockTimeout", blockTimeout);
    options.put("keepAcknowledged", keepAcknowledged);
    return options;
  }

  /** Says which option is wrong, and how. */
  static void notNegative(String option, Duration value) {
    if (value.isNegative()) {
      throw new IllegalArgumentException(
          "The spool option %s must not be negative, but is %s.".formatted(option, value));
    }
  }
}
