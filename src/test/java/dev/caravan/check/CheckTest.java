package dev.caravan.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.demo.LocalBroker;
import dev.caravan.settings.Settings;
import dev.caravan.simulator.OauthClient;
import dev.caravan.simulator.Simulator;
import dev.caravan.simulator.SimulatorOptions;
import dev.caravan.simulator.Traffic;
import dev.caravan.simulator.fault.Action;
import dev.caravan.simulator.fault.Fault;
import dev.caravan.testing.Routes;
import dev.caravan.testing.SharedKafka;
import dev.caravan.testing.TestBroker;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("slow")
@Execution(ExecutionMode.CONCURRENT)
class CheckTest {

  private static final String SECRET = "kW9-check-secret-Zt4";

  @TempDir private Path folder;
  private final Map<String, String> environment = new HashMap<>();
  private Simulator genesys;
  private Path routes;
  private Path data;
  private boolean passed;
  private List<String> lines = List.of();

  @BeforeEach
  void start() throws IOException {
    genesys =
        Simulator.start(
            SimulatorOptions.defaults()
                .withTraffic(Traffic.NONE)
                .withClient(new OauthClient("me", SECRET)));
    routes = Routes.copyTo(folder);
    data = folder.resolve("data");
    environment.putAll(
        Map.of(
            "GENESYS_LOGIN_URL", genesys.url(),
            "GENESYS_API_URL", genesys.url(),
            "GENESYS_CLIENT_ID", "me",
            "GENESYS_CLIENT_SECRET", SECRET,
            "KAFKA_BOOTSTRAP_SERVERS", SharedKafka.bootstrapServers(),
            "CARAVAN_TOPIC_PREFIX", SharedKafka.uniquePrefix(),
            "CARAVAN_ROUTES_DIR", routes.toString(),
            "CARAVAN_DATA_DIR", data.toString()));
  }

  @AfterEach
  void stop() {
    assertThat(genesys.channels()).isZero();
    assertThat(genesys.callCounts()).doesNotContainKey("POST /api/v2/notifications/channels");
    assertThat(lines).noneMatch(line -> line.contains(SECRET));
    assertThat(lines)
        .filteredOn(line -> !line.contains("becomes a dead letter"))
        .noneMatch(line -> line.matches(".*(Exception|java\\.|org\\.apache).*"));
    genesys.close();
  }

  @Test
  void aBridgeThatWouldRunIsToldStepByStep() {
    check();

    assertThat(passed).isTrue();
    assertThat(lines).noneMatch(line -> line.contains("FAILED"));
    assertThat(parts()).containsExactly("Settings", "Genesys Cloud", "Kafka", "Routes", "Data");
    assertThat(lines)
        .contains(
            "  ok      GENESYS_API_URL=" + genesys.url(),
            "  ok      Set, and not shown: GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET.",
            "  ok      Login at %1$s, API at %1$s.".formatted(genesys.url()),
            "  ok      Logged in; a token is good for 1440 min.",
            "  ok      %s can be written.".formatted(data));
    assertThat(lines)
        .anyMatch(
            line -> line.matches("  ok      v2\\.routing\\.queues\\.\\*\\.conv.*: \\d+ topics\\."))
        .anyMatch(
            line -> line.matches("  ok      \\d+ topics as \\d+ subscriptions on 1 channel\\."))
        .anyMatch(line -> line.matches("  ok      127\\.0\\.0\\.1:\\d+ answers; 1 broker.*"))
        .anyMatch(line -> line.matches("  ok      \\d+ routes in .*routes can be built\\."));
    assertThat(lines).last().isEqualTo("The bridge would run.");
    assertThat(data).doesNotExist();
  }

  @Test
  void aTokenThatEndsBeforeItsChannelsCanHandOverIsWarnedOf() {
    genesys.perform(
        new Action.SetClient(new OauthClient("me", SECRET).withTokenLife(Duration.ofSeconds(10))));

    check();

    assertThat(passed).isTrue();
    assertThat(lines).anyMatch(line -> line.contains("A token is good for 10 s only"));
  }

