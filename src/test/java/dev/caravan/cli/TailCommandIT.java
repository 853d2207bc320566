package dev.caravan.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.testing.SharedKafka;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;

class TailCommandIT {

  private final String prefix = SharedKafka.uniquePrefix();

  @Test
  void printsOneLineARecordWithoutItsPayload() throws Exception {
    send("conversations.voice", "c-1", "PERSONAL", "voice", "v2.users.u-1.conversations");

    CommandLineHarness tail = tail("--max", "1");

    assertThat(tail.exitCode()).isZero();
    assertThat(tail.out().strip())
        .matches(
            "\\d\\d:\\d\\d:\\d\\d\\.\\d{3}  %sconversations.voice  voice  c-1  v2.users.u-1.conversations"
                .formatted(prefix));
  }

  @Test
  void printsThePayloadWhenAskedTo() throws Exception {
    send("presence", "u-1", "{\"a\":1}", null, "v2.users.u-1.presence");

    assertThat(tail("--max", "1", "--payload").out().strip())
        .endsWith("presence  -  u-1  v2.users.u-1.presence  {\"a\":1}");
  }

  @Test
  void printsAllHeadersOnTheLineWhenAskedToButNotThePayload() throws Exception {
    send("conversations.voice", "c-1", "PERSONAL", "voi\u001bce\n", "t");

    assertThat(tail("--max", "1", "--headers").out().strip())
        .endsWith("c-1  t  [genesys-media=voi?ce?, genesys-topic=t]")
        .doesNotContain("PERSONAL", "\n");
  }

  @Test
  void readsOnlyTheTopicsAskedFor() throws Exception {
    send("presence", "u-1", "x", null, "p");
    send("conversations.chat", "c-1", "x", "chat", "c");

    CommandLineHarness tail =
        CommandLineHarness.run(
            "tail",
            "--bootstrap",
            SharedKafka.bootstrapServers(),
            "--from-beginning",
            "--topic",
            prefix + "conversations.*",
            "--max",
            "1");

    assertThat(tail.out()).contains("conversations.chat").doesNotContain("presence");
  }

  @Test
  void aKeyCannotCommandTheTerminal() throws Exception {
    send("presence", "u\u001b[2J\n1", "x", null, "p");

    assertThat(tail("--max", "1").out()).contains("u?[2J?1").doesNotContain("\u001b");
  }

  @Test
  void endsAfterTheSecondsGiven() {
    assertThat(tail("--seconds", "1").exitCode()).isZero();
  }

  @Test
  void saysThatNobodyAnswers() {
    CommandLineHarness tail =
        CommandLineHarness.run("tail", "--bootstrap", "127.0.0.1:1", "--max", "1");

    assertThat(tail.exitCode()).isEqualTo(1);
    assertThat(tail.err()).contains("Kafka at 127.0.0.1:1 did not answer", "--bootstrap");
  }

  @Test
  void saysThatASettingCannotWork() {
    CommandLineHarness tail = CommandLineHarness.run("tail", "--bootstrap", "no-port");

    assertThat(tail.exitCode()).isEqualTo(1);
    assertThat(tail.err()).contains("no-port").doesNotContain("\tat ");
  }

  private CommandLineHarness tail(String... more) {
    List<String> args =
        new java.util.ArrayList<>(
            List.of(
                "tail",
                "--bootstrap",
                SharedKafka.bootstrapServers(),
                "--from-beginning",
                "--topic",
                prefix + "*"));
    args.addAll(List.of(more));
    return CommandLineHarness.run(args.toArray(String[]::new));
  }

  private void send(String topic, String key, String value, String media, String genesysTopic)
      throws Exception {
    try (KafkaProducer<String, String> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", SharedKafka.bootstrapServers()),
            new StringSerializer(),
            new StringSerializer())) {
      ProducerRecord<String, String> record = new ProducerRecord<>(prefix + topic, key, value);
      if (media != null) {
        record.headers().add(header("genesys-media", media));
      }
      record.headers().add(header("genesys-topic", genesysTopic));
      producer.send(record).get(2, TimeUnit.MINUTES);
    }
  }

  private static RecordHeader header(String name, String value) {
    return new RecordHeader(name, value.getBytes(StandardCharsets.UTF_8));
  }
}
