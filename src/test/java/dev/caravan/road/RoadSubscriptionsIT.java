package dev.caravan.road;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.caravan.simulator.Simulator;
import dev.caravan.simulator.fault.Action;
import dev.caravan.testing.Bridge;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Another program takes half of the subscriptions from a channel that is read: what is lost lies in
 * a gap of these topics, and they are read again on the same channel.
 */
class RoadSubscriptionsIT {

  private static final String CHANNELS = "/api/v2/notifications/channels";
  private static final List<String> KEPT = List.of(queue(1), queue(2));
  private static final List<String> TAKEN =
      List.of(queue(3), queue(4), "v2.users." + Road.USER + ".conversations");

  @TempDir Path folder;

  private static String queue(int number) {
    return "v2.routing.queues.%s%d.conversations"
        .formatted(Road.QUEUE.substring(0, Road.QUEUE.length() - 1), number);
  }

  @Test
  void whatIsTakenFromALiveChannelIsAGapLongBeforeTheNextLookIfItIsAnnounced() throws Exception {
    isAGapAndIsReadAgain(true, "4m");
  }

  @Tag("long")
  @Test
  void whatIsTakenUnannouncedTheNextLookFinds() throws Exception {
    isAGapAndIsReadAgain(false, "2s");
  }

  private void isAGapAndIsReadAgain(boolean announced, String check) throws Exception {
    try (Road road = Road.in(folder)) {
      Simulator genesys = road.genesys();
      Bridge bridge =
          road.start(
              road.settings()
                  .with(
                      "GENESYS_TOPICS",
                      String.join(",", KEPT)
                          + ","
                          + String.join(",", TAKEN.subList(0, 2))
                          + ",v2.users."
                          + Road.USER
                          + "?conversations&presence")
                  .with("GENESYS_SUBSCRIPTIONS_CHECK", check)
                  .with("GENESYS_BACKFILL", "false"));
      bridge.awaitReady();
      NumberedEvents flow =
          new NumberedEvents(genesys).reading(road.kafka()).every(Duration.ofMillis(10));
      List<String> topics = Stream.concat(KEPT.stream(), TAKEN.stream()).toList();
      flow.start(topics);
      String listing = "GET " + CHANNELS + "/{id}/subscriptions";
      road.kafka().awaitUntil(records -> genesys.callCounts().getOrDefault(listing, 0) > 0);
      int before = flow.sent();
      road.kafka().awaitUntil(records -> flow.arrived() > before);

      // Half of what is subscribed: of the combined one the other topic is named
      genesys.perform(
          new Action.TakeSubscriptions(
              Action.Target.ALL,
              List.of(TAKEN.get(0), TAKEN.get(1), "v2.users." + Road.USER + ".presence"),
              announced));
      road.kafka().awaitUntil(records -> !flow.gaps().isEmpty());
      int again = flow.sent();
      road.kafka().awaitUntil(records -> flow.sent() > again + 10 * topics.size());
      flow.stop();
      road.kafka().awaitUntil(records -> flow.missing().get(again, flow.sent()).isEmpty());

      BitSet missing = flow.missing();
      assertThat(missing.cardinality()).isPositive();
      assertThat(flow.outsideGaps(missing)).isEmpty();
      assertThat(missing.stream().mapToObj(number -> topics.get(number % topics.size())))
          .isSubsetOf(TAKEN);
      JsonNode gap = flow.gaps().get(0).signal();
      assertThat(flow.gaps()).hasSize(1);
      assertThat(gap.path("cause").asText()).isEqualTo("unsubscribed");
      assertThat(gap.path("topics").properties())
          .containsExactlyInAnyOrderElementsOf(
              Road.json(
                      """
                      {"v2.routing.queues.{id}.conversations": 2, "v2.users.{id}.conversations": 1,
                       "v2.users.{id}.presence": 1}"""
                          .getBytes(StandardCharsets.UTF_8))
                  .properties());
      flow.assertNothingRepeated();
      flow.assertOrder();
      assertThat(genesys.callCounts()).containsEntry("POST " + CHANNELS, 1);
      flow.report("Subscriptions taken, " + (announced ? "announced" : "not announced"), gap);
    }
  }
}
