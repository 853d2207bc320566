package dev.caravan.genesys;

import dev.caravan.channel.Replica;
import dev.caravan.channel.Timings;
import java.time.Duration;
import org.apache.camel.RuntimeCamelException;
import org.apache.camel.spi.Metadata;
import org.apache.camel.spi.UriParam;
import org.apache.camel.spi.UriParams;

/** Options of {@code genesys:notifications} and {@code genesys:gaps}. */
@UriParams
public class GenesysConfiguration implements Cloneable {

  /**
   * What to subscribe: topics of Genesys Cloud, comma-separated. Where an id stands there may be an
   * asterisk for all, or a filter in square brackets: name=, division= or group= and what it has to
   * be.
   */
  @UriParam(label = "consumer")
  @Metadata(required = true)
  private String topics;

  /** Where frames go that cannot be read, and events whose exchange failed. */
  @UriParam(label = "consumer", defaultValue = "direct:dead-letters")
  private String deadLetters = "direct:dead-letters";

  /**
   * The source of the events, for the CloudEvents attribute ce_source; the API's URL by default.
   */
  @UriParam(label = "consumer", defaultValue = "{{genesys.api.url}}")
  private String source;

  /**
   * How many channels read each topic at the same time. With 2, losing either socket without
   * warning loses nothing; it takes twice the channels, of which an OAuth client has 20.
   */
  @UriParam(label = "consumer", defaultValue = "1", enums = "1,2")
  private int redundancy = 1;

  private boolean standby;

  /** Subscriptions a channel carries at most; Genesys Cloud takes 1,000. */
  @UriParam(label = "consumer,advanced", defaultValue = "1000")
  private int topicsPerChannel = 1_000;

  /**
   * Exchanges under way at most, over all channels. When so many are not completed yet, the sockets
   * are no longer read.
   */
  @UriParam(label = "consumer,advanced", defaultValue = "8192")
  private int maxInFlight = 8_192;

  /**
   * How often queues and users are listed again, to find new ones; 0 for never. Where that takes
   * more than 40 pages of 100, more seldom: a second and a half for each page.
   */
  @UriParam(label = "consumer", defaultValue = "1m", javaType = "java.time.Duration")
  private Duration refresh = Duration.ofMinutes(1);

  /**
   * Upper bound of the wait before the second attempt to replace a lost channel; doubled for each
   * further one. The first attempt comes at once.
   */
  @UriParam(label = "consumer,advanced", defaultValue = "2s", javaType = "java.time.Duration")
  private Duration retryInitialDelay = Duration.ofSeconds(2);

  /** Upper bound of any wait between attempts, unless Genesys Cloud asks for a longer one. */
  @UriParam(label = "consumer,advanced", defaultValue = "30s", javaType = "java.time.Duration")
  private Duration retryMaximumDelay = Duration.ofSeconds(30);

  /**
   * How often it is seen whether a channel still has all of its subscriptions, with one call for
   * each channel. When Genesys Cloud says that they were changed, that is seen at once.
   */
  @UriParam(label = "consumer,advanced", defaultValue = "10m", javaType = "java.time.Duration")
  private Duration subscriptionsCheck = Duration.ofMinutes(10);

  /** Whether gaps are filled by reading again what can be read. */
  @UriParam(label = "consumer", defaultValue = "true")
  private boolean backfill = true;

  /**
   * How long after the end of a gap its conversations are read from analytics, which is minutes
   * late; one minute at least.
   */
  @UriParam(label = "consumer", defaultValue = "5m", javaType = "java.time.Duration")
  private Duration delay = Duration.ofMinutes(5);

  /**
   * How long before a gap a conversation may have begun to be found: analytics is asked for days,
   * and answers with what began on them.
   */
  @UriParam(label = "consumer", defaultValue = "4h", javaType = "java.time.Duration")
  private Duration lookBack = Duration.ofHours(4);

  public GenesysConfiguration copy() {
    try {
      return (GenesysConfiguration) clone();
    } catch (CloneNotSupportedException e) {
      throw new RuntimeCamelException(e);
    }
  }

  public String getTopics() {
    return topics;
  }

  public void setTopics(String topics) {
    this.topics = topics;
  }

  public String getDeadLetters() {
    return deadLetters;
  }

  public void setDeadLetters(String deadLetters) {
    this.deadLetters = deadLetters;
  }

  public String getSource() {
    return source;
  }

  public void setSource(String source) {
    this.source = source;
  }

  public Timings timings() {
    return Timings.with(retryInitialDelay, retryMaximumDelay, subscriptionsCheck);
  }

  void standsBy(boolean on) {
    standby = on;
  }

  /** How many channels read each shard, those of another instance that stands by included. */
  int channelsOfShard() {
    return standby ? 2 * redundancy : redundancy;
  }

  public int getRedundancy() {
    return redundancy;
  }

  public void setRedundancy(int redundancy) {
    if (redundancy < 1 || redundancy > Replica.MOST) {
      throw new IllegalArgumentException(
          "redundancy is " + redundancy + "; it can be 1 or " + Replica.MOST + ".");
    }
    this.redundancy = redundancy;
  }

  public int getTopicsPerChannel() {
    return topicsPerChannel;
  }

  public void setTopicsPerChannel(int topicsPerChannel) {
    this.topicsPerChannel = topicsPerChannel;
  }

  public int getMaxInFlight() {
    return maxInFlight;
  }

  public void setMaxInFlight(int maxInFlight) {
    this.maxInFlight = maxInFlight;
  }

  public Duration getRefresh() {
    return refresh;
  }

  public void setRefresh(Duration refresh) {
    this.refresh = refresh;
  }

  public Duration getRetryInitialDelay() {
    return retryInitialDelay;
  }

  public void setRetryInitialDelay(Duration retryInitialDelay) {
    this.retryInitialDelay = retryInitialDelay;
  }

  public Duration getRetryMaximumDelay() {
    return retryMaximumDelay;
  }

  public void setRetryMaximumDelay(Duration retryMaximumDelay) {
    this.retryMaximumDelay = retryMaximumDelay;
  }

  public Duration getSubscriptionsCheck() {
    return subscriptionsCheck;
  }

  public void setSubscriptionsCheck(Duration subscriptionsCheck) {
    this.subscriptionsCheck = subscriptionsCheck;
  }

  public boolean isBackfill() {
    return backfill;
  }

  public void setBackfill(boolean backfill) {
    this.backfill = backfill;
  }

  public Duration getDelay() {
    return delay;
  }

  public void setDelay(Duration delay) {
    this.delay = delay;
  }

  public Duration getLookBack() {
    return lookBack;
  }

  public void setLookBack(Duration lookBack) {
    this.lookBack = lookBack;
  }
}
