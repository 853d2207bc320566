package dev.caravan.topic;

import java.util.List;

/** Says which topic selectors cannot be followed, and what to write instead. */
public final class SelectorException extends IllegalArgumentException {

  private final List<String> problems;

  SelectorException(List<String> problems) {
    super(String.join(" ", problems));
    this.problems = List.copyOf(problems);
  }

  /** One sentence for each selector that is wrong. */
  public List<String> problems() {
    return problems;
  }
}
