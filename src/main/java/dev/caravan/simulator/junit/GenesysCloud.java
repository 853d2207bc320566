package dev.caravan.simulator.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Gives each test of a class, or the one test it stands at, a Genesys Cloud of its own on a free
 * port of the loopback address. A parameter of type {@link dev.caravan.simulator.Simulator} of the
 * test, its {@code @BeforeEach} or its {@code @AfterEach} is that one; it is closed after the test.
 * At a test it wins over the one at its class, at a nested class over the one around it.
 *
 * <p>Works with JUnit 5 and 6, and with tests that run in parallel.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@Inherited
@Documented
@ExtendWith(GenesysCloudExtension.class)
public @interface GenesysCloud {

  /**
   * A scenario, as YAML: options, faults and a timeline. Usually 20 agents at work in real time,
   * the client {@code demo} with the secret {@code demo}, and nothing goes wrong.
   */
  String value() default "";

  /** A file with the scenario instead, from the folder the tests run in. */
  String file() default "";
}
