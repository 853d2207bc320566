package dev.caravan.simulator.centre;

/** What happens while an agent and a customer are connected. */
record Talk(Floor floor, Assist assist, Conversation conversation, Party agent) {

  private static final long UTTERANCE_MILLIS = 6_000;
  private static final long EXCHANGE_MILLIS = 20_000;
  private static final int MOST_EXCHANGES = 40;

  /** Plans what will happen within so many milliseconds. */
  void plan(long talkMillis) {
    Chance chance = floor.chance();
    switch (conversation.medium) {
      case VOICE -> {
        floor.in(UTTERANCE_MILLIS / 2, () -> speak(0));
        if (chance.happens(0.2)) {
          long from = talkMillis / 3;
          floor.in(from, () -> hold(true));
          floor.in(from + talkMillis / 5, () -> hold(false));
        }
        if (chance.happens(0.1)) {
          floor.in(talkMillis / 2, this::mute);
        }
        look(Side.SCREENSHARE, talkMillis);
      }
      case VIDEO -> floor.in(talkMillis / 2, this::mute);
      case CHAT -> {
        floor.in(EXCHANGE_MILLIS, () -> exchange(0));
        look(Side.COBROWSE, talkMillis);
      }
      case MESSAGE, EMAIL -> floor.in(EXCHANGE_MILLIS, () -> exchange(0));
      case CALLBACK, SOCIAL -> floor.in(talkMillis / 2, this::note);
    }
  }

  private void look(Side side, long talkMillis) {
    if (conversation.side == Side.NONE && floor.chance().happens(0.08)) {
      floor.in(talkMillis / 4, () -> share(side, true));
      floor.in(talkMillis * 3 / 4, () -> share(side, false));
    }
  }

  private void change() {
    floor.news().change();
    floor.board().changed(conversation);
  }

  private void speak(int number) {
    if (agent.over()) {
      return;
    }
    if (agent.heldSince == 0) {
      floor.news().change();
      assist.transcribe(conversation, agent, number);
      if (number % 2 == 0) {
        assist.hear(conversation, agent, number / 2);
      }
    }
    floor.in(UTTERANCE_MILLIS, () -> speak(number + 1));
  }

  private void hold(boolean on) {
    if (agent.over() || agent.consulting) {
      return;
    }
    change();
    if (on) {
      agent.hold(floor.now());
    } else {
      agent.unhold(floor.now());
    }
    floor.news().conversation(conversation);
  }

  private void mute() {
    if (!agent.over()) {
      change();
      agent.muted = !agent.muted;
      floor.news().conversation(conversation);
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
        party.sharingSince = floor.now();
        party.sharingEnded = 0;
      } else if (party.sharingSince > 0) {
        party.sharingEnded = floor.now();
      }
    }
    floor.news().conversation(conversation);
  }

  private void exchange(int number) {
    if (agent.over() || number > MOST_EXCHANGES) {
      return;
    }
    change();
    conversation.messages++;
    conversation.lastMessageId = floor.chance().id().replace("-", "");
    conversation.lastMessageAt = floor.now();
    floor.news().conversation(conversation);
    assist.hear(conversation, agent, number);
    floor.in(EXCHANGE_MILLIS / 2 + floor.chance().below(40_000), () -> exchange(number + 1));
  }

  private void note() {
    if (!agent.over()) {
      change();
      conversation.attributes.put("agent.note", "called back");
      floor.news().conversation(conversation);
    }
  }
}
