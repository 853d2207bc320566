package dev.caravan.genesys.backfill;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.genesys.backfill.BackfillPlan.Read;
import java.util.List;
import org.junit.jupiter.api.Test;

class BackfillPlanTest {

  @Test
  void combinedTopicsStandForWhatTheyCombine() {
    BackfillPlan plan =
        BackfillPlan.of(
            List.of(
                "v2.users.U1?presence&routingStatus&conversations.calls", "v2.users.u2.presence"));

    assertThat(plan.users(Read.PRESENCE)).containsExactly("U1", "u2");
    assertThat(plan.users(Read.ROUTING_STATUS)).containsExactly("U1");
    assertThat(plan.users()).containsExactly("U1");
    assertThat(plan.reads())
        .containsExactly(Read.PRESENCE, Read.ROUTING_STATUS, Read.CONVERSATIONS);
    assertThat(plan.lost()).isZero();
  }

  @Test
  void conversationsAreThoseOfQueuesUsersAndTheirOwnTopics() {
    BackfillPlan plan =
        BackfillPlan.of(
            List.of(
                "v2.routing.queues.q1.conversations",
                "v2.routing.queues.q2.conversations.emails",
                "v2.users.u1.conversations",
                "v2.conversations.c1.transcription",
                "v2.conversations.chats.c2.messages",
                "v2.detail.events.conversation.c3.acd.start"));

    assertThat(plan.queues()).containsExactly("q1", "q2");
    assertThat(plan.users()).containsExactly("u1");
    assertThat(plan.conversations()).containsExactly("c1", "c2", "c3");
    assertThat(plan.reads()).containsExactly(Read.CONVERSATIONS);
  }

  @Test
  void whatCannotBeReadAgainIsCounted() {
    BackfillPlan plan =
        BackfillPlan.of(
            List.of(
                "v2.analytics.queues.q1.observations",
                "v2.users.u1?conversationsummary&station",
                "v2.workforcemanagement.managementunits.m1.adherence",
                "v2.routing.queues.q1.users",
                "nonsense"));

    assertThat(plan.reads()).isEmpty();
    assertThat(plan.lost()).isEqualTo(6);
  }
}
