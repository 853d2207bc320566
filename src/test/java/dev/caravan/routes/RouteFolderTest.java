package dev.caravan.routes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caravan.command.CommandFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RouteFolderTest {

  private static final String ROUTE =
      "- route:\n    id: %s\n    from:\n      uri: direct:%s\n      steps: []\n";

  private static final ShippedRoutes RECEIVE =
      new ShippedRoutes(
          new TreeMap<>(
              Map.of(
                  "receive.camel.yaml",
                  "- route: { id: receive, from: { uri: 'genesys:notifications' } }")));

  @TempDir private Path folder;
  private final SortedMap<Path, String> texts = new TreeMap<>();

  /** What is found beside one file of the user. */
  private RouteFolder.Contents beside(String mine) throws IOException {
    Files.writeString(folder.resolve("mine.camel.yaml"), mine);
    return new RouteFolder(folder, RECEIVE).contents();
  }

  @Test
  void aRouteIdInTwoFilesIsRefusedAndBothAreNamed() {
    texts.put(Path.of("a.camel.yaml"), ROUTE.formatted("signals", "a"));
    texts.put(Path.of("b.camel.yaml"), ROUTE.formatted("signals", "b"));

    assertThatThrownBy(() -> RouteFolder.resources(texts))
        .isInstanceOf(CommandFailure.class)
        .hasMessageContainingAll("signals", "a.camel.yaml", "b.camel.yaml");
  }

  @Test
  void aRouteOfATemplateHasAnIdToo() {
    texts.put(Path.of("a.camel.yaml"), ROUTE.formatted("signals", "a"));
    texts.put(
        Path.of("b.camel.yaml"),
        "- templatedRoute:\n    routeTemplateRef: call\n    routeId: signals\n");

    assertThatThrownBy(() -> RouteFolder.resources(texts)).hasMessageContaining("signals");
  }

  @Test
  void theIdOfWhatRoutesShareInTwoFilesIsRefusedUnlessItIsARoutes() {
    String shared = "- routeConfiguration: { id: a, onException: [] }";
    texts.put(Path.of("a.camel.yaml"), ROUTE.formatted("a", "a"));
    texts.put(Path.of("b.camel.yaml"), shared);
    assertThat(RouteFolder.resources(texts)).hasSize(2);

    texts.put(Path.of("c.camel.yaml"), shared);

    assertThatThrownBy(() -> RouteFolder.resources(texts))
        .hasMessageContaining("The route configuration id a stands in b.camel.yaml and in c.camel");
  }

  @Test
  void filesOfDifferentRoutesAreRead() {
    texts.put(Path.of("a.camel.yaml"), ROUTE.formatted("one", "a"));
    texts.put(Path.of("b.camel.yaml"), ROUTE.formatted("two", "b"));

    assertThat(RouteFolder.resources(texts)).hasSize(2);
  }

  @Test
  void whatIsNoYamlIsLeftToCamelWhichSaysWhereItIsWrong() {
    texts.put(Path.of("a.camel.yaml"), "- route: [");

    assertThat(RouteFolder.resources(texts)).hasSize(1);
  }

  @Test
  void hiddenFilesBackupsAndFoldersAreSkippedAndWhatLooksMeantIsNamed() throws IOException {
    for (String name :
        List.of(
            "a.camel.yaml",
            "._a.camel.yaml",
            ".#a.camel.yaml",
            "#a.camel.yaml#",
            "a.camel.yaml~",
            "a~.camel.yaml",
            "a.camel.yaml.bak",
            "extra.yaml",
            "b.camel.yml",
            "c.camel.yaml.txt",
            "README.md")) {
      Files.writeString(folder.resolve(name), ROUTE.formatted(name, name));
    }
    Files.createDirectory(folder.resolve("d.camel.yaml"));
    Files.createSymbolicLink(folder.resolve("e.camel.yaml"), folder.resolve("nowhere"));

    RouteFolder.Contents contents = new RouteFolder(folder, ShippedRoutes.NONE).contents();

    assertThat(contents.texts()).containsOnlyKeys(folder.resolve("a.camel.yaml"));
    assertThat(contents.unreadable()).containsOnlyKeys(folder.resolve("e.camel.yaml"));
    assertThat(contents.notRead())
        .extracting(file -> file.getFileName().toString())
        .containsExactly("b.camel.yml", "c.camel.yaml.txt", "d.camel.yaml", "extra.yaml");
  }

  @Test
  void aRouteIdThatStandsTwiceInOneFileIsRefused() {
    texts.put(Path.of("a.camel.yaml"), ROUTE.formatted("one", "a") + ROUTE.formatted("one", "b"));

    assertThatThrownBy(() -> RouteFolder.resources(texts)).hasMessageContaining("twice");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "- route: { id: mine, from: { uri: 'genesys:notifications?topics=a' } }",
        "- route: { id: mine, from: 'genesys://notifications' }",
        "- from: { uri: genesys:notifications, steps: [] }",
        "- route: { from: { uri: genesys, parameters: { operation: notifications } } }",
        "- route: { from: { uri: 'genesys:{{what}}' } }",
        "- routeTemplate: { id: t, from: { uri: '{{input}}' } }",
        "- route: { id: receive, from: { uri: 'timer:x' } }"
      })
  void aShippedFileIsLeftOutIfAnotherHasItsIdOrReadsWhatItReads(String mine) throws IOException {
    RouteFolder.Contents contents = beside(mine);

    assertThat(contents.texts()).containsOnlyKeys(folder.resolve("mine.camel.yaml"));
    assertThat(contents.shipped()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "- route: { from: { uri: 'genesys:signals', steps: [ to: 'genesys:notifications' ] } }",
        "- route: { id: mine, from: { uri: 'direct:{{what}}' } }",
        "[]"
      })
  void aShippedFileRunsIfNoOtherDoesWhatItDoes(String mine) throws IOException {
    assertThat(beside(mine).shipped()).containsExactly(folder.resolve("receive.camel.yaml"));
  }

  @Test
  void noShippedFileIsReadWhereAMountThatFailedLeftAFolder() throws IOException {
    Files.writeString(folder.resolve("a.camel.yaml"), ROUTE.formatted("a", "a"));
    Files.createDirectory(folder.resolve("mine.camel.yaml"));

    RouteFolder.Contents contents = new RouteFolder(folder, RECEIVE).contents();

    assertThat(contents.texts()).containsOnlyKeys(folder.resolve("a.camel.yaml"));
    assertThat(contents.unreadable().get(folder.resolve("receive.camel.yaml")))
        .contains("receive.camel.yaml do not run", "mine.camel.yaml");
  }

  /** What sends waits on disk; what is not read is lost. */
  @Test
  void aBrokenForwardHoldsUpNoShippedFileThatDoesOtherWork() throws IOException {
    ShippedRoutes shipped = ShippedRoutes.ofThisVersion();
    Path forward = folder.resolve("forward.camel.yaml");
    Files.writeString(forward, shipped.text(forward) + "\n- route: [");

    RouteFolder.Contents contents = new RouteFolder(folder, shipped).contents();

    assertThat(RouteFolder.names(contents.texts().keySet()))
        .contains("backfill", "control", "receive", "signals");
  }

  @Test
  void aForwardThatCannotBeReadHoldsUpNoShippedFileThatDoesOtherWork() throws IOException {
    Files.createSymbolicLink(folder.resolve("forward.camel.yaml"), folder.resolve("nowhere"));

    RouteFolder.Contents contents =
        new RouteFolder(folder, ShippedRoutes.ofThisVersion()).contents();

    assertThat(RouteFolder.names(contents.texts().keySet()))
        .contains("backfill", "control", "receive", "signals");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "# - route: { id: receive, from: { uri: 'genesys:notifications' } }",
        "---\n",
        "- route: [",
        "spec: { flows: [] }",
        "- route: { id: reader, from: { uri: 'genesys:gaps' ] }",
        "- route: { from: { uri: 'spool:events', parameters: [ } }",
        "- route: { id: receive-too, from: { uri: 'timer:receive' ] }"
      })
  void aShippedFileRunsIfNothingInABrokenOneSpeaksOfItsRoutes(String broken) throws IOException {
    RouteFolder.Contents contents = beside(broken);

    assertThat(contents.texts()).containsKey(folder.resolve("receive.camel.yaml"));
    assertThat(contents.unreadable()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "- route: { id: receive, from: [",
        "- \"route\": { \"id\": \"receive\", [",
        "- templatedRoute: { routeId: 'receive', [",
        "- route: { from: { uri: 'genesys:notifications?topics=a' ]",
        "- route: { from: 'genesys://notifications' ]",
        "- from: { uri: genesys, parameters: { operation: notifications } ]",
        "- route: { from: { uri: 'genesys:{{what}}' ]",
        "- route:\n    from:\n      uri: \"{{input}}\"\n      steps: [",
        "spec: { flows: [ { route: { from: { uri: 'genesys:notifications' } } } ] }"
      })
  void aShippedFileIsHeldUpIfABrokenOneSpeaksOfItsRoutes(String broken) throws IOException {
    RouteFolder.Contents contents = beside(broken);

    assertThat(contents.texts()).containsOnlyKeys(folder.resolve("mine.camel.yaml"));
    assertThat(contents.unreadable().get(folder.resolve("receive.camel.yaml")))
        .contains("receive.camel.yaml do not run", "mine.camel.yaml");
  }

  @Test
  void ofShippedFilesOnlyThoseThatAnEventMayComeToAreForEvents() throws IOException {
    Path shipped = Path.of("routes");
    RouteFolder all = new RouteFolder(shipped);
    SortedMap<Path, String> texts = new TreeMap<>(all.contents().texts());

    assertThat(RouteFolder.names(all.forEvents(texts).keySet()))
        .isEqualTo("dead-letters.camel.yaml, forward.camel.yaml, receive.camel.yaml");

    Path mine = shipped.resolve("mine.camel.yaml");
    texts.put(mine, "- beans: []");
    assertThat(all.forEvents(texts)).hasSize(4).containsKey(mine);
    texts.put(mine, "- from: { uri: spool:x, steps: [ { to: direct:genesys-api } ] }");
    assertThat(all.forEvents(texts)).containsKey(shipped.resolve("control.camel.yaml"));
    for (String chosen :
        List.of("toD: direct:x", "to: direct:{{x}}", "to: { uri: direct, parameters: {} }")) {
      texts.put(mine, "- from: { uri: spool:x, steps: [ { " + chosen + " } ] }");
      assertThat(all.forEvents(texts)).as(chosen).isEqualTo(texts);
    }
  }
}
