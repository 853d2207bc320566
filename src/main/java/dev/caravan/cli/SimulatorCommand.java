package dev.caravan.cli;

import dev.caravan.simulator.CentreSize;
import dev.caravan.simulator.OauthClient;
import dev.caravan.simulator.Simulator;
import dev.caravan.simulator.SimulatorOptions;
import dev.caravan.simulator.Traffic;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
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
      "Runs a stand-in for Genesys Cloud: login, REST API and sockets on one port,",
      "with a contact centre at work behind them. Stop it with Ctrl-C."
    },
    footer = {
      "",
      "Example: 200 agents, an hour passing in a minute",
      "  caravan simulator --agents 200 --speed 60",
      "  export GENESYS_LOGIN_URL=http://127.0.0.1:8085 GENESYS_API_URL=http://127.0.0.1:8085",
      "  export GENESYS_CLIENT_ID=demo GENESYS_CLIENT_SECRET=demo",
      "  caravan run"
    })
final class SimulatorCommand implements Callable<Integer> {

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      description = "Address to listen on; 0.0.0.0 for all. Default: ${DEFAULT-VALUE}.")
  private String host = "127.0.0.1";

  @Option(
      names = {"-p", "--port"},
      paramLabel = "PORT",
      description = "Port to listen on; 0 for any. Default: ${DEFAULT-VALUE}.")
  private int port = 8085;

  @Option(
      names = "--agents",
      paramLabel = "N",
      description = "How many agents work there. Default: ${DEFAULT-VALUE}.")
  private int agents = 20;

  @Option(
      names = "--speed",
      paramLabel = "N",
      description = "How much faster their day goes by; 1 is real time. Default: ${DEFAULT-VALUE}.")
  private double speed = 1;

  @Option(
      names = "--client",
      paramLabel = "ID:SECRET",
      description = "An OAuth client that may log in, besides demo:demo. May be repeated.")
  private List<String> clients = new ArrayList<>();

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "The same number gives the same people and queues. Default: ${DEFAULT-VALUE}.")
  private long seed = 1;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws InterruptedException {
    Logs.toConsole(Caravan.isVerbose(spec));
    int free =
        new FreePorts(ThreadLocalRandom.current())
            .claim(port, "the stand-in", "Name another one with --port, or 0 for any.");
    Simulator simulator = Simulator.start(options(free));
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

  private SimulatorOptions options(int free) {
    try {
      SimulatorOptions options =
          SimulatorOptions.defaults()
              .withHost(host)
              .withPort(free)
              .withSeed(seed)
              .withCentre(CentreSize.of(agents))
              .withTraffic(Traffic.times(speed));
      for (String client : clients) {
        options = options.withClient(OauthClient.parse(client));
      }
      return options;
    } catch (IllegalArgumentException e) {
      throw new CommandFailure(e.getMessage(), e);
    }
  }
}
