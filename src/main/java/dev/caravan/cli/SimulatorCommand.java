package dev.caravan.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** x. */
@Command(name = "simulator", mixinStandardHelpOptions = true)
final class SimulatorCommand implements Callable<Integer> {
  @Override
  public Integer call() {
    return 0;
  }
}
