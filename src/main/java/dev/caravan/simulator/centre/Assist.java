package dev.caravan.simulator.centre;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.function.Supplier;

/** What listens in: what is said, what it suggests to the agent, and how it judges afterwards. */
final class Assist {

  private static final String[] SUGGESTIONS =
      "intent knowledge.article knowledge.search response script thirdpartyaction".split(" ");
  private static final int SUGGEST_EVERY = 2;
  private static final int JUDGE_EVERY = 5;

  private static final String[] INTENTS = {
    "TrackOrder", "ChangeAddress", "CancelContract", "AskInvoice", "Complain"
  };

  private static final String[] CUSTOMER = {
    "hello I have a question about my order",
    "it has not arrived yet",
    "yes the number is on the invoice",
    "bonjour je voudrais changer mon adresse",
    "that would be great thank you"
  };
  private static final String[] AGENT = {
    "good morning how can I help you",
    "let me have a look",
    "may I put you on hold for a moment",
    "I have sent you a confirmation",
    "is there anything else I can do for you"
  };
  private static final int WORD_MILLIS = 320;

  private final String organizationId;
  private final Schedule schedule;
  private final EventEmitter emitter;

  Assist(String organizationId, Schedule schedule, EventEmitter emitter) {
    this.organizationId = organizationId;
    this.schedule = schedule;
    this.emitter = emitter;
  }

  /** Somebody has said something in a call. */
  void transcribe(Conversation conversation, Participant agent, int number) {
    emitter.about(
        "v2.conversations",
        conversation,
        "transcription",
        () -> utterance(conversation, agent, number));
  }

  /** The customer has said something, for the so-manieth time. */
  void hear(Conversation conversation, Participant agent, int number) {
    int turn = number / SUGGEST_EVERY;
    if (number % SUGGEST_EVERY == 0 && turn < SUGGESTIONS.length) {
      String kind = SUGGESTIONS[turn];
      emitter.about(
          "v2.conversations",
          conversation,
          "suggestions." + kind,
          () -> suggestion(conversation, agent, kind, turn));
    }
    if (number % JUDGE_EVERY == 0) {
      analyse(conversation, "sentiment", () -> sentiment(conversation, number));
    }
  }

  private void analyse(Conversation conversation, String what, Supplier<ObjectNode> body) {
    emitter.about("v2.speechandtextanalytics.conversation", conversation, what, body);
  }

  /** The conversation has come to its end; its transcript is looked through as a whole. */
  void review(Conversation conversation, Participant agent) {
    if (!conversation.medium.hasWords()) {
      return;
    }
    int messages = conversation.messages;
    analyse(conversation, "sentiment", () -> sentiment(conversation, messages));
    analyse(conversation, "empathy", () -> empathy(conversation));
    analyse(conversation, "topics", () -> topics(conversation));
    emitter.about(
        "v2.speechandtextanalytics.conversations",
        conversation,
        "categories",
        () -> categories(conversation));
    emitter.tell(
        "v2.users." + agent.agent.id() + ".conversations.summaries",
        () -> summary(conversation, agent));
  }

