package dev.caravan.simulator.centre;

import java.util.Map;
import java.util.function.Consumer;

/**
 * How customers come in: they turn up, and most are greeted by a flow before a queue takes them.
 */
record Entrance(Floor floor, Consumer<Conversation> queued, Consumer<Conversation> gone) {

  /** Somebody who will want to be served by that queue. */
  Conversation draw(int queue) {
    Conversation conversation = floor.chance().conversation(floor.now());
    conversation.division = queue % floor.organization().divisions().size();
    conversation.queue = queue;
    conversation.flow = conversation.medium.ordinal();
    return conversation;
  }

  void enter(Conversation conversation) {
    News news = floor.news();
    news.change();
    long now = floor.now();
    floor.join(conversation, "customer", Party.NOBODY, Party.NOBODY, Party.Stage.CONNECTED);
    if (conversation.medium == Medium.MESSAGE || conversation.medium == Medium.EMAIL) {
      conversation.lastMessageId = floor.chance().id().replace("-", "");
      conversation.lastMessageAt = now;
    }
    news.detail(
        conversation, "customer.start", () -> floor.detail().customerStart(conversation, now));
    news.detail(conversation, "attributes", () -> floor.detail().attributes(conversation, now));
    if (!conversation.contactId.isEmpty()) {
      news.detail(conversation, "contact", () -> floor.detail().contact(conversation, now));
    }
    if (conversation.flow < floor.organization().flows().size()) {
      greet(conversation);
    } else {
      queued.accept(conversation);
    }
  }

  private void greet(Conversation conversation) {
    String purpose = conversation.medium == Medium.VOICE ? "ivr" : "workflow";
    Party flow =
        floor.join(conversation, purpose, Party.NOBODY, Party.NOBODY, Party.Stage.CONNECTED);
    floor
        .news()
        .detail(conversation, "flow.start", () -> floor.detail().flowStart(conversation, flow));
    floor.in(floor.chance().between(2_000, 15_000), () -> leaveFlow(conversation, flow));
  }

  private void leaveFlow(Conversation conversation, Party flow) {
    News news = floor.news();
    news.change();
    long now = floor.now();
    boolean givesUp = floor.chance().happens(0.04);
    boolean success = floor.chance().happens(0.8);
    Named outcome =
        floor
            .organization()
            .outcomes()
            .get(floor.chance().below(floor.organization().outcomes().size()));
    flow.disconnect(givesUp ? "peer" : "transfer", now);
    news.detail(
        conversation,
        "flow.outcome",
        () -> floor.detail().flowOutcome(conversation, flow, outcome, success));
    news.detail(
        conversation, "flow.end", () -> floor.detail().flowEnd(conversation, flow, givesUp));
    tellStatistics(conversation, flow, outcome, givesUp);
    if (conversation.medium == Medium.VOICE) {
      news.metric(conversation, flow, "tIvr", flow.millis());
    }
    if (givesUp) {
      floor.leave(conversation, "client");
      gone.accept(conversation);
    } else {
      queued.accept(conversation);
    }
  }

  private void tellStatistics(
      Conversation conversation, Party flow, Named outcome, boolean givesUp) {
    News news = floor.news();
    String flowId = floor.organization().flows().get(conversation.flow).id();
    news.aggregates(
        "flow", "flowId", flowId, conversation.medium, Map.entry("tFlow", flow.millis()));
    news.aggregates(
        "flowoutcome",
        "flowOutcomeId",
        outcome.id(),
        conversation.medium,
        Map.entry("tFlowOutcome", flow.millis()));
    news.tell(
        "v2.analytics.flow." + flowId + ".metrics",
        Body.of(() -> floor.detail().flowMetric(conversation, flow, givesUp)));
  }
}
