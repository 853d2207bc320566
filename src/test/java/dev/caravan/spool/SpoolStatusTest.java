package dev.caravan.spool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.spool.Failure.Kind;
import dev.caravan.spool.log.LogRecord;
import dev.caravan.spool.log.RecordHeaders;
import dev.caravan.testing.MutableClock;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.health.HealthCheck;
import org.apache.camel.health.HealthCheckHelper;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a spool says about itself, and what can be read from it again. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class SpoolStatusTest {

  private static final Duration THREE_MINUTES = Duration.ofSeconds(190);

  @TempDir Path directory;

  @Test
  void saysHowLongThereIsRoomWhileItFills() {
    SpoolStatus status =
        status(1_200_000_000L, 4_000_000_000L, THREE_MINUTES, 1_138_000, false, Optional.empty());

    assertThat(status.sentence())
        .isEqualTo("spooling, oldest 3 min, 1.2 GB, room for 41 min at this rate");
    assertThat(status.inDanger()).isFalse();
  }

  @Test
  void promisesNoRoomWhileItDrains() {
    SpoolStatus status =
        status(999, 4_000_000_000L, THREE_MINUTES, -5_000, false, Optional.empty());

    assertThat(status.sentence()).isEqualTo("spooling, oldest 3 min, 999 B");
  }

  @Test
  void isFlowingWhileNothingLiesForLong() {
    SpoolStatus status = status(7200, 100_000, Duration.ofMillis(30), 0, false, Optional.empty());

    assertThat(status.sentence()).isEqualTo("flowing, 2 waiting");
  }

  @Test
  void isInDangerWhenFullOrWhenTheStoreFails() {
    assertThat(status(1, 1, THREE_MINUTES, 0, true, Optional.empty()).inDanger()).isTrue();
    SpoolStatus failing = status(1, 1, Duration.ZERO, 0, false, Optional.of("The disk is full."));
    assertThat(failing.inDanger()).isTrue();
    assertThat(failing.sentence()).endsWith("records wait in memory only: The disk is full");
  }

  @Test
  void saysThatNothingTakesFromItAndHowMuchRoomThereIs() {
    SpoolStatus status = untaken(2, THREE_MINUTES, Duration.ofSeconds(190));

    assertThat(status.sentence())
        .isEqualTo(
            "nothing has taken from it for 3 min, no route that runs begins with spool:events;"
                + " spooling, oldest 3 min, 1.2 GB, room for 2.8 GB");
    assertThat(status.inDanger()).isTrue();
  }

  @Test
  void isNotInDangerWithoutAConsumerWhileNothingWaits() {
    SpoolStatus status = untaken(0, Duration.ZERO, THREE_MINUTES);

    assertThat(status.sentence()).endsWith("begins with spool:events; 0 waiting");
    assertThat(status.inDanger()).isFalse();
  }

  @Test
  void isNotInDangerWhileItsConsumerIsReplacedByAnother() {
    SpoolStatus status = untaken(2, Duration.ofSeconds(3), Duration.ofSeconds(12));

    assertThat(status.sentence()).isEqualTo("flowing, 2 waiting");
    assertThat(status.inDanger()).isFalse();
  }

  @Test
  void knowsForHowLongNoConsumerHasBeenThere() throws Exception {
    AtomicLong seconds = new AtomicLong();
    Spool.Time time =
        new Spool.Time(Clock.systemUTC(), () -> TimeUnit.SECONDS.toNanos(seconds.get()));
    ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
    SpoolConfiguration options = new SpoolConfiguration();
    options.setDirectory(directory.toString());
    try (Spool spool = Spool.open("events", options, time, executor, event -> {})) {
      seconds.set(5);
      assertThat(spool.status().taking().untaken()).contains(Duration.ofSeconds(5));

      Delivery delivery = new Delivery(spool, options, new NoReceiver());
      spool.attach(delivery, options);
      assertThat(spool.status().taking().untaken()).isEmpty();

      spool.detach(delivery);
      seconds.set(27);
      assertThat(spool.status().taking().untaken()).contains(Duration.ofSeconds(22));
      assertThat(spool.status().abandoned()).isTrue();
    } finally {
      executor.shutdownNow();
    }
  }

  @Test
  void knowsBeforeAConsumerIsThereHowManyAreParked() throws Exception {
    SpoolConfiguration options = SpoolFixture.settings(directory);
    try (ParkedLog log =
        ParkedLog.open(options, "events", Clock.systemUTC(), it -> it::append, 0)) {
      log.append(List.of(parked(1), parked(2), parked(3)));
      log.done(2);
    }

    try (SpoolFixture opened = new SpoolFixture(options)) {
      assertThat(opened.spool.status().parkedRecords()).isEqualTo(2);
      assertThat(opened.spool.status().waits()).isTrue();
    }
  }

  private static LogRecord parked(long sequence) {
    return new LogRecord(
        sequence, 0, new byte[1], RecordHeaders.NONE.with(Parking.SEQUENCE, sequence));
  }

  @Test
  void tellsOfAStepThatDoesNotReturnAndKeepsAllOthersWaiting() throws Exception {
    AtomicLong seconds = new AtomicLong();
    Spool.Time time =
        new Spool.Time(Clock.systemUTC(), () -> TimeUnit.SECONDS.toNanos(seconds.get()));
    CountDownLatch reached = new CountDownLatch(1);
    CountDownLatch goesOn = new CountDownLatch(1);
    Delivery.Receiver hanging =
        new Delivery.Receiver() {
          @Override
          public void receive(LogRecord record, boolean again, Delivery.Settlement settlement) {
            reached.countDown();
            try {
              goesOn.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
            settlement.delivered();
          }

          @Override
          public void deadLetter(LogRecord record, String reason) {
            throw new IllegalStateException();
          }
        };
    SpoolConfiguration options = SpoolFixture.settings(directory);
    try (SpoolFixture fixture = new SpoolFixture(options, time)) {
      Delivery delivery = new Delivery(fixture.spool, options, hanging);
      fixture.spool.attach(delivery, options);
      Thread thread = new Thread(delivery);
      thread.start();
      fixture.append(1, false);
      reached.await();

      seconds.set(4);
      assertThat(fixture.spool.status().taking().stepHangs()).isFalse();

      seconds.set(10);
      assertThat(fixture.spool.status().taking().stepHangs()).isTrue();
      assertThat(fixture.spool.status().inDanger()).isFalse();
      assertThat(fixture.spool.status().sentence())
          .endsWith(
              "; not delivered: a step of the route that takes from it has not returned for 10 s,"
                  + " and until then no other record is handed out");

      seconds.set(50);
      assertThat(fixture.spool.status().inDanger()).isTrue();
      assertThat(fixture.spool.status().sentence())
          .endsWith(
              "; a step of the route that takes from it has not returned for 50 s, and until then"
                  + " no other record is handed out");

      goesOn.countDown();
      await().until(() -> fixture.spool.status().records() == 0);
      assertThat(fixture.spool.status().taking().stepHangs()).isFalse();
      delivery.stop(Duration.ofSeconds(30));
      thread.join();
    }
  }

  @Test
  void isSpoolingThoughAllIsParkedOnceNothingElseHasBeenDeliveredForAWhile() throws Exception {
    MutableClock wall = new MutableClock(Instant.parse("2026-03-01T12:00:00Z"));
    Instant begin = wall.instant();
    LongSupplier nanos = () -> Duration.between(begin, wall.instant()).toNanos();
    SpoolConfiguration options = SpoolFixture.settings(directory);
    options.setKeyHeader("key");
    Delivery.Receiver receiver =
        new Delivery.Receiver() {
          @Override
          public void receive(LogRecord record, boolean again, Delivery.Settlement settlement) {
            if (record.headers().text("key").equals("stuck")) {
              settlement.failed(new Failure(Kind.LATER, "p 1", "p 1 has no leader", null));
            } else {
              settlement.delivered();
            }
          }

          @Override
          public void deadLetter(LogRecord record, String reason) {
            throw new IllegalStateException();
          }
        };
    try (SpoolFixture fixture = new SpoolFixture(options, new Spool.Time(wall, nanos))) {
      Spool spool = fixture.spool;
      Delivery delivery = new Delivery(spool, options, receiver);
      spool.attach(delivery, options);
      Thread thread = new Thread(delivery);
      thread.start();
      append(spool, "flows");
      append(spool, "stuck");
      await().until(() -> spool.status().parkedRecords() == 1);
      await().until(() -> spool.status().records() == 0);
      assertThat(spool.status().sentence()).startsWith("flowing");

      wall.turnTo(begin.plusSeconds(29));
      assertThat(spool.status().spooling()).isFalse();

      wall.turnTo(begin.plusSeconds(31));
      assertThat(spool.status().spooling()).isTrue();
      assertThat(spool.status().sentence()).startsWith("spooling, oldest 31 s");

      append(spool, "flows");
      await().until(() -> spool.status().sentence().startsWith("flowing"));
      assertThat(spool.status().parkedRecords()).isEqualTo(1);

      delivery.stop(Duration.ofSeconds(30));
      thread.join();
      spool.detach(delivery);
      wall.turnTo(begin.plusSeconds(60));
      assertThat(spool.status().inDanger()).as("nobody takes what is parked").isTrue();
    }
  }

  private static void append(Spool spool, String key) throws InterruptedException {
    spool.append(new byte[1], RecordHeaders.of(Map.of("key", key), name -> {}));
  }

  @Test
  void isSeenByTheHealthChecksOfCamel() throws Exception {
    try (DefaultCamelContext context = new DefaultCamelContext()) {
      context.addRoutes(
          new RouteBuilder() {
            @Override
            public void configure() {
              from("spool:events?directory=" + directory).routeId("out").to("log:out?level=OFF");
            }
          });
      context.start();

      HealthCheck check =
          HealthCheckHelper.getHealthCheckRepository(context, "consumers").stream()
              .findFirst()
              .orElseThrow();
      HealthCheck.Result result = check.call();

      assertThat(result.getState()).isEqualTo(HealthCheck.State.UP);
      assertThat(result.getDetails()).containsEntry("state", "flowing, 0 waiting");
    }
  }

  private static SpoolStatus untaken(long records, Duration oldest, Duration untaken) {
    return new SpoolStatus(
        "events",
        records,
        oldest,
        0,
        List.of(),
        new SpoolStatus.Space(1_200_000_000L, 4_000_000_000L, 0, false),
        SpoolStatus.Counts.NONE,
        SpoolStatus.Rates.NONE,
        SpoolStatus.Taking.nobodySince(untaken),
        Optional.empty(),
        Optional.empty());
  }

  private static SpoolStatus status(
      long bytes,
      long maxBytes,
      Duration oldest,
      double growth,
      boolean full,
      Optional<String> failure) {
    return new SpoolStatus(
        "events",
        2,
        oldest,
        0,
        List.of(),
        new SpoolStatus.Space(bytes, maxBytes, bytes, full),
        SpoolStatus.Counts.NONE,
        new SpoolStatus.Rates(0, 0, growth),
        new SpoolStatus.Taking(0, Optional.empty(), Optional.empty(), false, Optional.empty()),
        failure,
        Optional.empty());
  }

  /** Nothing is handed out to it. */
  private static final class NoReceiver implements Delivery.Receiver {
    @Override
    public void receive(LogRecord record, boolean again, Delivery.Settlement settlement) {
      throw new AssertionError();
    }

    @Override
    public void deadLetter(LogRecord record, String reason) {
      throw new AssertionError();
    }
  }
}