  private ObjectNode utterance(Conversation conversation, Participant agent, int number) {
    boolean customer = number % 2 == 0;
    String[] lines = customer ? CUSTOMER : AGENT;
    String line = lines[number / 2 % lines.length];
    int offset = (int) Math.max(0, schedule.now() - agent.connected);
    ObjectNode body =
        Json.object()
            .put("eventTime", Json.time(schedule.now()))
            .put("organizationId", organizationId)
            .put("conversationId", conversation.id)
            .put("communicationId", conversation.customer().communicationId)
            .put("sessionStartTimeMs", conversation.started)
            .put("transcriptionStartTimeMs", agent.connected);
    ObjectNode transcript =
        body.putArray("transcripts")
            .addObject()
            .put("utteranceId", conversation.id + "-" + number)
            .put("isFinal", true)
            .put("channel", customer ? "EXTERNAL" : "INTERNAL")
            .put("engineId", "r2d2")
            .put("dialect", line.startsWith("bonjour") ? "fr-FR" : "en-US");
    ObjectNode alternative = transcript.putArray("alternatives").addObject();
    String[] words = line.split(" ");
    alternative
        .put("confidence", 0.97)
        .put("offsetMs", offset)
        .put("durationMs", words.length * WORD_MILLIS)
        .put("transcript", line);
    ArrayNode spoken = alternative.putArray("words");
    for (int i = 0; i < words.length; i++) {
      spoken
          .addObject()
          .put("confidence", 0.95)
          .put("offsetMs", offset + i * WORD_MILLIS)
          .put("durationMs", WORD_MILLIS)
          .put("word", words[i]);
    }
    return body;
  }

  /** The six {@code v2.conversations.{id}.suggestions…} topics. */
  private ObjectNode suggestion(
      Conversation conversation, Participant agent, String kind, int turn) {
    ObjectNode body =
        Json.object()
            .put("eventTime", Json.time(schedule.now()))
            .put("conversationId", conversation.id)
            .put("suggestionId", derived("5a", conversation, turn))
            .put("state", "Suggested")
            .put("engagementType", "AgentAssist")
            .put("triggerType", "Intent");
    ObjectNode context =
        body.putObject("context")
            .put("queueId", agent.queue.id())
            .put("userId", agent.agent.id())
            .put("assistantId", organizationId)
            .put("mediaType", conversation.medium.lower())
            .put("participantType", "customer")
            .put("language", conversation.attributes.get("context.language"))
            .put("queryStatement", intent(conversation));
    if (conversation.medium == Medium.VOICE) {
      context.put("utteranceId", conversation.id + "-" + turn);
    } else {
      context.put("messageId", conversation.lastMessageId);
    }
    intent(body.putObject("activeIntent"), conversation);
    switch (kind) {
      case "intent" ->
          intent(
              body.putObject("conversationIntents").putObject(intent(conversation)), conversation);
      case "knowledge.article" -> article(body.putObject("knowledgeArticle"), conversation);
      case "knowledge.search" ->
          article(body.putObject("knowledgeSearch"), conversation)
              .put("searchId", derived("5e", conversation, turn))
              .put("confidence", 0.71);
      case "response" ->
          body.putObject("cannedResponse")
              .put("libraryId", organizationId)
              .put("responseId", derived("5d", conversation, 0));
      case "script" ->
          body.putObject("script")
              .put("scriptId", derived("5f", conversation, 0))
              .put("pageId", derived("50", conversation, 0))
              .putObject("data")
              .put("reason", intent(conversation));
      default ->
          body.putObject("thirdPartySuggestion")
              .put("title", "From the order system")
              .put("text", "The parcel left the warehouse this morning.")
              .putArray("sources")
              .addObject()
              .put("name", "orders")
              .put("url", "https://orders.example.com/");
    }
    return body;
  }

  private static void intent(ObjectNode node, Conversation conversation) {
    node.put("intent", intent(conversation)).put("intentId", derived("1d", conversation, 0));
    node.put("confidence", 0.83).putArray("detectedSlots");
  }

  private static ObjectNode article(ObjectNode node, Conversation conversation) {
    node.put("documentId", derived("d0", conversation, 0)).put("versionId", "2");
    node.put("title", "What to do about " + intent(conversation));
    node.put("uri", "https://help.example.com/" + intent(conversation));
    node.putArray("snippets").add("Ask for the number on the invoice first.");
    node.putArray("variationIds");
    node.putObject("metadata");
    return node;
  }

  private static ObjectNode sentiment(Conversation conversation, int number) {
    ObjectNode body = judged(conversation);
    return body.put("sentimentOverallScore", score(conversation, number))
        .put("sentimentTrendScore", score(conversation, number + 1));
  }

