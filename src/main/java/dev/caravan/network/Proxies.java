package dev.caravan.network;

import io.netty.handler.ipfilter.IpFilterRuleType;
import io.netty.handler.ipfilter.IpSubnetFilterRule;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Through which proxy a server is reached, in the form in which {@code HTTPS_PROXY} and {@code
 * NO_PROXY} are usually written. A server that is reached without TLS, and this machine itself, are
 * never reached through a proxy.
 */
public final class Proxies {

  private static final int HTTP_PORT = 80;

  private final Optional<Proxy> proxy;
  private final List<String> exceptions;

  /**
   * A proxy that knows the method CONNECT.
   *
   * @param login absent if it wants none
   */
  public record Proxy(String host, int port, Optional<Login> login) {

    /** Without the login, for people. */
    @Override
    public String toString() {
      return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
  }

  /** User and password, as the proxy expects them: nothing in them is escaped. */
  public record Login(String user, String password) {

    @Override
    public String toString() {
      return "(not told)";
    }
  }

  private Proxies(Optional<Proxy> proxy, List<String> exceptions) {
    this.proxy = proxy;
    this.exceptions = exceptions;
  }

  /**
   * Reads both settings.
   *
   * @param proxy such as {@code http://proxy.example.com:3128} or {@code
   *     http://user:password@10.0.0.1:3128}, in which user and password are escaped as in a URL;
   *     without a port it is 80; blank for none
   * @param exceptions what is reached directly, separated by commas: a name stands for itself and
   *     all names that end with it, also with a dot or {@code *.} before it; an address, a range of
   *     addresses such as {@code 10.0.0.0/8}, each with or without a port; {@code *} for everything
   * @throws IllegalArgumentException with a sentence that quotes neither user nor password
   */
  public static Proxies of(String proxy, String exceptions) {
    return new Proxies(
        proxy.isBlank() ? Optional.empty() : Optional.of(parsed(proxy.strip())),
        Stream.of(exceptions.toLowerCase(Locale.ROOT).split("[,\\s]+"))
            .map(exception -> exception.replaceFirst("^\\*?\\.", ""))
            .filter(exception -> !exception.isEmpty())
            .toList());
  }

  private static Proxy parsed(String text) {
    URI address;
    try {
      address = new URI(text.contains("://") ? text : "http://" + text);
    } catch (URISyntaxException e) {
      throw unusable("it is no address; a character such as @ or # in user or password is escaped");
    }
    if (address.getHost() == null) {
      throw unusable("it has no host; a character such as @ or # in user or password is escaped");
    }
    if (!"http".equalsIgnoreCase(address.getScheme())) {
      throw unusable(
          "it begins with " + address.getScheme() + ":, but only http: is spoken to a proxy");
    }
    String[] login =
        address.getRawUserInfo() == null ? new String[0] : address.getRawUserInfo().split(":", 2);
    return new Proxy(
        address.getHost().replaceAll("[\\[\\]]", ""),
        address.getPort() == -1 ? HTTP_PORT : address.getPort(),
        login.length == 0
            ? Optional.empty()
            : Optional.of(new Login(plain(login[0]), login.length == 1 ? "" : plain(login[1]))));
  }

  /** A plus is a plus, as nobody fills in a form here. */
  private static String plain(String escaped) {
    return URLDecoder.decode(escaped.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  private static IllegalArgumentException unusable(String why) {
    return new IllegalArgumentException(
        "HTTPS_PROXY cannot be used: %s. It must be such as http://proxy.example.com:3128 or http://user:password@proxy.example.com:3128. Correct it and restart."
            .formatted(why));
  }

  /** The proxy for all servers that are no exception. */
  public Optional<Proxy> proxy() {
    return proxy;
  }

  /**
   * The proxy through which a server is reached; empty if it is reached directly.
   *
   * @param server an address with {@code https}, {@code wss}, {@code http} or {@code ws}
   */
  public Optional<Proxy> proxyFor(URI server) {
    boolean tls = server.getScheme().matches("(?i)https|wss");
    String host = server.getHost().toLowerCase(Locale.ROOT).replaceAll("[\\[\\]]|\\.$", "");
    int port = server.getPort() == -1 ? 443 : server.getPort();
    return proxy.filter(
        any ->
            tls
                && !isThisMachine(host)
                && exceptions.stream().noneMatch(exception -> covers(exception, host, port)));
  }

  private static boolean isThisMachine(String host) {
    return host.equals("localhost")
        || host.endsWith(".localhost")
        || address(host).filter(InetAddress::isLoopbackAddress).isPresent();
  }

  private static boolean covers(String exception, String host, int port) {
    if (exception.equals("*")) {
      return true;
    }
    if (exception.contains("/")) {
      return inRange(exception, host);
    }
    String name = exception;
    if (exception.matches("[^:]+:\\d+|\\[.*]:\\d+")) {
      int colon = exception.lastIndexOf(':');
      if (!exception.substring(colon + 1).equals(String.valueOf(port))) {
        return false;
      }
      name = exception.substring(0, colon);
    }
    name = name.replaceAll("[\\[\\]]", "");
    Optional<InetAddress> address = address(host);
    return address.isPresent()
        ? address.equals(address(name))
        : host.equals(name) || host.endsWith("." + name);
  }

  private static boolean inRange(String range, String host) {
    String[] parts = range.split("/", 2);
    Optional<InetAddress> first = address(parts[0]);
    Optional<InetAddress> address = address(host);
    int bits = first.map(any -> any.getAddress().length * Byte.SIZE).orElse(0);
    return address.filter(it -> it.getAddress().length * Byte.SIZE == bits).isPresent()
        && parts[1].matches("\\d{1,3}")
        && Integer.parseInt(parts[1]) <= bits
        && new IpSubnetFilterRule(first.get(), Integer.parseInt(parts[1]), IpFilterRuleType.ACCEPT)
            .matches(new InetSocketAddress(address.get(), 0));
  }

  /** Of what is an address already: no name is looked up. */
  private static Optional<InetAddress> address(String host) {
    byte[] bytes = NetUtil.createByteArrayFromIpAddressString(host);
    try {
      return bytes == null ? Optional.empty() : Optional.of(InetAddress.getByAddress(bytes));
    } catch (UnknownHostException e) {
      throw new IllegalStateException("Not the length of an address", e);
    }
  }
}
