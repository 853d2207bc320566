package dev.caravan.simulator.api;

import com.fasterxml.jackson.databind.JsonNode;
import dev.caravan.simulator.session.ApiError;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

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
      // refused as any other that is none
    }
    throw ApiError.badRequest(
        "The interval must be two ISO-8601 instants with a slash between them, at most 31 days"
            + " apart.");
  }

  boolean descending() {
    return body.path("order").asText("asc").equals("desc");
  }

  /** The page that is asked for. */
  <T> List<T> page(List<T> all) {
    int size = body.at("/paging/pageSize").asInt(USUAL_PAGE);
    int number = body.at("/paging/pageNumber").asInt(1);
    if (size < 1 || size > LARGEST_PAGE || number < 1) {
      throw ApiError.badRequest("pageSize must be 1 to 100 and pageNumber 1 or above.");
    }
    int first = (int) Math.min((long) (number - 1) * size, all.size());
    return all.subList(first, Math.min(first + size, all.size()));
  }

  /** Everything a dimension is compared with anywhere in these filters. */
  Set<String> values(String filters, String dimension) {
    return body.path(filters).findParents("dimension").stream()
        .filter(predicate -> predicate.path("dimension").asText().equals(dimension))
        .map(predicate -> predicate.path("value").asText())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** The same where a query without any makes no sense. */
  Set<String> someValues(String filters, String dimension) {
    Set<String> values = values(filters, dimension);
    if (values.isEmpty()) {
      throw ApiError.badRequest("The filter must name at least one " + dimension + ".");
    }
    return values;
  }

  /** Whether a metric is asked for; a query that names none asks for all. */
  boolean wants(String metric) {
    JsonNode metrics = body.path("metrics");
    return metrics.isEmpty()
        || metrics
            .valueStream()
            .anyMatch(one -> one.asText(one.path("metric").asText()).equals(metric));
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
    return Stream.of("conversationFilters", "segmentFilters")
        .flatMap(filters -> body.path(filters).valueStream())
        .allMatch(filter -> passes(filter, record));
  }

  private static boolean passes(JsonNode filter, JsonNode record) {
    boolean any = filter.path("type").asText().equalsIgnoreCase("or");
    List<Boolean> passed =
        Stream.concat(
                filter.path("predicates").valueStream().map(it -> isMet(it, record)),
                filter.path("clauses").valueStream().map(it -> passes(it, record)))
            .toList();
    return any && !passed.isEmpty() ? passed.contains(true) : !passed.contains(false);
  }

  private static boolean isMet(JsonNode predicate, JsonNode record) {
    return record
        .findValuesAsText(predicate.path("dimension").asText())
        .contains(predicate.path("value").asText());
  }
}
