package dev.caravan.simulator.centre;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** How conversations go: arriving, waiting, ringing, talking, being handed on, ending. */
final class Conversations {

  private static final int REMEMBERED = 20_000;
  private static final int MOST_LIVE = 100_000;
  private static final int MOST_TRANSFERS = 3;
  private static final long CONSULT_MILLIS = 10_000;

  private final Organization organization;
  private final List<AgentState> agents;
  private final Schedule schedule;
  private final Chance chance;
  private final EventEmitter emitter;
  private final QueueBoard board;
  private final Staff staff;
  private final Assist assist;
  private final Map<String, Conversation> live = new LinkedHashMap<>();
  private final Map<String, Conversation> past = new LinkedHashMap<>();

  Conversations(
      Organization organization,
      List<AgentState> agents,
      Schedule schedule,
      Chance chance,
      EventEmitter emitter,
      QueueBoard board,
      Staff staff) {
    this.organization = organization;
    this.agents = agents;
    this.schedule = schedule;
    this.chance = chance;
    this.emitter = emitter;
    this.board = board;
    this.staff = staff;
    assist = new Assist(organization.id(), schedule, emitter);
  }

  /** A customer turns up who will want a queue. Most are greeted by a flow first. */
  void arrive(Entity queue) {
    if (live.size() >= MOST_LIVE) {
      return;
    }
    Conversation conversation = chance.conversation(schedule.now());
    int medium = conversation.medium.ordinal();
    conversation.division =
        organization.divisions().get(queue.index() % organization.divisions().size());
    conversation.queue = queue;
    conversation.flow =
        medium < organization.flows().size() ? organization.flows().get(medium) : null;
    live.put(conversation.id, conversation);
    emitter.change();
    Participant customer = join(conversation, "customer", null, null);
    if (conversation.medium == Medium.MESSAGE || conversation.medium == Medium.EMAIL) {
      conversation.lastMessageId = chance.id().replace("-", "");
      conversation.lastMessageAt = schedule.now();
    }
    emitter.detail("customer.start", conversation, customer, DetailBody::customerStart);
    emitter.detail("attributes", conversation, customer, DetailBody::attributes);
    if (!conversation.contactId.isEmpty()) {
      emitter.detail("contact", conversation, customer, DetailBody::contact);
    }
    if (conversation.flow == null) {
      enqueue(conversation);
      return;
    }
    String greeter = conversation.medium == Medium.VOICE ? "ivr" : "workflow";
    Participant flow = join(conversation, greeter, null, null);
    emitter.detail("flow.start", conversation, flow, DetailBody::flowStart);
    schedule.in(chance.between(2_000, 15_000), () -> leaveFlow(conversation, flow));
  }

  private void leaveFlow(Conversation conversation, Participant flow) {
    emitter.change();
    boolean givesUp = chance.happens(0.04);
    boolean success = chance.happens(0.8);
    Entity outcome = chance.one(organization.outcomes());
    flow.disconnect(givesUp ? "peer" : "transfer", schedule.now());
    emitter.detail(
        "flow.outcome",
        conversation,
        flow,
        (it, party, now) -> DetailBody.flowOutcome(it, party, outcome, success));
    emitter.detail("flow.end", conversation, flow, DetailBody::flowEnd);
    Medium medium = conversation.medium;
    String flowId = conversation.flow.id();
    emitter.aggregates(
        "flow", "flowId", flowId, medium, List.of(Map.entry("tFlow", flow.millis())));
    emitter.aggregates(
        "flowoutcome",
        "flowOutcomeId",
        outcome.id(),
        medium,
        List.of(Map.entry("tFlowOutcome", flow.millis())));
    emitter.tell(
        "v2.analytics.flow." + flowId + ".metrics",
        () -> DetailBody.flowMetric(conversation, flow));
    if (medium == Medium.VOICE) {
      emitter.metric(conversation, flow, "tIvr", flow.millis());
    }
    if (givesUp) {
      leave(conversation, "client");
      bury(conversation);
    } else {
      enqueue(conversation);
    }
  }

  /** Somebody, or something, takes part from now on. */
  private Participant join(Conversation conversation, String purpose, Agent agent, Entity queue) {
    Participant party =
        new Participant(chance.id(), chance.id(), purpose, agent, queue, schedule.now());
    conversation.parties.add(party);
    return party;
  }

  /** An agent is asked to take part. */
  private Participant ring(Conversation conversation, AgentState state) {
    Participant agent = join(conversation, "agent", state.agent, conversation.queue);
    staff.occupy(state, conversation);
    return agent;
  }

