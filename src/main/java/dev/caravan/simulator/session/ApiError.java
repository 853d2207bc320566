package dev.caravan.simulator.session;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.caravan.simulator.centre.Json;
import dev.caravan.simulator.fault.Fault;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** An error as the REST API tells it; thrown, it ends a call. */
public final class ApiError extends RuntimeException {

  /** Status, code and message, for faults that name nothing else. */
  private static final Map<Integer, String[]> USUAL =
      """
      400 bad.request The request could not be understood by the server due to malformed syntax.
      401 bad.credentials Invalid login credentials.
      403 not.authorized You are not authorized to perform the requested action.
      404 not.found The requested resource was not found.
      408 client.timeout The client did not produce a request within the server timeout limit. This \
      can be caused by a slow network connection and/or large payloads.
      409 request.conflict The request conflicts with the current state of the target resource.
      413 request.entity.too.large The request is over the size limit. Maximum bytes: 2097152
      415 unsupported.media.type Unsupported Media Type - Unsupported or incorrect media type, such \
      as an incorrect Content-Type value in the header.
      429 too.many.requests Rate limit exceeded the maximum [300] requests within [60] seconds
      500 internal.server.error The server encountered an unexpected condition which prevented it \
      from fulfilling the request.
      503 service.unavailable Service Unavailable - The server is currently unavailable (because it \
      is overloaded or down for maintenance).
      504 request.timeout The request timed out.
      """
          .lines()
          .map(line -> line.split(" ", 3))
          .collect(Collectors.toMap(line -> Integer.valueOf(line[0]), Function.identity()));

  private final int status;
  private final String code;
  private final int retryAfterSeconds;

  /**
   * Makes one.
   *
   * @param code the machine-readable code
   * @param message the sentence
   * @param retryAfterSeconds what the {@code Retry-After} header says; 0 for no header
   */
  ApiError(int status, String code, String message, int retryAfterSeconds) {
    super(message, null, false, false);
    this.status = status;
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  public ApiError(int status, String code, String message) {
    this(status, code, message, 0);
  }

  public static ApiError noToken() {
    return new ApiError(
        401,
        "authentication.required",
        "No authentication bearer token specified in authorization header.");
  }

  public static ApiError badToken(String code) {
    return new ApiError(401, code, USUAL.get(401)[2]);
  }

  public static ApiError rateLimited(int seconds) {
    return new ApiError(
        429,
        "too.many.requests.retry.after",
        "Rate limit exceeded the maximum. Retry the request in [" + seconds + "] seconds",
        seconds);
  }

  public static ApiError notFound() {
    return usual(404);
  }

  public static ApiError badRequest(String message) {
    return new ApiError(400, "bad.request", message);
  }

  public static ApiError invalidParameter(String value, String parameter, String allowed) {
    return new ApiError(
        400,
        "invalid.query.param.value",
        "Value [%s] is not valid for parameter [%s]. Allowable values are: %s"
            .formatted(value, parameter, allowed));
  }

  public static ApiError invalidTopic() {
    return new ApiError(400, "notification.invalid.topic", "The subscription topic is not valid.");
  }

  /** The error usually told with a status. */
  public static ApiError usual(int status) {
    String[] told = USUAL.getOrDefault(status, USUAL.get(status < 500 ? 400 : 503));
    return new ApiError(status, told[1], told[2]);
  }

  /** The error a fault asks for. */
  public static ApiError of(Fault fault) {
    int seconds = (int) fault.retryAfter().toSeconds();
    if (fault.status() == 429 && seconds > 0) {
      return rateLimited(seconds);
    }
    ApiError usual = usual(fault.status());
    String code = fault.code().isEmpty() ? usual.code : fault.code();
    return new ApiError(fault.status(), code, usual.getMessage(), seconds);
  }

  public int status() {
    return status;
  }

  public int retryAfterSeconds() {
    return retryAfterSeconds;
  }

  public ObjectNode body(String contextId) {
    ObjectNode body = Json.object();
    body.put("message", getMessage()).put("code", code).put("status", status);
    body.put("contextId", contextId);
    body.putArray("details");
    body.putArray("errors");
    return body;
  }
}
