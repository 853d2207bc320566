package dev.caravan.simulator.centre;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** How conversations go: arriving, waiting, ringing, talking, being handed on, ending. */
final class Stories {

  private static final int REMEMBERED = 20_000;
  private static final int MOST_LIVE = 100_000;
  private static final int MOST_TRANSFERS = 3;
  private static final long CONSULT_MILLIS = 10_000;

  private final Organization organization;
  private final List<AgentState> agents;
  private final Agenda agenda;
  private final Chance chance;
  private final News news;
  private final QueueBoard board;
  private final Staff staff;
  private final Assist assist;
  private final Map<String, Conversation> live = new LinkedHashMap<>();
  private final Map<String, Conversation> past = new LinkedHashMap<>();

  Stories(
      Organization organization,
      List<AgentState> agents,
      Agenda agenda,
      Chance chance,
      News news,
      QueueBoard board,
      Staff staff) {
    this.organization = organization;
    this.agents = agents;
    this.agenda = agenda;
    this.chance = chance;
    this.news = news;
    this.board = board;
    this.staff = staff;
    assist = new Assist(organization.id(), agenda, news);
  }

  /** A customer turns up who will want a queue. Most are greeted by a flow first. */
  void arrive(Named queue) {
    if (live.size() >= MOST_LIVE) {
      return;
    }
    Conversation conversation = chance.conversation(agenda.now());
    int medium = conversation.medium.ordinal();
    conversation.division =
        organization.divisions().get(queue.index() % organization.divisions().size());
    conversation.queue = queue;
    conversation.flow =
        medium < organization.flows().size() ? organization.flows().get(medium) : null;
    live.put(conversation.id, conversation);
    news.change();
    Party customer = join(conversation, "customer", null, null);
    if (conversation.medium == Medium.MESSAGE || conversation.medium == Medium.EMAIL) {
      conversation.lastMessageId = chance.id().replace("-", "");
      conversation.lastMessageAt = agenda.now();
    }
    news.detail("customer.start", conversation, customer, DetailBody::customerStart);
    news.detail("attributes", conversation, customer, DetailBody::attributes);
    if (!conversation.contactId.isEmpty()) {
      news.detail("contact", conversation, customer, DetailBody::contact);
    }
    if (conversation.flow == null) {
      enqueue(conversation);
      return;
    }
    String greeter = conversation.medium == Medium.VOICE ? "ivr" : "workflow";
    Party flow = join(conversation, greeter, null, null);
    news.detail("flow.start", conversation, flow, DetailBody::flowStart);
    agenda.in(chance.between(2_000, 15_000), () -> leaveFlow(conversation, flow));
  }

  private void leaveFlow(Conversation conversation, Party flow) {
    news.change();
    boolean givesUp = chance.happens(0.04);
    boolean success = chance.happens(0.8);
    Named outcome = chance.one(organization.outcomes());
    flow.disconnect(givesUp ? "peer" : "transfer", agenda.now());
    news.detail(
        "flow.outcome",
        conversation,
        flow,
        (it, party, now) -> DetailBody.flowOutcome(it, party, outcome, success));
    news.detail("flow.end", conversation, flow, DetailBody::flowEnd);
    Medium medium = conversation.medium;
    String flowId = conversation.flow.id();
    news.aggregates("flow", "flowId", flowId, medium, List.of(Map.entry("tFlow", flow.millis())));
    news.aggregates(
        "flowoutcome",
        "flowOutcomeId",
        outcome.id(),
        medium,
        List.of(Map.entry("tFlowOutcome", flow.millis())));
    news.tell(
        "v2.analytics.flow." + flowId + ".metrics",
        () -> DetailBody.flowMetric(conversation, flow));
    if (medium == Medium.VOICE) {
      news.metric(conversation, flow, "tIvr", flow.millis());
    }
    if (givesUp) {
      leave(conversation, "client");
      bury(conversation);
    } else {
      enqueue(conversation);
    }
  }

  /** Somebody, or something, takes part from now on. */
  private Party join(Conversation conversation, String purpose, Agent agent, Named queue) {
    Party party = new Party(chance.id(), chance.id(), purpose, agent, queue, agenda.now());
    conversation.parties.add(party);
    return party;
  }

  /** An agent is asked to take part. */
  private Party ring(Conversation conversation, AgentState state) {
    Party agent = join(conversation, "agent", state.agent, conversation.queue);
    staff.occupy(state, conversation);
    return agent;
  }

  /** The customer leaves, and with that the conversation is over. */
  private void leave(Conversation conversation, String why) {
    conversation.customer().disconnect(why, agenda.now());
    conversation.ended = agenda.now();
    news.detail("customer.end", conversation, conversation.customer(), DetailBody::customerEnd);
  }

