package dev.caravan.simulator.centre;

import java.util.function.BiConsumer;

/** An agent asks another while the customer waits, and then hands over or goes on alone. */
record Consult(
    Floor floor,
    Staff staff,
    BiConsumer<Conversation, Party> afterwards,
    BiConsumer<Conversation, Party> goesOn) {

  /** Asks a free agent of the same queue; if there is none, nothing happens. */
  void begin(Conversation conversation, Party first) {
    if (!first.over()) {
      floor
          .board()
          .freeMember(conversation.queue)
          .ifPresent(free -> ask(conversation, first, free));
    }
  }

  private void ask(Conversation conversation, Party first, AgentState free) {
    News news = floor.news();
    news.change();
    long now = floor.now();
    Party second =
        floor.join(
            conversation, "agent", free.agent().index(), conversation.queue, Party.Stage.ALERTING);
    first.consulting = true;
    second.consulting = true;
    first.hold(now);
    staff.occupy(free, conversation);
    news.detail(
        conversation, "user.start", () -> floor.detail().userStart(conversation, second, now));
    news.metric(conversation, first, "nConsult", 1);
    tell(conversation);
    floor.in(floor.chance().between(2_000, 8_000), () -> answer(conversation, first, second));
  }

  private void answer(Conversation conversation, Party first, Party second) {
    floor.news().change();
    second.connect(floor.now());
    tell(conversation);
    floor.in(floor.chance().between(5_000, 30_000), () -> decide(conversation, first, second));
  }

  private void decide(Conversation conversation, Party first, Party second) {
    News news = floor.news();
    news.change();
    long now = floor.now();
    boolean handsOver = floor.chance().happens(0.8);
    Party leaving = handsOver ? first : second;
    first.unhold(now);
    leaving.disconnect(handsOver ? "transfer.consult" : "client", now);
    first.consulting = false;
    second.consulting = false;
    if (handsOver) {
      news.metric(conversation, first, "nConsultTransferred", 1);
    }
    afterwards.accept(conversation, leaving);
    tell(conversation);
    if (handsOver) {
      goesOn.accept(conversation, second);
    }
  }

  private void tell(Conversation conversation) {
    floor.board().changed(conversation);
    floor.news().conversation(conversation);
  }
}
