package dev.caravan.spool;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.apache.camel.AsyncCallback;
import org.apache.camel.Exchange;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.AsyncProcessorSupport;

/**
 * Measures what the spool costs: a consumer that keeps up, an outage, and the drain after it.
 *
 * <p>{@code java -cp … dev.caravan.spool.SpoolBench [records] [records a second]}
 */
public final class SpoolBench {

  private static final int RECORD_BYTES = 3600;
  private static final OperatingSystemMXBean OS =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private final PrintStream out = new PrintStream(System.out, true);
  private final Path directory;
  private final AtomicLong delivered = new AtomicLong();
  private final Map<String, Object> headers = new LinkedHashMap<>();
  private final byte[] body = new byte[RECORD_BYTES];

  private SpoolBench(Path directory) {
    this.directory = directory;
    new Random(1).nextBytes(body);
    headers.put(
        "genesys-topic", "v2.routing.queues.4f1d7c9e-0000-4000-8000-123456789abc.conversations");
    headers.put("genesys-media", "voice");
    headers.put("genesys-correlation-id", "4f1d7c9e-0000-4000-8000-123456789abc");
    headers.put("ce_specversion", "1.0");
    headers.put("ce_id", "4f1d7c9e00004000800012345678");
    headers.put("ce_source", "https://api.mypurecloud.ie");
    headers.put("ce_type", "com.genesys.cloud.v2.routing.queues.{id}.conversations");
    headers.put("ce_subject", "4f1d7c9e-0000-4000-8000-123456789abc");
    headers.put("ce_time", "2026-01-01T00:00:00.000Z");
    headers.put("content-type", "application/json");
    headers.put("CamelGenesysKey", "4f1d7c9e-0000-4000-8000-123456789abc");
    headers.put("CamelGenesysStream", "conversations.voice");
  }

