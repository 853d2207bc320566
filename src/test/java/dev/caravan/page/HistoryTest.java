package dev.caravan.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class HistoryTest {

  private final History history = new History();

  private void sample(long at, Map<String, Double> media) {
    history.add(new History.Sample(at, Map.of("media", media)));
  }

  @Test
  void aSeriesThatComesLateOrGoesHasNoNumbersWhereItWasNotThere() {
    sample(1, Map.of("voice", 1.0));
    sample(2, Map.of("voice", 2.0, "chat", 5.0));
    sample(3, Map.of("chat", 6.0));

    History.Chart chart = history.charts().get("media");

    assertThat(chart.at()).containsExactly(1L, 2L, 3L);
    assertThat(chart.series().get("voice")).containsExactly(1.0, 2.0, null);
    assertThat(chart.series().get("chat")).containsExactly(null, 5.0, 6.0);
  }

  @Test
  void anHourIsKept() {
    for (int i = 0; i < History.MOST_SAMPLES + 5; i++) {
      sample(i, Map.of("voice", 1.0));
    }

    assertThat(history.charts().get("media").at()).hasSize(History.MOST_SAMPLES).startsWith(5L);
  }
}