  /** The customer leaves, and with that the conversation is over. */
  private void leave(Conversation conversation, String why) {
    conversation.customer().disconnect(why, schedule.now());
    conversation.ended = schedule.now();
    emitter.detail("customer.end", conversation, conversation.customer(), DetailBody::customerEnd);
  }

  /** Tells what has changed for those who take part, and for the queue. */
  private void tell(Conversation conversation) {
    board.changed(conversation);
    emitter.conversation(conversation);
  }

  private AgentState state(Participant agent) {
    return agents.get(agent.agent.index());
  }

  private void enqueue(Conversation conversation) {
    Participant acd = join(conversation, "acd", null, conversation.queue);
    board.enter(conversation);
    emitter.metric(conversation, acd, "nOffered", 1);
    emitter.detail("acd.start", conversation, acd, DetailBody::acdStart);
    emitter.conversation(conversation);
    schedule.in(60_000 + chance.exponential(240_000), () -> losePatience(conversation, acd));
    board.freeMember(conversation.queue).ifPresent(this::serve);
  }

  /** A free agent gets what has waited longest. */
  void serve(AgentState state) {
    Optional<Conversation> next = board.next(state.agent);
    next.ifPresent(conversation -> alert(conversation, state));
  }

  private void alert(Conversation conversation, AgentState state) {
    emitter.change();
    Participant acd = conversation.last("acd").orElseThrow();
    Participant agent = ring(conversation, state);
    emitter.detail("user.start", conversation, agent, DetailBody::userStart);
    tell(conversation);
    if (chance.happens(0.05)) {
      long millis = ConversationBody.ALERTING_TIMEOUT_MILLIS;
      schedule.in(millis, () -> ringOut(conversation, acd, agent));
    } else {
      schedule.in(chance.between(1_000, 9_000), () -> answer(conversation, acd, agent));
    }
  }

  private void ringOut(Conversation conversation, Participant acd, Participant agent) {
    if (agent.over()) {
      return;
    }
    emitter.change();
    agent.disconnect("transfer.noanswer", schedule.now());
    acd.disconnect("transfer", schedule.now());
    emitter.detail("user.end", conversation, agent, DetailBody::userEnd);
    board.left(conversation);
    staff.doesNotRespond(state(agent));
    enqueue(conversation);
  }

  private void answer(Conversation conversation, Participant acd, Participant agent) {
    if (agent.over()) {
      return;
    }
    emitter.change();
    agent.connect(schedule.now());
    acd.disconnect("transfer", schedule.now());
    board.answered(conversation, acd.millis());
    emitter.detail("acd.end", conversation, acd, DetailBody::acdEnd);
    emitter.metric(conversation, acd, "tAcd", acd.millis());
    emitter.metric(conversation, agent, "tAnswered", acd.millis());
    emitter.metric(conversation, agent, "tAlert", agent.connected - agent.started);
    emitter.metric(conversation, agent, "nConnected", 1);
    emitter.conversation(conversation);
    talk(conversation, agent);
  }

  private void talk(Conversation conversation, Participant agent) {
    long talk = chance.talkMillis(conversation.medium);
    new Talk(schedule, chance, emitter, board, assist, conversation, agent).plan(talk);
    long agents = conversation.parties.stream().filter(party -> party.agent != null).count();
    boolean mayHandOn = agents < MOST_TRANSFERS;
    if (mayHandOn && conversation.medium == Medium.VOICE && chance.happens(0.07)) {
      schedule.in(talk / 2, () -> consult(conversation, agent));
    }
    boolean handsOn = mayHandOn && chance.happens(0.1);
    schedule.in(talk, () -> finish(conversation, agent, handsOn));
  }

  /** Asks a free agent of the same queue, while the customer waits; if there is none, nothing. */
  private void consult(Conversation conversation, Participant first) {
    if (!first.over()) {
      board.freeMember(conversation.queue).ifPresent(free -> ask(conversation, first, free));
    }
  }

  private void ask(Conversation conversation, Participant first, AgentState free) {
    emitter.change();
    first.consulting = true;
    first.heldSince = schedule.now();
    Participant second = ring(conversation, free);
    second.consulting = true;
    emitter.detail("user.start", conversation, second, DetailBody::userStart);
    emitter.metric(conversation, first, "nConsult", 1);
    tell(conversation);
    schedule.in(
        chance.between(2_000, 8_000),
        () -> {
          emitter.change();
          second.connect(schedule.now());
          tell(conversation);
          schedule.in(chance.between(5_000, 30_000), () -> decide(conversation, first, second));
        });
  }

