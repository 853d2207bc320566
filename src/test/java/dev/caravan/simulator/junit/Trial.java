package dev.caravan.simulator.junit;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.engine.JupiterTestEngine;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherConfig;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Runs a class of tests inside a test. */
public final class Trial implements TestExecutionListener {

  private final List<Throwable> failures = new ArrayList<>();
  private int tests;

  private Trial() {}

  /** What failed; a class without any test fails, too. */
  public static List<Throwable> of(Class<?> tests) {
    Trial trial = new Trial();
    LauncherFactory.create(
            LauncherConfig.builder()
                .enableLauncherSessionListenerAutoRegistration(false)
                .enableLauncherDiscoveryListenerAutoRegistration(false)
                .enableTestExecutionListenerAutoRegistration(false)
                .enablePostDiscoveryFilterAutoRegistration(false)
                .enableTestEngineAutoRegistration(false)
                .addTestEngines(new JupiterTestEngine())
                .build())
        .execute(
            LauncherDiscoveryRequestBuilder.request().selectors(selectClass(tests)).build(), trial);
    if (trial.tests == 0 && trial.failures.isEmpty()) {
      trial.failures.add(new AssertionError(tests + " has no test"));
    }
    return trial.failures;
  }

  @Override
  public void executionFinished(TestIdentifier what, TestExecutionResult result) {
    if (what.isTest()) {
      tests++;
    }
    result.getThrowable().ifPresent(failures::add);
  }
}
