package dev.caravan.spool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caravan.spool.SpoolConfiguration.Fsync;
import dev.caravan.spool.SpoolConfiguration.WhenFull;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.stream.IntStream;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.main.SimpleMain;
import org.apache.camel.spi.UriParam;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How the options of a spool are set, and that the manual knows them all. */
class SpoolOptionsTest {

  @Test
  void everyOptionAndItsDefaultStandInTheManual() throws Exception {
    String manual = Files.readString(Path.of("docs/spool.md"));

    assertThat(options())
        .isNotEmpty()
        .allSatisfy(
            field ->
                assertThat(manual)
                    .contains("| `%s` | %s |".formatted(field.getName(), shown(field))));
  }

  private static List<Field> options() {
    return Arrays.stream(SpoolConfiguration.class.getDeclaredFields())
        .filter(field -> !Modifier.isStatic(field.getModifiers()))
        .toList();
  }

  private static String shown(Field field) {
    String value = field.getAnnotation(UriParam.class).defaultValue();
    return value.isEmpty() ? "–" : "`" + value + "`";
  }

  @Test
  void pausesGrowFromTheFirstAttemptOn() {
    SpoolConfiguration options = new SpoolConfiguration();
    options.setRedeliveryDelay(Duration.ofMillis(5));

    assertThat(IntStream.range(0, 4).mapToObj(options::redeliveryDelay).map(Duration::toMillis))
        .containsExactly(5L, 5L, 10L, 20L);
  }

  @Test
  void documentedDefaultsAreTheRealOnes() throws Exception {
    try (DefaultCamelContext context = new DefaultCamelContext()) {
      SpoolConfiguration defaults = new SpoolConfiguration();
      for (Field field : options()) {
        field.setAccessible(true);
        String documented = field.getAnnotation(UriParam.class).defaultValue();
        if (field.getType() == Failure.Judge.class) {
          assertThat(field.get(defaults)).isSameAs(Failure.Judge.NONE);
          continue;
        }
        assertThat(field.get(defaults))
            .as(field.getName())
            .isEqualTo(context.getTypeConverter().convertTo(field.getType(), documented));
      }
    }
  }

  @Test
  void anEndpointTakesOptionsFromItsUri() throws Exception {
    try (DefaultCamelContext context = new DefaultCamelContext()) {
      SpoolEndpoint endpoint =
          context.getEndpoint(
              "spool:events?maxBytes=1000&maxAge=2h&whenFull=drop-oldest&fsync=commit"
                  + "&commitInterval=10ms&inFlight=3&keyHeader=CamelGenesysKey",
              SpoolEndpoint.class);

      SpoolConfiguration options = endpoint.getConfiguration();
      assertThat(endpoint.getName()).isEqualTo("events");
      assertThat(options.getMaxBytes()).isEqualTo(1000);
      assertThat(options.getMaxAge()).isEqualTo(Duration.ofHours(2));
      assertThat(options.getWhenFull()).isEqualTo(WhenFull.DROP_OLDEST);
      assertThat(options.getFsync()).isEqualTo(Fsync.COMMIT);
      assertThat(options.getCommitInterval()).isEqualTo(Duration.ofMillis(10));
      assertThat(options.getInFlight()).isEqualTo(3);
      assertThat(options.getKeyHeader()).isEqualTo("CamelGenesysKey");
    }
  }

  @Test
  void theComponentTakesOptionsFromProperties() throws Exception {
    try (DefaultCamelContext context = new DefaultCamelContext()) {
      SimpleMain main = new SimpleMain(context);
      Properties properties = new Properties();
      properties.setProperty("camel.component.spool.max-bytes", "12345");
      properties.setProperty("camel.component.spool.keep-acknowledged", "2h");
      properties.setProperty("camel.component.spool.whenFull", "drop-oldest");
      main.setOverrideProperties(properties);
      main.start();

      SpoolConfiguration options =
          context.getEndpoint("spool:events", SpoolEndpoint.class).getConfiguration();
      assertThat(options.getMaxBytes()).isEqualTo(12345);
      assertThat(options.getKeepAcknowledged()).isEqualTo(Duration.ofHours(2));
      assertThat(options.getWhenFull()).isEqualTo(WhenFull.DROP_OLDEST);
      main.stop();
    }
  }

  @ParameterizedTest
  @CsvSource({"4096,4096", "10MB,10485760", "64 KB,65536", "4gb,4294967296", "1GiB,1073741824"})
  void aSizeMayHaveAUnit(String written, long bytes) throws Exception {
    try (DefaultCamelContext context = new DefaultCamelContext()) {
      assertThat(
              context
                  .getEndpoint("spool:events?maxBytes=RAW(" + written + ")", SpoolEndpoint.class)
                  .getConfiguration()
                  .getMaxBytes())
          .isEqualTo(bytes);
      assertThat(ofProperties(context, "max-bytes", written).getMaxBytes()).isEqualTo(bytes);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "maxBytes,4m",
    "maxBytes,10 apples",
    "maxBytes,1.5GB",
    "maxBytes,9999999999GB",
    "memoryBytes,5s",
    "inFlight,1s",
    "inFlight,10MB",
    "inFlight,4294967297",
    "maximumRedeliveries,1m"
  })
  void whatIsNoNumberIsRefusedAsItWasWritten(String option, String written) throws Exception {
    String sentence = "The option %s is \"%s\", but it must be a whole number";
    try (DefaultCamelContext context = new DefaultCamelContext()) {
      assertThatThrownBy(
              () -> context.getEndpoint("spool:events?%s=RAW(%s)".formatted(option, written)))
          .hasStackTraceContaining(sentence.formatted(option, written));
      assertThatThrownBy(() -> ofProperties(context, option, written))
          .hasStackTraceContaining(sentence.formatted(option, written));
    }
  }

  private static SpoolConfiguration ofProperties(
      DefaultCamelContext context, String name, String value) throws Exception {
    SimpleMain main = new SimpleMain(context);
    Properties properties = new Properties();
    properties.setProperty("camel.component.spool." + name, value);
    main.setOverrideProperties(properties);
    main.start();
    return context.getEndpoint("spool:more", SpoolEndpoint.class).getConfiguration();
  }

  @Test
  void anOptionThatDoesNotExistIsRefused() throws Exception {
    try (DefaultCamelContext context = new DefaultCamelContext()) {
      assertThatThrownBy(() -> context.getEndpoint("spool:events?maxByte=1"))
          .hasMessageContaining("maxByte");
    }
  }

  @Test
  void aNameThatCannotBeAFileNameIsRefused() throws Exception {
    try (DefaultCamelContext context = new DefaultCamelContext()) {
      assertThatThrownBy(() -> context.getEndpoint("spool:../events"))
          .hasStackTraceContaining("cannot be the name of a spool");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"parked", "parked-marks", "checkpoint", "mv"})
  void aNameThatFilesOfAnotherSpoolHaveIsRefused(String ending) throws Exception {
    try (DefaultCamelContext context = new DefaultCamelContext()) {
      assertThatThrownBy(() -> context.getEndpoint("spool:events." + ending))
          .hasStackTraceContaining(
              "'events.%s' cannot be the name of a spool: it names files of the spool 'events'."
                  .formatted(ending));
      assertThat(context.getEndpoint("spool:events-" + ending)).isNotNull();
    }
  }
}
