package dev.caravan.check;

import dev.caravan.cluster.ControlTopicAdmin;
import dev.caravan.command.CommandFailure;
import dev.caravan.command.DataFolder;
import dev.caravan.command.KafkaEnvironment;
import dev.caravan.dryrun.DryRun;
import dev.caravan.dryrun.Passage;
import dev.caravan.dryrun.Sample;
import dev.caravan.genesys.Survey;
import dev.caravan.genesys.connect.CallException;
import dev.caravan.genesys.connect.Token;
import dev.caravan.network.Proxies;
import dev.caravan.routes.CheckedRoutes;
import dev.caravan.routes.RouteFolder;
import dev.caravan.routes.ShippedRoutes;
import dev.caravan.routes.StartFailure;
import dev.caravan.settings.KafkaProperties;
import dev.caravan.settings.SettingsSource;
import dev.caravan.topic.SelectorException;
import dev.caravan.topic.SelectorParser;
import dev.caravan.topic.TopicCatalogue;
import dev.caravan.topic.TopicSelector;
import io.smallrye.config.SmallRyeConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.camel.model.ModelCamelContext;
import org.apache.camel.spi.Resource;
import org.apache.kafka.clients.CommonClientConfigs;

/** Looks at everything the bridge needs, in the order in which it needs it, and tells it. */
public final class Check {

  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final SmallRyeConfig config;
  private final CheckReport report;

  /** The life of a token, the shortest of all clients'. */
  private Duration shortest = Duration.ofDays(2);

  private final boolean offline;
  private final RouteFolder folder;

  /** Offline neither Genesys Cloud nor Kafka is asked. */
  public Check(SmallRyeConfig config, PrintWriter out, boolean offline) {
    this.config = config;
    this.report = new CheckReport(out);
    this.offline = offline;
    this.folder = new RouteFolder(Path.of(setting("caravan.routes.dir")));
  }

  /** True if the bridge would run. */
  public boolean run() {
    report.part("Settings");
    new SettingsCheck(report).run(config);

    Tried tried = tryRoutes();
    String topics = setting("genesys.topics");
    report.part("Genesys Cloud");
    if (tried.routes().isPresent()) {
      try (CheckedRoutes routes = tried.routes().get();
          Survey survey = new Survey(routes.context())) {
        topics = Survey.topicsOf(routes.context()).stream().findFirst().orElse(topics);
        if (offline) {
          offline(topics);
        } else {
          genesys(survey, topics);
        }
      }
    } else {
      if (!isRegionUnknown()) {
        hosts();
      }
      report.skipped("Not looked at: Genesys Cloud is called through the routes. See below.");
    }
    Dried dried = tried.mistakes().isEmpty() ? dry(topics) : Dried.NOTHING;
    report.part("Kafka");
    kafka(dried.topics());
    report.part("Routes");
    if (tried.mistakes().isEmpty()) {
      report.ok("%d routes in %s can be built.", tried.count(), folder);
    }
    tried.mistakes().forEach(report::failed);
    tried.warnings().forEach(report::note);
    files();
    dried.outcomes().forEach(this::tell);
    dried.trouble().ifPresent(report::skipped);
    report.part("Data");
    if (offline) {
      report.skipped("Not looked at: --offline.");
    } else {
      data(Path.of(setting("caravan.data.dir")));
    }
    return report.end();
  }

  /** The commands that make the topics and give the rights that the routes need. */
  public static List<String> kafkaTopics(SmallRyeConfig config) {
    Check check = new Check(config, new PrintWriter(Writer.nullWriter()), true);
    Tried tried = check.tryRoutes();
    if (!tried.mistakes().isEmpty()) {
      throw new CommandFailure(String.join(" ", tried.mistakes()));
    }
    String topics = check.setting("genesys.topics");
    try (CheckedRoutes routes = tried.routes().orElseThrow()) {
      topics = Survey.topicsOf(routes.context()).stream().findFirst().orElse(topics);
    }
    Dried dried = check.dry(topics);
    CommandFailure.ifPresent(dried.trouble());
    return dried
        .topics()
        .commands(
            check.setting("kafka.bootstrap.servers"),
            KafkaProperties.of(config).containsKey(CommonClientConfigs.SECURITY_PROTOCOL_CONFIG),
            check.setting("caravan.topic.prefix"));
  }

