package dev.caravan.genesys.connect;

import dev.caravan.PrivateFiles;
import dev.caravan.background.BackgroundTask;
import dev.caravan.channel.ChannelGroup;
import dev.caravan.genesys.GenesysConstants;
import dev.caravan.genesys.GenesysEndpoint;
import dev.caravan.topic.Plan;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.builder.ThreadPoolProfileBuilder;
import org.apache.camel.support.service.ServiceSupport;
import org.apache.camel.util.concurrent.ThreadPoolRejectedPolicy;
import org.apache.commons.codec.digest.DigestUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the channels that this bridge made from piling up. No call deletes a channel, so one that
 * is not used any more is emptied of its subscriptions; the rest is done by Genesys Cloud, which
 * lets channels without a connection go first. Only channels are touched whose ids this bridge was
 * given: a file of their hashes tells them from those of another instance with the same OAuth
 * client.
 */
public final class OwnChannels extends ServiceSupport {

  private static final Logger LOG = LoggerFactory.getLogger(OwnChannels.class);

  /** Longer than 18 channels, renewed twice a day, live. */
  private static final int MOST_REMEMBERED = 200;

  private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");
  private static final int AT_A_TIME = 4;
  private static final int MOST_WAITING = 50;

  /** Of the six that Camel gives a stop: on a busy machine the first such call takes a while. */
  private static final long STOP_SECONDS = 4;

  private final GenesysEndpoint endpoint;
  private final ProducerTemplate template;
  private final Path file;
  private final Clients clients;
  private final String client;
  private final Set<OwnChannels> all;
  private final Map<String, Optional<Token>> inUse = latest();
  private final Set<String> lost = Collections.newSetFromMap(latest());
  private volatile String budget = "";
  private boolean forgetful;

  /** From then on the file is whoever's who reads next, here or elsewhere. */
  private volatile boolean ended;

  private final BackgroundTask work = new BackgroundTask("emptying and counting channels");
  private ExecutorService executor;

  /**
   * @param all those of the routes that run and read with the client: they share the file
   */
  OwnChannels(
      GenesysEndpoint endpoint,
      ProducerTemplate template,
      Path data,
      Clients clients,
      String client,
      Set<OwnChannels> all) {
    this.endpoint = endpoint;
    this.template = template;
    this.clients = clients;
    this.client = client;
    this.all = all;
    this.file =
        data.resolve(client.equals(Plan.DEFAULT_CLIENT) ? "channels" : "channels-" + client);
  }

  /** The time of older ones is over: of connections that dropped, and came back on another. */
  private static <V> Map<String, V> latest() {
    return Collections.synchronizedMap(
        new LinkedHashMap<>() {
          @Override
          protected boolean removeEldestEntry(Map.Entry<String, V> eldest) {
            return size() > MOST_REMEMBERED;
          }
        });
  }

  void made(Map<?, ?> channel, Token by) {
    if (channel.get("id") instanceof String id) {
      inUse.put(id, Optional.ofNullable(by));
      change(made -> made.add(hash(id)));
    }
  }

  /** A channel is not used any more: nobody reads it, so nothing need be sent to it. */
  void left(String id) {
    Optional<Token> by = inUse.remove(id);
    if (by != null) {
      empty(id, by);
    }
  }

  /** A channel is somebody else's now: it is not touched any more, in no later run either. */
  void lost(String id) {
    lost.add(hash(id));
    inUse.remove(id);
    change(made -> made.remove(hash(id)));
  }

  /** What an operator should know about the channels of the OAuth client; empty if nothing. */
  public String budget() {
    return budget;
  }

  /**
   * Empties what an earlier run of this bridge left behind, as far as Genesys Cloud tells its id,
   * and sees how many channels the OAuth client has.
   */
  public void look() {
    background(this::lookNow);
  }

  private void lookNow() {
    Exchange answer = ControlRoute.CHANNELS.call(template, clients, client, exchange -> {});
    if (answer.getException() != null) {
      LOG.debug("The channels of the OAuth client could not be listed", answer.getException());
      return;
    }
    Map<?, ?> body = answer.getMessage().getBody(Map.class);
    Collection<?> shown =
        body != null && body.get("entities") instanceof Collection<?> some ? some : List.of();
    Set<String> made = remembered();
    int ours = 0;
    for (Object one : shown) {
      if (one instanceof Map<?, ?> channel && channel.get("id") instanceof String id) {
        if (all.stream().anyMatch(its -> its.inUse.containsKey(id))) {
          ours++;
        } else if (made.contains(hash(id))
            && all.stream().noneMatch(its -> its.lost.contains(hash(id)))) {
          empty(id, Optional.empty());
        }
      }
    }
    tell(shown.size(), ours);
  }

