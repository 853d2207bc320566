package dev.caravan.genesys;

import dev.caravan.genesys.connect.CallException;
import dev.caravan.genesys.connect.Failures;
import dev.caravan.topic.Expansion;
import dev.caravan.topic.Listing;
import dev.caravan.topic.TopicSelector;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
  private final String listRoute;

  Directory(ProducerTemplate template, String listRoute) {
    this.template = template;
    this.listRoute = listRoute;
  }

  /**
   * How far a listing is.
   *
   * @param what what is listed, for people
   * @param pages how many there are; 0 if it does not tell
   * @param soFar what was listed so far, all listings before this one included
   */
  record Progress(
      String what, int page, int pages, Supplier<Map<Listing, List<Listing.Entity>>> soFar) {
    String sentence() {
      return what + ", page " + page + (pages == 0 ? "" : " of " + pages);
    }
  }

  /** All listings that the selectors need. */
  Map<Listing, List<Listing.Entity>> listFor(List<TopicSelector> selectors) {
    return listFor(selectors, progress -> {});
  }

  /**
   * The same.
   *
   * @param reader hears of each page
   */
  Map<Listing, List<Listing.Entity>> listFor(
      List<TopicSelector> selectors, Consumer<Progress> reader) {
    Map<Listing, List<Listing.Entity>> listings = new HashMap<>();
    for (Listing listing : Expansion.needs(selectors)) {
      String what = listing.kind().noun() + "s";
      listings.put(
          listing,
          list(
              listing,
              (page, pages, entities) ->
                  reader.accept(
                      new Progress(
                          what, page, pages, () -> with(listings, listing, entities(entities))))));
    }
    return listings;
  }

  private static Map<Listing, List<Listing.Entity>> with(
      Map<Listing, List<Listing.Entity>> listings, Listing listing, Set<Listing.Entity> some) {
    Map<Listing, List<Listing.Entity>> all = new HashMap<>(listings);
    all.put(listing, List.copyOf(some));
    return all;
  }

  /**
   * All pages of a listing.
   *
   * @throws dev.caravan.genesys.connect.CallException if it could not be read
   */
  private List<Listing.Entity> list(Listing listing, Pages.Reader reader) {
    return switch (listing.kind()) {
      case QUEUES -> list("/api/v2/routing/queues", reader);
      case USERS -> list("/api/v2/users", reader);
      case GROUPS -> list("/api/v2/groups", reader);
      case GROUP_MEMBERS -> members(listing.group(), reader);
      case MANAGEMENT_UNITS -> list("/api/v2/workforcemanagement/managementunits", reader);
      case BUSINESS_UNITS -> list("/api/v2/workforcemanagement/businessunits", reader);
      case TEAMS -> list("/api/v2/teams", reader);
    };
  }

  private List<Listing.Entity> members(String group, Pages.Reader reader) {
    Optional<Listing.Entity> found =
        list("/api/v2/groups", (page, pages, groups) -> {}).stream()
            .filter(entity -> entity.name().equalsIgnoreCase(group))
            .findFirst();
    return found
        .map(entity -> list("/api/v2/groups/" + entity.id() + "/members", reader))
        .orElse(List.of());
  }

  /** One that does not agree with itself is believed if the next one says the same. */
  private List<Listing.Entity> list(String path, Pages.Reader reader) {
    Read first = read(path, reader);
    if (first.fault().isEmpty()) {
      return first.entities();
    }
    LOG.warn(
        "The listing of {} does not agree with itself: {}. It is read again.", path, first.fault());
    Read second = read(path, reader);
    if (second.fault().isEmpty() || second.all().equals(first.all())) {
      return second.entities();
    }
    throw CallException.odd(
        "The listing of " + path + " does not agree with itself: " + second.fault() + ".");
  }

  private record Read(Set<Listing.Entity> all, String fault) {
    List<Listing.Entity> entities() {
      return List.copyOf(all);
    }
  }

  private Read read(String path, Pages.Reader reader) {
    Exchange answer =
        template.request(
            listRoute,
            exchange -> {
              exchange.setProperty(GenesysConstants.LISTING, path);
              exchange.setProperty(GenesysConstants.LISTING_READER, reader);
            });
    if (answer.getException() != null) {
      throw Failures.asCallException(answer.getException(), "Genesys Cloud");
    }
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