  private String setting(String name) {
    return config.getOptionalValue(name, String.class).orElse("");
  }

  // ---- routes

  /**
   * What came of building the routes.
   *
   * @param routes those that call Genesys Cloud, running; empty if they cannot be built
   * @param mistakes what is wrong with the files
   * @param warnings what may cost events although it can be built
   */
  private record Tried(
      Optional<CheckedRoutes> routes, int count, List<String> mistakes, List<String> warnings) {}

  private Tried tryRoutes() {
    List<Resource> files;
    List<String> heldUp;
    try {
      RouteFolder.Contents contents = folder.contents();
      heldUp = contents.unreadable().values().stream().distinct().toList();
      if (!contents.shipped().containsAll(contents.unreadable().keySet())) {
        return new Tried(Optional.empty(), 0, heldUp, List.of());
      }
      files = RouteFolder.resources(contents.texts());
    } catch (CommandFailure e) {
      return new Tried(Optional.empty(), 0, List.of(e.getMessage()), List.of());
    }
    List<String> mistakes =
        Stream.concat(CheckedRoutes.mistakes(files).stream(), heldUp.stream()).toList();
    if (mistakes.isEmpty()) {
      try {
        CheckedRoutes routes = CheckedRoutes.of(config, Map.of(), files);
        return new Tried(Optional.of(routes), routes.count(), List.of(), routes.warnings());
      } catch (Exception | Error e) {
        mistakes = List.of(StartFailure.sentence(e) + folder.where(e));
      }
    }
    // What calls Genesys Cloud may be sound all the same
    List<Resource> control =
        files.stream().filter(file -> file.getLocation().endsWith("/control.camel.yaml")).toList();
    try {
      return new Tried(
          Optional.of(CheckedRoutes.of(config, Map.of(), control)), 0, mistakes, List.of());
    } catch (Exception | Error alsoBroken) {
      return new Tried(Optional.empty(), 0, mistakes, List.of());
    }
  }

  /**
   * What came out of the routes.
   *
   * @param outcomes what becomes of an event of each kind that is subscribed
   * @param trouble why that is not known
   */
  private record Dried(List<Outcome> outcomes, WrittenTopics topics, Optional<String> trouble) {
    private static final Dried NOTHING = new Dried(List.of(), WrittenTopics.NONE, Optional.empty());
  }

  private record Outcome(Sample sample, Passage passage) {}

  private Dried dry(String topics) {
    List<TopicSelector> selectors = selectors(topics);
    DryRun run = new DryRun("urn:check", () -> PATIENCE);
    List<Outcome> outcomes = new ArrayList<>();
    try (CheckedRoutes routes =
        CheckedRoutes.dry(config, RouteFolder.resources(folder.contents().texts()), run::prepare)) {
      ModelCamelContext context = (ModelCamelContext) routes.context();
      for (Sample sample : Sample.of(selectors)) {
        outcomes.add(new Outcome(sample, run.of(sample.event(), sample.body(), "check")));
      }
      return new Dried(
          outcomes, WrittenTopics.of(config, context, run, selectors), Optional.empty());
    } catch (Exception | Error e) {
      return new Dried(
          outcomes,
          WrittenTopics.NONE,
          Optional.of(
              "What comes out of the routes was not tried: %s."
                  .formatted(StartFailure.sentence(e))));
    }
  }

  private void tell(Outcome outcome) {
    Passage passage = outcome.passage();
    String sentence = "%s %s.".formatted(outcome.sample().name(), passage.clause());
    if (!passage.isSure()) {
      report.note(sentence);
    } else if (passage.isLost()) {
      report.failed(sentence);
    } else {
      report.ok(sentence);
    }
  }

  /** Whose files these are, and what else lies in the folder. */
  private void files() {
    try {
      RouteFolder.Contents contents = folder.contents();
      contents.notRead().stream().map(RouteFolder.Contents::notRead).forEach(report::note);
      List<Path> shipped =
          contents.shipped().stream().filter(contents.texts()::containsKey).toList();
      if (!shipped.isEmpty()) {
        report.ok(
            "Of these files %s has none, so the shipped ones run: %s.",
            folder, RouteFolder.names(shipped));
      }
      folder.shipped().texts().forEach((name, text) -> replaced(contents, name, text));
    } catch (CommandFailure toldAlready) {
      report.skipped("What else lies in the folder was not looked at.");
    }
  }

