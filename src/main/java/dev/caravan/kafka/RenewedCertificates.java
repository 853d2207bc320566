package dev.caravan.kafka;

import dev.caravan.FileStamp;
import dev.caravan.settings.KafkaProperties;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.net.ssl.SSLEngine;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.SslConfigs;
import org.apache.kafka.common.config.types.Password;
import org.apache.kafka.common.security.ssl.DefaultSslEngineFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TLS for Kafka's clients with certificates that may be renewed while they run: Kafka's own factory
 * reads the files once, so this one has it read them again when they have changed. What is
 * connected stays so; the next connection takes the new ones. It also takes certificate and key
 * from two files.
 */
public final class RenewedCertificates extends DefaultSslEngineFactory {

  private static final Logger LOG = LoggerFactory.getLogger(RenewedCertificates.class);
  private static final List<String> FILES =
      List.of(
          KafkaProperties.CA_FILE,
          KafkaProperties.CERTIFICATE_FILE,
          KafkaProperties.KEY_FILE,
          SslConfigs.SSL_TRUSTSTORE_LOCATION_CONFIG,
          SslConfigs.SSL_KEYSTORE_LOCATION_CONFIG);

  private Map<String, Object> configuration = Map.of();
  private List<FileStamp> stamps = List.of();

  /** Those of files that could not be used, which was told. */
  private List<FileStamp> unusable = List.of();

  @Override
  public synchronized void configure(Map<String, ?> configs) {
    configuration = new HashMap<>(configs);
    load(stamps());
  }

  @Override
  public synchronized SSLEngine createClientSslEngine(
      String host, int port, String endpointIdentification) {
    List<FileStamp> now = stamps();
    if (!now.equals(stamps)) {
      try {
        load(now);
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
    return super.createClientSslEngine(host, port, endpointIdentification);
  }

  private void load(List<FileStamp> now) {
    Map<String, Object> all = new HashMap<>(configuration);
    putText(
        all,
        KafkaProperties.CA_FILE,
        SslConfigs.SSL_TRUSTSTORE_CERTIFICATES_CONFIG,
        SslConfigs.SSL_TRUSTSTORE_TYPE_CONFIG);
    putText(
        all,
        KafkaProperties.CERTIFICATE_FILE,
        SslConfigs.SSL_KEYSTORE_CERTIFICATE_CHAIN_CONFIG,
        SslConfigs.SSL_KEYSTORE_TYPE_CONFIG);
    putText(
        all,
        KafkaProperties.KEY_FILE,
        SslConfigs.SSL_KEYSTORE_KEY_CONFIG,
        SslConfigs.SSL_KEYSTORE_TYPE_CONFIG);
    super.configure(all);
    stamps = now;
  }

  private static void putText(
      Map<String, Object> all, String file, String property, String typeProperty) {
    Object path = all.get(file);
    if (path != null) {
      try {
        all.put(property, new Password(Files.readString(Path.of(path.toString()))));
        all.put(typeProperty, PEM_TYPE);
      } catch (IOException e) {
        throw new KafkaException("The file " + path + " cannot be read", e);
      }
    }
  }

  private List<FileStamp> stamps() {
    return FILES.stream()
        .flatMap(name -> Stream.ofNullable(configuration.get(name)))
        .map(file -> FileStamp.of(Path.of(file.toString())))
        .toList();
  }
}
