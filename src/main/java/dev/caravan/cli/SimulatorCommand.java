package dev.caravan.cli;

import dev.caravan.command.CommandFailure;
import dev.caravan.demo.FreePorts;
import dev.caravan.settings.Kind;
import dev.caravan.simulator.CentreSize;
import dev.caravan.simulator.OauthClient;
import dev.caravan.simulator.Simulator;
import dev.caravan.simulator.SimulatorOptions;
import dev.caravan.simulator.Traffic;
import dev.caravan.simulator.fault.Scenario;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** For running the stand-in for Genesys Cloud by itself. */
@Command(
    name = "simulator",
    mixinStandardHelpOptions = true,
    description = {
      "Runs a stand-in for Genesys Cloud by itself.",
      "Login, REST API and sockets are on one port, with a contact centre at work behind",
      "them. Ctrl-C stops it."
    },
    footer = {
      "",
      "Example: 200 agents, an hour passing in a minute",
      "  ${ROOT-COMMAND-NAME} simulator --agents 200 --speed 60",
      "and in another terminal:",
      "  export GENESYS_LOGIN_URL=http://127.0.0.1:8085",
      "  export GENESYS_API_URL=http://127.0.0.1:8085",
      "  export GENESYS_CLIENT_ID=demo GENESYS_CLIENT_SECRET=demo",
      "  ${ROOT-COMMAND-NAME} run"
    })
final class SimulatorCommand implements Callable<Integer> {

  private static final int USUAL_PORT = 8085;
  private static final int MOST_AGENTS = 20_000;
  private static final double FASTEST = 100_000;

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

  @Override
  public Integer call() throws InterruptedException {
    Logs.toConsole(Caravan.isVerbose(spec));
    host.ifPresent(SimulatorCommand::failUnlessOurs);
    port.ifPresent(it -> Numbers.port("--port", it));
    agents.ifPresent(it -> Numbers.between("--agents", it, 1, MOST_AGENTS));
    speed.ifPresent(it -> Numbers.between("--speed", it, 0, FASTEST));
    Simulator simulator = start();
    Runtime.getRuntime().addShutdownHook(new Thread(simulator::close, "close-simulator"));
    PrintWriter out = spec.commandLine().getOut();
    out.println("The stand-in for Genesys Cloud is at work. Point the bridge at it with:");
    out.printf("  export GENESYS_LOGIN_URL=%s GENESYS_API_URL=%<s%n", simulator.url());
    out.println("  export GENESYS_CLIENT_ID=demo GENESYS_CLIENT_SECRET=demo");
    out.println("Stop it with Ctrl-C.");
    out.flush();
    new CountDownLatch(1).await();
    return Caravan.OK;
  }

  private static void failUnlessOurs(String host) {
    if (!Kind.isOwnAddress(host)) {
      throw new CommandFailure(
          "--host is \"%s\", which is no address of this machine. Use 127.0.0.1, or 0.0.0.0 for all of them."
              .formatted(host));
    }
  }

  private Simulator start() {
    try {
      Scenario scenario =
          file.map(Scenario::load).orElseGet(() -> Scenario.of(SimulatorOptions.defaults()));
      SimulatorOptions options = adjusted(scenario.options());
      int free =
          new FreePorts(ThreadLocalRandom.current())
              .claim(options.port(), "the stand-in", "Name another one with --port, or 0 for any.");
      return Simulator.start(scenario.withOptions(options.withPort(free)));
    } catch (IllegalArgumentException e) {
      throw new CommandFailure(e.getMessage(), e);
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
