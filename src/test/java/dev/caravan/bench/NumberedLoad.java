package dev.caravan.bench;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.caravan.demo.LocalBroker;
import dev.caravan.simulator.CentreSize;
import dev.caravan.simulator.OauthClient;
import dev.caravan.simulator.Simulator;
import dev.caravan.simulator.SimulatorOptions;
import dev.caravan.simulator.Traffic;
import dev.caravan.testing.Bridge;
import dev.caravan.testing.Ledger;
import dev.caravan.testing.Pace;
import dev.caravan.testing.Routes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.HdrHistogram.Histogram;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;

/**
 * One bridge, or several that share, before the stand-in and a broker of its own: numbered events
 * on many queues at a steady rate, what became of them, and what each process cost.
 */
final class NumberedLoad implements AutoCloseable {

  /**
   * What is run.
   *
   * @param instances that share; 0 is one bridge without a cluster
   * @param queues a topic each
   * @param shards a channel each, or two or three with what reads twice
   * @param redundancy sockets of a shard
   * @param standby whether another instance reads, too
   * @param rate events a second
   * @param warmUp seconds that do not count
   * @param seconds that do
   * @param frameBytes of an event, about
   * @param kills how many instances are killed in these seconds, and come back 20 s later
   * @param heap of each, in MB
   */
  record Setting(
      int instances,
      int queues,
      int shards,
      int redundancy,
      boolean standby,
      int rate,
      int warmUp,
      int seconds,
      int frameBytes,
      int kills,
      int heap) {

    private int socketsOfShard() {
      return redundancy * (standby ? 2 : 1);
    }
  }

  /**
   * What came of it.
   *
   * @param cpuMicros of each instance for each event of all, in the seconds that count; negative
   *     for one that was killed
   * @param megabytes resident, of each
   * @param latency microseconds from when an event was due to be sent until a consumer has it
   * @param controlBytes that the control topic grew a second
   */
  record Figures(
      int sent,
      int lost,
      int repeated,
      int outOfOrder,
      int mostSockets,
      List<Double> cpuMicros,
      List<Double> megabytes,
      Histogram latency,
      double controlBytes) {

    double cpu() {
      return cpuMicros.stream().mapToDouble(Double::doubleValue).sum();
    }

    String verdict(int repeatedAtMost) {
      boolean right = lost == 0 && outOfOrder == 0 && repeated <= repeatedAtMost;
      return "%s: of %,d events %,d lost, %,d repeated, %,d out of order within their key"
          .formatted(right ? "Right" : "WRONG", sent, lost, repeated, outOfOrder);
    }
  }

  /** Conversations that take turns; each is a Kafka key and of one queue. */
  private static final int CONVERSATIONS = 1_200;

  /** Each sends the events of its conversations, so that those of one are in order. */
  private static final int SENDERS = 2;

  private static final long SECOND = 1_000_000_000L;
  private static final long PATIENCE = 300 * SECOND;
  private static final String VOICE = "genesys.conversations.voice";
  private static final String CLUSTER = "bench";

  /** Of a medium that is left out. */
  private static final String PROBE =
      "{\"id\":\"probe\",\"participants\":[{\"purpose\":\"agent\",\"callbacks\":[{\"state\":\"connected\"}]}]}";

  private final Setting setting;
  private final Path folder = Files.createTempDirectory("caravan-bench-");
  private final LocalBroker broker = LocalBroker.start(LocalBroker.Settings.defaults());
  private final Simulator genesys;
  private final List<String> topics;
  private final List<Bridge> instances = new ArrayList<>();
  private final int total;
  private final int warm;

  private final KafkaConsumer<byte[], byte[]> consumer;
  private final Histogram latency = new Histogram(3);
  private final Ledger ledger = new Ledger();
  private long start;
  private int mostSockets;

