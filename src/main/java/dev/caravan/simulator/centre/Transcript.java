package dev.caravan.simulator.centre;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** What is said in a call, as {@code v2.conversations.{id}.transcription} tells it. */
final class Transcript {

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

  private Transcript() {}

  static ObjectNode utterance(
      Organization organization, Conversation conversation, Party agent, int number, long now) {
    boolean customer = number % 2 == 0;
    String[] lines = customer ? CUSTOMER : AGENT;
    String line = lines[number / 2 % lines.length];
    int offset = (int) Math.max(0, now - agent.connected);
    ObjectNode body =
        JsonNodeFactory.instance
            .objectNode()
            .put("eventTime", Iso.time(now))
            .put("organizationId", organization.id())
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
}