  private void replaced(RouteFolder.Contents contents, String name, String shipped) {
    Path file = folder.folder().resolve(name);
    String text = contents.texts().get(file);
    if (text == null && contents.unreadable().containsKey(file)) {
      return; // told as a mistake of the routes
    }
    if (text == null) {
      report.note("The shipped %s does not run: another file has its place.", name);
    } else if (!text.replace("\r", "").strip().equals(shipped.replace("\r", "").strip())) {
      report.note(
          "%s replaces the shipped one of Caravan %s; it %s.",
          file,
          ShippedRoutes.version(shipped).orElse("of an unknown version"),
          ShippedRoutes.version(text)
              .map(version -> "was made from that of " + version)
              .orElse("does not say of which version it was made"));
    }
  }

  // ---- Genesys Cloud

  private boolean isRegionUnknown() {
    return setting("genesys.login.url").endsWith("//login.invalid")
        || setting("genesys.api.url").endsWith("//api.invalid");
  }

  private void hosts() {
    report.ok("Login at %s, API at %s.", setting("genesys.login.url"), setting("genesys.api.url"));
    Proxies.of(setting("https.proxy"), setting("no.proxy"))
        .proxyFor(URI.create(setting("genesys.api.url")))
        .ifPresent(
            proxy ->
                report.ok(
                    "The API and the sockets are reached through the proxy %s%s.",
                    proxy, proxy.login().isPresent() ? ", with a login" : ""));
  }

  private void genesys(Survey survey, String topics) {
    if (isRegionUnknown()) {
      report.skipped("Not looked at: the region is not known. See above.");
      return;
    }
    hosts();
    List<String> present =
        survey.clients().stream().filter(client -> canLogIn(survey, client)).toList();
    if (present.isEmpty()) {
      report.skipped("Topics and permissions were not looked at: there is no token.");
      return;
    }
    try {
      Survey.Plan plan = survey.plan(topics, present);
      tell(plan, present.size());
      if (!plan.topics().isEmpty()) {
        present.forEach(client -> demands(survey, plan, client));
      }
    } catch (SelectorException e) {
      report.failed("GENESYS_TOPICS cannot be followed. " + e.getMessage() + " Correct it.");
    } catch (CallException e) {
      report.failed(
          "Queues and users cannot be listed. "
              + e.getMessage()
              + (e.kind() == CallException.Kind.REFUSED
                  ? " Listing takes routing:queue:view for queues, directory:user:view for users."
                  : ""));
    }
  }

  /** Of several clients each is named. */
  private boolean canLogIn(Survey survey, String client) {
    String name = named(survey, client);
    try {
      Duration life = survey.login(client);
      report.ok("%sLogged in; a token is good for %d min.", name, life.toMinutes());
      shortest = shortest.compareTo(life) < 0 ? shortest : life;
    } catch (CallException e) {
      report.failed(name + e.getMessage());
      return false;
    }
    if (survey.clients().size() > 1) {
      channels(survey, client);
    }
    return true;
  }

  private static String named(Survey survey, String client) {
    return survey.clients().size() > 1 ? "OAuth client " + client + ": " : "";
  }

  /** One that others use has room for less. */
  private void channels(Survey survey, String client) {
    String name = named(survey, client);
    try {
      int channels = survey.channels(client);
      if (channels > Survey.ALL_CHANNELS / 2) {
        report.note(
            "%s%d of %d channels are there already: of this bridge, if it runs, or of another program that has the same OAuth client.",
            name, channels, Survey.ALL_CHANNELS);
      } else {
        report.ok("%s%d of %d channels are there.", name, channels, Survey.ALL_CHANNELS);
      }
    } catch (CallException e) {
      report.note(name + "Its channels cannot be listed. " + e.getMessage());
    }
  }

