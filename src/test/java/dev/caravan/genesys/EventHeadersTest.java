package dev.caravan.genesys;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.frame.EventId;
import dev.caravan.frame.Frame;
import dev.caravan.frame.Media;
import dev.caravan.testing.MutableClock;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultMessage;
import org.junit.jupiter.api.Test;

class EventHeadersTest {

  private static final String QUEUE = "0e185c02-aca1-4a72-82ea-2e78684e2c89";

  private final EventHeaders headers =
      new EventHeaders("https://api.mypurecloud.ie", new MutableClock());

  private Map<String, Object> of(Frame.Notification event) {
    DefaultMessage message = new DefaultMessage(new DefaultCamelContext());
    headers.set(message, event, "id-1");
    return message.getHeaders();
  }

  @Test
  void aConversationEventHasAllThatSaysSomething() {
    Frame.Notification event =
        new Frame.Notification(
            "v2.routing.queues." + QUEUE + ".conversations",
            "correlation",
            new EventId(1, 2),
            EnumSet.of(Media.VOICE, Media.MESSAGE),
            Media.MESSAGE,
            "whatsapp",
            "conversation-1",
            "conversations.message");

    assertThat(of(event))
        .containsExactlyInAnyOrderEntriesOf(
            Map.ofEntries(
                Map.entry("ce_specversion", "1.0"),
                Map.entry("ce_id", "id-1"),
                Map.entry("ce_source", "https://api.mypurecloud.ie"),
                Map.entry("ce_type", "com.genesys.cloud.v2.routing.queues.{id}.conversations"),
                Map.entry("ce_subject", "conversation-1"),
                Map.entry("ce_time", "2026-03-01T08:00:00Z"),
                Map.entry("content-type", "application/json"),
                Map.entry("genesys-topic", "v2.routing.queues." + QUEUE + ".conversations"),
                Map.entry("genesys-correlation-id", "correlation"),
                Map.entry("genesys-media", "message"),
                Map.entry("genesys-media-all", "voice,message"),
                Map.entry("genesys-message-type", "whatsapp"),
                Map.entry("CamelGenesysKey", "conversation-1"),
                Map.entry("CamelGenesysStream", "conversations.message")));
  }

  @Test
  void whatSaysNothingIsLeftOut() {
    Frame.Notification event =
        new Frame.Notification(
            "v2.users." + QUEUE + ".presence",
            "",
            new EventId(1, 2),
            Set.of(),
            Media.UNKNOWN,
            "",
            "user-1",
            "presence");

    assertThat(of(event))
        .doesNotContainKeys(
            "genesys-correlation-id", "genesys-media", "genesys-media-all", "genesys-message-type");
  }

  @Test
  void oneMediumIsNotSaidTwice() {
    Frame.Notification event =
        new Frame.Notification(
            "v2.users." + QUEUE + ".conversations",
            "",
            new EventId(1, 2),
            Set.of(Media.VOICE),
            Media.VOICE,
            "",
            "c",
            "conversations.voice");

    assertThat(of(event))
        .containsEntry("genesys-media", "voice")
        .doesNotContainKey("genesys-media-all");
  }

  @Test
  void aTopicThatNobodyKnowsHasATypeWithoutIds() {
    Frame.Notification event =
        new Frame.Notification(
            "v2.brand.new." + QUEUE + ".things",
            "",
            new EventId(1, 2),
            Set.of(),
            Media.UNKNOWN,
            "",
            "k",
            "other");

    assertThat(of(event).get("ce_type").toString())
        .startsWith("com.genesys.cloud.v2.brand.new.")
        .doesNotContain(QUEUE);
  }
}
