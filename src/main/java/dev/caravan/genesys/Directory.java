package dev.caravan.genesys;

import dev.caravan.session.UnavailableException;
import dev.caravan.topic.Expansion;
import dev.caravan.topic.Listing;
import dev.caravan.topic.TopicSelector;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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

  /** All listings that the selectors need. */
  Map<Listing, List<Listing.Entity>> listFor(List<TopicSelector> selectors) {
    Map<Listing, List<Listing.Entity>> listings = new HashMap<>();
    for (Listing listing : Expansion.needs(selectors)) {
      listings.put(listing, list(listing));
    }
    return listings;
  }

  /**
   * All pages of a listing.
   *
   * @throws dev.caravan.session.CallException if it could not be read
   */
  List<Listing.Entity> list(Listing listing) {
    return switch (listing.kind()) {
      case QUEUES -> list("/api/v2/routing/queues");
      case USERS -> list("/api/v2/users");
      case GROUPS -> list("/api/v2/groups");
      case GROUP_MEMBERS -> members(listing.group());
      case MANAGEMENT_UNITS -> list("/api/v2/workforcemanagement/managementunits");
      case BUSINESS_UNITS -> list("/api/v2/workforcemanagement/businessunits");
      case TEAMS -> list("/api/v2/teams");
    };
  }

  private List<Listing.Entity> members(String group) {
    Optional<Listing.Entity> found =
        list("/api/v2/groups").stream()
            .filter(entity -> entity.name().equalsIgnoreCase(group))
            .findFirst();
    return found
        .map(entity -> list("/api/v2/groups/" + entity.id() + "/members"))
        .orElse(List.of());
  }

  /** One that does not agree with itself is believed if the next one says the same. */
  private List<Listing.Entity> list(String path) {
    Read first = read(path);
    if (first.fault().isEmpty()) {
      return first.entities();
    }
    LOG.warn(
        "The listing of {} does not agree with itself: {}. It is read again.", path, first.fault());
    Read second = read(path);
    if (second.fault().isEmpty() || second.all().equals(first.all())) {
      return second.entities();
    }
    throw new UnavailableException(
        "The listing of " + path + " does not agree with itself: " + second.fault() + ".",
        200,
        Duration.ZERO);
  }

  private record Read(Set<Listing.Entity> all, String fault) {
    List<Listing.Entity> entities() {
      return List.copyOf(all);
    }
  }

  private Read read(String path) {
    Exchange answer =
        template.request(
            listRoute, exchange -> exchange.setProperty(GenesysConstants.LISTING, path));
    if (answer.getException() != null) {
      throw Failures.asCallException(answer.getException(), "Genesys Cloud");
    }
    Set<Listing.Entity> entities = new LinkedHashSet<>();
    for (Object entity : answer.getMessage().getBody(List.class)) {
      if (entity instanceof Map<?, ?> map) {
        entities.add(new Listing.Entity(text(map.get("id")), text(map.get("name")), division(map)));
      }
    }
    return new Read(entities, answer.getProperty(GenesysConstants.LISTING_FAULT, "", String.class));
  }

  private static String division(Map<?, ?> entity) {
    return entity.get("division") instanceof Map<?, ?> division ? text(division.get("name")) : "";
  }

  private static String text(Object value) {
    return value == null ? "" : value.toString();
  }
}
