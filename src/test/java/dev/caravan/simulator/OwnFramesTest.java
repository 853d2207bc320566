package dev.caravan.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.caravan.simulator.fault.Action;
import dev.caravan.simulator.fault.Scenario;
import dev.caravan.simulator.session.Frames;
import dev.caravan.topic.Topic;
import dev.caravan.topic.TopicCatalogue;
import dev.caravan.topic.Violations;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the stand-in says besides the contact centre's day fits the official shapes as well. */
class OwnFramesTest {

  private final TopicCatalogue catalogue = TopicCatalogue.shipped();
  private final Simulator simulator =
      Simulator.start(
          Scenario.parse("options: {traffic: {on: false}, behaviour: {heartbeat: PT0.05S}}"));

  @AfterEach
  void stop() {
    simulator.close();
  }

  private void fits(JsonNode frame) {
    assertThat(frame.properties().stream().map(java.util.Map.Entry::getKey))
        .containsExactly("topicName", "version", "eventBody", "metadata");
    Topic topic = catalogue.topicOf(frame.path("topicName").asText()).orElseThrow();
    assertThat(Violations.of(topic, frame.path("eventBody"))).isEmpty();
  }

  @Test
  void systemMessagesFitTheirSchema() {
    Guest guest = new Guest(simulator).login();
    JsonNode channel = guest.channel();
    String id = channel.path("id").asText();
    Ear ear = guest.listen(channel);
    ear.awaitFrame("channel.metadata");

    simulator.perform(new Action.SocketClosing(Action.Target.ALL, null, true, 0));
    simulator.perform(new Action.NoLongerSubscribed(Action.Target.ALL, false));
    simulator.perform(new Action.SubscriptionUpdated(Action.Target.ALL));
    simulator.perform(new Action.RevokeToken(Action.Target.ALL));

    fits(ear.awaitFrame("v2.system.socket_closing"));
    fits(ear.awaitFrame("v2.subscription.updated"));
    fits(ear.awaitFrame("v2.system.no_longer_subscribed." + id));
    fits(ear.awaitFrame("v2.system.token_revoked." + id));
  }

  @Test
  void readyMadeEventsFitTheirSchemaAndSize() throws IOException {
    byte[] body = Frames.conversationOf(3_600);
    byte[] frame =
        Frames.event("v2.users.x.conversations", body, "00000000-0000-4000-8000-000000000000");

    fits(Guest.JSON.readTree(frame));
    assertThat(frame.length).isBetween(3_500, 3_700);
  }

  @Test
  void heartbeatsStopAndGoOnButPingsAreAlwaysAnswered() {
    Guest guest = new Guest(simulator).login();
    Ear ear = guest.listen(guest.channel());
    ear.awaitFrame("channel.metadata");

    simulator.perform(new Action.Heartbeats(Action.Target.ALL, false));
    ear.say("{\"message\":\"ping\"}");
    await().until(() -> ear.frames().stream().anyMatch(frame -> frame.contains("pong")));
    int silent = ear.frames().size();
    assertThat(ear.frames().get(silent - 1)).contains("pong");

    simulator.perform(new Action.Heartbeats(Action.Target.ALL, true));
    await().until(() -> ear.frames().size() > silent + 1);
  }
}
