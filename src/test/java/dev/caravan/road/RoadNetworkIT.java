package dev.caravan.road;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.simulator.Tls;
import dev.caravan.testing.Bridge;
import dev.caravan.testing.Certificates;
import dev.caravan.testing.ConnectProxy;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A network out of which only a proxy leads, which wants a login and opens TLS. */
class RoadNetworkIT {

  private static final String LOGIN = "login.company.test";
  private static final String API = "api.company.test";
  private static final String STREAMING = "streaming.company.test";

  @TempDir Path folder;

  @Test
  void callsAndSocketGoThroughTheProxyAndTrustItWithTheCompanysCaOnly() throws Exception {
    String names = "san=dns:%s,dns:%s,dns:%s".formatted(API, LOGIN, STREAMING);
    Certificates genesysCa = new Certificates(folder.resolve("public"));
    Certificates company = new Certificates(folder.resolve("company"));
    Path opened = company.of("proxy", "-ext", names);
    Tls tls = new Tls(genesysCa.of("server", "-ext", names).toString(), Certificates.PASSWORD);
    try (Road road = Road.in(folder, Road.quiet().withTls(tls));
        ConnectProxy proxy = ConnectProxy.start("pat", "hunter2", road.genesys().port())) {
      Bridge.Settings settings =
          road.settings()
              .with("GENESYS_LOGIN_URL", "https://" + LOGIN)
              .with("GENESYS_API_URL", "https://" + API)
              .with("GENESYS_CA_FILE", genesysCa.caFile().toString())
              .with("NO_PROXY", "kafka.company.test")
              .verbose();
      Bridge refused = road.start(proxied(settings, "wrong", proxy));
      refused.awaitReadiness(
          "health says that the proxy wants another login",
          now -> now.text().contains("HTTPS_PROXY") && now.text().contains("407"));
      assertThat(proxy.tunnels()).isEmpty();
      assertThat(refused.log()).doesNotContain("wrong@", "pat:");

      proxy.opening(opened, tunnel -> tunnel.startsWith("streaming."));
      Bridge mistrustful = road.start(proxied(settings, "hunter2", proxy));
      mistrustful.awaitReadiness(
          "health says why there is no socket",
          now ->
              now.text().contains("No TLS connection to streaming")
                  && now.text().contains("GENESYS_CA_FILE"));

      proxy.opening(opened, tunnel -> true);
      settings.with("GENESYS_CA_FILE", company.caFile().toString());
      Bridge bridge = road.start(proxied(settings, "hunter2", proxy));
      bridge.awaitReady();
      road.send(Road.event(Road.TOPIC, Road.call("c-1"), "1"));
      assertThat(road.kafka().awaitRecords(1)).isNotEmpty();

      assertThat(proxy.tunnels())
          .contains(LOGIN + ":443", API + ":443")
          .anyMatch(tunnel -> tunnel.startsWith("streaming."));
      assertThat(bridge.log()).doesNotContain("hunter2");
    }
  }

  private static Bridge.Settings proxied(
      Bridge.Settings settings, String password, ConnectProxy proxy) {
    return settings.with(
        "HTTPS_PROXY", "http://pat:%s@127.0.0.1:%d".formatted(password, proxy.port()));
  }
}
