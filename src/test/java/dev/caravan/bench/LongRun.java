package dev.caravan.bench;

import dev.caravan.demo.LocalBroker;
import dev.caravan.testing.Bridge;
import dev.caravan.testing.Pace;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;

/**
 * What the benchmarks that last share: the packaged bridge, a broker, and a load at a steady rate
 * that tells what the socket went through.
 */
final class LongRun implements AutoCloseable {

  // Held, since levels of loggers that nobody holds are forgotten
  private static final Logger KAFKA_LOG = Logger.getLogger("org.apache.kafka");

  private static final int PATIENCE_SECONDS = 300;

  final LoadFrames frames;
  final LocalBroker broker;
  final Bridge bridge;
  final Arrivals arrivals;
  private final Path folder;
  private final LoadServer genesys;
  private final LoadServer.Subscriber socket;
  private final AtomicLong sent = new AtomicLong();
  private final AtomicLong longestStallNanos = new AtomicLong();
  private volatile boolean sending;
  private boolean right;
  private volatile Optional<IOException> failure = Optional.empty();
  private Thread sender = new Thread();

  LongRun(int frameBytes, LocalBroker.Settings settings) throws Exception {
    KAFKA_LOG.setLevel(Level.SEVERE);
    folder = Files.createTempDirectory("caravan-bench-");
    frames = new LoadFrames(frameBytes);
    genesys = new LoadServer();
    broker = LocalBroker.start(settings);
    bridge =
        Bridge.settings()
            .java(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                Arrays.asList(Bridge.SHIPPED_FLAGS.split(" ")))
            .genesys(genesys.url())
            .kafka(broker.bootstrapServers(), "genesys.")
            .start(folder);
    socket = genesys.awaitSubscriber(PATIENCE_SECONDS).orElseThrow();
    arrivals = new Arrivals(broker.bootstrapServers(), frames);
  }

  /** The options of a command line: {@code --minutes 10} or {@code --minutes=10}. */
  static Map<String, Integer> numbers(String[] arguments, Map<String, Integer> defaults) {
    Map<String, Integer> numbers = new TreeMap<>(defaults);
    String[] words = String.join(" ", arguments).strip().split("[ =]+");
    for (int i = 0; i + 1 < words.length; i += 2) {
      if (numbers.replace(words[i], Integer.parseInt(words[i + 1])) == null) {
        throw new IllegalArgumentException("There is no " + words[i] + ", only " + defaults);
      }
    }
    if (words.length % 2 == 1 && !words[0].isEmpty()) {
      throw new IllegalArgumentException("Options and their numbers: " + defaults);
    }
    return numbers;
  }

  void say(String text, Object... values) {
    System.out.println(String.format(Locale.ROOT, text, values));
    System.out.flush();
  }

  /** Sends as fast as it is read, and waits until all is in Kafka. */
  void warmUp(int count) throws IOException {
    long first = sent.getAndAdd(count);
    socket.flood(frames, first, first + count);
    awaitAll();
    arrivals.check();
  }

  /** Sends so many a second from now on. */
  void send(int perSecond) {
    sending = true;
    sender = new Thread(() -> sendUntilStopped(perSecond), "load");
    sender.start();
  }

  private void sendUntilStopped(int perSecond) {
    long start = System.nanoTime();
    try {
      for (long i = 0; sending; i++) {
        Pace.awaitTime(start + i * 1_000_000_000L / perSecond);
        long before = System.nanoTime();
        socket.send(frames, sent.get());
        sent.incrementAndGet();
        longestStallNanos.accumulateAndGet(System.nanoTime() - before, Math::max);
      }
    } catch (IOException e) {
      failure = Optional.of(e);
    }
  }

  void stopSending() throws InterruptedException {
    sending = false;
    sender.join();
    if (failure.isPresent()) {
      throw new UncheckedIOException("The socket was dropped", failure.get());
    }
  }

  long sent() {
    return sent.get();
  }

  double longestStallMillis() {
    return longestStallNanos.get() / 1e6;
  }

  /** How often the bridge opened a socket again. */
  int socketsAgain() throws InterruptedException {
    int again = 0;
    while (genesys.awaitSubscriber(0).isPresent()) {
      again++;
    }
    return again;
  }

  void awaitAll() {
    long deadline = System.nanoTime() + PATIENCE_SECONDS * 1_000_000_000L;
    while (arrivals.count() < sent.get()) {
      bridge.failIfEnded();
      if (System.nanoTime() > deadline) {
        say("WRONG: not all events arrived within %d s", PATIENCE_SECONDS);
        return;
      }
      pause(50);
    }
  }

  static void pause(long millis) {
    Pace.awaitTime(System.nanoTime() + millis * 1_000_000);
  }

  /** What the spool's files take up. */
  long diskBytes() throws IOException {
    long bytes = 0;
    try (Stream<Path> files = Files.walk(folder.resolve("data"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        try {
          bytes += Files.size(file);
        } catch (NoSuchFileException replaced) {
          continue;
        }
      }
    }
    return bytes;
  }

  /** It begins with "Right" if nothing is wrong with what arrived. */
  String verdict(long repeatedAtMost) {
    String verdict = arrivals.verdict(sent(), repeatedAtMost);
    right = verdict.startsWith("Right");
    return verdict;
  }

  @Override
  public void close() {
    arrivals.close();
    bridge.close();
    broker.close();
    genesys.close();
    TestBed.leave(folder, right);
  }
}
