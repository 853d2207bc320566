package dev.caravan.simulator;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * An error as the REST API tells it.
 *
 * @param status HTTP status
 * @param code the machine-readable code
 * @param message the sentence
 * @param retryAfterSeconds what the {@code Retry-After} header says; 0 for no header
 */
record ApiError(int status, String code, String message, int retryAfterSeconds) {

  ApiError(int status, String code, String message) {
    this(status, code, message, 0);
  }

  static ApiError noToken() {
    return new ApiError(
        401,
        "authentication.required",
        "No authentication bearer token specified in authorization header.");
  }

  static ApiError badToken(String code) {
    return new ApiError(401, code, "Invalid login credentials.");
  }

  static ApiError rateLimited(int seconds) {
    return new ApiError(
        429,
        "too.many.requests.retry.after",
        "Rate limit exceeded the maximum. Retry the request in [" + seconds + "] seconds",
        seconds);
  }

  static ApiError notFound() {
    return new ApiError(404, "not.found", "The requested resource was not found.");
  }

  static ApiError noSubscriptionList() {
    return new ApiError(404, "entity.not.found", "Subscription list not found.");
  }

  static ApiError badRequest(String message) {
    return new ApiError(400, "bad.request", message);
  }

  static ApiError invalidParameter(String value, String parameter, String allowed) {
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

  static ApiError invalidTopic() {
    return new ApiError(400, "notification.invalid.topic", "The subscription topic is not valid.");
  }

  static ApiError transportNotAllowed() {
    return new ApiError(
        400,
        "notification.transport.not.allowed",
        "unable to subscribe, transport type not permitted.");
  }

  static ApiError tooManySubscriptions() {
    return new ApiError(
        400, "notification.subscription.too.many.subscriptions", "Too many subscriptions");
  }

  static ApiError unauthorizedTopic(String permission, String topic) {
    return new ApiError(
        403, "notification.unauthorized.topic", unauthorizedMessage(permission, topic));
  }

  static String unauthorizedMessage(String permission, String topic) {
    return "The user does not have permission \""
        + permission
        + "\" required for topic \""
        + topic
        + "\"";
  }

  static ApiError missingAnyPermission(List<String> permissions) {
    return new ApiError(
        403,
        "missing.any.permissions",
        "Unable to perform the requested action. You must have at least one of the following"
            + " permissions assigned: "
            + permissions);
  }

  ObjectNode body(String contextId) {
    ObjectNode body = Json.object();
    body.put("message", message).put("code", code).put("status", status);
    body.put("contextId", contextId);
    body.putArray("details");
    body.putArray("errors");
    return body;
  }

  ApiException thrown() {
    return new ApiException(this);
  }
}
