package dev.caravan.topic;

import java.util.ArrayList;
import java.util.List;

/** How topic names are put together: segments between dots, some of which are ids. */
final class TopicNames {

  /** What stands for an id in a pattern. */
  static final String ID = "{id}";

  private TopicNames() {}

  static List<String> segments(String topic) {
    List<String> segments = new ArrayList<>(8);
    int start = 0;
    for (int dot; (dot = topic.indexOf('.', start)) >= 0; start = dot + 1) {
      segments.add(topic.substring(start, dot));
    }
    segments.add(topic.substring(start));
    return segments;
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

  /** The least number of letters to add, drop, change or swap to get from one to the other. */
  static int distance(String a, String b) {
    int[][] d = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          d[i][j] = i + j;
          continue;
        }
        int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        d[i][j] = Math.min(d[i - 1][j - 1] + change, 1 + Math.min(d[i - 1][j], d[i][j - 1]));
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
        }
      }
    }
    return d[a.length()][b.length()];
  }
}
