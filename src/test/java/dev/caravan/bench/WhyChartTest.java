package dev.caravan.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.simulator.fault.Scenario;
import dev.caravan.testing.Pages;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The page says, and its pictures show, what was measured. */
class WhyChartTest {

  private static final String PAGE = Pages.text(WhyBench.FOLDER.resolveSibling("why.md"));

  private static Set<String> scenarios() {
    return WhyBench.SCENARIOS.keySet();
  }

  @ParameterizedTest
  @MethodSource("scenarios")
  void thePictureShowsTheFigures(String name) {
    String figures = Pages.text(WhyBench.FOLDER.resolve(name + ".csv"));

    assertThat(Pages.text(WhyBench.FOLDER.resolve(name + ".svg")))
        .isEqualTo(WhyChart.draw(figures));
  }

  @ParameterizedTest
  @MethodSource("scenarios")
  void thePageTellsTheFigures(String name) {
    String figures = Pages.text(WhyBench.FOLDER.resolve(name + ".csv"));
    int sent = sum(figures, 1);

    assertThat(PAGE)
        .contains("(why/" + name + ".yaml)", "(why/" + name + ".svg)")
        .contains(
            String.format(
                Locale.ROOT,
                """
                | of %,d events | naive client | bridge |
                |---|---|---|
                | not heard | %d | %d |
                | calls | %d | %d |
                | of them refused | %d | %d |
                """,
                sent,
                sent - sum(figures, 2),
                sent - sum(figures, 3),
                sum(figures, 4),
                sum(figures, 5),
                sum(figures, 6),
                sum(figures, 7)));
  }

  @ParameterizedTest
  @MethodSource("scenarios")
  void theScenarioCanBePlayed(String name) {
    assertThat(Scenario.load(WhyBench.FOLDER.resolve(name + ".yaml")).timeline()).isNotEmpty();
  }

  private static int sum(String figures, int column) {
    return figures
        .lines()
        .skip(1)
        .mapToInt(line -> Integer.parseInt(line.split(",")[column]))
        .sum();
  }
}
