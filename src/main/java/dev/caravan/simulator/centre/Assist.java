package dev.caravan.simulator.centre;

/** What listens in: it suggests things to the agent, and judges afterwards how it went. */
final class Assist {

  private static final String[] SUGGESTIONS =
      "intent knowledge.article knowledge.search response script thirdpartyaction".split(" ");
  private static final int SUGGEST_EVERY = 2;
  private static final int JUDGE_EVERY = 5;

  private final Floor floor;
  private final AssistBody bodies;

  Assist(Floor floor) {
    this.floor = floor;
    bodies = new AssistBody(floor.organization());
  }

  /** Somebody has said something in a call. */
  void transcribe(Conversation conversation, Party agent, int number) {
    long now = floor.now();
    floor
        .news()
        .about(
            "v2.conversations",
            conversation,
            "transcription",
            () -> bodies.utterance(conversation, agent, number, now));
  }

  /** The customer has said something, for the so-manieth time. */
  void hear(Conversation conversation, Party agent, int number) {
    long now = floor.now();
    int turn = number / SUGGEST_EVERY;
    if (number % SUGGEST_EVERY == 0 && turn < SUGGESTIONS.length) {
      String kind = SUGGESTIONS[turn];
      floor
          .news()
          .about(
              "v2.conversations",
              conversation,
              "suggestions." + kind,
              () -> bodies.suggestion(conversation, agent, kind, turn, now));
    }
    if (number % JUDGE_EVERY == 0) {
      judge(conversation, number);
    }
  }

  private void judge(Conversation conversation, int number) {
    floor
        .news()
        .about(
            "v2.speechandtextanalytics.conversation",
            conversation,
            "sentiment",
            () -> bodies.sentiment(conversation, number));
  }

  /** The conversation has come to its end; its transcript is looked through as a whole. */
  void review(Conversation conversation, Party agent) {
    if (!conversation.medium.hasWords()) {
      return;
    }
    News news = floor.news();
    long now = floor.now();
    judge(conversation, conversation.messages);
    String one = "v2.speechandtextanalytics.conversation";
    news.about(one, conversation, "empathy", () -> bodies.empathy(conversation));
    news.about(one, conversation, "topics", () -> bodies.topics(conversation));
    news.about(
        "v2.speechandtextanalytics.conversations",
        conversation,
        "categories",
        () -> bodies.categories(conversation));
    news.tell(
        "v2.users." + floor.organization().agent(agent.agent).id() + ".conversations.summaries",
        Body.of(() -> bodies.summary(conversation, agent, now)));
  }
}
