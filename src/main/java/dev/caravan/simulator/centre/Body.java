package dev.caravan.simulator.centre;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.function.Supplier;

/** An event body that is only made when somebody hears it, and then only once. */
public final class Body {

  private final Supplier<byte[]> maker;
  private byte[] bytes;

  Body(Supplier<byte[]> maker) {
    this.maker = maker;
  }

  static Body of(Supplier<? extends JsonNode> maker) {
    return new Body(() -> Json.bytes(maker.get()));
  }

  /** The body as UTF-8 JSON. */
  public byte[] bytes() {
    if (bytes == null) {
      bytes = maker.get();
    }
    return bytes;
  }
}
