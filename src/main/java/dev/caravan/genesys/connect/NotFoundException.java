package dev.caravan.genesys.connect;

import java.time.Duration;

/** What was asked for does not exist any more (404): a channel that expired or was evicted. */
public final class NotFoundException extends CallException {

  private static final long serialVersionUID = 1L;

  public NotFoundException(String sentence) {
    super(sentence, 404, Duration.ZERO, null);
  }
}
