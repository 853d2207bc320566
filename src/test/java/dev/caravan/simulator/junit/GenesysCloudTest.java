package dev.caravan.simulator.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caravan.simulator.Guest;
import dev.caravan.simulator.Simulator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

@GenesysCloud("options: {centre: {agents: 3}, traffic: {on: false}}")
class GenesysCloudTest {

  private Simulator before;

  @BeforeEach
  void isThereBeforeTheTest(Simulator genesys) {
    before = genesys;
  }

  @AfterEach
  void isThereAfterTheTest(Simulator genesys) {
    assertThat(new Guest(genesys).requestToken("demo", "demo").status()).isEqualTo(200);
  }

  @Test
  void isSetUpByTheScenarioAtTheClass(Simulator genesys) {
    assertThat(genesys).isSameAs(before);
    assertThat(genesys.organization().agents()).hasSize(3);
  }

  @Test
  @GenesysCloud(file = "src/test/resources/dev/caravan/simulator/five-agents.yaml")
  void isSetUpByTheFileAtTheTest(Simulator genesys) {
    assertThat(genesys.organization().agents()).hasSize(5);
  }

  @Nested
  class Inside {

    @Test
    void isThatOfTheClassAround(Simulator genesys) {
      assertThat(genesys.organization().agents()).hasSize(3);
    }
  }

  @Test
  void eachTestHasOneOfItsOwnWhichIsClosedAfterIt() {
    Seen.ALL.clear();

    assertThat(Trial.of(Seen.class)).isEmpty();

    assertThat(Seen.ALL).hasSize(2).doesNotHaveDuplicates();
    assertThatThrownBy(() -> new Guest(Seen.ALL.get(0)).login()).hasMessageContaining("Connect");
  }

  @Test
  void whatCannotBeHadIsASentence() {
    assertThat(Trial.of(TooEarly.class))
        .singleElement()
        .asString()
        .contains("ask for it in a test, @BeforeEach or @AfterEach.");
    assertThat(Trial.of(Both.class)).singleElement().asString().contains("Name one of them.");
  }

  /** Run by a test above, never by itself: the build looks for names that end in Test or IT. */
  @GenesysCloud
  static class Seen {

    private static final List<String> ALL = new CopyOnWriteArrayList<>();

    @Test
    void one(Simulator genesys) {
      ALL.add(genesys.url());
    }

    @Test
    void another(Simulator genesys) {
      ALL.add(genesys.url());
    }
  }

  @GenesysCloud
  static class TooEarly {

    @BeforeAll
    static void setUp(Simulator genesys) {
      throw new AssertionError("there is " + genesys);
    }

    @Test
    void test() {
      throw new AssertionError("it was set up");
    }
  }

  static class Both {

    @Test
    @GenesysCloud(value = "name: one", file = "another.yaml")
    void test() {
      throw new AssertionError("it was started");
    }
  }
}
