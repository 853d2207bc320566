package dev.caravan.genesys.connect;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.genesys.BackfillRoad;
import dev.caravan.genesys.GenesysConstants;
import dev.caravan.genesys.GenesysEndpoint;
import dev.caravan.simulator.OauthClient;
import dev.caravan.testing.LogLines;
import dev.caravan.topic.Plan;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("slow")
class OwnChannelsTest {

  private static final String RELEASE = "DELETE /api/v2/notifications/channels/{id}/subscriptions";

  @TempDir private Path folder;
  private BackfillRoad road;
  private ProducerTemplate template;
  private OwnChannels channels;

  @BeforeEach
  void start() {
    road = new BackfillRoad(folder, 1, new OauthClient("channels", "secret")).start();
    template = road.context().createProducerTemplate();
    channels = channels();
  }

  private OwnChannels channels() {
    GenesysEndpoint endpoint =
        road.context().getEndpoint("genesys:notifications?topics=any", GenesysEndpoint.class);
    OwnChannels made =
        new OwnChannels(
            endpoint,
            template,
            folder,
            new Clients(List.of(Plan.DEFAULT_CLIENT)),
            Plan.DEFAULT_CLIENT,
            ConcurrentHashMap.newKeySet());
    made.start();
    return made;
  }

  @AfterEach
  void close() {
    channels.stop();
    road.close();
  }

  /** Makes a channel; returns its id. */
  private String make() {
    Exchange made = template.request("direct:genesys-create-channel", any -> {});
    assertThat(made.getException()).isNull();
    Map<?, ?> channel = made.getProperty(GenesysConstants.CHANNEL, Map.class);
    channels.made(channel, made.getProperty(GenesysConstants.TOKEN, Token.class));
    return channel.get("id").toString();
  }

  private int released() {
    return road.genesys().callCounts().getOrDefault(RELEASE, 0);
  }

  @Test
  void aChannelThatIsLeftIsEmptiedOnce() {
    String id = make();

    channels.left(id);
    channels.left(id);

    await().atMost(BackfillRoad.PATIENCE).until(() -> released() == 1);
    channels.stop();
    assertThat(released()).isEqualTo(1);
  }

  @Test
  void theRouteThatEmptiesAChannelSucceeds() {
    String id = make();

    Exchange done =
        template.request(
            "direct:genesys-release",
            exchange -> exchange.setProperty(GenesysConstants.CHANNEL, Map.of("id", id)));

    assertThat(done.getException()).isNull();
    assertThat(released()).isEqualTo(1);
  }

  @Test
  void aStopEmptiesWhatIsInUse() {
    make();
    make();

    channels.stop();

    assertThat(released()).isEqualTo(2);
  }

  @Test
  void aChannelThatIsSomebodyElsesIsLeftAlone() {
    String id = make();

    channels.lost(id);
    channels.left(id);
    channels.stop();

    assertThat(released()).isZero();
  }

  @Test
  void aFileOfNoChannelsIsNotDamaged() {
    try (LogLines log = new LogLines(OwnChannels.class.getName())) {
      channels.lost(make());
      channels.lost(make());

      assertThat(log.lines()).isEmpty();
      assertThat(folder.resolve("channels")).isEmptyFile();
    }
  }

  @Test
  void whatAnEarlierRunLeftIsEmptiedIfItIsShownAndOnlyThat() throws Exception {
    String id = make();
    template.request("direct:genesys-create-channel", any -> {});
    OwnChannels next = channels();

    next.look();

    await().atMost(BackfillRoad.PATIENCE).until(() -> released() == 1);
    next.stop();
    assertThat(released()).isEqualTo(1);
    assertThat(Files.readString(folder.resolve("channels"))).doesNotContain(id);
  }

  @Test
  void aChannelThatSomebodyElseTookIsNotTakenForAnEarlierRuns() throws Exception {
    String taken = make();
    make();

    channels.lost(taken);
    channels.look();
    OwnChannels next = channels();
    next.look();

    // The other one is the earlier run's to the next
    await().atMost(BackfillRoad.PATIENCE).until(() -> released() == 1);
    next.stop();
    assertThat(released()).isEqualTo(1);
    assertThat(Files.readAllLines(folder.resolve("channels"))).hasSize(1);
  }

  @Test
  void whatIsWholeInADamagedFileIsStillOurs() throws Exception {
    Path file = folder.resolve("channels");
    make();
    channels = channels();
    String whole = Files.readString(file);
    Files.writeString(file, whole.substring(0, 40) + "\n\u00ff\n" + whole, ISO_8859_1);

    try (LogLines log = new LogLines(OwnChannels.class.getName())) {
      channels.look();
      await().atMost(BackfillRoad.PATIENCE).until(() -> released() == 1);
      make();

      assertThat(log.lines())
          .singleElement()
          .satisfies(line -> assertThat(line).contains("channels is damaged in 2 of its lines."));
    }
    assertThat(Files.readAllLines(file)).hasSize(2).allMatch(line -> line.length() == 64);
  }

  /** By an attempt that did not end in time: the file may be somebody else's by then. */
  @Test
  void whatIsMadeAfterTheStopIsNotWrittenDown() throws Exception {
    make();
    channels.stop();
    byte[] left = Files.readAllBytes(folder.resolve("channels"));

    make();

    assertThat(folder.resolve("channels")).hasBinaryContent(left);
  }
}
