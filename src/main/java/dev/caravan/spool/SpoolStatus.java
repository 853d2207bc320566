package dev.caravan.spool;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * How a spool is doing, in numbers and in a sentence.
 *
 * @param name of the spool
 * @param records that wait, not acknowledged yet, without those parked
 * @param bytes that the waiting records and those kept for replay take up
 * @param maxBytes that they may take up
 * @param fileBytes on disk
 * @param oldest age of the oldest record that waits; of those parked, too, while nothing else is
 *     delivered
 * @param inFlight handed out, no outcome yet
 * @param appended records since the spool was opened
 * @param acknowledged records since the spool was opened
 * @param dropped records since the spool was opened, for whatever reason
 * @param lost records that damage took, since the spool was opened
 * @param commits since the spool was opened
 * @param fullEvents how often it became full since it was opened
 * @param full whether it is full now
 * @param appendedPerSecond over about the last ten seconds
 * @param acknowledgedPerSecond over about the last ten seconds
 * @param growthBytesPerSecond over about the last ten seconds, negative while it shrinks
 * @param storeFailure why nothing can be written at present, if so
 * @param deliveryFailure why nothing can be handed over at present, if so
 * @param trouble why records on disk cannot be read or deleted at present, if so
 * @param stepHangs whether a step of the route keeps all other records from being handed out
 * @param untaken for how long no consumer has been there to take from it, if none is
 * @param parkedRecords that cannot be delivered for now while the rest flows
 * @param parked what cannot be delivered for now while the rest flows, by what is stuck
 */
public record SpoolStatus(
    String name,
    long records,
    long bytes,
    long maxBytes,
    long fileBytes,
    Duration oldest,
    int inFlight,
    long appended,
    long acknowledged,
    long dropped,
    long lost,
    long commits,
    long fullEvents,
    boolean full,
    double appendedPerSecond,
    double acknowledgedPerSecond,
    double growthBytesPerSecond,
    Optional<String> storeFailure,
    Optional<String> deliveryFailure,
    Optional<String> trouble,
    boolean stepHangs,
    Optional<Duration> untaken,
    long parkedRecords,
    List<Parking.Parked> parked) {

  private static final Duration SPOOLING_FROM = Duration.ofSeconds(10);

  /** A route that is replaced by another is away for less, though Kafka may be away, too. */
  private static final Duration ABANDONED_FROM = Duration.ofSeconds(20);

  private static final double KILO = 1000;

  /** Whether records lie longer than a consumer that keeps up would let them. */
  public boolean spooling() {
    return oldest.compareTo(SPOOLING_FROM) >= 0;
  }

  /** Whether no consumer has been there for longer than it takes to replace one. */
  public boolean abandoned() {
    return untaken.filter(time -> time.compareTo(ABANDONED_FROM) >= 0).isPresent();
  }

  /**
   * Whether somebody must act: records are held up or in danger. A consumer that fails tries again
   * by itself; one that is not there does not come back by itself.
   */
  public boolean inDanger() {
    return full || trouble.isPresent() || storeFailure.isPresent() || (abandoned() && waits());
  }

  /** Whether something is not delivered yet, parked or not. */
  public boolean waits() {
    return records + parkedRecords > 0;
  }

  /** The time until it is full, if it goes on growing as it does. */
  public Optional<Duration> room() {
    if (growthBytesPerSecond < 1) {
      return Optional.empty();
    }
    long seconds = (long) (Math.max(0, maxBytes - bytes) / growthBytesPerSecond);
    return Optional.of(Duration.ofSeconds(seconds));
  }

  /** The state in words for people. */
  public String sentence() {
    StringBuilder text = new StringBuilder();
    if (full) {
      text.append("full, ");
    }
    if (abandoned()) {
      text.append("nothing has taken from it for ")
          .append(words(untaken.orElseThrow()))
          .append(", no route that runs begins with spool:")
          .append(name)
          .append("; ");
    }
    if (spooling()) {
      text.append("spooling, oldest ").append(words(oldest)).append(", ").append(size(bytes));
      if (!full) {
        text.append(roomInWords());
      }
    } else if (abandoned()) {
      text.append(records).append(" waiting");
    } else {
      text.append("flowing, ").append(records).append(" waiting");
    }
    for (Parking.Parked stuck : parked) {
      text.append(
          "; %d records of %d keys are parked for %s since %s: %s"
              .formatted(
                  stuck.records(),
                  stuck.keys(),
                  stuck.what(),
                  stuck.since().truncatedTo(ChronoUnit.SECONDS),
                  stuck.sentence()));
    }
    if (parked.isEmpty() && parkedRecords > 0) {
      text.append("; %d records are parked".formatted(parkedRecords));
    }
    storeFailure.ifPresent(
        why -> text.append("; records wait in memory only: ").append(why.replaceAll("[.]+$", "")));
    trouble.ifPresent(why -> text.append("; ").append(why));
    deliveryFailure.ifPresent(why -> text.append("; not delivered: ").append(why));
    return text.toString();
  }

  private String roomInWords() {
    return room()
        .map(time -> ", room for " + words(time) + " at this rate")
        .orElse(abandoned() ? ", room for " + size(Math.max(0, maxBytes - bytes)) : "");
  }

  static String words(Duration time) {
    if (time.toDays() >= 2) {
      return time.toDays() + " days";
    }
    if (time.toHours() >= 2) {
      return time.toHours() + " h";
    }
    return time.toMinutes() >= 2 ? time.toMinutes() + " min" : time.toSeconds() + " s";
  }

  static String size(long bytes) {
    if (bytes < KILO) {
      return bytes + " B";
    }
    double value = bytes;
    int unit = -1;
    while (value >= KILO) {
      value /= KILO;
      unit++;
    }
    return String.format(Locale.ROOT, "%.1f %cB", value, "kMGTPE".charAt(unit));
  }
}
