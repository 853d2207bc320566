package dev.caravan.spool;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * How a spool is doing, in numbers and in a sentence.
 *
 * @param records that wait, not acknowledged yet, without those parked
 * @param oldest age of the oldest record that waits; of those parked, too, while nothing else is
 *     delivered
 * @param parkedRecords that cannot be delivered for now while the rest flows
 * @param parked what cannot be delivered for now while the rest flows, by what is stuck
 * @param storeFailure why nothing can be written at present, if so
 * @param notLetGo why what is done with cannot be deleted at present, if so
 */
public record SpoolStatus(
    String name,
    long records,
    Duration oldest,
    long parkedRecords,
    List<Parking.Parked> parked,
    Space space,
    Counts counts,
    Rates rates,
    Taking taking,
    Optional<String> storeFailure,
    Optional<String> notLetGo) {

  /**
   * What it takes up.
   *
   * @param bytes of the records that wait, are parked or are kept for replay
   * @param maxBytes that they may take up
   * @param fileBytes on disk
   * @param full whether there is no room for more
   */
  public record Space(long bytes, long maxBytes, long fileBytes, boolean full) {}

  /**
   * Since the spool was opened.
   *
   * @param appended records
   * @param acknowledged records
   * @param dropped records, for whatever reason
   * @param lost records that damage took
   * @param commits to its files
   * @param full how often it became full
   */
  public record Counts(
      long appended, long acknowledged, long dropped, long lost, long commits, long full) {

    static final Counts NONE = new Counts(0, 0, 0, 0, 0, 0);
  }

  /**
   * A second, over about the last ten seconds.
   *
   * @param appended records
   * @param acknowledged records
   * @param growthBytes by which what it takes up grows, negative while it shrinks
   */
  public record Rates(double appended, double acknowledged, double growthBytes) {

    static final Rates NONE = new Rates(0, 0, 0);
  }

  /**
   * How the consumer is doing.
   *
   * @param inFlight records that are handed out and have no outcome yet
   * @param failure why nothing can be handed over at present, if so
   * @param trouble why records on disk cannot be read at present, or a step of the route keeps all
   *     from being handed out for long, if so
   * @param stepHangs whether a step of the route keeps all other records from being handed out
   * @param untaken for how long no consumer has been there, if none is
   */
  public record Taking(
      int inFlight,
      Optional<String> failure,
      Optional<String> trouble,
      boolean stepHangs,
      Optional<Duration> untaken) {

    static Taking nobodySince(Duration untaken) {
      return new Taking(0, Optional.empty(), Optional.empty(), false, Optional.of(untaken));
    }
  }

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
    return taking.untaken().filter(time -> time.compareTo(ABANDONED_FROM) >= 0).isPresent();
  }

  /**
   * Whether somebody must act: records are held up or in danger. A consumer that fails tries again
   * by itself; one that is not there does not come back by itself.
   */
  public boolean inDanger() {
    return space.full()
        || trouble().isPresent()
        || storeFailure.isPresent()
        || (abandoned() && waits());
  }

  /** Why records on disk cannot be read, deleted or handed out at present, if so. */
  public Optional<String> trouble() {
    return notLetGo.or(taking::trouble);
  }

  /** Whether something is not delivered yet, parked or not. */
  public boolean waits() {
    return records + parkedRecords > 0;
  }

  /** The time until it is full, if it goes on growing as it does. */
  public Optional<Duration> room() {
    if (rates.growthBytes() < 1) {
      return Optional.empty();
    }
    long seconds = (long) (roomBytes() / rates.growthBytes());
    return Optional.of(Duration.ofSeconds(seconds));
  }

  private long roomBytes() {
    return Math.max(0, space.maxBytes() - space.bytes());
  }

  /** The state in words for people. */
  public String sentence() {
    StringBuilder text = new StringBuilder();
    if (space.full()) {
      text.append("full, ");
    }
    if (abandoned()) {
      text.append("nothing has taken from it for ")
          .append(words(taking.untaken().orElseThrow()))
          .append(", no route that runs begins with spool:")
          .append(name)
          .append("; ");
    }
    if (spooling()) {
      text.append("spooling, oldest ")
          .append(words(oldest))
          .append(", ")
          .append(size(space.bytes()));
      if (!space.full()) {
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
    trouble().ifPresent(why -> text.append("; ").append(why));
    taking.failure().ifPresent(why -> text.append("; not delivered: ").append(why));
    return text.toString();
  }

  private String roomInWords() {
    return room()
        .map(time -> ", room for " + words(time) + " at this rate")
        .orElse(abandoned() ? ", room for " + size(roomBytes()) : "");
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
