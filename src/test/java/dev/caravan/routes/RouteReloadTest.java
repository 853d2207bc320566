package dev.caravan.routes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.caravan.genesys.GenesysComponent;
import dev.caravan.genesys.HandOvers;
import dev.caravan.testing.MutableClock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.component.mock.MockEndpoint;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.model.RouteDefinition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("slow")
class RouteReloadTest {

  private static final Instant NOON = Instant.parse("2026-11-22T12:00:00Z");

  /** The id of forward in a file of another name. */
  private static final String MOVED =
      "- route: { id: forward, description: mine, from: { uri: direct:f, steps: [ log: hello ] } }\n";

  @TempDir private Path folder;
  private DefaultCamelContext context;
  private final MutableClock clock = new MutableClock(NOON);

  /** What a route meets that needs something. */
  /** The same each time, as of a component that remembers why it cannot start. */
  private static final RuntimeException AWAY = new IllegalStateException("What it needs is away.");

  private volatile Trouble trouble = Trouble.NONE;

  private enum Trouble {
    NONE,
    AWAY,
    UNLINKED
  }

  private RouteReload reload;
  private boolean edits = true;

  private void need() {
    if (trouble == Trouble.AWAY) {
      throw AWAY;
    }
    if (trouble == Trouble.UNLINKED) {
      throw new ServiceConfigurationError("What it is linked with is away.");
    }
  }

  @BeforeEach
  void start() throws Exception {
    write("a", "direct:a", "1");
    write("forward", "direct:forward", "1");
    write("receive", "needy:receive", "1");
    startAgain();
  }

  private void startAgain() throws Exception {
    startAgain(RouteFolder::resources);
  }

  private void startAgain(RouteReload.Trial trial) throws Exception {
    startAgain(trial, ShippedRoutes.NONE);
  }

  private void startAgain(ShippedRoutes shipped) throws Exception {
    startAgain(RouteFolder::resources, shipped);
  }

  private void startAgain(RouteReload.Trial trial, ShippedRoutes shipped) throws Exception {
    stop();
    context = new DefaultCamelContext();
    context.addComponent("needy", new Needy(this::need));
    context.start();
    reload = new RouteReload(context, new RouteFolder(folder, shipped), trial, edits, clock);
    reload.begin();
  }

  @AfterEach
  void stop() {
    if (reload != null) {
      reload.stop();
      context.stop();
    }
  }

  private Path file(String name) {
    return folder.resolve(name + ".camel.yaml");
  }

  private void write(String name, String uri, String version) throws IOException {
    Files.writeString(
        file(name),
        "- route:\n    id: %s\n    description: \"%s\"\n    from:\n      uri: %s\n      steps:\n        - log: hello\n"
            .formatted(name, version, uri));
  }

  /** Twice: what has just changed may be half of what is being written. */
  private void look() {
    reload.look();
    reload.look();
  }

  private String version(String route) {
    RouteDefinition definition = context.getRouteDefinition(route);
    return definition == null ? "none" : definition.getDescriptionText();
  }

  private boolean runs(String route) {
    return context.getRoute(route) != null
        && context.getRouteController().getRouteStatus(route).isStarted();
  }

  /** Each with what a file gives, and what a route of another file uses of it. */
  static Stream<Arguments> sharing() {
    String handler =
        """
            onException:
              - onException:
                  exception: [ java.lang.Exception ]
                  handled: { constant: "true" }
                  steps: [ { to: "mock:%s" } ]
        """;
    String route =
        """
        - route:
            id: using
            %sfrom:
              uri: direct:using
              steps:
                - throwException: { message: no, exceptionType: java.lang.IllegalStateException }
        """;
    String named = "- routeConfiguration:\n    id: shared\n" + handler;
    return Stream.of(
        Arguments.of(named, route.formatted("routeConfigurationId: shared\n    ")),
        Arguments.of(named, route.formatted("routeConfigurationId: other,sha*\n    ")),
        Arguments.of("- routeConfiguration:\n" + handler, route.formatted("")),
        Arguments.of(
            "- errorHandler: { deadLetterChannel: { deadLetterUri: \"mock:%s\" } }\n",
            route.formatted("")),
        Arguments.of(
            """
            - routeTemplate:
                id: shared
                from: { uri: direct:using, steps: [ { to: "mock:%s" } ] }
            """,
            "- templatedRoute: { routeId: using, routeTemplateRef: shared }\n"));
  }

