package dev.caravan.topic;

import java.util.ArrayList;
import java.util.List;

/** How topic names are put together: segments between dots, some of which are ids. */
final class TopicNames {

  /** What stands for an id in a pattern. */
  static final String ID = "{id}";

  private TopicNames() {}

  static List<String> segments(String topic) {
    return new ArrayList<>(List.of(topic.split("\\.", -1)));
  }

  /** Whether a segment looks like an id rather than a word: a UUID, or full of digits. */
  static boolean looksLikeId(String segment) {
    if (segment.equals(ID)) {
      return true;
    }
    long digits = segment.chars().filter(c -> c >= '0' && c <= '9').count();
    boolean uuid = segment.length() == 36 && segment.charAt(8) == '-' && segment.charAt(13) == '-';
    return uuid || digits > 0 && (segment.length() >= 16 || digits * 3 >= segment.length());
  }

  /** The pattern an unknown topic probably has. */
  static String generalise(String topic) {
    List<String> segments = segments(topic);
    for (int i = 1; i < segments.size(); i++) {
      if (looksLikeId(segments.get(i))) {
        segments.set(i, ID);
      }
    }
    return String.join(".", segments);
  }
}
