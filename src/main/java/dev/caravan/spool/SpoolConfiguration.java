package dev.caravan.spool;

import dev.caravan.spool.log.SegmentedLog;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.camel.RuntimeCamelException;
import org.apache.camel.spi.UriParam;
import org.apache.camel.spi.UriParams;

/** The options of a spool. */
@UriParams
public class SpoolConfiguration implements Cloneable {

  private static final long LARGEST_SEGMENT_BYTES = 16L * 1024 * 1024;
  private static final int SEGMENTS_AT_LEAST = 64;

  /** Whether what is committed outlives a power cut. */
  public enum Fsync {
    /** It outlives the process. */
    NEVER,
    /** It outlives a power cut, too. */
    COMMIT
  }

  /** What happens to a record for which there is no room. */
  public enum WhenFull {
    /** It waits. */
    BLOCK,
    /** The oldest records make room for it. */
    DROP_OLDEST
  }

  /** The directory that holds the spool's files; one process at a time may use it. */
  @UriParam(defaultValue = "data/spool")
  private String directory = "data/spool";

  /** How many bytes of records the spool may hold before it is full. */
  @UriParam(defaultValue = "4294967296")
  private long maxBytes = 4L * 1024 * 1024 * 1024;

  /**
   * How many bytes of records may be in memory that are not on disk yet; a quarter of it is for the
   * newest of those that are, so that a consumer that keeps up reads nothing from disk.
   */
  @UriParam(defaultValue = "33554432", label = "advanced")
  private long memoryBytes = 32L * 1024 * 1024;

  /** How old a record may get before it is dropped, counted and reported; 0 for any age. */
  @UriParam(defaultValue = "0", javaType = "java.time.Duration")
  private Duration maxAge = Duration.ZERO;

  /** How often what was appended is committed, which is what the death of the process may cost. */
  @UriParam(defaultValue = "40ms", javaType = "java.time.Duration")
  private Duration commitInterval = Duration.ofMillis(40);

  /**
   * Whether each commit also survives a power cut (commit) or only the death of the process
   * (never).
   */
  @UriParam(defaultValue = "NEVER", enums = "NEVER,COMMIT")
  private Fsync fsync = Fsync.NEVER;

  /**
   * What happens to a record for which there is no room: it waits, or the oldest ones are dropped,
   * counted and reported.
   */
  @UriParam(defaultValue = "BLOCK", enums = "BLOCK,DROP_OLDEST")
  private WhenFull whenFull = WhenFull.BLOCK;

  /**
   * How long a record waits for room before the oldest ones are dropped after all; 0 for as long as
   * it takes.
   */
  @UriParam(defaultValue = "0", javaType = "java.time.Duration")
  private Duration blockTimeout = Duration.ZERO;

  /**
   * How long acknowledged records stay readable for replay, as far as maxBytes allows; 0 for not at
   * all.
   */
  @UriParam(defaultValue = "0", javaType = "java.time.Duration")
  private Duration keepAcknowledged = Duration.ZERO;

  /** Whether an exchange that appends goes on only after its record is committed. */
  @UriParam(label = "producer", defaultValue = "false")
  private boolean waitForCommit;

  /** How many records may be handed out and have no outcome yet at the same time. */
  @UriParam(label = "consumer", defaultValue = "1000")
  private int inFlight = 1000;

  /**
   * How long a record may wait until several are handed out together, which saves CPU; 0 for not at
   * all.
   */
  @UriParam(label = "consumer", defaultValue = "5ms", javaType = "java.time.Duration")
  private Duration linger = Duration.ofMillis(5);

  /**
   * How long to wait after a first failure before handing out again from there; doubles with each
   * further one.
   */
  @UriParam(label = "consumer", defaultValue = "1s", javaType = "java.time.Duration")
  private Duration redeliveryDelay = Duration.ofSeconds(1);