  @ParameterizedTest
  @MethodSource("sharing")
  void anEditOfWhatRoutesOfAnotherFileUseIsAtWorkThere(String given, String using)
      throws Exception {
    Files.writeString(file("shared"), given.formatted("old"));
    Files.writeString(file("using"), using);
    startAgain();

    Files.writeString(file("shared"), given.formatted("new"));
    look();

    try (ProducerTemplate in = context.createProducerTemplate()) {
      in.sendBody("direct:using", "event");
    }
    assertThat(context.getEndpoint("mock:new", MockEndpoint.class).getReceivedCounter())
        .as("degraded: %s, broken: %s", reload.degraded(), reload.broken())
        .isEqualTo(1);
  }

  @Test
  void whatWasHandedOverAndRunsOnAsAnotherRouteCouldNotBeEndedTakesPartAgain() throws Exception {
    List<String> notes = new ArrayList<>();
    List<Path> files = List.of(file("forward"), file("receive"));
    try (DefaultCamelContext stubborn =
        new DefaultCamelContext() {
          @Override
          public void removeRouteDefinitions(Collection<RouteDefinition> routes) {
            throw new IllegalStateException("They stay.");
          }
        }) {
      GenesysComponent genesys = new GenesysComponent();
      stubborn.addComponent("genesys", genesys);
      stubborn.addComponent("needy", new Needy(this::need));
      stubborn.start();
      LoadedRoutes routes = new LoadedRoutes(stubborn);
      routes.load(files, new RouteFolder(folder, ShippedRoutes.NONE).contents().texts());
      HandOvers.note(genesys, "receive", notes);

      assertThatThrownBy(() -> routes.remove(files)).hasMessage("They stay.");

      assertThat(stubborn.getRouteController().getRouteStatus("receive").isStarted()).isTrue();
      assertThat(notes).containsExactly("leave", "stay");
    }
  }

  @Test
  void itGoesOnAfterAnErrorInARouteThatIsTriedOut() throws Exception {
    AtomicBoolean thrown = new AtomicBoolean();
    startAgain(
        texts -> {
          if (!thrown.getAndSet(true)) {
            throw new NoClassDefFoundError("once");
          }
        });
    reload.start();

    write("forward", "direct:forward", "2");
    await().until(thrown::get);
    write("forward", "direct:forward", "3");

    await().until(() -> version("forward").equals("3"));
  }

  @Test
  void ofEditsWithinAMomentTheLastCounts() throws IOException {
    write("forward", "direct:forward", "2");
    reload.look();
    write("forward", "direct:forward", "3");
    reload.look();
    assertThat(version("forward")).isEqualTo("1");

    reload.look();

    assertThat(version("forward")).isEqualTo("3");
    assertThat(runs("forward")).isTrue();
  }

  @Test
  void aFileIsReadWhenItShowsThatItWasWrittenAndEveryFiveSeconds() throws IOException {
    look();
    FileTime written = Files.getLastModifiedTime(file("forward"));
    write("forward", "direct:forward", "2");
    Files.setLastModifiedTime(file("forward"), written);

    clock.pass(Duration.ofSeconds(4));
    look();
    assertThat(version("forward")).isEqualTo("1");

    clock.pass(Duration.ofSeconds(1));
    look();
    assertThat(version("forward")).isEqualTo("2");

    Path next = folder.resolve("next");
    Files.writeString(next, Files.readString(file("forward")).replace("\"2\"", "\"3\""));
    Files.setLastModifiedTime(next, written);
    Files.move(next, file("forward"), StandardCopyOption.REPLACE_EXISTING);
    look();
    assertThat(version("forward")).isEqualTo("3");
  }

  @Test
  void aFileThatIsEmptyIsBeingWritten() throws IOException {
    String shipped = Files.readString(file("forward"));
    Files.writeString(file("forward"), "");
    look();
    assertThat(version("forward")).isEqualTo("1");
    assertThat(reload.problem().orElseThrow()).contains("forward.camel.yaml is empty");

    Files.writeString(file("forward"), shipped);
    look();

    assertThat(reload.problem()).isEmpty();
    assertThat(runs("forward")).isTrue();
  }

