package dev.caravan.simulator.session;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.caravan.simulator.centre.Json;
import dev.caravan.simulator.fault.Fault;
import java.util.List;

/**
 * An error as the REST API tells it.
 *
 * @param status HTTP status
 * @param code the machine-readable code
 * @param message the sentence
 * @param retryAfterSeconds what the {@code Retry-After} header says; 0 for no header
 */
public record ApiError(int status, String code, String message, int retryAfterSeconds) {

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
    return new ApiError(401, code, "Invalid login credentials.");
  }

  public static ApiError rateLimited(int seconds) {
    return new ApiError(
        429,
        "too.many.requests.retry.after",
        "Rate limit exceeded the maximum. Retry the request in [" + seconds + "] seconds",
        seconds);
  }

  public static ApiError notFound() {
    return new ApiError(404, "not.found", "The requested resource was not found.");
  }

  public static ApiError noSubscriptionList() {
    return new ApiError(404, "entity.not.found", "Subscription list not found.");
  }

  public static ApiError badRequest(String message) {
    return new ApiError(400, "bad.request", message);
  }

  public static ApiError invalidParameter(String value, String parameter, String allowed) {
    return new ApiError(
        400,
        "invalid.query.param.value",
        "Value ["
            + value
            + "] is not valid for parameter ["
            + parameter
            + "]. Allowable values are: "
            + allowed);
  }

  public static ApiError invalidTopic() {
    return new ApiError(400, "notification.invalid.topic", "The subscription topic is not valid.");
  }

  public static ApiError transportNotAllowed() {
    return new ApiError(
        400,
        "notification.transport.not.allowed",
        "unable to subscribe, transport type not permitted.");
  }

  public static ApiError tooManySubscriptions() {
    return new ApiError(
        400, "notification.subscription.too.many.subscriptions", "Too many subscriptions");
  }

  public static ApiError unauthorizedTopic(String permission, String topic) {
    return new ApiError(
        403, "notification.unauthorized.topic", unauthorizedMessage(permission, topic));
  }

  public static String unauthorizedMessage(String permission, String topic) {
    return "The user does not have permission \""
        + permission
        + "\" required for topic \""
        + topic
        + "\"";
  }

  public static ApiError missingPermission(String permission) {
    return new ApiError(
        403,
        "missing.permissions",
        "Unable to perform the requested action. You are missing the following permission(s): "
            + permission);
  }

  public static ApiError missingAnyPermission(List<String> permissions) {
    return new ApiError(
        403,
        "missing.any.permissions",
        "Unable to perform the requested action. You must have at least one of the following"
            + " permissions assigned: "
            + permissions);
  }

  /** The error usually told with a status, for faults that name nothing else. */
  public static ApiError usual(int status) {
    return switch (status) {
      case 401 -> badToken("bad.credentials");
      case 403 ->
          new ApiError(
              403, "not.authorized", "You are not authorized to perform the requested action.");
      case 404 -> notFound();
      case 408 ->
          new ApiError(
              408,
              "client.timeout",
              "The client did not produce a request within the server timeout limit. This can be"
                  + " caused by a slow network connection and/or large payloads.");
      case 409 ->
          new ApiError(
              409,
              "request.conflict",
              "The request conflicts with the current state of the target resource.");
      case 413 ->
          new ApiError(
              413,
              "request.entity.too.large",
              "The request is over the size limit. Maximum bytes: 2097152");
      case 415 ->
          new ApiError(
              415,
              "unsupported.media.type",
              "Unsupported Media Type - Unsupported or incorrect media type, such as an incorrect"
                  + " Content-Type value in the header.");
      case 429 ->
          new ApiError(
              429,
              "too.many.requests",
              "Rate limit exceeded the maximum [300] requests within [60] seconds");
      case 500 ->
          new ApiError(
              500,
              "internal.server.error",
              "The server encountered an unexpected condition which prevented it from fulfilling"
                  + " the request.");
      case 504 -> new ApiError(504, "request.timeout", "The request timed out.");
      default ->
          status < 500
              ? new ApiError(
                  status,
                  "bad.request",
                  "The request could not be understood by the server due to malformed syntax.")
              : new ApiError(
                  status,
                  "service.unavailable",
                  "Service Unavailable - The server is currently unavailable (because it is"
                      + " overloaded or down for maintenance).");
    };
  }

  /** The error a fault asks for. */
  public static ApiError of(Fault fault) {
    int seconds = (int) fault.retryAfter().toSeconds();
    if (fault.status() == 429 && seconds > 0) {
      return rateLimited(seconds);
    }
    ApiError usual = usual(fault.status());
    return new ApiError(
        fault.status(),
        fault.code().isEmpty() ? usual.code() : fault.code(),
        usual.message(),
        seconds);
  }

  public ObjectNode body(String contextId) {
    ObjectNode body = Json.object();
    body.put("message", message).put("code", code).put("status", status);
    body.put("contextId", contextId);
    body.putArray("details");
    body.putArray("errors");
    return body;
  }

  public ApiException thrown() {
    return new ApiException(this);
  }
}
