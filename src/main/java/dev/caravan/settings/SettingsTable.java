package dev.caravan.settings;

import static dev.caravan.settings.ValueType.address;
import static dev.caravan.settings.ValueType.duration;
import static dev.caravan.settings.ValueType.durationOrZero;
import static dev.caravan.settings.ValueType.matching;
import static dev.caravan.settings.ValueType.number;
import static dev.caravan.settings.ValueType.oneOf;
import static dev.caravan.settings.ValueType.text;
import static dev.caravan.settings.ValueType.yesOrNo;

import dev.caravan.settings.SettingsTable.Setting.HoldsUp;
import dev.caravan.settings.SettingsTable.Setting.Where;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * All settings, each known here once: what is checked, what `check` shows, and the lists in
 * `docs/settings.md`, `.env.example` and `docker-compose.yml` follow from this table.
 */
public final class SettingsTable {

  private static final Duration MILLISECOND = Duration.ofMillis(1);
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final Duration HOUR = Duration.ofHours(1);
  private static final Duration DAY = Duration.ofDays(1);
  private static final String[] STORES = {"JKS", "PKCS12", "PEM"};

  private static final List<Setting> ALL =
      List.of(
          reading("genesys.client.id", "the OAuth client's id").hidden(),
          reading("genesys.client.secret", "the OAuth client's secret").hidden(),
          beside(
                  "genesys.clients.<name>.id",
                  "the id of a further OAuth client, which reads 18 channels more; the name is yours")
              .hidden()
              .at(Where.UNDER_A_NAME),
          beside("genesys.clients.<name>.secret", "its secret").hidden().at(Where.UNDER_A_NAME),
          reading(
                  "genesys.region",
                  "domain of the org (`mypurecloud.ie`) or name of its region (`eu_west_1`)")
              .as(text(), "mypurecloud.com"),
          reading("genesys.login.url", "host of the login, if it does not follow from the region")
              .as(address()),
          reading("genesys.api.url", "host of the REST API, if it does not follow from the region")
              .as(address()),
          reading(
                  "https.proxy",
                  "proxy through which Genesys Cloud is reached, such as `http://proxy.example.com:3128`")
              .as(ValueType.proxy())
              .hidden(),
          reading(
              "no.proxy",
              "what is reached without it, comma-separated: names, addresses, `10.0.0.0/8`, or `*`"),
          reading(
                  "genesys.ca.file",
                  "certificates in PEM to trust besides those that Java trusts, where a proxy opens TLS")
              .as(ValueType.certificates()),
          reading(
                  "genesys.topics",
                  "what to subscribe, comma-separated; `*` or `[name=Sales*]` stand for ids")
              .as(text(), "v2.routing.queues.*.conversations"),
          reading("genesys.media", "media types to keep, or `*`").as(text(), "voice,chat,message"),
          reading(
                  "genesys.topics.refresh",
                  "how often queues and users are listed anew; more seldom where that takes more than 40 pages of 100")
              .as(durationOrZero(SECOND, Duration.ofDays(30), "never"), "1m"),
          reading(
                  "genesys.subscriptions.check",
                  "how often it is seen whether a channel still has its subscriptions, one call each; at once"
                      + " when Genesys Cloud says that they were changed")
              .as(duration(SECOND, DAY), "10m"),
          reading(
                  "genesys.redundancy",
                  "channels that read each topic at the same time: with `2`, losing a socket loses nothing. It"
                      + " takes twice the channels, of which an OAuth client has 20")
              .as(number(1, 2), "1"),
          reading(
                  "genesys.max-in-flight",
                  "events that may be on their way to the spool before the sockets wait")
              .as(number(1, 1_000_000), "1024"),
          reading(
                  "genesys.retry.attempts",
                  "how often a call is repeated. Above it is a budget of 20 attempts a minute for an OAuth"
                      + " client, 6 of them new channels")
              .as(number(0, 1_000), "20"),
          reading(
                  "genesys.retry.initial-delay",
                  "wait before a call is repeated, unless Genesys Cloud asks for another (up to 15 minutes);"
                      + " it doubles each time")
              .as(duration(MILLISECOND, HOUR), "2s"),
          reading("genesys.retry.maximum-delay", "longest of these waits")
              .as(duration(MILLISECOND, DAY), "30s"),
          // All must have failed, or the first call after three failures would open it. Each second
          // counts: what Genesys Cloud sends meanwhile is not kept
          reading(
                  "genesys.breaker.failure-rate",
                  "percent of the last 8 calls that must have failed before a circuit breaker opens")
              .as(number(1, 100), "100"),
          reading("genesys.breaker.wait", "seconds for which it stays open")
              .as(number(1, 3_600), "2"),
          reading("genesys.rest.requests-per-minute", "budget for the REST API (a token has 300)")
              .as(number(1, 100_000), "240"),
          reading(
                  "genesys.listing.requests-per-minute",
                  "how much of it may go into listing queues and users; the rest is for opening channels")
              .as(number(1, 100_000), "160"),
          beside("genesys.backfill", "`false`: read nothing again after a gap")
              .as(yesOrNo(), "true"),
          beside(
                  "genesys.backfill.requests-per-minute",
                  "budget for that, on top of the other; keep the sum of both below 300")
              .as(number(1, 100_000), "50"),
          beside("genesys.backfill.delay", "how long after a gap its conversations are asked for")
              .as(duration(MINUTE, DAY), "5m"),
          beside("genesys.backfill.look-back", "how long before the gap they may have begun")
              .as(durationOrZero(MINUTE, Duration.ofDays(30), "not at all"), "4h"),
          sending("kafka.bootstrap.servers", "the cluster")
              .as(ValueType.servers(), "localhost:9092"),
          sending(
                  "kafka.security.protocol",
                  "how Kafka is spoken to; follows from the settings below if it is not set")
              .as(oneOf("PLAINTEXT", "SASL_PLAINTEXT", "SASL_SSL", "SSL")),
          sending(
                  "kafka.sasl.mechanism",
                  "the login; user and password alone mean `PLAIN` over `SASL_SSL`")
              .as(
                  oneOf(
                      "GSSAPI",
                      "OAUTHBEARER",
                      "PLAIN",
                      "SCRAM-SHA-256",
                      "SCRAM-SHA-512",
                      "AWS_MSK_IAM")),
          sending("kafka.sasl.username", "user").hidden(),
          sending("kafka.sasl.password", "password").hidden(),
          sending("kafka.sasl.jaas.config", "a login module of your own instead").hidden(),
          sending("kafka.oauth.token.url", "OAUTHBEARER: where the bridge asks for a token")
              .as(address()),
          sending("kafka.oauth.client.id", "the client's id there").hidden(),
          sending("kafka.oauth.client.secret", "the client's secret").hidden(),
          sending("kafka.oauth.scope", "the scope to ask for"),
          sending("kafka.oauth.ca.file", "CA to trust there, PEM, if it is one of your own"),
          sending("kafka.ssl.ca.file", "CAs of the brokers to trust, PEM"),
          sending("kafka.ssl.certificate.file", "the bridge's own certificate, PEM"),
          sending("kafka.ssl.key.file", "its key, PEM (PKCS#8)"),
          sending("kafka.ssl.truststore.location", "the same as a store: CAs to trust"),
          sending("kafka.ssl.truststore.password", "its password").hidden(),
          sending("kafka.ssl.truststore.type", "its type").as(oneOf(STORES)),
          sending("kafka.ssl.keystore.location", "store of the bridge's own certificate and key"),
          sending("kafka.ssl.keystore.password", "its password").hidden(),
          sending("kafka.ssl.keystore.type", "its type").as(oneOf(STORES)),
          sending("kafka.ssl.key.password", "password of the key").hidden(),
          sending(
                  "kafka.ssl.endpoint.identification.algorithm",
                  "how the brokers' names are checked; they always are")
              .as(oneOf("https")),
          sending("kafka.compression", "how records are compressed")
              .as(oneOf("none", "gzip", "snappy", "lz4", "zstd"), "lz4"),
          // No record may be larger than all of the producer's memory
          sending(
                  "kafka.max.request.bytes",
                  "how large a request may be, and a record in it; what is larger becomes a dead letter")
              .as(number(10_000, 33_554_432), "8388608"),
          beside(
                  "kafka.topic.patience",
                  "how long events wait for a topic that Kafka does not have yet, before they become dead"
                      + " letters")
              .as(duration(SECOND, DAY), "1m"),
          sending("caravan.topic.prefix", "prefix of the Kafka topics")
              .as(ValueType.ofTopic(200), "genesys."),
          image(
                  "caravan.data.dir",
                  "the spool and the record of gaps, on disk, for the user that runs it alone; one running"
                      + " Caravan each")
              .as(text(), "./data"),
          image("caravan.routes.dir", "the routes").as(text(), "./routes"),
          image(
                  "caravan.jars.dir",
                  "folder of jars for routes and Kafka's clients: a component, or a login of your own")
              .as(text(), "./jars"),
          image("caravan.secrets.dir", "folder of secrets, in files of the variables' names"),
          reading(
                  "caravan.cluster",
                  "a name that several instances share which read an organisation together, with the same"
                      + " settings and a data folder each; empty for one instance alone")
              .as(ValueType.ofTopic(100)),
          reading(
                  "caravan.standby",
                  "`1`: with `CARAVAN_CLUSTER`, each topic is read by a second instance, which forwards it"
                      + " should the first one end, so that nothing is lost. It takes twice the channels, of"
                      + " which an OAuth client has 20")
              .as(number(0, 1), "0"),
          beside("caravan.spool.max-bytes", "how many bytes of events may wait on disk for Kafka")
              .as(number(1_000_000, 999_999_999_999_999L), "4294967296"),
          beside(
                  "caravan.spool.when-full",
                  "what happens then: `block` (the sockets wait) or `drop-oldest` (counted, and on record as a"
                      + " gap)")
              .as(oneOf("block", "drop-oldest"), "block"),
          // A minute is what load balancers keep a socket for on which nothing moves, and with the
          // socket
          // everything would be lost that is sent from then on
          beside(
                  "caravan.spool.block-timeout",
                  "how long `block` lets the sockets wait, before the oldest events make room after all; `0`"
                      + " for as long as it takes")
              .as(durationOrZero(SECOND, DAY, "as long as it takes"), "1m"),
          beside(
                  "caravan.forward.redeliveries",
                  "how often an event is tried again that fails for an unknown reason, as in an edited route,"
                      + " before it becomes a dead letter")
              .as(number(0, 20), "4"),
          beside(
                  "caravan.routes.reload",
                  "whether an edited route file takes effect without a restart")
              .as(yesOrNo(), "false"),
          beside(
                  "caravan.replay.keep",
                  "how long what Kafka took is kept for `./caravan replay`, such as `2h`, as far as the spool"
                      + " has room; `0` for not at all")
              .as(durationOrZero(SECOND, Duration.ofDays(7), "not at all"), "0"),
          image(
                  "caravan.management.host",
                  "address of health and metrics, which have no password: `0.0.0.0` lets in every network")
              .as(ValueType.ownAddress(), "127.0.0.1"),
          image("caravan.management.port", "port of `/observe/health` and `/observe/metrics`")
              .as(ValueType.port(), "9876"),
          beside(
                  "caravan.log.format",
                  "lines of the log for people, or each as an object of JSON for a program")
              .as(oneOf("text", "json"), "text"),
          beside(
                  "otel.exporter.otlp.endpoint",
                  "an OpenTelemetry collector (OTLP over HTTP, such as `http://localhost:4318`) that gets a span"
                      + " from frame to acknowledgement for some of the events")
              .as(address()),
          beside("otel.traces.sampler.arg", "for which share of them")
              .as(
                  matching(
                      "a share from 0 to 1, such as 0.01", "0(?:\\.\\d{1,9})?|1(?:\\.0{1,9})?"),
                  "0.001"),
          beside("caravan.page", "`false`: no status page; health and metrics stay")
              .as(yesOrNo(), "true"),
          image(
                  "caravan.http.host",
                  "address of the status page, which is read-only and has no password: `0.0.0.0` lets in every"
                      + " network")
              .as(ValueType.ownAddress(), "127.0.0.1"),
          image("caravan.http.port", "port of the status page").as(ValueType.port(), "8080"),
          beside("caravan.heap", "heap of the JVM")
              .as(ValueType.memory(), "128m")
              .at(Where.LAUNCHER),
          // A -D among them may be a password
          beside("caravan.java.options", "further options of the JVM").hidden().at(Where.LAUNCHER));

