package dev.caravan.dryrun;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import dev.caravan.topic.TopicCatalogue;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Puts something in the place of all text of an event that may be about a person: names, addresses,
 * numbers, attributes, and whatever else is not known to be harmless. What stays are ids, times and
 * the words of Genesys Cloud itself, so that the event is read as before. The same value gets the
 * same mask, as long as the key is the same; without it nobody can find the value again.
 */
public final class Mask {

  // Half a character, as it may stand in a name of a field, can only be written so
  private static final JsonFactory JSON =
      new JsonFactoryBuilder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  private static final String HASH = "HmacSHA256";

  private static final Pattern ID =
      Pattern.compile("[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{24}|[0-9a-f]{32}");

  private static final Pattern TIME =
      Pattern.compile("\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z?(/\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z?)?");

  /** Fields of which the value is an id that need not look like one. */
  private static final Pattern ID_FIELD = Pattern.compile("id|.*Ids?");

  private static final Pattern PLAIN_ID = Pattern.compile("(?=.*[a-zA-Z-])[\\w-]{1,64}");
  private static final Pattern OWN_PATH = Pattern.compile("/api/v2/[\\w/-]*");

  /** Fields of which the value is a word of Genesys Cloud that is in no list of values. */
  private static final Set<String> WORD_FIELDS =
      Set.of(
          ("purpose provider type state initialState direction mediaType messageType metric"
                  + " systemPresence wrapupPrompt engagementType triggerType cobrowseRole"
                  + " scheduledActivityCategory actualActivityCategory impact")
              .split(" "));

  private static final Pattern WORD = Pattern.compile("[A-Za-z][\\w .-]{0,39}");

  /** Fields of which no value is harmless, whatever it looks like. */
  private static final Pattern PERSONAL_FIELD =
      Pattern.compile(
          "(?i).*(name|address|number|phone|mail|subject|note|text|caller|remote|message|label|title"
              + "|description|reason|query|transcript|content|body)(s|Raw|Normalized|Displayable)?"
              + "|ani|dnis");

  /** Fields that hold what customers put there. */
  private static final Set<String> ATTRIBUTES =
      Set.of("attributes", "participantAttributes", "participantData", "customAttributes");

  private static final Pattern SCHEME = Pattern.compile("(?:tel|sips?|mailto):");
  private static final Pattern NUMBER = Pattern.compile("\\+?[\\d ()./-]{4,}");

  private final TopicCatalogue catalogue = TopicCatalogue.shipped();
  private final SecretKeySpec key;

  /** Of random bytes, drawn for each recording. */
  public Mask(byte[] key) {
    this.key = new SecretKeySpec(key, HASH);
  }

  /** The frame, masked; its envelope stays as it is. Fails if it cannot be parsed. */
  byte[] of(byte[] frame) throws IOException {
    ByteArrayOutputStream masked = new ByteArrayOutputStream(frame.length);
    try (JsonParser parser = JSON.createParser(frame);
        JsonGenerator generator = JSON.createGenerator(masked)) {
      int depth = 0;
      while (parser.nextToken() != null) {
        boolean begins = parser.currentToken().isStructStart();
        if (depth == 1 && "eventBody".equals(parser.currentName()) && isValue(parser)) {
          mask(parser, generator, "eventBody", false);
        } else {
          copy(parser, generator);
          depth += begins ? 1 : parser.currentToken().isStructEnd() ? -1 : 0;
        }
      }
    }
    return masked.toByteArray();
  }

  private static boolean isValue(JsonParser parser) {
    return parser.currentToken().isScalarValue() || parser.currentToken().isStructStart();
  }

  /** One value with all in it. */
  private void mask(JsonParser parser, JsonGenerator generator, String field, boolean attribute)
      throws IOException {
    JsonToken token = parser.currentToken();
    if (token.isStructStart()) {
      copy(parser, generator);
      String inner = field;
      for (JsonToken next; !(next = parser.nextToken()).isStructEnd(); ) {
        if (next == JsonToken.FIELD_NAME) {
          inner = parser.currentName();
          copy(parser, generator);
        } else {
          mask(parser, generator, inner, attribute || ATTRIBUTES.contains(inner));
        }
      }
      copy(parser, generator);
    } else if (token == JsonToken.VALUE_STRING) {
      String text = parser.getText();
      generator.writeString(
          text.isEmpty() || !attribute && isHarmless(field, text) ? text : masked(text));
    } else if (token.isNumeric() && (attribute || PERSONAL_FIELD.matcher(field).matches())) {
      generator.writeNumber(hash(parser.getText()).getInt() >>> 1);
    } else {
      copy(parser, generator);
    }
  }

  private static void copy(JsonParser parser, JsonGenerator generator) throws IOException {
    if (parser.currentToken().isNumeric()) {
      generator.writeNumber(parser.getText());
    } else {
      generator.copyCurrentEvent(parser);
    }
  }

  private boolean isHarmless(String field, String text) {
    if (PERSONAL_FIELD.matcher(field).matches()) {
      return false;
    }
    return ID.matcher(text).matches()
        || TIME.matcher(text).matches()
        || OWN_PATH.matcher(text).matches()
        || ID_FIELD.matcher(field).matches() && PLAIN_ID.matcher(text).matches()
        || WORD_FIELDS.contains(field) && WORD.matcher(text).matches()
        || catalogue.isEnumValue(text);
  }

  /** It has the form of the value, so that a route that looks at that does as before. */
  private String masked(String text) {
    Matcher scheme = SCHEME.matcher(text);
    String begin = scheme.lookingAt() ? scheme.group() : "";
    String rest = text.substring(begin.length());
    ByteBuffer hash = hash(rest);
    if (NUMBER.matcher(rest).matches()) {
      return begin + "+000%010d".formatted(Integer.toUnsignedLong(hash.getInt()));
    }
    String word = HexFormat.of().formatHex(hash.array(), 0, 5);
    return begin + (rest.contains("@") ? word + "@masked.invalid" : "masked-" + word);
  }

  private ByteBuffer hash(String text) {
    try {
      Mac mac = Mac.getInstance(HASH);
      mac.init(key);
      return ByteBuffer.wrap(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("Every Java has " + HASH, e);
    }
  }
}
