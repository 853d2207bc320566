package dev.caravan.spool;

import java.nio.file.Path;
import java.time.Duration;
import org.apache.camel.RuntimeCamelException;
import org.apache.camel.spi.UriParam;
import org.apache.camel.spi.UriParams;

/** The options of a spool. */
@UriParams
public class SpoolConfiguration implements Cloneable {

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

  /** How many records may be handed out and not be settled at the same time. */
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

  /** How often a record is tried again before it is given up, counted and reported; -1 for ever. */
  @UriParam(label = "consumer", defaultValue = "-1")
  private int maximumRedeliveries = -1;

  /**
   * The header within whose values order matters, so that a failure repeats no records of other
   * values; by default order matters among all.
   */
  @UriParam(label = "consumer")
  private String keyHeader = "";

  /** An independent copy. */
  public SpoolConfiguration copy() {
    try {
      return (SpoolConfiguration) clone();
    } catch (CloneNotSupportedException e) {
      throw new RuntimeCamelException(e);
    }
  }

  SpoolSettings settings() {
    return new SpoolSettings(
        Path.of(directory),
        maxBytes,
        memoryBytes,
        maxAge,
        commitInterval,
        fsync,
        whenFull,
        blockTimeout,
        keepAcknowledged);
  }

  Delivery.Options deliveryOptions() {
    return new Delivery.Options(
        inFlight, linger, redeliveryDelay, maximumRedeliveryDelay, maximumRedeliveries, keyHeader);
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
}
