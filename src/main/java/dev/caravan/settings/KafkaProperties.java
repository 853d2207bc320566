package dev.caravan.settings;

import dev.caravan.Spelling;
import dev.caravan.settings.SettingsTable.Setting;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.config.SaslConfigs;
import org.apache.kafka.common.config.SslConfigs;
import org.eclipse.microprofile.config.Config;

/**
 * The one place that makes properties of Kafka's clients from settings: producers, {@code check},
 * {@code tail} and whatever else asks Kafka take them from here.
 */
public final class KafkaProperties {

  /** Files in PEM, for {@code ssl.engine.factory.class}. */
  public static final String CA_FILE = "caravan.ssl.ca.file";

  public static final String CERTIFICATE_FILE = "caravan.ssl.certificate.file";
  public static final String KEY_FILE = "caravan.ssl.key.file";

  /** How the properties of the configuration begin that are properties of Kafka's clients. */
  static final String PREFIX = "caravan.kafka.";

  /** How the settings begin that are properties of Kafka's clients. */
  static final String ANY = "kafka.property.";

  private static final String SECURITY = "org.apache.kafka.common.security.";
  private static final String ENGINES = "dev.caravan.kafka.RenewedCertificates";

  /** Kafka's client asks a token from no other place, so that nobody else can make it ask there. */
  private static final String ALLOWED_URLS = "org.apache.kafka.sasl.oauthbearer.allowed.urls";

  private static final List<ConfigDef> DEFINED =
      List.of(
          ProducerConfig.configDef(), ConsumerConfig.configDef(), AdminClientConfig.configDef());

  /** What the bridge promises rests on these. */
  private static final Set<String> PROMISED =
      Set.of(
          ProducerConfig.ACKS_CONFIG,
          ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG,
          ProducerConfig.RETRIES_CONFIG,
          ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG,
          ProducerConfig.MAX_BLOCK_MS_CONFIG,
          ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG,
          ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG,
          ProducerConfig.TRANSACTIONAL_ID_CONFIG,
          ProducerConfig.TRANSACTION_TWO_PHASE_COMMIT_ENABLE_CONFIG,
          ProducerConfig.PARTITIONER_IGNORE_KEYS_CONFIG,
          ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG,
          ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG,
          ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
          ConsumerConfig.AUTO_OFFSET_RESET_CONFIG);

  /** What has a setting of its own under another name. */
  private static final Map<String, String> OWN =
      Map.of(
          ProducerConfig.COMPRESSION_TYPE_CONFIG, "kafka.compression",
          ProducerConfig.MAX_REQUEST_SIZE_CONFIG, "kafka.max.request.bytes",
          SaslConfigs.SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL, "kafka.oauth.token.url",
          SaslConfigs.SASL_OAUTHBEARER_CLIENT_CREDENTIALS_CLIENT_ID, "kafka.oauth.client.id",
          SaslConfigs.SASL_OAUTHBEARER_CLIENT_CREDENTIALS_CLIENT_SECRET,
              "kafka.oauth.client.secret",
          SaslConfigs.SASL_OAUTHBEARER_SCOPE, "kafka.oauth.scope");

  private final Function<String, Optional<String>> setting;
  private final Consumer<String> mistakes;
  private final Map<String, String> made = new TreeMap<>();

  private KafkaProperties(Function<String, Optional<String>> setting, Consumer<String> mistakes) {
    this.setting = setting;
    this.mistakes = mistakes;
  }

  /** What follows from settings, and from what is set of {@link #ANY}. */
  static Map<String, String> make(
      Function<String, Optional<String>> setting,
      Map<String, String> any,
      Consumer<String> mistakes) {
    KafkaProperties properties = new KafkaProperties(setting, mistakes);
    properties.same();
    properties.login();
    properties.certificates();
    properties.protocol();
    any.forEach(properties::any);
    return properties.made;
  }

  /** What the settings say, by the names of Kafka's properties. */
  public static Map<String, String> of(Config config) {
    Map<String, String> properties = new TreeMap<>();
    for (String name : config.getPropertyNames()) {
      if (name.startsWith(PREFIX)) {
        properties.put(name.substring(PREFIX.length()), config.getValue(name, String.class));
      }
    }
    return properties;
  }

  /** These properties of a client, and over them what the settings say if it is for the cluster. */
  public static Properties over(Properties client, Config config) {
    Properties all = new Properties();
    all.putAll(client);
    String cluster = config.getOptionalValue("kafka.bootstrap.servers", String.class).orElse("");
    if (cluster.equals(client.get(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG))) {
      all.putAll(of(config));
    }
    return all;
  }

  /** Those that such a client knows, and our own, which are for the factory of TLS. */
  public static Map<String, Object> knownTo(Set<String> client, Map<?, ?> properties) {
    Map<String, Object> known = new HashMap<>();
    properties.forEach((name, value) -> known.put(name.toString(), value));
    known.keySet().removeIf(name -> !client.contains(name) && !name.startsWith("caravan."));
    return known;
  }

