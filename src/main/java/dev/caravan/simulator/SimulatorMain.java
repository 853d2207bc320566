package dev.caravan.simulator;

import dev.caravan.simulator.fault.Scenario;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The way into the jar of the stand-in alone; its options are those of the bridge's command. */
@Command(
    name = "java -jar caravan-simulator.jar",
    mixinStandardHelpOptions = true,
    description = {
      "Runs a stand-in for Genesys Cloud by itself.",
      "Login, REST API and sockets are on one port, with a contact centre at work",
      "behind them. Ctrl-C stops it."
    })
public final class SimulatorMain implements Callable<Integer> {

  private static final int USUAL_PORT = 8085;
  private static final int LAST_PORT = 65_535;
  private static final int MOST_AGENTS = 20_000;
  private static final double FASTEST = 100_000;
  private static final int FAILED = 1;

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      description = "Address to listen on; 0.0.0.0 for all. Default: 127.0.0.1.")
  private Optional<String> host = Optional.empty();

  @Option(
      names = {"-p", "--port"},
      paramLabel = "PORT",
      description = "Port to listen on; 0 for any. Default: 8085.")
  private Optional<Integer> port = Optional.empty();

  @Option(
      names = "--agents",
      paramLabel = "N",
      description = "How many agents work there. Default: 20.")
  private Optional<Integer> agents = Optional.empty();

  @Option(
      names = "--speed",
      paramLabel = "N",
      description = "How much faster their day goes by; 0 is as fast as it can. Default: 1.")
  private Optional<Double> speed = Optional.empty();

  @Option(
      names = "--client",
      paramLabel = "ID:SECRET",
      description = "An OAuth client that may log in, besides demo:demo. May be repeated.")
  private List<String> clients = new ArrayList<>();

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "The same number gives the same day. Default: 1.")
  private Optional<Long> seed = Optional.empty();

  @Option(
      names = "--scenario",
      paramLabel = "FILE",
      description =
          "What goes wrong, and when (see docs/simulator.md). The other options win over the file.")
  private Optional<Path> file = Optional.empty();

  @Spec private CommandSpec spec;

  public static void main(String[] args) {
    Logger.getLogger("").setLevel(Level.WARNING);
    CommandLine command =
        new CommandLine(new SimulatorMain())
            .setExecutionExceptionHandler(SimulatorMain::explain)
            .setUsageHelpAutoWidth(true);
    command
        .getCommandSpec()
        .version(
            "Caravan's stand-in for Genesys Cloud "
                + SimulatorMain.class.getPackage().getImplementationVersion(),
            "Java " + System.getProperty("java.version"));
    System.exit(command.execute(args));
  }

  private static int explain(
      Exception failure, CommandLine command, CommandLine.ParseResult parsed) {
    command.getErr().println(failure.getMessage());
    command.getErr().flush();
    return FAILED;
  }

  @Override
  public Integer call() throws InterruptedException {
    return untilStopped(spec.commandLine().getOut());
  }

  /**
   * Runs a stand-in and tells how to use it; returns only when its thread is interrupted.
   *
   * @throws IllegalArgumentException if an option or the scenario cannot be used, with a sentence
   *     that says why
   * @throws IllegalStateException if the port is in use, the same
   */
  public int untilStopped(PrintWriter out) throws InterruptedException {
    check("--port", port, 0, LAST_PORT);
    check("--agents", agents, 1, MOST_AGENTS);
    check("--speed", speed, 0, FASTEST);
    host.ifPresent(SimulatorMain::checkThatItIsOurs);
    Scenario scenario =
        file.map(Scenario::load).orElseGet(() -> Scenario.of(SimulatorOptions.defaults()));
    Simulator simulator = Simulator.start(scenario.withOptions(adjusted(scenario.options())));
    Runtime.getRuntime().addShutdownHook(new Thread(simulator::close, "close-simulator"));
    out.println("The stand-in for Genesys Cloud is at work. Point the bridge at it with:");
    out.printf("  export GENESYS_LOGIN_URL=%s GENESYS_API_URL=%<s%n", simulator.url());
    out.println("  export GENESYS_CLIENT_ID=demo GENESYS_CLIENT_SECRET=demo");
    out.println("Stop it with Ctrl-C.");
    out.flush();
    new CountDownLatch(1).await();
    return 0;
  }

  private static void check(
      String option, Optional<? extends Number> number, double least, double most) {
    // So written that what is no number fails as well
    if (number.isPresent()
        && !(number.get().doubleValue() >= least && number.get().doubleValue() <= most)) {
      throw new IllegalArgumentException(
          "%s is %s, but it must be from %d to %d."
              .formatted(option, number.get(), (long) least, (long) most));
    }
  }

  private static void checkThatItIsOurs(String host) {
    try (ServerSocket any = new ServerSocket(0, 1, InetAddress.getByName(host))) {
      any.getLocalPort();
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "--host is \"%s\", which is no address of this machine. Use 127.0.0.1, or 0.0.0.0 for all of them."
              .formatted(host),
          e);
    }
  }

  private SimulatorOptions adjusted(SimulatorOptions told) {
    SimulatorOptions options = told;
    options = host.map(options::withHost).orElse(options);
    options = options.withPort(port.orElse(told.port() == 0 ? USUAL_PORT : told.port()));
    options = seed.map(options::withSeed).orElse(options);
    options = agents.map(CentreSize::of).map(options::withCentre).orElse(options);
    options = speed.map(Traffic::times).map(options::withTraffic).orElse(options);
    for (String client : clients) {
      options = options.withClient(OauthClient.parse(client));
    }
    return options;
  }
}