  private SettingsTable() {}

  /** All of them, in the order in which lists show them. */
  public static List<Setting> all() {
    return ALL;
  }

  /** What holds if nothing is said. */
  static Map<String, String> shipped() {
    return ALL.stream()
        .filter(setting -> !setting.shipped().isEmpty())
        .collect(Collectors.toMap(Setting::name, Setting::shipped));
  }

  private static Setting reading(String name, String meaning) {
    return new Setting(name, meaning, "", text(), HoldsUp.READING, false, Where.ANYWHERE);
  }

  private static Setting sending(String name, String meaning) {
    return new Setting(name, meaning, "", text(), HoldsUp.SENDING, false, Where.ANYWHERE);
  }

  private static Setting beside(String name, String meaning) {
    return new Setting(name, meaning, "", text(), HoldsUp.NOTHING, false, Where.ANYWHERE);
  }

  private static Setting image(String name, String meaning) {
    return beside(name, meaning).at(Where.FIXED_IN_THE_IMAGE);
  }

  /**
   * Something that may be set: all that is known of it.
   *
   * @param name as a property; {@link #variable()} is what people write
   * @param meaning for the lists of settings, as a part of a sentence
   * @param shipped the value if nothing is said; empty if there is none, or if it follows from
   *     others
   * @param where who reads it
   */
  public record Setting(
      String name,
      String meaning,
      String shipped,
      ValueType kind,
      HoldsUp holdsUp,
      boolean secret,
      Where where) {

    private static final int LONGEST_QUOTE = 100;

    /** What has to wait until a mistake in it is mended. */
    public enum HoldsUp {
      /** Nothing is read. */
      READING,
      /**
       * Everything is read and spooled, nothing is sent: it could reach another cluster or topic.
       */
      SENDING,
      /** The default stands in for it. */
      NOTHING
    }

    /** Who reads it, and where people set it. */
    public enum Where {
      /** The bridge. */
      ANYWHERE,
      /** The bridge; the image for containers sets it itself. */
      FIXED_IN_THE_IMAGE,
      /** What starts the bridge: the launcher and the image. */
      LAUNCHER,
      /** The bridge; whoever sets it chooses a part of its name. */
      UNDER_A_NAME
    }

    Setting as(ValueType kind) {
      return as(kind, shipped);
    }

    Setting as(ValueType kind, String shipped) {
      return new Setting(name, meaning, shipped, kind, holdsUp, secret, where);
    }

    /** Its value is a secret, or next to one. */
    Setting hidden() {
      return new Setting(name, meaning, shipped, kind, holdsUp, true, where);
    }

    Setting at(Where place) {
      return new Setting(name, meaning, shipped, kind, holdsUp, secret, place);
    }

    /** The variable of the environment that sets it. */
    public String variable() {
      return variable(name);
    }

    /** The variable of the environment that sets a property. */
    public static String variable(String property) {
      return property.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
    }

    /** The name of a variable or a property as one of its kind is compared. */
    static String plain(String name) {
      return name.toLowerCase(Locale.ROOT).replace('_', '.').replace('-', '.');
    }

    /** What is wrong with a value; empty if nothing is. */
    Optional<String> mistake(String value) {
      if (kind.fits().test(value)) {
        return Optional.empty();
      }
      String is = secret ? "is no value that it may have" : "is \"" + quoted(value) + "\"";
      return Optional.of(
          "%s %s, but it must be %s. Correct it and restart."
              .formatted(variable(), is, kind.allowed()));
    }

    /** Short, on one line, and without a password that somebody put into an address. */
    static String quoted(String value) {
      String shown = value.replaceAll("//[^/@]*@", "//…@").replaceAll("\\p{Cntrl}", "?");
      return shown.length() > LONGEST_QUOTE ? shown.substring(0, LONGEST_QUOTE) + "…" : shown;
    }
  }
}
