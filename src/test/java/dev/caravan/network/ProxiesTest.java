package dev.caravan.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProxiesTest {

  private static final URI API = URI.create("https://api.mypurecloud.de");

  @Test
  void userAndPasswordAreReadAsInAnUrlAndNeverShown() {
    Proxies.Proxy proxy =
        Proxies.of("http://DOMAIN%5Cpat:p%40ss+w%3Aord@proxy.corp.example:3128", "")
            .proxyFor(API)
            .orElseThrow();

    assertThat(proxy.host()).isEqualTo("proxy.corp.example");
    assertThat(proxy.port()).isEqualTo(3128);
    assertThat(proxy.login()).contains(new Proxies.Login("DOMAIN\\pat", "p@ss+w:ord"));
    assertThat(proxy).hasToString("proxy.corp.example:3128");
    assertThat(proxy.login().orElseThrow().toString()).doesNotContain("pat", "ss");
  }

  @ParameterizedTest
  @CsvSource({
    "proxy.corp.example:3128, proxy.corp.example, 3128",
    "http://proxy.corp.example, proxy.corp.example, 80",
    "HTTP://10.1.2.3:8080/, 10.1.2.3, 8080",
    "http://[fd00::1]:3128, fd00::1, 3128"
  })
  void isReadAsPeopleWriteIt(String written, String host, int port) {
    Proxies.Proxy proxy = Proxies.of(written, "").proxyFor(API).orElseThrow();

    assertThat(proxy.host()).isEqualTo(host);
    assertThat(proxy.port()).isEqualTo(port);
    assertThat(proxy.login()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://pat:hunter2@@proxy:3128",
        "http://pat:hun#ter2@proxy:3128",
        "socks5://pat:hunter2@proxy:1080",
        "https://pat:hunter2@proxy:3128",
        "http://pat:hunter2@proxy:port",
        "http://"
      })
  void whatCannotBeUsedIsToldWithoutThePassword(String written) {
    assertThatThrownBy(() -> Proxies.of(written, ""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("HTTPS_PROXY cannot be used: ")
        .hasMessageNotContaining("hunter2")
        .hasMessageNotContaining("hun")
        .hasMessageNotContaining("pat:");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "*",
        "mypurecloud.de",
        ".mypurecloud.de",
        "*.mypurecloud.de",
        "API.mypurecloud.de",
        "a.example, mypurecloud.de",
        "a.example mypurecloud.de",
        "api.mypurecloud.de:443"
      })
  void anExceptionIsReachedDirectly(String exceptions) {
    assertThat(Proxies.of("proxy:3128", exceptions).proxyFor(API)).isEmpty();
    assertThat(
            Proxies.of("proxy:3128", exceptions)
                .proxyFor(URI.create("wss://api.mypurecloud.de/channels/1")))
        .isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "purecloud.de",
        "api.mypurecloud.de:8443",
        "mypurecloud.de.example",
        "10.0.0.0/8",
        "login.mypurecloud.de"
      })
  void whatIsNoExceptionIsReachedThroughTheProxy(String exceptions) {
    assertThat(Proxies.of("proxy:3128", exceptions).proxyFor(API)).isPresent();
  }

  @ParameterizedTest
  @CsvSource({
    "10.2.3.4, 10.0.0.0/8, true",
    "10.2.3.4, 10.2.3.4, true",
    "10.2.3.4, 10.2.3.4:443, true",
    "10.2.3.4, 10.2.3.4:8443, false",
    "10.2.3.4, 192.168.0.0/16, false",
    "10.2.3.4, 10.0.0.0/99, false",
    "10.2.3.4, 10.0.0.0/x, false",
    "10.2.3.4, 3.4, false",
    "[fd00::5], fd00::/16, true",
    "[fd00::5], fd00:0::5, true",
    "[fd00::5], 10.0.0.0/8, false"
  })
  void addressesAreComparedAsAddresses(String host, String exceptions, boolean direct) {
    assertThat(Proxies.of("proxy:3128", exceptions).proxyFor(URI.create("https://" + host + "/")))
        .matches(proxy -> proxy.isEmpty() == direct);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://localhost:1",
        "https://127.0.0.1:1",
        "wss://127.8.8.8",
        "https://[::1]:1",
        "http://api.mypurecloud.de",
        "ws://api.mypurecloud.de"
      })
  void thisMachineAndWhatIsWithoutTlsIsReachedDirectly(String server) {
    assertThat(Proxies.of("proxy:3128", "").proxyFor(URI.create(server))).isEmpty();
  }

  @Test
  void withoutASettingEverythingIsReachedDirectly() {
    assertThat(Proxies.of(" ", "").proxyFor(API)).isEmpty();
  }
}
