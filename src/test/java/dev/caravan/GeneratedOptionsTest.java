package dev.caravan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.genesys.GenesysComponentConfigurer;
import dev.caravan.genesys.GenesysConfiguration;
import dev.caravan.genesys.GenesysEndpointConfigurer;
import dev.caravan.spool.SpoolComponentConfigurer;
import dev.caravan.spool.SpoolConfiguration;
import dev.caravan.spool.SpoolEndpointConfigurer;
import java.util.List;
import org.apache.camel.spi.PropertyConfigurerGetter;
import org.apache.camel.spi.UriParam;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every option can be set: where one is missing, {@code mvn camel-component:generate} was not run.
 */
class GeneratedOptionsTest {

  static List<Arguments> configurers() {
    return List.of(
        Arguments.of(SpoolConfiguration.class, new SpoolEndpointConfigurer()),
        Arguments.of(SpoolConfiguration.class, new SpoolComponentConfigurer()),
        Arguments.of(GenesysConfiguration.class, new GenesysEndpointConfigurer()),
        Arguments.of(GenesysConfiguration.class, new GenesysComponentConfigurer()));
  }

  @ParameterizedTest
  @MethodSource("configurers")
  void everyOptionOfAComponentCanBeSet(
      Class<?> configuration, PropertyConfigurerGetter configurer) {
    assertThat(configuration.getDeclaredFields())
        .filteredOn(field -> field.isAnnotationPresent(UriParam.class))
        .isNotEmpty()
        .allSatisfy(
            field ->
                assertThat(configurer.getOptionType(field.getName(), false))
                    .as(field.getName())
                    .isEqualTo(field.getType()));
  }
}
