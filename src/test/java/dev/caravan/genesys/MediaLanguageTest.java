package dev.caravan.genesys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.caravan.event.Media;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class MediaLanguageTest {

  private final CamelContext context = new DefaultCamelContext();

  private boolean keeps(String list, String media, String all) {
    MediaLanguage language = new MediaLanguage();
    language.setCamelContext(context);
    Exchange exchange = new DefaultExchange(context);
    if (media != null) {
      exchange.getMessage().setHeader(GenesysConstants.MEDIA, media);
    }
    if (all != null) {
      exchange.getMessage().setHeader(GenesysConstants.MEDIA_ALL, all);
    }
    boolean matches = language.createPredicate(list).matches(exchange);
    assertThat(language.createExpression(list).evaluate(exchange, Boolean.class))
        .isEqualTo(matches);
    return matches;
  }

  @ParameterizedTest
  @CsvSource({
    "'voice,chat', voice, , true",
    "'voice,chat', email, , false",
    "' Voice , CHAT,', chat, , true",
    "'voice', message, 'voice,message', true",
    "'voice', message, 'email,message', false",
    "'voice', , , true",
    "'*', email, , true",
    "'*', unknown, , true",
    "'voice', unknown, , false"
  })
  void anEventIsKeptIfOneOfItsMediaIsWantedOrItHasNone(
      String list, String media, String all, boolean kept) {
    assertThat(keeps(list, media, all)).isEqualTo(kept);
  }

  @ParameterizedTest
  @EnumSource(Media.class)
  void everyMediumCanBeNamed(Media medium) {
    assertThat(keeps(medium.wire(), medium.wire(), null)).isTrue();
  }

  @Test
  void aTypoIsAnsweredWithWhatMayStandThere() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> keeps("voice,caht", "voice", null))
        .withMessageStartingWith("\"caht\" is no media type. GENESYS_MEDIA takes *, or some of: ")
        .withMessageContaining("callback, chat, cobrowse");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", ",", " , "})
  void anEmptyListIsNoWayToKeepNothing(String list) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> keeps(list, "voice", null))
        .withMessageContaining("GENESYS_MEDIA is empty");
  }
}