  private static ObjectNode empathy(Conversation conversation) {
    ObjectNode body = judged(conversation);
    ArrayNode agents = body.putArray("agents");
    for (Participant party : conversation.parties) {
      if (party.agent != null) {
        agents
            .addObject()
            .put("agentId", party.agent.id())
            .put("overallEmpathyScore", Math.abs(score(conversation, party.agent.index())));
      }
    }
    return body;
  }

  private ObjectNode topics(Conversation conversation) {
    ObjectNode body =
        Json.object()
            .put("conversationId", conversation.id)
            .put("communicationId", conversation.customer().communicationId)
            .put("mediaType", conversation.medium.lower())
            .put("transcriptId", derived("7c", conversation, 0))
            .put("programId", organizationId);
    ArrayNode participants = body.putArray("participants");
    for (Participant party : conversation.parties) {
      ObjectNode participant = participants.addObject().put("purpose", party.purpose);
      if (party.agent != null) {
        participant.put("userId", party.agent.id());
      }
      if (party.queue != null) {
        participant.put("queueId", party.queue.id());
      }
    }
    body.putArray("topics")
        .addObject()
        .put("participant", "external")
        .put("topicId", derived("70", conversation, 0))
        .put("topicName", intent(conversation));
    return body;
  }

  private ObjectNode categories(Conversation conversation) {
    ObjectNode body =
        Json.object()
            .put("organizationId", organizationId)
            .put("conversationId", conversation.id)
            .put("mediaType", conversation.medium.lower());
    body.putArray("categoryIds").add(derived("ca", conversation, 0));
    body.putArray("transcriptIds").add(derived("7c", conversation, 0));
    return body;
  }

  private ObjectNode summary(Conversation conversation, Participant agent) {
    ObjectNode body =
        Json.object()
            .put("conversationId", conversation.id)
            .put("summaryId", derived("5b", conversation, 0))
            .put("mediaType", conversation.medium.lower())
            .put("latestCommunicationId", agent.communicationId)
            .put("queueId", agent.queue.id())
            .put("createdDate", Json.time(schedule.now()))
            .put("durationMs", schedule.now() - conversation.started)
            .put("language", conversation.attributes.get("context.language"))
            .put("summarySourceType", "Agent")
            .put("triggerType", "ConversationEnd");
    if (!conversation.messageType.isEmpty()) {
      body.put("messageType", conversation.messageType);
    }
    body.putArray("communicationIds").add(agent.communicationId);
    body.putArray("participants")
        .addObject()
        .put("purpose", "agent")
        .put("userId", agent.agent.id());
    body.putObject("summary")
        .put("text", conversation.customerName + " asked about " + intent(conversation) + ".")
        .put("score", 0.8);
    body.putObject("reason").put("text", intent(conversation)).put("score", 0.8);
    body.putObject("resolution").put("text", "Answered.").put("score", 0.7);
    body.putArray("followupActions");
    body.putArray("wrapUpCodes");
    return body;
  }

  private static ObjectNode judged(Conversation conversation) {
    ObjectNode body = Json.object().put("conversationId", conversation.id);
    body.putArray("divisionIds").add(conversation.division.id());
    body.putArray("queueIds").add(conversation.queue.id());
    ArrayNode flows = body.putArray("flowIds");
    if (conversation.flow != null) {
      flows.add(conversation.flow.id());
    }
    return body;
  }

  private static String intent(Conversation conversation) {
    return INTENTS[Math.floorMod(conversation.id.hashCode(), INTENTS.length)];
  }

  private static int score(Conversation conversation, int salt) {
    return Math.floorMod(conversation.id.hashCode() * 31 + salt * 17, 201) - 100;
  }

  /** An id of something that belongs to a conversation. */
  private static String derived(String prefix, Conversation conversation, int number) {
    return prefix + Character.forDigit(number % 10, 10) + conversation.id.substring(3);
  }
}
