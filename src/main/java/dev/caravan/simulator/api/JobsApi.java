package dev.caravan.simulator.api;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.caravan.simulator.Ids;
import dev.caravan.simulator.SimulatorClock;
import dev.caravan.simulator.World;
import dev.caravan.simulator.centre.Conversation;
import dev.caravan.simulator.centre.Day;
import dev.caravan.simulator.centre.Iso;
import dev.caravan.simulator.centre.Json;
import dev.caravan.simulator.session.ApiError;
import io.vertx.ext.web.Router;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Large reads of conversations, which are asked for first and fetched later, page by page, and only
 * know what has reached the data lake.
 */
public final class JobsApi {

  private static final String PATH = "/api/v2/analytics/conversations/details/jobs";
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

  private final Ids ids;
  private final SimulatorClock clock;
  private final Day day;
  private final Duration lag;
  private final DetailRecords records;
  private final Map<String, Job> jobs = new LinkedHashMap<>();

  public JobsApi(World world) {
    ids = world.ids();
    clock = world.clock();
    lag = world.options().behaviour().dataLakeLag();
    day = world.day();
    records = new DetailRecords(world.organization(), day);
  }

  public void mount(Router router) {
    router.post(PATH).handler(DirectoryApi.answering(this::submit));
    router
        .get(PATH + "/availability")
        .handler(
            DirectoryApi.answering(
                call -> {
                  call.require(AnalyticsApi.DETAIL);
                  call.answer(Json.object().put("dataAvailabilityDate", Iso.time(available())));
                }));
    router.get(PATH + "/:id").handler(DirectoryApi.answering(this::status));
    router.get(PATH + "/:id/results").handler(DirectoryApi.answering(this::results));
    router
        .delete(PATH + "/:id")
        .handler(
            DirectoryApi.answering(
                call -> {
                  job(call);
                  jobs.remove(call.path("id"));
                  call.answerEmpty(204);
                }));
  }

  private long available() {
    return day.now() - lag.toMillis();
  }

  private void submit(Call call) {
    call.require(AnalyticsApi.DETAIL);
    long until = available();
    List<String> found =
        records.find(new AnalyticsQuery(call)).stream()
            .filter(conversation -> conversation.started() < until)
            .map(Conversation::id)
            .toList();
    String id = ids.uuid();
    jobs.put(id, new Job(clock.wallNow().toEpochMilli(), found));
    if (jobs.size() > MOST_JOBS) {
      jobs.remove(jobs.keySet().iterator().next());
    }
    call.answer(202, Json.object().put("jobId", id));
  }

  private Job job(Call call) {
    call.require(AnalyticsApi.DETAIL);
    return DirectoryApi.found(Optional.ofNullable(jobs.get(call.path("id"))));
  }

  private void status(Call call) {
    Job job = job(call);
    String state = job.state(clock.wallNow().toEpochMilli());
    ObjectNode answer =
        Json.object()
            .put("state", state)
            .put("submissionDate", Iso.time(job.submittedMillis()))
            .put("expirationDate", Iso.time(job.submittedMillis() + KEPT.toMillis()));
    if (state.equals("FULFILLED")) {
      answer.put("completionDate", Iso.time(job.submittedMillis() + WORK_MILLIS));
    }
    call.answer(answer);
  }

  private void results(Call call) {
    Job job = job(call);
    if (!job.state(clock.wallNow().toEpochMilli()).equals("FULFILLED")) {
      throw ApiError.badRequest("The job has no results yet.").thrown();
    }
    int size = call.number("pageSize", LARGEST_PAGE);
    int from = call.number("cursor", 0);
    if (size < 1 || size > LARGEST_PAGE) {
      throw ApiError.invalidParameter(Integer.toString(size), "pageSize", "1 to " + LARGEST_PAGE)
          .thrown();
    }
    if (from < 0 || from > job.conversations().size()) {
      throw ApiError.badRequest("The cursor is none that this job has given.").thrown();
    }
    int to = Math.min(from + size, job.conversations().size());
    ObjectNode answer = Json.object();
    ArrayNode conversations = answer.putArray("conversations");
    job.conversations().subList(from, to).stream()
        .map(day::conversation)
        .flatMap(Optional::stream)
        .forEach(conversation -> conversations.add(records.record(conversation)));
    if (to < job.conversations().size()) {
      answer.put("cursor", Integer.toString(to));
    }
    call.answer(answer.put("dataAvailabilityDate", Iso.time(available())));
  }
}
