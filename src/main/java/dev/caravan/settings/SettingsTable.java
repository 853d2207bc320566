package dev.caravan.settings;

import static dev.caravan.settings.ValueType.address;
import static dev.caravan.settings.ValueType.duration;
import static dev.caravan.settings.ValueType.durationOrZero;
import static dev.caravan.settings.ValueType.matching;
import static dev.caravan.settings.ValueType.number;
import static dev.caravan.settings.ValueType.oneOf;
import static dev.caravan.settings.ValueType.text;
import static dev.caravan.settings.ValueType.yesOrNo;

import dev.caravan.settings.Setting.HoldsUp;
import dev.caravan.settings.Setting.Where;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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

  private static final List<Setting> ALL = new ArrayList<>();

  static {
    reading("genesys.client.id", text(), "", "the OAuth client's id", true);
    reading("genesys.client.secret", text(), "", "the OAuth client's secret", true);
    underAName(
        "genesys.clients.<name>.id",
        "the id of a further OAuth client, which reads 18 channels more; the name is yours");
    underAName("genesys.clients.<name>.secret", "its secret");
    reading(
        "genesys.region",
        text(),
        "mypurecloud.com",
        "domain of the org (`mypurecloud.ie`) or name of its region (`eu_west_1`)");
    reading(
        "genesys.login.url",
        address(),
        "",
        "host of the login, if it does not follow from the region");
    reading(
        "genesys.api.url",
        address(),
        "",
        "host of the REST API, if it does not follow from the region");
    reading(
        "https.proxy",
        ValueType.proxy(),
        "",
        "proxy through which Genesys Cloud is reached, such as `http://proxy.example.com:3128`",
        true);
    reading(
        "no.proxy",
        text(),
        "",
        "what is reached without it, comma-separated: names, addresses, `10.0.0.0/8`, or `*`");
    reading(
        "genesys.ca.file",
        ValueType.certificates(),
        "",
        "certificates in PEM to trust besides those that Java trusts, where a proxy opens TLS");
    reading(
        "genesys.topics",
        text(),
        "v2.routing.queues.*.conversations",
        "what to subscribe, comma-separated; `*` or `[name=Sales*]` stand for ids");
    reading("genesys.media", text(), "voice,chat,message", "media types to keep, or `*`");
    reading(
        "genesys.topics.refresh",
        durationOrZero(SECOND, Duration.ofDays(30), "never"),
        "1m",
        "how often queues and users are listed anew; more seldom where that takes more than 40 pages of 100");
    reading(
        "genesys.subscriptions.check",
        duration(SECOND, DAY),
        "10m",
        "how often it is seen whether a channel still has its subscriptions, one call each; at once"
            + " when Genesys Cloud says that they were changed");
    reading(
        "genesys.redundancy",
        number(1, 2),
        "1",
        "channels that read each topic at the same time: with `2`, losing a socket loses nothing. It"
            + " takes twice the channels, of which an OAuth client has 20");
    reading(
        "genesys.max-in-flight",
        number(1, 1_000_000),
        "1024",
        "events that may be on their way to the spool before the sockets wait");
    reading(
        "genesys.retry.attempts",
        number(0, 1_000),
        "20",
        "how often a call is repeated. Above it is a budget of 20 attempts a minute for an OAuth"
            + " client, 6 of them new channels");
    reading(
        "genesys.retry.initial-delay",
        duration(MILLISECOND, HOUR),
        "2s",
        "wait before a call is repeated, unless Genesys Cloud asks for another (up to 15 minutes);"
            + " it doubles each time");
    reading(
        "genesys.retry.maximum-delay", duration(MILLISECOND, DAY), "30s", "longest of these waits");
    // All must have failed, or the first call that succeeds after three failures would open it.
    // Each second counts: what Genesys Cloud sends meanwhile is not kept
    reading(
        "genesys.breaker.failure-rate",
        number(1, 100),
        "100",
        "percent of the last 8 calls that must have failed before a circuit breaker opens");
    reading("genesys.breaker.wait", number(1, 3_600), "2", "seconds for which it stays open");
    reading(
        "genesys.rest.requests-per-minute",
        number(1, 100_000),
        "240",
        "budget for the REST API (a token has 300)");
    reading(
        "genesys.listing.requests-per-minute",
        number(1, 100_000),
        "160",
        "how much of it may go into listing queues and users; the rest is for opening channels");
    beside("genesys.backfill", yesOrNo(), "true", "`false`: read nothing again after a gap");
    beside(
        "genesys.backfill.requests-per-minute",
        number(1, 100_000),
        "50",
        "budget for that, on top of the other; keep the sum of both below 300");
    beside(
        "genesys.backfill.delay",
        duration(MINUTE, DAY),
        "5m",
        "how long after a gap its conversations are asked for");
    beside(
        "genesys.backfill.look-back",
        durationOrZero(MINUTE, Duration.ofDays(30), "not at all"),
        "4h",
        "how long before the gap they may have begun");

    sending("kafka.bootstrap.servers", ValueType.servers(), "localhost:9092", "the cluster");
    sending(
        "kafka.security.protocol",
        oneOf("PLAINTEXT", "SASL_PLAINTEXT", "SASL_SSL", "SSL"),
        "",
        "how Kafka is spoken to; follows from the settings below if it is not set");
    sending(
        "kafka.sasl.mechanism",
        oneOf("GSSAPI", "OAUTHBEARER", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "AWS_MSK_IAM"),
        "",
        "the login; user and password alone mean `PLAIN` over `SASL_SSL`");
    sending("kafka.sasl.username", text(), "", "user", true);
    sending("kafka.sasl.password", text(), "", "password", true);
    sending("kafka.sasl.jaas.config", text(), "", "a login module of your own instead", true);
    sending(
        "kafka.oauth.token.url", address(), "", "OAUTHBEARER: where the bridge asks for a token");
    sending("kafka.oauth.client.id", text(), "", "the client's id there", true);
    sending("kafka.oauth.client.secret", text(), "", "the client's secret", true);
    sending("kafka.oauth.scope", text(), "", "the scope to ask for");
    sending("kafka.oauth.ca.file", text(), "", "CA to trust there, PEM, if it is one of your own");
    sending("kafka.ssl.ca.file", text(), "", "CAs of the brokers to trust, PEM");
    sending("kafka.ssl.certificate.file", text(), "", "the bridge's own certificate, PEM");
    sending("kafka.ssl.key.file", text(), "", "its key, PEM (PKCS#8)");
    sending("kafka.ssl.truststore.location", text(), "", "the same as a store: CAs to trust");
    sending("kafka.ssl.truststore.password", text(), "", "its password", true);
    sending("kafka.ssl.truststore.type", oneOf(STORES), "", "its type");
    sending(
        "kafka.ssl.keystore.location", text(), "", "store of the bridge's own certificate and key");
    sending("kafka.ssl.keystore.password", text(), "", "its password", true);
    sending("kafka.ssl.keystore.type", oneOf(STORES), "", "its type");
    sending("kafka.ssl.key.password", text(), "", "password of the key", true);
    sending(
        "kafka.ssl.endpoint.identification.algorithm",
        oneOf("https"),
        "",
        "how the brokers' names are checked; they always are");
    sending(
        "kafka.compression",
        oneOf("none", "gzip", "snappy", "lz4", "zstd"),
        "lz4",
        "how records are compressed");
    // No record may be larger than all of the producer's memory
    sending(
        "kafka.max.request.bytes",
        number(10_000, 33_554_432),
        "8388608",
        "how large a request may be, and a record in it; what is larger becomes a dead letter");
    beside(
        "kafka.topic.patience",
        duration(SECOND, DAY),
        "1m",
        "how long events wait for a topic that Kafka does not have yet, before they become dead"
            + " letters");

    sending(
        "caravan.topic.prefix",
        matching(
            "at most 200 letters, digits, dots, underscores and hyphens, as Kafka allows in the"
                + " names of topics",
            "[A-Za-z0-9._-]{0,200}"),
        "genesys.",
        "prefix of the Kafka topics");
    image(
        "caravan.data.dir",
        text(),
        "./data",
        "the spool and the record of gaps, on disk, for the user that runs it alone; one running"
            + " Caravan each");
    image("caravan.routes.dir", text(), "./routes", "the routes");
    image(
        "caravan.jars.dir",
        text(),
        "./jars",
        "folder of jars for routes and Kafka's clients: a component, or a login of your own");
    image("caravan.secrets.dir", text(), "", "folder of secrets, in files of the variables' names");
    reading(
        "caravan.cluster",
        matching(
            "at most 100 letters, digits, dots, underscores and hyphens, as Kafka allows in the"
                + " names of topics",
            "[A-Za-z0-9._-]{0,100}"),
        "",
        "a name that several instances share which read an organisation together, with the same"
            + " settings and a data folder each; empty for one instance alone");
    reading(
        "caravan.standby",
        number(0, 1),
        "0",
        "`1`: with `CARAVAN_CLUSTER`, each topic is read by a second instance, which forwards it"
            + " should the first one end, so that nothing is lost. It takes twice the channels, of"
            + " which an OAuth client has 20");
    beside(
        "caravan.spool.max-bytes",
        number(1_000_000, 999_999_999_999_999L),
        "4294967296",
        "how many bytes of events may wait on disk for Kafka");
    beside(
        "caravan.spool.when-full",
        oneOf("block", "drop-oldest"),
        "block",
        "what happens then: `block` (the sockets wait) or `drop-oldest` (counted, and on record as a"
            + " gap)");
    // A minute is what load balancers keep a socket for on which nothing moves, and with the socket
    // everything would be lost that is sent from then on
    beside(
        "caravan.spool.block-timeout",
        durationOrZero(SECOND, DAY, "as long as it takes"),
        "1m",
        "how long `block` lets the sockets wait, before the oldest events make room after all; `0`"
            + " for as long as it takes");
    beside(
        "caravan.forward.redeliveries",
        number(0, 20),
        "4",
        "how often an event is tried again that fails for an unknown reason, as in an edited route,"
            + " before it becomes a dead letter");
    beside(
        "caravan.routes.reload",
        yesOrNo(),
        "false",
        "whether an edited route file takes effect without a restart");
    beside(
        "caravan.replay.keep",
        durationOrZero(SECOND, Duration.ofDays(7), "not at all"),
        "0",
        "how long what Kafka took is kept for `./caravan replay`, such as `2h`, as far as the spool"
            + " has room; `0` for not at all");
    image(
        "caravan.management.host",
        ValueType.ownAddress(),
        "127.0.0.1",
        "address of health and metrics, which have no password: `0.0.0.0` lets in every network");
    image(
        "caravan.management.port",
        ValueType.port(),
        "9876",
        "port of `/observe/health` and `/observe/metrics`");
    beside(
        "caravan.log.format",
        oneOf("text", "json"),
        "text",
        "lines of the log for people, or each as an object of JSON for a program");
    beside(
        "otel.exporter.otlp.endpoint",
        address(),
        "",
        "an OpenTelemetry collector (OTLP over HTTP, such as `http://localhost:4318`) that gets a span"
            + " from frame to acknowledgement for some of the events");
    beside(
        "otel.traces.sampler.arg",
        matching("a share from 0 to 1, such as 0.01", "0(?:\\.\\d{1,9})?|1(?:\\.0{1,9})?"),
        "0.001",
        "for which share of them");
    beside("caravan.page", yesOrNo(), "true", "`false`: no status page; health and metrics stay");
    image(
        "caravan.http.host",
        ValueType.ownAddress(),
        "127.0.0.1",
        "address of the status page, which is read-only and has no password: `0.0.0.0` lets in every"
            + " network");
    image("caravan.http.port", ValueType.port(), "8080", "port of the status page");
    add(
        "caravan.heap",
        ValueType.memory(),
        "128m",
        "heap of the JVM",
        HoldsUp.NOTHING,
        false,
        Where.LAUNCHER);
    // A -D among them may be a password
    add(
        "caravan.java.options",
        text(),
        "",
        "further options of the JVM",
        HoldsUp.NOTHING,
        true,
        Where.LAUNCHER);
  }

  private SettingsTable() {}

  /** All of them, in the order in which lists show them. */
  public static List<Setting> all() {
    return List.copyOf(ALL);
  }

  /** What holds if nothing is said. */
  static Map<String, String> shipped() {
    Map<String, String> shipped = new LinkedHashMap<>();
    for (Setting setting : ALL) {
      if (!setting.shipped().isEmpty()) {
        shipped.put(setting.name(), setting.shipped());
      }
    }
    return shipped;
  }

  private static void reading(String name, ValueType kind, String shipped, String meaning) {
    reading(name, kind, shipped, meaning, false);
  }

  private static void reading(
      String name, ValueType kind, String shipped, String meaning, boolean secret) {
    add(name, kind, shipped, meaning, HoldsUp.READING, secret, Where.ANYWHERE);
  }

  private static void underAName(String name, String meaning) {
    add(name, text(), "", meaning, HoldsUp.NOTHING, true, Where.UNDER_A_NAME);
  }

  private static void sending(String name, ValueType kind, String shipped, String meaning) {
    sending(name, kind, shipped, meaning, false);
  }

  private static void sending(
      String name, ValueType kind, String shipped, String meaning, boolean secret) {
    add(name, kind, shipped, meaning, HoldsUp.SENDING, secret, Where.ANYWHERE);
  }

  private static void beside(String name, ValueType kind, String shipped, String meaning) {
    add(name, kind, shipped, meaning, HoldsUp.NOTHING, false, Where.ANYWHERE);
  }

  private static void image(String name, ValueType kind, String shipped, String meaning) {
    add(name, kind, shipped, meaning, HoldsUp.NOTHING, false, Where.FIXED_IN_THE_IMAGE);
  }

  private static void add(
      String name,
      ValueType kind,
      String shipped,
      String meaning,
      HoldsUp holdsUp,
      boolean secret,
      Where where) {
    ALL.add(new Setting(name, meaning, shipped, kind, holdsUp, secret, where));
  }
}