  private void tell(int shown, int ours) {
    String before = budget;
    if (ChannelGroup.MOST_CHANNELS - shown < ChannelGroup.SPARE_CHANNELS && ours < shown) {
      budget =
          ("%s has %d of %d channels, and only %d of them are this bridge's. One more ends another:"
                  + " first those without a connection (of runs before; they end within a day), then"
                  + " the one used least. If another instance uses this OAuth client, give each its"
                  + " own.")
              .formatted(clients.subject(client), shown, ChannelGroup.MOST_CHANNELS, ours);
      if (before.isEmpty()) {
        LOG.warn(budget);
      }
    } else if (!before.isEmpty()) {
      budget = "";
      LOG.info("{} has room for channels again.", clients.subject(client));
    }
  }

  private void empty(String id, Optional<Token> by) {
    background(
        () -> {
          Exchange done =
              ControlRoute.RELEASE.call(
                  template,
                  clients,
                  client,
                  exchange -> {
                    exchange.setProperty(GenesysConstants.CHANNEL, Map.of("id", id));
                    by.ifPresent(token -> exchange.setProperty(GenesysConstants.AS, token));
                  });
          if (done.getException() != null) {
            // It ends by itself within a day
            LOG.debug("The subscriptions of a channel could not be deleted");
          }
        });
  }

  private void background(Runnable task) {
    try {
      executor.execute(() -> work.run(task::run));
    } catch (RejectedExecutionException e) {
      LOG.debug("A channel is left as it is: the bridge is stopping, or too many wait");
    }
  }

  // ---- what we made, by hashes: an id is a credential

  private static String hash(String id) {
    return DigestUtils.sha256Hex(id);
  }

  private void change(Predicate<Set<String>> change) {
    synchronized (all) {
      Set<String> made = remembered();
      if (change.test(made)) {
        write(made);
      }
    }
  }

  private void write(Set<String> made) {
    if (ended) {
      // Of an attempt that did not end in time: without a connection the channel goes first
      return;
    }
    List<String> latest = List.copyOf(made);
    int first = Math.max(0, latest.size() - MOST_REMEMBERED);
    try {
      String lines =
          latest.stream().skip(first).map(hash -> hash + "\n").collect(Collectors.joining());
      PrivateFiles.replace(file, lines.getBytes(StandardCharsets.UTF_8), false);
    } catch (IOException e) {
      forgets("cannot be written: " + e);
    }
  }

  private Set<String> remembered() {
    Set<String> made = new LinkedHashSet<>();
    try {
      // Whatever a damaged file holds, these are characters
      List<String> lines = Files.readAllLines(file, StandardCharsets.ISO_8859_1);
      lines.stream().filter(line -> HASH.matcher(line).matches()).forEach(made::add);
      if (made.size() < lines.size()) {
        forgets("is damaged in " + (lines.size() - made.size()) + " of its lines");
      }
    } catch (NoSuchFileException nothingWasMade) {
      return made;
    } catch (IOException e) {
      forgets("cannot be read: " + e);
    }
    return made;
  }

  /** Said once: the file is read every ten minutes. */
  private void forgets(String why) {
    if (!forgetful) {
      forgetful = true;
      LOG.warn(
          "{} {}. Channels that an earlier run left behind may be taken for another's and are then"
              + " not emptied; they end within a day.",
          file,
          why);
    }
  }

  // ---- life

  @Override
  protected void doStart() throws Exception {
    super.doStart();
    all.add(this);
    executor =
        endpoint
            .getCamelContext()
            .getExecutorServiceManager()
            .newThreadPool(
                this,
                "genesys-channels",
                new ThreadPoolProfileBuilder("genesys-channels")
                    .poolSize(AT_A_TIME)
                    .maxPoolSize(AT_A_TIME)
                    .maxQueueSize(MOST_WAITING)
                    .rejectedPolicy(ThreadPoolRejectedPolicy.Abort)
                    .build());
  }

  /** Within seconds, and not at all while Genesys Cloud is away. */
  @Override
  protected void doStop() throws Exception {
    if (endpoint.component().trouble().isEmpty()) {
      new ArrayList<>(inUse.keySet()).forEach(this::left);
      executor.shutdown();
      if (!executor.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS)) {
        LOG.debug("Not all channels were emptied in time");
      }
    }
    all.remove(this);
    ended = true;
    inUse.clear();
    endpoint.getCamelContext().getExecutorServiceManager().shutdownNow(executor);
    super.doStop();
  }
}
