package dev.caravan.genesys;

import dev.caravan.genesys.backfill.BackfillProgress;
import dev.caravan.genesys.backfill.ConversationQuery;
import dev.caravan.genesys.connect.CamelChannelOpener;
import org.apache.camel.spi.Metadata;

/** Headers and exchange properties of the {@code genesys:} component. */
public final class GenesysConstants {

  @Metadata(description = "The topic of the notification, with its ids", javaType = "String")
  public static final String TOPIC = "genesys-topic";

  @Metadata(
      description = "The primary media type of the event; absent if it has none",
      javaType = "String",
      enums =
          "voice,chat,email,message,callback,cobrowse,screenshare,social,video,workitem,"
              + "internalmessage,screenmonitoring,unknown")
  public static final String MEDIA = "genesys-media";

  @Metadata(
      description = "All media types of the event, comma-separated; only if more than one",
      javaType = "String")
  public static final String MEDIA_ALL = "genesys-media-all";

  @Metadata(
      description = "The kind of message, such as whatsapp; only for messages",
      javaType = "String")
  public static final String MESSAGE_TYPE = "genesys-message-type";

  @Metadata(description = "The correlation id that Genesys Cloud gave", javaType = "String")
  public static final String CORRELATION_ID = "genesys-correlation-id";

  @Metadata(
      description = "backfill if the record was read again after a gap; else absent",
      javaType = "String")
  public static final String ORIGIN = "genesys-origin";

  @Metadata(
      description =
          "What is to be read again after a gap: presence, routing-status, adherence (the body is"
              + " the list of the users' ids) or conversations",
      javaType = "String")
  public static final String READ = "CamelGenesysRead";

  @Metadata(
      description = "Why a frame lies in the dead-letter topic; a sentence",
      javaType = "String")
  public static final String REASON = "caravan-reason";

  @Metadata(
      description = "What the event is about: id of a conversation, user or queue. The Kafka key.",
      javaType = "String")
  public static final String KEY = "CamelGenesysKey";

  @Metadata(
      description =
          "The kind of event, as the last part of a Kafka topic's name: conversations.voice and so on"
              + " for each media type, presence, routing-status, adherence, observations,"
              + " detail-events, transcription, other",
      javaType = "String")
  public static final String STREAM = "CamelGenesysStream";

  /** Property: how often the token of this call was not accepted. */
  public static final String UNAUTHORISED = "CamelGenesysUnauthorised";

  /** Property: the name of the OAuth client that makes a call; absent for the first one. */
  public static final String CLIENT = "CamelGenesysClient";

  /** Property: the topics to subscribe, a list of maps with {@code id}. */
  public static final String TOPICS = "CamelGenesysTopics";

  /** Property: the channel as Genesys Cloud described it, a map with id, connectUri, expires. */
  public static final String CHANNEL = "CamelGenesysChannel";

  /** Property: the entities of the answer to a subscription. */
  public static final String SUBSCRIPTIONS = "CamelGenesysSubscriptions";

  /** Property: topics that are left out of the subscription, each with the reason. */
  public static final String REFUSED = "CamelGenesysRefused";

  /** Property: the attempt of a {@link CamelChannelOpener} that an exchange belongs to. */
  public static final String ATTEMPT = "CamelGenesysAttempt";

  /** Property: the token that was used for a call. */
  public static final String TOKEN = "CamelGenesysToken";

  /** Property: the token to make a call with, if not the present one. */
  public static final String AS = "CamelGenesysAs";

  /** Property: the path of a listing. */
  public static final String LISTING = "CamelGenesysListing";

  /** Property: what does not agree within a listing that was read; empty if all does. */
  static final String LISTING_FAULT = "CamelGenesysListingFault";

  /** Property: hears of each page of a listing, a {@link Pages.Reader}. */
  static final String LISTING_READER = "CamelGenesysListingReader";

  /** Property: what a call is for, as a word for metrics. */
  public static final String PURPOSE = "CamelGenesysPurpose";

  /** Property: the {@link BackfillProgress} of an exchange that fills a gap. */
  public static final String BACKFILL = "CamelGenesysBackfill";

  /** Property: the {@link ConversationQuery} of an exchange that reads conversations again. */
  public static final String QUERY = "CamelGenesysQuery";

  /** Property: the interval of that query. */
  public static final String INTERVAL = "CamelGenesysInterval";

  /** Property: the segment filters of that query, as JSON. */
  public static final String FILTERS = "CamelGenesysFilters";

  private GenesysConstants() {}
}
