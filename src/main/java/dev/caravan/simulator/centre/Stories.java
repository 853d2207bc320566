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

  private final Floor floor;
  private final Agenda agenda;
  private final Chance chance;
  private final News news;
  private final QueueBoard board;
  private final DetailBody detail;
  private final Entrance entrance;
  private final Assist assist;
  private final Map<String, Conversation> live = new LinkedHashMap<>();
  private final Map<String, Conversation> past = new LinkedHashMap<>();
  private Staff staff;
  private Consult consult;

  Stories(Floor floor) {
    this.floor = floor;
    agenda = floor.agenda();
    chance = floor.chance();
    news = floor.news();
    board = floor.board();
    detail = floor.detail();
    entrance = new Entrance(floor, this::enqueue, this::bury);
    assist = new Assist(floor);
  }

  void begin(Staff theStaff) {
    staff = theStaff;
    consult = new Consult(floor, staff, this::afterwards, this::talk);
  }

  /** A customer turns up who will want a queue. */
  void arrive(int queue) {
    if (live.size() < MOST_LIVE) {
      Conversation conversation = entrance.draw(queue);
      live.put(conversation.id, conversation);
      entrance.enter(conversation);
    }
  }

  private void enqueue(Conversation conversation) {
    long now = agenda.now();
    Party acd =
        floor.join(conversation, "acd", Party.NOBODY, conversation.queue, Party.Stage.CONNECTED);
    board.enter(conversation);
    news.metric(conversation, acd, "nOffered", 1);
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
        floor.join(
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
    board.answered(conversation, acd.millis());
    news.detail(conversation, "acd.end", () -> detail.acdEnd(conversation, acd, true, now));
    news.metric(conversation, acd, "tAcd", acd.millis());
    news.metric(conversation, agent, "tAnswered", acd.millis());
    news.metric(conversation, agent, "tAlert", now - agent.started);
    news.metric(conversation, agent, "nConnected", 1);
    news.conversation(conversation);
    talk(conversation, agent);
  }

  private void talk(Conversation conversation, Party agent) {
    long talk = chance.talkMillis(conversation.medium);
    new Talk(floor, assist, conversation, agent).plan(talk);
    long agents = conversation.parties.stream().filter(p -> p.agent != Party.NOBODY).count();
    boolean mayHandOn = agents < MOST_TRANSFERS;
    if (mayHandOn && conversation.medium == Medium.VOICE && chance.happens(0.07)) {
      agenda.in(talk / 2, () -> consult.begin(conversation, agent));
    }
    boolean handsOn = mayHandOn && chance.happens(0.1);
    agenda.in(talk, () -> finish(conversation, agent, handsOn));
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
    long now = agenda.now();
    if (handsOn) {
      agent.disconnect("transfer", now);
      news.metric(conversation, agent, "nTransferred", 1);
      news.metric(conversation, agent, "nBlindTransferred", 1);
      board.left(conversation);
      afterwards(conversation, agent);
      conversation.queue = chance.below(floor.organization().queues().size());
      enqueue(conversation);
      return;
    }
    boolean customerFirst = chance.happens(0.6);
    agent.disconnect(customerFirst ? "peer" : "client", now);
    floor.leave(conversation, customerFirst ? "client" : "peer");
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
    long now = agenda.now();
    boolean leavesMessage = conversation.medium == Medium.VOICE && chance.happens(0.3);
    acd.disconnect(leavesMessage ? "transfer" : "peer", now);
    news.detail(conversation, "acd.end", () -> detail.acdEnd(conversation, acd, false, now));
    if (leavesMessage) {
      voicemail(conversation);
      return;
    }
    news.metric(conversation, acd, "tAbandon", acd.millis());
    floor.leave(conversation, "client");
    news.conversation(conversation);
    bury(conversation);
  }

  private void voicemail(Conversation conversation) {
    Party voicemail =
        floor.join(
            conversation, "voicemail", Party.NOBODY, conversation.queue, Party.Stage.CONNECTED);
    news.detail(
        conversation, "voicemail.start", () -> detail.voicemailStart(conversation, voicemail));
    news.conversation(conversation);
    agenda.in(chance.between(8_000, 40_000), () -> hangUp(conversation, voicemail));
  }

  private void hangUp(Conversation conversation, Party voicemail) {
    news.change();
    voicemail.disconnect("peer", agenda.now());
    news.detail(conversation, "voicemail.end", () -> detail.voicemailEnd(conversation, voicemail));
    news.metric(conversation, voicemail, "tVoicemail", voicemail.millis());
    floor.leave(conversation, "client");
    news.conversation(conversation);
    bury(conversation);
  }

  /** Tells that an agent has left, and lets them wrap up. */
  private void afterwards(Conversation conversation, Party agent) {
    long now = agenda.now();
    agent.acwSince = now;
    staff.wrapUp(staff.state(agent.agent));
    news.detail(conversation, "user.end", () -> detail.userEnd(conversation, agent, now));
    news.metric(conversation, agent, "tTalk", agent.interactingMillis() - agent.heldMillis);
    if (agent.heldMillis > 0) {
      news.metric(conversation, agent, "tHeld", agent.heldMillis);
    }
    agenda.in(chance.between(5_000, 60_000), () -> wrapUp(conversation, agent));
  }

  private void wrapUp(Conversation conversation, Party agent) {
    news.change();
    long now = agenda.now();
    long work = now - agent.acwSince;
    long talk = agent.interactingMillis();
    agent.acwEnded = now;
    agent.wrapUp = chance.below(floor.organization().wrapUpCodes().size());
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
      bury(conversation);
    }
    staff.release(staff.state(agent.agent));
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
