package dev.caravan.simulator.centre;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
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

  private final ByteArrayOutputStream written;
  private final JsonGenerator generator;

  /** Begins the outermost object. */
  JsonText() {
    this(List.of());
  }

  /** The same with room for a list of items that have been written before. */
  JsonText(List<byte[]> items) {
    int bytes = USUAL_BYTES;
    for (byte[] item : items) {
      bytes += item.length;
    }
    written = new ByteArrayOutputStream(bytes);
    try {
      generator = FACTORY.createGenerator(written);
      generator.writeStartObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
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

  /** A list of items that have been written before; write them before this text is begun. */
  JsonText list(String name, List<byte[]> items) {
    return step(
        () -> {
          generator.writeArrayFieldStart(name);
          for (byte[] item : items) {
            generator.writeRawValue("");
            generator.flush();
            written.write(item);
          }
          generator.writeEndArray();
        });
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
