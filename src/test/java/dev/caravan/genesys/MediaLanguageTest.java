package dev.caravan.genesys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.caravan.frame.Media;
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
    return keeps(list, media, all, "v2.users.u1.conversations");
  }

  private boolean keeps(String list, String media, String all, String topic) {
    MediaLanguage language = new MediaLanguage();
    language.setCamelContext(context);
    Exchange exchange = new DefaultExchange(context);
    exchange.getMessage().setHeader(GenesysConstants.TOPIC, topic);
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
  @ValueSource(
      strings = {
        "v2.users.9ed7d9f6-0c59-4360-ac54-40dd35eb9c2f.conversationsummary",
        "V2.Users.9ed7d9f6-0c59-4360-ac54-40dd35eb9c2f.ConversationSummary",
        "v2.analytics.queues.9ed7d9f6-0c59-4360-ac54-40dd35eb9c2f.activity",
        "v2.detail.events.agent.9ed7d9f6-0c59-4360-ac54-40dd35eb9c2f.state"
      })
  void aWholeStateIsKeptThoughItShowsNoWantedMedium(String topic) {
    assertThat(keeps("voice", "voice", null, topic)).isTrue();
    assertThat(keeps("voice", "email", null, topic)).isTrue();
    assertThat(keeps("voice", "email", "email,chat", topic)).isTrue();
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
