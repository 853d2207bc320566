package dev.caravan.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;

/** A signal for a process, such as {@code STOP}: it stands still until {@code CONT}. */
public final class ProcessSignal {

  private ProcessSignal() {}

  public static void send(String signal, long pid) throws IOException, InterruptedException {
    assertThat(Command.run("kill", "-" + signal, String.valueOf(pid)).exitCode()).isZero();
  }
}
