package dev.caravan;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What values the settings may have, in one place: what is wrong is told before anything is made of
 * it, in a sentence that names the setting, its value and what it may be.
 */
final class SettingRules {

  private static final int LONGEST_QUOTE = 100;
  private static final int LAST_PORT = 65_535;
  private static final Duration DAY = Duration.ofDays(1);
  private static final Pattern DURATION =
      Pattern.compile(
          "(?=.)(?:(\\d{1,6})d)?(?:(\\d{1,6})h)?(?:(\\d{1,6})m(?!s))?(?:(\\d{1,9})s)?(?:(\\d{1,12})(?:ms)?)?");

  private static final Pattern SERVER =
      Pattern.compile("(?:[\\w%.-]*://)?(?:\\[[\\w%.:-]+]|[\\w%.-]+):(\\d{1,5})");

  /**
   * One setting's rule.
   *
   * @param allowed what it may be, as the rest of "it must be …"
   * @param harmless whether the default may stand in for a wrong value while that is being told.
   *     Never where it would reach another cluster, another topic or no encryption
   */
  record Rule(String name, String allowed, Predicate<String> fits, boolean harmless) {

    /** The name as people write it. */
    String variable() {
      return SettingRules.variable(name);
    }

    /** What is wrong with a value; empty if nothing is. */
    Optional<String> mistake(String value) {
      if (fits.test(value)) {
        return Optional.empty();
      }
      return Optional.of(
          "%s is \"%s\", but it must be %s. Correct it and restart."
              .formatted(variable(), quoted(value), allowed));
    }
  }

  private static final List<Rule> ALL =
      List.of(
          number("genesys.retry.attempts", 0, 1_000),
          duration("genesys.retry.initial-delay", Duration.ofMillis(1), Duration.ofHours(1), ""),
          duration("genesys.retry.maximum-delay", Duration.ofMillis(1), DAY, ""),
          number("genesys.rest.requests-per-minute", 1, 100_000),
          number("genesys.listing.requests-per-minute", 1, 100_000),
          yesOrNo("genesys.backfill"),
          duration("genesys.backfill.delay", Duration.ofMinutes(1), DAY, ""),
          duration("genesys.backfill.look-back", Duration.ZERO, Duration.ofDays(30), ""),
          number("genesys.backfill.requests-per-minute", 1, 100_000),
          number("genesys.breaker.failure-rate", 1, 100),
          number("genesys.breaker.wait", 1, 3_600),
          duration("genesys.topics.refresh", Duration.ZERO, Duration.ofDays(30), "; 0 for never"),
          number("genesys.redundancy", 1, 2),
          number("genesys.max-in-flight", 1, 1_000_000),
          address("genesys.login.url"),
          address("genesys.api.url"),
          new Rule(
              "caravan.management.host",
              "an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all of them",
              SettingsSource::isOwnAddress,
              true),
          number("caravan.management.port", 0, LAST_PORT),
          duration("caravan.replay.keep", Duration.ZERO, Duration.ofDays(7), "; 0 for not at all"),
          new Rule(
              "caravan.spool.max-bytes",
              "a number of bytes, 1000000 or more",
              value -> value.matches("[1-9]\\d{6,14}"),
              true),
          oneOf("caravan.spool.when-full", true, "block", "drop-oldest"),
          duration(
              "caravan.spool.block-timeout", Duration.ZERO, DAY, "; 0 for as long as it takes"),
          number("caravan.forward.redeliveries", 0, 20),
          yesOrNo("caravan.routes.reload"),
          new Rule(
              "caravan.topic.prefix",
              "at most 200 letters, digits, dots, underscores and hyphens, as Kafka allows in the"
                  + " names of topics",
              value -> value.matches("[A-Za-z0-9._-]{0,200}"),
              false),
          new Rule(
              "kafka.bootstrap.servers",
              "a list such as kafka-1:9092,kafka-2:9092: host and port (1 to 65535) of each,"
                  + " separated by commas",
              SettingRules::isListOfServers,
              false),
          duration("kafka.topic.patience", Duration.ofSeconds(1), DAY, ""),
          oneOf(
              "kafka.security.protocol", false, "PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"));

