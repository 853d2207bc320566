package dev.caravan.command;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TopicFollowerTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          genesys.*                          | genesys.presence            | true
          genesys.*                          | genesysXpresence            | false
          genesys.*                          | other.genesys.presence      | false
          genesys.conversations.voice        | genesys.conversations.voice | true
          genesys.conversations.voice        | genesys.conversations.chat  | false
          *.voice                            | genesys.conversations.voice | true
          genesys.presence, genesys.signals  | genesys.signals             | true
          genesys.presence,genesys.signals   | genesys.other               | false
          """)
  void starStandsForAnythingAndCommaForOr(String pattern, String topic, boolean matches) {
    assertThat(TopicFollower.pattern(pattern).test(topic)).isEqualTo(matches);
  }
}