  @Test
  void halfAFileKeepsTheOldRouteUntilTheOtherHalfIsThere() throws IOException {
    write("forward", "direct:forward", "2");
    String whole = Files.readString(file("forward"));
    Files.writeString(file("forward"), whole.substring(0, whole.indexOf("uri:") + 2));
    look();
    assertThat(version("forward")).isEqualTo("1");
    assertThat(runs("forward")).isTrue();
    assertThat(reload.problem().orElseThrow()).contains("forward.camel.yaml");

    Files.writeString(file("forward"), whole);
    look();

    assertThat(version("forward")).isEqualTo("2");
    assertThat(reload.problem()).isEmpty();
  }

  @Test
  void filesThatCannotBeReadForAWhileAreNoAlarmThatStays() throws IOException {
    Path aside = folder.resolve("aside");
    Files.move(file("forward"), aside);
    Files.createDirectory(file("forward"));
    look();
    assertThat(reload.problem().orElseThrow()).contains("forward.camel.yaml is a folder");
    assertThat(runs("forward")).isTrue();

    Files.delete(file("forward"));
    Files.move(aside, file("forward"));
    look();

    assertThat(reload.problem()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aFolderThatWasAwayIsNoAlarmThatStays(boolean follows) throws Exception {
    edits = follows;
    startAgain();
    Path aside = folder.resolveSibling(folder.getFileName() + "-aside");

    Files.move(folder, aside);
    look();
    assertThat(reload.degraded())
        .singleElement()
        .asString()
        .contains("The folder with the routes cannot be read")
        .doesNotContain("edit");

    Files.move(aside, folder);
    look();

    assertThat(reload.degraded()).isEmpty();
    assertThat(runs("forward")).isTrue();
  }

  @Test
  void aRouteThatMovesToAFileThatSortsBeforeItsOwnRunsOn() throws IOException {
    Files.move(file("forward"), file("before"));
    look();

    assertThat(runs("forward")).isTrue();
    assertThat(reload.problem()).isEmpty();
    assertThat(reload.ended().sentence()).isEmpty();
  }

  @Test
  void twoFilesThatAreEditedAtOnceTakeEffectTogetherOrNotAtAll() throws IOException {
    write("a", "direct:a", "2");
    write("forward", "direct:a", "2");
    look();
    assertThat(version("a") + version("forward")).isEqualTo("11");
    assertThat(runs("a") && runs("forward")).isTrue();
    assertThat(reload.problem()).isPresent();

    write("forward", "direct:forward", "3");
    look();

    assertThat(version("a") + version("forward")).isEqualTo("23");
    assertThat(reload.problem()).isEmpty();
  }

  @Test
  void routesOfATemplateRunAndAreReplacedAndEndWithTheirFile() throws Exception {
    Files.writeString(file("calls"), template("1", "one", "two"));
    look();
    assertThat(runs("one") && runs("two")).isTrue();
    assertThat(context.getRoute("two").getEndpoint().getEndpointUri()).isEqualTo("direct://two");

    Files.writeString(file("calls"), template("2", "one"));
    look();
    assertThat(version("one") + version("two")).isEqualTo("2none");
    assertThat(context.getRouteTemplateDefinitions()).hasSize(1);
    assertThat(reload.ended().sentence("direct:two").orElseThrow()).contains("calls.camel.yaml");

    Files.writeString(file("calls"), template("3", "one").replace("- log:", "- lgo:"));
    look();
    assertThat(version("one")).isEqualTo("2");
    assertThat(reload.problem().orElseThrow()).contains("calls.camel.yaml");

    Files.delete(file("calls"));
    look();
    assertThat(context.getRoute("one")).isNull();
    assertThat(context.getRouteTemplateDefinitions()).isEmpty();
    assertThat(runs("a") && runs("forward") && runs("receive")).isTrue();
  }

  /** One that outlives its file goes on handling the failures of what is loaded later. */
  @ParameterizedTest
  @ValueSource(strings = {"id: handling\n    ", ""})
  void whatRoutesShareEndsWithItsFile(String id) throws Exception {
    String shared =
        "- routeConfiguration:\n    %sonException:\n      - onException:\n          exception: [java.io.IOException]\n          handled: { constant: \"true\" }\n"
            .formatted(id);
    Files.writeString(file("shared"), shared);
    look();
    assertThat(context.getRouteConfigurationDefinitions()).hasSize(1);

    Files.writeString(file("shared"), shared.replace("IOException", "FileNotFoundException"));
    look();
    assertThat(context.getRouteConfigurationDefinitions())
        .singleElement()
        .satisfies(
            it ->
                assertThat(it.getOnExceptions().get(0).getExceptions())
                    .containsExactly("java.io.FileNotFoundException"));

    Files.delete(file("shared"));
    look();
    assertThat(context.getRouteConfigurationDefinitions()).isEmpty();
    assertThat(reload.degraded()).isEmpty();
  }

  @Test
  void whatIsWrongWithATemplateTakesAlongTheRoutesOfItsFileAloneUntilItIsMended() throws Exception {
    Files.writeString(
        file("calls"), template("1", "one", "two").replace("direct:{{callName}}", "{{callName}}"));
    startAgain();

    assertThat(runs("a") && runs("forward") && runs("receive")).isTrue();
    assertThat(context.getRouteDefinitions()).hasSize(3);
    assertThat(context.getRouteTemplateDefinitions()).isEmpty();
    assertThat(reload.broken().orElseThrow()).contains("calls.camel.yaml");

    Files.writeString(file("calls"), template("2", "one", "two"));
    look();

    assertThat(runs("one") && runs("two")).isTrue();
    assertThat(reload.broken()).isEmpty();
  }

  private static String template(String version, String... routes) {
    StringBuilder text =
        new StringBuilder(
            """
            - routeTemplate:
                id: call
                parameters:
                  - name: callName
                route:
                  description: "%s"
                  from:
                    uri: direct:{{callName}}
                    steps:
                      - log: hello
            """
                .formatted(version));
    for (String route : routes) {
      text.append(
          """
          - templatedRoute:
              routeTemplateRef: call
              routeId: %1$s
              parameters:
                - name: callName
                  value: %1$s
          """
              .formatted(route));
    }
    return text.toString();
  }

  @Test
  void inThePlaceOfAFileThatIsNotThereTheShippedOneRuns() throws Exception {
    startAgain(shippedAlone("forward"));
    assertThat(version("forward")).isEqualTo("shipped");
    assertThat(runs("forward")).isTrue();

    write("forward", "direct:forward", "mine");
    look();
    assertThat(version("forward")).isEqualTo("mine");

    Files.writeString(file("forward"), "- beans: []\n");
    look();
    assertThat(context.getRoute("forward")).isNull();
    assertThat(reload.ended().sentence().orElseThrow())
        .contains("nothing does the work of forward");
  }

  /** A deploy may leave a file away for a moment. */
  @Test
  void whileTheBridgeRunsNoShippedFileTakesThePlaceOfOneThatGoesAway() throws Exception {
    ShippedRoutes shipped = shipped("forward");
    startAgain(shipped);

    Files.delete(file("forward"));
    look();
    assertThat(version("forward")).isEqualTo("none");
    assertThat(reload.ended().sentence().orElseThrow()).contains("forward.camel.yaml was taken");

    write("forward", "direct:forward", "2");
    look();
    assertThat(version("forward")).isEqualTo("2");
    assertThat(reload.ended().sentence()).isEmpty();

    Files.delete(file("forward"));
    startAgain(shipped);
    assertThat(version("forward")).isEqualTo("shipped");
  }

  @Test
  void aFileThatSaysWhatTheShippedOneSaysCanBeDeletedWhileTheBridgeRuns() throws Exception {
    ShippedRoutes shipped = shipped("forward");
    Files.writeString(file("forward"), shipped.texts().get("forward.camel.yaml"));
    startAgain(shipped);

    Files.delete(file("forward"));
    look();

    assertThat(runs("forward")).isTrue();
    assertThat(reload.ended().sentence()).isEmpty();
  }

  /** These are shipped, and not in the folder. */
  private ShippedRoutes shippedAlone(String... names) throws IOException {
    ShippedRoutes shipped = shipped(names);
    for (String name : names) {
      Files.delete(file(name));
    }
    return shipped;
  }

  private ShippedRoutes shipped(String... names) throws IOException {
    TreeMap<String, String> texts = new TreeMap<>();
    for (String name : names) {
      texts.put(name + ".camel.yaml", Files.readString(file(name)).replace("\"1\"", "\"shipped\""));
    }
    return new ShippedRoutes(texts);
  }

  /** What does not tell which routes it held, but may be those of forward and receive. */
  private enum Unknown {
    HALF,
    BOTTOMLESS,
    LINK;

    void lieAt(Path file) throws IOException {
      String named = "- route: { id: forward }\n- route: { id: receive }\n- route: ";
      switch (this) {
        case HALF -> Files.writeString(file, named + "[");
        case BOTTOMLESS -> Files.writeString(file, named + "[".repeat(100_000));
        default -> Files.createSymbolicLink(file, file.resolveSibling("nowhere"));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Unknown.class)
  void noShippedRouteRunsWhileAFileThatMayHoldItCannotBeRead(Unknown unknown) throws Exception {
    for (boolean follows : List.of(true, false)) {
      edits = follows;
      write("forward", "direct:forward", "1");
      write("receive", "needy:receive", "1");
      ShippedRoutes shipped = shippedAlone("forward", "receive");
      Files.deleteIfExists(file("mine"));
      unknown.lieAt(file("mine"));
      startAgain(shipped);

      assertThat(runs("a")).isTrue();
      assertThat(runs("forward") || runs("receive")).isFalse();
      assertThat(reload.broken().orElseThrow())
          .containsOnlyOnce("forward.camel.yaml, receive.camel.yaml do not run")
          .contains("mine.camel.yaml");
      assertThat(reload.away("direct:forward")).isPresent();

      Files.delete(file("mine"));
      Files.writeString(file("mine"), MOVED);
      look();

      assertThat(version("forward") + " " + version("receive")).isEqualTo("mine shipped");
      assertThat(reload.broken()).isEmpty();
    }
  }

  /** What sends waits, for it may be the wrong one that does; what reads does not. */
  @Test
  void aBrokenFileKeepsTheShippedOneOfItsRoutesAloneFromRunning() throws Exception {
    ShippedRoutes shipped = shippedAlone("forward", "receive");
    Files.writeString(file("mine"), MOVED + "- route: [");
    startAgain(shipped);

    assertThat(version("forward") + " " + version("receive")).isEqualTo("none shipped");
    assertThat(reload.broken().orElseThrow()).contains("forward.camel.yaml do not run");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n", "# - route: { id: forward }\n"})
  void aFileWithoutContentHoldsUpNothing(String nothing) throws Exception {
    for (boolean follows : List.of(true, false)) {
      edits = follows;
      write("forward", "direct:forward", "1");
      ShippedRoutes shipped = shippedAlone("forward");
      Files.writeString(file("mine"), nothing);
      startAgain(shipped);

      assertThat(version("forward")).isEqualTo("shipped");
      assertThat(reload.broken().orElseThrow()).contains("mine.camel.yaml is empty");

      Files.writeString(file("mine"), MOVED);
      look();

      assertThat(version("forward")).isEqualTo("mine");
      assertThat(reload.broken()).isEmpty();
    }
  }

  /** A deploy may leave a file away for a moment. */
  @ParameterizedTest
  @ValueSource(strings = {"mine", "forward"})
  void theShippedRouteRunsWhenABrokenFileThatHeldItUpStaysAway(String name) throws Exception {
    for (boolean follows : List.of(true, false)) {
      edits = follows;
      clock.turnTo(NOON);
      write("forward", "direct:forward", "1");
      ShippedRoutes shipped = shippedAlone("forward");
      Files.writeString(file(name), MOVED + "- route: [");
      startAgain(shipped);

      Files.delete(file(name));
      look();
      clock.turnTo(NOON.plusSeconds(119));
      look();
      assertThat(version("forward")).isEqualTo("none");
      assertThat(reload.broken().orElseThrow()).contains(name + ".camel.yaml was taken away");

      clock.turnTo(NOON.plusSeconds(121));
      look();
      assertThat(version("forward")).isEqualTo("shipped");
      assertThat(reload.broken()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aBrokenFileThatWasAwayForAMomentRunsWhenItComesBackMended(boolean follows) throws Exception {
    edits = follows;
    ShippedRoutes shipped = shippedAlone("forward");
    Files.writeString(file("mine"), MOVED + "- route: [");
    startAgain(shipped);

    Files.delete(file("mine"));
    look();
    Files.writeString(file("mine"), MOVED);
    look();

    assertThat(version("forward")).isEqualTo("mine");
    assertThat(reload.broken()).isEmpty();
  }

  @Test
  void aShippedRouteThatRunsRunsOnWhenAnotherFileBreaks() throws Exception {
    startAgain(shippedAlone("forward"));

    Files.writeString(file("a"), "");
    look();

    assertThat(runs("forward") && runs("a")).isTrue();
    assertThat(reload.broken()).isEmpty();
    assertThat(reload.problem().orElseThrow()).contains("a.camel.yaml is empty");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aShippedRouteThatRunsGivesWayToAFileThatIsMended(boolean follows) throws Exception {
    edits = follows;
    ShippedRoutes shipped = shippedAlone("forward");
    write("mine", "nosuch:x", "1");
    startAgain(shipped);
    assertThat(version("forward")).isEqualTo("shipped");

    Files.writeString(file("mine"), MOVED);
    look();

    assertThat(version("forward")).isEqualTo("mine");
    assertThat(runs("forward")).isTrue();
    assertThat(reload.broken()).isEmpty();
    assertThat(reload.ended().sentence().orElseThrow())
        .contains("mine.camel.yaml was edited", "nothing does the work of forward");
  }

  @Test
  void aRouteThatMovedToAnotherFileLeavesOutTheShippedOne() throws Exception {
    ShippedRoutes shipped = shipped("forward");
    Files.move(file("forward"), file("mine"));
    startAgain(shipped);

    assertThat(version("forward")).isEqualTo("1");
    assertThat(reload.broken()).isEmpty();
  }

  @Test
  void aRouteIdThatExistsAlreadyIsRefused() throws IOException {
    Files.writeString(
        file("third"), Files.readString(file("forward")).replace("direct:forward", "direct:third"));
    look();

    assertThat(reload.problem().orElseThrow())
        .contains("forward.camel.yaml", "third.camel.yaml", "route id forward");
    assertThat(context.getRoute("forward").getEndpoint().getEndpointUri())
        .isEqualTo("direct://forward");

    Files.delete(file("third"));
    look();

    assertThat(reload.problem()).isEmpty();
    assertThat(runs("forward")).isTrue();
  }

  @Test
  void whatNobodyDoesAnyMoreIsNamedUntilSomebodyDoesItAgain() throws IOException {
    String forward = Files.readString(file("forward"));
    Files.delete(file("forward"));
    Files.writeString(file("a"), "# nothing\n- beans: []\n");
    look();

    assertThat(reload.ended().sentence("direct:forward").orElseThrow())
        .contains("forward.camel.yaml was taken away at 2026-11-22T12:00:00Z", "Put the file back");
    assertThat(reload.ended().sentence().orElseThrow())
        .contains("a.camel.yaml was edited at", "the work of a any more");

    Files.writeString(file("forward"), forward.replace("id: forward", "id: forward2"));
    write("a", "direct:a", "2");
    look();

    assertThat(reload.ended().sentence()).isEmpty();
    assertThat(runs("forward2")).isTrue();
  }

  @ParameterizedTest
  @EnumSource(names = {"AWAY", "UNLINKED"})
  void whenNotEvenTheOldRouteCanBeStartedTheNewOneWaitsAndIsTriedAgain(Trouble met)
      throws IOException {
    trouble = met;
    write("receive", "needy:receive", "2");
    look();
    assertThat(runs("receive")).isFalse();
    assertThat(reload.broken().orElseThrow()).contains("receive.camel.yaml", "is away");
    assertThat(runs("a") && runs("forward")).isTrue();

    itIsThereAgain();

    assertThat(version("receive")).isEqualTo("2");
    assertThat(reload.problem()).isEmpty();
  }

  private void itIsThereAgain() {
    trouble = Trouble.NONE;
    clock.turnTo(NOON.plusSeconds(10));
    look();

    assertThat(runs("receive")).isTrue();
    assertThat(reload.broken()).isEmpty();
  }

  @Test
  void whatIsWrongWithAFileTakesAlongItsOwnRoutesAlone() throws Exception {
    for (String broken :
        List.of(
            "- route: [",
            "- route:\n    id: forward\n    from:\n      uri: nosuch:x\n      steps: []\n",
            Files.readString(file("a")),
            "")) {
      Files.writeString(file("forward"), broken);
      startAgain();

      assertThat(runs("receive")).as(broken).isTrue();
      assertThat(runs("a")).as(broken).isTrue();
      assertThat(runs("forward")).as(broken).isFalse();
      assertThat(reload.broken().orElseThrow()).contains("forward.camel.yaml");
    }

    write("forward", "direct:forward", "2");
    look();

    assertThat(runs("forward")).isTrue();
    assertThat(reload.broken()).isEmpty();
  }

  @Test
  void aFileThatIsEditedIsNotHeldUpByOneThatNeverRan() throws Exception {
    Files.writeString(file("forward"), "- route: [");
    startAgain();

    write("a", "direct:a", "2");
    look();

    assertThat(version("a")).isEqualTo("2");
    assertThat(reload.problem()).isEmpty();
    assertThat(reload.broken()).isPresent();
  }

  @ParameterizedTest
  @EnumSource(names = {"AWAY", "UNLINKED"})
  void aRouteThatCannotStartKeepsNoOtherFromRunningAndIsTriedAgain(Trouble met) throws Exception {
    trouble = met;
    startAgain();

    assertThat(runs("a") && runs("forward")).isTrue();
    assertThat(reload.broken().orElseThrow()).contains("receive.camel.yaml", "is away");

    itIsThereAgain();
  }

  @Test
  void afterAnErrorInAnEditTheOldRoutesRun() throws IOException {
    trouble = Trouble.UNLINKED;
    write("forward", "needy:forward", "2");
    look();

    assertThat(version("forward")).isEqualTo("1");
    assertThat(runs("forward") && runs("receive")).isTrue();
    assertThat(reload.problem().orElseThrow())
        .contains("linked with is away", "forward.camel.yaml");
  }

  @Test
  void anErrorWhileAnEditIsTriedOutIsToldAndTheOldRoutesRunOn() throws Exception {
    startAgain(
        texts -> {
          throw new ServiceConfigurationError("once");
        });

    write("forward", "direct:forward", "2");
    look();

    assertThat(version("forward")).isEqualTo("1");
    assertThat(reload.problem().orElseThrow()).contains("once", "forward.camel.yaml");
  }

  @Test
  void aSpoolThatAnotherProcessHasIsNoFaultOfTheFilesAndIsSaidOnce() throws Exception {
    String spool = "spool:events?directory=" + folder.resolve("spool");
    try (DefaultCamelContext other = new DefaultCamelContext()) {
      other.start();
      other.getEndpoint(spool).createProducer().start();
      write("a", spool, "1");
      write("forward", spool, "1");
      startAgain();

      assertThat(reload.broken()).isEmpty();
      assertThat(reload.dataProblem().orElseThrow())
          .containsOnlyOnce("is in use by another process")
          .endsWith("a directory of its own. It is tried again every 10 s.");
      assertThat(runs("a") || runs("forward")).isFalse();
      assertThat(runs("receive")).isTrue();
    }

    write("forward", "direct:forward", "1");
    look();

    assertThat(reload.dataProblem()).isEmpty();
    assertThat(runs("a") && runs("forward")).isTrue();
  }

  @Test
  void whatEditorsLeaveIsNoRouteAndWhatLooksMeantIsNoAlarm() throws IOException {
    String forward = Files.readString(file("forward"));
    Files.writeString(folder.resolve("._forward.camel.yaml"), "\u0000\u0005");
    Files.writeString(folder.resolve("forward~.camel.yaml"), forward);
    Files.writeString(folder.resolve("extra.yaml"), forward);
    Files.createDirectory(file("folder"));
    look();

    assertThat(reload.problem()).isEmpty();
    assertThat(reload.broken()).isEmpty();
    assertThat(runs("forward")).isTrue();
  }

  @Test
  void aRouteThatSomebodyStoppedIsTold() throws Exception {
    assertThat(reload.degraded()).isEmpty();

    context.getRouteController().stopRoute("forward");

    assertThat(reload.degraded())
        .singleElement()
        .asString()
        .contains("were stopped and do nothing: forward");
  }
}
