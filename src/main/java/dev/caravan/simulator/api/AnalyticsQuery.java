package dev.caravan.simulator.api;

import com.fasterxml.jackson.databind.JsonNode;
import dev.caravan.simulator.session.ApiError;
import dev.caravan.simulator.session.ApiException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** The body of an analytics query, read and held against its limits. */
final class AnalyticsQuery {

  private static final int USUAL_PAGE = 25;
  private static final int LARGEST_PAGE = 100;
  private static final Duration LONGEST_INTERVAL = Duration.ofDays(31);

  private final JsonNode body;

  AnalyticsQuery(Call call) {
    body = call.body();
  }

  /** From when, and until when, in epoch milliseconds. */
  record Interval(long from, long to) {}

  Interval interval() {
    String[] ends = body.path("interval").asText().split("/");
    try {
      if (ends.length == 2) {
        Instant from = Instant.parse(ends[0]);
        Instant to = Instant.parse(ends[1]);
        if (from.isBefore(to) && Duration.between(from, to).compareTo(LONGEST_INTERVAL) <= 0) {
          return new Interval(from.toEpochMilli(), to.toEpochMilli());
        }
      }
    } catch (DateTimeParseException e) {
      throw badInterval();
    }
    throw badInterval();
  }

  private static ApiException badInterval() {
    return ApiError.badRequest(
            "The interval must be two ISO-8601 instants with a slash between them, at most 31 days"
                + " apart.")
        .thrown();
  }

  boolean descending() {
    return body.path("order").asText("asc").equals("desc");
  }

  /** The page that is asked for. */
  <T> List<T> page(List<T> all) {
    int size = body.at("/paging/pageSize").asInt(USUAL_PAGE);
    int number = body.at("/paging/pageNumber").asInt(1);
    if (size < 1 || size > LARGEST_PAGE || number < 1) {
      throw ApiError.badRequest("pageSize must be 1 to 100 and pageNumber 1 or above.").thrown();
    }
    int first = (int) Math.min((long) (number - 1) * size, all.size());
    return all.subList(first, Math.min(first + size, all.size()));
  }

  /** Everything a dimension is compared with anywhere in these filters. */
  Set<String> values(String filters, String dimension) {
    Set<String> values = new TreeSet<>();
    for (JsonNode predicate : body.path(filters).findParents("dimension")) {
      if (predicate.path("dimension").asText().equals(dimension)) {
        values.add(predicate.path("value").asText());
      }
    }
    return values;
  }

  /** The same where a query without any makes no sense. */
  Set<String> someValues(String filters, String dimension) {
    Set<String> values = values(filters, dimension);
    if (values.isEmpty()) {
      throw ApiError.badRequest("The filter must name at least one " + dimension + ".").thrown();
    }
    return values;
  }

  /** Whether a metric is asked for; a query that names none asks for all. */
  boolean wants(String metric) {
    JsonNode metrics = body.path("metrics");
    if (metrics.isEmpty()) {
      return true;
    }
    for (JsonNode one : metrics) {
      if (one.asText(one.path("metric").asText()).equals(metric)) {
        return true;
      }
    }
    return false;
  }

  /** Whether the things counted are to be listed as well. */
  boolean wantsDetails() {
    return body.path("metrics").findValues("details").stream().anyMatch(JsonNode::asBoolean);
  }

  /** Whether there are filters that a record must pass. */
  boolean filters() {
    return !body.path("conversationFilters").isEmpty() || !body.path("segmentFilters").isEmpty();
  }

  /** Whether a record has what the filters ask for, wherever in it. */
  boolean passes(JsonNode record) {
    for (String filters : List.of("conversationFilters", "segmentFilters")) {
      for (JsonNode filter : body.path(filters)) {
        if (!passes(filter, record)) {
          return false;
        }
      }
    }
    return true;
  }

  private static boolean passes(JsonNode filter, JsonNode record) {
    boolean any = filter.path("type").asText().equalsIgnoreCase("or");
    int passed = 0;
    int asked = 0;
    for (JsonNode predicate : filter.path("predicates")) {
      asked++;
      String wanted = predicate.path("value").asText();
      passed +=
          record.findValuesAsText(predicate.path("dimension").asText()).contains(wanted) ? 1 : 0;
    }
    for (JsonNode clause : filter.path("clauses")) {
      asked++;
      passed += passes(clause, record) ? 1 : 0;
    }
    return any ? passed > 0 || asked == 0 : passed == asked;
  }
}
