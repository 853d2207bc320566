package dev.caravan.cli;

import dev.caravan.command.CommandFailure;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.util.Properties;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

/** The way in: picks the command. Only {@code run} starts Quarkus and Camel. */
@Command(
    name = "caravan",
    versionProvider = Caravan.Version.class,
    description = {
      "Carries Genesys Cloud notifications to Apache Kafka.",
      "Without a command it runs the bridge, configured by the environment."
    },
    subcommands = {
      RunCommand.class,
      DemoCommand.class,
      CheckCommand.class,
      SimulatorCommand.class,
      TopicsCommand.class,
      TailCommand.class,
      TryCommand.class,
      ExplainCommand.class,
      RecordCommand.class,
      ReplayCommand.class,
      CompletionCommand.class,
      RehearseCommand.class
    },
    synopsisSubcommandLabel = "[COMMAND]",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done, or ended as asked",
      "1:failed; the last line says why and what to do",
      "2:the command line was not understood",
      "130, 143:ended by Ctrl-C or SIGTERM"
    },
    footer = {"", "Example: see it at work, without any account", "  ${ROOT-COMMAND-NAME} demo"})
public final class Caravan extends CaravanCommand {

  static final int OK = 0;
  static final int FAILED = 1;

  @Option(
      names = {"-v", "--verbose"},
      scope = ScopeType.INHERIT,
      description = "Show the whole story of an error, and more of the log.")
  boolean verbose;

  private Caravan() {}

  public static void main(String[] args) {
    CommandLine commandLine = commandLine();
    int exitCode = commandLine.execute(args);
    commandLine.getOut().flush();
    commandLine.getErr().flush();
    // A child's pipe or a client's thread must not keep a finished command alive.
    System.exit(exitCode);
  }

  static CommandLine commandLine() {
    Caravan caravan = new Caravan();
    return new CommandLine(caravan)
        .setCommandName(System.getProperty("caravan.command", "./caravan"))
        .setExecutionExceptionHandler(caravan::explain)
        .setParameterExceptionHandler(Caravan::correct)
        .setUsageHelpAutoWidth(true);
  }

  /** No command was named. */
  @Override
  public Integer call() {
    RunCommand run = new RunCommand();
    run.spec = spec;
    return run.call();
  }

  private static int correct(ParameterException mistake, String[] args) {
    CommandLine command = mistake.getCommandLine();
    PrintWriter err = command.getErr();
    err.println(mistake.getMessage());
    UnmatchedArgumentException.printSuggestions(mistake, err);
    err.printf("See: %s --help%n", command.getCommandSpec().qualifiedName());
    return command.getCommandSpec().exitCodeOnInvalidInput();
  }

  private int explain(Exception failure, CommandLine command, ParseResult parsed) {
    PrintWriter err = command.getErr();
    boolean foreseen = failure instanceof CommandFailure;
    err.println(foreseen ? failure.getMessage() : "Something unexpected went wrong: " + failure);
    if (verbose) {
      failure.printStackTrace(err);
    } else if (!foreseen) {
      err.println("Run it again with --verbose to see where.");
    }
    return FAILED;
  }

  /** For {@code --version}. */
  static final class Version implements IVersionProvider {

    @Override
    public String[] getVersion() throws IOException {
      return new String[] {"Caravan " + version(), "Java " + System.getProperty("java.version")};
    }

    private static String version() throws IOException {
      Properties properties = new Properties();
      String made = "/META-INF/maven/dev.caravan/caravan/pom.properties";
      try (InputStream in = Caravan.class.getResourceAsStream(made)) {
        if (in != null) {
          properties.load(in);
        }
      }
      return properties.getProperty("version", "(not packaged)");
    }
  }
}
