package dev.caravan.genesys;

import dev.caravan.background.FailedStep;
import dev.caravan.background.NumberOptions;
import dev.caravan.channel.AttemptBudget;
import dev.caravan.channel.ChannelGroup;
import dev.caravan.channel.ShardStatus;
import dev.caravan.channel.gap.GapLedger;
import dev.caravan.genesys.backfill.Gaps;
import dev.caravan.genesys.connect.Clients;
import dev.caravan.genesys.connect.Network;
import dev.caravan.genesys.connect.OwnChannels;
import dev.caravan.genesys.connect.Rejections;
import dev.caravan.settings.OauthClients;
import dev.caravan.socket.ClientSocketComponent;
import dev.caravan.topic.Plan;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.camel.Endpoint;
import org.apache.camel.spi.Metadata;
import org.apache.camel.spi.PropertyConfigurer;
import org.apache.camel.spi.annotations.Component;
import org.apache.camel.support.CamelContextHelper;
import org.apache.camel.support.DefaultComponent;
import org.apache.camel.support.service.ServiceHelper;

/** Makes {@code genesys:} endpoints; owns the sockets and the signals, which outlive routes. */
@Component("genesys")
public class GenesysComponent extends DefaultComponent {

  @Metadata(description = "Options that all endpoints share")
  private GenesysConfiguration configuration = new GenesysConfiguration();

  @Metadata(
      label = "proxy",
      description =
          "HTTP proxy through which Genesys Cloud is reached, as a URL, in which user and password"
              + " may stand; empty for none",
      secret = true)
  private String proxy = "{{https.proxy:}}";

  @Metadata(
      label = "proxy",
      description =
          "What is reached without the proxy, separated by commas: names, addresses, ranges of"
              + " addresses, or an asterisk for everything")
  private String noProxy = "{{no.proxy:}}";

  @Metadata(
      label = "security",
      description = "File with certificates in PEM that are trusted besides those that Java trusts")
  private String caFile = "{{genesys.ca.file:}}";

  private final Signals signals = new Signals();
  private volatile Supplier<Duration> uncommittedFor = () -> Duration.ZERO;
  private volatile Settling settling = new Settling("", () -> Duration.ZERO);
  private final List<Consumer<byte[]>> settled = new CopyOnWriteArrayList<>();
  private final Gaps gaps = new Gaps();

  // A route may have no id
  private final Map<String, HandOver> handOvers = Collections.synchronizedMap(new HashMap<>());
  private final Map<String, OfClient> ofClients = new ConcurrentHashMap<>();
  private final ReadingRoutes routes = new ReadingRoutes();
  private final Map<String, Long> gapsSentAt = new ConcurrentHashMap<>();
  private Clients clients = new Clients(List.of(Plan.DEFAULT_CLIENT));
  private final AtomicReference<String> trouble = new AtomicReference<>("");
  private GenesysMetrics metrics = GenesysMetrics.of(null, List.of());
  private ClientSocketComponent sockets;
  private Network network;
  private GapLedger ledger;

  public GenesysConfiguration getConfiguration() {
    return configuration;
  }

  public void setConfiguration(GenesysConfiguration configuration) {
    this.configuration = configuration;
  }

  public String getProxy() {
    return proxy;
  }

  public void setProxy(String proxy) {
    this.proxy = proxy;
  }

  public String getNoProxy() {
    return noProxy;
  }

  public void setNoProxy(String noProxy) {
    this.noProxy = noProxy;
  }

  public String getCaFile() {
    return caFile;
  }

  public void setCaFile(String caFile) {
    this.caFile = caFile;
  }

  @Override
  public PropertyConfigurer getComponentPropertyConfigurer() {
    return NumberOptions.of(super.getComponentPropertyConfigurer());
  }

  @Override
  public PropertyConfigurer getEndpointPropertyConfigurer() {
    return NumberOptions.of(super.getEndpointPropertyConfigurer());
  }

  @Override
  protected Endpoint createEndpoint(String uri, String remaining, Map<String, Object> parameters)
      throws Exception {
    GenesysEndpoint.Operation operation = GenesysEndpoint.Operation.of(remaining);
    GenesysEndpoint endpoint = new GenesysEndpoint(uri, this, operation, configuration.copy());
    setProperties(endpoint, parameters);
    return endpoint;
  }

  public record OfClient(
      AttemptBudget budget, Set<ChannelGroup> groups, Set<OwnChannels> channels) {}

  public OfClient of(String client) {
    return ofClients.computeIfAbsent(
        client,
        name ->
            new OfClient(
                new AttemptBudget(() -> TimeUnit.NANOSECONDS.toMillis(System.nanoTime())),
                ConcurrentHashMap.newKeySet(),
                ConcurrentHashMap.newKeySet()));
  }

  ReadingRoutes routes() {
    return routes;
  }

  Map<String, Long> gapsSentAt() {
    return gapsSentAt;
  }

