package dev.caravan.simulator;

import java.time.Duration;
import java.util.List;

/**
 * An OAuth client the stand-in accepts, and what its roles do not allow it to see.
 *
 * @param id client id
 * @param secret client secret
 * @param tokenLife how long its tokens live; Genesys Cloud lets an admin choose 5 minutes to 48
 *     hours
 * @param lacks permissions its roles are missing, such as {@code wfm:realtimeAdherence:view}
 */
public record OauthClient(String id, String secret, Duration tokenLife, List<String> lacks) {

  private static final Duration A_DAY = Duration.ofHours(24);

  public OauthClient {
    tokenLife = tokenLife == null ? A_DAY : tokenLife;
    lacks = lacks == null ? List.of() : List.copyOf(lacks);
  }

  /** A client with every permission and tokens that live a day. */
  public OauthClient(String id, String secret) {
    this(id, secret, A_DAY, List.of());
  }

  /** Reads {@code id:secret}, as the command line takes it. */
  public static OauthClient parse(String idAndSecret) {
    int colon = idAndSecret.indexOf(':');
    if (colon < 1 || colon == idAndSecret.length() - 1) {
      throw new IllegalArgumentException(
          "A simulator client must be given as id:secret, with neither side empty.");
    }
    return new OauthClient(idAndSecret.substring(0, colon), idAndSecret.substring(colon + 1));
  }

  public OauthClient withTokenLife(Duration life) {
    return new OauthClient(id, secret, life, lacks);
  }

  public OauthClient lacking(String... permissions) {
    return new OauthClient(id, secret, tokenLife, List.of(permissions));
  }

  /** Without the secret: this value ends up in messages. */
  @Override
  public String toString() {
    return "OauthClient[" + id + "]";
  }
}
