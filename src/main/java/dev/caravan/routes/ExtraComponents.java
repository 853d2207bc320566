package dev.caravan.routes;

import dev.caravan.settings.ExtraJars;
import io.quarkus.arc.Unremovable;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;
import org.apache.camel.CamelContext;
import org.apache.camel.Component;
import org.apache.camel.ExtendedCamelContext;
import org.apache.camel.impl.engine.DefaultClassResolver;
import org.apache.camel.impl.engine.DefaultComponentResolver;
import org.apache.camel.impl.engine.DefaultConfigurerResolver;
import org.apache.camel.impl.engine.DefaultDataFormatResolver;
import org.apache.camel.impl.engine.DefaultFactoryFinder;
import org.apache.camel.spi.CamelContextCustomizer;
import org.apache.camel.spi.ClassResolver;
import org.apache.camel.spi.ComponentResolver;
import org.apache.camel.spi.ConfigurerResolver;
import org.apache.camel.spi.DataFormat;
import org.apache.camel.spi.DataFormatResolver;
import org.apache.camel.spi.FactoryFinder;
import org.eclipse.microprofile.config.Config;
import org.eclipse.microprofile.config.ConfigProvider;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets routes name what lies in the jars of {@code CARAVAN_JARS_DIR}: components, data formats,
 * classes of beans. Camel Quarkus knows only what was there when the bridge was built, so what it
 * does not find is looked for in these jars, as Camel by itself does.
 */
@ApplicationScoped
@Unremovable
public class ExtraComponents implements CamelContextCustomizer {

  private static final Logger LOG = LoggerFactory.getLogger(ExtraComponents.class);

  @Override
  public void configure(CamelContext context) {
    findIn(context, ConfigProvider.getConfig());
  }

  /**
   * What finds the classes in the jars. A folder that cannot be read keeps nobody from reading
   * Genesys Cloud: then it is what finds the bridge's own.
   */
  static ClassLoader loader(Config config) {
    try {
      return ExtraJars.loader(config);
    } catch (RuntimeException e) {
      LOG.error("Routes find nothing in CARAVAN_JARS_DIR: {}.", e.getMessage());
      return ExtraJars.class.getClassLoader();
    }
  }

  /** To be called before anything is looked for in this Camel. */
  static void findIn(CamelContext context, Config config) {
    context.getPropertiesComponent().addPropertiesSource(new ConfiguredProperties(config));
    ClassLoader jars = loader(config);
    if (jars == ExtraJars.class.getClassLoader()) {
      return;
    }
    context.setApplicationContextClassLoader(jars);
    ClassResolver classes = new DefaultClassResolver(context);
    context.setClassResolver(classes);
    ExtendedCamelContext camel = context.getCamelContextExtension();

    FactoryFinder components =
        new DefaultFactoryFinder(classes, DefaultComponentResolver.RESOURCE_PATH);
    ComponentResolver component = camel.getContextPlugin(ComponentResolver.class);
    camel.addContextPlugin(
        ComponentResolver.class,
        (name, it) ->
            orElse(component.resolveComponent(name, it), components, name, Component.class));

    FactoryFinder formats =
        new DefaultFactoryFinder(classes, DefaultDataFormatResolver.DATAFORMAT_RESOURCE_PATH);
    DataFormatResolver format = camel.getContextPlugin(DataFormatResolver.class);
    camel.addContextPlugin(
        DataFormatResolver.class,
        (name, it) -> orElse(format.createDataFormat(name, it), formats, name, DataFormat.class));

    ConfigurerResolver configurer = camel.getContextPlugin(ConfigurerResolver.class);
    ConfigurerResolver configurers =
        new DefaultConfigurerResolver(
            new DefaultFactoryFinder(classes, DefaultConfigurerResolver.RESOURCE_PATH));
    camel.addContextPlugin(
        ConfigurerResolver.class,
        (name, it) ->
            Optional.ofNullable(configurer.resolvePropertyConfigurer(name, it))
                .orElseGet(() -> configurers.resolvePropertyConfigurer(name, it)));
  }

  /** Null is Camel's word for none. */
  private static <T> T orElse(T known, FactoryFinder jars, String name, Class<T> type) {
    return Optional.ofNullable(known).or(() -> jars.newInstance(name, type)).orElse(null);
  }
}
