package dev.caravan.simulator.centre;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** How conversations go: arriving, waiting, ringing, talking, being handed on, ending. */
final class Stories {

  private static final int REMEMBERED = 20_000;
  private static final int MOST_LIVE = 100_000;
  private static final int MOST_TRANSFERS = 3;

  private final Organization organization;
  private final Agenda agenda;
  private final Chance chance;
  private final News news;
  private final QueueBoard board;
  private final DetailBody detail;
  private final Map<String, Conversation> live = new LinkedHashMap<>();
  private final Deque<Conversation> past = new ArrayDeque<>();
  private Staff staff;

  Stories(Organization organization, Agenda agenda, Chance chance, News news, QueueBoard board) {
    this.organization = organization;
    this.agenda = agenda;
    this.chance = chance;
    this.news = news;
    this.board = board;
    detail = new DetailBody(organization);
  }

  void begin(Staff theStaff) {
    staff = theStaff;
  }

  /** A customer turns up at a queue. */
  void arrive(int queue) {
    if (live.size() >= MOST_LIVE) {
      return;
    }
    news.change();
    long now = agenda.now();
    Conversation conversation = chance.conversation(chance.medium(), now);
    conversation.division = queue % organization.divisions().size();
    conversation.queue = queue;
    live.put(conversation.id, conversation);
    join(conversation, "customer", Party.NOBODY, Party.NOBODY, Party.Stage.CONNECTED);
    if (conversation.medium == Medium.MESSAGE || conversation.medium == Medium.EMAIL) {
      message(conversation);
    }
    news.detail(conversation, "customer.start", () -> detail.customerStart(conversation, now));
    news.detail(conversation, "attributes", () -> detail.attributes(conversation, now));
    enqueue(conversation);
  }

  private Party join(
      Conversation conversation, String purpose, int agent, int queue, Party.Stage stage) {
    Party party = new Party(chance.id(), chance.id(), purpose, agent, queue, stage, agenda.now());
    conversation.parties.add(party);
    return party;
  }

  private void enqueue(Conversation conversation) {
    long now = agenda.now();
    Party acd = join(conversation, "acd", Party.NOBODY, conversation.queue, Party.Stage.CONNECTED);
    board.enter(conversation);
    news.detail(conversation, "acd.start", () -> detail.acdStart(conversation, acd, now));
    news.conversation(conversation);
    agenda.in(60_000 + chance.exponential(240_000), () -> losePatience(conversation, acd));
    board.freeMember(conversation.queue).ifPresent(this::serve);
  }

  /** A free agent gets what has waited longest. */
  void serve(AgentState state) {
    Optional<Conversation> next = board.next(state.agent());
    next.ifPresent(conversation -> alert(conversation, state));
  }

  private void alert(Conversation conversation, AgentState state) {
    news.change();
    long now = agenda.now();
    Party acd = conversation.last("acd").orElseThrow();
    Party agent =
        join(
            conversation, "agent", state.agent().index(), conversation.queue, Party.Stage.ALERTING);
    staff.occupy(state, conversation);
    board.changed(conversation);
    news.detail(conversation, "user.start", () -> detail.userStart(conversation, agent, now));
    news.conversation(conversation);
    if (chance.happens(0.05)) {
      agenda.in(GenericBody.ALERTING_TIMEOUT_MILLIS, () -> ringOut(conversation, acd, agent));
    } else {
      agenda.in(chance.between(1_000, 9_000), () -> answer(conversation, acd, agent));
    }
  }

  private void ringOut(Conversation conversation, Party acd, Party agent) {
    if (agent.over()) {
      return;
    }
    news.change();
    long now = agenda.now();
    agent.disconnect("transfer.noanswer", now);
    acd.disconnect("transfer", now);
    news.detail(conversation, "user.end", () -> detail.userEnd(conversation, agent, now));
    board.left(conversation);
    staff.doesNotRespond(staff.state(agent.agent));
    enqueue(conversation);
  }

