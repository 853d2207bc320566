package dev.caravan.spool;

import org.apache.camel.spi.Metadata;

/** The headers that a spool adds to what it hands out. */
public final class SpoolConstants {

  @Metadata(label = "consumer", description = "The record's place in the spool.", javaType = "long")
  public static final String SEQUENCE = "CamelSpoolSequence";

  @Metadata(
      label = "consumer",
      description = "When the record was appended, in milliseconds since 1970.",
      javaType = "long")
  public static final String APPENDED_AT = "CamelSpoolAppendedAt";

  @Metadata(
      label = "consumer",
      description = "Present and true if the record has been handed out before.",
      javaType = "boolean")
  public static final String REDELIVERED = "CamelSpoolRedelivered";

  @Metadata(
      label = "consumer",
      description = "Present and true if the record was sent before and is replayed.",
      javaType = "boolean")
  public static final String REPLAYED = "CamelSpoolReplayed";

  @Metadata(
      label = "consumer",
      description = "Present and true if the record was on disk when the spool was opened.",
      javaType = "boolean")
  public static final String RESTORED = "CamelSpoolRestored";

  @Metadata(label = "consumer", description = "Why a record is a dead letter.", javaType = "String")
  public static final String REASON = "caravan-reason";

  @Metadata(
      label = "producer",
      description =
          "What whoever appends knows the record by. It is kept with the record and not handed out"
              + " as a header, but as an exchange property, by which it goes on to other spools; who"
              + " listens to the component is told it once all records that have it are settled.",
      javaType = "byte[]")
  public static final String RECEIPT = "CamelSpoolReceipt";

  private SpoolConstants() {}
}
