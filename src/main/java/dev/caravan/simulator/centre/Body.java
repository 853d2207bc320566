package dev.caravan.simulator.centre;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.function.Supplier;

/** An event body that is only made when somebody hears it, and then only once. */
public final class Body {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final Supplier<byte[]> maker;
  private byte[] bytes;

  private Body(Supplier<byte[]> maker) {
    this.maker = maker;
  }

  /** A body that the given supplier can make. */
  public static Body of(Supplier<? extends JsonNode> maker) {
    return new Body(() -> written(maker.get()));
  }

  /** A body that is written without a tree in between. */
  static Body text(Supplier<byte[]> maker) {
    return new Body(maker);
  }

  private static byte[] written(JsonNode tree) {
    try {
      return MAPPER.writeValueAsBytes(tree);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("A JSON tree could not be written, which cannot be.", e);
    }
  }

  /** The body as UTF-8 JSON. */
  public byte[] bytes() {
    if (bytes == null) {
      bytes = maker.get();
    }
    return bytes;
  }
}
