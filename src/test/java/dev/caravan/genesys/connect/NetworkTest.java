package dev.caravan.genesys.connect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caravan.genesys.GenesysComponent;
import dev.caravan.simulator.Simulator;
import dev.caravan.simulator.SimulatorOptions;
import dev.caravan.simulator.Tls;
import dev.caravan.testing.Certificates;
import dev.caravan.testing.ConnectProxy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.camel.CamelExecutionException;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Calls through a company's proxy; nobody but the proxy knows the name of the server. */
@Tag("slow")
class NetworkTest {

  private static final String NAME = "api.company.test";
  private static final String URL = "https://" + NAME + "/api/v2/users";

  @TempDir static Path folder;
  private static Path certificate;
  private static Simulator genesys;
  private static ConnectProxy proxy;

  @BeforeAll
  static void start() throws Exception {
    Certificates certificates = new Certificates(folder.resolve("certificates"));
    Path keyStore = certificates.of("server", "-ext", "san=dns:" + NAME);
    certificate = certificates.caFile();
    genesys =
        Simulator.start(
            SimulatorOptions.defaults()
                .withTls(new Tls(keyStore.toString(), Certificates.PASSWORD)));
    proxy = ConnectProxy.start("pat", "p@ss", genesys.port());
  }

  @AfterAll
  static void stop() throws Exception {
    proxy.close();
    genesys.close();
  }

  /** The sentence of a call that got no answer but its status, or of the failure. */
  private static String call(String login, String noProxy, Path caFile) throws Exception {
    return call(proxy, login, noProxy, caFile);
  }

  private static String call(ConnectProxy through, String login, String noProxy, Path caFile)
      throws Exception {
    try (DefaultCamelContext camel = new DefaultCamelContext()) {
      GenesysComponent component = new GenesysComponent();
      component.setProxy("http://" + login + "127.0.0.1:" + through.port());
      component.setNoProxy(noProxy);
      component.setCaFile(caFile == null ? "" : caFile.toString());
      camel.addComponent("genesys", component);
      camel.start();
      return camel
          .createFluentProducerTemplate()
          .to(URL + "?throwExceptionOnFailure=false")
          .request(String.class);
    } catch (CamelExecutionException e) {
      return Failures.asCallException(e, "Genesys Cloud").getMessage();
    }
  }

  @Test
  void aCallGoesThroughTheProxyAndTrustsTheCompany() throws Exception {
    assertThat(call("pat:p%40ss@", "", certificate)).contains("401");
    assertThat(proxy.tunnels()).contains(NAME + ":443");
  }

  @Test
  void aProxyThatRefusesTheLoginIsNamed() throws Exception {
    assertThat(call("pat:wrong@", "", certificate))
        .contains("proxy", "407", "HTTPS_PROXY")
        .doesNotContain("wrong");
  }

  @Test
  void aCertificateThatNobodyTrustsIsNamed() throws Exception {
    assertThat(call("pat:p%40ss@", "", null)).contains("No TLS connection", "GENESYS_CA_FILE");
  }

  @Test
  void aProxyThatOpensTlsIsTrustedByTheCompanysCaOnly() throws Exception {
    Certificates company = new Certificates(folder.resolve("company"));
    Path store = company.of("proxy", "-ext", "san=dns:" + NAME);
    try (ConnectProxy open = ConnectProxy.start("pat", "p@ss", genesys.port())) {
      open.opening(store, tunnel -> true);

      assertThat(call(open, "pat:p%40ss@", "", company.caFile())).contains("401");
      assertThat(call(open, "pat:p%40ss@", "", null))
          .contains("No TLS connection", "GENESYS_CA_FILE");
      assertThat(call(open, "pat:p%40ss@", "", certificate))
          .contains("No TLS connection", "GENESYS_CA_FILE");
    }
  }

  @Test
  void anExceptionIsReachedDirectly() throws Exception {
    assertThat(call("pat:p%40ss@", "company.test", certificate))
        .contains("cannot be resolved", NAME);
  }

  @Test
  void aFileWithoutACertificateIsToldInASentence() throws IOException {
    Path empty = Files.createFile(folder.resolve("empty.pem"));

    assertThatThrownBy(() -> new Network("", "", empty.toString()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("GENESYS_CA_FILE", "no certificate");
    assertThatThrownBy(() -> new Network("", "", folder.resolve("none.pem").toString()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("GENESYS_CA_FILE", "no such file");
  }
}
