package dev.caravan.simulator.api;

import com.fasterxml.jackson.databind.JsonNode;
import dev.caravan.simulator.fault.Scenario;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** The OpenAPI description of what is served, at {@code /openapi.json}. */
public final class Description {

  private static final String RESOURCE = "openapi.yaml";

  private Description() {}

  public static void mount(Routes routes) {
    routes.answer("GET /openapi.json", call -> read());
  }

  static JsonNode read() {
    try (InputStream resource = Description.class.getResourceAsStream(RESOURCE)) {
      return Scenario.yaml(new String(resource.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException("The description in this jar cannot be read.", e);
    }
  }
}
