package dev.caravan.simulator.centre;

/**
 * What everything that happens to a conversation needs at hand.
 *
 * @param organization who there is
 * @param agenda what will happen when
 * @param chance how it comes out
 * @param news who is told
 * @param board who waits
 */
record Floor(Organization organization, Agenda agenda, Chance chance, News news, QueueBoard board) {

  long now() {
    return agenda.now();
  }

  void in(long millis, Runnable deed) {
    agenda.in(millis, deed);
  }

  DetailBody detail() {
    return new DetailBody(organization);
  }

  /** The customer leaves, and with that the conversation is over. */
  void leave(Conversation conversation, String why) {
    long now = now();
    conversation.customer().disconnect(why, now);
    conversation.ended = now;
    news.detail(conversation, "customer.end", () -> detail().customerEnd(conversation, now));
  }

  /** Somebody, or something, takes part from now on. */
  Party join(Conversation conversation, String purpose, int agent, int queue, Party.Stage stage) {
    Party party = new Party(chance.id(), chance.id(), purpose, agent, queue, stage, now());
    conversation.parties.add(party);
    return party;
  }
}
