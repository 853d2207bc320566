package dev.caravan;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One version everywhere; what {@code docs/releasing.md} has a release change. */
class VersionTest {

  private String version;
  private String release;

  @BeforeEach
  void readPom() throws IOException {
    version = first("pom.xml", "<version>(.*?)</version>");
    release = version.replace("-SNAPSHOT", "");
  }

  private static String first(String file, String pattern) throws IOException {
    Matcher found = Pattern.compile(pattern).matcher(Files.readString(Path.of(file)));
    assertThat(found.find()).as("%s in %s", pattern, file).isTrue();
    return found.group(1);
  }

  @Test
  void theChangelogBeginsWithItAndHasItsDateOnceItIsReleased() throws IOException {
    assertThat(first("CHANGELOG.md", "(?m)^## (.*)$"))
        .matches(
            Pattern.quote(release)
                + (version.equals(release)
                    ? " \\(\\d{4}-\\d{2}-\\d{2}\\)"
                    : " \\(not released yet\\)"));
  }

  @Test
  void theImageHasItAsItsTag() throws IOException {
    assertThat(first("docker-compose.yml", "image: caravan:\\$\\{CARAVAN_VERSION:-(.*)}"))
        .isEqualTo(release);
    assertThat(first(".env.example", "#CARAVAN_VERSION=(.*)")).isEqualTo(release);
  }

  @ParameterizedTest
  @ValueSource(strings = {"genesys", "spool"})
  void theCatalogueOfAComponentHasIt(String component) throws IOException {
    String file = "src/generated/resources/META-INF/dev/caravan/%s/%s.json";

    assertThat(first(file.formatted(component, component), "\"version\": \"(.*)\""))
        .isEqualTo(version);
  }

  @Test
  void theKameletHasIt() throws IOException {
    String kamelet = "kamelets/genesys-notifications-source.kamelet.yaml";

    assertThat(first(kamelet, "catalog.version: \"(.*)\"")).isEqualTo(release);
    assertThat(first(kamelet, "mvn:dev.caravan:caravan:(.*)\"")).isEqualTo(version);
  }
}