  private SettingRules() {}

  /** The variable of the environment that sets a property. */
  static String variable(String property) {
    return property.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
  }

  static List<Rule> all() {
    return ALL;
  }

  /** What the program ships with: the settings that have a default, with it. */
  static Properties defaults() {
    Properties shipped = new Properties();
    try (InputStream in = SettingRules.class.getResourceAsStream("/application.properties")) {
      if (in != null) {
        shipped.load(in);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("The settings that come with the program cannot be read", e);
    }
    shipped
        .keySet()
        .removeIf(name -> !name.toString().matches("(genesys|kafka|caravan)\\.[a-z.-]+"));
    return shipped;
  }

  private static Rule yesOrNo(String name) {
    return new Rule(name, "true or false", Set.of("true", "false")::contains, true);
  }

  private static Rule number(String name, int least, int most) {
    return new Rule(
        name,
        "a whole number from %d to %d".formatted(least, most),
        value -> {
          // No more digits than fit
          if (!value.matches("\\d{1,9}")) {
            return false;
          }
          int number = Integer.parseInt(value);
          return number >= least && number <= most;
        },
        true);
  }

  private static Rule duration(String name, Duration least, Duration most, String more) {
    return new Rule(
        name,
        "a duration such as 500ms, 2s, 15m or 1h30m, from %s to %s%s"
            .formatted(text(least), text(most), more),
        value ->
            durationOf(value)
                .filter(it -> it.compareTo(least) >= 0 && it.compareTo(most) <= 0)
                .isPresent(),
        true);
  }

  private static String text(Duration duration) {
    if (duration.isZero()) {
      return "0";
    }
    if (duration.toSeconds() == 0) {
      return duration.toMillis() + "ms";
    }
    // All the longer ones are whole minutes
    return duration.toHours() == 0 ? duration.toMinutes() + "m" : duration.toHours() + "h";
  }

  /** As Camel reads it: days to milliseconds, each with its unit; a bare number is milliseconds. */
  private static Optional<Duration> durationOf(String value) {
    Matcher parts = DURATION.matcher(value);
    if (!parts.matches()) {
      return Optional.empty();
    }
    List<Function<Long, Duration>> units =
        List.of(
            Duration::ofDays,
            Duration::ofHours,
            Duration::ofMinutes,
            Duration::ofSeconds,
            Duration::ofMillis);
    Duration sum = Duration.ZERO;
    for (int i = 0; i < units.size(); i++) {
      if (parts.group(i + 1) != null) {
        sum = sum.plus(units.get(i).apply(Long.parseLong(parts.group(i + 1))));
      }
    }
    return Optional.of(sum);
  }

  private static Rule address(String name) {
    return new Rule(
        name, "an address such as https://api.mypurecloud.ie", SettingRules::isAddress, true);
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
    for (String server : value.split(",")) {
      Matcher parts = SERVER.matcher(server.strip());
      if (!server.isBlank() && (!parts.matches() || !isPort(Integer.parseInt(parts.group(1))))) {
        return false;
      }
    }
    return true;
  }

  private static boolean isPort(int number) {
    return number >= 1 && number <= LAST_PORT;
  }

  private static Rule oneOf(String name, boolean harmless, String... values) {
    Set<String> allowed = new TreeSet<>(List.of(values));
    return new Rule(
        name,
        "one of " + allowed.stream().collect(Collectors.joining(", ")),
        allowed::contains,
        harmless);
  }

  /** Short, on one line, and without a password that somebody put into an address. */
  private static String quoted(String value) {
    String shown = value.replaceAll("//[^/@]*@", "//…@").replaceAll("\\p{Cntrl}", "?");
    return shown.length() > LONGEST_QUOTE ? shown.substring(0, LONGEST_QUOTE) + "…" : shown;
  }
}
