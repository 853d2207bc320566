package dev.caravan.genesys;

import dev.caravan.genesys.connect.CallException;
import dev.caravan.genesys.connect.Clients;
import dev.caravan.genesys.connect.ControlRoute;
import dev.caravan.topic.Expansion;
import dev.caravan.topic.Listing;
import dev.caravan.topic.TopicSelector;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Lists what the org has (queues, users …) through the control route that reads all pages. */
final class Directory {

  private static final Logger LOG = LoggerFactory.getLogger(Directory.class);

  private final ProducerTemplate template;
  private final Clients clients;
  private final Map<String, String> told = new HashMap<>();
  private int pages;

  Directory(ProducerTemplate template, Clients clients) {
    this.template = template;
    this.clients = clients;
  }

  /**
   * @param by the OAuth client that listed it: another may see others
   */
  record Listed(Map<Listing, List<Listing.Entity>> entities, Map<Listing, String> by) {

    /** Who listed what a selector stands for; the first client, if it needs no listing. */
    String lister(TopicSelector selector, String otherwise) {
      return selector.listing().map(by::get).orElse(otherwise);
    }

    /** What a selector stands for. */
    List<String> topics(TopicSelector selector) {
      return Expansion.of(List.of(selector), entities).topics();
    }

    private Listed and(Listing listing, String lister, List<Listing.Entity> listed) {
      Listed all = new Listed(new HashMap<>(entities), new HashMap<>(by));
      all.entities.put(listing, listed);
      all.by.put(listing, lister);
      return all;
    }
  }

  /**
   * @param pages how many there are; 0 if it does not tell
   * @param soFar what was listed so far, all listings before this one included
   */
  record Progress(String what, int page, int pages, Supplier<Listed> soFar) {
    String sentence() {
      return what + ", page " + page + (pages == 0 ? "" : " of " + pages);
    }
  }

  /** Those who may list: the first does, and the next one what it is refused. */
  Listed listFor(List<TopicSelector> selectors, List<String> listers, Consumer<Progress> reader) {
    Listed listings = new Listed(Map.of(), Map.of());
    pages = 0;
    for (Listing listing : Expansion.needs(selectors)) {
      listings = listed(listings, listing, listers, reader);
    }
    return listings;
  }

  private Listed listed(
      Listed before, Listing listing, List<String> listers, Consumer<Progress> reader) {
    String what = listing.kind().noun() + "s";
    CallException refusal = null;
    for (String lister : listers) {
      try {
        List<Listing.Entity> listed =
            list(
                lister,
                listing,
                (page, of, some) ->
                    reader.accept(
                        new Progress(
                            what,
                            page,
                            of,
                            () -> before.and(listing, lister, List.copyOf(entities(some))))));
        tell(what, lister, refusal);
        return before.and(listing, lister, listed);
      } catch (CallException e) {
        if (e.kind() != CallException.Kind.REFUSED) {
          throw e;
        }
        refusal = refusal == null ? e : refusal;
      }
    }
    throw refusal;
  }

  /** Once for each change: it is listed again and again. */
  private void tell(String what, String lister, CallException refusal) {
    String before = told.put(what, lister);
    if (refusal != null && !lister.equals(before)) {
      LOG.warn(
          "{} lists {}, since another is refused that: {}",
          clients.subject(lister),
          what,
          refusal.getMessage());
    }
  }

  private List<Listing.Entity> list(String lister, Listing listing, Pages.Reader reader) {
    return switch (listing.kind()) {
      case QUEUES -> list(lister, "/api/v2/routing/queues", reader);
      case USERS -> list(lister, "/api/v2/users", reader);
      case GROUPS -> list(lister, "/api/v2/groups", reader);
      case GROUP_MEMBERS -> members(lister, listing.group(), reader);
      case MANAGEMENT_UNITS -> list(lister, "/api/v2/workforcemanagement/managementunits", reader);
      case BUSINESS_UNITS -> list(lister, "/api/v2/workforcemanagement/businessunits", reader);
      case TEAMS -> list(lister, "/api/v2/teams", reader);
    };
  }

  private List<Listing.Entity> members(String lister, String group, Pages.Reader reader) {
    return list(lister, "/api/v2/groups", (page, pages, groups) -> {}).stream()
        .filter(entity -> entity.name().equalsIgnoreCase(group))
        .findFirst()
        .map(entity -> list(lister, "/api/v2/groups/" + entity.id() + "/members", reader))
        .orElse(List.of());
  }

  /** One that does not agree with itself is believed if the next one says the same. */
  private List<Listing.Entity> list(String lister, String path, Pages.Reader reader) {
    Read first = read(lister, path, reader);
    if (first.fault().isEmpty()) {
      return List.copyOf(first.all());
    }
    LOG.warn(
        "The listing of {} does not agree with itself: {}. It is read again.", path, first.fault());
    Read second = read(lister, path, reader);
    if (second.fault().isEmpty() || second.all().equals(first.all())) {
      return List.copyOf(second.all());
    }
    throw CallException.odd(
        "The listing of " + path + " does not agree with itself: " + second.fault() + ".");
  }

  private record Read(Set<Listing.Entity> all, String fault) {}

  int pages() {
    return pages;
  }

  private Read read(String lister, String path, Pages.Reader reader) {
    Pages.Reader counted =
        (page, of, soFar) -> {
          pages++;
          reader.read(page, of, soFar);
        };
    Exchange answer =
        ControlRoute.LIST.answer(
            template,
            clients,
            lister,
            exchange -> {
              exchange.setProperty(GenesysConstants.LISTING, path);
              exchange.setProperty(GenesysConstants.LISTING_READER, counted);
            });
    return new Read(
        entities(answer.getMessage().getBody(List.class)),
        answer.getProperty(GenesysConstants.LISTING_FAULT, "", String.class));
  }

  private static Set<Listing.Entity> entities(Collection<?> told) {
    Set<Listing.Entity> entities = new LinkedHashSet<>();
    for (Object entity : told) {
      if (entity instanceof Map<?, ?> map) {
        entities.add(new Listing.Entity(text(map.get("id")), text(map.get("name")), division(map)));
      }
    }
    return entities;
  }

  private static String division(Map<?, ?> entity) {
    return entity.get("division") instanceof Map<?, ?> division ? text(division.get("name")) : "";
  }

  private static String text(Object value) {
    return value == null ? "" : value.toString();
  }
}