  @Test
  void eachOauthClientIsLookedAtAndNamed() {
    genesys.perform(new Action.SetClient(new OauthClient("of west", SECRET)));
    environment.put("GENESYS_CLIENTS_WEST_ID", "of west");
    environment.put("GENESYS_CLIENTS_WEST_SECRET", SECRET);
    environment.put("GENESYS_CLIENTS_EAST_ID", "of east");
    environment.put("GENESYS_CLIENTS_EAST_SECRET", SECRET);
    environment.put("GENESYS_CLIENTS_HALF_ID", "of half");

    check();

    assertThat(passed).isFalse();
    assertThat(lines)
        .contains(
            "  ok      Set, and not shown: GENESYS_CLIENTS_EAST_ID, GENESYS_CLIENTS_EAST_SECRET,"
                + " GENESYS_CLIENTS_HALF_ID, GENESYS_CLIENTS_WEST_ID, GENESYS_CLIENTS_WEST_SECRET, GENESYS_CLIENT_ID,"
                + " GENESYS_CLIENT_SECRET.",
            "  ok      OAuth client default: Logged in; a token is good for 1440 min.",
            "  ok      OAuth client default: 0 of 20 channels are there.",
            "  ok      OAuth client west: Logged in; a token is good for 1440 min.")
        .anyMatch(
            line ->
                line.startsWith(
                        "  FAILED  OAuth client east: Genesys Cloud refused the credentials")
                    && line.contains("Check GENESYS_CLIENTS_EAST_ID, GENESYS_CLIENTS_EAST_SECRET"))
        .anyMatch(
            line ->
                line.contains("GENESYS_CLIENTS_HALF_ID is set without GENESYS_CLIENTS_HALF_SECRET"))
        .anyMatch(line -> line.contains("OAuth client west: v2.routing.queues.{id}.conversations"))
        .noneMatch(line -> line.contains("is no setting of Caravan"));
  }

  @Test
  void whatComesOutOfTheRoutesIsToldForEachKindOfEvent() {
    environment.put("GENESYS_TOPICS", "v2.routing.queues.*.conversations,v2.users.*?presence");
    environment.put("GENESYS_MEDIA", "voice");
    String prefix = environment.get("CARAVAN_TOPIC_PREFIX");

    check();

    assertThat(passed).isTrue();
    assertThat(lines)
        .anyMatch(
            line ->
                line.matches(
                    "  ok      v2\\.routing\\.queues\\.\\{id}\\.conversations \\(voice\\) goes to "
                        + prefix
                        + "conversations\\.voice, key [0-9a-f-]{36}\\."))
        .anyMatch(
            line ->
                line.matches(
                    "  ok      v2\\.routing\\.queues\\.\\{id}\\.conversations \\(email\\) is filtered out"
                        + " by keep-media of route receive \\(.*/receive\\.camel\\.yaml, line \\d+\\)\\."))
        .anyMatch(
            line ->
                line.matches(
                    "  ok      v2\\.users\\.\\{id}\\.presence goes to "
                        + prefix
                        + "presence, key [0-9a-f-]{36}\\."));
  }

  @Test
  void aRouteThatMakesDeadLettersOfEventsIsToldWithItsStepAndLine() throws IOException {
    Path receive = routes.resolve("receive.camel.yaml");
    Files.writeString(
        receive,
        Files.readString(receive)
            .replace(
                "              - to:\n                  id: to-spool",
                "              - unmarshal:\n                  json: {}\n"
                    + "              - to:\n                  id: to-spool"));

    check();

    fails(
        "v2.routing.queues.{id}.conversations (voice) becomes a dead letter: InvalidPayloadException");
    assertThat(lines)
        .anyMatch(
            line ->
                line.matches(
                    ".* at step to-spool of route receive \\(.*receive.camel.yaml, line \\d+\\)\\."));
  }