  private void answer(Conversation conversation, Party acd, Party agent) {
    if (agent.over()) {
      return;
    }
    news.change();
    long now = agenda.now();
    agent.connect(now);
    acd.disconnect("transfer", now);
    board.answered(conversation, now - acd.started);
    news.detail(conversation, "acd.end", () -> detail.acdEnd(conversation, acd, true, now));
    news.conversation(conversation);
    long talk = chance.talkMillis(conversation.medium);
    new Talk(agenda, chance, news, board, organization, conversation, agent).plan(talk);
    int agents = (int) conversation.parties.stream().filter(p -> p.agent != Party.NOBODY).count();
    boolean handsOn = agents < MOST_TRANSFERS && chance.happens(0.1);
    agenda.in(talk, () -> finish(conversation, agent, handsOn));
  }

  private void finish(Conversation conversation, Party agent, boolean handsOn) {
    news.change();
    long now = agenda.now();
    if (handsOn) {
      agent.disconnect("transfer", now);
      news.detail(conversation, "user.end", () -> detail.userEnd(conversation, agent, now));
      board.left(conversation);
      conversation.queue = chance.below(organization.queues().size());
      beginWrapUp(conversation, agent);
      enqueue(conversation);
      return;
    }
    boolean customerFirst = chance.happens(0.6);
    agent.disconnect(customerFirst ? "peer" : "client", now);
    conversation.customer().disconnect(customerFirst ? "client" : "peer", now);
    conversation.ended = now;
    beginWrapUp(conversation, agent);
    news.detail(conversation, "user.end", () -> detail.userEnd(conversation, agent, now));
    news.detail(conversation, "customer.end", () -> detail.customerEnd(conversation, now));
    board.changed(conversation);
    news.conversation(conversation);
  }

  private void beginWrapUp(Conversation conversation, Party agent) {
    agent.acwSince = agenda.now();
    staff.wrapUp(staff.state(agent.agent));
    agenda.in(chance.between(5_000, 60_000), () -> endWrapUp(conversation, agent));
  }

  private void endWrapUp(Conversation conversation, Party agent) {
    news.change();
    long now = agenda.now();
    agent.acwEnded = now;
    agent.wrapUp = chance.below(organization.wrapUpCodes().size());
    news.detail(conversation, "wrapup", () -> detail.wrapUp(conversation, agent, now));
    news.detail(conversation, "acw", () -> detail.acw(conversation, agent, now));
    news.conversation(conversation);
    Agent who = organization.agent(agent.agent);
    news.tell(
        "v2.analytics.users." + who.id() + ".aggregates",
        new Body(
            () ->
                QueueBody.userAggregates(
                    who.id(),
                    conversation.medium,
                    agent.interactingMillis(),
                    now - agent.acwSince,
                    now)));
    if (conversation.over()) {
      bury(conversation);
    }
    staff.release(staff.state(agent.agent));
  }

  private void losePatience(Conversation conversation, Party acd) {
    if (acd.over() || !board.giveUp(conversation)) {
      return;
    }
    news.change();
    long now = agenda.now();
    acd.disconnect("peer", now);
    conversation.customer().disconnect("client", now);
    conversation.ended = now;
    news.detail(conversation, "acd.end", () -> detail.acdEnd(conversation, acd, false, now));
    news.detail(conversation, "customer.end", () -> detail.customerEnd(conversation, now));
    news.conversation(conversation);
    bury(conversation);
  }

  private void message(Conversation conversation) {
    conversation.lastMessageId = chance.id().replace("-", "");
    conversation.lastMessageAt = agenda.now();
  }

  private void bury(Conversation conversation) {
    board.left(conversation);
    if (live.remove(conversation.id) != null) {
      past.addLast(conversation);
      if (past.size() > REMEMBERED) {
        past.removeFirst();
      }
    }
  }

  /** Conversations that are not over, and those that were the last to end. */
  List<Conversation> all() {
    List<Conversation> all = new ArrayList<>(past);
    all.addAll(live.values());
    return all;
  }

  Optional<Conversation> find(String id) {
    Conversation known = live.get(id);
    return known != null
        ? Optional.of(known)
        : past.stream().filter(conversation -> conversation.id.equals(id)).findFirst();
  }

  int live() {
    return live.size();
  }
}
