package dev.caravan.simulator.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.caravan.simulator.centre.Json;
import dev.caravan.simulator.fault.Fault;
import dev.caravan.simulator.session.ApiError;
import java.util.List;
import java.util.function.Function;

/** A page of a listing, as every listing of the REST API tells it. */
final class Paging {

  private static final int DEFAULT_SIZE = 25;
  private static final int LARGEST = 100;

  private Paging() {}

  /** Answers the page a call asks for, or refuses a page larger than allowed. */
  static <T> ObjectNode page(Call call, List<T> all, Function<T, ObjectNode> description) {
    int size = call.pageSize(DEFAULT_SIZE, LARGEST);
    int number = call.number("pageNumber", 1);
    if (number < 1) {
      throw ApiError.invalidParameter(Integer.toString(number), "pageNumber", "1 and above");
    }
    int from = (int) Math.min((long) (number - 1) * size, all.size());
    int to = Math.min(from + size, all.size());
    int pages = (all.size() + size - 1) / size;
    ObjectNode page = Json.listing(all.subList(from, to).stream().map(description));
    String path = call.pathWithoutPage();
    page.put("pageSize", size)
        .put("pageNumber", number)
        .put("total", all.size())
        .put("pageCount", pages)
        .put("firstUri", path + "pageSize=" + size + "&pageNumber=1")
        .put("selfUri", path + "pageSize=" + size + "&pageNumber=" + number)
        .put("lastUri", path + "pageSize=" + size + "&pageNumber=" + Math.max(1, pages));
    if (number < pages) {
      page.put("nextUri", path + "pageSize=" + size + "&pageNumber=" + (number + 1));
    }
    if (number > 1) {
      page.put("previousUri", path + "pageSize=" + size + "&pageNumber=" + (number - 1));
    }
    return page;
  }

  /** Leaves out what a fault withholds, if this is a page. */
  static void shorten(JsonNode body, Fault.Effect how) {
    if (!(body.get("entities") instanceof ArrayNode entities)) {
      return;
    }
    if (how == Fault.Effect.HALF_LISTING) {
      for (int each = entities.size() - 1; each >= 0; each -= 2) {
        entities.remove(each);
      }
    } else if (how == Fault.Effect.EMPTY_LISTING && body instanceof ObjectNode page) {
      entities.removeAll();
      page.remove("nextUri");
      if (page.has("total")) {
        page.put("total", 0).put("pageCount", 0);
      }
    }
  }

  /** Answers a page of a listing that is paged by a cursor: what comes after the given id. */
  static <T> ObjectNode after(
      Call call, List<T> all, Function<T, String> id, Function<T, ObjectNode> description) {
    int size = call.pageSize(DEFAULT_SIZE, LARGEST);
    String after = call.query("after", "");
    int last = all.stream().map(id).toList().indexOf(after);
    int from = after.isEmpty() ? 0 : last < 0 ? all.size() : last + 1;
    int to = Math.min(from + size, all.size());
    ObjectNode page = Json.listing(all.subList(from, to).stream().map(description));
    if (to < all.size()) {
      page.put(
          "nextUri",
          call.pathWithoutPage() + "pageSize=" + size + "&after=" + id.apply(all.get(to - 1)));
    }
    return page;
  }
}
