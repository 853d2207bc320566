package dev.caravan.kafka;

import dev.caravan.spool.Failure;
import java.math.BigInteger;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.camel.Exchange;
import org.apache.camel.ExchangePropertyKey;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.BrokerNotAvailableException;
import org.apache.kafka.common.errors.ControllerMovedException;
import org.apache.kafka.common.errors.DelegationTokenDisabledException;
import org.apache.kafka.common.errors.DelegationTokenExpiredException;
import org.apache.kafka.common.errors.DelegationTokenNotFoundException;
import org.apache.kafka.common.errors.DelegationTokenOwnerMismatchException;
import org.apache.kafka.common.errors.DuplicateSequenceException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidPidMappingException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.InvalidTxnTimeoutException;
import org.apache.kafka.common.errors.OutOfOrderSequenceException;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RebootstrapRequiredException;
import org.apache.kafka.common.errors.RecordBatchTooLargeException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.TransactionAbortableException;
import org.apache.kafka.common.errors.TransactionAbortedException;
import org.apache.kafka.common.errors.TransactionCoordinatorFencedException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.errors.UnsupportedCompressionTypeException;
import org.apache.kafka.common.errors.UnsupportedForMessageFormatException;
import org.apache.kafka.common.errors.UnsupportedSaslMechanismException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.common.errors.WakeupException;

/**
 * The one place that tells what Kafka will never take from what it cannot take now. A bean for
 * {@code onWhen} in routes that send to Kafka.
 *
 * <p>Of what wraps what, the outermost exception that is known decides. Its sentence is made here:
 * the messages of Kafka's exceptions may quote a record or a setting.
 */
public final class KafkaFailures implements Failure.Judge {

  /** What is stuck, where no topic or partition is known to be. */
  private static final String KAFKA = "Kafka";

  private record Rule(Class<? extends KafkaException> type, Failure.Kind kind, String sentence) {}

  private static final String TOO_LARGE = "The record is larger than Kafka takes.";
  private static final String NOT_AUTHENTICATED =
      "Kafka does not accept the bridge's credentials or certificate: look at the KAFKA_SASL_ and"
          + " KAFKA_SSL_ settings.";
  private static final String PRODUCER_EXPIRED =
      "Kafka no longer knows the producer; it gets a new identity.";
  private static final String ABORTED = "The transaction was aborted.";

  /** Unless a route sets another, a record has the time of sending by this machine's clock. */
  private static final String CLOCKS =
      "Kafka refuses the record's timestamp: set the clocks of this machine and of the brokers, or"
          + " look at the topic's message.timestamp.after.max.ms and message.timestamp.before.max.ms.";

  /** How brokers refuse a timestamp, and which they would take. */
  private static final Pattern TIMESTAMP =
      Pattern.compile("Timestamp -?\\d+ of .*\\[(-?\\d{1,19}), (-?\\d{1,19})].*");