  NumberedLoad(Setting setting) throws Exception {
    this.setting = setting;
    warm = setting.rate() * setting.warmUp();
    total = warm + setting.rate() * setting.seconds();
    genesys =
        Simulator.start(
            SimulatorOptions.defaults()
                .withTraffic(Traffic.NONE)
                .withCentre(new CentreSize(1, setting.queues(), 0))
                .withClient(new OauthClient("demo", "demo")));
    topics =
        genesys.organization().queues().stream()
            .map(queue -> "v2.routing.queues." + queue.id() + ".conversations")
            .toList();
    consumer = Arrivals.consumer(broker.bootstrapServers());
    try (Admin admin = admin()) {
      admin.createTopics(List.of(new NewTopic(VOICE, 3, (short) 1))).all().get(1, TimeUnit.MINUTES);
    }
    consumer.assign(IntStream.range(0, 3).mapToObj(i -> new TopicPartition(VOICE, i)).toList());
  }

  private Admin admin() {
    return Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()));
  }

  Figures run() throws Exception {
    for (int i = 0; i < Math.max(1, setting.instances()); i++) {
      instances.add(start("instance-" + i));
    }
    awaitReading();
    start = System.nanoTime() + SECOND / 5;
    List<Thread> senders = new ArrayList<>();
    for (int i = 0; i < SENDERS; i++) {
      int own = i;
      Thread sender = new Thread(() -> send(own), "load-" + i);
      sender.setDaemon(true);
      sender.start();
      senders.add(sender);
    }
    long counts = start + setting.warmUp() * SECOND;
    readUntil(counts);
    long[] pids = instances.stream().mapToLong(Bridge::pid).toArray();
    long[] before = cpuMicros();
    long control = controlBytes();
    long end = counts + setting.seconds() * SECOND;
    kill(counts, end);
    readUntil(end);
    for (Thread sender : senders) {
      sender.join();
    }
    long[] after = cpuMicros();
    double bytes = (controlBytes() - control) / ((System.nanoTime() - counts) / 1e9);
    long patience = System.nanoTime() + PATIENCE;
    while (ledger.arrived() < total && System.nanoTime() < patience) {
      readUntil(System.nanoTime() + SECOND / 5);
    }
    // What comes twice comes late
    readUntil(System.nanoTime() + 2 * SECOND);
    List<Double> cpu = new ArrayList<>();
    List<Double> megabytes = new ArrayList<>();
    for (int i = 0; i < pids.length; i++) {
      boolean same = pids[i] == instances.get(i).pid();
      cpu.add(same ? (after[i] - before[i]) / (double) (total - warm) : -1);
      megabytes.add(ProcessCost.megabytes(instances.get(i).pid(), "VmRSS"));
    }
    return new Figures(
        total,
        total - ledger.arrived(),
        ledger.repeated(),
        ledger.outOfOrder(),
        mostSockets,
        cpu,
        megabytes,
        latency,
        bytes);
  }

  private void kill(long from, long to) throws IOException {
    for (int kill = 0; kill < setting.kills(); kill++) {
      readUntil(from + (to - from) * (kill + 1) / (setting.kills() + 1));
      int killed = kill % instances.size();
      instances.get(killed).kill();
      readUntil(System.nanoTime() + 20 * SECOND);
      instances.set(killed, start("instance-" + killed));
    }
  }

  // ---- instances

  private Bridge start(String name) throws IOException {
    Path its = folder.resolve(name);
    Path routes = its.resolve("routes");
    if (!Files.exists(routes)) {
      Routes.copyTo(its, (setting.queues() + setting.shards() - 1) / setting.shards());
    }
    List<String> flags = new ArrayList<>(List.of(Bridge.SHIPPED_FLAGS.split(" ")));
    flags.replaceAll(flag -> flag.startsWith("-Xmx") ? "-Xmx" + setting.heap() + "m" : flag);
    Bridge.Settings settings =
        Bridge.settings()
            .java(Path.of(System.getProperty("java.home"), "bin/java").toString(), flags)
            .genesys("http://127.0.0.1:" + genesys.port())
            .kafka(broker.bootstrapServers(), "genesys.")
            // As the launcher sets it
            .with("MALLOC_ARENA_MAX", "2")
            .with("GENESYS_TOPICS", "v2.routing.queues.*.conversations")
            .with("GENESYS_REDUNDANCY", String.valueOf(setting.redundancy()))
            .with("CARAVAN_ROUTES_DIR", routes.toString());
    if (setting.instances() > 0) {
      settings
          .with("CARAVAN_CLUSTER", CLUSTER)
          .with("CARAVAN_STANDBY", setting.standby() ? "1" : "0");
    }
    return settings.start(its);
  }

  /** Every topic is heard by as many sockets as it is to be, and each instance has its share. */
  private void awaitReading() {
    long deadline = System.nanoTime() + PATIENCE;
    String share = ", %d shard".formatted(setting.shards() / instances.size());
    for (String topic : topics) {
      awaitSo(deadline, () -> genesys.emit(topic, PROBE) == setting.socketsOfShard());
    }
    for (Bridge instance : setting.instances() > 0 ? instances : List.<Bridge>of()) {
      awaitSo(deadline, () -> state(instance).contains(share));
    }
    awaitSo(deadline, () -> genesys.openSockets() == setting.shards() * setting.socketsOfShard());
  }

  private interface Condition {
    boolean holds();
  }

  private void awaitSo(long deadline, Condition condition) {
    while (!condition.holds()) {
      instances.forEach(Bridge::failIfEnded);
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException(
            "They do not read what is to be read: " + instances.stream().map(this::state).toList());
      }
      LongRun.pause(200);
    }
  }

  private String state(Bridge instance) {
    return instance.readiness().check("genesys-notifications").path("data").toString();
  }

  private long[] cpuMicros() throws IOException {
    long[] micros = new long[instances.size()];
    for (int i = 0; i < micros.length; i++) {
      micros[i] = ProcessCost.cpuMicros(instances.get(i).pid());
    }
    return micros;
  }

  /** What the broker keeps of the control topic, of which it compacts nothing for minutes. */
  private long controlBytes() throws Exception {
    try (Admin admin = admin()) {
      return admin
          .describeLogDirs(List.of(1))
          .allDescriptions()
          .get(1, TimeUnit.MINUTES)
          .values()
          .stream()
          .flatMap(folders -> folders.values().stream())
          .flatMap(one -> one.replicaInfos().entrySet().stream())
          .filter(replica -> replica.getKey().topic().equals("caravan." + CLUSTER))
          .mapToLong(replica -> replica.getValue().size())
          .sum();
    }
  }

  // ---- load

  private long due(int number) {
    return start + number * SECOND / setting.rate();
  }

  private void send(int own) {
    String padding = "x".repeat(Math.max(0, setting.frameBytes() - 300));
    for (int number = own; number < total; number += SENDERS) {
      Pace.awaitTime(due(number));
      int conversation = number % CONVERSATIONS;
      ObjectNode body = JsonNodeFactory.instance.objectNode();
      body.put("id", "conversation-%04d".formatted(conversation)).put("number", number);
      ObjectNode participant = body.putArray("participants").addObject();
      participant.put("purpose", "agent").put("attributes", padding);
      participant.putArray("calls").addObject().put("state", "connected");
      genesys.emit(topics.get(conversation % topics.size()), body);
    }
  }

  // ---- what arrives

  private void readUntil(long deadline) {
    do {
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(50))) {
        check(Ledger.numberIn(record.value()), System.nanoTime());
      }
      mostSockets = Math.max(mostSockets, genesys.openSockets());
    } while (System.nanoTime() < deadline);
  }

  private void check(int number, long now) {
    if (number < 0) {
      throw new IllegalStateException("An event without a number arrived");
    }
    if (ledger.arrived(number, number % CONVERSATIONS) && number >= warm) {
      latency.recordValue(Math.max(0, (now - due(number)) / 1_000));
    }
  }

  @Override
  public void close() {
    instances.forEach(Bridge::kill);
    consumer.close();
    genesys.close();
    broker.close();
    TestBed.leave(folder, ledger.arrived() == total && ledger.outOfOrder() == 0);
  }
}
