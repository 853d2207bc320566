package dev.caravan.network;

import dev.caravan.Spelling;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A Genesys Cloud region, known by its domain. The table is the one of the official JavaScript SDK.
 *
 * @param domain such as {@code mypurecloud.ie}; the hosts are {@code login.} and {@code api.} of it
 */
public record Region(String domain) {

  private static final int MOST_TYPOS = 3;

  private static final Map<String, String> DOMAINS =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("us_east_1", "mypurecloud.com"),
              Map.entry("us_east_2", "use2.us-gov-pure.cloud"),
              Map.entry("us_west_2", "usw2.pure.cloud"),
              Map.entry("ca_central_1", "cac1.pure.cloud"),
              Map.entry("mx_central_1", "mxc1.pure.cloud"),
              Map.entry("sa_east_1", "sae1.pure.cloud"),
              Map.entry("eu_west_1", "mypurecloud.ie"),
              Map.entry("eu_west_2", "euw2.pure.cloud"),
              Map.entry("eu_central_1", "mypurecloud.de"),
              Map.entry("eu_central_2", "euc2.pure.cloud"),
              Map.entry("eusc_de_east_1", "edee1.eusc-pure.cloud"),
              Map.entry("me_central_1", "mec1.pure.cloud"),
              Map.entry("ap_south_1", "aps1.pure.cloud"),
              Map.entry("ap_southeast_1", "apse1.pure.cloud"),
              Map.entry("ap_southeast_2", "mypurecloud.com.au"),
              Map.entry("ap_northeast_1", "mypurecloud.jp"),
              Map.entry("ap_northeast_2", "apne2.pure.cloud"),
              Map.entry("ap_northeast_3", "apne3.pure.cloud")));

  /**
   * Finds a region by its name ({@code eu_west_1}, {@code eu-west-1}) or its domain ({@code
   * mypurecloud.ie}).
   *
   * @throws IllegalArgumentException with a sentence that names the known ones
   */
  public static Region of(String nameOrDomain) {
    String wanted = nameOrDomain.strip().toLowerCase(Locale.ROOT);
    String byName = DOMAINS.get(wanted.replace('-', '_'));
    if (byName != null) {
      return new Region(byName);
    }
    if (DOMAINS.containsValue(wanted)) {
      return new Region(wanted);
    }
    String known =
        DOMAINS.entrySet().stream()
            .map(e -> e.getValue() + " (" + e.getKey() + ")")
            .collect(Collectors.joining(", "));
    throw new IllegalArgumentException(
        "GENESYS_REGION is \"%s\", which is no region of Genesys Cloud.%s Set it to one of: %s; or set GENESYS_LOGIN_URL and GENESYS_API_URL for a region that is not in this list."
            .formatted(
                nameOrDomain,
                nearest(wanted).map(" Did you mean %s?"::formatted).orElse(""),
                known));
  }

  /** The name or domain that was most likely meant; empty if none is near. */
  private static Optional<String> nearest(String wanted) {
    // An address of the region's is as good as its domain
    String bare = wanted.replaceFirst("^https?://", "").replaceFirst("[/:].*$", "");
    String domain = bare.replaceFirst("^(login|api|apps|streaming)\\.", "");
    if (DOMAINS.containsValue(domain)) {
      return Optional.of(domain);
    }
    String name = domain.replace('-', '_');
    return Stream.concat(DOMAINS.keySet().stream(), DOMAINS.values().stream())
        .map(
            known ->
                Map.entry(known, Spelling.distance(known, known.contains(".") ? domain : name)))
        .filter(known -> known.getValue() <= MOST_TYPOS)
        .min(Map.Entry.comparingByValue())
        .map(Map.Entry::getKey);
  }

  /** Where tokens are fetched, without a slash at the end. */
  public String loginUrl() {
    return "https://login." + domain;
  }

  /** Where the Platform API is, without a slash at the end. */
  public String apiUrl() {
    return "https://api." + domain;
  }
}
