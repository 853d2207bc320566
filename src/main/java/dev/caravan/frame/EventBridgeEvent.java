package dev.caravan.frame;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.Arrays;

/**
 * What Amazon EventBridge delivers of Genesys Cloud: an envelope of AWS around {@code detail},
 * which holds what a notification holds, and the time besides ({@code topicName}, {@code
 * eventBody}, {@code version}, {@code metadata}, {@code timestamp}).
 *
 * @param id the event's own; EventBridge and SQS repeat it when they deliver the event again
 * @param detail its bytes as they came, as {@link EnvelopeReader} reads a frame
 */
public record EventBridgeEvent(String id, byte[] detail) {

  private static final JsonFactory JSON = new JsonFactory();

  /**
   * @param event JSON in UTF-8
   * @throws IOException if it is not one; the message is a clause without anything of the content
   */
  public static EventBridgeEvent of(byte[] event) throws IOException {
    String id = "";
    byte[] detail = {};
    boolean object;
    try (JsonParser parser = JSON.createParser(event)) {
      object = parser.nextToken() == JsonToken.START_OBJECT;
      for (String name; object && (name = parser.nextFieldName()) != null; ) {
        JsonToken value = parser.nextToken();
        int start = (int) parser.currentTokenLocation().getByteOffset();
        if (name.equals("id") && value == JsonToken.VALUE_STRING) {
          id = parser.getText();
        } else {
          parser.skipChildren();
        }
        if (name.equals("detail") && value == JsonToken.START_OBJECT) {
          int end = (int) parser.currentLocation().getByteOffset();
          detail = Arrays.copyOfRange(event, start, end);
        }
      }
    } catch (IOException | RuntimeException e) {
      throw new IOException("is not JSON");
    }
    if (!object || id.isBlank() || detail.length == 0) {
      throw new IOException(
          !object
              ? "does not begin with a JSON object"
              : "has no " + (id.isBlank() ? "id" : "detail"));
    }
    return new EventBridgeEvent(id, detail);
  }
}