  @Test
  void aWrongSecretIsToldAndTriedOnce() {
    environment.put("GENESYS_CLIENT_SECRET", "not-the-secret");

    check();

    fails("Genesys Cloud refused the credentials");
    assertThat(genesys.callCounts()).containsOnlyKeys("POST /oauth/token");
    assertThat(genesys.callCounts().get("POST /oauth/token")).isEqualTo(1);
    assertThat(lines).noneMatch(line -> line.contains("not-the-secret"));
  }

  @Test
  void missingCredentialsAreNamed() {
    environment.remove("GENESYS_CLIENT_ID");
    environment.put("GENESYS_CLIENT_SECRET", "");

    check();

    fails("No credentials: set GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET");
  }

  @Test
  void aGenesysCloudThatCannotBeReachedIsTold() {
    environment.put("GENESYS_LOGIN_URL", "http://127.0.0.1:1");

    check();

    fails("Cannot connect to the login endpoint");
  }

  @Test
  void theProxyIsToldWithoutItsPassword() {
    environment.put("GENESYS_LOGIN_URL", "https://login.company.test");
    environment.put("GENESYS_API_URL", "https://api.company.test");
    environment.put("HTTPS_PROXY", "http://pat:hunter2@127.0.0.1:1");

    check();

    assertThat(lines)
        .contains(
            "  ok      The API and the sockets are reached through the proxy 127.0.0.1:1, with a"
                + " login.")
        .noneMatch(line -> line.contains("hunter2"));
    fails("Connect to http://127.0.0.1:1 failed");
  }

  @Test
  void aTypoOfTheRegionIsToldBeforeAnybodyIsCalled() {
    environment.remove("GENESYS_LOGIN_URL");
    environment.remove("GENESYS_API_URL");
    environment.put("GENESYS_REGION", "mypurecloud.ei");

    check();

    fails("Did you mean mypurecloud.ie?");
    assertThat(lines).contains("  -       Not looked at: the region is not known. See above.");
  }

  @Test
  void aValueThatCannotBeUsedIsTold() {
    environment.put("GENESYS_TOPICS_REFRESH", "soon");
    environment.put("GENESYS_BREAKER_WAIT", "long");

    check();

    fails("GENESYS_BREAKER_WAIT is \"long\", but it must be a whole number");
    assertThat(lines).noneMatch(line -> line.contains("REFRESH=soon"));
    fails("GENESYS_TOPICS_REFRESH is \"soon\", but it must be a duration");
  }

  @Test
  void aVariableThatNobodyKnowsIsNoted() {
    environment.put("KAFKA_BOOTSTRAP_SERVER", "typo:9092");

    check();

    assertThat(passed).isTrue();
    assertThat(lines)
        .anyMatch(line -> line.contains("note    KAFKA_BOOTSTRAP_SERVER is no setting"));
  }

  @Test
  void aSelectorWithATypoIsAnsweredWithTheNearest() {
    environment.put("GENESYS_TOPICS", "v2.routing.queues.*.conversation");

    check();

    fails("GENESYS_TOPICS cannot be followed.");
    assertThat(lines)
        .anyMatch(line -> line.contains("did you mean `v2.routing.queues.*.conversations`"));
  }

  @Test
  void aSelectorThatMatchesNothingFailsOnlyIfItIsTheOnlyOne() {
    environment.put("GENESYS_TOPICS", "v2.routing.queues.[name=Nowhere].conversations");
    check();
    fails("Nothing matches v2.routing.queues.[name=Nowhere].conversations");

    environment.merge("GENESYS_TOPICS", "v2.users.*.presence", (a, b) -> a + "," + b);
    check();

    assertThat(passed).isTrue();
    assertThat(lines)
        .anyMatch(line -> line.startsWith("  note    Nothing matches v2.routing.queues.[name=Now"));
  }

  @Test
  void aPermissionThatListingLacksIsNamed() {
    genesys.arm(Fault.status("GET /api/v2/routing/queues", 403));

    check();

    fails("Queues and users cannot be listed. Genesys Cloud refused (403");
    assertThat(lines).anyMatch(line -> line.contains("routing:queue:view for queues"));
  }

