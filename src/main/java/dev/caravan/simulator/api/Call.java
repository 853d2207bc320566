package dev.caravan.simulator.api;

import com.fasterxml.jackson.databind.JsonNode;
import dev.caravan.simulator.OauthClient;
import dev.caravan.simulator.centre.Entity;
import dev.caravan.simulator.centre.Json;
import dev.caravan.simulator.fault.Fault;
import dev.caravan.simulator.session.ApiError;
import dev.caravan.simulator.session.Token;
import dev.caravan.simulator.session.Wire;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** One REST call: who makes it, what it is named, and how it is answered. */
public final class Call {

  private static final Pattern ID_SEGMENT =
      Pattern.compile(
          "/(?:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F-]{22,}|streaming-\\d+-[0-9a-z]+)(?=/|$)");
  private static final Set<String> PAGING = Set.of("pageSize", "pageNumber", "after");
  private static final String JSON = "application/json";
  private static final String KEY = Call.class.getName();

  private final RoutingContext context;
  private final String correlationId;
  private Optional<Token> token = Optional.empty();
  private List<String> lacks = List.of();
  private Optional<Fault.Effect> spoilt = Optional.empty();

  private Call(RoutingContext context, String correlationId) {
    this.context = context;
    this.correlationId = correlationId;
  }

  static Call begin(RoutingContext context, String correlationId) {
    Call call = new Call(context, correlationId);
    context.put(KEY, call);
    return call;
  }

  public static Call of(RoutingContext context) {
    return context.get(KEY);
  }

  /** Method and path with ids replaced, such as {@code HEAD /api/v2/…/channels/{id}}. */
  String name() {
    return context.request().method().name()
        + " "
        + ID_SEGMENT.matcher(context.request().path()).replaceAll("/{id}");
  }

  /** Method and path as they came. */
  String rawName() {
    return context.request().method().name() + " " + context.request().path();
  }

  String correlationId() {
    return correlationId;
  }

  void by(Token caller, OauthClient client) {
    token = Optional.of(caller);
    lacks = client.lacks();
  }

  /** Refuses the call if its client has none of the permissions it needs. */
  void require(List<String> anyOf) {
    if (lacks.containsAll(anyOf)) {
      boolean several = anyOf.size() > 1;
      throw new ApiError(
          403,
          several ? "missing.any.permissions" : "missing.permissions",
          "Unable to perform the requested action. You "
              + (several
                  ? "must have at least one of the following permissions assigned: " + anyOf
                  : "are missing the following permission(s): " + anyOf.get(0)));
    }
  }

  Token token() {
    return token.orElseThrow(ApiError::noToken);
  }

  HttpServerRequest request() {
    return context.request();
  }

  public String path(String parameter) {
    return context.pathParam(parameter);
  }

  List<String> queries(String parameter) {
    return context.queryParam(parameter).stream()
        .flatMap(value -> List.of(value.split(",")).stream())
        .filter(value -> !value.isBlank())
        .toList();
  }

  /** The ids a call names, of which there must be some but not too many. */
  List<String> ids(String parameter, int most) {
    List<String> ids = queries(parameter);
    if (ids.isEmpty() || ids.size() > most) {
      throw ApiError.invalidParameter(
          Integer.toString(ids.size()), parameter, "1 to " + most + " ids");
    }
    return ids;
  }

  /** The one of these whose id the path names. */
  Entity named(List<Entity> all) {
    return found(all.stream().filter(one -> one.id().equals(path("id"))).findFirst());
  }

  /** What was asked for, unless it is not there. */
  static <T> T found(Optional<T> one) {
    return one.orElseThrow(ApiError::notFound);
  }

  public String query(String parameter, String otherwise) {
    List<String> values = context.queryParam(parameter);
    return values.isEmpty() ? otherwise : values.get(0);
  }

  boolean flag(String parameter) {
    return "true".equalsIgnoreCase(query(parameter, "false"));
  }

  public int number(String parameter, int otherwise) {
    String value = query(parameter, "");
    if (value.isEmpty()) {
      return otherwise;
    }
    try {
      return Integer.parseInt(value);
    } catch (NumberFormatException e) {
      throw ApiError.invalidParameter(value, parameter, "integer");
    }
  }

  /** How many entries of a listing are asked for at once. */
  int pageSize(int usual, int largest) {
    int size = number("pageSize", usual);
    if (size < 1 || size > largest) {
      throw ApiError.invalidParameter(Integer.toString(size), "pageSize", "1 to " + largest);
    }
    return size;
  }

  /** Path and query up to where a page is named, for links to other pages. */
  String pathWithoutPage() {
    StringBuilder path = new StringBuilder(context.request().path()).append('?');
    context
        .queryParams()
        .forEach(
            (name, value) -> {
              if (!PAGING.contains(name)) {
                path.append(name).append('=').append(value).append('&');
              }
            });
    return path.toString();
  }

  String host() {
    return Optional.ofNullable(context.request().getHeader(HttpHeaders.HOST)).orElse("localhost");
  }

  public String text() {
    return Optional.ofNullable(context.body().asString()).orElse("");
  }

  public JsonNode body() {
    Buffer buffer = context.body().buffer();
    if (buffer == null || buffer.length() == 0) {
      return Json.MAPPER.missingNode();
    }
    try {
      return Json.MAPPER.readTree(buffer.getBytes());
    } catch (IOException e) {
      throw ApiError.usual(400);
    }
  }

  /** Lets the call be done, but not answered as it should be. */
  void spoilAnswer(Fault.Effect how) {
    spoilt = Optional.of(how);
  }

  public void answer(JsonNode body) {
    answer(200, body);
  }

  public void answer(int status, JsonNode body) {
    spoilt.ifPresent(how -> Paging.shorten(body, how));
    byte[] bytes = Json.bytes(body);
    HttpServerResponse response =
        context.response().setStatusCode(status).putHeader(HttpHeaders.CONTENT_TYPE, JSON);
    if (!breaksOff()) {
      response.end(Buffer.buffer(bytes));
    } else if (spoilt.get() == Fault.Effect.LOST_ANSWER) {
      Wire.reset(context.request().connection());
    } else {
      response
          .putHeader(HttpHeaders.CONTENT_LENGTH, Integer.toString(bytes.length))
          .write(Buffer.buffer(bytes).slice(0, bytes.length / 2))
          .onComplete(written -> Wire.reset(context.request().connection()));
    }
  }

  private boolean breaksOff() {
    return spoilt
        .filter(how -> how == Fault.Effect.LOST_ANSWER || how == Fault.Effect.BROKEN_ANSWER)
        .isPresent();
  }

  void answerEmpty(int status) {
    if (breaksOff()) {
      Wire.reset(context.request().connection());
    } else {
      context.response().setStatusCode(status).end();
    }
  }

  public void answer(ApiError error) {
    if (error.retryAfterSeconds() > 0) {
      context.response().putHeader("Retry-After", Integer.toString(error.retryAfterSeconds()));
    }
    answer(error.status(), error.body(correlationId));
  }
}
