package dev.caravan.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class RouteFolderTest {

  private static final String ROUTE =
      "- route:\n    id: %s\n    from:\n      uri: direct:%s\n      steps: []\n";

  private final SortedMap<Path, String> texts = new TreeMap<>();

  @Test
  void aRouteIdInTwoFilesIsRefusedAndBothAreNamed() {
    texts.put(Path.of("a.camel.yaml"), ROUTE.formatted("signals", "a"));
    texts.put(Path.of("b.camel.yaml"), ROUTE.formatted("signals", "b"));

    assertThatThrownBy(() -> RouteFolder.resources(texts))
        .isInstanceOf(CommandFailure.class)
        .hasMessageContainingAll("signals", "a.camel.yaml", "b.camel.yaml");
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
}
