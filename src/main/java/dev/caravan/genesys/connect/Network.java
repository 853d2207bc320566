package dev.caravan.genesys.connect;

import dev.caravan.network.CompanyTrust;
import dev.caravan.network.Proxies;
import dev.caravan.network.Proxies.Login;
import dev.caravan.network.Proxies.Proxy;
import dev.caravan.network.ProxyRefusedException;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.net.ProxyOptions;
import io.vertx.core.net.ProxyType;
import io.vertx.core.net.TrustOptions;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.X509TrustManager;
import org.apache.camel.CamelContext;
import org.apache.camel.component.http.HttpClientConfigurer;
import org.apache.camel.component.http.HttpComponent;
import org.apache.camel.support.jsse.SSLContextParameters;
import org.apache.camel.support.jsse.TrustManagersParameters;
import org.apache.hc.client5.http.auth.AuthScope;
import org.apache.hc.client5.http.auth.UsernamePasswordCredentials;
import org.apache.hc.client5.http.impl.ChainElement;
import org.apache.hc.client5.http.impl.auth.BasicCredentialsProvider;
import org.apache.hc.client5.http.impl.classic.HttpClientBuilder;
import org.apache.hc.client5.http.impl.routing.DefaultRoutePlanner;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.protocol.HttpContext;

/** Has calls and sockets go through the proxy of a company, and trust its certificates. */
public final class Network {

  /** Attribute of a call: whether it got behind the step that makes the tunnel. */
  private static final String THROUGH = "caravan.through";

  private final Proxies proxies;
  private final Optional<X509TrustManager> trust;

  /**
   * @param proxy as {@link Proxies#of} reads it; empty for none
   * @param caFile certificates to be trusted besides those that Java trusts; empty for none
   * @throws IllegalArgumentException with a sentence if one of them cannot be used
   */
  public Network(String proxy, String noProxy, String caFile) {
    this.proxies = Proxies.of(proxy, noProxy);
    this.trust =
        caFile.isBlank() ? Optional.empty() : Optional.of(CompanyTrust.with(Path.of(caFile)));
  }

  /** Has all endpoints of Camel's HTTP component use it that are made from now on. */
  public void useFor(CamelContext context) {
    for (String scheme : new String[] {"http", "https"}) {
      HttpComponent http = context.getComponent(scheme, HttpComponent.class);
      HttpClientConfigurer before = http.getHttpClientConfigurer();
      proxies
          .proxy()
          .ifPresent(
              proxy ->
                  http.setHttpClientConfigurer(
                      builder -> {
                        if (before != null) {
                          before.configureHttpClient(builder);
                        }
                        goThrough(proxy, builder);
                      }));
      if (trust.isPresent() && http.getSslContextParameters() == null) {
        http.setSslContextParameters(tls(trust.get()));
      }
    }
  }

  private static SSLContextParameters tls(X509TrustManager trust) {
    TrustManagersParameters managers = new TrustManagersParameters();
    managers.setTrustManager(trust);
    SSLContextParameters tls = new SSLContextParameters();
    tls.setTrustManagers(managers);
    return tls;
  }

  private void goThrough(Proxy first, HttpClientBuilder builder) {
    builder.setRoutePlanner(
        new DefaultRoutePlanner(null) {
          @Override
          protected HttpHost determineProxy(HttpHost target, HttpContext context) {
            return proxies
                .proxyFor(URI.create(target.toURI()))
                .map(proxy -> new HttpHost(proxy.host(), proxy.port()))
                .orElse(null);
          }
        });
    logIn(builder, first);
    tellRefusals(builder, first);
  }

  /** HTTP client takes the proxy's answer for the server's if there is no tunnel. */
  private static void tellRefusals(HttpClientBuilder builder, Proxy proxy) {
    builder.addExecInterceptorBefore(
        ChainElement.CONNECT.name(),
        "without-tunnel",
        (request, scope, chain) -> {
          scope.clientContext.setAttribute(THROUGH, false);
          ClassicHttpResponse response = chain.proceed(request, scope);
          if (scope.route.isTunnelled()
              && !scope.clientContext.getAttribute(THROUGH, Boolean.class)) {
            response.close();
            throw new ProxyRefusedException(
                proxy, scope.route.getTargetHost().getHostName(), response.getCode());
          }
          return response;
        });
    builder.addExecInterceptorAfter(
        ChainElement.CONNECT.name(),
        "through-tunnel",
        (request, scope, chain) -> {
          scope.clientContext.setAttribute(THROUGH, true);
          return chain.proceed(request, scope);
        });
  }

  private static void logIn(HttpClientBuilder builder, Proxy proxy) {
    if (proxy.login().isPresent()) {
      Login login = proxy.login().get();
      BasicCredentialsProvider credentials = new BasicCredentialsProvider();
      credentials.setCredentials(
          new AuthScope(proxy.host(), proxy.port()),
          new UsernamePasswordCredentials(login.user(), login.password().toCharArray()));
      builder.setDefaultCredentialsProvider(credentials);
    }
  }

  /** The options of a socket to this server. */
  Map<String, Object> socketOptions(URI server) {
    HttpClientOptions options = new HttpClientOptions();
    Optional<Proxy> proxy = proxies.proxyFor(server);
    if (proxy.isPresent()) {
      ProxyOptions through =
          new ProxyOptions().setHost(proxy.get().host()).setPort(proxy.get().port());
      Optional<Login> login = proxy.get().login();
      login.ifPresent(its -> through.setUsername(its.user()).setPassword(its.password()));
      options.setProxyOptions(through.setType(ProxyType.HTTP));
    }
    trust.map(TrustOptions::wrap).ifPresent(options::setTrustOptions);
    return Map.of("clientOptions", options);
  }
}
