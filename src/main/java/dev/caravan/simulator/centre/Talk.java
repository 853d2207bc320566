package dev.caravan.simulator.centre;

/** What happens while an agent and a customer are connected. */
record Talk(
    Agenda agenda,
    Chance chance,
    News news,
    QueueBoard board,
    Assist assist,
    Conversation conversation,
    Party agent) {

  private static final long UTTERANCE_MILLIS = 6_000;
  private static final long EXCHANGE_MILLIS = 20_000;
  private static final int MOST_EXCHANGES = 40;

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
        look(Side.SCREENSHARE, talkMillis);
      }
      case VIDEO -> agenda.in(talkMillis / 2, this::mute);
      case CHAT -> {
        agenda.in(EXCHANGE_MILLIS, () -> exchange(0));
        look(Side.COBROWSE, talkMillis);
      }
      case MESSAGE, EMAIL -> agenda.in(EXCHANGE_MILLIS, () -> exchange(0));
      case CALLBACK, SOCIAL -> agenda.in(talkMillis / 2, this::note);
    }
  }

  private void look(Side side, long talkMillis) {
    if (conversation.side == Side.NONE && chance.happens(0.08)) {
      agenda.in(talkMillis / 4, () -> share(side, true));
      agenda.in(talkMillis * 3 / 4, () -> share(side, false));
    }
  }

  private void change() {
    news.change();
    board.changed(conversation);
  }

  private void speak(int number) {
    if (agent.over()) {
      return;
    }
    if (agent.heldSince == 0) {
      news.change();
      assist.transcribe(conversation, agent, number);
      if (number % 2 == 0) {
        assist.hear(conversation, agent, number / 2);
      }
    }
    agenda.in(UTTERANCE_MILLIS, () -> speak(number + 1));
  }

  private void hold(boolean on) {
    if (agent.over() || agent.consulting) {
      return;
    }
    change();
    if (on) {
      agent.heldSince = agenda.now();
    } else {
      agent.unhold(agenda.now());
    }
    news.conversation(conversation);
  }

  private void mute() {
    if (!agent.over()) {
      change();
      agent.muted = !agent.muted;
      news.conversation(conversation);
    }
  }

  private void share(Side side, boolean on) {
    if (agent.over()) {
      return;
    }
    change();
    conversation.side = side;
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
    if (agent.over() || number > MOST_EXCHANGES) {
      return;
    }
    change();
    conversation.messages++;
    conversation.lastMessageId = chance.id().replace("-", "");
    conversation.lastMessageAt = agenda.now();
    news.conversation(conversation);
    assist.hear(conversation, agent, number);
    agenda.in(EXCHANGE_MILLIS / 2 + chance.below(40_000), () -> exchange(number + 1));
  }

  private void note() {
    if (!agent.over()) {
      change();
      conversation.attributes.put("agent.note", "called back");
      news.conversation(conversation);
    }
  }
}
