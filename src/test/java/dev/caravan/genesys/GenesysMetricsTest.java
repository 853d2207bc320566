package dev.caravan.genesys;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.channel.Phase;
import dev.caravan.channel.ShardStatus;
import dev.caravan.channel.ShardStatus.Health;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class GenesysMetricsTest {

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private long now = 1_000;
  private final GenesysMetrics metrics =
      new GenesysMetrics(registry, List.of("default", "emea"), () -> now);

  private GenesysMetrics.Reader reader(int inFlight, Health health) throws InterruptedException {
    InFlight places = new InFlight(10, () -> now);
    for (int i = 0; i < inFlight; i++) {
      places.enter();
    }
    ShardStatus shard =
        new ShardStatus(0, 7, health, "How it is.", List.of(Phase.LIVE), 0, 1_500, 0, true);
    return reader(places, List.of(shard), List.of(shard));
  }

  private static GenesysMetrics.Reader reader(
      InFlight places, List<ShardStatus> shards, List<ShardStatus> withStandby) {
    return new GenesysMetrics.Reader(
        places,
        () -> List.of(new ClientStatus("default", shards, Optional.empty())),
        () -> List.of(new ClientStatus("default", withStandby, Optional.empty())),
        Map::of,
        () -> "",
        () -> 0);
  }

  private double gauge(String name) {
    return registry.get(name).gauges().stream().mapToDouble(Gauge::value).sum();
  }

  private double shards(Health health) {
    return registry.get("caravan.shards").tag("health", health.label()).gauges().stream()
        .mapToDouble(Gauge::value)
        .sum();
  }

  @Test
  void shardsChannelsAndTopicsAreCountedByClient() throws InterruptedException {
    metrics.begins(reader(0, Health.FLOWING));

    assertThat(registry.get("caravan.topics").tag("client", "default").gauge().value())
        .isEqualTo(7);
    assertThat(registry.get("caravan.topics").tag("client", "emea").gauge().value()).isZero();
    assertThat(
            registry
                .get("caravan.channels")
                .tags("client", "default", "phase", "live")
                .gauge()
                .value())
        .isEqualTo(1);
    assertThat(gauge("caravan.shards")).isEqualTo(1);
  }

  /** A client has 20, whatever they are for. */
  @Test
  void theChannelWithWhichAnInstanceStandsByIsCountedButNotItsShard() {
    ShardStatus shard =
        new ShardStatus(0, 7, Health.FLOWING, "How it is.", List.of(Phase.LIVE), 0, 0, 0, true);
    metrics.begins(reader(new InFlight(10, () -> now), List.of(), List.of(shard)));

    assertThat(gauge("caravan.channels")).isEqualTo(1);
    assertThat(gauge("caravan.shards")).isZero();
    assertThat(gauge("caravan.topics")).isZero();
  }

  @Test
  void aReaderThatTakesThePlaceOfAnotherIsTheOneThatIsMeasured() throws InterruptedException {
    GenesysMetrics.Reader first = reader(5, Health.BLIND);
    metrics.begins(first);
    assertThat(gauge("caravan.in.flight")).isEqualTo(5);
    assertThat(shards(Health.BLIND)).isEqualTo(1);

    metrics.ends(first);
    metrics.begins(reader(2, Health.FLOWING));

    assertThat(gauge("caravan.in.flight")).isEqualTo(2);
    assertThat(shards(Health.BLIND)).isZero();
    assertThat(shards(Health.FLOWING)).isEqualTo(1);
    assertThat(gauge("caravan.topics")).isEqualTo(7);
  }

  @Test
  void readersOfSeveralRoutesAreMeasuredTogether() throws InterruptedException {
    metrics.begins(reader(5, Health.BLIND));
    metrics.begins(reader(2, Health.FLOWING));

    assertThat(gauge("caravan.in.flight")).isEqualTo(7);
    assertThat(gauge("caravan.topics")).isEqualTo(14);
    assertThat(shards(Health.FLOWING)).isEqualTo(1);
  }

  @Test
  void whileNoRouteReadsTheTimeOfBlindnessGrows() throws InterruptedException {
    GenesysMetrics.Reader reader = reader(0, Health.FLOWING);
    metrics.begins(reader);
    now += 60_000;
    assertThat(gauge("caravan.blind.seconds")).isZero();

    metrics.ends(reader);
    now += 12_000;

    assertThat(metrics.isRead()).isFalse();
    assertThat(gauge("caravan.blind.seconds")).isEqualTo(12);
    assertThat(gauge("caravan.in.flight")).isZero();
    assertThat(shards(Health.FLOWING)).isZero();
  }
}
