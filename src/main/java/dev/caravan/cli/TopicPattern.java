package dev.caravan.cli;

import java.util.Arrays;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** For naming Kafka topics on the command line: {@code *} stands for anything, comma for "or". */
final class TopicPattern {

  private final Pattern pattern;

  TopicPattern(String text) {
    this.pattern =
        Pattern.compile(
            Arrays.stream(text.split(","))
                .map(TopicPattern::toRegex)
                .collect(Collectors.joining("|")));
  }

  boolean matches(String topic) {
    return pattern.matcher(topic).matches();
  }

  private static String toRegex(String glob) {
    return Arrays.stream(glob.strip().split("\\*", -1))
        .map(Pattern::quote)
        .collect(Collectors.joining(".*"));
  }
}
