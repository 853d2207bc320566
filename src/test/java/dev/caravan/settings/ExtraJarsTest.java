package dev.caravan.settings;

import static org.assertj.core.api.Assertions.assertThat;

import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExtraJarsTest {

  private static final String INSIDE = "login-of-somebody.txt";
  private static final Map<String, String> TLS = Map.of("security.protocol", "SSL");

  @TempDir private Path folder;

  @Test
  void whatLiesInAJarOfTheFolderIsFoundByClientsOnly() throws IOException {
    try (JarOutputStream jar =
        new JarOutputStream(Files.newOutputStream(folder.resolve("login.jar")))) {
      jar.putNextEntry(new JarEntry(INSIDE));
    }
    ClassLoader before = Thread.currentThread().getContextClassLoader();

    URL found = KafkaClients.make(config(folder), TLS, tls -> found());

    assertThat(found).isNotNull();
    assertThat(found()).isNull();
    assertThat(Thread.currentThread().getContextClassLoader()).isSameAs(before);
  }

  @Test
  void aFolderThatIsNotThereIsNoMistake() {
    String made = KafkaClients.make(config(folder.resolve("nowhere")), TLS, tls -> "made");
    assertThat(made).isEqualTo("made");
  }

  private static URL found() {
    return Thread.currentThread().getContextClassLoader().getResource(INSIDE);
  }

  private static SmallRyeConfig config(Path jars) {
    return new SmallRyeConfigBuilder()
        .withSources(
            new PropertiesConfigSource(Map.of("caravan.jars.dir", jars.toString()), "test", 100))
        .build();
  }
}
