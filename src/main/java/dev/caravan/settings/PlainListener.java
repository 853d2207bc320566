package dev.caravan.settings;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.kafka.clients.ClientDnsLookup;
import org.apache.kafka.clients.ClientUtils;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out before a client without TLS is made whether what listens speaks Kafka's protocol. The
 * client takes the first four bytes of an answer for its size, and allocates as much: the alert of
 * a TLS port is 352 MB to it, an answer in HTTP 1.2 GB, which no heap of the bridge has (<a
 * href="https://issues.apache.org/jira/browse/KAFKA-4090">KAFKA-4090</a>).
 */
final class PlainListener {

  /** An answer to {@link #QUESTION} has some hundred bytes. */
  private static final int LARGEST_ANSWER = 1_000_000;

  /** The first two bytes of an alert, whatever the version. */
  private static final int TLS_ALERT = 0x1503;

  private static final int HTTP = 0x48545450;
  private static final Duration PATIENCE_EACH = Duration.ofSeconds(1);
  private static final Duration PATIENCE = Duration.ofSeconds(4);

  /**
   * <a href="https://kafka.apache.org/protocol#The_Messages_ApiVersions">ApiVersions</a> (18),
   * version 0, which all brokers answer, before a login, too: its size, what it is, and the name of
   * the client, which ends a line for those who answer lines.
   */
  private static final byte[] QUESTION =
      "\0\0\0\25\0\22\0\0\0\0\0\0\0\13caravan\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  private static final Logger LOG = LoggerFactory.getLogger(PlainListener.class);

  private PlainListener() {}

  /**
   * Looks, if these properties are of a client without TLS; takes up to 5 s where nobody answers.
   *
   * @throws KafkaException if a broker answers in another protocol, or no name resolves
   */
  static void look(Map<?, ?> client) {
    String protocol =
        Objects.toString(client.get(CommonClientConfigs.SECURITY_PROTOCOL_CONFIG), "PLAINTEXT");
    if (!protocol.endsWith("PLAINTEXT")) {
      return;
    }
    long begin = System.nanoTime();
    for (InetSocketAddress broker :
        addresses(client.get(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG))) {
      if (System.nanoTime() - begin >= PATIENCE.toNanos()) {
        return;
      }
      spoken(broker, Math.toIntExact(PATIENCE_EACH.toMillis()))
          .ifPresent(
              spoken -> {
                throw new KafkaException(
                    "%s:%d speaks %s, and KAFKA_SECURITY_PROTOCOL is %s, which is without TLS"
                        .formatted(broker.getHostString(), broker.getPort(), spoken, protocol));
              });
    }
  }

  private static List<InetSocketAddress> addresses(Object servers) {
    List<String> all =
        servers instanceof List<?> list
            ? list.stream().map(String::valueOf).toList()
            : Stream.of(String.valueOf(servers).split(",")).map(String::strip).toList();
    return ClientUtils.parseAndValidateAddresses(all, ClientDnsLookup.USE_ALL_DNS_IPS);
  }

  /** What is spoken there, if it is not Kafka's protocol; empty if nobody answers, too. */
  private static Optional<String> spoken(InetSocketAddress broker, int patienceMillis) {
    try (Socket socket = new Socket(Proxy.NO_PROXY)) {
      socket.setSoTimeout(patienceMillis);
      socket.connect(broker, patienceMillis);
      socket.getOutputStream().write(QUESTION);
      int size = new DataInputStream(socket.getInputStream()).readInt();
      if (size >= 0 && size <= LARGEST_ANSWER) {
        return Optional.empty();
      }
      boolean tls = size >>> 16 == TLS_ALERT;
      return Optional.of(tls ? "TLS" : size == HTTP ? "HTTP" : "another protocol than Kafka's");
    } catch (IOException e) {
      LOG.debug("{} does not answer", broker, e);
      return Optional.empty();
    }
  }
}
