package dev.caravan.simulator.centre;

import java.util.List;

/** What happens while an agent and a customer are connected. */
record Talk(
    Schedule schedule,
    Chance chance,
    EventEmitter emitter,
    QueueBoard board,
    Assist assist,
    Conversation conversation,
    Participant agent) {

  private static final long UTTERANCE_MILLIS = 6_000;
  private static final long EXCHANGE_MILLIS = 20_000;
  private static final int MOST_EXCHANGES = 40;

  /** Plans what will happen within so many milliseconds. */
  void plan(long talkMillis) {
    switch (conversation.medium) {
      case VOICE -> {
        in(UTTERANCE_MILLIS / 2, () -> speak(0));
        if (chance.happens(0.2)) {
          long from = talkMillis / 3;
          in(from, () -> hold(true));
          in(from + talkMillis / 5, () -> hold(false));
        }
        if (chance.happens(0.1)) {
          in(talkMillis / 2, this::mute);
        }
        look(Side.SCREENSHARE, talkMillis);
      }
      case VIDEO -> in(talkMillis / 2, this::mute);
      case CHAT -> {
        in(EXCHANGE_MILLIS, () -> exchange(0));
        look(Side.COBROWSE, talkMillis);
      }
      case MESSAGE, EMAIL -> in(EXCHANGE_MILLIS, () -> exchange(0));
      case CALLBACK, SOCIAL -> in(talkMillis / 2, this::note);
    }
  }

  /** Unless the agent has left by then. */
  private void in(long millis, Runnable deed) {
    schedule.in(
        millis,
        () -> {
          if (!agent.over()) {
            deed.run();
          }
        });
  }

  private void look(Side side, long talkMillis) {
    if (conversation.side == Side.NONE && chance.happens(0.08)) {
      in(talkMillis / 4, () -> share(side, true));
      in(talkMillis * 3 / 4, () -> share(side, false));
    }
  }

  private void change(Runnable deed) {
    emitter.change();
    board.changed(conversation);
    deed.run();
    emitter.conversation(conversation);
  }

  private void speak(int number) {
    if (agent.heldSince == 0) {
      emitter.change();
      assist.transcribe(conversation, agent, number);
      if (number % 2 == 0) {
        assist.hear(conversation, agent, number / 2);
      }
    }
    in(UTTERANCE_MILLIS, () -> speak(number + 1));
  }

  private void hold(boolean on) {
    if (agent.consulting) {
      return;
    }
    if (on) {
      change(() -> agent.heldSince = schedule.now());
    } else {
      change(() -> agent.unhold(schedule.now()));
    }
  }

  private void mute() {
    change(() -> agent.muted = !agent.muted);
  }

  private void share(Side side, boolean on) {
    change(
        () -> {
          conversation.side = side;
          for (Participant party : List.of(conversation.customer(), agent)) {
            if (on) {
              party.sharingSince = schedule.now();
              party.sharingEnded = 0;
            } else if (party.sharingSince > 0) {
              party.sharingEnded = schedule.now();
            }
          }
        });
  }

  private void exchange(int number) {
    if (number > MOST_EXCHANGES) {
      return;
    }
    change(
        () -> {
          conversation.messages++;
          conversation.lastMessageId = chance.id().replace("-", "");
          conversation.lastMessageAt = schedule.now();
        });
    assist.hear(conversation, agent, number);
    in(EXCHANGE_MILLIS / 2 + chance.below(40_000), () -> exchange(number + 1));
  }

  private void note() {
    change(() -> conversation.attributes.put("agent.note", "called back"));
  }
}
