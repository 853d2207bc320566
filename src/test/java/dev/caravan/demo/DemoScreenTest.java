package dev.caravan.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class DemoScreenTest {

  private final StringWriter shown = new StringWriter();

  @Test
  void aTerminalSeesATableOfTopicsAndMediaWithRates() {
    DemoScreen screen = new DemoScreen(new PrintWriter(shown), true);
    add(screen, 3, "genesys.conversations.voice", "voice");
    screen.show("flowing", Duration.ofSeconds(1));
    add(screen, 4, "genesys.conversations.voice", "voice");
    add(screen, 1, "genesys.presence", "-");

    screen.show("flowing", Duration.ofSeconds(3));

    assertThat(plain(shown).lines().skip(3))
        .containsExactly(
            "KAFKA TOPIC                          MEDIA           RECORDS   A SECOND",
            "genesys.conversations.voice          voice                 7        2.0",
            "genesys.presence                     -                     1        0.5",
            "0:03  8 records, the bridge is flowing");
  }

  @Test
  void theTableIsDrawnOverItself() {
    DemoScreen screen = new DemoScreen(new PrintWriter(shown), true);
    add(screen, 1, "genesys.presence", "-");

    screen.show("flowing", Duration.ofSeconds(1));
    screen.show("flowing", Duration.ofSeconds(2));

    assertThat(shown.toString()).containsOnlyOnce("\u001b[3A");
  }

  @Test
  void whatIsSaidIsNotDrawnOver() {
    DemoScreen screen = new DemoScreen(new PrintWriter(shown), true);

    screen.show("flowing", Duration.ofSeconds(1));
    screen.say("Ending %s", "the bridge");
    screen.show("flowing", Duration.ofSeconds(2));

    assertThat(shown.toString())
        .contains("Ending the bridge")
        .doesNotContain("A\u001b", "\u001b[2A");
  }

  @Test
  void aLongSentenceOfTheBridgeIsCutSoThatTheTableStaysInPlace() {
    DemoScreen screen = new DemoScreen(new PrintWriter(shown), true);

    screen.show("broken: " + "because ".repeat(20), Duration.ofSeconds(1));

    assertThat(plain(shown).lines()).allMatch(line -> line.length() <= 80);
    assertThat(shown.toString()).contains("the bridge is broken: because").contains("…");
  }

  @Test
  void elsewhereALineIsPrintedEveryFiveSeconds() {
    DemoScreen screen = new DemoScreen(new PrintWriter(shown), false);
    add(screen, 2, "genesys.conversations.chat", "chat");

    for (int second = 1; second <= 11; second++) {
      screen.show("flowing", Duration.ofSeconds(second));
    }

    assertThat(shown.toString().lines())
        .containsExactly(
            "  5 s  2 records  genesys.conversations.chat[chat]=2  bridge: flowing",
            " 10 s  2 records  genesys.conversations.chat[chat]=2  bridge: flowing");
  }

  private static void add(DemoScreen screen, int times, String topic, String media) {
    for (int i = 0; i < times; i++) {
      screen.count(topic, media);
    }
  }

  private static String plain(StringWriter shown) {
    return shown.toString().replaceAll("\u001b\\[\\d*[A-Z]", "");
  }
}
