package dev.caravan.genesys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caravan.genesys.connect.CallException;
import dev.caravan.testing.LogLines;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.camel.Exchange;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.junit.jupiter.api.Test;

class PagesTest {

  private final Pages pages = new Pages();
  private final Exchange exchange = new DefaultExchange(new DefaultCamelContext());

  private static Map<String, Object> page(Integer pageCount, int first, int count) {
    Map<String, Object> page = new HashMap<>();
    List<Map<String, Object>> entities = new ArrayList<>();
    IntStream.range(first, first + count).forEach(id -> entities.add(Map.of("id", "e" + id)));
    page.put("entities", entities);
    if (pageCount != null) {
      page.put("pageCount", pageCount);
    }
    return page;
  }

  private void takes(Object page) {
    exchange.getMessage().setBody(page);
    pages.process(exchange);
  }

  private List<?> all() {
    return exchange.getMessage().getBody(List.class);
  }

  @Test
  void itAsksForTheFirstPageFirst() {
    assertThat(pages.more(exchange)).isTrue();
    assertThat(pages.query(exchange)).isEqualTo("pageSize=100&pageNumber=1");
  }

  @Test
  void allPagesThatThereAreAreRead() {
    takes(page(3, 0, 100));
    assertThat(pages.query(exchange)).isEqualTo("pageSize=100&pageNumber=2");
    takes(page(3, 100, 100));
    assertThat(pages.more(exchange)).isTrue();
    takes(page(3, 200, 7));

    assertThat(pages.more(exchange)).isFalse();
    assertThat(all()).hasSize(207);
  }

  @Test
  void withoutAPageCountAShortPageIsTheLast() {
    takes(page(null, 0, 100));
    assertThat(pages.more(exchange)).isTrue();

    takes(page(null, 100, 99));

    assertThat(pages.more(exchange)).isFalse();
    assertThat(all()).hasSize(199);
  }

  @Test
  void aListingThatIsNotReadToItsEndIsTold() {
    try (LogLines log = new LogLines(Pages.class.getName())) {
      for (int page = 0; page < 999; page++) {
        takes(page(null, 100 * page, 100));
      }
      assertThat(log.lines()).isEmpty();
      takes(page(null, 99_900, 100));

      assertThat(pages.more(exchange)).isFalse();
      assertThat(log.lines())
          .singleElement()
          .asString()
          .startsWith("The listing of the org has more than 100000 entries");
    }
  }

  @Test
  void whatShiftsToTheNextPageIsListedOnce() {
    takes(page(2, 0, 100));

    takes(page(2, 99, 100));

    assertThat(all()).hasSize(199);
  }

  private String fault() {
    return exchange.getProperty(GenesysConstants.LISTING_FAULT, String.class);
  }

  private static Map<String, Object> of(int total, Map<String, Object> page) {
    page.put("total", total);
    return page;
  }

  @Test
  void aListingThatAgreesWithItselfHasNoFault() {
    takes(of(107, page(2, 0, 100)));
    takes(of(107, page(2, 100, 7)));

    assertThat(fault()).isEmpty();
  }

  @Test
  void anEmptyPageInTheMiddleEndsTheListingAndIsAFault() {
    takes(page(9, 0, 100));
    takes(page(9, 0, 0));

    assertThat(pages.more(exchange)).isFalse();
    assertThat(fault()).isEqualTo("page 2 of 9 was empty");
  }

  @Test
  void aPageThatIsRepeatedIsAFault() {
    takes(page(3, 0, 100));
    takes(page(3, 0, 100));
    takes(page(3, 100, 100));

    assertThat(fault()).startsWith("page 2 told again what was told before");
  }

  @Test
  void aTotalThatChangesBetweenPagesIsAFault() {
    takes(of(200, page(2, 0, 100)));
    takes(of(199, page(2, 100, 99)));

    assertThat(fault()).isEqualTo("its total changed from 200 to 199");
  }

  @Test
  void aTotalThatIsNotWhatWasListedIsAFault() {
    takes(of(1_100, page(1, 0, 7)));

    assertThat(fault()).isEqualTo("of 1100 it told 7");
  }

  @Test
  void anAnswerThatIsNoPageIsNoAnswer() {
    for (Object body : new Object[] {Map.of(), "nonsense", null, Map.of("entities", "none")}) {
      assertThatThrownBy(() -> takes(body))
          .hasFieldOrPropertyWithValue("kind", CallException.Kind.UNAVAILABLE)
          .hasMessage("Genesys Cloud answered without the entities of page 1.");
    }
  }

  @Test
  void entitiesWithoutAnIdAreLeftOut() {
    takes(Map.of("entities", List.of(Map.of("name", "x"), "y", Map.of("id", "z"))));

    assertThat(all()).hasSize(1);
  }

  @Test
  void aListingThatNeverEndsIsEnded() {
    int read = 0;
    while (pages.more(exchange) && read < 2_000) {
      takes(page(Integer.MAX_VALUE, read, 1));
      read++;
    }

    assertThat(read).isEqualTo(1_000);
  }

  @Test
  void aListingByCursorGoesOnWhereThePageSays() {
    Map<String, Object> first = page(null, 0, 100);
    first.put("nextUri", "/api/v2/teams?pageSize=100&after=e99");

    takes(first);

    assertThat(pages.more(exchange)).isTrue();
    assertThat(pages.query(exchange)).isEqualTo("pageSize=100&after=e99");
    takes(page(null, 100, 3));
    assertThat(pages.more(exchange)).isFalse();
    assertThat(all()).hasSize(103);
  }

  @Test
  void aShortPageByCursorIsNotTheLastIfAnotherFollows() {
    Map<String, Object> first = page(null, 0, 20);
    first.put("nextUri", "/api/v2/teams?after=e19");

    takes(first);

    assertThat(pages.more(exchange)).isTrue();
  }

  @Test
  void aPageThatIsToldAgainIsTheLast() {
    takes(page(null, 0, 100));
    takes(page(null, 0, 100));

    assertThat(pages.more(exchange)).isFalse();
  }
}
