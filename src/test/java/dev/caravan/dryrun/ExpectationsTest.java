package dev.caravan.dryrun;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caravan.command.CommandFailure;
import dev.caravan.dryrun.Expectations.Case;
import dev.caravan.dryrun.Passage.Dropped;
import dev.caravan.dryrun.Passage.Sent;
import dev.caravan.dryrun.StepTrace.Step;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExpectationsTest {

  private static final Passage SENT =
      new Passage(
          List.of(sent("other", "k-0", "{}"), sent("a", "k-1", "{\"x\":[{\"ani\":\"1\"}]}")));

  private static final Passage DROPPED =
      new Passage(List.of(new Dropped(List.of(new Step("keep", "filter", "r", "f, line 1")), "")));

  @TempDir private Path folder;

  private static Sent sent(String topic, String key, String value) {
    ProducerRecord<Object, Object> record =
        new ProducerRecord<>(topic, key, value.getBytes(StandardCharsets.UTF_8));
    record.headers().add(new RecordHeader("h", "v".getBytes(StandardCharsets.UTF_8)));
    return new Sent("kafka:x", record);
  }

  private Case read(String words) throws IOException {
    return cases("- frame: 3\n" + words.indent(2)).get(0);
  }

  private List<Case> cases(String text) throws IOException {
    Path file = Files.writeString(folder.resolve("expected.yaml"), text);
    return Expectations.in(file, List.of(new RecordedFrame(3, new byte[0])));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "topic: a",
        "key: k-1",
        "topic: a\nkey: k-1\nheaders: {h: v, other: null}",
        "headers: {h: v}\nwithout: attributes",
        "topic: other\nwithout: [ani, attributes]"
      })
  void whatOneOfTheRecordsIsIsMet(String words) throws IOException {
    assertThat(read(words).unmet(SENT)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "topic: b, 'topic: other, expected: b'",
    "'headers: {h: w}', 'header h: v, expected: w'",
    "'headers: {h: null}', 'header h: v, expected: none'",
    "'headers: {i: w}', 'header i: none, expected: w'",
    "'topic: a\nkey: k-0', 'key: k-1, expected: k-0'",
    "'topic: a\nwithout: [ani]', 'has ani, but is to be without it'",
    "'without: h', 'has h, but is to be without it'",
    "absent: true, 'is to go nowhere, but it goes to other, key k-0, goes to a, key k-1'"
  })
  void whatNoRecordIsIsNamed(String words, String sentence) throws IOException {
    assertThat(read(words).unmet(SENT)).containsExactly(sentence);
  }

  @Test
  void anEventThatIsDroppedIsAbsentAndTheStepMayBeNamed() throws IOException {
    assertThat(read("absent: true").unmet(DROPPED)).isEmpty();
    assertThat(read("absent: keep").unmet(DROPPED)).isEmpty();
    assertThat(read("absent: other").unmet(DROPPED))
        .containsExactly(
            "is to be dropped by other, but it is filtered out by keep of route r (f, line 1)");
    assertThat(read("topic: a").unmet(DROPPED))
        .containsExactly("goes nowhere: it is filtered out by keep of route r (f, line 1)");
  }

  @Test
  void aCaseMayHaveAFrameOfItsOwnAndAName() throws IOException {
    List<Case> cases =
        cases(
            """
            - name: presence
              frame: {topicName: v2.users.u.presence, eventBody: {}}
              topic: genesys.presence
            - frame: '{"topicName":"v2.x"}'
              absent: true
            """);

    assertThat(cases).extracting(Case::name).containsExactly("presence", "frame of its own");
    assertThat(cases)
        .extracting(it -> new String(it.frame().bytes(), StandardCharsets.UTF_8))
        .containsExactly(
            "{\"topicName\":\"v2.users.u.presence\",\"eventBody\":{}}", "{\"topicName\":\"v2.x\"}");
  }

  @ParameterizedTest
  @CsvSource({
    "'- frame: 3\n  topics: a', 'Case 1 of .* has \"topics\"\\. There are: absent, .*'",
    "'- frame: 3', 'Case 1 of .* expects nothing: .*'",
    "'- topic: a', 'Case 1 of .* has no frame\\.'",
    "'- frame: 4\n  topic: a', 'Case 1 of .*: there is no frame on line 4\\.'",
    "'topic: a', '.* is no list of cases\\..*'",
    "'- frame: [', 'Broken YAML in .*'"
  })
  void whatNobodyUnderstandsIsRefused(String text, String sentence) {
    assertThatThrownBy(() -> cases(text))
        .isInstanceOf(CommandFailure.class)
        .hasMessageMatching("(?s)" + sentence);
  }
}
