package dev.caravan.simulator.centre;

import java.util.Map;
import java.util.function.Consumer;

/** What an agent still does when their part of a conversation is over. */
final class Aftermath {

  private final Floor floor;
  private final Staff staff;
  private final DetailBody detail;
  private final Consumer<Conversation> done;

  Aftermath(Floor floor, Staff staff, Consumer<Conversation> done) {
    this.floor = floor;
    this.staff = staff;
    this.done = done;
    detail = new DetailBody(floor.organization());
  }

  /** Tells that an agent has left, and lets them wrap up. */
  void begin(Conversation conversation, Party agent) {
    News news = floor.news();
    long now = floor.now();
    agent.acwSince = now;
    staff.wrapUp(staff.state(agent.agent));
    news.detail(conversation, "user.end", () -> detail.userEnd(conversation, agent, now));
    news.metric(conversation, agent, "tTalk", agent.interactingMillis() - agent.heldMillis);
    if (agent.heldMillis > 0) {
      news.metric(conversation, agent, "tHeld", agent.heldMillis);
    }
    floor.in(floor.chance().between(5_000, 60_000), () -> end(conversation, agent));
  }

  private void end(Conversation conversation, Party agent) {
    News news = floor.news();
    news.change();
    long now = floor.now();
    long work = now - agent.acwSince;
    long talk = agent.interactingMillis();
    agent.acwEnded = now;
    agent.wrapUp = floor.chance().below(floor.organization().wrapUpCodes().size());
    news.detail(conversation, "wrapup", () -> detail.wrapUp(conversation, agent, now));
    news.detail(conversation, "acw", () -> detail.acw(conversation, agent, now));
    news.metric(conversation, agent, "tAcw", work);
    news.metric(conversation, agent, "tHandle", talk + work);
    news.conversation(conversation);
    news.aggregates(
        "users",
        "userId",
        floor.organization().agent(agent.agent).id(),
        conversation.medium,
        Map.entry("tTalk", talk),
        Map.entry("tAcw", work),
        Map.entry("tHandle", talk + work));
    news.aggregates(
        "wrapup",
        "wrapUpCode",
        floor.organization().wrapUpCodes().get(agent.wrapUp).id(),
        conversation.medium,
        Map.entry("tHandle", talk + work));
    if (conversation.over()) {
      done.accept(conversation);
    }
    staff.release(staff.state(agent.agent));
  }
}
