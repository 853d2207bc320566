package dev.caravan.page;

import dev.caravan.genesys.connect.Rejections.Rejected;
import java.util.List;
import java.util.Map;

/**
 * What the page shows of this moment, as its JSON has it. Times are in milliseconds since 1970,
 * rates per second. It names shards, Kafka topics and patterns of topics, never a channel, a user,
 * a conversation or a secret.
 *
 * @param at when it was looked
 * @param since when the bridge started
 * @param verdict the whole in words
 * @param instances how many there are and who reads what, as a sentence; empty for one alone
 * @param clients the OAuth clients that read
 * @param spools the spools, {@code events} first
 * @param kafka how Kafka takes what is sent to it
 * @param events what was read, by medium
 * @param subscriptions what is subscribed
 */
record Status(
    long at,
    String version,
    long since,
    Verdict verdict,
    String instances,
    List<Client> clients,
    List<SpoolPart> spools,
    Kafka kafka,
    List<Rate> events,
    Subscriptions subscriptions) {

  /**
   * The state of the whole.
   *
   * @param state {@code flowing}, {@code idle}, {@code degraded} (events are read, but not all is
   *     well), {@code blind}, {@code broken}, or {@code starting}
   * @param headline one sentence
   * @param problems what keeps events from being read or kept, and what to do about it
   * @param degraded what does not work although events are read
   */
  record Verdict(String state, String headline, List<String> problems, List<String> degraded) {}

  /**
   * One OAuth client of an organisation.
   *
   * @param name of the client in the settings
   * @param host of the organisation's API
   * @param restLeft calls left to the token in this minute; -1 if unknown
   * @param mostChannels that an OAuth client may have
   */
  record Client(
      String name, String host, int restLeft, int channels, int mostChannels, List<Shard> shards) {}

  /**
   * One shard.
   *
   * @param channels where its channels stand, such as {@code live}
   * @param silentSeconds since the last frame, heartbeats included; -1 if there was none
   * @param blindSeconds since which its topics are not read; 0 while they are
   */
  record Shard(
      int number,
      String state,
      int topics,
      List<String> channels,
      long silentSeconds,
      long blindSeconds,
      int failures,
      String sentence) {}

  /**
   * One spool.
   *
   * @param state {@code delivering}, {@code spooling} (what arrives waits) or {@code danger}
   */
  record SpoolPart(
      String name,
      String state,
      String sentence,
      long records,
      long bytes,
      long maxBytes,
      double oldestSeconds,
      long parked,
      long dropped,
      double appendedPerSecond,
      double acknowledgedPerSecond) {}

  /**
   * Kafka.
   *
   * @param problems what it does not take, as sentences
   * @param topics what it acknowledged, by topic
   * @param medianSeconds from frame to acknowledgement over about the last minute
   */
  record Kafka(
      List<String> problems, List<Rate> topics, double medianSeconds, double slowestSeconds) {}

  /** What is counted since the start, and how often it comes now. */
  record Rate(String name, long total, double perSecond) {}

  /**
   * What is subscribed.
   *
   * @param subscribed how many topics of which pattern
   * @param expanding how far a listing of queues or users is, if one is under way
   */
  record Subscriptions(
      Map<String, Integer> subscribed, List<Rejected> rejected, List<String> expanding) {}
}
