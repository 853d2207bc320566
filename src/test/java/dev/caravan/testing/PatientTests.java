package dev.caravan.testing;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/**
 * Whoever awaits something and does not say for how long has a minute for it, not Awaitility's ten
 * seconds: a machine that runs several JVMs of tests may leave one of them alone for a while. Found
 * by JUnit as a service.
 */
public final class PatientTests implements LauncherSessionListener {

  private static final Duration PATIENCE = Duration.ofMinutes(1);

  @Override
  public void launcherSessionOpened(LauncherSession session) {
    Awaitility.setDefaultTimeout(PATIENCE);
  }
}
