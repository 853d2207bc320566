package dev.caravan.simulator.centre;

/** What happens while an agent and a customer are connected. */
final class Talk {

  private static final long UTTERANCE_MILLIS = 6_000;
  private static final long EXCHANGE_MILLIS = 20_000;
  private static final int MOST_EXCHANGES = 40;

  private final Agenda agenda;
  private final Chance chance;
  private final News news;
  private final QueueBoard board;
  private final Organization organization;
  private final Conversation conversation;
  private final Party agent;

  Talk(
      Agenda agenda,
      Chance chance,
      News news,
      QueueBoard board,
      Organization organization,
      Conversation conversation,
      Party agent) {
    this.agenda = agenda;
    this.chance = chance;
    this.news = news;
    this.board = board;
    this.organization = organization;
    this.conversation = conversation;
    this.agent = agent;
  }

  /** Plans what will happen within so many milliseconds. */
  void plan(long talkMillis) {
    switch (conversation.medium) {
      case VOICE -> {
        agenda.in(UTTERANCE_MILLIS / 2, () -> speak(0));
        if (chance.happens(0.2)) {
          long from = talkMillis / 3;
          agenda.in(from, () -> hold(true));
          agenda.in(from + talkMillis / 5, () -> hold(false));
        }
        if (chance.happens(0.1)) {
          agenda.in(talkMillis / 2, this::mute);
        }
        if (chance.happens(0.08)) {
          agenda.in(talkMillis / 4, () -> share(true));
          agenda.in(talkMillis * 3 / 4, () -> share(false));
        }
      }
      case CHAT, MESSAGE, EMAIL -> agenda.in(EXCHANGE_MILLIS, () -> exchange(0));
      case CALLBACK -> agenda.in(talkMillis / 2, this::note);
    }
  }

  private boolean over() {
    return agent.over();
  }

  private void change() {
    news.change();
    board.changed(conversation);
  }

  private void speak(int number) {
    if (over()) {
      return;
    }
    if (agent.heldSince == 0) {
      long now = agenda.now();
      news.change();
      news.transcription(
          conversation, () -> Transcript.utterance(organization, conversation, agent, number, now));
    }
    agenda.in(UTTERANCE_MILLIS, () -> speak(number + 1));
  }

  private void hold(boolean on) {
    if (over()) {
      return;
    }
    change();
    if (on) {
      agent.hold(agenda.now());
    } else {
      agent.unhold(agenda.now());
    }
    news.conversation(conversation);
  }

  private void mute() {
    if (!over()) {
      change();
      agent.muted = !agent.muted;
      news.conversation(conversation);
    }
  }

  private void share(boolean on) {
    if (over()) {
      return;
    }
    change();
    for (Party party : new Party[] {conversation.customer(), agent}) {
      if (on) {
        party.sharingSince = agenda.now();
        party.sharingEnded = 0;
      } else if (party.sharingSince > 0) {
        party.sharingEnded = agenda.now();
      }
    }
    news.conversation(conversation);
  }

  private void exchange(int number) {
    if (over() || number > MOST_EXCHANGES) {
      return;
    }
    change();
    conversation.messages++;
    conversation.lastMessageId = chance.id().replace("-", "");
    conversation.lastMessageAt = agenda.now();
    news.conversation(conversation);
    agenda.in(EXCHANGE_MILLIS / 2 + chance.below(40_000), () -> exchange(number + 1));
  }

  private void note() {
    if (!over()) {
      change();
      conversation.attributes.put("agent.note", "called back");
      news.conversation(conversation);
    }
  }
}