  /** The first one hands over, or goes on alone. */
  private void decide(Conversation conversation, Participant first, Participant second) {
    emitter.change();
    boolean handsOver = chance.happens(0.8);
    Participant leaving = handsOver ? first : second;
    first.unhold(schedule.now());
    leaving.disconnect(handsOver ? "transfer.consult" : "client", schedule.now());
    first.consulting = false;
    second.consulting = false;
    if (handsOver) {
      emitter.metric(conversation, first, "nConsultTransferred", 1);
    }
    afterwards(conversation, leaving);
    tell(conversation);
    if (handsOver) {
      talk(conversation, second);
    }
  }

  private void finish(Conversation conversation, Participant agent, boolean handsOn) {
    if (agent.over()) {
      return;
    }
    if (agent.consulting) {
      schedule.in(CONSULT_MILLIS, () -> finish(conversation, agent, handsOn));
      return;
    }
    emitter.change();
    if (handsOn) {
      agent.disconnect("transfer", schedule.now());
      emitter.metric(conversation, agent, "nTransferred", 1);
      emitter.metric(conversation, agent, "nBlindTransferred", 1);
      board.left(conversation);
      afterwards(conversation, agent);
      conversation.queue = chance.one(organization.queues());
      enqueue(conversation);
      return;
    }
    boolean customerFirst = chance.happens(0.6);
    agent.disconnect(customerFirst ? "peer" : "client", schedule.now());
    leave(conversation, customerFirst ? "client" : "peer");
    afterwards(conversation, agent);
    board.changed(conversation);
    assist.review(conversation, agent);
    emitter.conversation(conversation);
  }

  private void losePatience(Conversation conversation, Participant acd) {
    if (acd.over() || !board.giveUp(conversation)) {
      return;
    }
    emitter.change();
    boolean leavesMessage = conversation.medium == Medium.VOICE && chance.happens(0.3);
    acd.disconnect(leavesMessage ? "transfer" : "peer", schedule.now());
    emitter.detail("acd.end", conversation, acd, DetailBody::acdEnd);
    if (leavesMessage) {
      voicemail(conversation);
      return;
    }
    emitter.metric(conversation, acd, "tAbandon", acd.millis());
    leave(conversation, "client");
    emitter.conversation(conversation);
    bury(conversation);
  }

  private void voicemail(Conversation conversation) {
    Participant voicemail = join(conversation, "voicemail", null, conversation.queue);
    emitter.detail("voicemail.start", conversation, voicemail, DetailBody::inQueue);
    emitter.conversation(conversation);
    schedule.in(chance.between(8_000, 40_000), () -> hangUp(conversation, voicemail));
  }

  private void hangUp(Conversation conversation, Participant voicemail) {
    emitter.change();
    voicemail.disconnect("peer", schedule.now());
    emitter.detail("voicemail.end", conversation, voicemail, DetailBody::voicemailEnd);
    emitter.metric(conversation, voicemail, "tVoicemail", voicemail.millis());
    leave(conversation, "client");
    emitter.conversation(conversation);
    bury(conversation);
  }

  /** Tells that an agent has left, and lets them wrap up. */
  private void afterwards(Conversation conversation, Participant agent) {
    agent.acwSince = schedule.now();
    staff.wrapUp(state(agent));
    emitter.detail("user.end", conversation, agent, DetailBody::userEnd);
    emitter.metric(conversation, agent, "tTalk", agent.interactingMillis() - agent.heldMillis);
    if (agent.heldMillis > 0) {
      emitter.metric(conversation, agent, "tHeld", agent.heldMillis);
    }
    schedule.in(chance.between(5_000, 60_000), () -> wrapUp(conversation, agent));
  }

  private void wrapUp(Conversation conversation, Participant agent) {
    emitter.change();
    long work = schedule.now() - agent.acwSince;
    long talk = agent.interactingMillis();
    agent.acwEnded = schedule.now();
    agent.wrapUp = chance.one(organization.wrapUpCodes());
    emitter.detail("wrapup", conversation, agent, DetailBody::wrapUp);
    emitter.detail("acw", conversation, agent, DetailBody::acw);
    emitter.metric(conversation, agent, "tAcw", work);
    emitter.metric(conversation, agent, "tHandle", talk + work);
    emitter.conversation(conversation);
    emitter.aggregates(
        "users",
        "userId",
        agent.agent.id(),
        conversation.medium,
        List.of(
            Map.entry("tTalk", talk), Map.entry("tAcw", work), Map.entry("tHandle", talk + work)));
    emitter.aggregates(
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
