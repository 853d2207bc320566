package dev.caravan.cli;

import dev.caravan.command.Deadline;
import dev.caravan.command.KafkaEnvironment;
import dev.caravan.command.TopicFollower;
import dev.caravan.settings.Settings;
import java.time.Duration;
import java.time.ZoneId;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Option;

/** For seeing what arrives in Kafka, one line a record. */
@Command(
    name = "tail",
    description = {
      "Prints a line for each record that arrives in Kafka.",
      "It shows time, Kafka topic, media type, key and Genesys topic, and all headers if you",
      "ask for them; never the payload, which holds personal data, unless you ask for it.",
      "On a terminal the lines have colours by medium, and gaps are red.",
      "Reads KAFKA_BOOTSTRAP_SERVERS, KAFKA_SECURITY_PROTOCOL, KAFKA_SASL_..., KAFKA_SSL_...",
      "and CARAVAN_TOPIC_PREFIX, as the bridge does."
    },
    footer = {
      "",
      "Example: all voice conversations that a cluster still has",
      "  ${ROOT-COMMAND-NAME} tail -b kafka-1:9092 -t '*.voice' --from-beginning"
    })
final class TailCommand extends CaravanCommand {

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

  @Option(
      names = "--follow-signals",
      description = "Read the signals alone: what the bridge went through, a sentence each.")
  private boolean followSignals;

  @Option(
      names = "--json",
      description = "Print a JSON object for each record; with --payload its value, too.")
  private boolean json;

  @Override
  public Integer call() {
    Logs.toConsole(isVerbose());
    max.ifPresent(it -> Numbers.atLeastOne("--max", it));
    seconds.ifPresent(it -> Numbers.atLeastOne("--seconds", it));
    KafkaEnvironment environment = new KafkaEnvironment(Settings.read());
    String all = environment.topicPrefix() + (followSignals ? "signals" : "*");
    String topics = topic == null ? all : topic;
    try (TopicFollower follower =
        environment.follow(Optional.ofNullable(bootstrap), topics, fromBeginning)) {
      print(follower);
    }
    return Caravan.OK;
  }

  private void print(TopicFollower follower) {
    TailLines lines =
        new TailLines(json, Ansi.AUTO.enabled(), headers, payload, ZoneId.systemDefault());
    long printed = 0;
    long most = max.orElse(Long.MAX_VALUE);
    Deadline end = Deadline.in(Duration.ofSeconds(seconds.orElse(0L)));
    while (printed < most && !end.isPast()) {
      for (ConsumerRecord<byte[], byte[]> record : follower.poll(POLL)) {
        if (printed++ < most) {
          out().println(lines.of(record));
        }
      }
      if (out().checkError()) {
        return; // whoever read our output has left
      }
    }
  }
}
