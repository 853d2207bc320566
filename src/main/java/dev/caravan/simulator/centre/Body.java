package dev.caravan.simulator.centre;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.function.Supplier;

/** An event body that is only made when somebody hears it, and then only once. */
public final class Body {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final Supplier<? extends JsonNode> maker;
  private byte[] bytes;

  /** A body that the given supplier can make. */
  public Body(Supplier<? extends JsonNode> maker) {
    this.maker = maker;
  }

  /** The body as UTF-8 JSON. */
  public byte[] bytes() {
    if (bytes == null) {
      try {
        bytes = MAPPER.writeValueAsBytes(maker.get());
      } catch (JsonProcessingException e) {
        throw new IllegalStateException("A JSON tree could not be written, which cannot be.", e);
      }
    }
    return bytes;
  }
}
