package dev.caravan.simulator.centre;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.function.Supplier;

/** An event body that is only made when somebody hears it, and then only once. */
public final class Body {

  private final Supplier<byte[]> maker;
  private byte[] bytes;

  private Body(Supplier<byte[]> maker) {
    this.maker = maker;
  }

  /** A body that the given supplier can make. */
  public static Body of(Supplier<? extends JsonNode> maker) {
    return new Body(() -> Json.bytes(maker.get()));
  }

  /** A body that is written without a tree in between. */
  static Body text(Supplier<byte[]> maker) {
    return new Body(maker);
  }

  /** The body as UTF-8 JSON. */
  public byte[] bytes() {
    if (bytes == null) {
      bytes = maker.get();
    }
    return bytes;
  }
}