  /** The longest time to wait before handing out again. */
  @UriParam(label = "consumer", defaultValue = "30s", javaType = "java.time.Duration")
  private Duration maximumRedeliveryDelay = Duration.ofSeconds(30);

  /**
   * How often a record is tried again before it is given up, unless its failure is known to pass:
   * it becomes a dead letter, or is dropped if there are none, counted and reported; -1 for ever.
   */
  @UriParam(label = "consumer", defaultValue = "-1")
  private int maximumRedeliveries = -1;

  /**
   * The endpoint to which records go that are given up, as they were appended, with the reason in
   * the header caravan-reason.
   */
  @UriParam(label = "consumer")
  private String deadLetters = "";

  /**
   * How long a record may be in flight while others are delivered before it is parked, and with it
   * what follows of its key, so that they do not hold up the others.
   */
  @UriParam(label = "consumer", defaultValue = "3s", javaType = "java.time.Duration")
  private Duration parkAfter = Duration.ofSeconds(3);

  /**
   * Who knows of a failure whether it will pass, a {@link Failure.Judge}, such as #bean:judge; by
   * default nobody does.
   */
  @UriParam(label = "consumer,advanced")
  private Failure.Judge failureJudge = Failure.Judge.NONE;

  /**
   * The header within whose values order matters, so that what is stuck holds up no records of
   * other values; by default order matters among all, and one that fails holds up all.
   */
  @UriParam(label = "consumer")
  private String keyHeader = "";

  public SpoolConfiguration copy() {
    try {
      return (SpoolConfiguration) clone();
    } catch (CloneNotSupportedException e) {
      throw new RuntimeCamelException(e);
    }
  }

  /** Says which option is wrong, and how. */
  void check() {
    atLeast("maxBytes", maxBytes, 1);
    atLeast("memoryBytes", memoryBytes, 1);
    atLeast("inFlight", inFlight, 1);
    atLeast("maximumRedeliveries", maximumRedeliveries, -1);
    if (commitInterval.toMillis() < 1) {
      throw new IllegalArgumentException(
          "The spool option commitInterval must be a millisecond or more, but is %s."
              .formatted(commitInterval));
    }
    notNegative("maxAge", maxAge);
    notNegative("blockTimeout", blockTimeout);
    notNegative("keepAcknowledged", keepAcknowledged);
    notNegative("linger", linger);
    notNegative("redeliveryDelay", redeliveryDelay);
    notNegative("maximumRedeliveryDelay", maximumRedeliveryDelay);
    notNegative("parkAfter", parkAfter);
  }

  private static void atLeast(String option, long value, long least) {
    if (value < least) {
      throw new IllegalArgumentException(
          "The spool option %s must be a number, %d or more, but is %d."
              .formatted(option, least, value));
    }
  }

  private static void notNegative(String option, Duration value) {
    if (value.isNegative()) {
      throw new IllegalArgumentException(
          "The spool option %s must not be negative, but is %s.".formatted(option, value));
    }
  }

