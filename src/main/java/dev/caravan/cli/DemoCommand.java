package dev.caravan.cli;

import dev.caravan.command.Deadline;
import dev.caravan.demo.Demo;
import dev.caravan.demo.DemoScreen;
import dev.caravan.demo.DemoSettings;
import java.time.Duration;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Option;

/** For seeing the whole bridge at work, with no account and no cluster. */
@Command(
    name = "demo",
    description = {
      "Shows the whole bridge at work, with no account and no cluster.",
      "It starts a stand-in for Genesys Cloud, a real Apache Kafka and the bridge",
      "between them, and tells what arrives in Kafka. Ctrl-C ends all of it and leaves",
      "nothing behind."
    },
    footer = {
      "",
      "Example: a busy centre, for two minutes",
      "  ${ROOT-COMMAND-NAME} demo --agents 200 --seconds 120"
    })
final class DemoCommand extends CaravanCommand {

  private static final int MOST_AGENTS = 20_000;
  private static final double SLOWEST = 0.1;
  private static final int FASTEST = 1_000;

  @Option(
      names = "--agents",
      paramLabel = "N",
      description = "How many agents work in the contact centre. Default: ${DEFAULT-VALUE}.")
  private int agents = 40;

  @Option(
      names = "--speed",
      paramLabel = "N",
      description = "How much faster their day goes by; 1 is real time. Default: ${DEFAULT-VALUE}.")
  private double speed = 20;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      description = "End after so many seconds. Default: go on until Ctrl-C.")
  private Optional<Long> seconds = Optional.empty();

  @Option(
      names = "--genesys-port",
      paramLabel = "PORT",
      description = "Port of the stand-in. Default: any free one.")
  private int genesysPort;

  @Option(
      names = "--kafka-port",
      paramLabel = "PORT",
      description = "Port of Apache Kafka. Default: any free one.")
  private int kafkaPort;

  @Option(
      names = "--management-port",
      paramLabel = "PORT",
      description = "Port of the bridge's health and metrics. Default: any free one.")
  private int managementPort;

  @Option(
      names = "--page-port",
      paramLabel = "PORT",
      description = "Port of the bridge's status page. Default: any free one.")
  private int pagePort;

  @Override
  public Integer call() {
    Logs.toConsole(isVerbose());
    DemoSettings settings =
        new DemoSettings(
            Numbers.between("--agents", agents, 1, MOST_AGENTS),
            Numbers.between("--speed", speed, SLOWEST, FASTEST),
            Numbers.port("--genesys-port", genesysPort),
            Numbers.port("--kafka-port", kafkaPort),
            Numbers.port("--management-port", managementPort),
            Numbers.port("--page-port", pagePort),
            System.getenv());
    long most = seconds.map(it -> Numbers.atLeastOne("--seconds", it)).orElse(0L);
    DemoScreen screen = new DemoScreen(out(), Ansi.AUTO.enabled());
    try (Demo demo = Demo.start(settings, screen)) {
      Runtime.getRuntime().addShutdownHook(new Thread(demo::close, "end-demo"));
      demo.watch(Deadline.in(Duration.ofSeconds(most)));
    }
    return Caravan.OK;
  }
}
