package dev.caravan.dryrun;

import dev.caravan.frame.EnvelopeReader;
import dev.caravan.frame.Frame;
import dev.caravan.simulator.centre.Body;
import dev.caravan.simulator.centre.Day;
import dev.caravan.simulator.centre.EventSink;
import dev.caravan.simulator.centre.Organization;
import dev.caravan.topic.TopicCatalogue;
import dev.caravan.topic.TopicSelector;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * An event of a kind that is subscribed, as the stand-in's contact centre makes it.
 *
 * @param pattern the topic with {@code {id}} for ids
 * @param body the frame
 */
public record Sample(String pattern, Frame.Notification event, byte[] body) {

  private static final int AGENTS = 40;
  private static final int QUEUES = 6;
  private static final int CONVERSATIONS_PER_HOUR = 9;
  private static final int MOST_THINGS = 10_000;
  private static final int MOST = 40;
  private static final int AT_A_TIME = 1_000;
  private static final String ANY_ID = "00000000-0000-4000-8000-000000000000";

  Sample(Frame.Notification event, byte[] body) {
    this(pattern(event.topicName()), event, body);
  }

  /** What it is, for people. */
  public String name() {
    return event.media().isEmpty() ? pattern : pattern + " (" + event.primary().wire() + ")";
  }

  /** One for each kind of topic and, if it has one, medium; its body is empty if none is known. */
  public static List<Sample> of(Collection<TopicSelector> selectors) {
    Set<String> wanted = new TreeSet<>();
    selectors.forEach(it -> wanted.add(pattern(it.topic().replace("*", ANY_ID))));
    Map<String, Sample> found = new TreeMap<>();
    Day day =
        day(
            topic -> found.size() < MOST && wanted.contains(pattern(topic)),
            frame -> {
              if (new EnvelopeReader().read(frame) instanceof Frame.Notification event) {
                Sample sample = new Sample(event, frame);
                found.putIfAbsent(sample.name(), sample);
              }
            });
    for (int i = 0; i < MOST_THINGS; i++) {
      day.runNext();
    }
    List<Sample> samples = new ArrayList<>(found.values());
    samples.forEach(sample -> wanted.remove(sample.pattern()));
    for (String pattern : wanted) {
      byte[] frame = frame(pattern.replace("{id}", ANY_ID), "{}");
      if (new EnvelopeReader().read(frame) instanceof Frame.Notification event) {
        samples.add(new Sample(pattern, event, frame));
      }
    }
    return samples.stream().limit(MOST).toList();
  }

  /** Some hours of the contact centre, on the topics that are heard, until it is enough. */
  public static void told(
      Duration hours, Predicate<String> heard, Consumer<byte[]> told, BooleanSupplier enough) {
    Day day = day(heard, told);
    long end = day.now() + hours.toMillis();
    while (!enough.getAsBoolean() && !day.runUntil(end, AT_A_TIME)) {
      // It goes on where it was
    }
  }

  private static Day day(Predicate<String> heard, Consumer<byte[]> told) {
    return new Day(
        Organization.draw(1, AGENTS, QUEUES),
        1,
        CONVERSATIONS_PER_HOUR,
        System.currentTimeMillis(),
        new EventSink() {
          @Override
          public boolean heard(String topic) {
            return heard.test(topic);
          }

          @Override
          public void publish(String topic, Body body, String correlationId) {
            told.accept(frame(topic, new String(body.bytes(), StandardCharsets.UTF_8)));
          }
        });
  }

  private static String pattern(String topic) {
    return TopicCatalogue.shipped().generalise(topic);
  }

  private static byte[] frame(String topic, String body) {
    return "{\"topicName\":\"%s\",\"version\":\"2\",\"eventBody\":%s,\"metadata\":{\"CorrelationId\":\"%s\"}}"
        .formatted(topic, body, ANY_ID)
        .getBytes(StandardCharsets.UTF_8);
  }
}
