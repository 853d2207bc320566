package dev.caravan.routes;

import static org.assertj.core.api.Assertions.assertThat;

import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.util.Map;
import java.util.Properties;
import java.util.function.Predicate;
import org.apache.camel.CamelContext;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.spi.LoadablePropertiesSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ConfiguredPropertiesTest {

  private static final SmallRyeConfig CONFIG =
      new SmallRyeConfigBuilder()
          .withSources(new PropertiesConfigSource(Map.of("genesys.media", "voice"), "test", 100))
          .build();

  private final CamelContext context = new DefaultCamelContext();

  @AfterEach
  void stop() {
    context.stop();
  }

  @Test
  void aPlaceholderIsResolvedWithoutAListingOfTheConfiguration() {
    context.getPropertiesComponent().addPropertiesSource(new Listed());
    ExtraComponents.findIn(context, CONFIG);

    assertThat(context.resolvePropertyPlaceholders("{{genesys.media}}")).isEqualTo("voice");
  }

  @Test
  void whatIsNotConfiguredIsItsDefault() {
    ExtraComponents.findIn(context, CONFIG);

    assertThat(context.resolvePropertyPlaceholders("{{genesys.nothing:all}}")).isEqualTo("all");
  }

  @Test
  void whatIsSetForThisCamelAloneCounts() {
    ExtraComponents.findIn(context, CONFIG);
    Properties override = new Properties();
    override.setProperty("genesys.media", "email");
    context.getPropertiesComponent().setOverrideProperties(override);

    assertThat(context.resolvePropertyPlaceholders("{{genesys.media}}")).isEqualTo("email");
  }

  /** As Camel's source for the configuration is: it knows the property, too. */
  private static final class Listed implements LoadablePropertiesSource {

    @Override
    public String getName() {
      return "listed";
    }

    @Override
    public String getProperty(String name) {
      return CONFIG.getOptionalValue(name, String.class).orElse(null);
    }

    @Override
    public Properties loadProperties() {
      throw new AssertionError("listed for one placeholder");
    }

    @Override
    public Properties loadProperties(Predicate<String> filter) {
      return loadProperties();
    }

    @Override
    public void reloadProperties(String location) {}
  }
}