  @Test
  void whatTopicsDemandIsTold() {
    environment.put(
        "GENESYS_TOPICS",
        "v2.analytics.queues.*.observations,v2.users.*.workforcemanagement.adherence");

    check();

    assertThat(passed).isTrue();
    assertThat(lines)
        .anyMatch(
            line ->
                line.contains(
                    "v2.analytics.queues.{id}.observations demands"
                        + " analytics:queueObservation:view and"
                        + " analytics:conversationAggregate:view."))
        .anyMatch(
            line -> line.matches(".*adherence demands wfm:\\S+ or wfm:\\S+ or wfm:\\S+\\. .*"));
  }

  @Test
  void kafkaThatDoesNotAnswerIsTold() {
    environment.put("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1");

    check();

    fails("Kafka at 127.0.0.1:1 does not answer. Check KAFKA_BOOTSTRAP_SERVERS");
  }

  @Test
  void kafkaWhoseNameIsNotKnownIsTold() {
    environment.put("KAFKA_BOOTSTRAP_SERVERS", "kafka.invalid:9092");

    check();

    fails("Kafka cannot be used:");
  }

  @Test
  void topicsThatNobodyWouldCreateAreNamed() {
    try (LocalBroker strict =
        LocalBroker.start(TestBroker.settings().with("auto.create.topics.enable", "false"))) {
      environment.put("KAFKA_BOOTSTRAP_SERVERS", strict.bootstrapServers());
      environment.put("CARAVAN_TOPIC_PREFIX", "p.");

      check();

      fails(
          "these are missing: p.conversations.chat, p.conversations.cobrowse,"
              + " p.conversations.details, p.conversations.message, p.conversations.screenshare,"
              + " p.conversations.voice, p.dead-letters, p.signals.");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"receive.camel.yaml", "control.camel.yaml"})
  void brokenYamlIsNamedByFileLineAndColumn(String file) throws IOException {
    edit(file, "steps:", "steps: ]");

    check();

    fails("Broken YAML in " + routes.resolve(file) + ", line ");
    assertThat(lines).anyMatch(line -> line.matches(".*FAILED .*, line \\d+, column \\d+: .*"));
    boolean control = file.startsWith("control");
    assertThat(lines.stream().anyMatch(line -> line.contains("Logged in"))).isEqualTo(!control);
  }

  @Test
  void everyBrokenFileIsNamedAtOnce() throws IOException {
    edit("receive.camel.yaml", "steps:", "stepps:");
    edit("forward.camel.yaml", "steps:", "steps: ]");

    check();

    assertThat(lines.stream().filter(line -> line.contains("Broken YAML in"))).hasSize(2);
    assertThat(lines).last().asString().contains("2 things to mend");
  }

  @Test
  void aRouteWithAComponentThatDoesNotExistIsNamed() throws IOException {
    edit("forward.camel.yaml", "uri: kafka:", "uri: kavka:");

    check();

    fails("kavka");
    assertThat(lines).anyMatch(line -> line.contains("forward.camel.yaml"));
  }

  @Test
  void anUnknownMediaTypeIsTold() {
    environment.put("GENESYS_MEDIA", "voice,fax");

    check();

    fails("\"fax\" is no media type");
  }

  @Test
  void topicsThatARouteNamesItselfAreTheOnesLookedUp() throws IOException {
    edit("receive.camel.yaml", "\"#property:genesys.topics\"", "v2.users.*.presence");

    check();

    assertThat(passed).isTrue();
    assertThat(lines).anyMatch(line -> line.startsWith("  ok      v2.users.*.presence: "));
  }

  @Test
  void theTopicsThatTheRoutesWriteToAreTheOnesLookedUp() throws IOException {
    String prefix = environment.get("CARAVAN_TOPIC_PREFIX");
    environment.put("GENESYS_MEDIA", "voice,email");

    check();

    assertThat(passed).isTrue();
    String kafka = String.join(" ", kafka());
    assertThat(kafka)
        .contains(
            prefix + "conversations.voice",
            prefix + "conversations.email",
            prefix + "conversations.details",
            prefix + "signals",
            prefix + "dead-letters",
            "Route forward chooses the Kafka topic for each record")
        .doesNotContain(prefix + "other");
  }

