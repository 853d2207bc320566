package dev.caravan.dryrun;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caravan.PrivateFiles;
import dev.caravan.command.CommandFailure;
import dev.caravan.settings.Settings;
import dev.caravan.simulator.CentreSize;
import dev.caravan.simulator.OauthClient;
import dev.caravan.simulator.Simulator;
import dev.caravan.simulator.SimulatorOptions;
import dev.caravan.simulator.Traffic;
import io.smallrye.config.SmallRyeConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(300)
class RecordingTest {

  private static final int MANY = 100;

  @TempDir private Path folder;

  private Path file() {
    return folder.resolve("frames.jsonl");
  }

  private static byte[] frame(String topic, String body) {
    return FrameTrialTest.frame(topic, body).getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void eachFrameIsALineAndOnlyTheOwnerCanReadTheFile() throws IOException {
    byte[] one = frame("v2.users.u.presence", "{\"a\":\n\t1}");
    try (Recording recording = new Recording(file(), Optional.empty(), MANY, MANY)) {
      recording.add(one);
      recording.add(
          "{\"topicName\":\"channel.metadata\",\"eventBody\":{}}".getBytes(StandardCharsets.UTF_8));
      recording.add(one);
    }

    List<RecordedFrame> frames = RecordedFrame.in(file());
    assertThat(frames).extracting(RecordedFrame::line).containsExactly(1, 2);
    assertThat(frames.get(0).bytes())
        .isEqualTo(
            new String(one, StandardCharsets.UTF_8)
                .replace('\n', ' ')
                .getBytes(StandardCharsets.UTF_8));
    assertThat(PrivateFiles.isWide(file())).isFalse();
  }

  @Test
  void ofEachKindAndInAllItTakesSoManyAndNoMore() {
    try (Recording recording = new Recording(file(), Optional.empty(), 2, 3)) {
      for (int i = 0; i < 5; i++) {
        recording.add(frame("v2.users.u.presence", "{}"));
      }
      assertThat(recording.count()).isEqualTo(2);
      assertThat(recording.isFull()).isFalse();
      recording.add(frame("v2.users.u.routingStatus", "{}"));
      recording.add(frame("v2.users.u.station", "{}"));

      assertThat(recording.isFull()).isTrue();
      assertThat(recording.kinds())
          .containsExactlyInAnyOrderEntriesOf(
              Map.of("v2.users.{id}.presence", 2, "v2.users.{id}.routingStatus", 1));
    }
  }

  @Test
  void aFileThatIsThereIsNotTouchedAndNothingLeavesNone() throws IOException {
    new Recording(file(), Optional.empty(), MANY, MANY).close();
    assertThat(file()).doesNotExist();
    Files.writeString(file(), "mine");

    assertThatThrownBy(() -> new Recording(file(), Optional.empty(), MANY, MANY))
        .isInstanceOf(CommandFailure.class)
        .hasMessageContaining("is there already");
    assertThat(file()).content().isEqualTo("mine");
  }

  @Test
  void whatAnOrgSendsIsRecordedOverAChannelThatIsEmptiedAtTheEnd() throws Exception {
    try (Simulator org = org();
        Recording recording =
            new Recording(file(), Optional.of(new Mask(new byte[] {1})), Long.MAX_VALUE, 20)) {

      new OrgRecorder(settings(org), Optional.of("v2.routing.queues.*.conversations"))
          .record(recording, Duration.ofMinutes(1), () -> {});

      assertThat(recording.count()).isEqualTo(20);
      assertThat(recording.kinds())
          .allSatisfy(
              (kind, count) -> assertThat(kind).startsWith("v2.routing.queues.{id}.conversations"));
      assertThat(org.callCounts())
          .containsKey("DELETE /api/v2/notifications/channels/{id}/subscriptions");
    }
    assertThat(RecordedFrame.in(file())).hasSize(20);
    assertThat(file()).content().contains("masked-").doesNotContain("tel:+3");
  }

  @Test
  void anOrgThatRefusesIsToldAtOnce() {
    try (Simulator org = org();
        Recording recording = new Recording(file(), Optional.empty(), MANY, MANY)) {
      Map<String, String> wrong = Map.of("GENESYS_CLIENT_SECRET", "wrong");

      assertThatThrownBy(
              () ->
                  new OrgRecorder(settings(org, wrong), Optional.empty())
                      .record(recording, Duration.ofHours(1), () -> {}))
          .isInstanceOf(CommandFailure.class)
          .hasMessageContaining("refused the credentials");
      assertThatThrownBy(
              () ->
                  new OrgRecorder(settings(org), Optional.of("v2.users.[name=Nobody].presence"))
                      .record(recording, Duration.ofHours(1), () -> {}))
          .isInstanceOf(CommandFailure.class)
          .hasMessageContaining("Nothing matches v2.users.[name=Nobody].presence");
    }
  }

  private static Simulator org() {
    return Simulator.start(
        SimulatorOptions.defaults()
            .withCentre(CentreSize.of(20))
            .withTraffic(Traffic.times(600))
            .withClient(new OauthClient("me", "secret")));
  }

  private static SmallRyeConfig settings(Simulator org) {
    return settings(org, Map.of());
  }

  private static SmallRyeConfig settings(Simulator org, Map<String, String> more) {
    Map<String, String> all =
        new HashMap<>(
            Map.of(
                "GENESYS_LOGIN_URL",
                org.url(),
                "GENESYS_API_URL",
                org.url(),
                "GENESYS_CLIENT_ID",
                "me",
                "GENESYS_CLIENT_SECRET",
                "secret"));
    all.putAll(more);
    return Settings.of(all);
  }
}
