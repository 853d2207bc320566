package dev.caravan.simulator.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.caravan.simulator.World;
import dev.caravan.simulator.centre.Conversation;
import dev.caravan.simulator.centre.ConversationBody;
import dev.caravan.simulator.centre.Day;
import dev.caravan.simulator.centre.DetailRecords;
import dev.caravan.simulator.centre.Json;
import dev.caravan.simulator.session.ApiError;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What is left to read of conversations after the event: one by one, by query, and by jobs, which
 * are asked for first and fetched later, page by page, and only know what has reached the data
 * lake.
 */
public final class ConversationsApi {

  private static final String DETAILS = "/api/v2/analytics/conversations/details";
  private static final String JOBS = DETAILS + "/jobs";
  private static final List<String> DETAIL =
      List.of("analytics:conversationDetail:view", "analytics:agentConversationDetail:view");
  private static final List<String> COMMUNICATION = List.of("conversation:communication:view");
  private static final int MOST_IDS = 100;
  private static final int LARGEST_PAGE = 1_000;
  private static final int MOST_JOBS = 100;
  private static final long QUEUED_MILLIS = 300;
  private static final long WORK_MILLIS = 1_000;
  private static final Duration KEPT = Duration.ofDays(7);

  private record Job(long submittedMillis, List<String> conversations) {

    String state(long now) {
      long age = now - submittedMillis;
      return age < QUEUED_MILLIS ? "QUEUED" : age < WORK_MILLIS ? "PENDING" : "FULFILLED";
    }
  }

  private final World world;
  private final Day day;
  private final DetailRecords records;
  private final Map<String, Job> jobs = new LinkedHashMap<>();

  public ConversationsApi(World world) {
    this.world = world;
    day = world.day();
    records = new DetailRecords(day);
  }

  public void mount(Routes routes) {
    routes.answer("GET /api/v2/conversations", call -> Json.listing(Stream.empty()));
    routes.answer("GET /api/v2/conversations/:id", this::generic);
    routes.answer("GET /api/v2/analytics/conversations/:id/details", this::details);
    routes.answer("GET " + DETAILS, this::several);
    routes.answer("POST " + DETAILS + "/query", this::query);
    routes.on("POST " + JOBS, this::submit);
    routes.answer("GET " + JOBS + "/availability", this::availability);
    routes.answer("GET " + JOBS + "/:id", this::status);
    routes.answer("GET " + JOBS + "/:id/results", this::results);
    routes.on("DELETE " + JOBS + "/:id", this::delete);
  }

  private Conversation conversation(Call call) {
    return Call.found(day.conversation(call.path("id")));
  }

  private JsonNode generic(Call call) {
    call.require(COMMUNICATION);
    return Json.tree(ConversationBody.generic(conversation(call)));
  }

  private JsonNode details(Call call) {
    call.require(DETAIL);
    return records.record(conversation(call));
  }

  private JsonNode several(Call call) {
    call.require(DETAIL);
    return listed(call.ids("id", MOST_IDS));
  }

  private ObjectNode listed(Stream<Conversation> some) {
    ObjectNode answer = Json.object();
    some.map(records::record).forEach(answer.putArray("conversations")::add);
    return answer;
  }

  private ObjectNode listed(List<String> ids) {
    return listed(ids.stream().map(day::conversation).flatMap(Optional::stream));
  }

  private List<Conversation> found(AnalyticsQuery query) {
    AnalyticsQuery.Interval interval = query.interval();
    return records.find(interval.from(), interval.to(), query.descending()).stream()
        .filter(one -> !query.filters() || query.passes(records.record(one)))
        .toList();
  }

  private JsonNode query(Call call) {
    call.require(DETAIL);
    AnalyticsQuery query = new AnalyticsQuery(call);
    List<Conversation> found = found(query);
    List<Conversation> page = query.page(found);
    ObjectNode answer = page.isEmpty() ? Json.object() : listed(page.stream());
    return answer.put("totalHits", found.size());
  }

  private long available() {
    return day.now() - world.options().behaviour().dataLakeLag().toMillis();
  }

  private void submit(Call call) {
    call.require(DETAIL);
    long until = available();
    List<String> found =
        found(new AnalyticsQuery(call)).stream()
            .filter(conversation -> conversation.started() < until)
            .map(Conversation::id)
            .toList();
    String id = world.ids().uuid();
    jobs.put(id, new Job(world.clock().wallNow().toEpochMilli(), found));
    if (jobs.size() > MOST_JOBS) {
      jobs.remove(jobs.keySet().iterator().next());
    }
    call.answer(202, Json.object().put("jobId", id));
  }

  private Job job(Call call) {
    call.require(DETAIL);
    return Call.found(Optional.ofNullable(jobs.get(call.path("id"))));
  }

  private JsonNode status(Call call) {
    Job job = job(call);
    String state = job.state(world.clock().wallNow().toEpochMilli());
    ObjectNode answer =
        Json.object()
            .put("state", state)
            .put("submissionDate", Json.time(job.submittedMillis()))
            .put("expirationDate", Json.time(job.submittedMillis() + KEPT.toMillis()));
    if (state.equals("FULFILLED")) {
      answer.put("completionDate", Json.time(job.submittedMillis() + WORK_MILLIS));
    }
    return answer;
  }

  private JsonNode results(Call call) {
    Job job = job(call);
    if (!job.state(world.clock().wallNow().toEpochMilli()).equals("FULFILLED")) {
      throw ApiError.badRequest("The job has no results yet.");
    }
    int size = call.pageSize(LARGEST_PAGE, LARGEST_PAGE);
    int from = call.number("cursor", 0);
    if (from < 0 || from > job.conversations().size()) {
      throw ApiError.badRequest("The cursor is none that this job has given.");
    }
    int to = Math.min(from + size, job.conversations().size());
    ObjectNode answer = listed(job.conversations().subList(from, to));
    if (to < job.conversations().size()) {
      answer.put("cursor", Integer.toString(to));
    }
    return answer.put("dataAvailabilityDate", Json.time(available()));
  }

  private JsonNode availability(Call call) {
    call.require(DETAIL);
    return Json.object().put("dataAvailabilityDate", Json.time(available()));
  }

  private void delete(Call call) {
    job(call);
    jobs.remove(call.path("id"));
    call.answerEmpty(204);
  }
}