  /** Tells what has changed for those who take part, and for the queue. */
  private void tell(Conversation conversation) {
    board.changed(conversation);
    news.conversation(conversation);
  }

  private AgentState state(Party agent) {
    return agents.get(agent.agent.index());
  }

  private void enqueue(Conversation conversation) {
    Party acd = join(conversation, "acd", null, conversation.queue);
    board.enter(conversation);
    news.metric(conversation, acd, "nOffered", 1);
    news.detail("acd.start", conversation, acd, DetailBody::acdStart);
    news.conversation(conversation);
    agenda.in(60_000 + chance.exponential(240_000), () -> losePatience(conversation, acd));
    board.freeMember(conversation.queue).ifPresent(this::serve);
  }

  /** A free agent gets what has waited longest. */
  void serve(AgentState state) {
    Optional<Conversation> next = board.next(state.agent);
    next.ifPresent(conversation -> alert(conversation, state));
  }

  private void alert(Conversation conversation, AgentState state) {
    news.change();
    Party acd = conversation.last("acd").orElseThrow();
    Party agent = ring(conversation, state);
    news.detail("user.start", conversation, agent, DetailBody::userStart);
    tell(conversation);
    if (chance.happens(0.05)) {
      long millis = ConversationBody.ALERTING_TIMEOUT_MILLIS;
      agenda.in(millis, () -> ringOut(conversation, acd, agent));
    } else {
      agenda.in(chance.between(1_000, 9_000), () -> answer(conversation, acd, agent));
    }
  }

  private void ringOut(Conversation conversation, Party acd, Party agent) {
    if (agent.over()) {
      return;
    }
    news.change();
    agent.disconnect("transfer.noanswer", agenda.now());
    acd.disconnect("transfer", agenda.now());
    news.detail("user.end", conversation, agent, DetailBody::userEnd);
    board.left(conversation);
    staff.doesNotRespond(state(agent));
    enqueue(conversation);
  }

  private void answer(Conversation conversation, Party acd, Party agent) {
    if (agent.over()) {
      return;
    }
    news.change();
    agent.connect(agenda.now());
    acd.disconnect("transfer", agenda.now());
    board.answered(conversation, acd.millis());
    news.detail("acd.end", conversation, acd, DetailBody::acdEnd);
    news.metric(conversation, acd, "tAcd", acd.millis());
    news.metric(conversation, agent, "tAnswered", acd.millis());
    news.metric(conversation, agent, "tAlert", agent.connected - agent.started);
    news.metric(conversation, agent, "nConnected", 1);
    news.conversation(conversation);
    talk(conversation, agent);
  }

  private void talk(Conversation conversation, Party agent) {
    long talk = chance.talkMillis(conversation.medium);
    new Talk(agenda, chance, news, board, assist, conversation, agent).plan(talk);
    long agents = conversation.parties.stream().filter(party -> party.agent != null).count();
    boolean mayHandOn = agents < MOST_TRANSFERS;
    if (mayHandOn && conversation.medium == Medium.VOICE && chance.happens(0.07)) {
      agenda.in(talk / 2, () -> consult(conversation, agent));
    }
    boolean handsOn = mayHandOn && chance.happens(0.1);
    agenda.in(talk, () -> finish(conversation, agent, handsOn));
  }

  /** Asks a free agent of the same queue, while the customer waits; if there is none, nothing. */
  private void consult(Conversation conversation, Party first) {
    if (!first.over()) {
      board.freeMember(conversation.queue).ifPresent(free -> ask(conversation, first, free));
    }
  }

  private void ask(Conversation conversation, Party first, AgentState free) {
    news.change();
    first.consulting = true;
    first.heldSince = agenda.now();
    Party second = ring(conversation, free);
    second.consulting = true;
    news.detail("user.start", conversation, second, DetailBody::userStart);
    news.metric(conversation, first, "nConsult", 1);
    tell(conversation);
    agenda.in(
        chance.between(2_000, 8_000),
        () -> {
          news.change();
          second.connect(agenda.now());
          tell(conversation);
          agenda.in(chance.between(5_000, 30_000), () -> decide(conversation, first, second));
        });
  }

  /** The first one hands over, or goes on alone. */
  private void decide(Conversation conversation, Party first, Party second) {
    news.change();
    boolean handsOver = chance.happens(0.8);
    Party leaving = handsOver ? first : second;
    first.unhold(agenda.now());
    leaving.disconnect(handsOver ? "transfer.consult" : "client", agenda.now());
    first.consulting = false;
    second.consulting = false;
    if (handsOver) {
      news.metric(conversation, first, "nConsultTransferred", 1);
    }
    afterwards(conversation, leaving);
    tell(conversation);
    if (handsOver) {
      talk(conversation, second);
    }
  }

