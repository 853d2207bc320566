package dev.caravan.genesys.backfill;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.caravan.frame.EnvelopeReader;
import dev.caravan.frame.Frame;
import dev.caravan.frame.Media;
import dev.caravan.genesys.EventHeaders;
import dev.caravan.genesys.GenesysConstants;
import dev.caravan.genesys.connect.CallException;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Processor;

/**
 * Makes a record of what was read again: the body and headers that a notification of the same topic
 * would have, and the header {@code genesys-origin: backfill}. Its {@code ce_id} follows from topic
 * and content alone, so the same state read twice is the same event; a state that came back has
 * another time in it.
 */
public final class ReadAgain implements Processor {

  public enum Kind {
    PRESENCE,
    ROUTING_STATUS,
    ADHERENCE,
    CONVERSATION
  }

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String DETAILS = "v2.analytics.conversations.details";

  private final EnvelopeReader reader = new EnvelopeReader();
  private final Kind kind;
  private final EventHeaders headers;

  public ReadAgain(Kind kind, String source) {
    this.kind = kind;
    this.headers = new EventHeaders(source, Clock.systemUTC());
  }

  @Override
  public void process(Exchange exchange) throws JsonProcessingException {
    Map<?, ?> read = exchange.getMessage().getBody(Map.class);
    if (read == null) {
      throw odd("something that has no fields");
    }
    if (isStateMissing(read)) {
      // No record tells that; the user counts as one that was not told
      exchange.setRouteStop(true);
      return;
    }
    Message message = exchange.getMessage();
    message.removeHeaders("*");
    switch (kind) {
      case PRESENCE -> state(message, read, ".presence", presence(read));
      case ROUTING_STATUS -> state(message, read, ".routingStatus", routingStatus(read));
      case ADHERENCE -> state(message, read, ".workforcemanagement.adherence", adherence(read));
      case CONVERSATION -> conversation(message, read);
    }
    message.setHeader(GenesysConstants.ORIGIN, "backfill");
    BackfillProgress.of(exchange).read(kind == Kind.CONVERSATION ? "" : user(read));
  }

  private boolean isStateMissing(Map<?, ?> read) {
    return kind == Kind.PRESENCE && map(read.get("presenceDefinition")).isEmpty()
        || kind == Kind.ROUTING_STATUS && map(read.get("routingStatus")).isEmpty();
  }

  private void state(Message message, Map<?, ?> read, String topic, Map<String, Object> body)
      throws JsonProcessingException {
    message.setBody(headers(message, "v2.users." + user(read) + topic, body));
  }

  private String user(Map<?, ?> read) {
    Map<?, ?> entity = kind == Kind.ADHERENCE ? map(read.get("user")) : read;
    if (entity.get("id") instanceof String id && !id.isBlank()) {
      return id;
    }
    throw odd("a user without an id");
  }

  /** Notifications spell {@code systemPresence} in capitals, answers do not. */
  private static Map<String, Object> presence(Map<?, ?> read) {
    Map<String, Object> body = without(read, "id", "selfUri");
    Map<String, Object> definition = without(map(read.get("presenceDefinition")), "selfUri");
    definition.computeIfPresent("systemPresence", (name, value) -> capitals(value));
    body.put("presenceDefinition", definition);
    body.putIfAbsent("primary", true);
    return body;
  }

  private static Map<String, Object> routingStatus(Map<?, ?> user) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("id", user.get("id"));
    body.put("routingStatus", without(map(user.get("routingStatus")), "userId"));
    return body;
  }

  /** Two fields have other names in notifications. */
  private static Map<String, Object> adherence(Map<?, ?> read) {
    Map<String, Object> body = without(read, "id", "selfUri", "managementUnit");
    Object changed = body.remove("timeOfAdherenceChange");
    if (map(read.get("managementUnit")).get("id") instanceof String unit) {
      body.put("managementUnitId", unit);
    }
    if (changed != null) {
      body.put("adherenceChangeTime", changed);
    }
    return body;
  }

  private static String capitals(Object spoken) {
    return spoken.toString().strip().replace(' ', '_').toUpperCase(Locale.ROOT);
  }

  private void conversation(Message message, Map<?, ?> read) throws JsonProcessingException {
    headers(message, DETAILS, read);
    String id = String.valueOf(read.get("conversationId"));
    message.setHeader(GenesysConstants.KEY, id);
    message.setHeader("ce_subject", id);
    message.setHeader("ce_type", "com.genesys.cloud." + DETAILS);
    message.setHeader(GenesysConstants.STREAM, "conversations.details");
    message.removeHeader(GenesysConstants.TOPIC);
    media(message, read);
    message.setBody(JSON.writeValueAsBytes(read));
  }

  /** The session that began last comes last; its medium is the primary one. */
  private static void media(Message message, Map<?, ?> read) {
    Set<String> media = new LinkedHashSet<>();
    String primary = "";
    for (Map<?, ?> session : ConversationQuery.sessions(read)) {
      if (session.get("mediaType") instanceof String type) {
        primary = Media.named(type).wire();
        media.add(primary);
      }
    }
    message.removeHeader(GenesysConstants.MEDIA);
    message.removeHeader(GenesysConstants.MEDIA_ALL);
    if (!media.isEmpty()) {
      message.setHeader(GenesysConstants.MEDIA, primary);
    }
    if (media.size() > 1) {
      message.setHeader(GenesysConstants.MEDIA_ALL, String.join(",", media));
    }
  }

  /** Those of a notification of this body; returns its frame. */
  private byte[] headers(Message message, String topic, Map<?, ?> body)
      throws JsonProcessingException {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("topicName", topic);
    fields.put("version", "2");
    fields.put("eventBody", body);
    fields.put("metadata", Map.of());
    byte[] frame = JSON.writeValueAsBytes(fields);
    if (reader.read(frame) instanceof Frame.Notification event) {
      headers.set(message, event, event.id().hex());
      return frame;
    }
    throw odd("what cannot be read as a state");
  }

  private static CallException odd(String what) {
    return CallException.refused("Genesys Cloud answered with " + what + ".", 200);
  }

  private static Map<?, ?> map(Object value) {
    return value instanceof Map<?, ?> map ? map : Map.of();
  }

  private static Map<String, Object> without(Map<?, ?> map, String... names) {
    Map<String, Object> rest = new LinkedHashMap<>();
    map.forEach((name, value) -> rest.put(name.toString(), value));
    List.of(names).forEach(rest::remove);
    return rest;
  }
}
