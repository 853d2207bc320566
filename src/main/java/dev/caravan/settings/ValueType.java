package dev.caravan.settings;

import dev.caravan.network.CompanyTrust;
import dev.caravan.network.Proxies;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What values a setting may have.
 *
 * @param allowed what it may be, as the rest of "it must be …"
 */
public record ValueType(String allowed, Predicate<String> fits) {

  private static final int LAST_PORT = 65_535;
  private static final Pattern DURATION =
      Pattern.compile("(?=.)(\\d{1,6}d)?(\\d{1,6}h)?(\\d{1,6}m(?!s))?(\\d{1,9}s)?(\\d{1,12}ms)?");

  private static final Pattern PART = Pattern.compile("(\\d+)(ms|[dhms])");
  private static final Map<String, Long> MILLIS =
      Map.of("d", 86_400_000L, "h", 3_600_000L, "m", 60_000L, "s", 1_000L, "ms", 1L);

  private static final Pattern SERVER =
      Pattern.compile("(?:[\\w%.-]*://)?(?:\\[[\\w%.:-]+]|[\\w%.-]+):(\\d{1,5})");

  private static final Pattern MEMORY = Pattern.compile("([1-9]\\d{0,8})([kKmMgG])");

  /** Whatever is not empty. */
  static ValueType text() {
    return new ValueType("a text", value -> true);
  }

  static ValueType yesOrNo() {
    return oneOf("true", "false");
  }

  static ValueType oneOf(String... words) {
    return new ValueType("one of " + String.join(", ", words), Set.of(words)::contains);
  }

  static ValueType matching(String allowed, String pattern) {
    return new ValueType(allowed, Pattern.compile(pattern).asMatchPredicate());
  }

  static ValueType ofTopic(int most) {
    return matching(
        "at most %d letters, digits, dots, underscores and hyphens, as Kafka allows in the names of topics"
            .formatted(most),
        "[A-Za-z0-9._-]{0,%d}".formatted(most));
  }

  static ValueType number(long least, long most) {
    return new ValueType(
        "a whole number from %d to %d".formatted(least, most),
        // No more digits than fit
        value -> value.matches("\\d{1,18}") && isBetween(Long.parseLong(value), least, most));
  }

  private static boolean isBetween(long number, long least, long most) {
    return number >= least && number <= most;
  }

  static ValueType port() {
    return number(0, LAST_PORT);
  }

  static ValueType duration(Duration least, Duration most) {
    return new ValueType(
        "a duration such as 500ms, 2s, 15m or 1h30m, from %s to %s"
            .formatted(text(least), text(most)),
        // Each number with its unit: a bare one could mean any of them
        value ->
            DURATION.matcher(value).matches()
                && isBetween(millis(value), least.toMillis(), most.toMillis()));
  }

  /**
   * The same, or 0.
   *
   * @param zero what that means, as the rest of "0 for …"
   */
  static ValueType durationOrZero(Duration least, Duration most, String zero) {
    ValueType duration = duration(least, most);
    return new ValueType(
        duration.allowed + "; 0 for " + zero,
        value -> value.equals("0") || duration.fits.test(value));
  }

  static ValueType address() {
    return new ValueType("an address such as https://api.mypurecloud.ie", ValueType::isAddress);
  }

  static ValueType proxy() {
    return new ValueType(
        "a proxy for HTTP such as http://proxy.example.com:3128 or"
            + " http://user:password@proxy.example.com:3128, in which @, : and # are escaped in"
            + " user and password",
        value -> isAccepted(() -> Proxies.of(value, "")));
  }

  static ValueType certificates() {
    return new ValueType(
        "a file with certificates in PEM that this process can read",
        value -> isAccepted(() -> CompanyTrust.with(Path.of(value))));
  }

  private static boolean isAccepted(Runnable reading) {
    try {
      reading.run();
      return true;
    } catch (IllegalArgumentException refused) {
      return false;
    }
  }

  static ValueType ownAddress() {
    return new ValueType(
        "an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all of them",
        ValueType::isOwnAddress);
  }

  static ValueType servers() {
    return new ValueType(
        "a list such as kafka-1:9092,kafka-2:9092: host and port (1 to 65535) of each,"
            + " separated by commas",
        ValueType::isListOfServers);
  }

  /** As the launcher and the start of the image check it. */
  static ValueType memory() {
    return new ValueType(
        "an amount of memory such as 128m or 1g, from 32m to 1024g",
        value -> {
          Matcher parts = MEMORY.matcher(value);
          if (!parts.matches()) {
            return false;
          }
          long kilobytes =
              Long.parseLong(parts.group(1))
                  << 10 * "kmg".indexOf(parts.group(2).toLowerCase(Locale.ROOT));
          return kilobytes >= 32 << 10 && kilobytes <= 1024L << 20;
        });
  }

  private static boolean isOwnAddress(String host) {
    try {
      InetAddress address = InetAddress.getByName(host);
      return address.isAnyLocalAddress()
          || address.isLoopbackAddress()
          || NetworkInterface.getByInetAddress(address) != null;
    } catch (UnknownHostException | SocketException e) {
      return false;
    }
  }

  private static long millis(String duration) {
    return PART.matcher(duration)
        .results()
        .mapToLong(part -> Long.parseLong(part.group(1)) * MILLIS.get(part.group(2)))
        .sum();
  }

  private static String text(Duration duration) {
    return duration.toSeconds() == 0
        ? duration.toMillis() + "ms"
        : duration.toString().substring("PT".length()).toLowerCase(Locale.ROOT);
  }

  private static boolean isAddress(String value) {
    try {
      URI uri = URI.create(value);
      return Set.of("http", "https").contains(String.valueOf(uri.getScheme()))
          && uri.getHost() != null
          && uri.getPort() <= LAST_PORT
          && uri.getPort() != 0
          && uri.getQuery() == null
          && uri.getFragment() == null;
    } catch (IllegalArgumentException notAUri) {
      return false;
    }
  }

  /** As the Kafka client takes it: empty entries do not matter. */
  private static boolean isListOfServers(String value) {
    return Stream.of(value.split(","))
        .filter(server -> !server.isBlank())
        .map(server -> SERVER.matcher(server.strip()))
        .allMatch(it -> it.matches() && isBetween(Integer.parseInt(it.group(1)), 1, LAST_PORT));
  }
}