  /** The first that fits decides, so a class stands before the one that it extends. */
  private static final List<Rule> RULES =
      List.of(
          never(RecordTooLargeException.class, TOO_LARGE),
          never(RecordBatchTooLargeException.class, TOO_LARGE),
          never(InvalidRecordException.class, "Kafka refuses the record as invalid."),
          // What a setting causes passes with the setting: were it final, all would be dead letters
          later(
              UnsupportedForMessageFormatException.class,
              "The topic's message format is too old for the record: look at message.format.version."),
          later(
              UnsupportedCompressionTypeException.class,
              "Kafka does not take this compression: set KAFKA_COMPRESSION to another one."),
          never(PolicyViolationException.class, "A policy of the Kafka cluster forbids it."),
          never(SerializationException.class, "The record cannot be made into bytes."),
          never(InvalidTopicException.class, "The name is none that a Kafka topic may have."),
          never(
              UnknownTopicOrPartitionException.class,
              "Kafka does not know the topic, and has not created it in time."),
          never(AuthorizationException.class, "Kafka denies it to the bridge."),
          later(DelegationTokenDisabledException.class, NOT_AUTHENTICATED),
          later(DelegationTokenExpiredException.class, NOT_AUTHENTICATED),
          later(DelegationTokenNotFoundException.class, NOT_AUTHENTICATED),
          later(DelegationTokenOwnerMismatchException.class, NOT_AUTHENTICATED),
          later(ProducerFencedException.class, PRODUCER_EXPIRED),
          later(InvalidProducerEpochException.class, PRODUCER_EXPIRED),
          later(InvalidPidMappingException.class, PRODUCER_EXPIRED),
          later(OutOfOrderSequenceException.class, PRODUCER_EXPIRED),
          later(DuplicateSequenceException.class, PRODUCER_EXPIRED),
          later(InvalidTxnStateException.class, ABORTED),
          later(InvalidTxnTimeoutException.class, ABORTED),
          later(TransactionAbortableException.class, ABORTED),
          later(TransactionAbortedException.class, ABORTED),
          later(TransactionCoordinatorFencedException.class, ABORTED),
          later(BrokerNotAvailableException.class, "No Kafka broker is there."),
          later(ControllerMovedException.class, "Kafka's controller is moving."),
          later(RebootstrapRequiredException.class, "Kafka asks its clients to connect anew."),
          later(InterruptException.class, "The sending was interrupted."),
          later(WakeupException.class, "The sending was interrupted."),
          later(
              UnsupportedVersionException.class,
              "The Kafka brokers are too old for what the bridge asks of them."),
          later(
              InvalidConfigurationException.class,
              "A setting of Kafka keeps it from taking the record: look at the topic's and the brokers'."),
          later(RetriableException.class, "Kafka cannot take it at the moment."),
          later(
              ConfigException.class,
              "No client of Kafka can be made from the KAFKA_ settings: `caravan check` says why."));

  private static Rule never(Class<? extends KafkaException> type, String sentence) {
    return new Rule(type, Failure.Kind.FINAL, sentence);
  }

  private static Rule later(Class<? extends KafkaException> type, String sentence) {
    return new Rule(type, Failure.Kind.LATER, sentence);
  }

  private static final int DEEPEST_CAUSE = 20;

  /** For the spool: the same, and where it was. */
  @Override
  public Failure judge(Throwable cause, String where) {
    Failure failure = judge(cause);
    String sentence = failure.sentence().replaceAll("[.\\s]+$", "");
    return failure.kind() == Failure.Kind.UNKNOWN
        ? new Failure(failure.kind(), failure.what() + where, sentence + where, cause)
        : new Failure(failure.kind(), failure.what(), sentence, cause);
  }

  /**
   * What is to be thought of this failure of a route that sends to Kafka; its sentence holds
   * nothing of the record.
   */
  public static Failure judge(Throwable failure) {
    List<Throwable> causes = causes(failure);
    for (Throwable cause : causes) {
      if (cause instanceof StuckException stuck) {
        return new Failure(Failure.Kind.LATER, stuck.what(), stuck.getMessage(), failure);
      }
      if (cause instanceof ConfigException
          && String.valueOf(cause.getMessage()).startsWith("No resolvable bootstrap urls")) {
        return later(
            "The host names in KAFKA_BOOTSTRAP_SERVERS do not resolve at the moment.", failure);
      }
      if (cause instanceof AuthenticationException) {
        return later(distrust(cause), failure);
      }
      if (refusesTimestamp(cause)) {
        return later(CLOCKS, failure);
      }
      for (Rule rule : RULES) {
        if (rule.type().isInstance(cause)) {
          return new Failure(rule.kind(), KAFKA, rule.sentence(), failure);
        }
      }
      // Of routes that call something else on the way
      if (cause instanceof SocketException
          || cause instanceof SocketTimeoutException
          || cause instanceof UnknownHostException) {
        return later(
            "What a step of the route calls cannot be reached (%s)."
                .formatted(cause.getClass().getSimpleName()),
            failure);
      }
    }
    String name = failure.getClass().getSimpleName();
    return causes.stream().anyMatch(cause -> cause.getClass() == KafkaException.class)
        ? later("Kafka's client was closed, or could not be started.", failure)
        : new Failure(Failure.Kind.UNKNOWN, name, "It failed with " + name, failure);
  }

