package dev.caravan.simulator.session;

import java.util.ArrayList;
import java.util.List;

/** How topic names are combined: {@code prefix?suffix&suffix} stands for several single topics. */
final class TopicNames {

  private TopicNames() {}

  static boolean combined(String topic) {
    return topic.indexOf('?') >= 0;
  }

  /** The single topics a name stands for; itself, if it is not combined. */
  static List<String> expand(String topic) {
    int mark = topic.indexOf('?');
    if (mark < 0) {
      return List.of(topic);
    }
    String prefix = topic.substring(0, mark);
    List<String> singles = new ArrayList<>();
    for (String suffix : topic.substring(mark + 1).split("&", -1)) {
      singles.add(prefix + "." + suffix);
    }
    return List.copyOf(singles);
  }
}
