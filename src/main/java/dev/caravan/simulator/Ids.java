package dev.caravan.simulator;

import dev.caravan.simulator.centre.Organization;
import java.util.SplittableRandom;

/** Ids in the forms Genesys Cloud uses, the same ones again for the same seed. */
public final class Ids {

  private static final String BASE32 = "0123456789abcdefghijklmnopqrstuv";
  private static final String BASE64 =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  private static final int CHANNEL_ID_LENGTH = 26;
  private static final int TOKEN_LENGTH = 86;
  private static final int STREAMING_HOSTS = 8;

  private final SplittableRandom random;

  Ids(long seed) {
    random = new SplittableRandom(seed);
  }

  public String uuid() {
    return Organization.uuid(random.nextLong(), random.nextLong());
  }

  public String channel() {
    return "streaming-" + random.nextInt(STREAMING_HOSTS) + "-" + text(BASE32, CHANNEL_ID_LENGTH);
  }

  public String token() {
    return text(BASE64, TOKEN_LENGTH);
  }

  private String text(String alphabet, int length) {
    StringBuilder text = new StringBuilder(length);
    for (int i = 0; i < length; i++) {
      text.append(alphabet.charAt(random.nextInt(alphabet.length())));
    }
    return text.toString();
  }
}
