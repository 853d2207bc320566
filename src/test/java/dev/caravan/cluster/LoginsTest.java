package dev.caravan.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LoginsTest {

  private static final List<String> CLIENTS = List.of("north", "west");

  private static Logins told(Map<String, Boolean> can) {
    return new Logins(can, Set.of());
  }

  private static List<String> present(Logins... told) {
    return Logins.present(CLIENTS, List.of(told));
  }

  @Test
  void whoIsNotKnownToBeRefusedIsPresent() {
    assertThat(present(Logins.NONE)).isEqualTo(CLIENTS);
    assertThat(present(told(Map.of("north", true)), Logins.NONE)).isEqualTo(CLIENTS);
  }

  @Test
  void whoIsRefusedWhereItWasTriedIsNotPresent() {
    assertThat(present(told(Map.of("west", false)), Logins.NONE)).containsExactly("north");
    assertThat(present(told(Map.of("west", false)), told(Map.of("west", false))))
        .containsExactly("north");
  }

  @Test
  void whoCanLogInAtOneInstanceIsPresentWhateverOthersSay() {
    assertThat(present(told(Map.of("west", false)), told(Map.of("west", true)))).isEqualTo(CLIENTS);
  }

  @Test
  void ifNobodyCanAllAreAskedFor() {
    assertThat(present(told(Map.of("north", false, "west", false)))).isEqualTo(CLIENTS);
  }
}
