package dev.caravan.simulator.junit;

import dev.caravan.simulator.Simulator;
import dev.caravan.simulator.SimulatorOptions;
import dev.caravan.simulator.fault.Scenario;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.platform.commons.support.AnnotationSupport;

/** Starts and closes what {@link GenesysCloud} asks for. */
final class GenesysCloudExtension
    implements BeforeEachCallback, AfterEachCallback, ParameterResolver {

  private static final Namespace NAMESPACE = Namespace.create(GenesysCloudExtension.class);

  @Override
  public void beforeEach(ExtensionContext test) {
    store(test).put(Simulator.class, Simulator.start(scenario(wanted(test))));
  }

  @Override
  public void afterEach(ExtensionContext test) {
    Simulator simulator = store(test).remove(Simulator.class, Simulator.class);
    if (simulator != null) {
      simulator.close();
    }
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext test) {
    return parameter.getParameter().getType() == Simulator.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext test) {
    Simulator simulator = store(test).get(Simulator.class, Simulator.class);
    if (simulator == null) {
      throw new ParameterResolutionException(
          "@GenesysCloud starts a stand-in for each test: ask for it in a test, @BeforeEach or"
              + " @AfterEach.");
    }
    return simulator;
  }

  private static ExtensionContext.Store store(ExtensionContext test) {
    return test.getStore(NAMESPACE);
  }

  private static GenesysCloud wanted(ExtensionContext test) {
    return AnnotationSupport.findAnnotation(test.getElement(), GenesysCloud.class)
        .orElseGet(() -> wanted(test.getParent().orElseThrow()));
  }

  private static Scenario scenario(GenesysCloud wanted) {
    if (!wanted.value().isEmpty() && !wanted.file().isEmpty()) {
      throw new IllegalArgumentException(
          "@GenesysCloud has a scenario as text and another one as a file. Name one of them.");
    }
    if (!wanted.file().isEmpty()) {
      return Scenario.load(Path.of(wanted.file()));
    }
    return wanted.value().isEmpty()
        ? Scenario.of(SimulatorOptions.defaults())
        : Scenario.parse(wanted.value());
  }
}
