package dev.caravan.simulator.centre;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Writes a JSON object straight to its bytes. Conversations are told so often, and at such length,
 * that building a tree of each first would be most of the work.
 */
final class JsonText {

  private static final JsonFactory FACTORY = new JsonFactory();
  private static final int USUAL_BYTES = 1_500;

  /** A call of Jackson's that could fail if it wrote anywhere but into memory. */
  private interface Step {
    void run() throws IOException;
  }

  private final ByteArrayOutputStream written = new ByteArrayOutputStream(USUAL_BYTES);
  private final JsonGenerator generator;

  /** Begins the outermost object. */
  JsonText() {
    try {
      generator = FACTORY.createGenerator(written);
      generator.writeStartObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** An object with one more field at its end, a list of what has been written before. */
  static byte[] with(byte[] object, String name, List<byte[]> items) {
    byte[] field = (",\"" + name + "\":[").getBytes(StandardCharsets.UTF_8);
    int length = object.length + field.length + items.size();
    for (byte[] item : items) {
      length += item.length;
    }
    ByteBuffer whole = ByteBuffer.allocate(length).put(object, 0, object.length - 1).put(field);
    for (int i = 0; i < items.size(); i++) {
      whole.put(items.get(i)).put((byte) (i < items.size() - 1 ? ',' : ']'));
    }
    return whole.put((byte) '}').array();
  }

  JsonText put(String name, String value) {
    return step(() -> generator.writeStringField(name, value));
  }

  JsonText put(String name, long value) {
    return step(() -> generator.writeNumberField(name, value));
  }

  JsonText put(String name, boolean value) {
    return step(() -> generator.writeBooleanField(name, value));
  }

  /** Writes an instant; one that has not come is left out. */
  JsonText time(String name, long millis) {
    return millis > 0 ? put(name, Iso.time(millis)) : this;
  }

  /** Begins an object that {@link #end} ends. */
  JsonText object(String name) {
    return step(() -> generator.writeObjectFieldStart(name));
  }

  /** The same as an item of a list. */
  JsonText object() {
    return step(generator::writeStartObject);
  }

  /** Begins a list that {@link #end} ends. */
  JsonText list(String name) {
    return step(() -> generator.writeArrayFieldStart(name));
  }

  /** An item of a list. */
  JsonText add(String value) {
    return step(() -> generator.writeString(value));
  }

  JsonText end() {
    return step(
        () -> {
          if (generator.getOutputContext().inArray()) {
            generator.writeEndArray();
          } else {
            generator.writeEndObject();
          }
        });
  }

  /** Ends what is still open, and gives it all as UTF-8. */
  byte[] bytes() {
    step(generator::close);
    return written.toByteArray();
  }

  private JsonText step(Step step) {
    try {
      step.run();
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException("Writing into memory failed, which cannot be.", e);
    }
  }
}
