package dev.caravan.cli;

import dev.caravan.kafka.DeadLetterFiles;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.camel.health.HealthCheckResultBuilder;
import org.apache.camel.impl.health.AbstractHealthCheck;

/**
 * Tells what does not reach its Kafka topic although Kafka is there. Down while Kafka denies a
 * topic or no letter can be laid down any more, which somebody must mend; letters that lie as files
 * are told, and are no reason to be taken out of service.
 */
final class DeadLettersHealthCheck extends AbstractHealthCheck {

  private static final int MOST_NAMES = 20;

  private final Supplier<SortedSet<String>> denied;
  private final Supplier<Optional<DeadLetterFiles.Contents>> files;

  DeadLettersHealthCheck(
      Supplier<SortedSet<String>> denied, Supplier<Optional<DeadLetterFiles.Contents>> files) {
    super("camel", "kafka-refusals");
    this.denied = denied;
    this.files = files;
  }

  @Override
  protected void doCall(HealthCheckResultBuilder builder, Map<String, Object> options) {
    SortedSet<String> topics = denied.get();
    Optional<DeadLetterFiles.Contents> contents = files.get().filter(it -> it.letters() > 0);
    boolean full = files.get().filter(DeadLetterFiles.Contents::full).isPresent();
    List<String> sentences = new ArrayList<>();
    if (!topics.isEmpty()) {
      sentences.add(denied(topics));
    }
    contents.ifPresent(
        lying -> {
          sentences.add(lying(lying));
          builder.detail("files", lying.letters()).detail("files.bytes", lying.bytes());
        });
    if (full) {
      sentences.add(
          "There is no room for more of them: further dead letters wait in the spool until Kafka"
              + " takes them or files are removed.");
    }
    boolean broken = full || !topics.isEmpty();
    if (broken) {
      builder.detail("road.state", "broken");
    }
    if (!sentences.isEmpty()) {
      String sentence = String.join(" ", sentences);
      builder.message(sentence).detail("sentence", sentence);
    }
    builder.state(broken ? State.DOWN : State.UP);
  }

  private static String denied(SortedSet<String> topics) {
    String more = topics.size() > MOST_NAMES ? " and others" : "";
    return "Kafka denies to the user of the bridge: %s. What is for them becomes dead letters, signals wait. Grant it the operations Write and Describe on them, and Create if Kafka is to create them; it is asked again by itself."
        .formatted(topics.stream().limit(MOST_NAMES).collect(Collectors.joining(", ", "", more)));
  }

  private static String lying(DeadLetterFiles.Contents lying) {
    String since =
        lying.oldest().map(time -> " since " + time.truncatedTo(ChronoUnit.SECONDS)).orElse("");
    return "%d dead letters that Kafka did not take lie as files in %s%s, the reason of each beside it. Nothing sends them by itself: mend the cause, send what is still of use, and remove them."
        .formatted(lying.letters(), lying.folder(), since);
  }

  @Override
  public boolean isLiveness() {
    return false;
  }
}
