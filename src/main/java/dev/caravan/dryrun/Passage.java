package dev.caravan.dryrun;

import dev.caravan.dryrun.StepTrace.Step;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * What became of an event in the routes, without anything having been sent.
 *
 * @param ends where it came to; never empty
 */
public record Passage(List<End> ends) {

  /** One place that the event came to. */
  public sealed interface End {

    /** The rest of a sentence that begins with the event. */
    public String clause();
  }

  /** It becomes this record of Kafka, by that endpoint. */
  public record Sent(String uri, ProducerRecord<?, ?> record) implements End {

    public Optional<String> key() {
      return Optional.ofNullable(record.key()).map(Passage::text);
    }

    public byte[] value() {
      return record.value() instanceof byte[] bytes
          ? bytes
          : text(record.value()).getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public String clause() {
      return "goes to %s, %s"
          .formatted(record.topic(), key().map("key "::concat).orElse("without a key"));
    }
  }

  /**
   * It becomes a dead letter.
   *
   * @param why the class of the exception and the step, or empty
   * @param message what the exception says, which may quote the event; or empty
   */
  public record DeadLetter(String why, String message) implements End {

    @Override
    public String clause() {
      return "becomes a dead letter" + (why.isEmpty() ? "" : ": " + why);
    }
  }

  /** It would go to something outside of the routes, which was not called. */
  public record Outside(String scheme) implements End {

    @Override
    public String clause() {
      return "would go to %s:…, which was not called".formatted(scheme);
    }
  }

  /** No route takes it. */
  public record NotTaken(String clause) implements End {}

  /**
   * It goes nowhere.
   *
   * @param by the steps that see to that, as far as they are known
   * @param failure the class of an exception that the routes pass over, or empty
   */
  public record Dropped(List<Step> by, String failure) implements End {

    /** By which steps; empty if none is known. */
    public String where() {
      return by.isEmpty()
          ? ""
          : by.stream().map(Step::toString).collect(Collectors.joining(" and ", "by ", ""))
              + (failure.isEmpty() ? "" : ", which failed with " + failure);
    }

    @Override
    public String clause() {
      return ("is filtered out " + where()).strip();
    }
  }

  private static String text(Object value) {
    return value instanceof byte[] bytes
        ? new String(bytes, StandardCharsets.UTF_8)
        : String.valueOf(value);
  }

  public <T extends End> List<T> of(Class<T> kind) {
    return ends.stream().filter(kind::isInstance).<T>map(kind::cast).toList();
  }

  /** The rest of a sentence that begins with the event. */
  public String clause() {
    return ends.stream().map(End::clause).collect(Collectors.joining(", "));
  }

  /** Whether it becomes a dead letter. */
  public boolean isLost() {
    return !of(DeadLetter.class).isEmpty();
  }

  /** Whether nothing outside of the routes has a say in what becomes of it. */
  public boolean isSure() {
    return of(Outside.class).isEmpty();
  }
}