  public Clients clients() {
    return clients;
  }

  /** Events that were read in this interval are lost on their way; told until somebody has it. */
  public void lost(String cause, Instant from, Instant to, long count) {
    ledger().lost(cause, from, to, count);
  }

  /**
   * Has somebody say for how long what routes have taken may have been in memory only. That does
   * not count as read yet: should the process end, the gap begins before it.
   */
  public void uncommittedFor(Supplier<Duration> time) {
    uncommittedFor = time;
  }

  Duration uncommittedFor() {
    return uncommittedFor.get();
  }

  interface HandOver {

    void leave();

    void stay();
  }

  /** By route, how each that reads hands over before it is stopped, for as long as it runs. */
  Map<String, HandOver> handOvers() {
    return handOvers;
  }

  /**
   * If several instances share an organisation: has the others take over what a route reads that is
   * about to be stopped. Waits for that, two minutes at most.
   */
  public void handOver(String route) {
    Optional.ofNullable(handOvers.get(route)).ifPresent(HandOver::leave);
  }

  /** The same route could not be stopped after that: it takes part in reading again. */
  public void runsOn(String route) {
    Optional.ofNullable(handOvers.get(route)).ifPresent(HandOver::stay);
  }

  /** Remembers why Genesys Cloud cannot be reached; true if that is news. */
  public boolean troubled(String sentence) {
    return !sentence.equals(trouble.getAndSet(sentence));
  }

  void wellAgain() {
    trouble.set("");
  }

  /** Why the last call failed; empty if a channel was opened since. */
  public String trouble() {
    return trouble.get();
  }

  /** What was not read; taken up from disk when it is first asked for. */
  public synchronized GapLedger ledger() {
    if (ledger == null) {
      ledger = GapLedger.open(data().resolve("gaps"), Clock.systemUTC());
    }
    return ledger;
  }

  /** The folder of what outlives the process. */
  public Path data() {
    return Path.of(resolved("{{caravan.data.dir:./data}}"));
  }

  public ClientSocketComponent sockets() {
    return sockets;
  }

  public Network network() {
    return network;
  }

  public Signals signals() {
    return signals;
  }

  public Gaps gaps() {
    return gaps;
  }

  public GenesysMetrics metrics() {
    return metrics;
  }

  public List<ShardStatus> shards() {
    return clientStatuses().stream().flatMap(client -> client.shards().stream()).toList();
  }

  /** How the OAuth clients are, with what all routes read by them. */
  public List<ClientStatus> clientStatuses() {
    List<ClientStatus> found =
        metrics.readers().flatMap(reader -> reader.clients().get().stream()).toList();
    return clients.all().stream().map(name -> ClientStatus.of(name, found)).toList();
  }

  public List<Rejections> subscriptions() {
    return metrics.readers().flatMap(reader -> reader.topics().get().values().stream()).toList();
  }

  /** How far listings are, such as "users, page 3 of 205"; none if none is under way. */
  public List<String> listings() {
    return metrics
        .readers()
        .map(reader -> reader.listing().get())
        .filter(it -> !it.isEmpty())
        .toList();
  }

  public boolean isRead() {
    return metrics.isRead();
  }

  public long eventsRead() {
    return metrics.read();
  }

  /**
   * @param receipt the header of an event's receipt, for {@link #settled}; empty if nobody tells it
   * @param unsettledFor for how long what routes have taken may not have reached Kafka
   */
  public record Settling(String receipt, Supplier<Duration> unsettledFor) {}

  public void settlesBy(Settling how) {
    settling = how;
  }

  Settling settling() {
    return settling;
  }

  /** What had this receipt has reached Kafka, or was given up for good. Any thread may tell. */
  public void settled(byte[] receipt) {
    settled.forEach(listener -> listener.accept(receipt));
  }

  List<Consumer<byte[]>> hearSettled() {
    return settled;
  }

  @Override
  protected void doInit() throws Exception {
    super.doInit();
    FailedStep.noteIn(getCamelContext());
    String names = resolved("{{" + OauthClients.NAMES + ":" + Plan.DEFAULT_CLIENT + "}}");
    clients = new Clients(List.of(names.split(",")));
    // Before Camel builds the first route: it starts components only then
    RouteBeans.bind(getCamelContext(), clients);
    sockets = new ClientSocketComponent(getCamelContext());
    metrics =
        GenesysMetrics.of(
            CamelContextHelper.findSingleByType(getCamelContext(), MeterRegistry.class),
            clients.all());
  }

  @Override
  protected void doStart() throws Exception {
    super.doStart();
    network = new Network(resolved(proxy), resolved(noProxy), resolved(caFile));
    network.useFor(getCamelContext());
    ServiceHelper.startService(sockets);
  }

  private String resolved(String option) {
    return getCamelContext().resolvePropertyPlaceholders(option);
  }

  @Override
  protected void doStop() throws Exception {
    ServiceHelper.stopService(sockets);
    super.doStop();
  }
}
