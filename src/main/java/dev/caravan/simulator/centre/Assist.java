package dev.caravan.simulator.centre;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.function.Supplier;

/** What listens in: it suggests things to the agent, and judges afterwards how it went. */
final class Assist {

  private static final String[] SUGGESTIONS =
      "intent knowledge.article knowledge.search response script thirdpartyaction".split(" ");
  private static final int SUGGEST_EVERY = 2;
  private static final int JUDGE_EVERY = 5;

  private final AssistBody bodies;
  private final Agenda agenda;
  private final News news;

  Assist(String organizationId, Agenda agenda, News news) {
    bodies = new AssistBody(organizationId);
    this.agenda = agenda;
    this.news = news;
  }

  /** Somebody has said something in a call. */
  void transcribe(Conversation conversation, Party agent, int number) {
    news.about(
        "v2.conversations",
        conversation,
        "transcription",
        () -> bodies.utterance(conversation, agent, number, agenda.now()));
  }

  /** The customer has said something, for the so-manieth time. */
  void hear(Conversation conversation, Party agent, int number) {
    int turn = number / SUGGEST_EVERY;
    if (number % SUGGEST_EVERY == 0 && turn < SUGGESTIONS.length) {
      String kind = SUGGESTIONS[turn];
      news.about(
          "v2.conversations",
          conversation,
          "suggestions." + kind,
          () -> bodies.suggestion(conversation, agent, kind, turn, agenda.now()));
    }
    if (number % JUDGE_EVERY == 0) {
      analyse(conversation, "sentiment", () -> AssistBody.sentiment(conversation, number));
    }
  }

  private void analyse(Conversation conversation, String what, Supplier<ObjectNode> body) {
    news.about("v2.speechandtextanalytics.conversation", conversation, what, body);
  }

  /** The conversation has come to its end; its transcript is looked through as a whole. */
  void review(Conversation conversation, Party agent) {
    if (!conversation.medium.hasWords()) {
      return;
    }
    int messages = conversation.messages;
    analyse(conversation, "sentiment", () -> AssistBody.sentiment(conversation, messages));
    analyse(conversation, "empathy", () -> AssistBody.empathy(conversation));
    analyse(conversation, "topics", () -> bodies.topics(conversation));
    news.about(
        "v2.speechandtextanalytics.conversations",
        conversation,
        "categories",
        () -> bodies.categories(conversation));
    news.tell(
        "v2.users." + agent.agent.id() + ".conversations.summaries",
        () -> AssistBody.summary(conversation, agent, agenda.now()));
  }
}