  /** Whether a property of Kafka's clients is a secret, or next to one. */
  public static boolean isSecret(String property) {
    return DEFINED.stream()
            .map(definition -> definition.configKeys().get(property))
            .anyMatch(key -> key != null && key.type == ConfigDef.Type.PASSWORD)
        || property.matches(".*(password|secret|jaas|passphrase|token).*");
  }

  // ---- settings with names of their own

  private void same() {
    for (Setting known : SettingsTable.all()) {
      String property = known.name().replaceFirst("^kafka\\.", "");
      if (property.matches("(security|sasl|ssl)\\..+") && isKnown(property)) {
        setting.apply(known.name()).ifPresent(value -> made.put(property, value));
      }
    }
  }

  private void login() {
    Optional<String> user = setting.apply("kafka.sasl.username");
    Optional<String> password = setting.apply("kafka.sasl.password");
    String mechanism = made.getOrDefault(SaslConfigs.SASL_MECHANISM, "");
    boolean oauth =
        Stream.of("token.url", "client.id", "client.secret", "scope")
            .anyMatch(name -> setting.apply("kafka.oauth." + name).isPresent());
    boolean ownModule = made.containsKey(SaslConfigs.SASL_JAAS_CONFIG);
    if (oauth && (user.isPresent() || password.isPresent())) {
      mistake(
          "KAFKA_OAUTH_… and KAFKA_SASL_USERNAME or KAFKA_SASL_PASSWORD are both set, but there is"
              + " one login only. Take one of them away and restart.");
    } else if (oauth && !mechanism.matches("|OAUTHBEARER")) {
      mistake(
          "KAFKA_OAUTH_TOKEN_URL is set, but KAFKA_SASL_MECHANISM is %s. Set it to OAUTHBEARER, or take"
              + " KAFKA_OAUTH_TOKEN_URL away, and restart.",
          mechanism);
    } else if (oauth || mechanism.equals("OAUTHBEARER")) {
      made.put(SaslConfigs.SASL_MECHANISM, "OAUTHBEARER");
      // One's own module has a handler of its own, too
      if (!ownModule || setting.apply("kafka.oauth.token.url").isPresent()) {
        token();
      }
    } else if (mechanism.equals("AWS_MSK_IAM")) {
      made.putIfAbsent(
          SaslConfigs.SASL_JAAS_CONFIG, "software.amazon.msk.auth.iam.IAMLoginModule required;");
      made.put(
          SaslConfigs.SASL_CLIENT_CALLBACK_HANDLER_CLASS,
          "software.amazon.msk.auth.iam.IAMClientCallbackHandler");
    } else if (user.isPresent() && password.isPresent()) {
      // Kafka's own defaults would ignore the password: GSSAPI, and no SASL at all
      made.putIfAbsent(SaslConfigs.SASL_MECHANISM, "PLAIN");
      String module =
          mechanism.startsWith("SCRAM") ? "scram.ScramLoginModule" : "plain.PlainLoginModule";
      made.putIfAbsent(
          SaslConfigs.SASL_JAAS_CONFIG,
          "%s%s required username=\"%s\" password=\"%s\";"
              .formatted(SECURITY, module, escaped(user.get()), escaped(password.get())));
    } else if (user.isPresent() != password.isPresent()
        || mechanism.matches("PLAIN|SCRAM.*") && !ownModule) {
      mistake(
          "A login at Kafka is set, but without %s. Set it and restart.",
          String.join(" and ", missing("kafka.sasl.username", "kafka.sasl.password")));
    }
  }

  /** The variables of those settings that are not set. */
  private List<String> missing(String... settings) {
    return Stream.of(settings)
        .filter(name -> setting.apply(name).isEmpty())
        .map(Setting::variable)
        .toList();
  }

  private void token() {
    List<String> missing =
        missing("kafka.oauth.token.url", "kafka.oauth.client.id", "kafka.oauth.client.secret");
    if (!missing.isEmpty()) {
      mistake(
          "The login at Kafka is OAUTHBEARER, but %s %s missing. Set it and restart.",
          String.join(" and ", missing), missing.size() == 1 ? "is" : "are");
      return;
    }
    made.put(
        SaslConfigs.SASL_LOGIN_CALLBACK_HANDLER_CLASS,
        SECURITY + "oauthbearer.OAuthBearerLoginCallbackHandler");
    OWN.forEach(
        (property, own) -> {
          if (own.startsWith("kafka.oauth.")) {
            setting.apply(own).ifPresent(value -> made.put(property, value));
          }
        });
    String trust =
        setting
            .apply("kafka.oauth.ca.file")
            .map(" ssl.truststore.type=\"PEM\" ssl.truststore.location=\"%s\""::formatted)
            .orElse("");
    made.putIfAbsent(
        SaslConfigs.SASL_JAAS_CONFIG,
        SECURITY + "oauthbearer.OAuthBearerLoginModule required" + trust + ";");
    Set<String> allowed = new TreeSet<>(List.of(System.getProperty(ALLOWED_URLS, "").split(",")));
    allowed.remove("");
    allowed.add(made.get(SaslConfigs.SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL));
    System.setProperty(ALLOWED_URLS, String.join(",", allowed));
  }