  @Test
  void aTopicThatAnEditedRouteOverridesIsLookedUpInsteadOfTheShippedOne() throws IOException {
    String prefix = environment.get("CARAVAN_TOPIC_PREFIX");
    edit(
        "forward.camel.yaml",
        "simple: \"\\{\\{caravan.topic.prefix}}\\$\\{header.CamelGenesysStream}\"",
        "simple: " + prefix + "all-in-one");
    edit(
        "signals.camel.yaml",
        "kafka:\\{\\{caravan.topic.prefix}}signals",
        "kafka:" + prefix + "mine");
    environment.put("GENESYS_BACKFILL", "false");

    check();

    assertThat(String.join(" ", kafka()))
        .contains(prefix + "all-in-one", prefix + "mine", prefix + "dead-letters")
        .doesNotContain(prefix + "conversations", prefix + "signals", "chooses");
  }

  @Test
  void aRouteWithCamelsOwnNamesForTopicAndKeyIsUnderstoodAsWell() throws IOException {
    String prefix = environment.get("CARAVAN_TOPIC_PREFIX");
    edit("forward.camel.yaml", "genesys-kafka-topic", "kafka.OVERRIDE_TOPIC");
    edit("forward.camel.yaml", "genesys-kafka-key", "kafka.KEY");

    check(true);

    assertThat(String.join(" ", kafka()))
        .contains(prefix + "conversations.voice", "chooses the Kafka topic for each record");
    assertThat(lines).anyMatch(line -> line.matches(".* goes to .*, key [0-9a-f-]{36}\\."));
  }

  @Test
  void whichFilesReplaceShippedOnesAndOfWhatVersionIsTold() throws IOException {
    edit("forward.camel.yaml", "Caravan 0.1.0", "Caravan 0.0.9");
    edit("receive.camel.yaml", "# Shipped with Caravan 0.1.0", "");
    Files.delete(routes.resolve("dead-letters.camel.yaml"));

    check(true);

    assertThat(passed).isTrue();
    assertThat(lines)
        .contains(
            "  note    %s replaces the shipped one of Caravan 0.1.0; it was made from that of 0.0.9."
                .formatted(routes.resolve("forward.camel.yaml")),
            "  note    %s replaces the shipped one of Caravan 0.1.0; it does not say of which version it was made."
                .formatted(routes.resolve("receive.camel.yaml")),
            "  ok      Of these files %s has none, so the shipped ones run: dead-letters.camel.yaml."
                .formatted(routes))
        .noneMatch(line -> line.contains("control.camel.yaml"));
    assertThat(String.join(" ", kafka()))
        .contains(environment.get("CARAVAN_TOPIC_PREFIX") + "dead-letters");
  }

  @Test
  void thatShippedFilesWaitForOneThatIsBrokenIsToldBesideWhereItIsBroken() throws IOException {
    Files.delete(routes.resolve("receive.camel.yaml"));
    Files.writeString(routes.resolve("mine.camel.yaml"), "- route: { id: receive, [");

    check(true);

    assertThat(passed).isFalse();
    assertThat(lines)
        .anyMatch(line -> line.contains("Broken YAML in " + routes.resolve("mine.camel.yaml")))
        .anyMatch(line -> line.contains("shipped receive.camel.yaml do not run"))
        .noneMatch(line -> line.contains("the shipped ones run"));
  }

  @Test
  void offlineNobodyIsAsked() {
    environment.put("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9");
    environment.put("GENESYS_CLIENT_SECRET", "");

    check(true);

    assertThat(passed).isTrue();
    assertThat(genesys.calls()).isEmpty();
    assertThat(String.join(" ", kafka()))
        .contains(
            environment.get("CARAVAN_TOPIC_PREFIX") + "conversations.voice", "Write and Describe");
  }

