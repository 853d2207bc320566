package dev.caravan.genesys;

import dev.caravan.frame.Media;
import dev.caravan.topic.Topic;
import dev.caravan.topic.TopicCatalogue;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.camel.Exchange;
import org.apache.camel.Expression;
import org.apache.camel.Message;
import org.apache.camel.Predicate;
import org.apache.camel.support.ExpressionAdapter;
import org.apache.camel.support.LanguageSupport;

/**
 * The predicate {@code genesys-media}: a comma-separated list of media types to keep, or {@code *}
 * for all. An event is kept if one of its media types is in the list, if it has none, or if it
 * tells a whole state: without those that show no wanted media type, the last one kept would go on
 * saying what is over.
 */
public final class MediaLanguage extends LanguageSupport {

  private static final Set<String> KNOWN =
      Arrays.stream(Media.values()).map(Media::wire).collect(Collectors.toUnmodifiableSet());

  @Override
  public Predicate createPredicate(String expression) {
    return new Kept(wanted(expression));
  }

  @Override
  public Expression createExpression(String expression) {
    return new Kept(wanted(expression));
  }

  private Set<String> wanted(String expression) {
    Set<String> wanted =
        Arrays.stream(loadResource(expression).split(","))
            .map(String::strip)
            .filter(name -> !name.isEmpty())
            .map(name -> name.toLowerCase(Locale.ROOT))
            .collect(Collectors.toUnmodifiableSet());
    for (String name : wanted) {
      if (!name.equals("*") && !KNOWN.contains(name)) {
        throw new IllegalArgumentException(
            "\"%s\" is no media type. GENESYS_MEDIA takes *, or some of: %s"
                .formatted(name, String.join(", ", new TreeSet<>(KNOWN))));
      }
    }
    if (wanted.isEmpty()) {
      throw new IllegalArgumentException(
          "GENESYS_MEDIA is empty: nothing would be kept. Set it to * to keep all media types.");
    }
    return wanted;
  }

  private static final class Kept extends ExpressionAdapter {

    private final TopicCatalogue catalogue = TopicCatalogue.shipped();
    private final Set<String> wanted;

    Kept(Set<String> wanted) {
      this.wanted = wanted;
    }

    @Override
    public boolean matches(Exchange exchange) {
      Message message = exchange.getMessage();
      Object all = message.getHeader(GenesysConstants.MEDIA_ALL);
      Object media = all != null ? all : message.getHeader(GenesysConstants.MEDIA);
      return media == null
          || wanted.contains("*")
          || Arrays.stream(media.toString().split(",")).anyMatch(wanted::contains)
          || catalogue
              .topicOf(message.getHeader(GenesysConstants.TOPIC, "", String.class))
              .filter(Topic::wholeState)
              .isPresent();
    }

    @Override
    public Object evaluate(Exchange exchange) {
      return matches(exchange);
    }

    @Override
    public String toString() {
      return "genesys-media" + wanted;
    }
  }
}