  /** The failure and what caused it, from the outside in, as far as chains of causes are read. */
  public static List<Throwable> causes(Throwable failure) {
    return Stream.iterate(failure, Objects::nonNull, Throwable::getCause)
        .limit(DEEPEST_CAUSE)
        .toList();
  }

  private static Failure later(String sentence, Throwable failure) {
    return new Failure(Failure.Kind.LATER, KAFKA, sentence, failure);
  }

  /** Why Kafka and the bridge do not trust each other, and what to do. */
  public static String distrust(Throwable failure) {
    for (Throwable cause : causes(failure)) {
      String message = String.valueOf(cause.getMessage());
      if (cause instanceof CertificateExpiredException
          || cause instanceof CertificateNotYetValidException) {
        return "The certificate of a Kafka broker has expired, or does not hold yet: renew it there.";
      }
      if (message.matches("(?s).*No (name matching|subject alternative).*")) {
        return "The certificate of a Kafka broker is for another host name than the one by which it was"
            + " reached: look at KAFKA_BOOTSTRAP_SERVERS and the brokers' advertised.listeners.";
      }
      // A CA that was renewed under its name of before has other keys
      if (message.matches(
          "(?s).*(valid certification path|PKIX path building|signature check failed|chain with any of the trust anchors).*")) {
        return "The certificate of a Kafka broker is of a CA that the bridge does not trust: set"
            + " KAFKA_SSL_CA_FILE.";
      }
      if (message.matches(
          "(?s).*(fatal alert: (bad_certificate|unknown_ca|certificate_).*|certificate_required).*")) {
        return "Kafka does not accept the bridge's own certificate: look at KAFKA_SSL_CERTIFICATE_FILE"
            + " and KAFKA_SSL_KEY_FILE.";
      }
      if (cause instanceof UnsupportedSaslMechanismException) {
        return "Kafka does not offer this login: look at KAFKA_SASL_MECHANISM.";
      }
      if (cause instanceof SaslAuthenticationException) {
        return "Kafka does not accept the bridge's user and password, or its token: look at the"
            + " KAFKA_SASL_ and KAFKA_OAUTH_ settings.";
      }
    }
    return NOT_AUTHENTICATED;
  }

  /** Of several records of a batch Kafka's client tells it by the message alone. */
  static boolean refusesTimestamp(Throwable failure) {
    return failure instanceof InvalidTimestampException
        || failure instanceof InvalidRecordException
            && String.valueOf(failure.getMessage()).startsWith("Timestamp ");
  }

  /**
   * Whether a broker that has refused a timestamp refuses this moment, too: then the clocks differ,
   * and the timestamp may be as it should.
   */
  static boolean refusesMoment(Throwable failure, Instant now) {
    Matcher refusal = TIMESTAMP.matcher(String.valueOf(failure.getMessage()));
    if (!refusal.matches()) {
      return false;
    }
    long earliest = new BigInteger(refusal.group(1)).longValue();
    long latest = new BigInteger(refusal.group(2)).longValue();
    // The sum of a time and a bound without limit overflows
    boolean isLimited = latest >= earliest;
    return now.toEpochMilli() < earliest || isLimited && now.toEpochMilli() > latest;
  }

  /** Whether an exchange has failed with what Kafka will never take. */
  public static boolean isFinal(Exchange exchange) {
    Throwable failure = exchange.getProperty(ExchangePropertyKey.EXCEPTION_CAUGHT, Throwable.class);
    return failure != null && judge(failure).kind() == Failure.Kind.FINAL;
  }
}