  /** The options of the files, which all endpoints of a spool share, by their names. */
  Map<String, Object> shared() {
    Map<String, Object> options = new LinkedHashMap<>();
    options.put("directory", directoryPath());
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

  /** The shared options that the others have otherwise: {@code maxAge is PT0S, not PT2H}. */
  String difference(SpoolConfiguration others) {
    Map<String, Object> other = others.shared();
    return shared().entrySet().stream()
        .filter(option -> !option.getValue().equals(other.get(option.getKey())))
        .map(
            option ->
                "%s is %s, not %s"
                    .formatted(option.getKey(), option.getValue(), other.get(option.getKey())))
        .collect(Collectors.joining(", "));
  }

  Path directoryPath() {
    return Path.of(directory).toAbsolutePath().normalize();
  }

  /** How large a file grows: room comes back by the file. */
  long segmentBytes() {
    return Math.max(1, Math.min(LARGEST_SEGMENT_BYTES, maxBytes / SEGMENTS_AT_LEAST));
  }

  /** How a log of that name is kept. */
  SegmentedLog.Options ofLog(String name, long segmentBytes, Clock clock) {
    return new SegmentedLog.Options(directoryPath(), name, segmentBytes, isForced(), clock);
  }

  boolean isForced() {
    return fsync == Fsync.COMMIT;
  }

  boolean keepsAcknowledged() {
    return !keepAcknowledged.isZero();
  }

  /** The pause after so many attempts; the first may not be counted yet. */
  Duration redeliveryDelay(int attempts) {
    long millis = redeliveryDelay.toMillis() << Math.min(20, Math.max(1, attempts) - 1);
    return Duration.ofMillis(Math.min(millis, maximumRedeliveryDelay.toMillis()));
  }

  public String getDirectory() {
    return directory;
  }

  public void setDirectory(String directory) {
    this.directory = directory;
  }

  public long getMaxBytes() {
    return maxBytes;
  }

  public void setMaxBytes(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  public long getMemoryBytes() {
    return memoryBytes;
  }

  public void setMemoryBytes(long memoryBytes) {
    this.memoryBytes = memoryBytes;
  }

  public Duration getMaxAge() {
    return maxAge;
  }

  public void setMaxAge(Duration maxAge) {
    this.maxAge = maxAge;
  }

  public Duration getCommitInterval() {
    return commitInterval;
  }

  public void setCommitInterval(Duration commitInterval) {
    this.commitInterval = commitInterval;
  }

  public Fsync getFsync() {
    return fsync;
  }

  public void setFsync(Fsync fsync) {
    this.fsync = fsync;
  }

  public WhenFull getWhenFull() {
    return whenFull;
  }

  public void setWhenFull(WhenFull whenFull) {
    this.whenFull = whenFull;
  }

  public Duration getBlockTimeout() {
    return blockTimeout;
  }

  public void setBlockTimeout(Duration blockTimeout) {
    this.blockTimeout = blockTimeout;
  }

  public Duration getKeepAcknowledged() {
    return keepAcknowledged;
  }

  public void setKeepAcknowledged(Duration keepAcknowledged) {
    this.keepAcknowledged = keepAcknowledged;
  }

  public boolean isWaitForCommit() {
    return waitForCommit;
  }

  public void setWaitForCommit(boolean waitForCommit) {
    this.waitForCommit = waitForCommit;
  }

  public int getInFlight() {
    return inFlight;
  }

  public void setInFlight(int inFlight) {
    this.inFlight = inFlight;
  }

  public Duration getLinger() {
    return linger;
  }

  public void setLinger(Duration linger) {
    this.linger = linger;
  }

  public Duration getRedeliveryDelay() {
    return redeliveryDelay;
  }

  public void setRedeliveryDelay(Duration redeliveryDelay) {
    this.redeliveryDelay = redeliveryDelay;
  }

  public Duration getMaximumRedeliveryDelay() {
    return maximumRedeliveryDelay;
  }

  public void setMaximumRedeliveryDelay(Duration maximumRedeliveryDelay) {
    this.maximumRedeliveryDelay = maximumRedeliveryDelay;
  }

  public int getMaximumRedeliveries() {
    return maximumRedeliveries;
  }

  public void setMaximumRedeliveries(int maximumRedeliveries) {
    this.maximumRedeliveries = maximumRedeliveries;
  }

  public String getKeyHeader() {
    return keyHeader;
  }

  public void setKeyHeader(String keyHeader) {
    this.keyHeader = keyHeader;
  }

  public String getDeadLetters() {
    return deadLetters;
  }

  public void setDeadLetters(String deadLetters) {
    this.deadLetters = deadLetters;
  }

  public Duration getParkAfter() {
    return parkAfter;
  }

  public void setParkAfter(Duration parkAfter) {
    this.parkAfter = parkAfter;
  }

  public Failure.Judge getFailureJudge() {
    return failureJudge;
  }

  public void setFailureJudge(Failure.Judge failureJudge) {
    this.failureJudge = failureJudge;
  }
}
