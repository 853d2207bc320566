package dev.caravan.genesys.connect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the login endpoint may answer. */
class SessionBeanTest {

  private final DefaultCamelContext context = new DefaultCamelContext();

  @AfterEach
  void stop() {
    context.stop();
  }

  private Token tokenOf(String answer) throws Exception {
    context.addRoutes(
        new RouteBuilder() {
          @Override
          public void configure() {
            from("direct:genesys-token").setBody(constant(answer)).unmarshal().json(Map.class);
          }
        });
    context.start();
    SessionBean session = new SessionBean();
    session.setCamelContext(context);
    session.setClientId("id");
    session.setClientSecret("secret");
    return session.token();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "{\"access_token\":\"t\",\"token_type\":\"bearer\",\"expires_in\":86400} | 86400",
        "{\"access_token\":\"t\",\"token_type\":\"Bearer\",\"expires_in\":86400.0} | 86400",
        "{\"access_token\":\"t\",\"token_type\":\"BEARER\",\"expires_in\":\"7200\"} | 7200",
        "{\"access_token\":\"t\",\"token_type\":\"bearer\"} | 3600",
        "{\"access_token\":\"t\",\"token_type\":\"bearer\",\"expires_in\":null} | 3600",
        "{\"access_token\":\"t\",\"token_type\":\"bearer\",\"expires_in\":0} | 3600",
        "{\"access_token\":\"t\",\"token_type\":\"bearer\",\"expires_in\":\"soon\"} | 3600",
        "{\"access_token\":\"t\",\"expires_in\":1e30} | 172800",
        "{\"access_token\":\"t\",\"expires_in\":60,\"scope\":\"a b\",\"x\":{\"y\":[1]}} | 60"
      })
  void whatIsOptionalMayBeAbsentAndWhatIsUnknownIsIgnored(String answer, long seconds)
      throws Exception {
    Token token = tokenOf(answer);

    assertThat(token.value()).isEqualTo("t");
    assertThat(token.life()).hasSeconds(seconds);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"{}", "{\"access_token\":\"\"}", "{\"access_token\":7}", "{\"expires_in\":60}"})
  void withoutATokenItIsTriedAgain(String answer) {
    assertThatThrownBy(() -> tokenOf(answer))
        .hasFieldOrPropertyWithValue("kind", CallException.Kind.UNAVAILABLE)
        .hasMessageContaining("without access_token");
  }
}
