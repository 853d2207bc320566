package dev.caravan.genesys.backfill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caravan.channel.gap.Gap;
import dev.caravan.genesys.GenesysConfiguration;
import dev.caravan.genesys.GenesysConstants;
import dev.caravan.genesys.connect.CallException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.camel.Exchange;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.junit.jupiter.api.Test;

class ConversationQueryTest {

  private static final Instant FROM = Instant.parse("2026-03-05T02:00:00Z");
  private static final Instant TO = Instant.parse("2026-03-05T02:10:00Z");

  private static ConversationQuery query(String... topics) {
    List<String> all = List.of(topics);
    return new ConversationQuery(
        new Gap("g", 0, FROM, TO, "dropped", all),
        BackfillPlan.of(all),
        new GenesysConfiguration());
  }

  private static ConversationQuery ofQueue() {
    return query("v2.routing.queues.q1.conversations");
  }

  private static Map<String, Object> conversation(
      String id, String queue, String start, String end, String segmentEnd) {
    Map<String, Object> segment =
        segmentEnd.isEmpty()
            ? Map.of("queueId", queue, "segmentStart", start)
            : Map.of("queueId", queue, "segmentStart", start, "segmentEnd", segmentEnd);
    Map<String, Object> conversation = new HashMap<>();
    conversation.put("conversationId", id);
    conversation.put("conversationStart", start);
    if (!end.isEmpty()) {
      conversation.put("conversationEnd", end);
    }
    conversation.put(
        "participants", List.of(Map.of("sessions", List.of(Map.of("segments", List.of(segment))))));
    return conversation;
  }

  private static Map<String, Object> open(String id) {
    return conversation(id, "q1", "2026-03-05T02:05:00Z", "", "");
  }

  private static List<Object> ids(List<Map<?, ?>> conversations) {
    List<Object> ids = new ArrayList<>();
    conversations.forEach(one -> ids.add(one.get("conversationId")));
    return ids;
  }

  @Test
  void theIntervalBeginsBeforeTheGapAndEndsWithIt() {
    assertThat(ofQueue().interval()).isEqualTo("2026-03-04T22:00:00Z/2026-03-05T02:10:00Z");
  }

  @Test
  void onlyWhatSomethingHappenedToInTheGapIsWanted() {
    List<Map<?, ?>> wanted =
        ofQueue()
            .take(
                List.of(
                    conversation(
                        "over",
                        "q1",
                        "2026-03-05T01:00:00Z",
                        "2026-03-05T01:30:00Z",
                        "2026-03-05T01:59:59Z"),
                    conversation(
                        "wrapped-up",
                        "q1",
                        "2026-03-05T01:00:00Z",
                        "2026-03-05T01:59:00Z",
                        "2026-03-05T02:01:00Z"),
                    conversation("long", "q1", "2026-03-04T23:00:00Z", "", ""),
                    conversation("other", "q2", "2026-03-05T02:05:00Z", "", ""),
                    conversation("later", "q1", "2026-03-05T02:10:01Z", "", "")),
                Optional.of(5),
                100,
                10);

    assertThat(ids(wanted)).containsExactly("wrapped-up", "long");
  }

  @Test
  void aPageThatIsNotFullIsNotTheLastAndWhatShiftsIsTakenOnce() {
    ConversationQuery query = ofQueue();

    List<Object> all =
        new ArrayList<>(ids(query.take(List.of(open("a"), open("b")), Optional.of(205), 100, 10)));
    assertThat(query.more()).isTrue();
    all.addAll(ids(query.take(List.of(open("b"), open("c")), Optional.of(205), 100, 10)));
    assertThat(query.page()).isEqualTo(3);
    all.addAll(ids(query.take(List.of(open("d")), Optional.of(205), 100, 10)));

    assertThat(query.more()).isFalse();
    assertThat(all).containsExactly("a", "b", "c", "d");
  }

  @Test
  void anEmptyPageIsTheLast() {
    ConversationQuery query = ofQueue();
    query.take(List.of(open("a")), Optional.empty(), 100, 10);

    query.take(List.of(), Optional.of(100), 100, 10);

    assertThat(query.more()).isFalse();
  }

  @Test
  void anEmptyPageThatShouldHoldSomethingIsRefusedForNow() {
    ConversationQuery query = ofQueue();

    assertThatThrownBy(() -> query.take(List.of(), Optional.of(1_000), 100, 10))
        .hasFieldOrPropertyWithValue("kind", CallException.Kind.UNAVAILABLE)
        .hasMessageContaining("no conversations on page 1, though there are 1000 in all");
  }

  @Test
  void anAnswerThatTellsNothingOfConversationsIsRefusedForNow() {
    ConversationPages pages = new ConversationPages();
    Exchange exchange = new DefaultExchange(new DefaultCamelContext());
    exchange.setProperty(GenesysConstants.QUERY, ofQueue());
    exchange.getMessage().setBody(Map.of());

    assertThatThrownBy(() -> pages.process(exchange))
        .hasFieldOrPropertyWithValue("kind", CallException.Kind.UNAVAILABLE);
    exchange.getMessage().setBody(Map.of("totalHits", 0));
    pages.process(exchange);
    assertThat(pages.more(exchange)).isFalse();
  }

  @Test
  void tooManyConversationsAreRefusedInWords() {
    ConversationQuery query = ofQueue();
    List<Map<String, Object>> page = IntStream.range(0, 2).mapToObj(i -> open("c" + i)).toList();
    query.take(page, Optional.of(10_000), 100, 2);

    assertThatThrownBy(() -> query.take(page, Optional.of(10_000), 100, 2))
        .hasFieldOrPropertyWithValue("kind", CallException.Kind.REFUSED)
        .hasMessageContaining("more than 200 conversations");
  }

  @Test
  void manyQueuesAreNotSentAlongAsFilters() {
    assertThat(ofQueue().filters()).contains("\"dimension\":\"queueId\"", "\"value\":\"q1\"");
    String[] many =
        IntStream.range(0, 60)
            .mapToObj(i -> "v2.routing.queues.q" + i + ".conversations")
            .toArray(String[]::new);
    assertThat(query(many).filters()).isEqualTo("[]");
  }
}
