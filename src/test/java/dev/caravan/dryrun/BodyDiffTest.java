package dev.caravan.dryrun;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BodyDiffTest {

  private static List<String> diff(String before, String after) {
    return BodyDiff.of(
        before.getBytes(StandardCharsets.UTF_8), after.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void theSameBytesDifferInNothing() {
    assertThat(diff("{ }", "{ }")).isEmpty();
  }

  @Test
  void theSameJsonInOtherBytesIsToldSo() {
    assertThat(diff("{ \"a\" : 1 }", "{\"a\":1}"))
        .containsExactly("the same JSON, written anew, 7 bytes instead of 11");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'a':1} | {} | - a: 1",
        "{} | {'a':{'b':1}} | + a: {'b':1}",
        "{'a':{'b':[{'c':1}]}} | {'a':{'b':[{}]}} | - a.b[0].c: 1",
        "{'a':[1,2,3]} | {'a':[1,3]} | - a[1]: 2",
        "{'a':[1,2]} | {'a':[0,1,2]} | + a[0]: 0"
      })
  void whatWentOrCameIsALine(String before, String after, String line) {
    assertThat(diff(before.replace('\'', '"'), after.replace('\'', '"')))
        .element(1)
        .isEqualTo(line.replace('\'', '"'));
  }

  @Test
  void whatChangedIsTwoLines() {
    assertThat(diff("{\"a\":1}", "{\"a\":\"x\"}"))
        .containsExactly("written anew, 9 bytes instead of 7", "- a: 1", "+ a: \"x\"");
  }

  @Test
  void whatIsNoJsonAnyMoreIsToldSo() {
    assertThat(diff("{}", "text"))
        .containsExactly("no JSON any more, written anew, 4 bytes instead of 2");
    assertThat(diff("{}", ""))
        .containsExactly("no JSON any more, written anew, 0 bytes instead of 2");
  }

  @Test
  void aLongDiffIsCutAndSaysSo() {
    String many =
        IntStream.range(0, 100)
            .mapToObj(i -> "\"f" + i + "\":\"" + "x".repeat(200) + "\"")
            .collect(Collectors.joining(",", "{", "}"));

    assertThat(diff(many, "{}"))
        .hasSize(42)
        .allMatch(line -> line.length() < 120)
        .last()
        .isEqualTo("… and 60 more");
  }
}
