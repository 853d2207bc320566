package dev.caravan.genesys.backfill;

import dev.caravan.genesys.GenesysConstants;
import dev.caravan.genesys.connect.CallException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;

/**
 * Walks through the pages of a query for conversation details. A page with less than it could hold
 * is not the last one: only {@code totalHits}, or an empty page, tells that. It reads at most
 * {@value #MOST_PAGES} pages.
 */
public final class ConversationPages implements Processor {

  private static final int MOST_PAGES = 1_000;

  /** As the query asks for them; no more are allowed. */
  private static final int PAGE_SIZE = 100;

  public boolean more(Exchange exchange) {
    return query(exchange).more();
  }

  public int page(Exchange exchange) {
    return query(exchange).page();
  }

  /** Takes one page; the body becomes the list of the conversations on it that are wanted. */
  @Override
  public void process(Exchange exchange) {
    Map<?, ?> body = exchange.getMessage().getBody(Map.class);
    Map<?, ?> page = body == null ? Map.of() : body;
    boolean told = page.get("conversations") instanceof Collection<?>;
    if (!told && !(page.get("totalHits") instanceof Number)) {
      throw CallException.odd(
          "Genesys Cloud answered without conversations and without their number.");
    }
    Collection<?> found = told ? (Collection<?>) page.get("conversations") : List.of();
    Optional<Integer> hits =
        page.get("totalHits") instanceof Number number
            ? Optional.of(number.intValue())
            : Optional.empty();
    exchange.getMessage().setBody(query(exchange).take(found, hits, PAGE_SIZE, MOST_PAGES));
  }

  private static ConversationQuery query(Exchange exchange) {
    return BackfillProgress.property(exchange, GenesysConstants.QUERY, ConversationQuery.class);
  }
}
