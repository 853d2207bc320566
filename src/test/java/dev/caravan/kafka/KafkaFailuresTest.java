package dev.caravan.kafka;

import static dev.caravan.spool.Failure.Kind.FINAL;
import static dev.caravan.spool.Failure.Kind.LATER;
import static dev.caravan.spool.Failure.Kind.UNKNOWN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.spool.Failure;
import dev.caravan.spool.Failure.Kind;
import java.lang.reflect.Constructor;
import java.lang.reflect.Modifier;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.camel.CamelExecutionException;
import org.apache.camel.RuntimeCamelException;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KafkaFailuresTest {

  private static final String NEVER =
      """
      AuthorizationException ClusterAuthorizationException DelegationTokenAuthorizationException
      GroupAuthorizationException InvalidRecordException InvalidTopicException
      PolicyViolationException RecordBatchTooLargeException RecordDeserializationException
      RecordTooLargeException SerializationException TopicAuthorizationException
      TransactionalIdAuthorizationException
      UnknownTopicOrPartitionException
      """;

  private static final String NOT_NOW =
      """
      AuthenticationException AuthorizerNotReadyException BrokerNotAvailableException
      ConcurrentTransactionsException ControllerMovedException CoordinatorLoadInProgressException
      CoordinatorNotAvailableException CorruptRecordException DelegationTokenDisabledException
      DelegationTokenExpiredException DelegationTokenNotFoundException
      DelegationTokenOwnerMismatchException DisconnectException DuplicateSequenceException
      ElectionNotNeededException EligibleLeadersNotAvailableException FencedLeaderEpochException
      FetchSessionIdNotFoundException FetchSessionTopicIdException IllegalSaslStateException
      InconsistentTopicIdException InterruptException InvalidConfigurationException
      InvalidFetchSessionEpochException InvalidPidMappingException InvalidProducerEpochException
      InvalidReplicationFactorException InvalidRequiredAcksException
      InvalidShareSessionEpochException InvalidTimestampException InvalidTxnStateException
      InvalidTxnTimeoutException KafkaException KafkaStorageException LeaderNotAvailableException ListenerNotFoundException
      NetworkException NotControllerException NotCoordinatorException
      NotEnoughReplicasAfterAppendException NotEnoughReplicasException
      NotLeaderOrFollowerException OffsetNotAvailableException OutOfOrderSequenceException
      PreferredLeaderNotAvailableException ProducerFencedException RebootstrapRequiredException
      ReplicaNotAvailableException SaslAuthenticationException ShareSessionLimitReachedException
      ShareSessionNotFoundException SslAuthenticationException ThrottlingQuotaExceededException
      TimeoutException TransactionAbortableException TransactionAbortedException
      TransactionCoordinatorFencedException UnknownLeaderEpochException
      UnknownProducerIdException UnknownTopicIdException UnstableOffsetCommitException
      UnsupportedCompressionTypeException UnsupportedForMessageFormatException
      UnsupportedSaslMechanismException UnsupportedVersionException WakeupException
      """;

  /** What answers consumers, administrators and brokers, and what says nothing of its reason. */
  private static final String NOT_KNOWN =
      """
      ApiException BrokerIdNotRegisteredException DuplicateBrokerRegistrationException
      DuplicateResourceException DuplicateVoterException FeatureUpdateFailedException
      FencedInstanceIdException FencedMemberEpochException FencedStateEpochException
      GroupIdNotFoundException GroupMaxSizeReachedException GroupNotEmptyException
      GroupSubscribedToTopicException IllegalGenerationException InconsistentClusterIdException
      InconsistentGroupProtocolException InconsistentVoterSetException IneligibleReplicaException
      InvalidCommitOffsetSizeException InvalidFetchSizeException InvalidGroupIdException
      InvalidOffsetException InvalidPartitionsException InvalidPrincipalTypeException
      InvalidRecordStateException InvalidRegistrationException InvalidRegularExpression
      InvalidReplicaAssignmentException InvalidRequestException InvalidSessionTimeoutException
      InvalidUpdateVersionException InvalidVoterKeyException LogDirNotFoundException
      MemberIdRequiredException MismatchedEndpointTypeException NewLeaderElectedException
      NoReassignmentInProgressException OffsetMetadataTooLarge OffsetMovedToTieredStorageException
      OffsetOutOfRangeException OperationNotAttemptedException PositionOutOfRangeException
      PrincipalDeserializationException ReassignmentInProgressException
      RebalanceInProgressException ResourceNotFoundException SecurityDisabledException
      SnapshotNotFoundException StaleBrokerEpochException StaleMemberEpochException
      StreamsInvalidTopologyEpochException StreamsInvalidTopologyException
      StreamsTopologyFencedException TelemetryTooLargeException TopicDeletionDisabledException
      TopicExistsException TransactionalIdNotFoundException UnacceptableCredentialException
      UnknownControllerIdException UnknownMemberIdException UnknownServerException
      UnknownSubscriptionIdException UnreleasedInstanceIdException UnsupportedAssignorException
      UnsupportedByAuthenticationException UnsupportedEndpointTypeException VoterNotFoundException
      """;

  @Test
  void everyExceptionOfKafkaIsJudged() throws Exception {
    Map<String, Kind> expected = new TreeMap<>();
    Map.of(NEVER, FINAL, NOT_NOW, LATER, NOT_KNOWN, UNKNOWN)
        .forEach(
            (names, kind) ->
                Arrays.stream(names.strip().split("\\s+"))
                    .forEach(name -> expected.put(name, kind)));
    Map<String, Kind> judged = new TreeMap<>();

    for (Class<?> type : exceptionsOfKafka()) {
      Throwable made = make(type);
      Failure verdict = KafkaFailures.judge(made);
      judged.put(type.getSimpleName(), verdict.kind());
      assertThat(verdict.sentence()).as(type.getName()).doesNotContain("Pat Example");
    }

    assertThat(judged).isEqualTo(expected);
  }

  @Test
  void theCauseDecidesUnderWhatWrapsIt() {
    assertThat(kind(new RuntimeCamelException(new RecordTooLargeException("5 > 4"))))
        .isEqualTo(FINAL);
    assertThat(kind(new CamelExecutionException("at a step", null, new TimeoutException("t"))))
        .isEqualTo(LATER);
    assertThat(kind(new KafkaException("in an error state", new RecordTooLargeException("5 > 4"))))
        .isEqualTo(FINAL);
    assertThat(kind(new IllegalStateException(new NullPointerException("Pat Example"))))
        .isEqualTo(UNKNOWN);
  }

  @Test
  void whatIsStuckHasItsNameAndSentence() {
    StuckException stuck =
        new StuckException(
            StuckException.name(new TopicPartition("genesys.presence", 2)),
            "Kafka topic genesys.presence, partition 2, is stuck.",
            new UnknownTopicOrPartitionException("of whatever cause"));

    Throwable thrown = new RuntimeCamelException(stuck);

    assertThat(KafkaFailures.judge(thrown))
        .isEqualTo(new Failure(LATER, "genesys.presence, partition 2", stuck.getMessage(), thrown));
  }

  @Test
  void aProducerThatCannotBeMadeIsNotTheRecordsFault() {
    Properties unresolvable = new Properties();
    unresolvable.put("bootstrap.servers", "kafka-nope.invalid:9092");
    unresolvable.put("key.serializer", "org.apache.kafka.common.serialization.ByteArraySerializer");
    unresolvable.put(
        "value.serializer", "org.apache.kafka.common.serialization.ByteArraySerializer");
    Properties wrong = new Properties();
    wrong.putAll(unresolvable);
    wrong.put("bootstrap.servers", "localhost:9092");
    wrong.put("security.protocol", "SASL_HOPE");

    assertThat(KafkaFailures.judge(failureToMake(unresolvable)))
        .returns(LATER, Failure::kind)
        .returns(
            "The host names in KAFKA_BOOTSTRAP_SERVERS do not resolve at the moment.",
            Failure::sentence);
    assertThat(KafkaFailures.judge(failureToMake(wrong)))
        .returns(LATER, Failure::kind)
        .satisfies(verdict -> assertThat(verdict.sentence()).doesNotContain("SASL_HOPE"));
  }

  /** Of several in a batch Kafka's client makes records that are invalid for whatever reason. */
  @Test
  void aTimestampPassesWithTheClocksAndAnInvalidRecordDoesNot() {
    assertThat(KafkaFailures.judge(new InvalidRecordException(refusal("1000", "2000"))))
        .returns(LATER, Failure::kind)
        .satisfies(
            verdict -> assertThat(verdict.sentence()).contains("clocks", "message.timestamp"));
    assertThat(
            kind(new InvalidRecordException("Compacted topic cannot accept message without key")))
        .isEqualTo(FINAL);
    assertThat(kind(new InvalidRecordException(null))).isEqualTo(FINAL);
  }

  @ParameterizedTest
  @CsvSource({
    "1000, 2000, false",
    "1501, 2000, true",
    "1000, 1499, true",
    "-9223372036854774307, 1500, false",
    "-9223372036854774307, 1499, true",
    "1500, -9223372036854774309, false",
    "1501, -9223372036854774309, true"
  })
  void aMomentIsRefusedOutsideOfWhatTheBrokerWouldTake(
      String earliest, String latest, boolean refused) {
    Exception failure = new InvalidTimestampException(refusal(earliest, latest));

    assertThat(KafkaFailures.refusesMoment(failure, Instant.ofEpochMilli(1500))).isEqualTo(refused);
    assertThat(KafkaFailures.refusesMoment(new InvalidTimestampException("no"), Instant.EPOCH))
        .as("not known")
        .isFalse();
  }

  private static String refusal(String earliest, String latest) {
    return "Timestamp 5 of message with offset 0 is out of range. The timestamp should be within [%s, %s]"
        .formatted(earliest, latest);
  }

  @Test
  void aRouteCanAskWhetherItsFailureIsFinal() {
    assertThat(isFinal(new SerializationException("Pat Example"))).isTrue();
    assertThat(isFinal(new TimeoutException("later"))).isFalse();
    assertThat(isFinal(new IllegalStateException("of a step"))).isFalse();
  }

  @Test
  void aCircleOfCausesEnds() {
    Exception one = new Exception("one");
    one.initCause(new Exception("two", one));

    assertThat(kind(one)).isEqualTo(UNKNOWN);
  }

  private static boolean isFinal(Exception failure) {
    DefaultExchange exchange = new DefaultExchange(new DefaultCamelContext());
    exchange.setProperty(org.apache.camel.Exchange.EXCEPTION_CAUGHT, failure);
    return KafkaFailures.isFinal(exchange);
  }

  private static Kind kind(Throwable failure) {
    return KafkaFailures.judge(failure).kind();
  }

  private static Throwable failureToMake(Properties properties) {
    try (KafkaProducer<Object, Object> made = new KafkaProducer<>(properties)) {
      throw new AssertionError("Made: " + made);
    } catch (KafkaException e) {
      return e;
    }
  }

  private static List<Class<?>> exceptionsOfKafka() throws Exception {
    Path jar =
        Path.of(KafkaException.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    List<Class<?>> found = new ArrayList<>();
    try (FileSystem files = FileSystems.newFileSystem(jar)) {
      for (String folder : List.of("org/apache/kafka/common", "org/apache/kafka/common/errors")) {
        try (Stream<Path> entries = Files.list(files.getPath(folder))) {
          for (Path entry : entries.toList()) {
            String name = entry.getFileName().toString();
            if (name.endsWith(".class")) {
              Class<?> type =
                  Class.forName(
                      folder.replace('/', '.') + "." + name.substring(0, name.length() - 6));
              if (Throwable.class.isAssignableFrom(type)
                  && !Modifier.isAbstract(type.getModifiers())) {
                found.add(type);
              }
            }
          }
        }
      }
    }
    assertThat(found).hasSizeGreaterThan(140);
    return found;
  }

  private static Throwable make(Class<?> type) throws Exception {
    Constructor<?>[] constructors = type.getDeclaredConstructors();
    Arrays.sort(constructors, java.util.Comparator.comparingInt(Constructor::getParameterCount));
    for (Constructor<?> constructor : constructors) {
      if (!Modifier.isPrivate(constructor.getModifiers())) {
        constructor.setAccessible(true);
        Object[] arguments =
            Arrays.stream(constructor.getParameterTypes())
                .map(KafkaFailuresTest::argument)
                .toArray();
        return (Throwable) constructor.newInstance(arguments);
      }
    }
    throw new AssertionError("No way to make a " + type);
  }

  private static Object argument(Class<?> type) {
    if (type == String.class) {
      return "Pat Example";
    }
    if (type == TopicPartition.class) {
      return new TopicPartition("t", 0);
    }
    if (type.isPrimitive()) {
      return type == long.class ? (Object) 0L : type == boolean.class ? false : (Object) 0;
    }
    return null;
  }
}
