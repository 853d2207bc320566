package dev.caravan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.testing.Pages;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Links of the pages lead where they say, names in them exist, and the README finds every page. */
class DocumentationTest {

  private static final Path README = Path.of("README.md");
  private static final Path SOURCES = Path.of("src/main/java/dev/caravan");
  private static final Pattern LINK = Pattern.compile("]\\(([^)\\s]+)\\)");
  private static final Pattern HEADING = Pattern.compile("(?m)^#{1,6} +(.+?) *$");
  private static final Pattern PLACE = Pattern.compile("<a id=\"([^\"]+)\"></a>");
  private static final Pattern FENCE = Pattern.compile("(?ms)^```.*?^```$");
  private static final Pattern DRAWING = Pattern.compile("(?ms)^```mermaid\nflowchart (.*?)^```$");
  private static final Pattern RESERVED =
      Pattern.compile("(?:^ *|> )(?:call|click|href|end|default)(?=\\[| +-| *$)");
  private static final Pattern CLASS =
      Pattern.compile("`([a-z]+)\\.([A-Z][A-Z0-9]*[a-z]\\w*)[^`]*`");

  private static List<Path> pages() {
    return Pages.all();
  }

  /** A page without what stands between fences, where brackets are no links and # no headings. */
  private static String prose(Path page) {
    return FENCE.matcher(Pages.text(page)).replaceAll("");
  }

  private static Stream<String> ownLinks(Path page) {
    return LINK.matcher(prose(page))
        .results()
        .map(link -> link.group(1))
        .filter(link -> !link.matches("[a-z]+:.*"));
  }

  private static Path target(Path page, String link) {
    String file = link.replaceFirst("#.*", "");
    return file.isEmpty() ? page : page.resolveSibling(file).normalize();
  }

  /** What may stand behind a # for this page, by GitHub's rule for headings. */
  private static Set<String> anchors(Path page) {
    Set<String> anchors = new TreeSet<>();
    Map<String, Integer> seen = new HashMap<>();
    Matcher heading = HEADING.matcher(prose(page));
    while (heading.find()) {
      String slug =
          heading
              .group(1)
              .replaceAll("\\[([^]]*)]\\([^)]*\\)", "$1")
              .toLowerCase(Locale.ROOT)
              .replaceAll("[^\\p{L}\\p{N} _-]", "")
              .replace(' ', '-');
      int before = seen.merge(slug, 1, Integer::sum) - 1;
      anchors.add(before == 0 ? slug : slug + "-" + before);
    }
    PLACE.matcher(prose(page)).results().map(place -> place.group(1)).forEach(anchors::add);
    return anchors;
  }

  @ParameterizedTest
  @MethodSource("pages")
  void everyLinkLeadsSomewhere(Path page) {
    for (String link : ownLinks(page).toList()) {
      Path target = target(page, link);
      assertThat(target).as("%s in %s", link, page).exists();
      if (link.contains("#")) {
        assertThat(anchors(target)).as("%s in %s", link, page).contains(link.replaceAll(".*#", ""));
      }
    }
  }

  @Test
  void everyPageIsFoundFromTheReadme() {
    Set<Path> found = new TreeSet<>(Set.of(README));
    List<Path> toRead = new ArrayList<>(found);
    while (!toRead.isEmpty()) {
      Path page = toRead.remove(0);
      ownLinks(page)
          .map(link -> target(page, link))
          .filter(target -> target.toString().endsWith(".md") && found.add(target))
          .forEach(toRead::add);
    }

    assertThat(pages())
        .filteredOn(page -> !page.startsWith(".github"))
        .isNotEmpty()
        .allMatch(found::contains);
  }

  /** A class is named with its package, as in {@code gap.GapLedger}. */
  @ParameterizedTest
  @MethodSource("pages")
  void everyClassThatIsNamedExists(Path page) {
    CLASS
        .matcher(prose(page))
        .results()
        .filter(name -> Files.isDirectory(SOURCES.resolve(name.group(1))))
        .forEach(
            name ->
                assertThat(SOURCES.resolve(name.group(1)).resolve(name.group(2) + ".java"))
                    .as("%s in %s", name.group(), page)
                    .exists());
  }

  /** Such a drawing is shown as an error only. */
  @ParameterizedTest
  @MethodSource("pages")
  void noNodeOfADrawingIsCalledLikeAWordOfMermaid(Path page) {
    assertThat(
            DRAWING
                .matcher(Pages.text(page))
                .results()
                .flatMap(drawing -> drawing.group(1).lines())
                .map(line -> line.replaceAll("\"[^\"]*\"", ""))
                .filter(line -> !line.strip().equals("end")))
        .noneMatch(line -> RESERVED.matcher(line).find());
  }

  @Test
  void theReadmeIsShortAndSaysAtOnceWhenEventBridgeIsTheBetterChoice() {
    List<String> readme = Pages.text(README).lines().toList();

    assertThat(readme).hasSizeLessThanOrEqualTo(120);
    assertThat(readme.subList(0, 5)).anyMatch(line -> line.contains("EventBridge"));
  }
}
