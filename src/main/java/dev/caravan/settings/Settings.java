package dev.caravan.settings;

import io.smallrye.config.EnvConfigSource;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URL;
import java.util.Map;

/** For reading the settings as the bridge reads them, without starting it. */
public final class Settings {

  private static final int ENVIRONMENT = 300;
  private static final int SHIPPED = 250;

  private Settings() {}

  /**
   * What {@code -D} options, the environment, {@code .env}, {@code config/application.properties}
   * and the program itself say.
   */
  public static SmallRyeConfig read() {
    return builder().addDefaultSources().withCustomizers(new EnvironmentFilter()).build();
  }

  /** What the given variables and the program itself say. */
  public static SmallRyeConfig of(Map<String, String> variables) {
    return builder()
        .withSources(new EnvConfigSource(EnvironmentFilter.literal(variables), ENVIRONMENT))
        .build();
  }

  private static SmallRyeConfigBuilder builder() {
    URL shipped = Settings.class.getResource("/application.properties");
    try {
      return new SmallRyeConfigBuilder()
          .addDefaultInterceptors()
          .withSources(new PropertiesConfigSource(shipped, SHIPPED))
          .withSources(new SettingsSource());
    } catch (IOException e) {
      throw new UncheckedIOException("The settings that come with the program cannot be read", e);
    }
  }
}
