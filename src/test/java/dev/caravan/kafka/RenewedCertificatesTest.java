package dev.caravan.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.settings.KafkaProperties;
import dev.caravan.testing.Certificates;
import dev.caravan.testing.LogLines;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.cert.Certificate;
import java.util.Map;
import org.apache.kafka.common.config.SslConfigs;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RenewedCertificatesTest {

  @TempDir private Path folder;

  private final RenewedCertificates certificates = new RenewedCertificates();
  private Path file;
  private Certificate before;
  private String renewed;
  private FileTime written;

  @BeforeEach
  void configure() throws Exception {
    file = new Certificates(folder.resolve("before")).caFile();
    renewed = Files.readString(new Certificates(folder.resolve("after")).caFile());
    written = FileTime.fromMillis(Files.getLastModifiedTime(file).toMillis() + 5_000);
    certificates.configure(
        Map.of(
            KafkaProperties.CA_FILE,
            file.toString(),
            SslConfigs.SSL_PROTOCOL_CONFIG,
            SslConfigs.DEFAULT_SSL_PROTOCOL));
    before = trusted();
  }

  @Test
  void theNextConnectionTakesTheNewOnes() throws Exception {
    write(renewed);

    connect();

    assertThat(trusted()).isNotEqualTo(before);
  }

  /**
   * As when their rights are set after they were written, which shows in no stamp; who may read all
   * files can tell that only by another content.
   */
  @Test
  void thoseThatCannotBeUsedAreTriedAgainThoughNothingShowsThatTheyWereChanged() throws Exception {
    try (LogLines log = new LogLines(RenewedCertificates.class.getName())) {
      write("?".repeat(renewed.length()));
      connect();
      connect();
      assertThat(trusted()).isEqualTo(before);
      assertThat(log.lines()).singleElement().asString().contains("cannot be used");

      write(renewed);
      connect();

      assertThat(trusted()).isNotEqualTo(before);
      assertThat(log.lines()).hasSize(2).last().asString().contains("were renewed");
    }
  }

  private void write(String content) throws Exception {
    Files.writeString(file, content);
    Files.setLastModifiedTime(file, written);
  }

  private void connect() {
    certificates.createClientSslEngine("localhost", 9093, "");
  }

  private Certificate trusted() throws Exception {
    var authorities = certificates.truststore();
    return authorities.getCertificate(authorities.aliases().nextElement());
  }
}
