package dev.caravan.genesys;

import dev.caravan.genesys.connect.CallException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Collects the pages of a listing of the Platform API into one list of entities, each id once
 * (pages shift while they are read). It reads at most {@value #MOST_PAGES} pages of {@value
 * #PAGE_SIZE}.
 */
public final class Pages implements Processor {

  private static final Logger LOG = LoggerFactory.getLogger(Pages.class);

  static final int PAGE_SIZE = 100;
  private static final int MOST_PAGES = 1_000;
  private static final String STATE = "CamelGenesysPages";

  @FunctionalInterface
  interface Reader {
    /**
     * @param pages how many there are; 0 if the listing does not tell
     * @param soFar the entities of all pages read so far
     */
    void read(int page, int pages, Collection<? extends Map<?, ?>> soFar);
  }

  private static final class Progress {
    private final Map<String, Map<?, ?>> entities = new LinkedHashMap<>();
    private int page = 1;
    private String next = "";
    private boolean more = true;
    private Object total;
    private Object pageCount;
    private String fault = "";

    private void fault(String what) {
      fault = fault.isEmpty() ? what : fault;
    }
  }

  public boolean more(Exchange exchange) {
    return progress(exchange).more;
  }

  public String query(Exchange exchange) {
    Progress progress = progress(exchange);
    return progress.next.isEmpty()
        ? "pageSize=" + PAGE_SIZE + "&pageNumber=" + progress.page
        : progress.next;
  }

  /** Takes one page; after the last one the body is the list of all entities. */
  @Override
  public void process(Exchange exchange) {
    Progress progress = progress(exchange);
    Map<?, ?> page = exchange.getMessage().getBody(Map.class);
    if (page == null || !(page.get("entities") instanceof Collection<?> some)) {
      throw CallException.odd(
          "Genesys Cloud answered without the entities of page " + progress.page + ".");
    }
    int found = some.size();
    int before = progress.entities.size();
    for (Object entity : some) {
      if (entity instanceof Map<?, ?> map && map.get("id") != null) {
        progress.entities.put(map.get("id").toString(), map);
      }
    }
    if (progress.entities.size() < before + found) {
      progress.fault("page " + progress.page + " told again what was told before, or without id");
    }
    if (progress.page == 1) {
      progress.total = page.get("total");
      progress.pageCount = page.get("pageCount");
    } else if (!Objects.equals(progress.total, page.get("total"))
        || !Objects.equals(progress.pageCount, page.get("pageCount"))) {
      progress.fault("its total changed from " + progress.total + " to " + page.get("total"));
    }
    // Listings by cursor tell neither count nor number of pages: what comes next stands in nextUri
    boolean last = progress.entities.size() == before;
    if (page.get("pageCount") instanceof Number count) {
      progress.next = "";
      last = progress.page >= count.intValue();
    } else {
      progress.next = cursor(page.get("nextUri"));
      last |= progress.next.isEmpty() && found < PAGE_SIZE;
    }
    if (found == 0 && !last) {
      progress.fault("page " + progress.page + " of " + progress.pageCount + " was empty");
    }
    boolean more = found > 0 && !last;
    progress.more = more && progress.page < MOST_PAGES;
    if (more && !progress.more) {
      LOG.warn(
          "The listing of {} has more than {} entries: the others are not read, and no topic of theirs"
              + " is subscribed. Select fewer by name, group or division.",
          exchange.getProperty(GenesysConstants.LISTING, "the org", String.class),
          MOST_PAGES * PAGE_SIZE);
    }
    if (!progress.more
        && progress.total instanceof Number total
        && total.intValue() != progress.entities.size()) {
      progress.fault("of " + total + " it told " + progress.entities.size());
    }
    Reader reader = exchange.getProperty(GenesysConstants.LISTING_READER, Reader.class);
    if (reader != null) {
      int pages = progress.pageCount instanceof Number count ? count.intValue() : 0;
      reader.read(progress.page, pages, progress.entities.values());
    }
    progress.page++;
    exchange.setProperty(STATE, progress);
    exchange.setProperty(GenesysConstants.LISTING_FAULT, progress.fault);
    exchange.getMessage().setBody(List.copyOf(progress.entities.values()));
  }

  private static String cursor(Object nextUri) {
    String[] parts = String.valueOf(nextUri).split("\\?", 2);
    return parts.length < 2 ? "" : parts[1];
  }

  /** The bean's other methods are called with a copy of the exchange and must not change it. */
  private static Progress progress(Exchange exchange) {
    Progress progress = exchange.getProperty(STATE, Progress.class);
    return progress == null ? new Progress() : progress;
  }
}
