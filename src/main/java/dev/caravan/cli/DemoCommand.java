package dev.caravan.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** For seeing the whole road at work, with no account and no cluster. */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    description = {
      "Starts a stand-in for Genesys Cloud, a real Apache Kafka and the bridge between them,",
      "and shows what arrives in Kafka. Ctrl-C ends all of it and leaves nothing behind."
    },
    footer = {
      "",
      "Example: a busy centre, for two minutes",
      "  caravan demo --agents 200 --seconds 120"
    })
final class DemoCommand implements Callable<Integer> {

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
  private long seconds;

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

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    Logs.toConsole(Caravan.isVerbose(spec));
    DemoSettings settings =
        new DemoSettings(agents, speed, genesysPort, kafkaPort, managementPort, System.getenv());
    DemoScreen screen = new DemoScreen(spec.commandLine().getOut(), Ansi.AUTO.enabled());
    try (Demo demo = Demo.start(settings, screen)) {
      Runtime.getRuntime().addShutdownHook(new Thread(demo::close, "end-demo"));
      demo.watch(Deadline.inSeconds(seconds));
    }
    return Caravan.OK;
  }
}
