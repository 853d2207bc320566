package dev.caravan.genesys.backfill;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.channel.ShardStatus;
import dev.caravan.genesys.ClientStatus;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GapsConsumerTest {

  private static ClientStatus status(String client, int... shards) {
    return new ClientStatus(
        client,
        IntStream.of(shards)
            .mapToObj(
                number ->
                    new ShardStatus(
                        number, 1, ShardStatus.Health.FLOWING, "", List.of(), 0, 0, 0, true))
            .toList(),
        Optional.empty());
  }

  @Test
  void whoReadsTheTopicsOfAGapIsAskedFirstForWhatItHolds() {
    List<ClientStatus> statuses = List.of(status("a", 0), status("b", 1, 2), status("c", 3));

    assertThat(GapsConsumer.inOrder(List.of("a", "b", "c"), statuses, 2))
        .containsExactly("b", "a", "c");
    assertThat(GapsConsumer.inOrder(List.of("a", "c"), statuses, 2))
        .as("it cannot log in")
        .containsExactly("a", "c");
    assertThat(GapsConsumer.inOrder(List.of("a", "b", "c"), statuses, 4))
        .as("nobody reads it here")
        .containsExactly("a", "b", "c");
  }
}
