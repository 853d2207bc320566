package dev.caravan.kafka;

import dev.caravan.FileStamp;
import dev.caravan.settings.KafkaProperties;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import javax.net.ssl.SSLEngine;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.SslConfigs;
import org.apache.kafka.common.config.types.Password;
import org.apache.kafka.common.security.auth.SslEngineFactory;
import org.apache.kafka.common.security.ssl.DefaultSslEngineFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TLS for Kafka's clients with certificates that may be renewed while they run: Kafka's own factory
 * reads the files once, so this one makes another when they have changed. What is connected stays
 * so; the next connection takes the new ones. It also takes certificate and key from two files.
 */
public final class RenewedCertificates implements SslEngineFactory {

  private static final Logger LOG = LoggerFactory.getLogger(RenewedCertificates.class);
  private static final List<String> FILES =
      List.of(
          KafkaProperties.CA_FILE,
          KafkaProperties.CERTIFICATE_FILE,
          KafkaProperties.KEY_FILE,
          SslConfigs.SSL_TRUSTSTORE_LOCATION_CONFIG,
          SslConfigs.SSL_KEYSTORE_LOCATION_CONFIG);

  private Map<String, ?> configuration = Map.of();
  private List<FileStamp> stamps = List.of();

  /** Those of files that could not be used, which was told. */
  private List<FileStamp> unusable = List.of();

  private SslEngineFactory current = new DefaultSslEngineFactory();

  @Override
  public synchronized void configure(Map<String, ?> configs) {
    configuration = Map.copyOf(withoutNulls(configs));
    List<FileStamp> now = stamps();
    current = load();
    stamps = now;
  }

  @Override
  public SSLEngine createClientSslEngine(String host, int port, String endpointIdentification) {
    return fresh().createClientSslEngine(host, port, endpointIdentification);
  }

  @Override
  public SSLEngine createServerSslEngine(String host, int port) {
    return fresh().createServerSslEngine(host, port);
  }

  private synchronized SslEngineFactory fresh() {
    List<FileStamp> now = stamps();
    if (!now.equals(stamps)) {
      try {
        current = load();
        stamps = now;
        LOG.info("The certificates for Kafka were renewed; new connections take them.");
      } catch (RuntimeException e) {
        // What may mend it, such as rights, need not show in a stamp
        if (!now.equals(unusable)) {
          unusable = now;
          LOG.warn(
              "The certificates for Kafka were changed and cannot be used: look at the KAFKA_SSL_"
                  + " files. Each new connection tries them again, and until they can be used takes"
                  + " the ones of before.");
        }
        LOG.debug("Certificates", e);
      }
    }
    return current;
  }

  private SslEngineFactory load() {
    Map<String, Object> all = new HashMap<>(configuration);
    pem(KafkaProperties.CA_FILE)
        .ifPresent(
            authorities -> {
              all.put(SslConfigs.SSL_TRUSTSTORE_TYPE_CONFIG, "PEM");
              all.put(SslConfigs.SSL_TRUSTSTORE_CERTIFICATES_CONFIG, authorities);
            });
    pem(KafkaProperties.CERTIFICATE_FILE)
        .ifPresent(
            chain -> {
              all.put(SslConfigs.SSL_KEYSTORE_TYPE_CONFIG, "PEM");
              all.put(SslConfigs.SSL_KEYSTORE_CERTIFICATE_CHAIN_CONFIG, chain);
            });
    pem(KafkaProperties.KEY_FILE)
        .ifPresent(key -> all.put(SslConfigs.SSL_KEYSTORE_KEY_CONFIG, key));
    DefaultSslEngineFactory factory = new DefaultSslEngineFactory();
    factory.configure(all);
    return factory;
  }

  private Optional<Password> pem(String property) {
    return Optional.ofNullable(configuration.get(property))
        .map(
            file -> {
              try {
                return new Password(Files.readString(Path.of(file.toString())));
              } catch (IOException e) {
                throw new KafkaException("The file " + file + " cannot be read", e);
              }
            });
  }

  private List<FileStamp> stamps() {
    return FILES.stream()
        .flatMap(name -> Stream.ofNullable(configuration.get(name)))
        .map(file -> FileStamp.of(Path.of(file.toString())))
        .toList();
  }

  private static Map<String, Object> withoutNulls(Map<String, ?> values) {
    Map<String, Object> present = new HashMap<>(values);
    present.values().removeIf(value -> value == null);
    return present;
  }

  @Override
  public boolean shouldBeRebuilt(Map<String, Object> nextConfigs) {
    return false;
  }

  @Override
  public Set<String> reconfigurableConfigs() {
    return Set.of();
  }

  @Override
  public synchronized KeyStore keystore() {
    return current.keystore();
  }

  @Override
  public synchronized KeyStore truststore() {
    return current.truststore();
  }

  @Override
  public void close() {
    // Nothing is open
  }
}