  @Test
  void offlineAMistakeInSettingsRoutesOrTopicsIsToldAllTheSame() throws IOException {
    environment.put("CARAVAN_SPOOL_WHEN_FULL", "blok");
    environment.put("GENESYS_TOPICS", "v2.routing.qeues.*.conversations");

    check(true);

    fails("CARAVAN_SPOOL_WHEN_FULL is \"blok\"");
    fails("GENESYS_TOPICS cannot be followed.");
  }

  @Test
  void theCommandsForKafkaNameTopicsAndRights() {
    String prefix = environment.get("CARAVAN_TOPIC_PREFIX");

    assertThat(Check.kafkaTopics(Settings.of(environment)))
        .anyMatch(
            line ->
                line.matches(
                    "kafka-topics.sh .* --create .*" + prefix + "conversations\\.details .*"))
        .anyMatch(
            line ->
                line.matches(
                    "kafka-acls.sh .*--operation Write .*--topic " + prefix + " .*prefixed"));
  }

  @Test
  void theCommandsForKafkaInventNeitherUserNorLogin() {
    assertThat(Check.kafkaTopics(Settings.of(environment)))
        .contains("# Put in the users' names in place of BRIDGE and READER.")
        .noneMatch(line -> line.contains("--command-config"));
    environment.put("KAFKA_SASL_USERNAME", "someone");
    environment.put("KAFKA_SASL_PASSWORD", SECRET);

    assertThat(Check.kafkaTopics(Settings.of(environment)))
        .contains(
            "# Put in the users' names in place of BRIDGE and READER, and in place of"
                + " admin.properties a file with your own login.")
        .filteredOn(line -> !line.startsWith("#"))
        .isNotEmpty()
        .allMatch(line -> line.contains(" --command-config admin.properties "))
        .noneMatch(line -> line.contains(SECRET) || line.contains("someone"));
  }

  private List<String> kafka() {
    int from = lines.indexOf("Kafka");
    return lines.subList(from, lines.indexOf("Routes"));
  }

  @Test
  void whatLiesInTheDataFolderIsToldBelowIt() throws IOException {
    Files.createDirectory(data);

    check();

    assertThat(lines)
        .containsSubsequence(
            "Data",
            "  ok      %s can be written.".formatted(data),
            "  ok      Records that wait: none (0 B on disk). Gaps not closed yet: none. No bridge is"
                + " running on it.");
    assertThat(data).isEmptyDirectory();
  }

  @Test
  void aDataFolderThatCannotBeWrittenIsTold() throws IOException {
    Files.createFile(data);

    check();

    fails(data + " is a file, not a folder");
  }

  private void check() {
    check(false);
  }

  private void check(boolean offline) {
    StringWriter out = new StringWriter();
    passed = new Check(Settings.of(environment), new PrintWriter(out), offline).run();
    lines = out.toString().lines().toList();
  }

  private List<String> parts() {
    return lines.subList(0, lines.size() - 1).stream()
        .filter(line -> line.matches("[A-Z].*"))
        .toList();
  }

  private void fails(String sentence) {
    assertThat(passed).isFalse();
    assertThat(lines).anyMatch(line -> line.startsWith("  FAILED  ") && line.contains(sentence));
    assertThat(lines).last().asString().startsWith("The bridge would not run: ");
  }

  private void edit(String file, String before, String after) throws IOException {
    Path edited = routes.resolve(file);
    Files.writeString(
        edited, Files.readString(edited).replaceFirst(before.replace("#", "\\#"), after));
  }

  @Test
  void aStepThatLetsGoTooSoonAndAFileThatIsNotReadAreNamed() throws IOException {
    edit("forward.camel.yaml", "        - filter:", "        - to: seda:later\n        - filter:");
    Files.writeString(routes.resolve("extra.yaml"), "");

    check();

    assertThat(lines)
        .anyMatch(
            line ->
                line.matches(".*forward\\.camel\\.yaml, line \\d+: .*handed on to seda:later.*"))
        .anyMatch(line -> line.contains("extra.yaml is not read"));
  }
}
