package dev.caravan.bench;

import dev.caravan.frame.BodyFacts;
import dev.caravan.frame.CopyPairing;
import dev.caravan.frame.EnvelopeReader;
import dev.caravan.frame.EventId;
import dev.caravan.frame.EventIds;
import dev.caravan.frame.Frame;
import dev.caravan.frame.Media;
import dev.caravan.frame.MediaRule;
import dev.caravan.frame.TopicTraits;
import dev.caravan.spool.log.LogRecord;
import dev.caravan.spool.log.RecordHeaders;
import dev.caravan.spool.log.SegmentedLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What each part of the road takes for a frame of 3.6 KB: {@code bench/parts}. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class PartsBench {

  private static final TopicTraits TOPIC = TopicTraits.of(LoadFrames.TOPIC);
  private static final int CONVERSATIONS = LoadFrames.CONVERSATIONS;
  private static final int RECORDS = 10_000;
  private static final int BATCH = 200;
  private static final int READ_BYTES = 512 * 1024;

  /** Frames, each of another conversation, and what is read from them. */
  @State(Scope.Thread)
  public static class Frames {

    final List<byte[]> frames =
        LongStream.range(0, CONVERSATIONS).mapToObj(new LoadFrames(3_600)::frame).toList();
    final EnvelopeReader reader = new EnvelopeReader();
    final List<Frame.Notification> events =
        frames.stream().map(frame -> (Frame.Notification) reader.read(frame)).toList();
    final BodyFacts facts =
        new BodyFacts(
            "",
            "",
            "",
            "",
            "",
            List.of(),
            Set.of(),
            List.of(
                new BodyFacts.Party(Media.VOICE, "", 1, false),
                new BodyFacts.Party(Media.VOICE, "", 2, true),
                new BodyFacts.Party(Media.VOICE, "", 3, false)),
            List.of());
    private int next;

    int next() {
      next = (next + 1) % CONVERSATIONS;
      return next;
    }
  }

  /** All that is read from a frame: the media rule and the identity of the body among it. */
  @Benchmark
  public Frame envelope(Frames frames) {
    return frames.reader.read(frames.frames.get(frames.next()));
  }

  @Benchmark
  public MediaRule.Result mediaRule(Frames frames) {
    return MediaRule.apply(TOPIC, frames.facts);
  }

  /** By which the copies of an event are paired off. */
  @Benchmark
  public EventId identity(Frames frames) {
    return EventId.of(LoadFrames.TOPIC, frames.frames.get(frames.next()));
  }

  /** What an event is given as its own. */
  @Benchmark
  public String eventId(Ids ids) {
    return ids.ids.next();
  }

  /** Hands out ids. */
  @State(Scope.Thread)
  public static class Ids {
    final EventIds ids = new EventIds(new Random(1));
  }

  /** Two sockets that carry the same topics. */
  @State(Scope.Thread)
  public static class Pairing {
    final CopyPairing pairing = new CopyPairing();

    @Setup
    public void join() {
      pairing.join(1);
      pairing.join(2);
    }
  }

  /** An event on both sockets. */
  @Benchmark
  public boolean deduplicator(Frames frames, Pairing pairing) {
    EventId id = frames.events.get(frames.next()).id();
    return pairing.pairing.firstSight(1, id, 0) ^ pairing.pairing.firstSight(2, id, 0);
  }

  // ---- the log

  /** A log with records in it. */
  @State(Scope.Thread)
  public static class Log {

    final RecordHeaders headers =
        RecordHeaders.of(
            Map.of(
                "CamelGenesysKey", "dc119522-79c5-4729-a131-000000000001",
                "CamelGenesysStream", "conversations.voice",
                "ce_id", "8b1fb5a0c94f4e0e9d5e6c3f2a1b0c9d",
                "ce_type", "com.genesys.cloud.v2.routing.queues.{id}.conversations",
                "ce_time", "2026-03-01T12:00:00.000Z"),
            name -> {});
    final List<byte[]> bodies = new Frames().frames;
    private Path folder;
    SegmentedLog log;

    @Setup
    public void open() throws IOException {
      folder = Files.createTempDirectory("parts-log-");
      log =
          SegmentedLog.open(
              new SegmentedLog.Options(folder, "events", 16 << 20, false, Clock.systemUTC()), 0, 0);
      for (int i = 0; i < RECORDS / BATCH; i++) {
        append();
      }
    }

    void append() throws IOException {
      List<LogRecord> batch = new ArrayList<>(BATCH);
      for (int i = 0; i < BATCH; i++) {
        batch.add(new LogRecord(log.last() + 1 + i, 1, bodies.get(i), headers));
      }
      log.append(batch);
    }

    @TearDown
    public void close() throws IOException {
      log.close();
      delete(folder);
    }
  }

  @Benchmark
  @OperationsPerInvocation(BATCH)
  public void logAppend(Log log) throws IOException {
    log.append();
    log.log.deleteUpTo(log.log.last() - RECORDS);
  }

  @Benchmark
  @OperationsPerInvocation(RECORDS)
  public void logRead(Log log) throws IOException {
    for (long next = 1; next <= RECORDS; ) {
      next += log.log.read(next, READ_BYTES).size();
    }
  }

  // ---- the routes

  /** The shipped routes, with a mock in place of Kafka. */
  @State(Scope.Thread)
  public static class Road {

    private Path folder;
    ShippedRoad road;

    @Setup
    public void open() throws Exception {
      folder = Files.createTempDirectory("parts-road-");
      road =
          new ShippedRoad(folder, Duration.ofMillis(50), Duration.ZERO, UnaryOperator.identity());
    }

    @TearDown
    public void close() throws IOException {
      road.close();
      delete(folder);
    }
  }

  /** From the shard that hands an event over until the spool lets go of it, many in flight. */
  @Benchmark
  @OperationsPerInvocation(CONVERSATIONS)
  public void routes(Frames frames, Road road) {
    for (int i = 0; i < CONVERSATIONS; i++) {
      road.road.carry(frames.events.get(i), frames.frames.get(i));
    }
    road.road.awaitAll();
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
