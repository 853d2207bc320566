package dev.caravan.testing;

import dev.caravan.demo.LocalBroker;
import java.util.Properties;
import java.util.UUID;

/**
 * For tests that need a real Kafka and do not harm it: one broker per test JVM, started when first
 * asked for and ended with the JVM. Tests keep apart by topic names that start with a prefix of
 * their own. A test that stops or kills a broker starts its own {@link LocalBroker}.
 */
public final class SharedKafka {

  private static final String PROPERTY = "caravan.test.kafka";

  private SharedKafka() {}

  /** Starts the broker if need be. */
  public static String bootstrapServers() {
    // System properties are the one thing that tests in Quarkus's class loaders share with others.
    Properties shared = System.getProperties();
    synchronized (shared) {
      String servers = shared.getProperty(PROPERTY);
      if (servers == null) {
        servers = TestBroker.start().bootstrapServers();
        shared.setProperty(PROPERTY, servers);
      }
      return servers;
    }
  }

  /** A prefix for topic names that no other test uses, such as {@code t-1b9d6bcd.}. */
  public static String uniquePrefix() {
    return "t-" + UUID.randomUUID().toString().substring(0, 8) + ".";
  }
}