  public static void main(String[] args) throws Exception {
    java.util.logging.Logger.getLogger("").setLevel(java.util.logging.Level.WARNING);
    int records = args.length > 0 ? Integer.parseInt(args[0]) : 200_000;
    int rate = args.length > 1 ? Integer.parseInt(args[1]) : 1_000;
    Path directory = Files.createTempDirectory("spool-bench");
    try {
      new SpoolBench(directory).run(records, rate);
    } finally {
      try (var files = Files.walk(directory)) {
        for (Path path : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
  }

  private void run(int records, int rate) throws Exception {
    for (int round = 0; round < 3; round++) {
      report("no spool, as fast as it goes", records, withoutSpool(records, 0));
      keepUp("spool, as fast as it goes", records, 0, 0);
    }
    for (int each : new int[] {rate, 5000, 10_000}) {
      report("no spool, %d/s".formatted(each), each * 10, withoutSpool(each * 10, each));
      keepUp("spool, %d/s, acknowledged at once".formatted(each), each * 10, each, 0);
      keepUp("spool, %d/s, acknowledged after 10 ms".formatted(each), each * 10, each, 10);
    }
    for (int round = 0; round < 3; round++) {
      outage(records);
    }
  }

  private Measure withoutSpool(int records, int rate) throws Exception {
    try (DefaultCamelContext context = context()) {
      context.addRoutes(
          new RouteBuilder() {
            @Override
            public void configure() {
              errorHandler(noErrorHandler());
              from("direct:in").process(exchange -> delivered.incrementAndGet());
            }
          });
      context.start();
      delivered.set(0);
      Measure measure = new Measure();
      send(context, "direct:in", records, rate);
      return measure.stop();
    }
  }

  private void keepUp(String what, int records, int rate, int delayMillis) throws Exception {
    try (DefaultCamelContext context = context();
        Acks acks = new Acks(delayMillis)) {
      context.addRoutes(spoolToNowhere(acks));
      context.start();
      delivered.set(0);
      Measure measure = new Measure();
      send(context, "spool:events", records, rate);
      awaitDelivered(records);
      report(what, records, measure.stop());
      measure.printThreads(out);
    }
  }

  private void outage(int records) throws Exception {
    try (DefaultCamelContext context = context()) {
      context.start();
      Measure measure = new Measure();
      send(context, "spool:events", records, 0);
      report("outage: append only", records, measure.stop());
    }
    try (DefaultCamelContext context = context();
        Acks acks = new Acks(0)) {
      context.addRoutes(spoolToNowhere(acks));
      delivered.set(0);
      Measure measure = new Measure();
      context.start();
      double[] commitMillis = commitsUntilDelivered(context, records);
      report("drain after a restart", records, measure.stop());
      out.printf(
          "    append to commit meanwhile: median %.1f ms, p99 %.1f ms, slowest %.1f ms%n",
          commitMillis[commitMillis.length / 2],
          commitMillis[commitMillis.length * 99 / 100],
          commitMillis[commitMillis.length - 1]);
      long before = fileSize();
      Measure shrinking = new Measure();
      while (fileSize() > 8_000_000 && shrinking.seconds() < 20) {
        LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
      }
      out.printf(
          "    file %,d bytes after the drain, %,d after %.1f s more%n",
          before, fileSize(), shrinking.seconds());
    }
  }

  private double[] commitsUntilDelivered(DefaultCamelContext context, int records)
      throws Exception {
    List<Double> millis = new ArrayList<>();
    var endpoint = context.getEndpoint("spool:events?waitForCommit=true");
    var producer = endpoint.createAsyncProducer();
    producer.start();
    while (delivered.get() < records) {
      Exchange exchange = endpoint.createExchange();
      exchange.getIn().setBody(body);
      long start = System.nanoTime();
      producer.process(exchange);
      millis.add((System.nanoTime() - start) / 1e6);
    }
    return millis.stream().mapToDouble(Double::doubleValue).sorted().toArray();
  }

  /** Its size; nothing for the moment in which a new file takes the place of the old one. */
  private long fileSize() {
    return directory.resolve("events").toFile().length();
  }

  private RouteBuilder spoolToNowhere(Acks acks) {
    return new RouteBuilder() {
      @Override
      public void configure() {
        errorHandler(noErrorHandler());
        from("spool:events").process(acks);
      }
    };
  }

  private DefaultCamelContext context() {
    DefaultCamelContext context = new DefaultCamelContext();
    SpoolComponent component = new SpoolComponent();
    component.getConfiguration().setDirectory(directory.toString());
    component.getConfiguration().setMaxBytes(20_000_000_000L);
    context.addComponent("spool", component);
    return context;
  }

  private void send(DefaultCamelContext context, String uri, int records, int rate)
      throws Exception {
    var endpoint = context.getEndpoint(uri);
    var producer = endpoint.createAsyncProducer();
    producer.start();
    long start = System.nanoTime();
    for (int i = 0; i < records; i++) {
      if (rate > 0) {
        long due = start + i * 1_000_000_000L / rate;
        while (due - System.nanoTime() > 0) {
          LockSupport.parkNanos(due - System.nanoTime());
        }
      }
      Exchange exchange = endpoint.createExchange();
      exchange.getIn().setBody(body);
      exchange.getIn().getHeaders().putAll(headers);
      producer.process(exchange);
    }
    producer.stop();
  }

  private void awaitDelivered(int records) {
    while (delivered.get() < records) {
      LockSupport.parkNanos(1_000_000);
    }
  }

  private void report(String what, int records, Measure measure) throws IOException {
    out.printf(
        "%-50s %,9.0f/s  %6.2f us CPU/record  (%.1f s)%n",
        what, records / measure.seconds(), measure.cpuMicros() / records, measure.seconds());
  }

  /** Completes exchanges together, so often, from a thread of its own, as Kafka's client does. */
  private final class Acks extends AsyncProcessorSupport implements AutoCloseable {
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor();
    private final Queue<AsyncCallback> waiting = new ConcurrentLinkedQueue<>();
    private final boolean later;

    private Acks(int everyMillis) {
      later = everyMillis > 0;
      if (later) {
        thread.scheduleAtFixedRate(this::complete, everyMillis, everyMillis, TimeUnit.MILLISECONDS);
      }
    }

    @Override
    public boolean process(Exchange exchange, AsyncCallback callback) {
      if (later) {
        waiting.add(callback);
        return false;
      }
      delivered.incrementAndGet();
      callback.done(true);
      return true;
    }

    private void complete() {
      for (AsyncCallback callback = waiting.poll(); callback != null; callback = waiting.poll()) {
        delivered.incrementAndGet();
        callback.done(false);
      }
    }

    @Override
    public void close() {
      thread.shutdown();
    }
  }

  private static final class Measure {
    private final long startNanos = System.nanoTime();
    private final long startCpu = OS.getProcessCpuTime();
    private double seconds;
    private double cpuMicros;

    private Measure stop() {
      seconds = seconds();
      cpuMicros = (OS.getProcessCpuTime() - startCpu) / 1e3;
      return this;
    }

    private double seconds() {
      return seconds > 0 ? seconds : (System.nanoTime() - startNanos) / 1e9;
    }

    private double cpuMicros() {
      return cpuMicros;
    }

    /** What the threads that still live have used so far. */
    private void printThreads(PrintStream out) {
      for (long id : THREADS.getAllThreadIds()) {
        var thread = THREADS.getThreadInfo(id);
        if (thread != null && THREADS.getThreadCpuTime(id) > 20_000_000) {
          out.printf(
              "    %-60s %,9d us CPU%n",
              thread.getThreadName(), THREADS.getThreadCpuTime(id) / 1000);
        }
      }
    }
  }
}
