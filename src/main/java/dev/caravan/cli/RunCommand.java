package dev.caravan.cli;

import dev.caravan.demo.ChildProcess;
import dev.caravan.routes.StartFailure;
import io.quarkus.runtime.Quarkus;
import java.io.PrintWriter;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** For running the bridge until it is told to stop. */
@Command(
    name = "run",
    description = {
      "Runs the bridge until it is stopped; the same as no command.",
      "It carries Genesys Cloud notifications to Kafka, on the routes in ./routes. Ctrl-C",
      "or SIGTERM stops it."
    },
    footer = {
      "",
      "Example: one org, one cluster",
      "  export GENESYS_REGION=mypurecloud.ie",
      "  export GENESYS_CLIENT_ID=... GENESYS_CLIENT_SECRET=...",
      "  export KAFKA_BOOTSTRAP_SERVERS=kafka-1:9092,kafka-2:9092",
      "  ${ROOT-COMMAND-NAME} run"
    })
final class RunCommand extends CaravanCommand {

  // For the demo, which must not leave a bridge behind however it ends.
  @Option(names = "--until-input-ends", hidden = true)
  private boolean untilInputEnds;

  @Override
  public Integer call() {
    if (untilInputEnds) {
      // Kafka and Genesys went away with the demo: there is nothing left to finish in good order.
      ChildProcess.onParentGone(System.in, () -> Runtime.getRuntime().halt(Caravan.OK));
    }
    if (isVerbose()) {
      System.setProperty("quarkus.log.category.\"dev.caravan\".level", "DEBUG");
    }
    loadNativeLz4();
    // No arguments: Camel would take them for its own.
    Quarkus.run(null, this::ended);
    return Caravan.OK;
  }

  /**
   * For compressing at a third of the cost. The lz4 library of Kafka's client uses its native code
   * by itself only in the system class loader, where Quarkus applications are not, and otherwise
   * the slowest of its three implementations; once the native code is loaded it is used anywhere.
   */
  private static void loadNativeLz4() {
    try {
      // By name: it comes with Kafka's client, which does not offer it to compile against
      Class.forName("net.jpountz.util.Native").getMethod("load").invoke(null);
    } catch (ReflectiveOperationException | LinkageError e) {
      LoggerFactory.getLogger(RunCommand.class).debug("Compressing without native code", e);
    }
  }

  private void ended(int exitCode, Throwable failure) {
    if (failure != null) {
      PrintWriter err = err();
      err.println(StartFailure.sentence(failure));
      if (isVerbose()) {
        failure.printStackTrace(err);
      }
    }
    System.exit(exitCode);
  }
}
