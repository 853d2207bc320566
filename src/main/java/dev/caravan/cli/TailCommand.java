package dev.caravan.cli;

import dev.caravan.command.Deadline;
import dev.caravan.command.KafkaEnvironment;
import dev.caravan.command.TopicFollower;
import dev.caravan.settings.Settings;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** For seeing what arrives in Kafka, one line a record. */
@Command(
    name = "tail",
    mixinStandardHelpOptions = true,
    description = {
      "Prints a line for each record that arrives in Kafka.",
      "It shows time, Kafka topic, media type, key and Genesys topic, and all headers if you",
      "ask for them; never the payload, which holds personal data, unless you ask for it.",
      "Reads KAFKA_BOOTSTRAP_SERVERS, KAFKA_SECURITY_PROTOCOL, KAFKA_SASL_..., KAFKA_SSL_...",
      "and CARAVAN_TOPIC_PREFIX, as the bridge does."
    },
    footer = {
      "",
      "Example: all voice conversations that a cluster still has",
      "  ${ROOT-COMMAND-NAME} tail -b kafka-1:9092 -t '*.voice' --from-beginning"
    })
final class TailCommand implements Callable<Integer> {

  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSS");
  private static final Duration POLL = Duration.ofMillis(250);

  @Option(
      names = {"-b", "--bootstrap"},
      paramLabel = "HOST:PORT",
      description =
          "The Kafka cluster, without a login. Default: KAFKA_BOOTSTRAP_SERVERS, with the KAFKA_ settings.")
  private String bootstrap;

  @Option(
      names = {"-t", "--topic"},
      paramLabel = "NAME",
      description =
          "Kafka topics to read; * stands for anything. Default: all that start with"
              + " CARAVAN_TOPIC_PREFIX, or genesys.*")
  private String topic;

  @Option(
      names = "--from-beginning",
      description = "Start with the oldest record instead of the next one.")
  private boolean fromBeginning;

  @Option(
      names = {"-n", "--max"},
      paramLabel = "N",
      description = "End after so many records.")
  private Optional<Long> max = Optional.empty();

  @Option(names = "--seconds", paramLabel = "N", description = "End after so many seconds.")
  private Optional<Long> seconds = Optional.empty();

  @Option(names = "--headers", description = "Print all headers of the record, too.")
  private boolean headers;

  @Option(
      names = "--payload",
      description = "Print the payload too, as it is. It holds personal data.")
  private boolean payload;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    Logs.toConsole(Caravan.isVerbose(spec));
    max.ifPresent(it -> Numbers.atLeastOne("--max", it));
    seconds.ifPresent(it -> Numbers.atLeastOne("--seconds", it));
    KafkaEnvironment environment = new KafkaEnvironment(Settings.read());
    Map<String, Object> properties = environment.consumerProperties(Optional.ofNullable(bootstrap));
    String topics = topic == null ? environment.topicPrefix() + "*" : topic;
    try (TopicFollower follower =
        environment.client(() -> new TopicFollower(properties, topics, fromBeginning))) {
      print(follower);
    }
    return Caravan.OK;
  }

  private void print(TopicFollower follower) {
    PrintWriter out = spec.commandLine().getOut();
    long printed = 0;
    long most = max.orElse(Long.MAX_VALUE);
    Deadline end = Deadline.inSeconds(seconds.orElse(0L));
    while (printed < most && !end.isPast()) {
      for (ConsumerRecord<byte[], byte[]> record : follower.poll(POLL)) {
        if (printed++ < most) {
          out.println(line(record));
        }
      }
      if (out.checkError()) {
        return; // whoever read our output has left
      }
    }
  }

  private String line(ConsumerRecord<byte[], byte[]> record) {
    String line =
        "%s  %s  %s  %s  %s"
            .formatted(
                TIME.format(
                    Instant.ofEpochMilli(record.timestamp()).atZone(ZoneId.systemDefault())),
                record.topic(),
                header(record, "genesys-media"),
                visible(record.key()),
                header(record, "genesys-topic"));
    return line
        + (headers ? "  " + headers(record) : "")
        + (payload ? "  " + text(record.value()) : "");
  }

  private static String headers(ConsumerRecord<?, ?> record) {
    return Stream.of(record.headers().toArray())
        .map(header -> printable(header.key()) + "=" + visible(header.value()))
        .collect(Collectors.joining(", ", "[", "]"));
  }

  private static String header(ConsumerRecord<?, ?> record, String name) {
    Header header = record.headers().lastHeader(name);
    return visible(header == null ? null : header.value());
  }

  private static String visible(byte[] bytes) {
    return printable(text(bytes));
  }

  /** Without what a terminal would take for a command. */
  private static String printable(String text) {
    return text.replaceAll("\\p{Cntrl}", "?");
  }

  private static String text(byte[] bytes) {
    return bytes == null ? "-" : new String(bytes, StandardCharsets.UTF_8);
  }
}