  private void finish(Conversation conversation, Party agent, boolean handsOn) {
    if (agent.over()) {
      return;
    }
    if (agent.consulting) {
      agenda.in(CONSULT_MILLIS, () -> finish(conversation, agent, handsOn));
      return;
    }
    news.change();
    if (handsOn) {
      agent.disconnect("transfer", agenda.now());
      news.metric(conversation, agent, "nTransferred", 1);
      news.metric(conversation, agent, "nBlindTransferred", 1);
      board.left(conversation);
      afterwards(conversation, agent);
      conversation.queue = chance.one(organization.queues());
      enqueue(conversation);
      return;
    }
    boolean customerFirst = chance.happens(0.6);
    agent.disconnect(customerFirst ? "peer" : "client", agenda.now());
    leave(conversation, customerFirst ? "client" : "peer");
    afterwards(conversation, agent);
    board.changed(conversation);
    assist.review(conversation, agent);
    news.conversation(conversation);
  }

  private void losePatience(Conversation conversation, Party acd) {
    if (acd.over() || !board.giveUp(conversation)) {
      return;
    }
    news.change();
    boolean leavesMessage = conversation.medium == Medium.VOICE && chance.happens(0.3);
    acd.disconnect(leavesMessage ? "transfer" : "peer", agenda.now());
    news.detail("acd.end", conversation, acd, DetailBody::acdEnd);
    if (leavesMessage) {
      voicemail(conversation);
      return;
    }
    news.metric(conversation, acd, "tAbandon", acd.millis());
    leave(conversation, "client");
    news.conversation(conversation);
    bury(conversation);
  }

  private void voicemail(Conversation conversation) {
    Party voicemail = join(conversation, "voicemail", null, conversation.queue);
    news.detail("voicemail.start", conversation, voicemail, DetailBody::inQueue);
    news.conversation(conversation);
    agenda.in(chance.between(8_000, 40_000), () -> hangUp(conversation, voicemail));
  }

  private void hangUp(Conversation conversation, Party voicemail) {
    news.change();
    voicemail.disconnect("peer", agenda.now());
    news.detail("voicemail.end", conversation, voicemail, DetailBody::voicemailEnd);
    news.metric(conversation, voicemail, "tVoicemail", voicemail.millis());
    leave(conversation, "client");
    news.conversation(conversation);
    bury(conversation);
  }

  /** Tells that an agent has left, and lets them wrap up. */
  private void afterwards(Conversation conversation, Party agent) {
    agent.acwSince = agenda.now();
    staff.wrapUp(state(agent));
    news.detail("user.end", conversation, agent, DetailBody::userEnd);
    news.metric(conversation, agent, "tTalk", agent.interactingMillis() - agent.heldMillis);
    if (agent.heldMillis > 0) {
      news.metric(conversation, agent, "tHeld", agent.heldMillis);
    }
    agenda.in(chance.between(5_000, 60_000), () -> wrapUp(conversation, agent));
  }

  private void wrapUp(Conversation conversation, Party agent) {
    news.change();
    long work = agenda.now() - agent.acwSince;
    long talk = agent.interactingMillis();
    agent.acwEnded = agenda.now();
    agent.wrapUp = chance.one(organization.wrapUpCodes());
    news.detail("wrapup", conversation, agent, DetailBody::wrapUp);
    news.detail("acw", conversation, agent, DetailBody::acw);
    news.metric(conversation, agent, "tAcw", work);
    news.metric(conversation, agent, "tHandle", talk + work);
    news.conversation(conversation);
    news.aggregates(
        "users",
        "userId",
        agent.agent.id(),
        conversation.medium,
        List.of(
            Map.entry("tTalk", talk), Map.entry("tAcw", work), Map.entry("tHandle", talk + work)));
    news.aggregates(
        "wrapup",
        "wrapUpCode",
        agent.wrapUp.id(),
        conversation.medium,
        List.of(Map.entry("tHandle", talk + work)));
    if (conversation.over()) {
      bury(conversation);
    }
    staff.release(state(agent));
  }

  private void bury(Conversation conversation) {
    board.left(conversation);
    conversation.forgetText();
    if (live.remove(conversation.id) != null) {
      past.put(conversation.id, conversation);
      if (past.size() > REMEMBERED) {
        past.remove(past.keySet().iterator().next());
      }
    }
  }

  /** Conversations that are not over, and those that were the last to end. */
  List<Conversation> all() {
    List<Conversation> all = new ArrayList<>(past.values());
    all.addAll(live.values());
    return all;
  }

  Optional<Conversation> find(String id) {
    return Optional.ofNullable(live.get(id)).or(() -> Optional.ofNullable(past.get(id)));
  }
}