  private void tell(Survey.Plan plan, int clients) {
    plan.warnings().forEach(report::note);
    plan.selected()
        .forEach(
            (selector, topics) -> {
              String nothing =
                  "Nothing matches %s: the org has no such queue or user, or the OAuth client may not see it."
                      .formatted(selector);
              if (topics > 0) {
                report.ok("%s: %s.", selector, count(topics, "topic"));
              } else if (plan.topics().isEmpty()) {
                report.failed(nothing + " Correct GENESYS_TOPICS, or widen the role's divisions.");
              } else {
                report.note(nothing + " The other topics are subscribed.");
              }
            });
    int most = Survey.MOST_CHANNELS * clients;
    if (plan.channels() > most) {
      report.failed(
          "%d subscriptions need %d channels, and there are %d for them. Add an OAuth client"
              + " (GENESYS_CLIENTS_<NAME>_ID and _SECRET), subscribe less, or combine topics of"
              + " the same user or queue (v2.users.*?presence&routingStatus).",
          plan.subscriptions(), plan.channels(), most);
    } else if (!plan.topics().isEmpty()) {
      report.ok(
          "%s as %s on %s.",
          count(plan.topics().size(), "topic"),
          count(plan.subscriptions(), "subscription"),
          count(plan.channels(), "channel"));
      Token.tooShort(shortest, (plan.channels() + clients - 1) / clients).ifPresent(report::note);
    }
  }

  private void demands(Survey survey, Survey.Plan plan, String client) {
    String name = named(survey, client);
    List<Survey.Demand> demands;
    try {
      demands = survey.demands(plan.topics(), client);
    } catch (CallException e) {
      report.note(name + "What the topics demand could not be found out. " + e.getMessage());
      return;
    }
    boolean allRefused = demands.stream().noneMatch(demand -> demand.obstacle().isEmpty());
    for (Survey.Demand demand : demands) {
      if (!demand.obstacle().isEmpty()) {
        Consumer<String> told = allRefused ? report::failed : report::note;
        told.accept(
            "%sGenesys Cloud will refuse %s %s: it %s. Take it out of GENESYS_TOPICS."
                .formatted(
                    name, count(demand.topics(), "topic"), demand.pattern(), demand.obstacle()));
      } else if (demand.permissions().isEmpty()) {
        report.ok("%s%s demands no permission that Genesys Cloud names.", name, demand.pattern());
      } else {
        report.note(
            "%s%s demands %s. Genesys Cloud tells only when a channel subscribes whether the role"
                + " has that; what it refuses is named in the log and the rest goes on.",
            name,
            demand.pattern(),
            String.join(demand.anyPermission() ? " or " : " and ", demand.permissions()));
      }
    }
  }

  private static String count(int number, String noun) {
    return number + " " + noun + (number == 1 ? "" : "s");
  }

  // ---- Kafka and data

  private void kafka(WrittenTopics topics) {
    if (config.getOptionalValue(SettingsSource.KAFKA_MISTAKE, String.class).isPresent()) {
      report.skipped("Not looked at: its settings have to be mended first. See above.");
      return;
    }
    if (offline) {
      report.ok(
          "Would be written, which takes the rights Write and Describe: %s.",
          String.join(", ", topics.names()));
    } else {
      new KafkaCheck(report, new KafkaEnvironment(config))
          .run(
              topics.names(),
              config
                  .getOptionalValue("caravan.cluster", String.class)
                  .map(ControlTopicAdmin::name));
    }
    topics.notes().forEach(report::note);
  }

  private void offline(String topics) {
    try {
      new SelectorParser(TopicCatalogue.shipped())
          .parse(topics)
          .selectors()
          .forEach(selector -> report.ok("%s is a topic.", selector.topic()));
      report.skipped("Not asked: --offline.");
    } catch (SelectorException e) {
      report.failed("GENESYS_TOPICS cannot be followed. " + e.getMessage() + " Correct it.");
    }
  }

  private static List<TopicSelector> selectors(String topics) {
    try {
      return new SelectorParser(TopicCatalogue.shipped()).parse(topics).selectors();
    } catch (SelectorException toldAlready) {
      return List.of();
    }
  }

  private void data(Path folder) {
    DataFolder.problem(folder)
        .ifPresentOrElse(
            report::failed,
            () -> report.ok("%s can be written.", folder.toAbsolutePath().normalize()));
    if (Files.isDirectory(folder)) {
      try {
        report.ok(DataFolder.state(folder));
      } catch (IOException e) {
        report.skipped("What lies in it could not be looked at: %s.", DataFolder.why(e));
      }
    }
  }
}
