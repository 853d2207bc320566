package dev.caravan.page;

import com.fasterxml.jackson.annotation.JsonAlias;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.caravan.PrivateFiles;
import dev.caravan.channel.ShardStatus;
import dev.caravan.genesys.Signal;
import dev.caravan.spool.SpoolStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the last 24 hours were like: how each shard and each spool stood, from looks every few
 * seconds; gaps and what else happened, from the signals. It is kept in a file, so that it goes on
 * after a restart; a process that is killed loses the looks of half a minute at most, and what it
 * did not read is told by the ledger as a gap. Safe for use by several threads.
 */
final class Timeline {

  private static final Logger LOG = LoggerFactory.getLogger(Timeline.class);
  private static final ObjectMapper JSON = new ObjectMapper();

  static final Duration KEPT = Duration.ofHours(24);

  /** What lies further apart was not one state: the process did not run in between. */
  static final Duration TOGETHER = Duration.ofSeconds(15);

  private static final Duration SAVE_EVERY = Duration.ofSeconds(30);
  static final int MOST_SPANS = 2_000;
  static final int MOST_GAPS = 500;
  static final int MOST_MARKS = 1_000;
  private static final long LARGEST_BYTES = 8_000_000;

  /** The row of the process as a whole. */
  static final String BRIDGE = "bridge";

  private static final String SHARD = "shard ";
  private static final String SPOOL = "spool ";

  private final Path file;
  private final List<Span> spans = new ArrayList<>();
  private final List<Missed> gaps = new ArrayList<>();
  private final List<Mark> marks = new ArrayList<>();
  private long savedAt;
  private long version;
  private boolean failing;

  /** How a row stood; {@code to} grows while it lasts. Earlier builds wrote a row as lane. */
  record Span(@JsonAlias("lane") String row, String state, long from, long to) {}

  /** Something that happened at a moment. */
  record Mark(@JsonAlias("lane") String row, String type, long at, String sentence) {}

  /**
   * A gap that is over.
   *
   * @param topics how many topics of which pattern; none if events were lost that had been read
   * @param backfilled whether it was read again, and what of it, as a sentence; empty as long as
   *     that is not known
   */
  record Missed(
      String id,
      @JsonAlias("lane") String row,
      long from,
      long to,
      String cause,
      Map<String, Integer> topics,
      String sentence,
      String backfilled) {

    private Missed backfilled(String what) {
      return new Missed(id, row, from, to, cause, topics, sentence, what);
    }
  }

  /** All of it. */
  record Content(List<Span> spans, List<Missed> gaps, List<Mark> marks) {}

  private Timeline(Path file) {
    this.file = file;
  }

  /** Takes up what the last run left; begins anew if that cannot be read. */
  static Timeline open(Path file) {
    Timeline timeline = new Timeline(file);
    try {
      if (Files.size(file) > LARGEST_BYTES) {
        throw new IOException("it is larger than any that is written");
      }
      Content found = JSON.readValue(Files.readAllBytes(file), Content.class);
      timeline.spans.addAll(found.spans());
      timeline.gaps.addAll(found.gaps());
      timeline.marks.addAll(found.marks());
    } catch (NoSuchFileException firstRun) {
      LOG.debug("There is no timeline yet");
    } catch (IOException | RuntimeException e) {
      LOG.warn(
          "The timeline of the status page cannot be read ({}): it begins anew.",
          e.getClass().getSimpleName());
    }
    return timeline;
  }

  /** To be called every few seconds. */
  synchronized void look(long now, List<ShardStatus> shards, List<SpoolStatus> spools) {
    stands(BRIDGE, "running", now);
    for (ShardStatus shard : shards) {
      stands(SHARD + shard.number(), shard.isRead() ? "connected" : shard.health().label(), now);
    }
    for (SpoolStatus spool : spools) {
      stands(SPOOL + spool.name(), StatusReader.state(spool), now);
    }
    if (now - savedAt >= SAVE_EVERY.toMillis()) {
      save(now);
    }
  }

  private void stands(String row, String state, long now) {
    int last = lastOf(row);
    Span before = last < 0 ? null : spans.get(last);
    boolean goesOn = before != null && now - before.to() <= TOGETHER.toMillis();
    if (goesOn) {
      spans.set(last, new Span(row, before.state(), before.from(), Math.max(now, before.to())));
    }
    if (!goesOn || !before.state().equals(state)) {
      spans.add(new Span(row, state, now, now));
      version++;
      prune(now);
    }
  }

  private int lastOf(String row) {
    for (int i = spans.size() - 1; i >= 0; i--) {
      if (spans.get(i).row().equals(row)) {
        return i;
      }
    }
    return -1;
  }

  /** Something was published for the signals topic. */
  synchronized void signal(Signal signal, long now) {
    version++;
    if (signal.type().equals("GAP")) {
      gaps.removeIf(gap -> gap.id().equals(signal.gap()));
      gaps.add(
          new Missed(
              signal.gap(),
              row(signal),
              millis(signal.from(), now),
              millis(signal.to(), now),
              signal.cause(),
              signal.topics() == null ? Map.of() : signal.topics(),
              signal.sentence(),
              ""));
    } else if (signal.type().equals("BACKFILLED")) {
      gaps.replaceAll(
          gap -> gap.id().equals(signal.gap()) ? gap.backfilled(signal.sentence()) : gap);
    } else {
      marks.add(new Mark(row(signal), signal.type(), millis(signal.to(), now), signal.sentence()));
    }
    prune(now);
  }

  private static String row(Signal signal) {
    if (signal.shard() >= 0) {
      return SHARD + signal.shard();
    }
    boolean ofSpool = signal.type().startsWith("SPOOL_") || signal.type().equals("GAP");
    return ofSpool ? SPOOL + "events" : BRIDGE;
  }

  private static long millis(String time, long otherwise) {
    return time == null ? otherwise : Instant.parse(time).toEpochMilli();
  }

  /** Something happened to the bridge as a whole. */
  synchronized void mark(String type, long now, String sentence) {
    marks.add(new Mark(BRIDGE, type, now, sentence));
    version++;
    prune(now);
  }

  private void prune(long now) {
    long oldest = now - KEPT.toMillis();
    spans.removeIf(span -> span.to() < oldest);
    gaps.removeIf(gap -> gap.to() < oldest);
    marks.removeIf(mark -> mark.at() < oldest);
    shorten(spans, MOST_SPANS);
    shorten(gaps, MOST_GAPS);
    shorten(marks, MOST_MARKS);
  }

  private static void shorten(List<?> list, int most) {
    if (list.size() > most) {
      list.subList(0, list.size() - most).clear();
    }
  }

  // ---- what it tells

  synchronized Content content() {
    return new Content(List.copyOf(spans), List.copyOf(gaps), List.copyOf(marks));
  }

  /** Another one whenever there is more to see than that time has passed. */
  synchronized long version() {
    return version;
  }

  synchronized void save(long now) {
    savedAt = now;
    prune(now);
    try {
      PrivateFiles.replace(file, JSON.writeValueAsBytes(content()), false);
      failing = false;
    } catch (IOException e) {
      if (!failing) {
        LOG.warn(
            "The timeline of the status page cannot be written ({}). It goes on in memory.",
            e.getClass().getSimpleName());
        failing = true;
      }
    }
  }
}
