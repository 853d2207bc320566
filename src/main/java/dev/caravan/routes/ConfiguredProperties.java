package dev.caravan.routes;

import org.apache.camel.Ordered;
import org.apache.camel.spi.PropertiesSource;
import org.eclipse.microprofile.config.Config;

/**
 * What placeholders such as <code>{{genesys.media}}</code> stand for, asked of the configuration
 * one by one.
 *
 * <p>Camel's own source for this configuration is one that can be listed, and Camel 4.17 lists all
 * of it, each property twice, after each placeholder that it resolves, to tell a listener where the
 * value is from. That was a fifth of the processor time of a start. Camel asks this one first,
 * which cannot be listed; listings are still its own source's.
 */
record ConfiguredProperties(Config config) implements PropertiesSource, Ordered {

  @Override
  public String getName() {
    return "caravan";
  }

  @Override
  public String getProperty(String name) {
    // Null is Camel's word for none
    return config.getOptionalValue(name, String.class).orElse(null);
  }

  @Override
  public int getOrder() {
    return Ordered.HIGHEST;
  }
}
