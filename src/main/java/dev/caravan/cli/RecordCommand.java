package dev.caravan.cli;

import dev.caravan.command.CommandFailure;
import dev.caravan.command.Deadline;
import dev.caravan.command.KafkaEnvironment;
import dev.caravan.command.TopicFollower;
import dev.caravan.dryrun.Mask;
import dev.caravan.dryrun.OrgRecorder;
import dev.caravan.dryrun.RecordedFrame;
import dev.caravan.dryrun.Recording;
import dev.caravan.dryrun.Sample;
import dev.caravan.genesys.GenesysConstants;
import dev.caravan.settings.Settings;
import dev.caravan.topic.SelectorException;
import dev.caravan.topic.SelectorParser;
import dev.caravan.topic.TopicCatalogue;
import dev.caravan.topic.TopicSelector;
import io.smallrye.config.SmallRyeConfig;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** For getting frames to try routes with. */
@Command(
    name = "record",
    customSynopsis = "${COMMAND-FULL-NAME} [OPTIONS] [SELECTOR] FILE",
    description = {
      "Writes frames to a file, for try and explain.",
      "They come from your org, as the settings say, or from a stand-in for it, or",
      "from Kafka. Names, addresses, numbers, attributes and all other text that may",
      "be about a person are masked, the same value by the same mask. Reading from",
      "your org takes a channel for each 1,000 topics, besides those of a bridge that",
      "runs."
    },
    footer = {
      "",
      "Examples: five minutes of your org; one frame of each kind of a made-up one",
      "  ${ROOT-COMMAND-NAME} record --for 5m frames.jsonl",
      "  ${ROOT-COMMAND-NAME} record --from stand-in --each 1 --for 8h all.jsonl",
      "  ${ROOT-COMMAND-NAME} record 'v2.users.*.presence' --for 1h presence.jsonl"
    })
final class RecordCommand extends CaravanCommand {

  private static final Duration LONGEST = Duration.ofHours(24);
  private static final Duration POLL = Duration.ofMillis(250);
  private static final int KEY_BYTES = 32;

  /** Where frames come from. */
  enum Source {
    GENESYS,
    STAND_IN,
    KAFKA;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  @Parameters(
      arity = "1..2",
      paramLabel = "[SELECTOR] FILE",
      description =
          "What to record, as in GENESYS_TOPICS, which is the default, and the file, which must not"
              + " be there yet.")
  private List<String> asked;

  @Option(
      names = "--for",
      paramLabel = "TIME",
      defaultValue = "5m",
      description =
          "How long, such as 90s, 5m or 1h; of the stand-in, whose day goes by at once, how much of"
              + " it. Default: 5m.")
  private String time;

  @Option(
      names = "--from",
      paramLabel = "SOURCE",
      defaultValue = "genesys",
      description = "genesys, stand-in or kafka. Default: genesys.")
  private Source source;

  @Option(
      names = "--each",
      paramLabel = "N",
      description = "At most so many frames of each kind and medium.")
  private Optional<Long> each = Optional.empty();

  @Option(
      names = "--from-beginning",
      description = "From Kafka: start with the oldest record instead of the next one.")
  private boolean fromBeginning;

  @Option(
      names = "--most",
      paramLabel = "N",
      description = "End after so many frames. Default: 10,000, as many as can be tried at once.")
  private Optional<Long> most = Optional.empty();

  @Option(names = "--raw", description = "Mask nothing. The file then holds personal data.")
  private boolean raw;

  @Override
  public Integer call() throws Exception {
    Logs.errorsToConsole(isVerbose());
    Duration length = Numbers.duration("--for", time, LONGEST);
    each.ifPresent(it -> Numbers.atLeastOne("--each", it));
    most.ifPresent(it -> Numbers.atLeastOne("--most", it));
    Optional<String> selector = asked.size() > 1 ? Optional.of(asked.get(0)) : Optional.empty();
    Path file = Path.of(asked.get(asked.size() - 1));
    SmallRyeConfig config = Settings.read();
    Optional<Mask> mask = raw ? Optional.empty() : Optional.of(new Mask(key()));
    long all = Math.min(most.orElse(Long.MAX_VALUE), RecordedFrame.MOST);
    try (Recording recording = new Recording(file, mask, each.orElse(Long.MAX_VALUE), all)) {
      switch (source) {
        case GENESYS ->
            new OrgRecorder(config, selector).record(recording, length, () -> begin(length));
        // Its day goes by as fast as it can
        case STAND_IN -> Sample.told(length, wanted(selector), recording::add, recording::isFull);
        case KAFKA -> fromKafka(config, selector, recording, length);
      }
      tell(recording, file);
    }
    return Caravan.OK;
  }

  private static byte[] key() {
    byte[] key = new byte[KEY_BYTES];
    new SecureRandom().nextBytes(key);
    return key;
  }

  private void fromKafka(
      SmallRyeConfig config, Optional<String> selector, Recording recording, Duration length) {
    Predicate<String> wanted = wanted(selector);
    KafkaEnvironment environment = new KafkaEnvironment(config);
    String topics = environment.topicPrefix() + "*";
    try (TopicFollower follower = environment.follow(Optional.empty(), topics, fromBeginning)) {
      begin(length);
      Deadline end = Deadline.in(length);
      while (!end.isPast() && !recording.isFull()) {
        for (ConsumerRecord<byte[], byte[]> record : follower.poll(POLL)) {
          Header topic = record.headers().lastHeader(GenesysConstants.TOPIC);
          if (topic != null
              && record.value() != null
              && wanted.test(new String(topic.value(), StandardCharsets.UTF_8))) {
            recording.add(record.value());
          }
        }
      }
    }
  }

  /** Which topics a selector stands for; all if there is none. */
  private static Predicate<String> wanted(Optional<String> selector) {
    if (selector.isEmpty()) {
      return topic -> true;
    }
    try {
      List<TopicSelector> selectors =
          new SelectorParser(TopicCatalogue.shipped()).parse(selector.get()).selectors();
      for (TopicSelector one : selectors) {
        if (one.isOfSome()) {
          throw new CommandFailure(
              "Only your org knows what %s stands for. Name an id, or * for all."
                  .formatted(one.text()));
        }
      }
      return topic -> selectors.stream().anyMatch(it -> it.mayStandFor(topic));
    } catch (SelectorException e) {
      throw new CommandFailure(e.getMessage(), e);
    }
  }

  private void begin(Duration length) {
    out()
        .printf("Recording from %s for %d s. Ctrl-C ends it sooner.%n", source, length.toSeconds());
  }

  private void tell(Recording recording, Path file) {
    recording.kinds().forEach((kind, count) -> out().printf("  %6d  %s%n", count, kind));
    if (recording.count() == 0) {
      out().println("No frame came, so there is no file.");
    } else {
      out()
          .printf(
              "%d frames in %s%s.%n",
              recording.count(), file, raw ? ", as they came: it holds personal data" : ", masked");
    }
    if (recording.leftOut() > 0) {
      out().printf("%d more could not be masked and were left out.%n", recording.leftOut());
    }
  }
}
