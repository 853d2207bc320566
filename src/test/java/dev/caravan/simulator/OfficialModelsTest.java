package dev.caravan.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.mypurecloud.sdk.v2.model.AnalyticsConversationAsyncQueryResponse;
import com.mypurecloud.sdk.v2.model.AnalyticsConversationQueryResponse;
import com.mypurecloud.sdk.v2.model.AnalyticsConversationWithoutAttributes;
import com.mypurecloud.sdk.v2.model.AnalyticsConversationWithoutAttributesMultiGetResponse;
import com.mypurecloud.sdk.v2.model.AnalyticsUserDetailsQueryResponse;
import com.mypurecloud.sdk.v2.model.AsyncQueryResponse;
import com.mypurecloud.sdk.v2.model.AsyncQueryStatus;
import com.mypurecloud.sdk.v2.model.DataAvailabilityResponse;
import com.mypurecloud.sdk.v2.model.ErrorBody;
import com.mypurecloud.sdk.v2.model.GroupEntityListing;
import com.mypurecloud.sdk.v2.model.ManagementUnitListing;
import com.mypurecloud.sdk.v2.model.QueueEntityListing;
import com.mypurecloud.sdk.v2.model.QueueMemberEntityListing;
import com.mypurecloud.sdk.v2.model.QueueObservationQueryResponse;
import com.mypurecloud.sdk.v2.model.RoutingStatus;
import com.mypurecloud.sdk.v2.model.TeamEntityListing;
import com.mypurecloud.sdk.v2.model.UserActivityResponse;
import com.mypurecloud.sdk.v2.model.UserEntityListing;
import com.mypurecloud.sdk.v2.model.UserObservationQueryResponse;
import com.mypurecloud.sdk.v2.model.UserPresence;
import com.mypurecloud.sdk.v2.model.UserScheduleAdherence;
import com.mypurecloud.sdk.v2.model.WrapupCodeEntityListing;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What is read over REST fits the official SDK's models: no unknown field, no wrong type or word.
 */
@Tag("slow")
class OfficialModelsTest {

  private static final ObjectMapper STRICT =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);
  private static final String ANALYTICS = "/api/v2/analytics/";

  private final List<String> misfits = new ArrayList<>();

  private void fits(JsonNode answer, Class<?> model) {
    try {
      String read = STRICT.readValue(answer.toString(), model).toString();
      // how the SDK's enums say that a word is unknown to them
      if (answer.isEmpty() || read.toLowerCase(Locale.ROOT).contains("outdatedsdkversion")) {
        misfits.add(model.getSimpleName() + " " + answer);
      }
    } catch (JsonProcessingException e) {
      misfits.add(model.getSimpleName() + " " + e.getOriginalMessage());
    }
  }

  @Test
  void everyReadFits() {
    try (Simulator simulator =
        Simulator.start(
            SimulatorOptions.defaults()
                .withCentre(new CentreSize(60, 6, 12))
                .withTraffic(Traffic.times(1_000)))) {
      Guest guest = new Guest(simulator).login();
      Instant now = Instant.now();
      String interval =
          "{\"interval\":\"%s/%s\",\"paging\":{\"pageSize\":100,\"pageNumber\":2}}"
              .formatted(now.minus(Duration.ofHours(1)), now.plus(Duration.ofDays(20)));
      Awaitility.await()
          .atMost(Duration.ofMinutes(3))
          .until(
              () ->
                  guest
                          .post(ANALYTICS + "conversations/details/query", interval)
                          .body()
                          .path("conversations")
                          .size()
                      == 100);
      String user = simulator.organization().agent(0).id();
      String queue = simulator.organization().queues().get(0).id();
      String unit = simulator.organization().managementUnits().get(0).id();
      String byUser = "{\"filter\":{\"predicates\":[{\"dimension\":\"userId\",\"value\":\"";
      String end = user + "\"}]},\"metrics\":[]}";
      JsonNode found = guest.post(ANALYTICS + "conversations/details/query", interval).body();
      String conversation = found.at("/conversations/0/conversationId").asText();

      Map<String, Class<?>> reads = new LinkedHashMap<>();
      reads.put("/api/v2/users?expand=presence,routingStatus", UserEntityListing.class);
      reads.put("/api/v2/users/" + user + "/routingstatus", RoutingStatus.class);
      reads.put("/api/v2/users/" + user + "/presences/purecloud", UserPresence.class);
      reads.put("/api/v2/users/presences/purecloud/bulk?id=" + user, UserPresence[].class);
      reads.put("/api/v2/routing/queues", QueueEntityListing.class);
      reads.put(
          "/api/v2/routing/queues/" + queue + "/members?expand=routingStatus,presence",
          QueueMemberEntityListing.class);
      reads.put("/api/v2/routing/wrapupcodes", WrapupCodeEntityListing.class);
      reads.put("/api/v2/groups", GroupEntityListing.class);
      reads.put("/api/v2/teams", TeamEntityListing.class);
      reads.put("/api/v2/workforcemanagement/managementunits", ManagementUnitListing.class);
      reads.put(
          "/api/v2/workforcemanagement/adherence?userId=" + user, UserScheduleAdherence[].class);
      reads.put(
          ANALYTICS + "conversations/details/jobs/availability", DataAvailabilityResponse.class);
      reads.put(
          ANALYTICS + "conversations/" + conversation + "/details",
          AnalyticsConversationWithoutAttributes.class);
      reads.put(
          ANALYTICS + "conversations/details?id=" + conversation,
          AnalyticsConversationWithoutAttributesMultiGetResponse.class);
      reads.put("/api/v2/users/" + unit, ErrorBody.class);
      for (Map.Entry<String, Class<?>> read : reads.entrySet()) {
        fits(guest.get(read.getKey()).body(), read.getValue());
      }

      fits(found, AnalyticsConversationQueryResponse.class);
      fits(
          guest.post(ANALYTICS + "users/details/query", interval.replace(":2}", ":1}")).body(),
          AnalyticsUserDetailsQueryResponse.class);
      fits(
          guest.post(ANALYTICS + "users/observations/query", byUser + end).body(),
          UserObservationQueryResponse.class);
      fits(
          guest
              .post(
                  ANALYTICS + "users/activity/query",
                  byUser + end.replace("[]", "[{\"metric\":\"oActiveQueues\",\"details\":true}]"))
              .body(),
          UserActivityResponse.class);
      fits(
          guest
              .post(
                  ANALYTICS + "queues/observations/query",
                  byUser.replace("userId", "queueId") + end.replace(user, queue))
              .body(),
          QueueObservationQueryResponse.class);
      JsonNode job = guest.post(ANALYTICS + "conversations/details/jobs", interval).body();
      fits(job, AsyncQueryResponse.class);
      String path = ANALYTICS + "conversations/details/jobs/" + job.path("jobId").asText();
      Awaitility.await()
          .atMost(Duration.ofMinutes(3))
          .until(() -> guest.get(path).body().has("completionDate"));
      fits(guest.get(path).body(), AsyncQueryStatus.class);
      fits(guest.get(path + "/results").body(), AnalyticsConversationAsyncQueryResponse.class);

      assertThat(misfits).isEmpty();
    }
  }
}
