package dev.caravan;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.caravan.genesys.GenesysComponent;
import dev.caravan.genesys.GenesysComponentConfigurer;
import dev.caravan.genesys.GenesysConfiguration;
import dev.caravan.genesys.GenesysConstants;
import dev.caravan.genesys.GenesysEndpointConfigurer;
import dev.caravan.spool.SpoolComponent;
import dev.caravan.spool.SpoolComponentConfigurer;
import dev.caravan.spool.SpoolConfiguration;
import dev.caravan.spool.SpoolConstants;
import dev.caravan.spool.SpoolEndpointConfigurer;
import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.spi.Metadata;
import org.apache.camel.spi.PropertyConfigurerGetter;
import org.apache.camel.spi.UriParam;
import org.apache.camel.support.DefaultComponent;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What Camel's tools and editors are told of our components is what holds: where it is not, {@code
 * mvn camel-component:generate} was not run, or a text has characters that it leaves out.
 */
class GeneratedOptionsTest {

  /** A component, and where its options and headers are declared. */
  enum Component {
    GENESYS(GenesysComponent.class, new GenesysConfiguration(), GenesysConstants.class),
    SPOOL(SpoolComponent.class, new SpoolConfiguration(), SpoolConstants.class);

    private final Class<? extends DefaultComponent> type;
    private final Object defaults;
    private final Class<?> headers;

    Component(Class<? extends DefaultComponent> type, Object defaults, Class<?> headers) {
      this.type = type;
      this.defaults = defaults;
      this.headers = headers;
    }

    JsonNode catalogue() throws IOException {
      String name = name().toLowerCase(Locale.ROOT);
      return new ObjectMapper()
          .readTree(
              getClass()
                  .getResourceAsStream("/META-INF/dev/caravan/%s/%s.json".formatted(name, name)));
    }

    Stream<Field> options() {
      return Arrays.stream(defaults.getClass().getDeclaredFields())
          .filter(field -> field.isAnnotationPresent(UriParam.class));
    }
  }

  static List<Arguments> configurers() {
    return List.of(
        Arguments.of(Component.SPOOL, new SpoolEndpointConfigurer()),
        Arguments.of(Component.SPOOL, new SpoolComponentConfigurer()),
        Arguments.of(Component.GENESYS, new GenesysEndpointConfigurer()),
        Arguments.of(Component.GENESYS, new GenesysComponentConfigurer()));
  }

  @ParameterizedTest
  @MethodSource("configurers")
  void everyOptionOfAComponentCanBeSet(Component component, PropertyConfigurerGetter configurer) {
    assertThat(component.options())
        .isNotEmpty()
        .allSatisfy(
            field ->
                assertThat(configurer.getOptionType(field.getName(), false))
                    .as(field.getName())
                    .isEqualTo(field.getType()));
  }

  @ParameterizedTest
  @EnumSource
  void theCatalogueListsEveryOptionAndHeaderWithADescription(Component component)
      throws IOException {
    JsonNode catalogue = component.catalogue();

    for (String part : List.of("componentProperties", "properties", "headers")) {
      assertThat(catalogue.path(part).properties())
          .as(part)
          .isNotEmpty()
          .allSatisfy(
              entry -> assertThat(entry.getValue().path("description").asText()).isNotBlank());
    }
    assertThat(component.options())
        .allSatisfy(
            option -> {
              assertThat(catalogue.path("properties").has(option.getName())).isTrue();
              assertThat(catalogue.path("componentProperties").has(option.getName())).isTrue();
            });
  }

  @ParameterizedTest
  @EnumSource
  void theCatalogueSaysOfAnOptionWhatItsSourceSays(Component component) throws IOException {
    JsonNode told = component.catalogue().path("properties");
    String source =
        Files.readString(
            Path.of("src/main/java", component.defaults.getClass().getName().replace('.', '/'))
                .resolveSibling(component.defaults.getClass().getSimpleName() + ".java"));

    assertThat(component.options())
        .allSatisfy(
            option ->
                assertThat(told.path(option.getName()).path("description").asText())
                    .isEqualTo(comment(source, option)));
  }

  /** The Javadoc that stands above a field, as one line. */
  private static String comment(String source, Field option) {
    Matcher comment =
        Pattern.compile(
                "/\\*\\*((?:(?!\\*/).)*)\\*/\\s*@UriParam\\b(?:(?!;).)*? "
                    + option.getName()
                    + "[ ;]",
                Pattern.DOTALL)
            .matcher(source);
    assertThat(comment.find()).as(option.getName()).isTrue();
    return comment
        .group(1)
        .replaceAll("\\n\\s*\\* ?", " ")
        .replaceAll("\\{@link ([^}]*)}", "$1")
        .replaceAll("\\s+", " ")
        .strip();
  }

  @ParameterizedTest
  @EnumSource
  void theCatalogueSaysOfAHeaderOrAComponentsOwnOptionWhatItsSourceSays(Component component)
      throws Exception {
    JsonNode catalogue = component.catalogue();

    for (Field header : component.headers.getDeclaredFields()) {
      Metadata metadata = header.getAnnotation(Metadata.class);
      if (metadata != null) {
        assertThat(catalogue.path("headers").path((String) header.get(null)).path("description"))
            .as(header.getName())
            .hasToString('"' + metadata.description() + '"');
      }
    }
    for (Field option : component.type.getDeclaredFields()) {
      Metadata metadata = option.getAnnotation(Metadata.class);
      if (metadata != null && !metadata.description().isEmpty()) {
        assertThat(catalogue.path("componentProperties").path(option.getName()).path("description"))
            .as(option.getName())
            .hasToString('"' + metadata.description() + '"');
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void theCatalogueTellsTheDefaultThatHolds(Component component) throws Exception {
    JsonNode told = component.catalogue().path("properties");

    try (DefaultCamelContext context = new DefaultCamelContext()) {
      for (Field option : component.options().toList()) {
        String value = told.path(option.getName()).path("defaultValue").asText();
        // Otherwise it depends on a setting, or there is none
        if (!value.startsWith("{{") && !value.isEmpty()) {
          option.setAccessible(true);
          assertThat(context.getTypeConverter().convertTo(option.getType(), value))
              .as(option.getName())
              .isEqualTo(option.get(component.defaults));
        }
      }
    }
  }
}