  private void certificates() {
    Map.of(
            "kafka.ssl.ca.file", CA_FILE,
            "kafka.ssl.certificate.file", CERTIFICATE_FILE,
            "kafka.ssl.key.file", KEY_FILE)
        .forEach(
            (name, property) -> file(name).ifPresent(file -> made.put(property, file.toString())));
    if (missing("kafka.ssl.certificate.file", "kafka.ssl.key.file").size() == 1) {
      mistake(
          "KAFKA_SSL_CERTIFICATE_FILE and KAFKA_SSL_KEY_FILE are needed both. Set the other one, too,"
              + " and restart.");
    }
    file("kafka.oauth.ca.file");
  }

  private Optional<Path> file(String name) {
    Optional<Path> file = setting.apply(name).map(it -> Path.of(it).toAbsolutePath());
    if (file.isPresent() && !Files.isReadable(file.get())) {
      mistake(
          "%s=%s cannot be read: there is no such file, or this process may not read it. Correct it and restart.",
          Setting.variable(name), Setting.quoted(setting.apply(name).get()));
      return Optional.empty();
    }
    return file;
  }

  private void protocol() {
    boolean login =
        made.containsKey(SaslConfigs.SASL_MECHANISM)
            || made.containsKey(SaslConfigs.SASL_JAAS_CONFIG);
    boolean certificates =
        made.keySet().stream()
            .anyMatch(
                name -> name.matches("caravan\\.ssl\\..*|ssl\\.(truststore|keystore|key)\\..*"));
    if (login || certificates) {
      made.putIfAbsent(CommonClientConfigs.SECURITY_PROTOCOL_CONFIG, login ? "SASL_SSL" : "SSL");
    }
    String protocol = made.getOrDefault(CommonClientConfigs.SECURITY_PROTOCOL_CONFIG, "PLAINTEXT");
    if (protocol.endsWith("SSL")) {
      made.put(SslConfigs.SSL_ENGINE_FACTORY_CLASS_CONFIG, ENGINES);
    } else if (certificates) {
      mistake(
          "KAFKA_SECURITY_PROTOCOL is %s, which is no TLS, but KAFKA_SSL_… is set. Set it to SSL or"
              + " SASL_SSL, or take KAFKA_SSL_… away, and restart.",
          protocol);
    }
    if (login && !protocol.startsWith("SASL")) {
      mistake(
          "KAFKA_SECURITY_PROTOCOL is %s, which is without a login, but KAFKA_SASL_… is set. Set it to"
              + " SASL_SSL, or take KAFKA_SASL_… away, and restart.",
          protocol);
    }
  }

  private static String escaped(String text) {
    return text.replace("\\", "\\\\").replace("\"", "\\\"");
  }

  // ---- any other property

  private void any(String name, String value) {
    String variable = Setting.variable(name);
    String property = name.substring(ANY.length());
    String own = OWN.getOrDefault(property, "kafka." + property);
    if (PROMISED.contains(property)) {
      mistake(
          "%s cannot be set: what the bridge promises rests on it. Take it away and restart.",
          variable);
    } else if (SettingsTable.all().stream().anyMatch(known -> known.name().equals(own))) {
      mistake(
          "%s has a setting of its own: set %s instead, and restart.",
          variable, Setting.variable(own));
    } else if (!isKnown(property)) {
      mistake(
          "%s sets %s, which is no property of Kafka's clients. The nearest is %s. Correct it and restart.",
          variable, Setting.quoted(property), Setting.variable(ANY + nearest(property)));
    } else {
      wrong(property, value)
          .ifPresentOrElse(
              why -> mistake("%s cannot be used: %s. Correct it and restart.", variable, why),
              () -> made.put(property, value));
    }
  }

  private static boolean isKnown(String property) {
    return DEFINED.stream().anyMatch(it -> it.names().contains(property));
  }

  /** What Kafka says to a value. Classes may be in a jar that is found later. */
  private static Optional<String> wrong(String property, String value) {
    for (ConfigDef definition : DEFINED) {
      ConfigDef.ConfigKey key = definition.configKeys().get(property);
      if (key == null
          || key.type == ConfigDef.Type.CLASS
          || key.type == ConfigDef.Type.LIST
          || isSecret(property)) {
        continue;
      }
      try {
        Object parsed = ConfigDef.parseType(property, value, key.type);
        if (key.validator != null) {
          key.validator.ensureValid(property, parsed);
        }
      } catch (ConfigException e) {
        return Optional.of(Setting.quoted(e.getMessage()).replaceAll("[.\\s]+$", ""));
      }
    }
    return Optional.empty();
  }

  private static String nearest(String property) {
    return DEFINED.stream()
        .flatMap(definition -> definition.names().stream())
        .min(
            Comparator.comparingInt((String known) -> Spelling.distance(known, property))
                .thenComparing(Comparator.naturalOrder()))
        .orElseThrow();
  }

  private void mistake(String sentence, Object... of) {
    mistakes.accept(sentence.formatted(of));
  }
}
