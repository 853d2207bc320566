package dev.caravan.command;

import java.util.Optional;

/** For ending a command with one sentence that tells its user what failed and what to do. */
public class CommandFailure extends RuntimeException {

  public CommandFailure(String sentence) {
    super(sentence);
  }

  public CommandFailure(String sentence, Throwable cause) {
    super(sentence, cause);
  }

  /** Ends the command if there is such a sentence. */
  public static void ifPresent(Optional<String> sentence) {
    if (sentence.isPresent()) {
      throw new CommandFailure(sentence.get());
    }
  }
}
